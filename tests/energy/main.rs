//! The energy commands: published recordings, synthetic traces of known energy, every kind of bad trace, predictions and
//! what narrows them, and a session with a simulated PPK2.

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod measure;
mod predict;
#[cfg(unix)]
mod record;
mod synthetic;

use serde_json::Value;

/// The number at a JSON pointer.
fn number(value: &Value, pointer: &str) -> f64 {
    value
        .pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no number at {pointer} in {value}"))
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-6, "{found}, expected {expected}");
}

fn has(value: &Value, keys: &str) {
    for key in keys.split(' ') {
        assert!(value.get(key).is_some(), "no '{key}' in {value}");
    }
}
