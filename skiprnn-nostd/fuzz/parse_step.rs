//! Bytes to a blob, to updates: see `harness.rs`. Started by `cargo xtask fuzz`.
#![no_main]

mod harness;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    harness::check(data);
});
