//! What a skip pattern tells, through the command.

mod common;
use common::{Folder, fails, json};
use host_train::{Sequences, Targets};

/// Classes made of the very numbers of updates are told; classes that have nothing to do with the data are not.
#[test]
fn a_pattern_that_tells_is_told_from_one_that_does_not() {
    let f = Folder::new();
    let blob = "models/adding/model.srnn";
    let (x, y) = (f.at("x.npy"), f.at("y.npy"));
    json(&format!("data adding --n 600 --seed 5 --out-x {x} --out-y {y}"));
    let simulated = json(&format!("simulate {blob} --x {x} --schedules"));
    let updates: Vec<usize> = simulated["schedules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s.as_array().unwrap().len())
        .collect();
    let mean = updates.iter().sum::<usize>() / updates.len();
    let own = updates.iter().map(|n| u32::from(*n > mean)).collect();
    let blind = (0..600u32).map(|n| (n * 7919) % 13 % 2).collect();
    dataset::save_targets(&f.path("own.npy"), &Targets::Labels(own)).unwrap();
    dataset::save_targets(&f.path("blind.npy"), &Targets::Labels(blind)).unwrap();

    let svg = f.at("leak.svg");
    let told = json(&format!(
        "leak {blob} --x {x} --y {} --shuffles 200 --out {svg}",
        f.at("own.npy")
    ));
    assert_eq!(told["sequences"], 600);
    let whole = told["class_entropy_bits"].as_f64().unwrap();
    for seen in ["number", "pattern"] {
        let found = &told["seen"][seen];
        let excess = found["excess_bits"].as_f64().unwrap();
        assert!(found["p"].as_f64() < Some(0.01) && excess > 0.1, "{seen}: {told}");
        assert!(excess <= whole);
    }
    assert!(told["watcher_right"].as_f64() > told["best_guess_without"].as_f64());
    let svg = std::fs::read_to_string(f.path("leak.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.matches("<polyline").count() == 2);

    let blind = json(&format!("leak {blob} --x {x} --y {} --shuffles 200", f.at("blind.npy")));
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
