//! What recordings of all formats go through: parts that share nothing, padding that counts for nothing.

use crate::*;
use float_model::{Sequences, Targets};
use proptest::prelude::*;
use std::path::Path;

/// Writes n recordings; sample t of recording n is (n, t), so that every value says where it comes from.
fn traceable(dir: &Path, lengths: &[usize], groups: &[u8]) -> DatasetConfig {
    let longest = lengths.iter().copied().max().unwrap();
    let value = |n: usize, t: usize| [n as f32, t as f32];
    let values = (0..lengths.len())
        .flat_map(|n| (0..longest).flat_map(move |t| value(n, t)))
        .collect();
    let lengths = lengths.iter().map(|l| *l as u32).collect();
    let x = Sequences::ragged("x", values, (groups.len(), longest, 2), lengths).unwrap();
    save_sequences(&dir.join("x.npy"), &x).unwrap();
    save_targets(
        &dir.join("y.npy"),
        &Targets::Labels((0..groups.len() as u32).map(|n| n % 2).collect()),
    )
    .unwrap();
    npy::write(&dir.join("groups.npy"), &[groups.len()], groups).unwrap();
    DatasetConfig {
        train_x: dir.join("x.npy"),
        test_share: 0.2,
        ..DatasetConfig::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// From the files to the parts: no recording, and no group, gives samples to two parts, windows overlapping or not.
    #[test]
    fn nothing_leaks_between_the_parts(
        recordings in proptest::collection::vec((4usize..30, 0u8..6), 6..40),
        length in 2usize..5,
        stride in 1usize..5,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (lengths, groups): (Vec<usize>, Vec<u8>) = recordings.into_iter().unzip();
        let distinct: std::collections::BTreeSet<u8> = groups.iter().copied().collect();
        prop_assume!(distinct.len() >= 3);
        let mut config = traceable(dir.path(), &lengths, &groups);
        config.window = Some(Window { length, stride });
        let d = Dataset::load(&config).unwrap();
        let whole = test_recordings(&config).unwrap();
        let (test, names) = (whole.x, whole.groups);
        let first: Vec<f32> = test.all().unwrap().iter().map(|s| s[0]).collect();
        let whose: Vec<String> = first.iter().map(|n| groups[*n as usize].to_string()).collect();
        prop_assert_eq!(names.iter().collect::<Vec<_>>(), whose, "each test sequence has the group of its recording");
        let mut owner = std::collections::BTreeMap::new();
        let mut samples = 0;
        for (part, x) in [(0, &d.training.0), (1, &d.validation.0), (2, &test)] {
            let x = x.all().unwrap();
            prop_assert!(x.count > 0);
            samples += x.count;
            for sample in x.values.chunks(2) {
                let group = groups[sample[0] as usize];
                prop_assert_eq!(*owner.entry(group).or_insert(part), part);
            }
        }
        let windows: usize = lengths.iter().map(|l| (l - length) / stride + 1).sum();
        prop_assert_eq!(samples, windows, "every window is in one part");
    }
}

#[test]
fn normalisation_sees_the_training_part_only() {
    let dir = tempfile::tempdir().unwrap();
    let config = traceable(dir.path(), &[6; 30], &(0..30).collect::<Vec<u8>>());
    let before = Dataset::load(&config).unwrap();
    // Everything that is held out becomes huge.
    let mut x = load_sequences(&config.train_x).unwrap();
    let trained: Vec<f32> = before.training.0.all().unwrap().iter().map(|s| s[0]).collect();
    for s in x.values.chunks_mut(12).filter(|s| !trained.contains(&s[0])) {
        s.iter_mut().for_each(|v| *v = 1e6);
    }
    save_sequences(&config.train_x, &x).unwrap();
    let after = Dataset::load(&config).unwrap();
    assert_eq!((before.mean, before.std), (after.mean, after.std));
    assert_eq!(before.channels, after.channels);
    assert!(after.validation.0.all().unwrap().values.contains(&1e6));
}

#[test]
fn padding_has_no_part_in_normalisation() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let x = Sequences::ragged(
        "x",
        [9.0, 9.0, 9.0, 5.0, 0.0, 0.0].repeat(10),
        (20, 3, 1),
        [3, 1].repeat(10),
    )
    .unwrap();
    save_sequences(&at("x.npy"), &x).unwrap();
    save_targets(&at("y.npy"), &Targets::Labels((0..20).map(|n| n % 2).collect())).unwrap();
    let config = DatasetConfig {
        train_x: at("x.npy"),
        ..DatasetConfig::default()
    };
    let d = Dataset::load(&config).unwrap();
    let samples: Vec<f32> = d.training.0.all().unwrap().iter().flatten().copied().collect();
    let mean = samples.iter().sum::<f32>() / samples.len() as f32;
    assert!(
        mean > 7.0 && (d.mean[0] - mean).abs() < 1e-5,
        "{mean}, but {}",
        d.mean[0]
    );
}

#[test]
fn a_summary_says_what_was_understood() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = traceable(
        dir.path(),
        &[6, 4, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6],
        &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    );
    config.sample_period_s = 0.02;
    let s = describe(&config).unwrap();
    assert_eq!((s.outputs, s.sample_period_s, s.channels.len()), (2, Some(0.02), 2));
    assert_eq!(s.parts.iter().map(|p| p.sequences).sum::<usize>(), 12);
    assert!(
        s.parts
            .iter()
            .all(|p| p.class_counts.iter().sum::<usize>() == p.sequences && !p.groups.is_empty())
    );
    assert_eq!(s.parts.iter().map(|p| p.length_least).min(), Some(4));
    assert!(s.shared_groups.is_empty());
    assert_eq!((s.channels[1].least, s.examples.len()), (0.0, 2));
    // A test part from elsewhere with the same people.
    config.test_x = Some(config.train_x.clone());
    let s = describe(&config).unwrap();
    assert_eq!(s.shared_groups.len(), 6);
    assert!(
        s.warnings.iter().any(|w| w.contains("too optimistic")),
        "{:?}",
        s.warnings
    );
}
