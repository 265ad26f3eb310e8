//! Traces of simulated boards: exact sums, and a word in every output that they are no measurement.

mod common;

use std::fs::File;
use std::path::PathBuf;

use common::{close, fails, file, whole};
use energy::trace::write::{Channel, Ppk2Sample, Ppk2Writer, SimulatedWriter};
use energy::trace::{Format, Markers, ReadOptions};
use energy::{Calibration, MeasureOptions, measure};
use tempfile::TempDir;

/// 3 V; 1 mA for 2 ms asleep or awake in turn, with a sequence around an update of 5 mA for 125 ns.
fn trace(folder: &TempDir) -> PathBuf {
    let mut writer = SimulatedWriter::new(Vec::new(), 3_000_000).unwrap();
    for (time_ps, current_pa, levels) in [
        (0, 1_000_000_000, [false, true, false]),
        (2_000_000_000, 3_000_000, [true, false, false]),
        (7_000_000_000, 1_000_000_000, [true, true, false]),
        (7_000_125_000, 5_000_000_000, [true, true, true]),
        (7_000_250_000, 1_000_000_000, [true, true, false]),
        (9_000_250_000, 3_000_000, [false, false, false]),
        (20_000_000_000, 0, [false; 3]),
    ] {
        writer.push(time_ps, current_pa, levels).unwrap();
    }
    file(folder, "t.csv", &writer.finish().unwrap())
}

fn markers() -> MeasureOptions {
    let markers = Markers {
        seq: "SEQ".into(),
        awake: Some("awake".into()),
        update: Some("UPDATE".into()),
    };
    MeasureOptions {
        read: ReadOptions {
            markers: Some(markers),
            ..ReadOptions::default()
        },
        ..whole()
    }
}

#[test]
fn every_step_counts_for_exactly_as_long_as_it_lasts() {
    let folder = TempDir::new().unwrap();
    let path = trace(&folder);
    let m = measure(&path, &whole()).unwrap();
    assert_eq!((m.format, m.samples), (Format::Simulated, 6));
    let awake_s = 2e-3 + 125e-9 + 2e-3;
    let asleep_s = 20e-3 - awake_s - 125e-9;
    close(
        m.windows[0].gross_uj,
        3.0 * (1e3 * awake_s + 5e3 * 125e-9 + 3.0 * asleep_s),
    );
    let m = measure(&path, &markers()).unwrap();
    let states = m.states_per_sequence.unwrap();
    close(states.update_uj, 3.0 * 5e3 * 125e-9);
    close(states.sleep_uj, 3.0 * 3.0 * 5e-3);
    assert_eq!((states.updates, states.wakes), (1.0, 1.0));
    assert!(m.notes.is_empty(), "{:?}", m.notes);
}

#[test]
fn what_is_measured_in_a_simulated_trace_is_called_simulated_and_is_no_calibration() {
    let folder = TempDir::new().unwrap();
    let session = folder.path().join("t.ppk2");
    let mut writer = Ppk2Writer::simulated(File::create(&session).unwrap(), &session, 100_000).unwrap();
    for n in 0..100 {
        let level = |high: bool| if high { Channel::High } else { Channel::Low };
        let mut channels = [Channel::Low; 8];
        channels[0] = level((10..90).contains(&n));
        channels[1] = level(n % 20 < 10);
        channels[2] = level(n % 20 < 5);
        writer
            .push(&Ppk2Sample {
                current_ua: 7.0,
                channels,
            })
            .unwrap();
    }
    writer.finish().unwrap();
    let named = |seq: &str, awake: &str, update: &str| Markers {
        seq: seq.into(),
        awake: Some(awake.into()),
        update: Some(update.into()),
    };
    let of_session = MeasureOptions {
        read: ReadOptions {
            markers: Some(named("D0", "D1", "D2")),
            voltage_v: Some(3.0),
            ..ReadOptions::default()
        },
        ..whole()
    };
    for (path, options) in [(trace(&folder), markers()), (session, of_session)] {
        let m = measure(&path, &options).unwrap();
        assert_eq!(m.label, "simulated");
        assert!(
            m.to_string().starts_with("Energy per sequence, simulated: 1 windows"),
            "{m}"
        );
        assert!(
            m.to_string()
                .contains("instrument and its range: none: a simulated board"),
            "{m}"
        );
        let refused = Calibration::from_measurement(&m, 1000.0, 3.0).unwrap_err().to_string();
        assert!(refused.contains("the trace is simulated"), "{refused}");
        let refused = Calibration::check_trace(&path).unwrap_err().to_string();
        assert!(refused.contains("the trace is simulated"), "{refused}");
        let drawn = energy::picture::trace(&path, &options.read, &m.windows).unwrap();
        assert!(drawn.to_svg().contains("simulated"));
    }
}

#[test]
fn a_damaged_simulated_trace_is_refused_by_its_line() {
    let folder = TempDir::new().unwrap();
    let good = std::fs::read_to_string(trace(&folder)).unwrap();
    for (from, to, expected) in [
        ("supply_uv 3000000", "supply_uv 0", "line 1: does not say the supply"),
        ("time_ps,current_pa", "time_ns,current_pa", "line 2: is not time_ps"),
        ("7000125000,", "6000125000,", "line 6: time goes from"),
        ("3000000,1,0,0", "-3000000,1,0,0", "line 4: is not a row"),
        ("3000000,1,0,0", "3000000,1,0,2", "line 4: is not a row"),
        (
            "3000000,1,0,0",
            "18446744073709551615,1,0,0",
            "line 4: holds a time or a current",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let path = file(&folder, "bad.csv", good.replacen(from, to, 1).as_bytes());
        fails(&path, &whole(), expected);
    }
    let mut other = markers();
    other.read.markers.as_mut().unwrap().seq = "D0".into();
    fails(
        &trace(&folder),
        &other,
        "has the channels SEQ, AWAKE and UPDATE, and no D0",
    );
    let path = file(&folder, "cut.csv", &good.as_bytes()[..good.len() - 8]);
    let m = measure(&path, &whole()).unwrap();
    assert!(m.notes.iter().any(|note| note.contains("cut off")), "{:?}", m.notes);
}

#[test]
fn read_as_another_format_it_stays_simulated() {
    let folder = TempDir::new().unwrap();
    let mut options = whole();
    options.read.format = Some(Format::Csv);
    options.read.voltage_v = Some(3.0);
    options.read.columns = "time=time_ps:picoseconds,current=current_pa:nA".parse().unwrap();
    assert_eq!(measure(&trace(&folder), &options).unwrap().label, "simulated");
}
