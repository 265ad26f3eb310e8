//! `energy record`, with a simulated kit on a pseudo-terminal.

use crate::common::{Folder, fails, json, skiprnn};
use crate::{close, number};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    fs::File,
    io::{Read, Write},
    thread::{self, JoinHandle},
    time::Duration,
};

const METADATA: &[u8] =
    b"Calibrated: 0\nR0: 1003.35\nR1: 101.5\nR2: 10.3\nR3: 0.94\nR4: 0.043\nGI0: 1\nVDD: 3000\nEND\n";

/// A kit that sends `sent` samples in range 1, number 10 lost, and then waits to be stopped or goes away.
fn kit(sent: u32, goes_away: bool) -> (String, JoinHandle<()>) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    // Held open so that the master reads no hang-up before the program opens the port.
    let mut held = Some(File::options().read(true).write(true).open(&path).unwrap());
    let thread = thread::spawn(move || {
        let mut master = File::from(master);
        let (mut commands, mut byte) = (Vec::new(), [0_u8]);
        while master.read(&mut byte).unwrap_or(0) == 1 {
            held = None;
            commands.push(byte[0]);
            match commands.as_slice() {
                [.., 0x19] => master.write_all(METADATA).unwrap(),
                [.., 0x0c, 1, 0x06] => {
                    let word = |n: u32| (2000 | 1 << 14 | (n & 63) << 18 | 1 << 24).to_le_bytes();
                    let words: Vec<u8> = (0..=sent).filter(|n| *n != 10).flat_map(word).collect();
                    if master.write_all(&words).is_err() || goes_away {
                        // The terminal's buffer empties before the line is cut.
                        thread::sleep(Duration::from_millis(300));
                        break;
                    }
                }
                [.., 0x06, 0x07] => break,
                _ => {}
            }
        }
        drop(held);
    });
    (path, thread)
}

#[test]
fn a_recording_is_measured() {
    let f = Folder::new();
    let (port, thread) = kit(2000, false);
    let out = f.at("run.ppk2");
    let line = format!("energy record --port {port} --voltage 3.0 --seconds 0.02 --out {out}");
    let recorded = json(&line);
    thread.join().unwrap();
    assert_eq!(
        (
            recorded["samples"].as_u64(),
            recorded["lost"].as_u64(),
            recorded["ending"].as_str()
        ),
        (Some(2000), Some(1), Some("complete"))
    );
    let measured = json(&format!("energy measure {out} --voltage 3.0"));
    // 4 * 2000 * 1.8 / 163840 / 101.5 A at 3 V over 20 ms.
    let expected_uj = 4.0 * 2000.0 * 1.8 / 163_840.0 / 101.5 * 3.0 * 0.02 * 1e6;
    close(number(&measured, "/uj_per_sequence/median"), expected_uj);
    assert_eq!(f.names(), ["run.ppk2"]);
}

#[test]
fn what_a_kit_sent_before_it_went_away_is_kept() {
    let f = Folder::new();
    let (port, thread) = kit(2000, true);
    let out = f.at("run.csv");
    let line = format!("energy record --port {port} --voltage 3.0 --seconds 10 --out {out}");
    let output = skiprnn(line.split(' '));
    thread.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("went away"));
    let measured = json(&format!("energy measure {out} --voltage 3.0"));
    assert_eq!(measured["samples"], 2001);
}

/// A kit that sends a hundred samples a millisecond until nobody listens.
fn tireless_kit() -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let held = File::options().read(true).write(true).open(&path).unwrap();
    thread::spawn(move || {
        let mut master = File::from(master);
        let (mut commands, mut byte) = (Vec::new(), [0_u8]);
        while !commands.ends_with(&[0x0c, 1, 0x06]) && master.read(&mut byte).unwrap_or(0) == 1 {
            commands.push(byte[0]);
            if byte[0] == 0x19 {
                master.write_all(METADATA).unwrap();
            }
        }
        for n in (0_u32..).step_by(1000) {
            let word = |n: u32| (2000 | 1 << 14 | (n & 63) << 18 | 1 << 24).to_le_bytes();
            let words: Vec<u8> = (n..n + 1000).flat_map(word).collect();
            if master.write_all(&words).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        drop(held);
    });
    path
}

/// A recording that goes on for as long as it is let.
fn long_recording(f: &Folder, name: &str) -> String {
    format!(
        "energy record --port {} --voltage 3.0 --seconds 600 --out {}",
        tireless_kit(),
        f.at(name)
    )
}

/// Starts a recording, and ends the program by this signal so long after its first tenth of a second is on the disk.
fn ended_by(signal: &str, f: &Folder, name: &str, later_ms: u64) -> std::process::Output {
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(long_recording(f, name).split(' '))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_samples(f, name);
    thread::sleep(Duration::from_millis(later_ms));
    let sent = std::process::Command::new("kill")
        .args([signal, &program.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    program.wait_with_output().unwrap()
}

/// Waits until the first tenth of a second of a recording is on the disk.
fn wait_for_samples(f: &Folder, name: &str) {
    let partial = f.path(&format!("{name}.partial"));
    let least = if name.ends_with("csv") { 500_000 } else { 300 };
    let waited = (0..3000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        std::fs::metadata(&partial).is_ok_and(|m| m.len() > least)
    });
    assert!(waited, "{name}: nothing was recorded");
}

#[test]
fn a_recording_that_is_interrupted_is_kept() {
    for (signal, name, code) in [
        ("-INT", "run.csv", 130),
        ("-TERM", "run.ppk2", 143),
        ("-HUP", "hup.csv", 129),
        ("-HUP", "hup.ppk2", 129),
    ] {
        let f = Folder::new();
        let output = ended_by(signal, &f, name, 0);
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(
            stdout.contains("stopped, what was recorded until then is kept"),
            "{stdout}"
        );
        assert_eq!(f.names(), [name]);
        let measured = json(&format!("energy measure {} --voltage 3.0", f.at(name)));
        assert!(number(&measured, "/samples") >= 10_000.0);
    }
}

#[test]
fn what_a_killed_recording_left_is_measured() {
    for (name, later_ms) in [
        ("run.csv", 0),
        ("run.csv", 37),
        ("run.csv", 111),
        ("run.ppk2", 0),
        ("run.ppk2", 37),
        ("run.ppk2", 111),
    ] {
        let f = Folder::new();
        ended_by("-KILL", &f, name, later_ms);
        let partial = format!("{name}.partial");
        assert_eq!(f.names(), [partial.as_str()]);
        let measured = json(&format!("energy measure {} --voltage 3.0", f.at(&partial)));
        assert!(number(&measured, "/samples") >= 10_000.0, "{}", measured["samples"]);
    }
}

#[test]
fn a_disk_that_fills_ends_a_recording_which_says_what_is_kept() {
    // No file may grow beyond so many blocks of 512 bytes, or of 1,024; the signal that says so is not to end the program.
    for (name, blocks) in [("run.csv", 2000), ("run.ppk2", 4)] {
        let f = Folder::new();
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_skiprnn")])
            .args(long_recording(&f, name).split(' '))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("the recording ended early, its first") && stderr.contains("File too large"),
            "{stderr}"
        );
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        let kept: f64 = stderr
            .split(' ')
            .skip_while(|word| *word != "first")
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(f.names(), [name]);
        let measured = json(&format!("energy measure {} --voltage 3.0", f.at(name)));
        assert!(
            kept >= 10_000.0 && number(&measured, "/samples") >= kept,
            "{kept}: {}",
            measured["samples"]
        );

        // An earlier recording of that name is not replaced by one that failed.
        std::fs::write(f.path(name), "earlier").unwrap();
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_skiprnn")])
            .args(long_recording(&f, name).split(' '))
            .output()
            .unwrap();
        let partial = format!("{name}.partial");
        assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("{partial}: the recording ended early")));
        assert_eq!(f.names(), [name, &partial]);
        assert_eq!(std::fs::read(f.path(name)).unwrap(), b"earlier");
    }
}

#[test]
fn two_recordings_do_not_go_into_one_file() {
    let f = Folder::new();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(long_recording(&f, "run.csv").split(' '))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_for_samples(&f, "run.csv");
    fails(
        &long_recording(&f, "run.csv"),
        1,
        &["run.csv.partial", "another program is recording into it"],
    );
    program.kill().unwrap();
    program.wait().unwrap();
    fails(
        &long_recording(&f, "run.csv"),
        1,
        &[
            "run.csv.partial",
            "holds a recording that was interrupted; energy measure reads it as it is",
        ],
    );
}

#[test]
fn impossible_recordings_leave_nothing_behind() {
    let f = Folder::new();
    let line = |more: &str, out: &str| format!("energy record --port {} {more} --out {}", f.at("tty"), f.at(out));
    fails(&line("--voltage 3 --seconds 1", "t.csv"), 1, &["tty"]);
    fails(&line("--voltage 9 --seconds 1", "t.csv"), 2, &["--voltage", "5000 mV"]);
    fails(&line("--voltage 3 --seconds 0", "t.csv"), 2, &["--seconds"]);
    fails(&line("--voltage 3 --seconds 1", "t.txt"), 2, &["--out", ".ppk2"]);
    fails(
        &line("--voltage 3 --seconds 1 --mode volt", "t.csv"),
        2,
        &["source or ampere"],
    );
    assert!(f.names().is_empty());
}
