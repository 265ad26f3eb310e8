//! Real traces against the answers that were published for them. The recordings are not part of this repository: where
//! they are absent, a line says so and the test passes.

use std::path::PathBuf;

use energy::trace::Format;
use energy::{MeasureOptions, Windowing, measure};

fn traces() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/traces");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is absent", folder.display());
    None
}

/// The figures that follow a label in the published log.
fn published(text: &str, label: &str, after: &str) -> Vec<f64> {
    let lines = text
        .lines()
        .filter_map(|line| line.split_once(label))
        .map(|(_, rest)| rest);
    let figures = lines.map(|rest| rest.trim_start_matches([' ', ':']).trim_start_matches(after));
    figures
        .map(|rest| rest.split_whitespace().next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn energyrunner_traces_give_the_published_energy() {
    let Some(folder) = traces() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("energyrunner")).unwrap() {
        let trace = entry.unwrap().path();
        let text = std::fs::read_to_string(trace.join("results.txt")).unwrap();
        let windows_uj = published(&text, "Energy       :", "");
        let each_uj = published(&text, "Energy/Inf.  :", "");
        let median_uj = published(&text, "Median energy cost is", "")[0];
        let count = published(&text, "# Inferences :", "")[0] as u64;
        let options = MeasureOptions {
            windowing: Windowing::Timestamps(trace.join("trace1-timestamps.json")),
            count: Some(count),
            ..MeasureOptions::default()
        };
        let m = measure(&trace.join("trace1-energy.bin"), &options).unwrap();
        assert_eq!(m.format, Format::EnergyRunner);
        assert_eq!((m.windows.len(), windows_uj.len(), each_uj.len()), (5, 5, 5));
        for ((window, gross_uj), uj) in m.windows.iter().zip(windows_uj).zip(each_uj) {
            assert!(
                (window.gross_uj / gross_uj - 1.0).abs() < 1e-3,
                "{}: {window:?}",
                trace.display()
            );
            assert!((window.gross_uj / window.sequences as f64 / uj - 1.0).abs() < 1e-3);
            assert!(
                (window.gross_uj - gross_uj).abs() <= 1.01 * window.fence_uj,
                "more than the fence"
            );
        }
        let error = m.uj_per_sequence.median / median_uj - 1.0;
        println!(
            "{}: {} uJ, published {median_uj}, {error:+.1e}",
            trace.display(),
            m.uj_per_sequence.median
        );
        assert!(error.abs() < 1e-3);
        assert!(m.net_uj_per_sequence.is_none());
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_energytrace_recording_gives_the_published_energies() {
    let Some(folder) = traces() else { return };
    let folder = folder.join("energytrace");
    let text = std::fs::read_to_string(folder.join("skip_rnn_update_energy.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let options = MeasureOptions {
        windowing: Windowing::Threshold {
            factor: 1.05,
            keep: Some(7),
        },
        count: Some(2),
        ..MeasureOptions::default()
    };
    let m = measure(&folder.join("skip_rnn_update_trial_0.csv.gz"), &options).unwrap();
    assert_eq!(m.windows.len(), 7);
    for (n, window) in m.windows.iter().enumerate() {
        let mj = window.net_uj.unwrap() / 2.0 * 1e-3;
        let expected = json["energy"][n].as_f64().unwrap();
        assert!(
            (mj - expected).abs() < 1e-9,
            "operation {n}: {mj} mJ, published {expected}"
        );
    }
}
