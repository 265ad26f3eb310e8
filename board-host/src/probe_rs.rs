//! What `probe-rs` has to do to put an image, its model and its sequences into a real board's flash and to start it.

use crate::{
    Error,
    boards::{self, Board},
    firmware::{Identity, Region, Regions},
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use virtual_board::host::elf;

/// Bytes for a region of flash beside the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name of its file, without extension.
    pub name: &'static str,
    /// Where the bytes go.
    pub region: Region,
    /// What goes there, header included.
    pub bytes: Vec<u8>,
}

/// A firmware image of a real board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardImage {
    /// The ELF.
    pub path: PathBuf,
    /// Where it wants model and sequences.
    pub regions: Regions,
    /// What it says of itself.
    pub identity: Identity,
}

impl BoardImage {
    /// Reads an ELF, which must be of this board.
    ///
    /// # Errors
    /// The file cannot be read, is no image, or is another board's.
    pub fn read(path: &Path, board: &Board) -> Result<Self, Error> {
        let elf = elf::bytes(path)?;
        let identity = Identity::of(&elf, path)?;
        identity.expect(board.name, path)?;
        Ok(Self {
            path: path.to_owned(),
            regions: Regions::of(&elf, path)?,
            identity,
        })
    }
}

/// How the debug probe reaches the board.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probe {
    /// The probe as probe-rs names it, VID:PID or VID:PID:SERIAL; the only one where it is not given.
    pub name: Option<String>,
    /// The speed of the wire in kHz; the probe's own where it is not given.
    pub speed_khz: Option<u32>,
    /// Whether to connect while the chip is held in reset; as the board needs it where it is not given.
    pub connect_under_reset: Option<bool>,
    /// Whether a chip whose flash is locked may be erased as a whole to open it.
    pub allow_erase_all: bool,
}

/// What to do about a failure of probe-rs, by what it said; `None` where nothing is known of it.
#[must_use]
pub fn advice(said: &str) -> Option<&'static str> {
    let said = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["approtect", "erase_all", "core is locked", "readout protection"]) {
        Some("the chip's flash is locked: --allow-erase-all erases all of it, with what is on it, and opens it")
    } else if has(&["connecting to the chip was unsuccessful"]) {
        Some(
            "the probe does not reach the chip: check its power and its cable, try --connect-under-reset, or a lower --speed in kHz",
        )
    } else if has(&["no connected probes", "no probe was found", "no probes were found"]) {
        Some(
            "no debug probe was found: connect the board by the USB socket of its probe, by a cable with data lines; on Linux \
             probe-rs needs its udev rules",
        )
    } else if has(&[
        "available probes",
        "multiple probes",
        "probes were found",
        "use '--probe",
    ]) {
        Some(
            "there are several debug probes: name one by --probe VID:PID or VID:PID:SERIAL, or in PROBE_RS_PROBE; `probe-rs list` \
             shows them",
        )
    } else {
        None
    }
}

/// A board, its image, and what is put beside it.
#[derive(Debug, Clone)]
pub struct Flashing {
    /// The board.
    pub board: Board,
    /// The image's program.
    pub program: &'static str,
    /// The image.
    pub image: BoardImage,
    /// The model and, for a program that reads no sensor, its sequences.
    pub sections: Vec<Section>,
}

impl Flashing {
    /// Writes the sections into files of a folder, which is created, and returns the commands of probe-rs, one word after the
    /// other; the last one starts the image. An image that is watched is run under the eyes of probe-rs; another one is started
    /// and left alone, because probe-rs would lose it at its first sleep.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn commands(&self, probe: &Probe, folder: &Path) -> Result<Vec<Vec<String>>, Error> {
        let command = |name: &str, rest: &[&str]| {
            let mut words = vec![name.to_owned(), "--chip".to_owned(), self.board.chip.to_owned()];
            if let Some(probe) = &probe.name {
                words.extend(["--probe".to_owned(), probe.clone()]);
            }
            if let Some(khz) = probe.speed_khz {
                words.extend(["--speed".to_owned(), khz.to_string()]);
            }
            if probe.connect_under_reset.unwrap_or(self.board.connect_under_reset) {
                words.push("--connect-under-reset".to_owned());
            }
            if probe.allow_erase_all {
                words.push("--allow-erase-all".to_owned());
            }
            words.extend(rest.iter().map(|word| (*word).to_owned()));
            words
        };
        let mut commands = Vec::new();
        for section in &self.sections {
            let path = section.write(folder)?.display().to_string();
            let address = format!("{:#x}", section.region.start);
            commands.push(command(
                "download",
                &["--binary-format", "bin", "--base-address", &address, &path],
            ));
        }
        let path = self.image.path.display().to_string();
        if boards::records(self.program) {
            // Its log is read line by line: nothing but the message.
            commands.push(command("run", &["--no-location", "--log-format", "{s}", &path]));
        } else if self.image.identity.watched {
            commands.push(command("run", &[&path]));
        } else {
            commands.push(command("download", &[&path]));
            commands.push(command("reset", &[]));
        }
        Ok(commands)
    }

    /// What the user has to know of the way in which the image was built, where there are two.
    #[must_use]
    pub fn note(&self) -> Option<&'static str> {
        match (self.board.deaf_asleep, self.image.identity.watched) {
            (false, _) => None,
            (true, true) => Some(
                "this image keeps the debugger connected as it sleeps: its current means nothing; take --unwatched to measure or \
                 to use it",
            ),
            (true, false) => Some(
                "this image sleeps as deeply as the board can, without a log; before a measurement, detach the debugger and cycle \
                 the power; take --watched to read its log",
            ),
        }
    }
}

impl Section {
    /// Writes the file of this section, whole or not at all.
    fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join(format!("{}.bin", self.name));
        let write = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&self.bytes)?;
            file.persist(&path)?;
            Ok(())
        };
        match write() {
            Ok(()) => Ok(path),
            Err(source) => Err(Error::Io { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands for an image of this board with a section of a byte.
    fn commands(board: &str, watched: bool, probe: &Probe) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let region = Region { start: 0, bytes: 0 };
        let flashing = Flashing {
            board: boards::find(board).unwrap(),
            program: "replay",
            image: BoardImage {
                path: "x.elf".into(),
                regions: Regions {
                    blob: region,
                    sequences: region,
                },
                identity: Identity {
                    board: board.into(),
                    watched,
                },
            },
            sections: vec![Section {
                name: "blob",
                region: Region { start: 0x800, bytes: 1 },
                bytes: vec![1],
            }],
        };
        let commands = flashing.commands(probe, folder.path()).unwrap();
        assert_eq!(fs::read(folder.path().join("blob.bin")).unwrap(), [1]);
        let shown = folder.path().display().to_string();
        commands.iter().map(|c| c.join(" ").replace(&shown, "OUT")).collect()
    }

    #[test]
    fn a_chip_that_sleeps_out_of_the_debuggers_reach_is_connected_to_under_reset() {
        assert_eq!(
            commands("stm32l4-iot01a", true, &Probe::default()),
            [
                "download --chip STM32L475VGTx --connect-under-reset --binary-format bin --base-address 0x800 OUT/blob.bin",
                "run --chip STM32L475VGTx --connect-under-reset x.elf"
            ]
        );
        let dk = commands("nrf52840-dk", true, &Probe::default());
        assert!(dk.iter().all(|command| !command.contains("reset")));
    }

    #[test]
    fn an_unwatched_image_is_started_and_left_alone() {
        assert_eq!(
            commands("stm32u5-nucleo", false, &Probe::default())[1..],
            [
                "download --chip STM32U575ZITx --connect-under-reset x.elf",
                "reset --chip STM32U575ZITx --connect-under-reset"
            ]
        );
    }

    #[test]
    fn what_probe_rs_says_is_turned_into_what_to_do() {
        let of = |said: &str| advice(said).unwrap_or_else(|| panic!("{said}"));
        let locked = "WARN Core is locked. Erase procedure will be started to unlock it.\nError: Connecting to the chip was \
                      unsuccessful.\n1: An operation could not be performed because it lacked the permission to do so: erase_all";
        assert!(of(locked).contains("--allow-erase-all"));
        assert!(of("Error: No connected probes were found.").contains("no debug probe"));
        assert!(of("Available Probes:\n0: J-Link\n1: STLink").contains("PROBE_RS_PROBE"));
        assert!(of("Error: Connecting to the chip was unsuccessful.").contains("--speed"));
        assert_eq!(advice("Error: the flashing procedure failed"), None);
    }

    #[test]
    fn every_command_gets_the_probe_and_what_was_said_of_the_reset() {
        let probe = Probe {
            name: Some("1366:1051:0042".into()),
            speed_khz: Some(1000),
            connect_under_reset: Some(true),
            allow_erase_all: true,
        };
        for command in commands("nrf52840-dk", true, &probe) {
            let common =
                "--chip nRF52840_xxAA --probe 1366:1051:0042 --speed 1000 --connect-under-reset --allow-erase-all ";
            assert!(command.contains(common), "{command}");
        }
        let probe = Probe {
            connect_under_reset: Some(false),
            ..Probe::default()
        };
        for command in commands("stm32l4-iot01a", true, &probe) {
            assert!(!command.contains("reset"), "{command}");
        }
    }
}
