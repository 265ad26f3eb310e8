//! Recording from a serial port, as Edge Impulse's data forwarder does: a pseudo-terminal stands for it.

use crate::common::{Folder, fails, skiprnn};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use std::{
    fs::File,
    io::Write,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// A port, and its other end.
struct Port {
    path: String,
    master: File,
    /// Keeps the line up until the program has opened the port.
    held: File,
}

/// A program that is started meanwhile is not to hold the other end open.
#[cfg(target_os = "linux")]
const NOT_INHERITED: OpenptFlags = OpenptFlags::CLOEXEC;
#[cfg(not(target_os = "linux"))]
const NOT_INHERITED: OpenptFlags = OpenptFlags::empty();

fn port() -> Port {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | NOT_INHERITED).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let held = File::options().read(true).write(true).open(&path).unwrap();
    Port {
        path,
        master: File::from(master),
        held,
    }
}

/// Whether another program has opened the port.
fn opened(path: &str) -> bool {
    let own = std::process::id().to_string();
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries(Path::new("/proc"))
        .filter(|process| process.file_name().to_str() != Some(&own))
        .flat_map(|process| entries(&process.path().join("fd")))
        .any(|open| std::fs::read_link(open.path()).is_ok_and(|file| file == Path::new(path)))
}

/// Waits until the program listens to the port.
fn wait_for_a_listener(path: &str) {
    if cfg!(target_os = "linux") {
        while !opened(path) {
            thread::sleep(Duration::from_millis(5));
        }
        // What comes at once counts as what waited before.
        thread::sleep(Duration::from_millis(300));
    } else {
        thread::sleep(Duration::from_secs(2));
    }
}

/// Sends the line of each k, every `period`, from 0 to `lines`, once somebody listens; then the port goes away, unless somebody left
/// before.
fn send(port: Port, lines: usize, period: Duration, line: impl Fn(usize) -> String + Send + 'static) {
    thread::spawn(move || {
        let Port { mut master, held, path } = port;
        wait_for_a_listener(&path);
        let started = Instant::now();
        for k in 0..lines {
            let due = period * k as u32;
            thread::sleep(due.saturating_sub(started.elapsed()));
            // Nobody reads any longer.
            if master.write_all(line(k).as_bytes()).is_err() {
                return;
            }
        }
        // The terminal's buffer empties before the line is cut.
        thread::sleep(Duration::from_millis(800));
        drop(held);
    });
}

fn collect(port: &str, out: &str, more: &str) -> (Option<i32>, Value, String) {
    let line = format!("collect --port {port} --label walking --out {out} --json {more}");
    let output = skiprnn(line.split(' ').filter(|word| !word.is_empty()));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("panicked"), "{stderr}");
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        stderr,
    )
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_serial_port_is_recorded_and_its_rate_is_found() {
    let f = Folder::new();
    let port = port();
    let path = port.path.clone();
    // The first line is cut off, one is no sample, and one separates by tabs.
    send(port, 100_000, Duration::from_millis(10), |k| match k {
        0 => "7,0.25\r\n".into(),
        100 => "oops\r\n".into(),
        200 => "200\t-0.5\t9.81\r\n".into(),
        k => format!("{k},-0.5,9.81\r\n"),
    });
    let more = "--seconds 3 --channel-names ax,ay,az --channel-units g,g,g --group ben";
    let (code, value, stderr) = collect(&path, &f.at("out"), more);
    assert_eq!((code, &value["ending"]), (Some(0), &"stopped".into()), "{stderr}");
    let (hz, uncertainty) = (&value["rate"]["hz"], &value["rate"]["uncertainty_hz"]);
    let (hz, uncertainty) = (hz.as_f64().unwrap(), uncertainty.as_f64().unwrap());
    assert!((hz - 100.0).abs() < 1.0 + uncertainty && uncertainty < 10.0, "{value}");
    assert_eq!(
        (&value["losses"]["bad_lines"], &value["losses"]["lost"]),
        (&1.into(), &1.into())
    );
    let folder = f.path("out");
    let text = read(&folder, "walking-001.csv");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    assert_eq!(text.lines().next(), Some("time,ax,ay,az"));
    assert_eq!(value["samples"], rows.len());
    assert!((270..=310).contains(&rows.len()), "{}", rows.len());
    // Every line but the bad one, in order; the gap is as long as a sample.
    let sent: Vec<f64> = rows.iter().map(|row| row[1]).collect();
    let expected: Vec<f64> = (1..).filter(|k| *k != 100).map(f64::from).take(rows.len()).collect();
    assert_eq!(sent, expected);
    assert!(rows.iter().all(|row| row[2..] == [-0.5, 9.81]));
    let step = |k: usize| (rows[k][0] - rows[k - 1][0]) * hz;
    assert!(
        (step(98) - 1.0).abs() < 0.2 && (step(99) - 2.0).abs() < 0.4,
        "{} {}",
        step(98),
        step(99)
    );
    assert_eq!(
        read(&folder, "labels.csv"),
        "file,label,group\nwalking-001.csv,walking,ben\n"
    );
    let channels = read(&folder, "channels.toml");
    assert!(
        channels.contains("sample_rate_hz = ") && channels.contains("unit = \"g\""),
        "{channels}"
    );
}

#[test]
fn a_port_that_changes_its_columns_goes_away_or_falls_silent_keeps_what_came() {
    let f = Folder::new();
    // A given rate needs no listening, and the times are its own.
    let changes = port();
    let path = changes.path.clone();
    send(changes, 1000, Duration::from_millis(1), |k| {
        if k < 200 { "1,2\n".into() } else { "1,2,3\n".into() }
    });
    let (code, value, stderr) = collect(&path, &f.at("out"), "--rate 1000");
    assert_eq!(
        (code, &value["ending"], &value["samples"]),
        (Some(1), &"failed".into(), &199.into()),
        "{stderr}"
    );
    assert!(
        stderr.contains("3 numbers a line since line 201, and sent 2 before"),
        "{stderr}"
    );
    let text = read(&f.path("out"), "walking-001.csv");
    assert_eq!(text.lines().nth(3), Some("0.002000,1,2"));

    // A rate that does not come is not believed.
    let fast = port();
    let path = fast.path.clone();
    send(fast, 400, Duration::from_millis(1), |_| "1,2\n".into());
    let (code, _, stderr) = collect(&path, &f.at("fast"), "--rate 50");
    assert!(
        code == Some(1) && stderr.contains("--rate: 50 samples a second are given"),
        "{stderr}"
    );

    let leaves = port();
    let path = leaves.path.clone();
    send(leaves, 50, Duration::from_millis(1), |_| "1,2\n".into());
    let (code, value, stderr) = collect(&path, &f.at("out"), "--rate 1000");
    assert_eq!(
        (code, &value["ending"], &value["samples"]),
        (Some(1), &"gone".into(), &49.into()),
        "{stderr}"
    );
    assert!(
        stderr.contains("went away") && stderr.contains("49 samples are kept"),
        "{stderr}"
    );

    let quiet = port();
    let path = quiet.path.clone();
    send(quiet, 50, Duration::from_millis(1), |k| {
        if k == 49 { "9".into() } else { "1,2\n".into() }
    });
    let (code, value, _) = collect(&path, &f.at("out"), "--rate 1000 --silence-s 0.5");
    assert_eq!(
        (code, &value["ending"], &value["samples"]),
        (Some(1), &"silent".into(), &48.into())
    );
}

#[test]
fn a_port_that_is_none_or_sends_something_else_leaves_nothing_behind() {
    let f = Folder::new();
    let line = |port: &str, more: &str| format!("collect --port {port} --label walking --out {} {more}", f.at("out"));
    // Which ports there are depends on the machine.
    let none = ["tty: there is no such serial port", "this machine"];
    fails(&line(&f.at("tty"), "--seconds 1"), 1, &none);
    let file = ["is a file, and no serial port", "this machine"];
    fails(&line(env!("CARGO_BIN_EXE_skiprnn"), "--seconds 1"), 1, &file);
    fails(
        &line(env!("CARGO_MANIFEST_DIR"), "--seconds 1"),
        1,
        &["is a folder, and no serial port"],
    );
    fails(&line("/dev/null", "--seconds 1"), 1, &["/dev/null: is no serial port"]);
    fails("collect --label x --out out", 2, &["--board", "--port"]);
    let line_of_record = format!("energy record --voltage 3 --seconds 1 --out {}", f.at("x.csv"));
    fails(&format!("{line_of_record} --port {}", f.at("tty")), 1, &none);
    fails(
        &format!("{line_of_record} --port {}", env!("CARGO_BIN_EXE_skiprnn")),
        1,
        &file,
    );
    fails(&line(&f.at("tty"), "--sensor lis3dh"), 2, &["--sensor"]);
    fails(
        "collect --baud 9600 --label x --out out --board nrf52840-dk",
        2,
        &["--baud"],
    );
    let talks = port();
    let path = talks.path.clone();
    send(talks, 1000, Duration::from_millis(1), |_| "AT+OK\u{1b}[2J\n".into());
    fails(
        &line(&path, "--seconds 1"),
        1,
        &["lines of numbers", "AT+OK\\u{1b}[2J", "--baud"],
    );
    let three = port();
    let path = three.path.clone();
    send(three, 1000, Duration::from_millis(1), |_| "1,2,3\n".into());
    fails(
        &line(&path, "--rate 1000 --channel-names ax,ay"),
        2,
        &["--channel-names: 2 of them", "3 numbers a line"],
    );
    assert!(f.names().is_empty());
}

#[test]
fn what_waited_in_the_port_is_neither_recorded_nor_part_of_the_rate() {
    let f = Folder::new();
    let mut port = port();
    let path = port.path.clone();
    let old: String = (0..200).map(|k| format!("-1,{k}\n")).collect();
    port.master.write_all(old.as_bytes()).unwrap();
    send(port, 100_000, Duration::from_millis(10), |k| format!("{k},0\n"));
    let (code, value, stderr) = collect(&path, &f.at("out"), "--seconds 2.5");
    assert_eq!(code, Some(0), "{stderr}");
    let hz = value["rate"]["hz"].as_f64().unwrap();
    assert!((hz - 100.0).abs() < 5.0, "{value}");
    let text = read(&f.path("out"), "walking-001.csv");
    assert!(!text.contains(",-1,"), "{text}");
}

#[test]
fn a_short_recording_goes_into_its_folder_and_one_of_another_rate_does_not() {
    let f = Folder::new();
    let recorded = |period_ms: u64, more: &str| {
        let port = port();
        let path = port.path.clone();
        send(port, 100_000, Duration::from_millis(period_ms), |k| format!("{k},0\n"));
        collect(&path, &f.at("out"), more)
    };
    // The rate of so short a recording is not known well enough to stand for others.
    let (code, _, stderr) = recorded(20, "--seconds 0.4");
    assert_eq!(code, Some(0), "{stderr}");
    let channels = read(&f.path("out"), "channels.toml");
    assert!(!channels.contains("sample_rate_hz"), "{channels}");
    std::fs::write(
        f.path("out").join("channels.toml"),
        format!("sample_rate_hz = 50\n{channels}"),
    )
    .unwrap();
    let (code, _, stderr) = recorded(20, "--seconds 0.4");
    assert_eq!(code, Some(0), "{stderr}");
    let (code, _, stderr) = recorded(10, "--seconds 0.4");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("50.000000 samples a second, not"), "{stderr}");
}
