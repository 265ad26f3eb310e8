//! Networks of other programs.

use super::{Layout, Target, bytes::stored, pickle::state_dict};
use float_model::{Forward, Sequences};
use std::{fs, path::Path};

/// Files that `tests/import/make.py` made.
macro_rules! made {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/import/files/", $name)).to_vec()
    };
}

/// What the crate `import` reads, beside safetensors.
pub const TARGETS: &[Target] = &[
    Target {
        name: "onnx",
        layout: Layout::File("m.onnx"),
        read: |folder| imported(&folder.join("m.onnx")),
        seeds: || {
            vec![
                made!("scaled-gru.onnx"),
                made!("stateful-lstm.onnx"),
                made!("gru-norms.onnx"),
                made!("gru-state-two-layers.onnx"),
                made!("lstm-two-layers-time-first.onnx"),
            ]
        },
    },
    // An HDF5 file, or the two files of an archive, so that its checksums are right.
    Target {
        name: "keras",
        layout: Layout::Folder,
        read: |folder| {
            let read = |name: &str| fs::read(folder.join(name)).ok();
            if let (Some(config), Some(weights)) = (read("config.json"), read("model.weights.h5")) {
                let archive = stored(&[("config.json", config), ("model.weights.h5", weights)]);
                fs::write(folder.join("m.keras"), archive).expect("writable");
                return imported(&folder.join("m.keras"));
            }
            imported(&folder.join("m.h5"))
        },
        seeds: || {
            let h5 = |file: Vec<u8>| [b"=== m.h5\n".to_vec(), file].concat();
            vec![h5(made!("oldest.h5")), h5(made!("newest.h5")), archive()]
        },
    },
    // What the pickle in an archive says; its tensors lie in one storage of zeros.
    Target {
        name: "pickle",
        layout: Layout::File("data.pkl"),
        read: |folder| {
            let pickle = fs::read(folder.join("data.pkl")).expect("it was written");
            let archive = stored(&[("m/data.pkl", &pickle[..]), ("m/data/0", &[0; 256])]);
            fs::write(folder.join("m.pt"), archive).expect("writable");
            imported(&folder.join("m.pt"))
        },
        seeds: || vec![state_dict(b""), state_dict(b"X\x05\0\0\0modelq\x01")],
    },
];

/// The files of a Keras archive with a scale and an activation, whose weights lack.
fn archive() -> Vec<u8> {
    let layers = [
        r#"{"class_name":"InputLayer","config":{"batch_shape":[null,null,2]}}"#,
        r#"{"class_name":"Rescaling","config":{"scale":[0.5,2.0],"offset":1.0}}"#,
        r#"{"class_name":"GRU","config":{"reset_after":true}}"#,
        r#"{"class_name":"Dense","config":{"activation":"softmax"}}"#,
    ];
    let layers = layers.join(",");
    let config =
        format!(r#"{{"class_name":"Sequential","config":{{"layers":[{layers}]}},"compile_config":{{"loss":"mse"}}}}"#);
    let mut files = format!("=== config.json\n{config}\n=== model.weights.h5\n").into_bytes();
    files.extend(made!("newest.h5"));
    files
}

fn imported(path: &Path) -> Result<(), String> {
    let read = import::read(path).map_err(|e| float_model::with_causes(&e))?;
    assert!(
        read.notes.iter().all(|note| !note.chars().any(char::is_control)),
        "{:?}",
        read.notes
    );
    let model = &read.model;
    // A network of thousands of units takes long to run, and no longer path through the reader.
    if model.parameter_count() < 100_000 {
        let x = Sequences::new("x", vec![0.25; 3 * model.input], 1, 3, model.input).expect("samples");
        let outcome = Forward::new(model).run_all(&x, 0.0, 1).expect("they fit");
        assert_eq!(outcome[0].updates, [0, 1, 2]);
    }
    Ok(())
}
