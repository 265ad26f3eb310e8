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

/// Sends the line of each k, every `period`, from 0 to `lines`; then the port goes away, unless somebody left before.
fn send(port: Port, lines: usize, period: Duration, line: impl Fn(usize) -> String + Send + 'static) {
    thread::spawn(move || {
        let Port { mut master, held, .. } = port;
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
        thread::sleep(Duration::from_millis(300));
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
    let (code, value, _) = collect(&path, &f.at("out"), "--rate 1000 --silence-s 0.15");
    assert_eq!(
        (code, &value["ending"], &value["samples"]),
        (Some(1), &"silent".into(), &48.into())
    );
}

#[test]
fn a_port_that_is_none_or_sends_something_else_leaves_nothing_behind() {
    let f = Folder::new();
    let line = |port: &str, more: &str| format!("collect --port {port} --label walking --out {} {more}", f.at("out"));
    fails(&line(&f.at("tty"), "--seconds 1"), 1, &["tty"]);
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
