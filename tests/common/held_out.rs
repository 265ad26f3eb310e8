//! Held-out sequences of the models in `models/`, as the sensor counts them.
//!
//! The recordings of the activity task are not part of the repository: where they lie beside it, those models run on test
//! windows, elsewhere on random walks over the sensors' range.

use board_host::Record;
use host_train::{DataSource, Sequences};
use quantize::{Blob, Simulator, counts};
use skiprnn_nostd::Model;
use std::path::{Path, PathBuf};

/// The seed of held-out sequences; training never draws from this stream.
const SEED: u64 = 1_000_003;

/// The file of a model's blob.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models")
        .join(name)
        .join("model.srnn")
}

/// A model's blob.
pub fn blob(name: &str) -> Blob {
    Blob::read(&file(name)).unwrap()
}

/// The names of all models, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("models"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("model.srnn").is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    names
}

/// (N, T, I) counts that wander over the sensors' range, channel by channel.
fn random_walks(model: &Model<'_>, sequences: usize) -> Vec<i16> {
    let (inputs, length) = (model.inputs(), model.sequence_length() as usize);
    let mut state = SEED;
    let mut at = vec![0i32; inputs];
    (0..sequences * length * inputs)
        .map(|index| {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            let step = (state >> 48) as i16 / 8;
            let channel = &mut at[index % inputs];
            *channel = (*channel + i32::from(step)).clamp(-32_768, 32_767);
            *channel as i16
        })
        .collect()
}

/// Test windows as the sensor counts them, as many of their channels as the model has; `None` where there are none.
fn recorded(model: &Model<'_>, sequences: usize) -> Option<Vec<i16>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/har/test_x.npy");
    if !path.exists() {
        println!("no recordings beside the project: random walks in their place");
        return None;
    }
    let x = dataset::load_sequences(&path).unwrap().take(sequences);
    let samples = x.values.chunks_exact(x.channels);
    let values = samples.flat_map(|s| &s[..model.inputs()]).copied().collect();
    let x = Sequences::new("test windows", values, x.count, x.length, model.inputs()).unwrap();
    Some(counts(model, "test windows", &x).unwrap())
}

/// So many held-out sequences, counts (N, T, I).
pub fn held_out(name: &str, model: &Model<'_>, sequences: usize) -> Vec<i16> {
    let source = match name {
        "adding" => DataSource::Adding {
            length: model.sequence_length() as usize,
        },
        name if name.starts_with("frequency") => DataSource::Frequency {
            sample_period_s: model.sample_period_ns() as f64 * 1e-9,
        },
        _ => return recorded(model, sequences).unwrap_or_else(|| random_walks(model, sequences)),
    };
    let (x, _) = source.evaluation(sequences, SEED).unwrap();
    counts(model, name, &x).unwrap()
}

/// What the simulator makes of sequences, as a board reports it.
pub fn simulated(model: &Model<'_>, counts: &[i16]) -> Vec<Record> {
    let runs = Simulator::new(model)
        .unwrap()
        .run_all(counts, model.sequence_length() as usize, 2);
    let record = |run: quantize::Run| Record {
        decision: run.decision as u32,
        logits: run.logits,
        state_crc: run.state_crc,
        updates: run.updates,
        answers: Vec::new(),
    };
    runs.into_iter().map(record).collect()
}
