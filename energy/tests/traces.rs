//! Synthetic traces with known energy in the formats other than the PPK2's and plain tables, and their hazards.

mod common;

use std::io::Write;

use common::{close, fails, file, whole};
use energy::trace::{Format, Markers, ReadOptions};
use energy::{MeasureOptions, Windowing, measure};
use tempfile::TempDir;

/// Rows at 0.3 and 0.5 ms by turns; 1 mA at 3 V with bursts of 5 mA in rows 100 to 199 and 300 to 449; the energy
/// column is the sum of `I * V * dt`.
fn energytrace() -> String {
    let mut text = String::from("Time (ns),Current (nA),Voltage (mV),Energy (uJ)\n");
    let (mut time_us, mut energy_uj) = (1000_u64, 0.0);
    for row in 0..600 {
        let current_na: u64 = if (100..200).contains(&row) || (300..450).contains(&row) {
            5_000_000
        } else {
            1_000_000
        };
        text += &format!("\"{}\",\"{current_na}\",\"3000\",\"{energy_uj:.4}\"\n", time_us * 1000);
        let dt_us = if row % 2 == 0 { 300 } else { 500 };
        energy_uj += current_na as f64 * 1e-6 * 3.0 * dt_us as f64 * 1e-3;
        time_us += dt_us;
    }
    text
}

fn threshold(keep: usize) -> MeasureOptions {
    MeasureOptions {
        windowing: Windowing::Threshold {
            factor: 1.05,
            keep: Some(keep),
        },
        count: Some(2),
        ..whole()
    }
}

#[test]
fn energytrace_windows_are_differences_of_the_energy_column() {
    let folder = TempDir::new().unwrap();
    let plain = file(&folder, "t.csv", energytrace().as_bytes());
    let packed = folder.path().join("t.csv.gz");
    let mut gzip =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::default());
    gzip.write_all(energytrace().as_bytes()).unwrap();
    gzip.finish().unwrap();
    for path in [plain, packed.clone()] {
        let m = measure(&path, &threshold(2)).unwrap();
        assert_eq!((m.format, m.samples, m.windows.len()), (Format::EnergyTrace, 600, 2));
        close(m.baseline_uw.unwrap(), 3000.0);
        for (window, rows) in m.windows.iter().zip([100.0, 150.0]) {
            close(window.gross_uj, rows * 0.4 * 15.0);
            close(window.net_uj.unwrap(), rows * 0.4 * 12.0);
        }
        close(m.net_uj_per_sequence.unwrap().mean, 125.0 * 0.4 * 12.0 / 2.0);
    }
    let bytes = std::fs::read(&packed).unwrap();
    fails(
        &file(&folder, "cut.csv.gz", &bytes[..bytes.len() / 2]),
        &threshold(2),
        "cannot read",
    );
}

#[test]
fn energytrace_hazards_are_refused_or_counted() {
    let folder = TempDir::new().unwrap();
    let text = energytrace();
    let line = |n: usize| text.lines().nth(n).unwrap();
    let without = |range: std::ops::Range<usize>| -> String {
        text.lines()
            .enumerate()
            .filter(|(n, _)| !range.contains(n))
            .map(|(_, line)| format!("{line}\n"))
            .collect()
    };
    // A gap of 50 rows within the second burst: its window is refused, the first stays.
    let m = measure(&file(&folder, "gap.csv", without(350..400).as_bytes()), &threshold(2)).unwrap();
    assert_eq!(
        (m.windows.len(), m.excluded[0].reason),
        (1, "more than 0.1 % of it is missing")
    );
    assert!(m.missing_share > 0.05);
    let swapped = text
        .replace(line(51), "@")
        .replace(line(50), line(51))
        .replace('@', line(50));
    fails(
        &file(&folder, "swap.csv", swapped.as_bytes()),
        &threshold(2),
        "line 52: time goes from",
    );
    let falling = text.replace(
        line(60),
        &line(60).replace(line(60).rsplit(',').next().unwrap(), "\"0.1\""),
    );
    fails(
        &file(&folder, "fall.csv", falling.as_bytes()),
        &threshold(2),
        "accumulated energy falls",
    );
    let nan = text.replacen("\"3000\"", "\"NaN\"", 1);
    fails(
        &file(&folder, "nan.csv", nan.as_bytes()),
        &threshold(2),
        "line 2: holds no number",
    );
    let cut = &text[..text.len() - 20];
    let m = measure(&file(&folder, "cut.csv", cut.as_bytes()), &threshold(2)).unwrap();
    assert!(m.samples == 599 && m.notes[0].contains("was cut off"), "{:?}", m.notes);
    fails(
        &file(&folder, "row.csv", format!("{cut}\n").as_bytes()),
        &threshold(2),
        "line 601: is not a row",
    );
    let flat = text.replace(",\"5000000\"", ",\"1000000\"");
    fails(
        &file(&folder, "flat.csv", flat.as_bytes()),
        &threshold(2),
        "no window counts: none was found",
    );
}

fn energyrunner(samples: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0xf1];
    bytes.extend(1000.0_f32.to_le_bytes());
    samples.iter().for_each(|sample| bytes.extend(sample.to_le_bytes()));
    bytes
}

#[test]
fn energyrunner_windows_are_sums_between_time_stamps() {
    let folder = TempDir::new().unwrap();
    let samples: Vec<f32> = (0..3000).map(|n| if n < 1500 { 2.0 } else { 4.0 }).collect();
    let trace = file(&folder, "trace1-energy.bin", &energyrunner(&samples));
    let times = file(&folder, "trace1-timestamps.json", b"[0.018, 0.1, 1.1, 1.6, 2.6]");
    let options = MeasureOptions {
        windowing: Windowing::Timestamps(times),
        count: Some(10),
        ..whole()
    };
    let m = measure(&trace, &options).unwrap();
    assert_eq!((m.format, m.samples, m.windows.len()), (Format::EnergyRunner, 3000, 2));
    close(m.windows[0].gross_uj, 2000.0);
    close(m.windows[1].gross_uj, 4000.0);
    assert_eq!((m.windows[0].samples, m.windows[1].fence_uj), (1000, 8.0));
    close(m.uj_per_sequence.median, 300.0);
    let times = |times: &[(f64, f64)]| MeasureOptions {
        windowing: Windowing::Times(times.to_vec()),
        ..whole()
    };
    let m = measure(&trace, &times(&[(0.0, 0.5), (2.5, 3.5)])).unwrap();
    assert_eq!((m.windows.len(), m.excluded.len(), m.excluded[0].windows), (1, 1, 1));
    assert_eq!(
        measure(&trace, &times(&[(0.0, 0.5), (2.5, 3.0)]))
            .unwrap()
            .windows
            .len(),
        2,
        "one ends with the trace"
    );
    let m = measure(&trace, &times(&[(0.0, 0.5), (3.5, 4.0), (4.5, 5.0)])).unwrap();
    assert_eq!(
        (m.excluded[0].reason, m.excluded[0].windows),
        ("not within the trace", 2)
    );
    fails(&trace, &times(&[(0.5, 0.4)]), "list them in order");
    fails(&trace, &times(&[(0.1, 0.4), (0.3, 0.5)]), "list them in order");
    fails(&trace, &times(&[(0.1, 0.102)]), "shorter than three samples");
    fails(&trace, &times(&[]), "hold no pair");
    let bad = MeasureOptions {
        windowing: Windowing::Timestamps(file(&folder, "x.json", b"{}")),
        ..whole()
    };
    fails(&trace, &bad, "no list of seconds");
    let cut = energyrunner(&samples);
    fails(
        &file(&folder, "cut.bin", &cut[..cut.len() - 2]),
        &whole(),
        "sample 2999: is cut off",
    );
    fails(&file(&folder, "head.bin", &cut[..3]), &whole(), "5 bytes are expected");
    fails(
        &file(&folder, "wrong.bin", b"PK\x03\x04abcdef"),
        &whole(),
        "promises an EnergyRunner trace",
    );
    fails(
        &file(&folder, "noise.dat", &[0, 1, 2, 3]),
        &whole(),
        "none of the known formats",
    );
}

#[test]
fn a_results_json_brings_its_own_windows() {
    let folder = TempDir::new().unwrap();
    let run = |uj: f64| {
        let samples = vec![uj * 1e-6; 500];
        let timestamps = serde_json::json!([["00", 3], ["01", 100], ["02", 300]]);
        let power = serde_json::json!({"samples": samples, "timestamps": timestamps, "voltage": 1.8});
        serde_json::json!({"power": power, "infer": {"iterations": 50}})
    };
    let text = serde_json::json!([run(2.0), run(3.0), run(7.0)]).to_string();
    let m = measure(&file(&folder, "results.json", text.as_bytes()), &whole()).unwrap();
    let each: Vec<f64> = m.windows.iter().map(|w| w.gross_uj / w.sequences as f64).collect();
    assert_eq!(each.len(), 3);
    each.iter()
        .zip([8.0, 12.0, 28.0])
        .for_each(|(uj, expected)| close(*uj, expected));
    close(m.uj_per_sequence.median, 12.0);
    close(m.uj_per_sequence.mean, 16.0);
    let bad = text.replacen("300", "501", 1);
    fails(
        &file(&folder, "late.json", bad.as_bytes()),
        &whole(),
        "run 0: has time stamps",
    );
    fails(
        &file(&folder, "cut.json", &text.as_bytes()[..900]),
        &whole(),
        "take results.json of an energy run",
    );
}

#[test]
fn impossible_options_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "t.csv", energytrace().as_bytes());
    let above = |factor, keep| MeasureOptions {
        windowing: Windowing::Threshold { factor, keep },
        ..whole()
    };
    let markers = Some(Markers {
        seq: "D0".into(),
        awake: None,
        update: None,
    });
    let marked = MeasureOptions {
        read: ReadOptions {
            markers,
            ..ReadOptions::default()
        },
        ..whole()
    };
    fails(&path, &marked, "holds no marker channels");
    fails(&path, &above(1.0, None), "--threshold: give a factor above 1");
    fails(&path, &above(f64::NAN, None), "--threshold: give a factor above 1");
    fails(&path, &above(1.05, Some(0)), "--keep: is 0");
    fails(
        &path,
        &MeasureOptions {
            count: Some(0),
            ..whole()
        },
        "--count: is 0",
    );
    fails(
        &path,
        &MeasureOptions {
            baseline_uw: Some(-1.0),
            ..whole()
        },
        "--baseline: give microwatts",
    );
    let m = measure(
        &path,
        &MeasureOptions {
            baseline_uw: Some(3000.0),
            ..whole()
        },
    )
    .unwrap();
    let json = serde_json::to_value(&m).unwrap();
    for key in [
        "format",
        "samples",
        "missing_share",
        "windows",
        "uj_per_sequence",
        "net_uj_per_sequence",
    ] {
        assert!(!json[key].is_null(), "{key}");
    }
    assert!(json["uj_per_sequence"]["low"].is_null() && json["windows"][0]["gross_uj"].is_f64());
    assert_eq!(
        (&json["label"], &json["setup"]["regulator"]),
        (&"measured".into(), &"not stated".into())
    );
}
