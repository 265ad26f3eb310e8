//! What a skip pattern tells, through the command.

mod common;
use common::{Folder, fails, json};
use host_train::{Sequences, Targets, dataset};

/// The frequency model reads fast and slow waves at different rates: its pattern tells the class, shuffled labels do not.
#[test]
fn a_pattern_that_tells_is_told_from_one_that_does_not() {
    let f = Folder::new();
    let blob = "models/frequency/model.srnn";
    let told = json(&format!(
        "leak {blob} --task frequency --n 600 --shuffles 200 --out {}",
        f.at("leak.svg")
    ));
    assert_eq!(told["sequences"], 600);
    assert!((told["class_entropy_bits"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let pattern = &told["seen"]["pattern"];
    assert!(
        pattern["p"].as_f64() < Some(0.01) && pattern["excess_bits"].as_f64() > Some(0.05),
        "{told}"
    );
    assert!(told["watcher_right"].as_f64() > Some(0.6));
    let svg = std::fs::read_to_string(f.path("leak.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.matches("<polyline").count() == 2);

    // The same sequences with labels that have nothing to do with them.
    json(&format!(
        "data frequency --n 600 --seed 5 --out-x {} --out-y {}",
        f.at("x.npy"),
        f.at("y.npy")
    ));
    let labels = (0..600u32).map(|n| (n * 7919) % 13 % 2).collect();
    dataset::save_targets(&f.path("other.npy"), &Targets::Labels(labels)).unwrap();
    let blind = json(&format!(
        "leak {blob} --x {} --y {} --shuffles 200",
        f.at("x.npy"),
        f.at("other.npy")
    ));
    for seen in ["number", "decision", "pattern"] {
        assert!(blind["seen"][seen]["p"].as_f64() > Some(0.01), "{seen}: {blind}");
    }
}

#[test]
fn what_cannot_leak_is_refused() {
    let f = Folder::new();
    let blob = "models/frequency/model.srnn";
    fails(
        "leak models/adding/model.srnn --task adding --n 10",
        1,
        &["one class a sequence"],
    );
    fails(
        &format!("leak {blob} --task frequency --n 10 --shuffles 5"),
        2,
        &["--shuffles"],
    );
    let x = Sequences::new("x", vec![0.5; 300], 3, 100, 1).unwrap();
    dataset::save_sequences(&f.path("x.npy"), &x).unwrap();
    fails(&format!("leak {blob} --x {}", f.at("x.npy")), 2, &["--y"]);
    dataset::save_targets(&f.path("y.npy"), &Targets::Labels(vec![1; 3])).unwrap();
    fails(
        &format!("leak {blob} --x {} --y {}", f.at("x.npy"), f.at("y.npy")),
        1,
        &["one class"],
    );
}
