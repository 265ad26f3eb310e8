//! The engines of training by the command line: the fused kernels, and candle as the readable reference.

mod common;
use common::{Folder, fails, json, skiprnn};

const SMALL: &str = "--cell skip-gru --hidden 6 --eval-every 2 --batch 16 --threads 1";

#[test]
fn a_run_with_the_candle_engine_is_trained_evaluated_and_quantized_like_any_other() {
    let f = Folder::new();
    let (candle, fused) = (f.at("candle"), f.at("fused"));
    let trained = json(&format!(
        "train adding {SMALL} --steps 4 --engine candle --out {candle}"
    ));
    let same = json(&format!("train adding {SMALL} --steps 4 --out {fused}"));
    let loss = |v: &serde_json::Value| v["metric"].as_f64().expect("a number");
    assert!((loss(&trained) / loss(&same) - 1.0).abs() < 1e-3, "{trained} {same}");
    let config = |run: &str| std::fs::read_to_string(f.path(run).join("config.toml")).expect("written");
    assert!(config("candle").contains("engine = \"candle\""), "{}", config("candle"));
    assert!(config("fused").contains("engine = \"fused\""), "{}", config("fused"));

    let evaluated = json(&format!("eval {candle} --n 40"));
    assert_eq!(evaluated["sequences"], 40);
    let blob = f.at("m.srnn");
    json(&format!("quantize {candle} --out {blob} --sample-period-s 1e-3"));
    assert!(f.path("m.srnn").exists());
}

#[test]
fn a_run_keeps_its_engine() {
    let f = Folder::new();
    let run = f.at("run");
    // Under a constant rate a run may go on for more steps.
    let line = format!("train adding {SMALL} --learning-rate-schedule constant --out {run}");
    json(&format!("{line} --steps 2 --engine candle"));
    fails(
        &format!("{line} --steps 4 --resume"),
        1,
        &["config.toml", "engine", "candle", "fused"],
    );
    let resumed = json(&format!("{line} --steps 4 --resume --engine candle"));
    assert_eq!(resumed["steps"], 4);
}

#[test]
fn an_unknown_engine_is_refused_with_those_that_exist() {
    let f = Folder::new();
    let line = format!("train adding --engine twin --out {}", f.at("run"));
    fails(&line, 2, &["--engine", "twin", "fused", "candle"]);
}

#[cfg(not(feature = "cuda-candle"))]
#[test]
fn the_candle_engine_on_a_gpu_needs_its_feature_and_leaves_no_folder_behind() {
    let f = Folder::new();
    let line = format!("train adding --engine candle --device cuda --out {}", f.at("run"));
    fails(&line, 2, &["engine", "candle", "cuda:0", "--features cuda-candle"]);
    assert!(!f.path("run").exists());
}

#[test]
fn help_names_both_engines() {
    let out = skiprnn(["train", "--help"]);
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("--engine") && text.contains("[default: fused]"), "{text}");
}
