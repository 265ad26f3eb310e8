//! What the trace tests share.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};

use energy::trace::ReadOptions;
use energy::{MeasureOptions, measure};
use tempfile::TempDir;

pub fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

pub fn close(value: f64, expected: f64) {
    assert!((value / expected - 1.0).abs() < 1e-6, "{value} is not {expected}");
}

pub fn whole() -> MeasureOptions {
    MeasureOptions::default()
}

pub fn at(volts: f64) -> MeasureOptions {
    MeasureOptions {
        read: ReadOptions {
            voltage_v: Some(volts),
            ..ReadOptions::default()
        },
        ..whole()
    }
}

pub fn fails(path: &Path, options: &MeasureOptions, expected: &str) {
    let message = measure(path, options).expect_err(expected).to_string();
    assert!(message.contains(expected), "{}: {message}", path.display());
}
