//! Where the peripherals of a chip lie, and which clocks and resets of RCC they have.

/// A peripheral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::soc) enum Block {
    /// What only the chip's own family has in this way: clocks, supply, flash and the like.
    Own(Own),
    Gpio(usize),
    Lptim1,
    Iwdg,
    I2c(usize),
    /// The debugger's unit.
    Debug,
}

/// A peripheral of a family's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::soc) enum Own {
    Rcc,
    Power,
    Flash,
    Icache,
    Syscfg,
}

/// A bit of a register of RCC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::soc) struct RccBit {
    pub(in crate::soc) offset: u32,
    pub(in crate::soc) bit: u32,
}

/// A peripheral's place.
#[derive(Debug, Clone, Copy)]
pub(in crate::soc) struct Place {
    pub(in crate::soc) block: Block,
    /// As the manual names it.
    pub(in crate::soc) name: &'static str,
    pub(in crate::soc) base: u32,
    pub(in crate::soc) bytes: u32,
    /// The gate of its bus clock; none where the clock always runs.
    pub(in crate::soc) enable: Option<RccBit>,
    /// What resets it.
    pub(in crate::soc) reset: Option<RccBit>,
}

impl Place {
    /// One whose bus clock always runs.
    pub(in crate::soc) const fn ungated(block: Block, name: &'static str, base: u32) -> Self {
        Self {
            block,
            name,
            base,
            bytes: 0x400,
            enable: None,
            reset: None,
        }
    }

    /// One with a gate and a reset of the same bit number, in two registers of RCC.
    pub(in crate::soc) const fn gated(
        block: Block,
        name: &'static str,
        base: u32,
        (enable, reset): (u32, u32),
        bit: u32,
    ) -> Self {
        Self {
            enable: Some(RccBit { offset: enable, bit }),
            reset: Some(RccBit { offset: reset, bit }),
            ..Self::ungated(block, name, base)
        }
    }

    /// Whether an address lies here.
    pub(in crate::soc) const fn holds(&self, address: u32) -> bool {
        address.wrapping_sub(self.base) < self.bytes
    }
}

/// A pin at which a controller of I2C can be.
#[derive(Debug, Clone, Copy)]
pub(in crate::soc) struct I2cPin {
    pub(in crate::soc) controller: usize,
    pub(in crate::soc) role: &'static str,
    /// The number of the port and of the pin in it.
    pub(in crate::soc) pin: (usize, usize),
}

impl I2cPin {
    /// The pin by its number over all ports.
    pub(in crate::soc) const fn number(&self) -> usize {
        self.pin.0 * PINS + self.pin.1
    }
}

/// Pins of a port.
pub(in crate::soc) const PINS: usize = 16;

const fn i2c_pin(controller: usize, role: &'static str, port: usize, pin: usize) -> I2cPin {
    I2cPin {
        controller,
        role,
        pin: (port, pin),
    }
}

/// The alternate function of I2C1 to I2C3 on both families.
pub(in crate::soc) const I2C_FUNCTION: u32 = 4;
/// Pins of I2C1 to I2C3 that both families have (data sheets, alternate function tables).
pub(in crate::soc) const I2C_PINS: &[I2cPin] = &[
    i2c_pin(0, "SCL", 1, 6),
    i2c_pin(0, "SDA", 1, 7),
    i2c_pin(0, "SCL", 1, 8),
    i2c_pin(0, "SDA", 1, 9),
    i2c_pin(1, "SCL", 1, 10),
    i2c_pin(1, "SDA", 1, 11),
    i2c_pin(1, "SCL", 1, 13),
    i2c_pin(1, "SDA", 1, 14),
    i2c_pin(2, "SCL", 2, 0),
    i2c_pin(2, "SDA", 2, 1),
];
