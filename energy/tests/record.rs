//! Sessions with a simulated PPK2 on a pseudo-terminal.
#![cfg(all(unix, feature = "live"))]

use std::ops::ControlFlow;

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::thread::JoinHandle;

use energy::ppk2::{Ending, Mode, RecordOptions, record_to_file};
use energy::trace::{Markers, ReadOptions};
use energy::{MeasureOptions, measure};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

const METADATA: &str = "Calibrated: 0\nR0: 1003.35\nR1: 101.5\nR2: 10.3\nR3: 0.94\nR4: 0.043\nGI0: 1\nVDD: 3000\nEND";

/// Amperes of a raw reading in range 1 or 2 with that metadata.
fn current_a(raw: f64, ohm: f64) -> f64 {
    4.0 * raw * 1.8 / 163_840.0 / ohm
}

fn word(raw: u32, range: u32, counter: u32, logic: u32) -> [u8; 4] {
    (raw | range << 14 | (counter & 63) << 18 | logic << 24).to_le_bytes()
}

/// A device: answers the request for metadata and, once started, sends `stream`; then waits for the stop command, or
/// goes away.
fn device(stream: Vec<u8>, goes_away: bool) -> (PathBuf, JoinHandle<Vec<u8>>) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
    // Held open so that the master does not read a hang-up before the session opens the port.
    let slave = File::options().read(true).write(true).open(&path).unwrap();
    let thread = std::thread::spawn(move || {
        let mut master = File::from(master);
        let mut slave = Some(slave);
        let mut commands = Vec::new();
        let mut byte = [0_u8];
        while master.read(&mut byte).unwrap_or(0) == 1 {
            slave = None;
            commands.push(byte[0]);
            match commands.as_slice() {
                [.., 0x19] => {
                    master.write_all(METADATA.as_bytes()).unwrap();
                    // The last line end comes late: it must not shift the words that follow.
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    master.write_all(b"\n").unwrap();
                }
                [.., 0x0c, 1, 0x06] if master.write_all(&stream).is_err() || goes_away => break,
                [.., 0x06, 0x07] => break,
                _ => {}
            }
        }
        drop(slave);
        if goes_away {
            // The terminal's buffer empties before the line is cut.
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        commands
    });
    (path, thread)
}

fn options(samples: u32) -> RecordOptions {
    RecordOptions {
        voltage_mv: 3000,
        mode: Mode::Source,
        seconds: f64::from(samples) * 1e-5,
    }
}

/// Two windows of SEQ in range 2 with range 1 between them; `lost` samples missing in the second.
fn stream(lost: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for n in 0..9000_u32 {
        let inside = (1000..3000).contains(&n) || (4000..8000).contains(&n);
        if (5000..5000 + lost).contains(&n) {
            continue;
        }
        bytes.extend(if inside {
            word(2000, 2, n, 1)
        } else {
            word(100, 1, n, 0)
        });
    }
    bytes
}

fn measured(path: &std::path::Path) -> energy::Measurement {
    let markers = Some(Markers {
        seq: "D0".into(),
        awake: None,
        update: None,
    });
    let read = ReadOptions {
        voltage_v: Some(3.0),
        markers,
        ..ReadOptions::default()
    };
    measure(
        path,
        &MeasureOptions {
            read,
            ..MeasureOptions::default()
        },
    )
    .unwrap()
}

#[test]
fn a_session_is_recorded_with_its_ranges_and_gaps() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out.ppk2", "out.csv"] {
        let (port, thread) = device(stream(4), false);
        let out = folder.path().join(name);
        let recording = record_to_file(&port, &out, &options(9000), &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(
            (recording.samples, recording.lost, recording.ending),
            (9000, 4, Ending::Complete)
        );
        let commands = thread.join().unwrap();
        assert_eq!(commands, [0x07, 0x19, 0x11, 2, 0x0d, 0x0b, 0xb8, 0x0c, 1, 0x06, 0x07]);
        let m = measured(&out);
        assert_eq!((m.samples, m.windows.len()), (9000, 2));
        assert!((m.missing_share - 4.0 / 9000.0).abs() < 1e-12);
        // Three samples after the change of range are averages: a + (b - a)(1 - 0.82^n).
        let (a, b) = (current_a(100.0, 101.5), current_a(2000.0, 10.3));
        let short: f64 = (1..=3).map(|n| (b - a) * 0.82_f64.powi(n)).sum();
        for (window, samples) in m.windows.iter().zip([2000.0, 4000.0]) {
            let lost = if samples > 3000.0 { 4.0 } else { 0.0 };
            let expected = (samples - lost) * b - short;
            let scale = samples / (samples - lost);
            let uj = expected * scale * 3.0 * 1e-5 * 1e6;
            assert!(
                (window.gross_uj / uj - 1.0).abs() < 1e-6,
                "{name}: {} {uj}",
                window.gross_uj
            );
        }
    }
}

#[test]
fn a_device_that_goes_away_leaves_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let (port, thread) = device(stream(0), true);
    let out = folder.path().join("cut.ppk2");
    let recording = record_to_file(&port, &out, &options(100_000), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((recording.samples, recording.ending), (9000, Ending::Disconnected));
    thread.join().unwrap();
    let m = measured(&out);
    assert_eq!((m.samples, m.windows.len()), (9000, 2));
}

#[test]
fn a_recording_that_is_stopped_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out.ppk2", "out.csv"] {
        let mut stream = [stream(0), stream(0), stream(0)].concat();
        // What is left fits into the terminal's buffer.
        stream.truncate(4 * 20_100);
        let (port, thread) = device(stream, false);
        let out = folder.path().join(name);
        let mut stop = |samples: u64| match samples >= 20_000 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let recording = record_to_file(&port, &out, &options(100_000), &mut stop).unwrap();
        assert_eq!((recording.samples, recording.ending), (20_000, Ending::Stopped));
        assert_eq!(thread.join().unwrap().last(), Some(&0x07), "the kit was stopped");
        assert_eq!(measured(&out).samples, 20_000);
        assert!(!folder.path().join(format!("{name}.partial")).exists());
    }
}

#[test]
fn what_a_killed_recording_leaves_is_readable() {
    let folder = tempfile::tempdir().unwrap();
    let stream: Vec<u8> = (0..125_100)
        .flat_map(|n| word(2000, 2, n, u32::from(n % 10_000 > 100)))
        .collect();
    for name in ["out.ppk2", "out.csv"] {
        let (port, thread) = device(stream.clone(), false);
        let (out, partial) = (folder.path().join(name), folder.path().join(format!("{name}.partial")));
        let killed = folder.path().join(format!("killed-{name}.partial"));
        let mut copy = |samples: u64| {
            if samples == 120_000 {
                std::fs::copy(&partial, &killed).unwrap();
            }
            ControlFlow::Continue(())
        };
        record_to_file(&port, &out, &options(125_000), &mut copy).unwrap();
        thread.join().unwrap();
        let (left, whole) = (measured(&killed), measured(&out));
        assert!((100_000..=120_000).contains(&left.samples), "{name}: {}", left.samples);
        assert_eq!(left.windows[..9], whole.windows[..9]);
        // The one that was killed stays, and is told.
        std::fs::copy(&killed, &partial).unwrap();
        let (port, thread) = device(Vec::new(), true);
        let said = record_to_file(&port, &out, &options(10), &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(said.to_string().contains("recording that was interrupted"), "{said}");
        drop(thread);
    }
    let killed = std::fs::read(folder.path().join("killed-out.ppk2.partial")).unwrap();
    for end in (0..killed.len()).step_by(997) {
        let cut = folder.path().join("cut.ppk2");
        std::fs::write(&cut, &killed[..end]).unwrap();
        let mut samples = 0;
        let read = ReadOptions {
            voltage_v: Some(3.0),
            ..ReadOptions::default()
        };
        let found = energy::trace::read(&cut, &read, &mut |_| {
            samples += 1;
            Ok(())
        });
        assert!(samples > 0 || found.is_err(), "{end} bytes");
    }
}

#[test]
fn impossible_sessions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.csv");
    let absent = record_to_file(&folder.path().join("port"), &out, &options(10), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap_err()
    .to_string();
    assert!(absent.starts_with("cannot read"), "{absent}");
    let plain = folder.path().join("plain");
    std::fs::write(&plain, b"no terminal").unwrap();
    assert!(
        record_to_file(&plain, &out, &options(10), &mut |_| ControlFlow::Continue(()))
            .unwrap_err()
            .to_string()
            .starts_with("cannot read")
    );
    let text = record_to_file(&plain, &folder.path().join("out.txt"), &options(10), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap_err()
    .to_string();
    assert!(text.contains("neither in .ppk2 nor in .csv"), "{text}");
    for (options, expected) in [
        (
            RecordOptions {
                voltage_mv: 6000,
                ..options(10)
            },
            "800 to 5000 mV",
        ),
        (
            RecordOptions {
                seconds: 0.0,
                ..options(10)
            },
            "seconds above 0",
        ),
    ] {
        let (mut port, mut sink) = (std::io::Cursor::new(Vec::new()), |_: &_| Ok(ControlFlow::Continue(())));
        let message = energy::ppk2::record(&mut port, &options, &mut sink)
            .unwrap_err()
            .to_string();
        assert!(message.contains(expected), "{message}");
    }
}
