//! Bytes to a blob, to updates: see `harness.rs`. Started by `cargo xtask fuzz`; with a folder in `SEEDS` it only writes drawn
//! blobs there.
#![no_main]

mod harness;

libfuzzer_sys::fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os("SEEDS") {
            for (n, seed) in harness::seeds().iter().enumerate() {
                std::fs::write(std::path::Path::new(&folder).join(format!("drawn-{n}")), seed).expect("a seed can be written");
            }
            std::process::exit(0);
        }
    },
    |data: &[u8]| {
        harness::check(data);
    }
);
