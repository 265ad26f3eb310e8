//! The real boards of `firmware/boards`, whose images are built here and run elsewhere.

use crate::{Error, firmware::Package};
use std::{fmt, fs, path::PathBuf};

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
    /// Whether this sleep shuts the debugger out. Such a board's images are built in two ways: watched, with what the debugger
    /// needs kept on, so that the log goes on and the current means nothing; or unwatched, by the feature of that name.
    pub deaf_asleep: bool,
    /// Whether a probe has to connect while it holds the chip in reset, because it would not find it asleep.
    pub connect_under_reset: bool,
    /// What its images have run on.
    pub ran_on: &'static [RanOn],
    /// The profile that `skiprnn energy --board` takes, where there is one.
    pub energy: Option<&'static str>,
    /// Its programs.
    pub programs: &'static [&'static str],
}

/// What an image has run on, beyond having been built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RanOn {
    /// A model of the board's core and peripherals, by the test suite.
    VirtualBoard,
    /// The same, `replay` only.
    VirtualReplay,
    /// The board itself.
    Hardware,
}

impl fmt::Display for RanOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VirtualBoard => "virtual board",
            Self::VirtualReplay => "virtual board, replay only",
            Self::Hardware => "hardware",
        })
    }
}

/// The program of which somebody reads the log as it runs.
const WATCHED: &str = "replay";

/// Every real board.
pub const BOARDS: [Board; 4] = [
    Board {
        name: "nrf52840-dk",
        part: "Nordic nRF52840-DK",
        core: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        chip: "nRF52840_xxAA",
        sleep: "System ON, RTC1",
        deaf_asleep: false,
        connect_under_reset: false,
        ran_on: &[RanOn::VirtualBoard],
        energy: Some("nrf52840"),
        programs: &[
            "replay",
            "classify-lis3dh",
            "classify-lsm6ds",
            "measure-dense",
            "measure-skip-poll",
            "measure-skip-sleep",
            "measure-calibrate",
        ],
    },
    Board {
        name: "stm32l4-iot01a",
        part: "ST B-L475E-IOT01A",
        core: "Cortex-M4F",
        target: "thumbv7em-none-eabihf",
        chip: "STM32L475VGTx",
        sleep: "Stop 2, LPTIM1",
        deaf_asleep: true,
        connect_under_reset: true,
        ran_on: &[RanOn::VirtualReplay],
        energy: Some("stm32l476"),
        programs: &["replay", "classify-lsm6ds"],
    },
    Board {
        name: "stm32u5-nucleo",
        part: "ST NUCLEO-U575ZI-Q",
        core: "Cortex-M33",
        target: "thumbv8m.main-none-eabihf",
        chip: "STM32U575ZITx",
        sleep: "Stop 2, LPTIM1",
        deaf_asleep: true,
        connect_under_reset: true,
        ran_on: &[RanOn::VirtualReplay],
        energy: Some("stm32u575"),
        programs: &["replay", "classify-lis3dh"],
    },
    Board {
        name: "rp2350-pico2",
        part: "Raspberry Pi Pico 2",
        core: "Cortex-M33",
        target: "thumbv8m.main-none-eabihf",
        chip: "RP235x",
        sleep: "SLEEP, TIMER0",
        deaf_asleep: true,
        connect_under_reset: false,
        ran_on: &[],
        energy: None,
        programs: &["replay", "classify-lis3dh"],
    },
];

/// A sensor that `classify` reads; its driver is a file in `firmware/app/src/sensor`.
#[derive(Debug, Clone, Copy)]
pub struct Sensor {
    /// Its name, also in the programs `classify-...` of the boards.
    pub name: &'static str,
    /// What it is.
    pub part: &'static str,
    /// Channels of a sample.
    pub channels: usize,
    /// The full scales that a model may have.
    pub full_scales: &'static str,
    /// The profile of `skiprnn energy` that prices the mode in which its driver runs it; empty where there is none.
    pub energy: &'static str,
}

/// Every sensor.
pub const SENSORS: [Sensor; 4] = [
    Sensor {
        name: "lis3dh",
        part: "ST LIS3DH",
        channels: 3,
        full_scales: "2, 4, 8 g",
        energy: "lis3dh-driver",
    },
    Sensor {
        name: "lsm6ds",
        part: "ST LSM6DS3, DSL, DSM, DSR, DSO, DSOX",
        channels: 6,
        full_scales: "2, 4, 8, 16 g; 5.0042, 10.0084, 20.0168, 40.0337 rad/s",
        energy: "lsm6dso-driver",
    },
    Sensor {
        name: "adxl362",
        part: "Analog Devices ADXL362",
        channels: 3,
        full_scales: "2.048, 4.096, 8.192 g",
        energy: "adxl362",
    },
    Sensor {
        name: "analog",
        part: "a voltage at a converter on the chip",
        channels: 1,
        full_scales: "the board's own, V",
        energy: "none",
    },
];

/// The sensor of this name.
#[must_use]
pub fn sensor(name: &str) -> Option<Sensor> {
    SENSORS.into_iter().find(|sensor| sensor.name == name)
}

/// The first sensor with so many channels, which is the one that `classify` stands for.
#[must_use]
pub fn sensor_of(channels: usize) -> Option<Sensor> {
    SENSORS.into_iter().find(|sensor| sensor.channels == channels)
}

impl Board {
    /// The profile of `skiprnn energy` for a sensor on this board, in the mode in which its driver runs it.
    #[must_use]
    pub fn profile_of(&self, sensor: &Sensor) -> &'static str {
        match (self.name, sensor.name) {
            // The part on the board is an LSM6DSL.
            ("stm32l4-iot01a", "lsm6ds") => "lsm6dsl-driver",
            _ => sensor.energy,
        }
    }

    /// The program that an application of a model with so many channels is: `classify` stands for the one whose sensor has
    /// as many.
    ///
    /// # Errors
    /// There is none; the message names all.
    pub fn program(&self, app: &str, channels: usize) -> Result<&'static str, String> {
        let is_it = |program: &&&str| {
            **program == app
                || app == "classify"
                    && SENSORS
                        .iter()
                        .any(|sensor| sensor.channels == channels && **program == format!("classify-{}", sensor.name))
        };
        let programs = self.programs.join(", ");
        match self.programs.iter().find(is_it) {
            Some(program) => Ok(program),
            None if app == "classify" => Err(format!(
                "{} has no sensor of {channels} channels, as the model has; it has {programs}",
                self.name
            )),
            None => Err(format!("{} has no program {app}; it has {programs}", self.name)),
        }
    }

    /// Whether an image of this program is built to be watched, where nothing else is asked for: always where the debugger is
    /// heard in sleep, else for `replay`, whose log is what it is run for.
    pub fn watched(&self, program: &str) -> bool {
        !self.deaf_asleep || program == WATCHED
    }

    /// Builds the image of one of its programs in the way that [`Board::watched`] says, and returns where it lies.
    ///
    /// # Errors
    /// As [`Package::build`].
    pub fn build(&self, program: &str) -> Result<PathBuf, Error> {
        self.build_to_be(self.watched(program), program)
    }

    /// Builds the image of one of its programs, to be watched or not, and returns where it lies. A board whose sleep does not
    /// shut the debugger out has one image for both.
    ///
    /// # Errors
    /// As [`Package::build`]; or the image cannot be copied.
    pub fn build_to_be(&self, watched: bool, program: &str) -> Result<PathBuf, Error> {
        let target_dir = format!("target/boards/{}", self.name);
        let built = Package {
            folder: self.name,
            target: self.target,
            program,
            features: if watched || !self.deaf_asleep { "" } else { "unwatched" },
            target_dir: &target_dir,
        }
        .build()?;
        if !self.deaf_asleep {
            return Ok(built);
        }
        // The two ways have one name in cargo's folder: each is kept under its own.
        let kept = built.with_file_name(format!("{program}-{}", if watched { "watched" } else { "unwatched" }));
        fs::copy(&built, &kept).map_err(|source| Error::Io {
            path: kept.clone(),
            source,
        })?;
        Ok(kept)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classify_is_the_program_for_the_models_channels() {
        let board = find("nrf52840-dk").unwrap();
        assert_eq!(board.program("classify", 3), Ok("classify-lis3dh"));
        assert_eq!(board.program("classify", 6), Ok("classify-lsm6ds"));
        assert_eq!(board.program("replay", 1), Ok("replay"));
        assert!(
            board
                .program("classify", 2)
                .unwrap_err()
                .contains("no sensor of 2 channels")
        );
        assert!(board.program("paint", 3).unwrap_err().contains("no program paint"));
        assert!(find("arduino").unwrap_err().contains("nrf52840-dk"));
    }

    #[test]
    fn only_replay_is_watched_where_sleep_shuts_the_debugger_out() {
        let nucleo = find("stm32u5-nucleo").unwrap();
        assert!(nucleo.watched("replay") && !nucleo.watched("classify-lis3dh"));
        let dk = find("nrf52840-dk").unwrap();
        assert!(dk.watched("replay") && dk.watched("measure-skip-sleep"));
    }

    #[test]
    fn a_board_has_two_ways_to_be_built_exactly_if_its_sleep_shuts_the_debugger_out() {
        let boards = crate::firmware::source_tree().unwrap().join("firmware/boards");
        for board in BOARDS {
            let manifest = std::fs::read_to_string(boards.join(board.name).join("Cargo.toml")).unwrap();
            assert_eq!(manifest.contains("\nunwatched = "), board.deaf_asleep, "{}", board.name);
        }
    }

    #[test]
    fn the_full_scales_are_the_drivers() {
        let folder = crate::firmware::source_tree().unwrap().join("firmware/app/src/sensor");
        for sensor in SENSORS {
            let source = std::fs::read_to_string(folder.join(format!("{}.rs", sensor.name))).unwrap();
            let words = sensor.full_scales.split([' ', ',', ';']);
            for full_scale in words.filter_map(|word| word.parse::<f32>().ok()) {
                // As the driver's source writes it: 4 is 4.0.
                let number = format!("({full_scale:?}, ");
                assert!(source.contains(&number), "{}: no range {number}", sensor.name);
            }
        }
    }
}
