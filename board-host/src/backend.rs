//! What runs an image: a core within this process, or `qemu-system-arm` as a second opinion.

use crate::{Error, Options, end::Output, in_process, memory::Loads, qemu};
use std::{fmt, str::FromStr};
use virtual_board::host::elf;

/// What runs the image. Both take the same image and the same loads, and log the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Backend {
    /// A model of the board within this process: core, memory and the peripherals that the images use. An instruction or a
    /// register that it does not know ends the run.
    #[default]
    VirtualBoard,
    /// `qemu-system-arm`, which must be installed.
    Qemu,
}

impl Backend {
    /// Every one, for help texts.
    pub const ALL: [Backend; 2] = [Backend::VirtualBoard, Backend::Qemu];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Backend::VirtualBoard => "virtual-board",
            Backend::Qemu => "qemu",
        }
    }

    /// Whether it can be started here.
    #[must_use]
    pub fn available(self) -> bool {
        self.check().is_ok()
    }

    /// Says how to install what is missing.
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Backend::VirtualBoard => Ok(()),
            Backend::Qemu => qemu::check(),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|backend| backend.name() == name)
            .ok_or_else(|| {
                format!(
                    "nothing named {name} runs images; there are {}",
                    Self::ALL.map(Self::name).join(", ")
                )
            })
    }
}

/// Runs an image with these loads until it ends or the time is over; `sink` takes its log, still encoded, as it comes.
pub fn run(image: &elf::Image, loads: &Loads, options: &Options, sink: &mut dyn FnMut(&[u8])) -> Result<Output, Error> {
    match options.backend {
        Backend::VirtualBoard => in_process::run(image, loads, options, sink),
        Backend::Qemu => qemu::run(image.path(), loads, options, sink),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_ends_by_name() {
        for backend in Backend::ALL {
            assert_eq!(backend.to_string().parse(), Ok(backend));
        }
        assert!(Backend::VirtualBoard.available());
        assert_eq!(
            "unicorn".parse::<Backend>().unwrap_err(),
            "nothing named unicorn runs images; there are virtual-board, qemu"
        );
    }
}
