//! Synthetic PPK2 recordings with known energy, in both formats, with every hazard.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use energy::trace::write::{Channel, Ppk2CsvWriter, Ppk2Sample, Ppk2Writer};
use energy::trace::{Format, Markers, ReadOptions, Step, read};
use energy::{
    Calibration, Error, MeasureOptions, Measurement, UpdateCost, Windowing, Workload, board, measure, predict, sensor,
};
use tempfile::TempDir;

const VOLTAGE_V: f64 = 3.0;
const PERIOD_S: f64 = 1e-5;

fn sample(current_ua: f32, high: &[usize]) -> Ppk2Sample {
    let mut channels = [Channel::Low; 8];
    high.iter().for_each(|&channel| channels[channel] = Channel::High);
    Ppk2Sample { current_ua, channels }
}

fn both(folder: &TempDir, samples: &[Ppk2Sample]) -> [PathBuf; 2] {
    let session = folder.path().join("t.ppk2");
    let mut writer = Ppk2Writer::create(&session, 100_000).unwrap();
    samples.iter().for_each(|sample| writer.push(sample).unwrap());
    writer.finish().unwrap();
    let csv = folder.path().join("t.csv");
    let mut writer = Ppk2CsvWriter::new(BufWriter::new(File::create(&csv).unwrap()), 100_000).unwrap();
    samples.iter().for_each(|sample| writer.push(sample).unwrap());
    writer.finish().unwrap();
    [session, csv]
}

fn options() -> MeasureOptions {
    let markers = Markers {
        seq: "D0".into(),
        awake: Some("D1".into()),
        update: Some("D2".into()),
    };
    let read = ReadOptions {
        voltage_v: Some(VOLTAGE_V),
        markers: Some(markers),
        ..ReadOptions::default()
    };
    MeasureOptions {
        read,
        baseline_uw: Some(9.0),
        ..MeasureOptions::default()
    }
}

fn steps(path: &Path, options: &ReadOptions) -> Vec<Step> {
    let mut steps = Vec::new();
    read(path, options, &mut |step| {
        steps.push(*step);
        Ok(())
    })
    .unwrap();
    steps
}

/// Asleep at 3 uA, awake at 3000 uA, updating at 5000 uA: `sequences` of 2000 samples with five updates of 40 samples
/// in 60 awake, and 500 samples between them.
fn recording(sequences: usize) -> Vec<Ppk2Sample> {
    let mut samples = vec![sample(3.0, &[]); 500];
    for n in 0..sequences {
        for i in 0..2000 {
            samples.push(match i % 400 {
                // Each sequence's updates cost a little more than those of the one before.
                0..40 => sample(5000.0 + n as f32, &[0, 1, 2]),
                40..60 => sample(3000.0, &[0, 1]),
                _ => sample(3.0, &[0]),
            });
        }
        samples.extend(vec![sample(3.0, &[]); 500]);
    }
    samples
}

fn close(value: f64, expected: f64) {
    assert!((value / expected - 1.0).abs() < 1e-6, "{value} is not {expected}");
}

/// The energy of sequence `n` of [`recording`]: update, awake, asleep.
fn energy_uj(n: usize) -> [f64; 3] {
    let uj = |samples: f64, ua: f64| samples * ua * VOLTAGE_V * PERIOD_S;
    [uj(200.0, 5000.0 + n as f64), uj(100.0, 3000.0), uj(1700.0, 3.0)]
}

fn measured(path: &Path) -> Measurement {
    measure(path, &options()).unwrap()
}

#[test]
fn both_formats_give_the_known_energy_by_state() {
    let folder = TempDir::new().unwrap();
    for (path, format) in both(&folder, &recording(6)).iter().zip([Format::Ppk2, Format::Ppk2Csv]) {
        let m = measured(path);
        assert_eq!(
            (m.format, m.samples, m.missing_share, m.windows.len()),
            (format, 15_500, 0.0, 6)
        );
        for (n, window) in m.windows.iter().enumerate() {
            let [update, awake, asleep] = energy_uj(n);
            let states = window.states.unwrap();
            close(states.update_uj, update);
            close(states.awake_uj, awake);
            close(states.sleep_uj, asleep);
            close(window.gross_uj, update + awake + asleep);
            close(
                window.net_uj.unwrap(),
                update + awake + asleep - 9.0 * 2000.0 * PERIOD_S,
            );
            assert_eq!(
                (states.updates, states.wakes, window.sequences, window.samples),
                (5, 5, 1, 2000)
            );
            close(window.start_s, (500 + 2500 * n) as f64 * PERIOD_S);
            close(window.end_s - window.start_s, 2000.0 * PERIOD_S);
        }
        let each: Vec<f64> = (0..6).map(|n| energy_uj(n).iter().sum()).collect();
        close(m.uj_per_sequence.median, (each[2] + each[3]) / 2.0);
        close(m.uj_per_sequence.mean, each.iter().sum::<f64>() / 6.0);
        assert!(m.uj_per_sequence.low.unwrap() < m.uj_per_sequence.mean);
        assert!(m.excluded.is_empty());
        assert!(m.to_string().contains("regulator mode: not stated"));
    }
}

#[test]
fn both_writers_come_back_as_they_were_written() {
    let folder = TempDir::new().unwrap();
    let mut samples = recording(1);
    samples[100].current_ua = 123.456;
    samples[101].channels = [Channel::Unknown; 8];
    samples[102].channels = [Channel::Both; 8];
    let [session, csv] = both(&folder, &samples);
    let (a, b) = (steps(&session, &options().read), steps(&csv, &options().read));
    assert_eq!((a.len(), b.len()), (samples.len(), samples.len()));
    for ((a, b), sample) in a.iter().zip(&b).zip(&samples) {
        close(a.power_uw, f64::from(sample.current_ua) * VOLTAGE_V);
        close(a.power_uw, b.power_uw);
        close(a.energy_uj, b.energy_uj);
        assert_eq!((a.levels, a.missing), (b.levels, b.missing));
        assert!((a.start_s - b.start_s).abs() < 1e-12);
    }
}

#[test]
fn a_frame_is_a_little_endian_current_and_big_endian_bits() {
    // 0x6566 is 10100010, D0 first.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("golden.ppk2");
    let mut frames = Vec::new();
    for _ in 0..3 {
        frames.extend(1.5_f32.to_le_bytes());
        frames.extend([0x65, 0x66]);
    }
    zip_of(&path, &frames, 2);
    for (names, levels) in [
        (["D0", "D2", "D6"], 7),
        (["D1", "D3", "D4"], 0),
        (["D5", "D6", "D7"], 2),
    ] {
        let [seq, awake, update] = names.map(String::from);
        let markers = Markers {
            seq,
            awake: Some(awake),
            update: Some(update),
        };
        let read = ReadOptions {
            voltage_v: Some(2.0),
            markers: Some(markers),
            ..ReadOptions::default()
        };
        for step in steps(&path, &read) {
            assert_eq!((step.levels, step.power_uw), (levels, 3.0));
        }
    }
}

fn zip_of(path: &Path, session: &[u8], version: u32) {
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("session.raw", options).unwrap();
    zip.write_all(session).unwrap();
    zip.start_file("metadata.json", options).unwrap();
    let metadata = format!(r#"{{"metadata":{{"samplesPerSecond":100000}},"formatVersion":{version}}}"#);
    zip.write_all(metadata.as_bytes()).unwrap();
    zip.finish().unwrap();
}

/// A recording of one sequence of 5000 samples at 1000 uA, with some of them lost.
fn with_lost(lost: usize) -> Vec<Ppk2Sample> {
    let mut samples = vec![sample(3.0, &[]); 100];
    samples.extend(vec![sample(1000.0, &[0]); 5000]);
    samples.extend(vec![sample(3.0, &[]); 100]);
    (0..lost).for_each(|i| samples[1000 + 7 * i] = Ppk2Sample::LOST);
    samples
}

#[test]
fn lost_samples_are_missing_data_and_no_marker_edge() {
    let folder = TempDir::new().unwrap();
    for path in both(&folder, &with_lost(5)) {
        let m = measured(&path);
        assert_eq!(m.windows.len(), 1, "a lost sample splits no window");
        close(m.missing_share, 5.0 / 5200.0);
        close(m.windows[0].missing_share, 1e-3);
        close(m.windows[0].gross_uj, 5000.0 * 1000.0 * VOLTAGE_V * PERIOD_S);
        assert!(m.notes.iter().any(|note| note.contains("mean power")));
    }
    for path in both(&folder, &with_lost(6)) {
        let message = measure(&path, &options()).unwrap_err().to_string();
        assert!(message.contains("1 more than 0.1 % of it is missing"), "{message}");
    }
}

#[test]
fn rows_left_out_of_the_csv_are_missing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gap.csv");
    let mut writer = Ppk2CsvWriter::new(File::create(&path).unwrap(), 100_000).unwrap();
    for (n, sample) in with_lost(0).iter().enumerate() {
        if (2000..2005).contains(&n) {
            writer.skip()
        } else {
            writer.push(sample).unwrap()
        }
    }
    writer.finish().unwrap();
    let m = measured(&path);
    close(m.missing_share, 5.0 / 5200.0);
    close(m.windows[0].gross_uj, 5000.0 * 1000.0 * VOLTAGE_V * PERIOD_S);
}

#[test]
fn unknown_and_double_levels_hold_the_level_before_and_are_counted() {
    let folder = TempDir::new().unwrap();
    let mut samples = with_lost(0);
    samples[500].channels = [Channel::Unknown; 8];
    samples[600].channels[0] = Channel::Both;
    for path in both(&folder, &samples) {
        let m = measured(&path);
        assert_eq!(m.windows.len(), 1);
        assert!(
            m.notes.iter().any(|note| note.starts_with("2 samples do not tell")),
            "{:?}",
            m.notes
        );
    }
}

#[test]
fn windows_that_do_not_count_are_counted() {
    let folder = TempDir::new().unwrap();
    let mut samples = vec![sample(10.0, &[0]); 50];
    samples.extend(vec![sample(3.0, &[]); 50]);
    samples.extend(vec![sample(10.0, &[0]); 2]);
    samples.extend(vec![sample(3.0, &[]); 50]);
    samples.extend(vec![sample(10.0, &[0]); 100]);
    samples.extend(vec![sample(3.0, &[]); 50]);
    samples.extend(vec![sample(10.0, &[0]); 100]);
    for path in both(&folder, &samples) {
        let m = measured(&path);
        assert_eq!(m.windows.len(), 1);
        let reasons: Vec<_> = m.excluded.iter().map(|e| (e.reason, e.windows)).collect();
        let expected = [
            ("already open when the trace begins", 1),
            ("shorter than three samples", 1),
            ("still open when the trace ends", 1),
        ];
        assert_eq!(reasons, expected);
        assert!(
            m.to_string()
                .contains("1 windows, the first at 0.003020 s: still open when the trace ends")
        );
    }
    for path in both(&folder, &samples[..50]) {
        let message = measure(&path, &options()).unwrap_err().to_string();
        assert!(
            message.contains("no window counts: 1 still open when the trace ends"),
            "{message}"
        );
    }
}

#[test]
fn a_threshold_finds_the_windows_of_most_energy() {
    let folder = TempDir::new().unwrap();
    let mut samples = Vec::new();
    for n in 0..10 {
        samples.extend(vec![sample(3.0, &[]); 100]);
        samples.extend(vec![sample(100.0, &[]); 10 + n]);
    }
    samples.extend(vec![sample(3.0, &[]); 100]);
    let windowing = Windowing::Threshold {
        factor: 1.5,
        keep: Some(4),
    };
    let read = ReadOptions {
        voltage_v: Some(VOLTAGE_V),
        ..ReadOptions::default()
    };
    let options = MeasureOptions {
        read,
        windowing,
        ..MeasureOptions::default()
    };
    for path in both(&folder, &samples) {
        let m = measure(&path, &options).unwrap();
        close(m.baseline_uw.unwrap(), 9.0);
        assert_eq!(
            m.windows.iter().map(|w| w.samples).collect::<Vec<_>>(),
            [16, 17, 18, 19]
        );
        close(m.windows[0].net_uj.unwrap(), 16.0 * 97.0 * VOLTAGE_V * PERIOD_S);
        assert_eq!(m.excluded[0].windows, 6);
    }
}

#[test]
fn bad_files_and_options_name_place_and_fix() {
    let folder = TempDir::new().unwrap();
    let [session, csv] = both(&folder, &recording(1));
    let bytes = std::fs::read(&session).unwrap();
    let text = std::fs::read_to_string(&csv).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let swapped = text.replace("0.5,3.000", "0.7,3.000");
    let off_raster = text.replacen("\n20,3.000", "\n20.004,3.000", 1);
    zip_of(&folder.path().join("odd.ppk2"), &[0; 13], 2);
    zip_of(&folder.path().join("version.ppk2"), &[0; 12], 1);
    zip_of(&folder.path().join("empty.ppk2"), &[], 2);
    let cases = [
        // What is left of it is read.
        (
            file("cut.ppk2", &bytes[..bytes.len() / 2]),
            "still open when the trace ends",
        ),
        (file("short.ppk2", &bytes[..40]), "cut off"),
        (folder.path().join("odd.ppk2"), "ends with 1 bytes of a frame"),
        (folder.path().join("version.ppk2"), "formatVersion is 1"),
        (folder.path().join("empty.ppk2"), "holds no samples"),
        (file("zip.csv", &bytes), "promises text in columns"),
        (file("text.ppk2", text.as_bytes()), "promises a PPK2 session"),
        (
            file("cut.csv", format!("{}\n", &text[..text.len() - 20]).as_bytes()),
            "line 3001: is not a row",
        ),
        (file("swap.csv", swapped.as_bytes()), "line 53: time goes from"),
        (file("raster.csv", off_raster.as_bytes()), "leaves the raster"),
        (
            file(
                "back.csv",
                format!("{text}0.01,3.000,00000000,0,0,0,0,0,0,0,0\n").as_bytes(),
            ),
            "time goes from",
        ),
        (
            file("word.csv", text.replacen("3.000", "three", 1).as_bytes()),
            "line 2: is not a row",
        ),
        (file("empty.csv", b""), "is empty"),
        (
            file("header.csv", text.lines().next().unwrap().as_bytes()),
            "no rows of numbers",
        ),
        (folder.path().join("absent.csv"), "cannot read"),
    ];
    for (path, expected) in cases {
        let message = measure(&path, &options()).expect_err(expected).to_string();
        assert!(message.contains(expected), "{}: {message}", path.display());
    }
    let voltage = |voltage_v| {
        let read = ReadOptions {
            voltage_v,
            ..options().read
        };
        measure(&csv, &MeasureOptions { read, ..options() }).unwrap_err()
    };
    assert!(matches!(
        voltage(None),
        Error::Option {
            option: "--voltage",
            ..
        }
    ));
    assert!(matches!(
        voltage(Some(f64::NAN)),
        Error::Option {
            option: "--voltage",
            ..
        }
    ));
    let markers = Some(Markers {
        seq: "D8".into(),
        awake: None,
        update: None,
    });
    let read = ReadOptions {
        markers,
        ..options().read
    };
    assert!(
        measure(&csv, &MeasureOptions { read, ..options() })
            .unwrap_err()
            .to_string()
            .contains("D0 to D7")
    );
    let without: String = text
        .lines()
        .map(|l| l.split(',').take(2).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    let without = file("without.csv", without.as_bytes());
    assert!(
        measure(&without, &options())
            .unwrap_err()
            .to_string()
            .contains("holds no channel D0")
    );
}

#[test]
fn an_export_of_single_channels_reads_as_the_packed_one() {
    let folder = TempDir::new().unwrap();
    let [_, csv] = both(&folder, &recording(2));
    let text = std::fs::read_to_string(&csv).unwrap();
    let thin: String = text
        .lines()
        .map(|line| {
            let f: Vec<&str> = line.split(',').collect();
            [&f[..2], &f[3..6]].concat().join(",") + "\r\n"
        })
        .collect();
    let path = folder.path().join("thin.csv");
    std::fs::write(&path, thin).unwrap();
    let (a, b) = (measured(&csv), measured(&path));
    assert_eq!(a.windows, b.windows);
    assert!(b.notes.iter().any(|note| note.contains("0.200 uA counts as lost")));
}

#[test]
fn a_measured_run_narrows_the_prediction() {
    let folder = TempDir::new().unwrap();
    let [session, _] = both(&folder, &recording(6));
    let m = measured(&session);
    // An update of 40 samples is 0.4 ms, 25,600 cycles at 64 MHz.
    let calibration = Calibration::from_measurement(&m, 25_600.0, VOLTAGE_V).unwrap();
    let active = calibration.active_energy_pj_per_cycle.clone().unwrap();
    close(active.mid, 5002.5 * VOLTAGE_V * 4e-4 / 25_600.0 * 1e6);
    close(calibration.sleep_current_ua.clone().unwrap().mid, 3.0);
    let path = folder.path().join("calibration.toml");
    std::fs::write(&path, calibration.to_toml().unwrap()).unwrap();
    let read = Calibration::from_file(&path).unwrap();
    close(read.active_energy_pj_per_cycle.as_ref().unwrap().low, active.low);
    let plain = board("nrf52840").unwrap();
    let calibrated = read.apply(&plain).unwrap();
    let cost = UpdateCost::Counted { instructions: 20_000 };
    let work = Workload {
        sequence_length: 128,
        sample_period_s: 0.02,
        updates_mean: 32.0,
        schedules: None,
        update: cost,
        dense_update: cost,
        head_macs: 0,
        channels: 3,
    };
    let width = |board| {
        let uj = predict(board, &sensor("none").unwrap(), &work).unwrap().uj_per_sequence;
        uj.high / uj.low
    };
    assert!(width(&calibrated) < 0.6 * width(&plain));
    let mut bare = m.clone();
    bare.windows.iter_mut().for_each(|window| window.states = None);
    assert!(Calibration::from_measurement(&bare, 25_600.0, VOLTAGE_V).is_err());
    std::fs::write(&path, "[sleep_current_ua]\nlow = 1\n").unwrap();
    assert!(
        Calibration::from_file(&path)
            .unwrap_err()
            .to_string()
            .contains("missing field")
    );
}
