//! Models and the folders of runs.

use super::{Layout, Target};
use host_train::{
    TrainConfig,
    params::{Entry, Shape},
};
use std::path::Path;

/// What a run leaves.
pub const TARGETS: &[Target] = &[
    Target {
        name: "model",
        layout: Layout::File("model.safetensors"),
        read: |folder| {
            let model = float_model::load(&folder.join("model.safetensors")).map_err(|e| e.to_string())?;
            assert!(!model.layers.is_empty());
            Ok(())
        },
        seeds: || {
            let header = br#"{"weight_ih_l0":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]},"weight_hh_l0":{"dtype":"F32","shape":[3,1],"data_offsets":[12,24]},"bias_ih_l0":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},"bias_hh_l0":{"dtype":"F32","shape":[3],"data_offsets":[36,48]},"fc.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[48,56]},"fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[56,64]}}"#;
            let mut f = (header.len() as u64).to_le_bytes().to_vec();
            f.extend(header);
            f.extend([0; 64]);
            vec![f]
        },
    },
    Target {
        name: "run",
        layout: Layout::Folder,
        read: run,
        seeds: || {
            let config = b"=== config.toml\ncell = \"skip-gru\"\nhidden = 1\nlayers = 1\nlambda = 0.001\nseed = 1\nsteps = 100\nbatch = 4\n\
                learning_rate = 0.001\neval_every = 10\ncheckpoint_seconds = 30.0\nthreads = 1\n\n[data]\ntask = \"adding\"\nlength = 5\n";
            let mut whole = config.to_vec();
            whole.extend(b"\n=== checkpoint.safetensors\n");
            whole.extend(checkpoint());
            vec![config.to_vec(), whole]
        },
    },
];

/// The network that the checkpoints of the target are of.
const SHAPE: Shape = Shape {
    cell: host_train::Cell::SkipGru,
    input: 1,
    hidden: 1,
    outputs: 1,
    layers: 1,
};

fn run(folder: &Path) -> Result<(), String> {
    let step = host_train::checkpoint_step(folder, SHAPE).map_err(|e| e.to_string());
    let config = TrainConfig::load(folder).map_err(|e| e.to_string())?;
    config.validate().map_err(|e| e.to_string())?;
    assert!(config.hidden > 0 && config.hidden <= 4096);
    step.map(|_| ())
}

/// A checkpoint of [`SHAPE`].
fn checkpoint() -> Vec<u8> {
    let numbers = [
        "step",
        "stopped",
        "seconds",
        "guard.returns",
        "guard.halvings",
        "guard.unsolved",
        "sum.steps",
        "sum.loss",
        "sum.budget",
        "sum.updates",
        "sum.norm",
    ];
    let mut entries = vec!["\"format\":\"skiprnn-checkpoint-3\"".to_owned()];
    entries.extend(numbers.map(|name| format!("\"{name}\":\"1\"")));
    let mut header = format!("{{\"__metadata__\":{{{}}}", entries.join(","));
    let mut end = 0;
    for group in ["parameter", "mean", "square"] {
        for (k, Entry { rows, cols, .. }) in SHAPE.layout().iter().enumerate() {
            let (start, values) = (end, rows * cols);
            end += 4 * values;
            header += &format!(
                ",\"{group}.{k}\":{{\"dtype\":\"F32\",\"shape\":[{values}],\"data_offsets\":[{start},{end}]}}"
            );
        }
    }
    header.push('}');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.extend(vec![0; end]);
    file
}
