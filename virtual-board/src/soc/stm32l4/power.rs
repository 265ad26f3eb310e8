//! PWR, the supply (RM0351, chapter PWR). Voltage range 2, the low-power run mode, the detectors of voltages and the pulls of
//! Standby are not modelled.

use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, Bank, Register, within},
};

const CR1: u32 = 0x00;
const SR1: u32 = 0x10;
const SR2: u32 = 0x14;
const SCR: u32 = 0x18;

/// CR1: what a deep sleep is. 0 to 2 are Stop 0 to Stop 2.
const LPMS: u32 = 0b111;
/// CR1: the backup domain may be written.
const DBP: u32 = 1 << 8;
/// CR1: the range of the core's voltage.
const VOS: u32 = 0b11 << 9;
const RANGE_1: u32 = 0b01 << 9;

const TABLE: &[Register] = &[
    Register::new(CR1, RANGE_1, LPMS | DBP | VOS),
    // CR2: the supplies of the other pins and of USB are there.
    Register::new(0x04, 0, 0b11 << 9),
    // CR3: the internal wake-up line.
    Register::new(0x08, 1 << 15, 1 << 15),
    Register::new(0x0c, 0, 0),
    Register::new(SR1, 0, 0),
    // SR2: the regulator of low power is ready.
    Register::new(SR2, 1 << 8, 0),
];

/// The supply.
#[derive(Debug)]
pub(super) struct Power(Bank);

impl Power {
    pub(super) fn new() -> Self {
        Self(Bank::new(TABLE))
    }

    /// Whether the backup domain may be written.
    pub(super) fn opens_backup(&self) -> bool {
        self.0.bits(CR1, DBP) != 0
    }

    /// A deep sleep begins.
    pub(super) fn stop(&self) -> Result<(), &'static str> {
        match self.0.bits(CR1, LPMS) {
            0..=2 => Ok(()),
            _ => Err("a deep sleep in Standby or Shutdown (PWR_CR1.LPMS)"),
        }
    }

    /// What a deep sleep is called.
    pub(super) fn stop_name(&self) -> &'static str {
        match self.0.bits(CR1, LPMS) {
            0 => "Stop 0",
            1 => "Stop 1",
            _ => "Stop 2",
        }
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        match offset {
            SCR => Ok(0),
            _ => self.0.read(offset),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        match offset {
            CR1 if value & VOS != RANGE_1 => Err(Refused::Unknown),
            // The flags that it clears are clear.
            SCR => within(value, 0x11f).map(|_| ()),
            SR1 | SR2 => Err(Refused::Unknown),
            _ => self.0.write(offset, value),
        }
    }
}
