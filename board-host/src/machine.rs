//! The emulated boards.

use std::{fmt, str::FromStr};

/// A machine of `qemu-system-arm` that the firmware knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Machine {
    /// ARM MPS2 with application note 385: Cortex-M3, 25 MHz.
    Mps2An385,
    /// ARM MPS2 with application note 386: Cortex-M4F, 25 MHz.
    #[default]
    Mps2An386,
    /// ARM MPS2 with application note 500: Cortex-M7, 25 MHz.
    Mps2An500,
    /// ARM MPS2 with application note 505: Cortex-M33 with DSP extension, secure side, 20 MHz.
    Mps2An505,
    /// BBC micro:bit: Cortex-M0 (nRF51822), 16 MHz, 256 KB of flash, 16 KB of RAM.
    Microbit,
}

impl Machine {
    /// Every machine, for help texts.
    pub const ALL: [Machine; 5] = [
        Machine::Mps2An385,
        Machine::Mps2An386,
        Machine::Mps2An500,
        Machine::Mps2An505,
        Machine::Microbit,
    ];

    /// The name that `qemu-system-arm -machine` takes; also the feature of the firmware.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Machine::Mps2An385 => "mps2-an385",
            Machine::Mps2An386 => "mps2-an386",
            Machine::Mps2An500 => "mps2-an500",
            Machine::Mps2An505 => "mps2-an505",
            Machine::Microbit => "microbit",
        }
    }

    /// The core.
    #[must_use]
    pub const fn core(self) -> &'static str {
        match self {
            Machine::Mps2An385 => "Cortex-M3",
            Machine::Mps2An386 => "Cortex-M4",
            Machine::Mps2An500 => "Cortex-M7",
            Machine::Mps2An505 => "Cortex-M33",
            Machine::Microbit => "Cortex-M0",
        }
    }

    /// The Rust target of its firmware.
    pub(crate) const fn target(self) -> &'static str {
        match self {
            Machine::Mps2An385 => "thumbv7m-none-eabi",
            Machine::Mps2An386 | Machine::Mps2An500 => "thumbv7em-none-eabihf",
            Machine::Mps2An505 => "thumbv8m.main-none-eabihf",
            Machine::Microbit => "thumbv6m-none-eabi",
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Machine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|machine| machine.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                format!("no machine named {name}; there are {known}")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_by_name() {
        for machine in Machine::ALL {
            assert_eq!(machine.to_string().parse(), Ok(machine));
        }
        let error = "stm32".parse::<Machine>().unwrap_err();
        assert_eq!(
            error,
            "no machine named stm32; there are mps2-an385, mps2-an386, mps2-an500, mps2-an505, microbit"
        );
    }
}
