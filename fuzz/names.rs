//! The names of the fuzz targets of `harness/`, for `cargo xtask fuzz`, which does not build the readers.

/// Each is the name of a target and of its folder in `fuzz/corpus`.
pub const NAMES: [&str; 20] = [
    "table",
    "folder",
    "importers",
    "npy",
    "npz",
    "wav",
    "idx",
    "trace_csv",
    "trace_json",
    "trace_ppk2",
    "profile",
    "calibration",
    "model",
    "run",
    "onnx",
    "keras",
    "pickle",
    "port",
    "log",
    "image",
];
