//! I2C, the controller of version 2 (RM0351, chapter I2C; RM0456, chapter I2C): its registers up to a transfer. A start condition
//! ends the run, because the transfer itself is not modelled yet.

use super::registers::{Answer, Bank, Register};
use crate::bus::Refused;

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const ISR: u32 = 0x18;
const ICR: u32 = 0x1c;

/// CR1: the controller is on.
const PE: u32 = 1;
/// CR1: both noise filters, clock stretching and the interrupts of a master.
const CR1_KEPT: u32 = PE | 0x00fe | 1 << 12 | 0xf << 8 | 1 << 17;
/// CR2 without START, STOP and NACK: address, direction, length.
const CR2_KEPT: u32 = 0x07ff_1fff;
/// ISR after a reset: the transmit register is empty.
const TXE: u32 = 1;
/// ICR: every flag that it clears.
const CLEARABLE: u32 = 0x3f38;

const TABLE: &[Register] = &[
    Register::new(CR1, 0, CR1_KEPT),
    Register::new(CR2, 0, CR2_KEPT),
    Register::new(0x08, 0, 0x87ff),
    Register::new(0x0c, 0, 0x87fe),
    Register::new(0x10, 0, 0xf0ff_ffff),
    Register::new(0x14, 0, 0),
];

/// A controller.
#[derive(Debug)]
pub(in crate::soc) struct I2c {
    bank: Bank,
}

impl I2c {
    pub(in crate::soc) fn new() -> Self {
        Self { bank: Bank::new(TABLE) }
    }

    pub(in crate::soc) fn reset(&mut self) {
        self.bank.reset();
    }

    /// Whether it is on.
    pub(in crate::soc) fn is_on(&self) -> bool {
        self.bank.bits(CR1, PE) != 0
    }

    pub(in crate::soc) fn read(&self, offset: u32) -> Answer<u32> {
        match offset {
            ISR => Ok(TXE),
            ICR => Ok(0),
            _ => self.bank.read(offset),
        }
    }

    pub(in crate::soc) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        match offset {
            // TXE is set by a program to empty the register, which is empty.
            ISR if value & !TXE == 0 => Ok(()),
            ICR if value & !CLEARABLE == 0 => Ok(()),
            ISR | ICR => Err(Refused::Unknown),
            _ => self.bank.write(offset, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_condition_ends_the_run() {
        let mut i2c = I2c::new();
        assert_eq!(i2c.write(CR1, PE), Ok(()));
        assert!(i2c.is_on());
        assert_eq!(i2c.write(CR2, 0x0200_00d4), Ok(()));
        assert_eq!(i2c.write(CR2, 0x0200_20d4), Err(Refused::Unknown));
        assert_eq!(i2c.read(ISR), Ok(TXE));
    }
}
