//! `cargo xtask dependencies`: licences of what is linked, packages in more than one version, build scripts, what is stated of the
//! crates for others, and the arrows of ARCHITECTURE.md.

mod arrows;
mod build_scripts;
mod duplicates;
mod licences;
mod published;

use crate::metadata::Metadata;
use anyhow::bail;

/// Where the versions are compared: what another system takes beside, nobody compiles here.
const LINUX: &str = "x86_64-unknown-linux-gnu";
/// A board; macros and build scripts of its image run on [`LINUX`].
const BOARD: &str = "thumbv7em-none-eabihf";

/// Checks all of them; every fault is named.
pub fn run() -> anyhow::Result<()> {
    let (host, firmware) = (Metadata::read("")?, Metadata::read("firmware")?);
    let linux = Metadata::read_for("", &[LINUX])?;
    let board = Metadata::read_for("firmware", &[LINUX, BOARD])?;
    let mut faults = licences::faults(&host, &firmware)?;
    faults.extend(duplicates::faults("", &linux));
    faults.extend(duplicates::faults("firmware", &board));
    faults.extend(build_scripts::faults(&[&linux, &board])?);
    faults.extend(published::faults(&host)?);
    // A missing table is a fault beside the others.
    faults.extend(arrows::faults().unwrap_or_else(|error| vec![format!("{error:#}")]));
    if !faults.is_empty() {
        bail!("{} faults:\n  {}", faults.len(), faults.join("\n  "));
    }
    say!(
        "{} packages of the host's workspace and {} of the firmware's: licences, versions, build scripts and arrows are as listed",
        host.packages.len(),
        firmware.packages.len()
    );
    Ok(())
}
