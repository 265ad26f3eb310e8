//! The measurements of the application `measure`, by name: host and board tell them apart by these types.

use crate::log::{Show, Value};
use core::fmt;

/// When the core wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mode {
    /// At every sample, for an update.
    Dense,
    /// At every sample, for an update where one is due.
    SkipPoll,
    /// Only where an update is due.
    SkipSleep,
}

impl Mode {
    /// Every mode, the most expensive first.
    pub const ALL: [Self; 3] = [Self::Dense, Self::SkipPoll, Self::SkipSleep];

    /// The name, as in the image's: `measure-skip-poll` runs the mode `skip-poll`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::SkipPoll => "skip-poll",
            Self::SkipSleep => "skip-sleep",
        }
    }
}

impl Show for Mode {
    fn show(&self, f: &mut fmt::Formatter<'_>, _: &str) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Value<'_> for Mode {
    fn read(text: &str, _: &str) -> Option<Self> {
        match text {
            "Dense" => Some(Self::Dense),
            "SkipPoll" => Some(Self::SkipPoll),
            "SkipSleep" => Some(Self::SkipSleep),
            _ => None,
        }
    }
}

/// A loop whose energy says what one thing costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Calibration {
    /// Awake, reading the clock, for this many seconds.
    Busy(u32),
    /// In the lightest sleep for this many seconds: only the core is stopped.
    Idle(u32),
    /// Asleep as between samples for this many seconds, woken only by the watchdog's needs.
    Asleep(u32),
    /// This many wakes, 10 ms apart.
    Wakes(u32),
    /// This many updates, one after the other.
    Updates(u32),
}

/// Every calibration, ten seconds each where an update takes ten milliseconds.
pub const CALIBRATIONS: [Calibration; 5] = [
    Calibration::Busy(10),
    Calibration::Idle(10),
    Calibration::Asleep(10),
    Calibration::Wakes(1000),
    Calibration::Updates(1000),
];

impl Show for Calibration {
    fn show(&self, f: &mut fmt::Formatter<'_>, _: &str) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Value<'_> for Calibration {
    fn read(text: &str, _: &str) -> Option<Self> {
        let (name, number) = text.strip_suffix(')')?.split_once('(')?;
        let number = number.parse().ok()?;
        match name {
            "Busy" => Some(Self::Busy(number)),
            "Idle" => Some(Self::Idle(number)),
            "Asleep" => Some(Self::Asleep(number)),
            "Wakes" => Some(Self::Wakes(number)),
            "Updates" => Some(Self::Updates(number)),
            _ => None,
        }
    }
}

#[cfg(feature = "defmt")]
crate::log::grammar::themselves!(Mode, Calibration);
