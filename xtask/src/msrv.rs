//! `cargo xtask msrv`: the inference crate with the oldest Rust that its Cargo.toml states.

use crate::{
    metadata::Metadata,
    needs::{self, Need},
    shell,
};
use anyhow::Context;

/// The crate that states a Rust of its own.
pub const PACKAGE: &str = "skiprnn-nostd";

/// Checks it without its default features, in a target folder of its own.
pub fn run() -> anyhow::Result<()> {
    let metadata = Metadata::read("")?;
    let version = version(&metadata).with_context(|| format!("{PACKAGE} states no rust-version"))?;
    needs::require(&[need(version)])?;
    shell::run("", &line(version))
}

/// The version that the crate states.
pub fn version(metadata: &Metadata) -> Option<&str> {
    let package = metadata.members().find(|package| package.name == PACKAGE)?;
    package.rust_version.as_deref()
}

/// The compiler of a version.
pub fn need(version: &str) -> Need {
    Need::Toolchain {
        channel: version.to_owned().into(),
        components: &[],
    }
}

/// The check with that compiler.
pub fn line(version: &str) -> String {
    format!("cargo +{version} check --quiet --package {PACKAGE} --no-default-features --target-dir target/msrv")
}
