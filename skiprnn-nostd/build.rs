//! Says which assembly is compiled in: `cfg(skiprnn_thumb2)`, a layer's whole pass, and `cfg(skiprnn_dsp)`, with DSP
//! instructions; or `cfg(skiprnn_thumb1)`, the sums, on cores with 16-bit Thumb instructions only.
//!
//! `cfg(target_feature = "dsp")` is always false on stable Rust, so the target's name decides. Every ARMv7E-M core has
//! the DSP instructions; of the ARMv8-M cores only some, so that there the feature `asm` has to say so.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(skiprnn_thumb1, skiprnn_thumb2, skiprnn_dsp, skiprnn_v8m)");
    let target = env::var("TARGET").unwrap_or_default();
    let on = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let (v7em, v8m) = (target.starts_with("thumbv7em"), target.starts_with("thumbv8m.main"));
    if on("_PORTABLE") {
        return;
    }
    if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo:rustc-cfg=skiprnn_thumb1");
        return;
    }
    if !(v7em || v8m || target.starts_with("thumbv7m")) {
        return;
    }
    println!("cargo:rustc-cfg=skiprnn_thumb2");
    if v8m {
        println!("cargo:rustc-cfg=skiprnn_v8m");
    }
    if v7em || (v8m && on("ASM")) {
        println!("cargo:rustc-cfg=skiprnn_dsp");
    }
}
