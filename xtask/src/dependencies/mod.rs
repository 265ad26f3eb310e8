//! `cargo xtask dependencies`: licences of what is linked, packages in more than one version, and the arrows of ARCHITECTURE.md.

mod arrows;
mod duplicates;
mod licences;

use crate::metadata::Metadata;
use anyhow::bail;

/// Checks all three; every fault is named.
pub fn run() -> anyhow::Result<()> {
    let (host, firmware) = (Metadata::read("")?, Metadata::read("firmware")?);
    let linux = Metadata::read_for("", Some("x86_64-unknown-linux-gnu"))?;
    let mut faults = licences::faults(&host, &firmware)?;
    faults.extend(duplicates::faults("", &linux));
    faults.extend(duplicates::faults("firmware", &firmware));
    // A missing table is a fault beside the others.
    faults.extend(arrows::faults().unwrap_or_else(|error| vec![format!("{error:#}")]));
    if !faults.is_empty() {
        bail!("{} faults:\n  {}", faults.len(), faults.join("\n  "));
    }
    println!(
        "{} packages of the host's workspace and {} of the firmware's: licences, versions and arrows are as listed",
        host.packages.len(),
        firmware.packages.len()
    );
    Ok(())
}
