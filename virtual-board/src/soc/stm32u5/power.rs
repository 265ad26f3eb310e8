//! PWR, the supply (RM0456, chapter PWR). The booster, detectors of the core's voltage, wake-up pins and the pulls of Standby
//! are not modelled.

use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, Bank, Register, within},
    time::Time,
};

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const CR3: u32 = 0x08;
const VOSR: u32 = 0x0c;
const SVMCR: u32 = 0x10;
const DBPR: u32 = 0x28;
const SR: u32 = 0x38;
const SVMSR: u32 = 0x3c;

/// CR1: what a deep sleep is. 0 to 3 are Stop 0 to Stop 3.
const LPMS: u32 = 0b111;
/// CR3: the regulator is the switching one.
const REGSEL: u32 = 1 << 1;
/// VOSR: the range of the core's voltage, and that it is there.
const VOS: u32 = 0b11 << 16;
const VOSRDY: u32 = 1 << 15;
/// SVMSR: the regulator in use.
const REGS: u32 = 1 << 1;

/// How long a change of the core's voltage takes (data sheet of the STM32U575, VOS transition times: tens of microseconds).
const SCALES: Time = Time::from_us(20);
/// How long the change to the other regulator takes.
const CHANGES: Time = Time::from_us(20);
/// How long a monitor of a supply takes to start.
const MONITORS: Time = Time::from_us(20);

/// CR2: bits that take the supply of a page of memory in Stop, and its kilobytes: SRAM1, SRAM2, SRAM4, the caches and buffers of
/// peripherals, and SRAM3.
const PAGES: [(u32, u32); 20] = [
    (0, 64),
    (1, 64),
    (2, 64),
    (4, 8),
    (5, 56),
    (6, 16),
    (8, 8),
    (9, 4),
    (10, 4),
    (11, 4),
    (12, 4),
    (13, 8),
    (16, 64),
    (17, 64),
    (18, 64),
    (19, 64),
    (20, 64),
    (21, 64),
    (22, 64),
    (23, 64),
];

const TABLE: &[Register] = &[
    // CR1: LPMS, SRAM2 in Standby, ultra-low-power monitoring.
    Register::new(CR1, 0, LPMS | 0b111 << 5),
    // CR2: memories without supply in Stop.
    Register::whole(CR2, 0),
    // CR3: REGSEL, fast soft start.
    Register::new(CR3, 0, REGSEL | 1 << 2),
    Register::new(VOSR, 0, VOS),
    // SVMCR: monitors of VDDUSB, VDDIO2 and VDDA, and the supplies that are told to be there.
    Register::new(SVMCR, 0, 0b111_1111 << 24),
    Register::new(DBPR, 0, 1),
    // UCPDR: the dead battery behaviour of USB Type-C.
    Register::new(0x2c, 0, 0b11),
];

/// The supply.
#[derive(Debug)]
pub(super) struct Power {
    bank: Bank,
    scaled_at: Time,
    changed_at: Time,
    /// When the monitors that were switched on last have started.
    monitored_at: Time,
}

impl Power {
    pub(super) fn new() -> Self {
        Self {
            bank: Bank::new(TABLE),
            scaled_at: Time::ZERO,
            changed_at: Time::ZERO,
            monitored_at: Time::ZERO,
        }
    }

    /// Whether the backup domain may be written.
    pub(super) fn opens_backup(&self) -> bool {
        self.bank.bits(DBPR, 1) != 0
    }

    /// A deep sleep begins.
    pub(super) fn stop(&self) -> Result<(), &'static str> {
        match self.bank.bits(CR1, LPMS) {
            0..=2 => Ok(()),
            3 => Err("Stop 3, in which LPTIM1 has no clock"),
            _ => Err("a deep sleep in Standby or Shutdown (PWR_CR1.LPMS)"),
        }
    }

    /// The regulator that a program has chosen is the switching one.
    pub(super) fn chooses_smps(&self) -> bool {
        self.bank.bits(CR3, REGSEL) != 0
    }

    /// VOS: 0 is range 4, 3 is range 1.
    pub(super) fn range(&self) -> u32 {
        self.bank.bits(VOSR, VOS) >> 16
    }

    /// Which Stop a deep sleep is.
    pub(super) fn stop_number(&self) -> u32 {
        self.bank.bits(CR1, LPMS)
    }

    /// Kilobytes of memory that keep their supply in Stop.
    pub(super) fn kept_kb(&self) -> u32 {
        let kept = |(bit, _): &&(u32, u32)| self.bank.bits(CR2, 1 << *bit) == 0;
        PAGES.iter().filter(kept).map(|(_, kb)| kb).sum()
    }

    /// How many supplies are watched.
    pub(super) fn monitors(&self) -> u32 {
        self.bank.bits(SVMCR, 0b1111 << 24).count_ones()
    }

    pub(super) fn due(&self, now: Time) -> Time {
        let all = [self.scaled_at, self.changed_at, self.monitored_at];
        all.into_iter().filter(|at| *at > now).min().unwrap_or(Time::NEVER)
    }

    /// SVMSR: regulator, ACTVOS, and the monitors that are on, whose supplies are there.
    fn status(&self, now: Time) -> u32 {
        let control = self.bank.bits(SVMCR, 0b1111 << 24);
        let monitors = if self.monitored_at <= now { control } else { 0 };
        let switching = self.bank.bits(CR3, REGSEL) != 0;
        let in_use = switching == (self.changed_at <= now);
        (if in_use { REGS } else { 0 }) | VOSRDY | self.bank.bits(VOSR, VOS) | monitors
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        match offset {
            VOSR if self.scaled_at <= now => Ok(self.bank.read(VOSR)? | VOSRDY),
            SR => Ok(0),
            SVMSR => Ok(self.status(now)),
            _ => self.bank.read(offset),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        let before = self.bank.read(offset);
        match offset {
            VOSR => self.bank.write(VOSR, value & !VOSRDY)?,
            // The flags that it clears are clear.
            SR => return within(value, 1).map(|_| ()),
            SVMSR => return Err(Refused::Unknown),
            _ => self.bank.write(offset, value)?,
        }
        let changed = before != self.bank.read(offset);
        match offset {
            VOSR if changed => self.scaled_at = now + SCALES,
            CR3 if changed => self.changed_at = now + CHANGES,
            SVMCR if changed => self.monitored_at = now + MONITORS,
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_the_voltage_takes_its_time() {
        let mut power = Power::new();
        let now = Time::from_ms(1);
        assert_eq!(power.read(VOSR, now), Ok(VOSRDY));
        assert_eq!(power.write(VOSR, VOSRDY | 3 << 16, now), Ok(()));
        assert_eq!(power.read(VOSR, now), Ok(3 << 16));
        assert_eq!(power.due(now), now + SCALES);
        assert_eq!(power.read(VOSR, now + SCALES), Ok(VOSRDY | 3 << 16));
        assert_eq!(power.write(VOSR, 1 << 18, now), Err(Refused::Unknown), "the booster");
    }

    #[test]
    fn the_regulator_in_use_is_the_one_chosen_once_it_has_changed() {
        let mut power = Power::new();
        let now = Time::from_ms(1);
        assert_eq!(power.read(SVMSR, now), Ok(VOSRDY));
        assert_eq!(power.write(CR3, REGSEL, now), Ok(()));
        assert_eq!(power.read(SVMSR, now), Ok(VOSRDY));
        assert_eq!(power.read(SVMSR, now + CHANGES), Ok(VOSRDY | REGS));
    }
}
