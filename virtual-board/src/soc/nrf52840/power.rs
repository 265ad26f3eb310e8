//! POWER, the supply and the reasons of a reset (nRF52840 PS v1.8, 5.3). Its events share CLOCK's registers.
//!
//! The failure comparator can be set and never warns. A section of RAM that is switched off keeps its bytes here. USB's supply
//! is not modelled.

use super::registers::{Answer, bit, triggered, within};
use crate::{bus::Refused, event::ResetCause};

/// The RAM blocks: 0 to 7 have two sections of 4 KB each, block 8 six of 32 KB.
const BLOCKS: usize = 9;
/// RAM\[n\].POWER after a reset: every section on.
const ALL_ON: u32 = 0xffff;

/// In RESETREAS, why a reset came (5.3.7.11).
mod reason {
    pub(super) const WATCHDOG: u32 = 1 << 1;
    pub(super) const SOFTWARE: u32 = 1 << 2;
    pub(super) const LOCKUP: u32 = 1 << 3;
}

/// The supply.
#[derive(Debug)]
pub(super) struct Power {
    reasons: u32,
    retained: [u32; 2],
    failure: u32,
    /// DCDCEN: the regulator of 1.3 V is a DC/DC converter.
    dcdc: bool,
    /// DCDCEN0: the regulator of high voltage is a DC/DC converter.
    dcdc0: bool,
    ram: [u32; BLOCKS],
    /// CONSTLAT: the chip keeps its fast clock ready while the core sleeps.
    constant_latency: bool,
}

/// What a write to a register of POWER asks for beyond it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// Nothing.
    Nothing,
    /// System OFF: the chip sleeps until a reset.
    SystemOff,
}

impl Power {
    /// Power comes on: RESETREAS is 0.
    pub(super) const fn new() -> Self {
        Self {
            reasons: 0,
            retained: [0; 2],
            failure: 0,
            dcdc: false,
            dcdc0: false,
            ram: [ALL_ON; BLOCKS],
            constant_latency: false,
        }
    }

    /// The regulator of 1.3 V is a DC/DC converter.
    pub(super) const fn dcdc(&self) -> bool {
        self.dcdc
    }

    /// The sub power mode is constant latency (5.3.2).
    pub(super) const fn constant_latency(&self) -> bool {
        self.constant_latency
    }

    /// Blocks of 4 KB of RAM that are kept: a section is on by bit n of RAM\[n\].POWER (5.3.7.17).
    pub(super) fn ram_blocks(&self) -> u32 {
        let sections = |(block, power): (usize, &u32)| match block {
            0..8 => (power & 0b11).count_ones(),
            _ => 8 * (power & 0b11_1111).count_ones(),
        };
        self.ram.iter().enumerate().map(sections).sum()
    }

    /// RESETREAS gathers reasons until a program forgets them. GPREGRET survives a soft reset and a lockup, but not the
    /// watchdog's reset (5.3.6.8).
    pub(super) fn reset(&mut self, cause: ResetCause) {
        let (reason, retained) = match cause {
            ResetCause::Software => (reason::SOFTWARE, self.retained),
            ResetCause::Lockup => (reason::LOCKUP, self.retained),
            ResetCause::Watchdog => (reason::WATCHDOG, [0; 2]),
        };
        *self = Self {
            reasons: self.reasons | reason,
            retained,
            ..Self::new()
        };
    }

    /// The block of RAM and the register of it at an offset.
    fn ram(offset: u32) -> Option<(usize, u32)> {
        let within = offset.checked_sub(0x900)?;
        let block = (within / 16) as usize;
        (block < BLOCKS).then_some((block, within % 16))
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        match offset {
            0x400 => Ok(self.reasons),
            0x510 => Ok(self.failure),
            0x51c => Ok(self.retained[0]),
            0x520 => Ok(self.retained[1]),
            0x578 => Ok(u32::from(self.dcdc)),
            0x580 => Ok(u32::from(self.dcdc0)),
            // MAINREGSTATUS: normal voltage, the supply is at VDD.
            0x640 => Ok(0),
            _ => match Self::ram(offset) {
                // POWER, POWERSET, POWERCLR.
                Some((block, 0 | 4 | 8)) => Ok(self.ram[block]),
                _ => Err(Refused::Unknown),
            },
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) -> Answer<Asks> {
        match offset {
            // CONSTLAT and LOWPWR change latencies that are not modelled, and what a sleep draws.
            0x78 | 0x7c if triggered(value)? => self.constant_latency = offset == 0x78,
            0x78 | 0x7c => {}
            // Ones that are written are cleared.
            0x400 => self.reasons &= !value,
            0x500 if triggered(value)? => return Ok(Asks::SystemOff),
            0x500 => {}
            0x510 => self.failure = within(value, 0xf1f)?,
            0x51c => self.retained[0] = within(value, 0xff)?,
            0x520 => self.retained[1] = within(value, 0xff)?,
            0x578 => self.dcdc = bit(value)?,
            0x580 => self.dcdc0 = bit(value)?,
            _ => match Self::ram(offset) {
                Some((block, 0)) => self.ram[block] = value,
                Some((block, 4)) => self.ram[block] |= value,
                Some((block, 8)) => self.ram[block] &= !value,
                _ => return Err(Refused::Unknown),
            },
        }
        Ok(Asks::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_resets_gather_until_they_are_written() {
        let mut power = Power::new();
        assert_eq!(power.read(0x400), Ok(0), "power came on");
        power.reset(ResetCause::Software);
        power.reset(ResetCause::Watchdog);
        assert_eq!(power.read(0x400), Ok(0b110));
        assert_eq!(power.write(0x400, 0b010), Ok(Asks::Nothing));
        assert_eq!(power.read(0x400), Ok(0b100));
        power.reset(ResetCause::Lockup);
        assert_eq!(power.read(0x400), Ok(0b1100));
    }

    #[test]
    fn the_retained_registers_survive_a_soft_reset_but_not_the_watchdogs() {
        let mut power = Power::new();
        assert_eq!(power.write(0x51c, 0xa5), Ok(Asks::Nothing));
        assert_eq!(power.write(0x578, 1), Ok(Asks::Nothing));
        power.reset(ResetCause::Software);
        assert_eq!(power.read(0x51c), Ok(0xa5));
        assert_eq!(power.read(0x578), Ok(0), "DCDCEN is no retained register");
        power.reset(ResetCause::Watchdog);
        assert_eq!(power.read(0x51c), Ok(0));
    }

    #[test]
    fn sections_of_ram_are_switched_one_by_one() {
        let mut power = Power::new();
        assert_eq!(power.write(0x900 + 2 * 16 + 8, 0b11), Ok(Asks::Nothing));
        assert_eq!(power.read(0x920), Ok(0xfffc));
        assert_eq!(power.write(0x924, 0b01), Ok(Asks::Nothing));
        assert_eq!(power.read(0x928), Ok(0xfffd));
        assert_eq!(
            power.read(0x900 + 9 * 16),
            Err(Refused::Unknown),
            "there are nine blocks"
        );
        assert_eq!(power.read(0x90c), Err(Refused::Unknown));
    }

    #[test]
    fn system_off_is_asked_for_by_one() {
        let mut power = Power::new();
        assert_eq!(power.write(0x500, 0), Ok(Asks::Nothing));
        assert_eq!(power.write(0x500, 1), Ok(Asks::SystemOff));
        assert_eq!(power.write(0x578, 2), Err(Refused::Unknown));
    }
}
