//! Any memory will do: the image is only looked at.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(
        out.join("memory.x"),
        "MEMORY\n{\nFLASH : ORIGIN = 0x0, LENGTH = 0x40000\nRAM : ORIGIN = 0x20000000, LENGTH = 0x40000\n}\n",
    )?;
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
