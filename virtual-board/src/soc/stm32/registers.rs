//! Registers that hold what is written to them: a table of a peripheral's addresses, reset values and bits.

use crate::bus::Refused;

/// Answers of a register that may be refused.
pub(in crate::soc) type Answer<T> = Result<T, Refused>;

/// A value of which only the bits of `mask` may be set.
pub(in crate::soc) fn within(value: u32, mask: u32) -> Answer<u32> {
    if value & !mask == 0 {
        Ok(value)
    } else {
        Err(Refused::Unknown)
    }
}

/// A register whose bits a program keeps, and whose meaning, where it has one, others look up.
#[derive(Debug, Clone, Copy)]
pub(in crate::soc) struct Register {
    offset: u32,
    reset: u32,
    /// Bits that hold what is written. Every other bit that is set in a write ends the run.
    kept: u32,
}

impl Register {
    pub(in crate::soc) const fn new(offset: u32, reset: u32, kept: u32) -> Self {
        Self { offset, reset, kept }
    }

    /// A register of which every bit is kept, such as the gates of a bus.
    pub(in crate::soc) const fn whole(offset: u32, reset: u32) -> Self {
        Self::new(offset, reset, u32::MAX)
    }
}

/// The registers of a peripheral.
#[derive(Debug, Clone)]
pub(in crate::soc) struct Bank {
    table: &'static [Register],
    values: Vec<u32>,
}

impl Bank {
    pub(in crate::soc) fn new(table: &'static [Register]) -> Self {
        let values = table.iter().map(|register| register.reset).collect();
        Self { table, values }
    }

    /// Every register as after a reset.
    pub(in crate::soc) fn reset(&mut self) {
        *self = Self::new(self.table);
    }

    fn index(&self, offset: u32) -> Option<usize> {
        self.table.iter().position(|register| register.offset == offset)
    }

    /// A register's value.
    ///
    /// # Errors
    /// There is none at this offset.
    pub(in crate::soc) fn read(&self, offset: u32) -> Answer<u32> {
        self.index(offset)
            .and_then(|index| self.values.get(index).copied())
            .ok_or(Refused::Unknown)
    }

    /// Bits of a register; zero where there is none.
    pub(in crate::soc) fn bits(&self, offset: u32, mask: u32) -> u32 {
        self.read(offset).unwrap_or_default() & mask
    }

    /// A program's write. Bits that are not kept stay as they are after a reset, and may be written so.
    ///
    /// # Errors
    /// There is no register at this offset, or it does not keep one of the bits.
    pub(in crate::soc) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        let index = self.index(offset).ok_or(Refused::Unknown)?;
        let Register { kept, .. } = self.table[index];
        let fixed = self.table[index].reset & !kept;
        self.values[index] = within(value, kept | fixed)? & kept | fixed;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Register] = &[Register::new(0x00, 0x8600, 0x707), Register::whole(0x08, 0)];

    #[test]
    fn a_bit_that_no_model_keeps_ends_the_run() {
        let mut bank = Bank::new(TABLE);
        assert_eq!(bank.write(0, 0x102), Ok(()));
        assert_eq!(bank.read(0), Ok(0x8102), "a bit that is fixed stays");
        assert_eq!(bank.write(0, 0x8102), Ok(()));
        assert_eq!(bank.write(0, 0x1100), Err(Refused::Unknown));
        assert_eq!(bank.read(4), Err(Refused::Unknown));
        assert_eq!(bank.write(4, 0), Err(Refused::Unknown));
        bank.reset();
        assert_eq!(bank.bits(0, 0x700), 0x600);
    }
}
