//! The fuzzer's corpus once more, on stable Rust: `cargo xtask fuzz` grows it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

#[path = "../fuzz/harness.rs"]
mod harness;

use std::{fs, path::Path};

#[test]
fn the_corpus_has_models_and_refusals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let (mut models, mut refusals) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let data = fs::read(entry.unwrap().path()).unwrap();
        match harness::check(&data) {
            true => models += 1,
            false => refusals += 1,
        }
    }
    assert!(models >= 2 && refusals >= 10, "{models} models, {refusals} refusals");
}
