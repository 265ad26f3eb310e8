//! RESETS, which holds peripherals in reset, and PSM, which starts the chip step by step (RP2350 data sheet, 7.5 Subsystem resets and
//! 7.4 Power-on state machine).

use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, Bank, Register},
};

/// Every peripheral that RESETS has.
const ALL: u32 = 0x1fff_ffff;
/// The bits of those that are modelled.
pub(super) const I2C: [u32; 2] = [1 << 4, 1 << 5];
pub(super) const IO_BANK0: u32 = 1 << 6;
pub(super) const PADS_BANK0: u32 = 1 << 9;
pub(super) const PLLS: [u32; 2] = [1 << 14, 1 << 15];
pub(super) const TIMER0: u32 = 1 << 23;
/// The pins of the flash, which the boot ROM has taken out of reset (IO_QSPI and PADS_QSPI).
const FLASH: u32 = 1 << 7 | 1 << 10;

/// RESETS.
#[derive(Debug)]
pub(super) struct Resets {
    held: u32,
}

impl Resets {
    /// As the boot ROM leaves it for an image in flash. What more it may have taken out of reset, no program may rely on.
    pub(super) const fn new() -> Self {
        Self { held: ALL & !FLASH }
    }

    /// Whether one of these peripherals is held in reset.
    pub(super) const fn holds(&self, bits: u32) -> bool {
        self.held & bits != 0
    }

    pub(super) const fn read(&self, offset: u32) -> Answer<u32> {
        match offset {
            0x00 => Ok(self.held),
            // RESET_DONE follows within cycles.
            0x08 => Ok(!self.held & ALL),
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) const fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        if offset != 0 || value & !ALL != 0 {
            return Err(Refused::Unknown);
        }
        self.held = value;
        Ok(())
    }
}

/// PSM: what it holds off, and what the watchdog resets.
const FRCE_OFF: u32 = 0x04;
const WDSEL: u32 = 0x08;
/// Its steps; the two oscillators and the second core among them.
const STEPS: u32 = 0x01ff_ffff;
const OSCILLATORS: u32 = 1 << 2 | 1 << 3;
const PROC1: u32 = 1 << 24;

/// PSM.
#[derive(Debug)]
pub(super) struct Psm {
    bank: Bank,
}

impl Psm {
    pub(super) fn new() -> Self {
        const TABLE: &[Register] = &[
            // The second core may be held off: it does nothing here.
            Register::new(FRCE_OFF, 0, PROC1),
            Register::new(WDSEL, 0, STEPS),
        ];
        Self { bank: Bank::new(TABLE) }
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        self.bank.read(offset)
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        self.bank.write(offset, value)
    }

    /// Whether the watchdog resets all but the oscillators, the only way that is modelled.
    pub(super) fn resets_all_but_oscillators(&self) -> bool {
        self.bank.bits(WDSEL, STEPS) == STEPS & !OSCILLATORS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peripheral_is_there_when_it_is_taken_out_of_reset() {
        let mut resets = Resets::new();
        assert!(resets.holds(TIMER0) && !resets.holds(FLASH));
        assert_eq!(resets.write(0, ALL & !TIMER0), Ok(()));
        assert!(!resets.holds(TIMER0));
        assert_eq!(resets.read(8), Ok(TIMER0));
        assert_eq!(resets.write(0, 1 << 29), Err(Refused::Unknown));
    }

    #[test]
    fn the_watchdog_resets_all_but_the_oscillators_or_is_not_modelled() {
        let mut psm = Psm::new();
        assert!(!psm.resets_all_but_oscillators(), "it resets nothing");
        assert_eq!(psm.write(WDSEL, 0x01ff_fff3), Ok(()));
        assert!(psm.resets_all_but_oscillators());
        // The order of bits of an RP2040.
        assert_eq!(psm.write(WDSEL, 0x01ff_fffc), Ok(()));
        assert!(!psm.resets_all_but_oscillators());
        assert_eq!(psm.write(FRCE_OFF, PROC1), Ok(()));
        assert_eq!(psm.write(FRCE_OFF, 1 << 23), Err(Refused::Unknown), "this core");
    }
}
