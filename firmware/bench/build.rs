//! Memory of the emulated machine that the target stands for, and the linker's arguments.

use std::{env, error::Error, fs, path::PathBuf};

/// Where it begins and how long it is, in bytes.
type Region = [u32; 2];

/// (start of the target's name, flash, RAM, where the blob is loaded).
const MACHINES: [(&str, Region, Region, Region); 4] = [
    // microbit: nRF51822. The blob lies in the upper half of the flash.
    ("thumbv6m", [0, 0x2_0000], [0x2000_0000, 0x4000], [0x2_0000, 0x2_0000]),
    // mps2-an385: Cortex-M3. The blob lies in the PSRAM.
    (
        "thumbv7m",
        [0, 0x40_0000],
        [0x2000_0000, 0x40_0000],
        [0x2100_0000, 0x40_0000],
    ),
    // mps2-an386: Cortex-M4.
    (
        "thumbv7em",
        [0, 0x40_0000],
        [0x2000_0000, 0x40_0000],
        [0x2100_0000, 0x40_0000],
    ),
    // mps2-an505: Cortex-M33, secure state. The blob lies in the upper half of SSRAM 2.
    (
        "thumbv8m.main",
        [0x1000_0000, 0x40_0000],
        [0x3800_0000, 0x20_0000],
        [0x3820_0000, 0x20_0000],
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let target = env::var("TARGET")?;
    let (_, flash, ram, blob) = MACHINES
        .iter()
        .find(|(start, ..)| target.starts_with(start))
        .ok_or_else(|| format!("no emulated machine for {target}"))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let region =
        |name: &str, [origin, length]: &Region| format!("{name} : ORIGIN = {origin:#x}, LENGTH = {length:#x}\n");
    let memory = format!("MEMORY\n{{\n{}{}}}\n", region("FLASH", flash), region("RAM", ram));
    fs::write(out.join("memory.x"), memory)?;
    fs::write(
        out.join("blob.rs"),
        format!("const BLOB: (usize, usize) = ({:#x}, {:#x});\n", blob[0], blob[1]),
    )?;
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    // Without this, sections that start at 0x0 are not laid out as cortex-m-rt expects.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    // The relocations say which code calls which: what of it one update needs is counted by them.
    println!("cargo:rustc-link-arg-bins=--emit-relocs");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
