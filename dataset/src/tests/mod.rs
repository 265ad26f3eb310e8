//! Good and bad files of a whole dataset.

mod formats;
mod leaks;
mod stores;

use crate::*;
use float_model::{Sequences, Targets};
use std::{fs, path::Path};

/// Forty sequences of 6 samples and 2 channels, whose label is the sign of channel 0.
fn example() -> (Sequences, Targets) {
    let value = |k: usize| {
        let (n, t, i) = (k / 12, k / 2 % 6, k % 2);
        let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
        if i == 0 { sign * (1.0 + t as f32 / 4.0) } else { 3.0 }
    };
    let x = Sequences::new("x", (0..40 * 12).map(value).collect(), 40, 6, 2).unwrap();
    (x, Targets::Labels((0..40).map(|n| n % 2).collect()))
}

fn files(dir: &Path) -> DatasetConfig {
    let (x, y) = example();
    save_sequences(&dir.join("x.npy"), &x).unwrap();
    save_targets(&dir.join("y.npy"), &y).unwrap();
    DatasetConfig {
        train_x: dir.join("x.npy"),
        train_y: dir.join("y.npy"),
        sample_period_s: 0.02,
        ..DatasetConfig::default()
    }
}

fn write_folder(dir: &Path, label: impl Fn(usize) -> String) {
    let (x, _) = example();
    fs::create_dir_all(dir).unwrap();
    let mut labels = String::from("file,label\n");
    for (n, s) in x.iter().enumerate() {
        let rows: Vec<String> = s.chunks(2).map(|c| format!("{},{}", c[0], c[1])).collect();
        fs::write(dir.join(format!("{n:02}.csv")), format!("ax,ay\n{}\n", rows.join("\n"))).unwrap();
        labels += &format!("{n:02}.csv,{}\n", label(n));
    }
    fs::write(dir.join("labels.csv"), labels).unwrap();
}

fn fails(config: &DatasetConfig, parts: &[&str]) {
    let text = float_model::with_causes(&Dataset::load(config).expect_err("must be refused"));
    assert!(parts.iter().all(|p| text.contains(p)), "{text} lacks one of {parts:?}");
}

#[test]
fn arrays_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let config = files(dir.path());
    let (x, y) = example();
    assert_eq!(load_sequences(&config.train_x).unwrap(), x);
    assert_eq!(load_targets(&config.train_y).unwrap(), y);

    let path = dir.path().join("a.npy");
    npy::write(&path, &[2, 3], &[0.0f64, 1.0, 2.0, 3.0, 4.0, 5.5]).unwrap();
    let wide = load_sequences(&path).unwrap();
    assert_eq!((wide.count, wide.length, wide.channels, wide.values[5]), (2, 3, 1, 5.5));
    npy::write(&path, &[2], &[1i8, 0]).unwrap();
    assert_eq!(load_targets(&path).unwrap(), Targets::Labels(vec![1, 0]));
    npy::write(&path, &[2], &[1u64, 0]).unwrap();
    assert_eq!(load_targets(&path).unwrap(), Targets::Labels(vec![1, 0]));
    save_outputs(&path, &[vec![1.0, 2.0], vec![3.0, 4.0]], None).unwrap();
    let values = vec![1.0, 2.0, 3.0, 4.0];
    assert_eq!(load_targets(&path).unwrap(), Targets::Values { values, outputs: 2 });
    assert!(save_outputs(&path, &[vec![1.0], vec![]], None).is_err());
}

#[test]
fn the_axes_of_answers_say_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("y.npy");
    let steps = |answers| Targets::PerStep {
        answers: Box::new(answers),
        length: 3,
    };
    let flags = |values: &[f32]| Targets::Multilabel {
        values: values.to_vec(),
        outputs: 2,
    };
    let numbers = [0.0f32, 1.0, 1.0, 1.0, 0.0, 0.0];
    let every = [
        Targets::Labels(vec![2, 0]),
        flags(&numbers),
        Targets::Values {
            values: numbers.to_vec(),
            outputs: 3,
        },
        steps(Targets::Labels(vec![1, 0, 2, 3, 1, 0])),
        steps(flags(&numbers)),
    ];
    for y in every {
        save_targets(&path, &y).unwrap();
        assert_eq!(load_targets(&path).unwrap(), y);
    }
    npy::write(&path, &[1, 2], &[true, false]).unwrap();
    assert_eq!(load_targets(&path).unwrap(), flags(&[1.0, 0.0]));
    let says = |part: &str| {
        let text = load_targets(&path).unwrap_err().to_string();
        assert!(text.contains(part) && text.contains("y.npy"), "{text}");
    };
    npy::write(&path, &[2, 2], &[0u32, 1, 2, 1]).unwrap();
    says("answer 1, label 0");
    npy::write(&path, &[1, 1, 1, 2], &[0u32, 1]).unwrap();
    says("(N, T, C)");
}

#[test]
fn answers_at_every_step_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = files(dir.path());
    let answers = |length: usize| Targets::PerStep {
        answers: Box::new(Targets::Labels((0..40 * length as u32).map(|n| n % 2).collect())),
        length,
    };
    save_targets(&config.train_y, &answers(6)).unwrap();
    let d = Dataset::load(&config).unwrap();
    assert_eq!((d.outputs, d.validation.1.count()), (2, 13));
    assert_eq!(d.validation.1.output_at(), float_model::OutputAt::Step);
    config.loss = Some(Loss::Bce);
    assert_eq!(Dataset::load(&config).unwrap().outputs, 1);
    save_targets(&config.train_y, &answers(5)).unwrap();
    fails(&config, &["y.npy", "5 steps", "6 samples"]);
    save_targets(&config.train_y, &Targets::Labels((0..40).map(|n| n % 3).collect())).unwrap();
    fails(&config, &["y.npy", "loss", "0 or 1"]);
}

#[test]
fn a_dataset_is_split_normalised_and_described() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = files(dir.path());
    let d = Dataset::load(&config).unwrap();
    assert_eq!(
        (d.training.0.count(), d.validation.0.count()),
        (27, 13),
        "a third of a small set"
    );
    assert_eq!((d.outputs, d.training.1.count(), d.validation.1.count()), (2, 27, 13));
    assert!(d.mean[0].abs() < 0.2 && (d.mean[1], d.std[1]) == (3.0, 1.0));
    let warned = |part: &str| d.warnings.iter().any(|w| w.contains(part));
    assert!(
        d.warnings.len() == 3
            && warned("channel 1")
            && warned("no unit")
            && warned("has 13 sequences: an accuracy on them is uncertain by about ±0.14")
    );
    assert_eq!((d.channels[0].full_scale, d.channels[1].full_scale), (4.0, 4.0));
    assert_eq!(d.channels[1].name, "channel1");

    fs::write(
        dir.path().join("channels.toml"),
        "sample_rate_hz = 25.0\nclass_names = [\"up\", \"down\"]\n\
         [[channel]]\nname = \"ax\"\nunit = \"g\"\nfull_scale = 2.5\n[[channel]]\nname = \"ay\"\n",
    )
    .unwrap();
    config.sample_period_s = 0.0;
    let d = Dataset::load(&config).unwrap();
    assert_eq!((d.channels[0].name.as_str(), d.channels[0].full_scale), ("ax", 2.5));
    assert_eq!((d.sample_period_s, d.class_names.len()), (0.04, 2));
}

#[test]
fn a_folder_of_csv_files_is_the_same_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = example();
    write_folder(dir.path(), |n| (n % 2).to_string());
    let read = || read(dir.path(), &ReadOptions::default());
    let folder = read().unwrap();
    assert_eq!((folder.x.all().unwrap(), folder.y.as_ref()), (x, Some(&y)));
    assert_eq!(folder.channels[1].name, "ay");
    write_folder(dir.path(), |n| ["walk", "run"][n % 2].into());
    let folder = read().unwrap();
    assert_eq!(folder.class_names, ["run", "walk"]);
    assert_eq!(folder.y.unwrap().take(2), Targets::Labels(vec![1, 0]));
    write_folder(dir.path(), |n| format!("{}.5", n));
    assert!(matches!(
        load_targets(dir.path()).unwrap(),
        Targets::Values { outputs: 1, .. }
    ));

    let says = |part: &str| {
        let text = float_model::with_causes(&read().unwrap_err());
        assert!(text.contains(part), "{text}");
    };
    fs::write(dir.path().join("40.csv"), "ax,ay\n1,2\n").unwrap();
    says("40.csv has none");
    fs::remove_file(dir.path().join("40.csv")).unwrap();
    fs::write(dir.path().join("03.csv"), "ax,ay\n1,2\n").unwrap();
    assert_eq!(read().unwrap().x.length_of(3), 1, "sequences may be of unequal length");
    fs::write(dir.path().join("03.csv"), "ax,ay\n1,2\n1,oops\n").unwrap();
    says("line 3, column ay");
    fs::write(dir.path().join("03.csv"), "ax,ay\n1,nan\n").unwrap();
    says("line 2, column ay");
    fs::write(dir.path().join("03.csv"), "ax,ay\n1,2\n1\n").unwrap();
    says("03.csv");
    fs::write(dir.path().join("03.csv"), "").unwrap();
    says("samples: none");
    fs::write(dir.path().join("03.csv"), "1,2,3\n").unwrap();
    says("columns");
    fs::remove_file(dir.path().join("03.csv")).unwrap();
    says("labels.csv: line 5: 03.csv: no such file");
}

#[test]
fn a_word_is_the_same_class_in_both_parts() {
    let dir = tempfile::tempdir().unwrap();
    let (train, test) = (dir.path().join("train"), dir.path().join("test"));
    write_folder(&train, |n| ["walk", "run", "sit"][n % 3].into());
    write_folder(&test, |_| "sit".into());
    let config = DatasetConfig {
        train_x: train,
        test_x: Some(test.clone()),
        ..DatasetConfig::default()
    };
    let (_, y) = Dataset::load_test(&config).unwrap();
    assert_eq!(y, Targets::Labels(vec![1; 40]), "run, sit, walk");
    write_folder(&test, |_| "swim".into());
    let text = Dataset::load_test(&config).unwrap_err().to_string();
    assert!(
        text.contains("labels.csv") && text.contains("unknown class 'swim'; expected one of run, sit, walk"),
        "{text}"
    );
}

#[test]
fn bad_arrays_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let good = files(dir.path());
    let bad = |name: &str, shape: &[usize], values: &[f32]| {
        let path = dir.path().join(name);
        npy::write(&path, shape, values).unwrap();
        DatasetConfig {
            train_x: path,
            ..good.clone()
        }
    };
    fails(&bad("flat.npy", &[4], &[0.0; 4]), &["flat.npy", "shape", "(N, T, I)"]);
    fails(
        &bad("few.npy", &[1, 6, 2], &[0.0; 12]),
        &["y.npy", "40 answers for the 1"],
    );
    let mut values = vec![0.0; 40 * 12];
    values[12 + 3] = f32::NAN;
    fails(
        &bad("nan.npy", &[40, 6, 2], &values),
        &["nan.npy", "sequence 1, sample 1, channel 1"],
    );
    fails(&bad("empty.npy", &[0, 6, 2], &[]), &["empty.npy", "empty"]);

    let truncated = dir.path().join("truncated.npy");
    let bytes = fs::read(&good.train_x).unwrap();
    for length in [bytes.len() - 1, 200, 20, 0] {
        fs::write(&truncated, &bytes[..length]).unwrap();
        let config = DatasetConfig {
            train_x: truncated.clone(),
            ..good.clone()
        };
        fails(&config, &["truncated.npy"]);
    }
    let config = DatasetConfig {
        train_x: dir.path().join("absent.npy"),
        ..good.clone()
    };
    fails(&config, &["absent.npy", "No such file"]);

    let labels = |values: &[i64]| {
        let path = dir.path().join("labels.npy");
        npy::write(&path, &[values.len()], values).unwrap();
        DatasetConfig {
            train_y: path,
            ..good.clone()
        }
    };
    let with = |k: usize, v: i64| {
        (0..40)
            .map(|n| if n == k { v } else { n as i64 % 2 })
            .collect::<Vec<_>>()
    };
    fails(
        &labels(&with(7, -1)),
        &["labels.npy", "sequence 7", "-1 is out of range"],
    );
    fails(&labels(&with(7, 1 << 40)), &["sequence 7", "out of range"]);
    fails(&labels(&[0; 40]), &["labels.npy", "at least two classes"]);
    fails(&labels(&with(0, 0)[..39]), &["labels.npy", "39 answers for the 40"]);
    let named = DatasetConfig {
        class_names: vec!["a".into(), "b".into()],
        ..labels(&with(7, 2))
    };
    fails(&named, &["sequence 7", "2 class names"]);

    let comma = DatasetConfig {
        class_names: vec!["a,b".into(), "c".into()],
        ..good.clone()
    };
    fails(&comma, &["y.npy", "class name a,b"]);

    let one = dir.path().join("one.npy");
    npy::write(&one, &[1, 6, 2], &[0.0f32; 12]).unwrap();
    let target = dir.path().join("target.npy");
    npy::write(&target, &[1], &[0.5f32]).unwrap();
    let config = DatasetConfig {
        train_x: one,
        train_y: target,
        ..good.clone()
    };
    fails(&config, &["one.npy", "at least 2"]);
    let config = DatasetConfig {
        channels: vec![ChannelConfig::default()],
        ..good.clone()
    };
    fails(&config, &["x.npy", "channels", "2 in the data, 1 described"]);
    // Files called y or labels belong to x.npy, others do not.
    for answers in ["y.npy", "labels.npy"] {
        fs::remove_file(dir.path().join(answers)).unwrap();
    }
    let config = DatasetConfig {
        train_y: Default::default(),
        ..good
    };
    fails(&config, &["train_y", "one label a sequence"]);
}
