//! Says whether the kernels in assembly are compiled in: `cfg(skiprnn_dsp)`.
//!
//! `cfg(target_feature = "dsp")` is always false on stable Rust, so the target's name decides. Every ARMv7E-M core has
//! the DSP instructions; of the ARMv8-M cores only some, so that there the feature `asm` has to say so.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(skiprnn_dsp, skiprnn_v8m)");
    let target = env::var("TARGET").unwrap_or_default();
    let on = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let v8m = target.starts_with("thumbv8m.main");
    if v8m {
        println!("cargo:rustc-cfg=skiprnn_v8m");
    }
    let has = target.starts_with("thumbv7em") || (v8m && on("ASM"));
    if has && !on("_PORTABLE") {
        println!("cargo:rustc-cfg=skiprnn_dsp");
    }
}
