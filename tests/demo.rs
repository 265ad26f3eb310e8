//! The README's first command, on its smaller model.

mod common;
use common::{Folder, skiprnn};

#[test]
fn the_demo_fills_every_column() {
    let f = Folder::new();
    let out = f.at("demo");
    let run = skiprnn(["demo", "--quick", "--out", &out]);
    let (said, stderr) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "{stderr}");
    for name in [
        "LSTM, float",
        "Skip LSTM, float",
        "Skip LSTM, fixed",
        "Skip LSTM, emulated",
    ] {
        let line = said.lines().find_map(|line| line.trim_start().strip_prefix(name));
        let figures: Vec<f64> = line
            .unwrap_or_default()
            .split_whitespace()
            .flat_map(str::parse)
            .collect();
        let [accuracy, updates] = figures[..] else {
            panic!("{name}: no accuracy and updates in\n{said}")
        };
        assert!(
            (0.4..=1.0).contains(&accuracy) && (1.0..=100.0).contains(&updates),
            "{said}"
        );
    }
    assert!(said.contains("identical to the simulator: yes"), "{said}");
    let summary = std::fs::read_to_string(format!("{out}/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    // What the text says of the integers, the summary says too.
    let updates = summary["fixed"]["updates_mean"].as_f64().unwrap();
    assert!(said.contains(&format!("{updates:.2}")), "{updates}: {said}");
    assert_eq!(summary["emulated"]["identical_to_simulator"], true);
    assert!(
        std::fs::read_to_string(format!("{out}/report.html"))
            .unwrap()
            .contains("<svg")
    );
}
