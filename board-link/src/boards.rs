//! The real boards of `firmware/boards`: names, figures, programs, energy profiles.

use crate::sensors::{self, SENSORS, Sensor};
use core::fmt;

/// A real board in `firmware/boards`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Board {
    /// Its name, also of the folder and the package.
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
    /// The profile of `energy/` of its chip.
    pub profile: &'static str,
    /// Sensors on the board whose part has an energy profile of its own: the sensor's name, and the profile.
    pub parts: &'static [(&'static str, &'static str)],
    /// Its programs.
    pub programs: &'static [&'static str],
}

/// What an image has run on, beyond having been built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RanOn {
    /// A model of the board's core and peripherals, by the test suite.
    VirtualBoard,
    /// A model of the board's core and peripherals, with the program `replay` only.
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

/// The beginning of the name of a program that decides what a sensor delivers.
const CLASSIFY: &str = "classify-";
/// The beginning of the name of a program that records what a sensor delivers.
const RECORD: &str = "record-";
/// Beginnings of the names of programs whose log is read as they run.
const WATCHED: [&str; 2] = ["replay", RECORD];

/// Whether a program records what a sensor delivers; it takes no model.
#[must_use]
pub fn records(program: &str) -> bool {
    program.starts_with(RECORD)
}

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
        profile: "nrf52840",
        parts: &[],
        programs: &[
            "replay",
            "classify-lis3dh",
            "classify-lsm6ds",
            "record-lis3dh",
            "record-lsm6ds",
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
        ran_on: &[RanOn::VirtualBoard],
        profile: "stm32l475",
        parts: &[("lsm6ds", "lsm6dsl-driver")],
        programs: &["replay", "classify-lsm6ds", "record-lsm6ds"],
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
        ran_on: &[RanOn::VirtualBoard],
        profile: "stm32u575-12mhz",
        parts: &[],
        programs: &["replay", "classify-lis3dh", "record-lis3dh"],
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
        ran_on: &[RanOn::VirtualBoard],
        profile: "rp2350",
        parts: &[],
        programs: &["replay", "classify-lis3dh", "record-lis3dh"],
    },
];

impl Board {
    /// The profile of `energy/` for a sensor on this board, in the mode in which its driver runs it.
    #[must_use]
    pub fn profile_of(&self, sensor: &Sensor) -> &'static str {
        let own = self.parts.iter().find(|(name, _)| *name == sensor.name);
        own.map_or(sensor.profile, |(_, profile)| profile)
    }

    /// The program that an application of a model with this many channels is: `classify` stands for the one whose sensor has
    /// as many.
    ///
    /// # Errors
    /// The board has no such program, and the message names all that it has; or `classify` could be several, and the message
    /// names two of them.
    pub fn program<'a>(&self, app: &'a str, channels: usize) -> Result<&'static str, NoProgram<'a>> {
        let reads = |program: &str| sensors::of_program(program).is_some_and(|sensor| sensor.inputs() == channels);
        let is_it =
            |program: &&&str| **program == app || app == "classify" && program.starts_with(CLASSIFY) && reads(program);
        let mut found = self.programs.iter().filter(is_it).copied();
        let fitting = [found.next(), found.next()];
        match fitting {
            [Some(program), None] => Ok(program),
            _ => Err(NoProgram {
                board: self.name,
                programs: self.programs,
                app,
                channels,
                fitting,
            }),
        }
    }

    /// The program that records what a sensor delivers, and the sensor.
    ///
    /// # Errors
    /// The board has no program for a sensor of this name; the message names the sensors for which it has one.
    pub fn recorder<'a>(&self, sensor: &'a str) -> Result<(&'static str, Sensor), NoRecorder<'a>> {
        let named = |program: &&'static str| program.strip_prefix(RECORD) == Some(sensor);
        let program = self.programs.iter().copied().find(named);
        program.zip(sensors::find(sensor)).ok_or(NoRecorder {
            board: self.name,
            programs: self.programs,
            sensor,
        })
    }

    /// Whether an image of this program is built to be watched, where nothing else is asked for: always where the debugger is
    /// heard in sleep, else for `replay` and `record-...`, whose log is what they are run for.
    #[must_use]
    pub fn watched(&self, program: &str) -> bool {
        !self.deaf_asleep || WATCHED.iter().any(|watched| program.starts_with(watched))
    }
}

/// A board has no program that records this sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoRecorder<'a> {
    /// The board's name.
    pub board: &'static str,
    /// The programs that it has.
    pub programs: &'static [&'static str],
    /// What was asked for.
    pub sensor: &'a str,
}

impl fmt::Display for NoRecorder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records no sensor {}; it records ", self.board, self.sensor)?;
        list(
            f,
            self.programs.iter().filter_map(|program| program.strip_prefix(RECORD)),
        )
    }
}

impl core::error::Error for NoRecorder<'_> {}

/// A board has no such program, or several that fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoProgram<'a> {
    /// The board's name.
    pub board: &'static str,
    /// The programs that it has.
    pub programs: &'static [&'static str],
    /// What was asked for.
    pub app: &'a str,
    /// Channels of the model.
    pub channels: usize,
    /// Two programs that fit, where there are several.
    pub fitting: [Option<&'static str>; 2],
}

impl fmt::Display for NoProgram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            board,
            programs,
            app,
            channels,
            fitting,
        } = self;
        if let [Some(first), Some(second)] = fitting {
            return write!(
                f,
                "{first} and {second} both read {channels} channels; give one of them in place of {app}"
            );
        }
        match *app {
            "classify" => write!(
                f,
                "{board} has no sensor of {channels} channels, as the model has; it has "
            )?,
            app => write!(f, "{board} has no program {app}; it has ")?,
        }
        list(f, programs.iter().copied())
    }
}

impl core::error::Error for NoProgram<'_> {}

/// Writes names, separated by commas.
fn list<'a>(f: &mut fmt::Formatter<'_>, names: impl Iterator<Item = &'a str>) -> fmt::Result {
    for (index, name) in names.enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(f, "{comma}{name}")?;
    }
    Ok(())
}

/// No board has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownBoard<'a>(pub &'a str);

impl fmt::Display for UnknownBoard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no board named {}; there are ", self.0)?;
        list(f, BOARDS.iter().map(|board| board.name))
    }
}

impl core::error::Error for UnknownBoard<'_> {}

/// The board of this name.
///
/// # Errors
/// No board has this name; the message names all.
pub fn find(name: &str) -> Result<Board, UnknownBoard<'_>> {
    BOARDS
        .into_iter()
        .find(|board| board.name == name)
        .ok_or(UnknownBoard(name))
}

/// The board of this name, or the one whose chip has the energy profile of this name: `nrf52840-dk` or `nrf52840`.
///
/// # Errors
/// No board has this name; the message names all.
pub fn resolve(name: &str) -> Result<Board, UnknownBoard<'_>> {
    find(name).or_else(|error| BOARDS.into_iter().find(|board| board.profile == name).ok_or(error))
}

/// The energy profile for the name of a board. A name that is no board's is taken to be a profile's, or a file's, and is
/// returned as it is.
#[must_use]
pub fn energy_profile(name: &str) -> &str {
    find(name).map_or(name, |board| board.profile)
}

/// The energy profile for the name of a sensor, in the mode in which its driver runs it on the board of this name. A name that
/// is no sensor's is taken to be a profile's, or a file's, and is returned as it is; so is one that is both a sensor's and, as
/// `is_profile` says, a profile's, unless a real board is named, which says that the driver is meant.
pub fn sensor_energy_profile<'a>(name: &'a str, board: &str, is_profile: impl Fn(&str) -> bool) -> &'a str {
    let board = find(board).ok();
    match (sensors::find(name), board) {
        (Some(sensor), Some(board)) => board.profile_of(&sensor),
        (Some(sensor), None) if !is_profile(name) => sensor.profile,
        _ => name,
    }
}

/// Names of all sensors, for messages.
pub fn sensor_names() -> impl Iterator<Item = &'static str> {
    SENSORS.into_iter().map(|sensor| sensor.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensors::{LIS3DH, LSM6DS};

    #[test]
    fn classify_is_the_program_for_the_models_channels() {
        let board = find("nrf52840-dk").unwrap();
        assert_eq!(board.program("classify", 3), Ok("classify-lis3dh"));
        assert_eq!(board.program("classify", 6), Ok("classify-lsm6ds"));
        assert_eq!(board.program("replay", 1), Ok("replay"));
        let error = |app, channels| board.program(app, channels).unwrap_err().to_string();
        assert!(error("classify", 2).contains("no sensor of 2 channels"));
        assert!(error("paint", 3).contains("no program paint; it has replay, classify-lis3dh"));
        let two = Board {
            programs: &["replay", "classify-lis3dh", "classify-adxl362"],
            ..board
        };
        assert_eq!(two.program("classify-adxl362", 3), Ok("classify-adxl362"));
        let said = two.program("classify", 3).unwrap_err().to_string();
        assert!(
            said.starts_with("classify-lis3dh and classify-adxl362 both read 3 channels"),
            "{said}"
        );
    }

    #[test]
    fn only_what_is_run_for_its_log_is_watched_where_sleep_shuts_the_debugger_out() {
        let nucleo = find("stm32u5-nucleo").unwrap();
        assert!(nucleo.watched("replay") && nucleo.watched("record-lis3dh") && !nucleo.watched("classify-lis3dh"));
        let dk = find("nrf52840-dk").unwrap();
        assert!(dk.watched("replay") && dk.watched("measure-skip-sleep"));
    }

    #[test]
    fn a_board_goes_by_its_name_or_its_profiles() {
        assert_eq!(resolve("nrf52840").unwrap().name, "nrf52840-dk");
        assert_eq!(resolve("nrf52840-dk").unwrap().name, "nrf52840-dk");
        let error = resolve("arduino").unwrap_err().to_string();
        assert_eq!(
            error,
            "no board named arduino; there are nrf52840-dk, stm32l4-iot01a, stm32u5-nucleo, rp2350-pico2"
        );
        assert_eq!(energy_profile("rp2350-pico2"), "rp2350");
        assert_eq!(energy_profile("nrf52840"), "nrf52840");
        assert_eq!(energy_profile("my.toml"), "my.toml");
    }

    #[test]
    fn a_sensor_is_priced_as_its_driver_runs_it() {
        let profile = |name, board| sensor_energy_profile(name, board, |name| name == "lis3dh");
        assert_eq!(profile("lsm6ds", "nrf52840"), "lsm6dso-driver");
        assert_eq!(profile("lsm6ds", "stm32l4-iot01a"), "lsm6dsl-driver");
        assert_eq!(profile("lis3dh", "nrf52840-dk"), "lis3dh-driver");
        // By the name of a profile, the profile.
        assert_eq!(profile("lis3dh", "nrf52840"), "lis3dh");
        assert_eq!(profile("my.toml", "nrf52840-dk"), "my.toml");
        assert_eq!(find("stm32l4-iot01a").unwrap().profile_of(&LIS3DH), "lis3dh-driver");
        assert_eq!(find("stm32l4-iot01a").unwrap().profile_of(&LSM6DS), "lsm6dsl-driver");
    }

    #[test]
    fn a_recorder_is_known_by_its_sensor() {
        let board = find("nrf52840-dk").unwrap();
        assert_eq!(board.recorder("lis3dh").unwrap().0, "record-lis3dh");
        assert_eq!(board.recorder("lsm6ds").unwrap().1, LSM6DS);
        let error = board.recorder("adxl362").unwrap_err().to_string();
        assert_eq!(
            error,
            "nrf52840-dk records no sensor adxl362; it records lis3dh, lsm6ds"
        );
        assert!(records("record-lis3dh") && !records("classify-lis3dh"));
    }

    #[test]
    fn every_program_with_a_sensor_reads_one_of_the_table_and_every_sensor_is_also_recorded() {
        for board in BOARDS {
            for program in board
                .programs
                .iter()
                .filter(|program| program.contains("ify-") || records(program))
            {
                let sensor = sensors::of_program(program).unwrap_or_else(|| panic!("{}: {program}", board.name));
                assert!(board.recorder(sensor.name).is_ok(), "{}: {program}", board.name);
            }
            for (sensor, _) in board.parts {
                assert!(sensors::find(sensor).is_some(), "{}: {sensor}", board.name);
            }
        }
    }
}
