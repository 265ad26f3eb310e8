//! Puts a real board's memory.x where the linker looks for it, adds to it which board the image is of, and names the linker
//! scripts.

use std::{
    env,
    error::Error,
    fmt::{self, Write},
    fs,
    path::PathBuf,
};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let memory = fs::read_to_string("memory.x")? + &identity(&env::var("CARGO_PKG_NAME")?)?;
    fs::write(out.join("memory.x"), memory)?;
    println!("cargo:rustc-link-search={}", out.display());
    for argument in ["-Tlink.x", "-Tdefmt.x", "--nmagic"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rerun-if-changed=../build.rs");
    Ok(())
}

/// The symbols by which the host tells images apart: `_board_` and the board's name, with `_` for `-`, and `_unwatched` in an
/// image that goes on without a debugger. Their values mean nothing.
fn identity(board: &str) -> Result<String, fmt::Error> {
    let mut symbols = vec![format!("_board_{}", board.replace('-', "_"))];
    if env::var_os("CARGO_FEATURE_UNWATCHED").is_some() {
        symbols.push("_unwatched".into());
    }
    let mut text = String::new();
    for symbol in symbols {
        // Nothing in the image refers to it; without EXTERN the linker would drop it.
        writeln!(text, "{symbol} = 1;\nEXTERN({symbol});")?;
    }
    Ok(text)
}
