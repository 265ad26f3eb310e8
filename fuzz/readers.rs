//! Bytes to files, to what a reader makes of them: see `harness/`. `cargo xtask fuzz NAME` starts it, with the name of
//! the target in the variable `READER`. With a folder in `SEEDS` it only writes the target's seeds there.
#![no_main]

mod harness;

use std::sync::LazyLock;

static TARGET: LazyLock<&harness::Target> = LazyLock::new(|| {
    let name = std::env::var("READER").unwrap_or_default();
    harness::target(&name).expect("READER names a target of harness/")
});

libfuzzer_sys::fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os("SEEDS") {
            for (n, seed) in harness::seeds(*TARGET).iter().enumerate() {
                std::fs::write(std::path::Path::new(&folder).join(format!("seed-{n}")), seed).expect("a seed can be written");
            }
            std::process::exit(0);
        }
    },
    |data: &[u8]| {
        harness::check(*TARGET, data);
    }
);
