//! Training on recorded sequences, from files on.

use host_train::{Cell, DataSource, DatasetConfig, Sequences, Targets, TrainConfig, evaluate, train};
use std::{fs, path::Path};

/// Forty sequences of 6 samples and 2 channels, whose label is the sign of channel 0.
fn signs(dir: &Path) -> DatasetConfig {
    let value = |k: usize| {
        let (n, t, i) = (k / 12, k / 2 % 6, k % 2);
        let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
        if i == 0 { sign * (1.0 + t as f32 / 4.0) } else { 3.0 }
    };
    let x = Sequences::new("x", (0..40 * 12).map(value).collect(), 40, 6, 2).unwrap();
    dataset::save_sequences(&dir.join("x.npy"), &x).unwrap();
    dataset::save_targets(&dir.join("y.npy"), &Targets::Labels((0..40).map(|n| n % 2).collect())).unwrap();
    DatasetConfig {
        train_x: dir.join("x.npy"),
        train_y: dir.join("y.npy"),
        sample_period_s: 0.02,
        ..DatasetConfig::default()
    }
}

#[test]
fn a_dataset_trains_and_the_test_part_is_read_by_evaluation_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = signs(dir.path());
    files.test_x = Some(dir.path().join("test_x.npy"));
    files.test_y = Some(files.train_y.clone());
    let data = DataSource::Dataset(files.clone());
    let config = TrainConfig {
        hidden: 4,
        batch: 50,
        steps: 30,
        eval_every: 10,
        learning_rate: 0.01,
        ..data.default_config()
    };
    let out = dir.path().join("run");
    let mut warnings = Vec::new();
    let report = train(&config, &out, false, &mut |p| warnings.extend(p.message.clone())).unwrap();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings.iter().any(|w| w.contains("no unit")), "{warnings:?}");
    let mut saved = TrainConfig::load(&out).unwrap();
    assert!(saved.data_fingerprint.take().is_some());
    assert_eq!(saved, config);
    assert_eq!(
        report.best.metric.value(),
        1.0,
        "the sign of a channel is learned at once"
    );
    assert_eq!(report.model.description.channels.len(), 2);

    assert!(data.evaluation(0, 1).unwrap_err().to_string().contains("test_x.npy"));
    fs::copy(&files.train_x, dir.path().join("test_x.npy")).unwrap();
    let (x, y) = data.evaluation(0, 1).unwrap();
    assert_eq!((x.count, y.count()), (40, 40));
    let nothing = DatasetConfig { test_x: None, ..files };
    assert!(DataSource::Dataset(nothing).evaluation(0, 1).unwrap_err().is_usage());
}

/// The class of a sequence is in its last sample, which lies elsewhere in each; what comes after it is misleading.
#[test]
fn a_dataset_of_unequal_lengths_trains_to_the_last_real_sample() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (count, longest) = (120, 9);
    let lengths: Vec<u32> = (0..count).map(|n| 3 + (n * 5 % 7) as u32).collect();
    let mut values = vec![0.0f32; count * longest];
    for (n, length) in lengths.iter().enumerate() {
        let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
        for t in 0..longest {
            values[n * longest + t] = match t + 1 {
                t if t < *length as usize => 0.1 * (t as f32).sin(),
                t if t == *length as usize => sign,
                _ => -3.0 * sign,
            };
        }
    }
    // What lies beyond the end must stand in the file, and a `Sequences` would have cleared it.
    let whole = Sequences::new("x", values, count, longest, 1).unwrap();
    dataset::save_sequences(&at("x.npy"), &whole).unwrap();
    dataset::save_targets(&at("lengths.npy"), &Targets::Labels(lengths)).unwrap();
    dataset::save_targets(
        &at("y.npy"),
        &Targets::Labels((0..count as u32).map(|n| n % 2).collect()),
    )
    .unwrap();
    let data = DataSource::Dataset(DatasetConfig {
        train_x: at("x.npy"),
        test_share: 0.2,
        ..DatasetConfig::default()
    });
    let config = TrainConfig {
        cell: Cell::SkipGru,
        hidden: 6,
        lambda: 0.0,
        batch: 32,
        steps: 120,
        eval_every: 40,
        learning_rate: 0.02,
        ..data.default_config()
    };
    let report = train(&config, &at("run"), false, &mut |_| ()).unwrap();
    assert_eq!(report.best.metric.value(), 1.0);
    assert_eq!(report.model.description.sequence_length, 0, "variable");
    let (x, y) = data.evaluation(0, 1).unwrap();
    assert!(!x.lengths.is_empty());
    let evaluation = evaluate(&data, &report.model, &x, &y, 1).unwrap();
    assert_eq!(evaluation.metric.value(), 1.0);
    assert!(
        evaluation.updates_mean <= x.samples() as f64 / x.count as f64,
        "no update after the end"
    );
}
