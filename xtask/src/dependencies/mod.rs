//! `cargo xtask dependencies`: licences of what is linked, packages in more than one version, and the arrows of ARCHITECTURE.md.

mod arrows;
mod duplicates;
mod licences;

use crate::metadata::Metadata;
use anyhow::bail;

/// Where the versions are compared: what another system takes beside, nobody compiles here.
const LINUX: &str = "x86_64-unknown-linux-gnu";
/// A board; macros and build scripts of its image run on [`LINUX`].
const BOARD: &str = "thumbv7em-none-eabihf";

/// Checks all three; every fault is named.
pub fn run() -> anyhow::Result<()> {
    let (host, firmware) = (Metadata::read("")?, Metadata::read("firmware")?);
    let linux = Metadata::read_for("", &[LINUX])?;
    let board = Metadata::read_for("firmware", &[LINUX, BOARD])?;
    let mut faults = licences::faults(&host, &firmware)?;
    faults.extend(duplicates::faults("", &linux));
    faults.extend(duplicates::faults("firmware", &board));
    // A missing table is a fault beside the others.
    faults.extend(arrows::faults().unwrap_or_else(|error| vec![format!("{error:#}")]));
    if !faults.is_empty() {
        bail!("{} faults:\n  {}", faults.len(), faults.join("\n  "));
    }
    say!(
        "{} packages of the host's workspace and {} of the firmware's: licences, versions and arrows are as listed",
        host.packages.len(),
        firmware.packages.len()
    );
    Ok(())
}
