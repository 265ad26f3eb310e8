//! The fuzzer's corpora for the readers of the host once more, on stable Rust: `cargo xtask fuzz` grows them.

#[path = "../fuzz/harness/mod.rs"]
mod harness;
#[path = "../fuzz/names.rs"]
mod names;

use std::{fs, path::Path};

#[test]
fn every_reader_takes_something_and_refuses_something() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in harness::targets() {
        let mut inputs = harness::seeds(target);
        if let Ok(folder) = fs::read_dir(corpora.join(target.name)) {
            inputs.extend(folder.map(|entry| fs::read(entry.expect("listed").path()).expect("readable")));
        }
        let taken = inputs.iter().filter(|input| harness::check(target, input)).count();
        assert!(
            taken > 0 && taken < inputs.len() + 1,
            "{}: {taken} of {} inputs are taken",
            target.name,
            inputs.len()
        );
        assert!(!harness::check(target, b""), "{}: no bytes are taken", target.name);
    }
}

#[test]
fn the_names_are_those_of_the_targets() {
    assert!(harness::targets().map(|t| t.name).eq(names::NAMES));
    assert!(names::NAMES.iter().all(|name| harness::target(name).is_some()));
}
