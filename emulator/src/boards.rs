//! The real boards of `firmware/boards`, whose images are built here and run elsewhere.

use crate::{Error, firmware::Package};
use std::path::PathBuf;

/// A real board in `firmware/boards`.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    /// Its name, also the folder and the package.
    pub name: &'static str,
    /// What it is.
    pub part: &'static str,
    /// Its core.
    pub core: &'static str,
    /// The Rust target of its images.
    pub target: &'static str,
    /// What `probe-rs --chip` takes.
    pub chip: &'static str,
    /// Its deepest sleep between samples.
    pub sleep: &'static str,
    /// The profile that `skiprnn energy --board` takes, where there is one.
    pub energy: Option<&'static str>,
    /// Its programs.
    pub programs: &'static [&'static str],
}

/// Every real board.
pub const BOARDS: [Board; 1] = [Board {
    name: "nrf52840-dk",
    part: "Nordic nRF52840-DK",
    core: "Cortex-M4F",
    target: "thumbv7em-none-eabihf",
    chip: "nRF52840_xxAA",
    sleep: "System ON, RTC1",
    energy: Some("nrf52840"),
    programs: &["replay", "classify-lis3dh", "classify-lsm6ds"],
}];

impl Board {
    /// Builds the image of one of its programs and returns where it lies.
    ///
    /// # Errors
    /// As [`Package::build`].
    pub fn build(&self, program: &str) -> Result<PathBuf, Error> {
        Package {
            folder: self.name,
            target: self.target,
            program,
            features: "",
            target_dir: "target/boards",
        }
        .build()
    }
}

/// The board of this name.
///
/// # Errors
/// There is none; the message names all.
pub fn find(name: &str) -> Result<Board, String> {
    BOARDS
        .into_iter()
        .find(|board| board.name == name)
        .ok_or_else(|| format!("no board named {name}; there are {}", BOARDS.map(|b| b.name).join(", ")))
}
