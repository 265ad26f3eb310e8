//! ST's STM32L475 around its core (reference manual RM0351; chapters are named at each peripheral).
//!
//! Modelled are RCC, PWR, FLASH's latency, the ports, LPTIM1, I2C1 to I2C3, IWDG, DBGMCU, and SYSCFG's registers. PLLs, HSE, RTC,
//! DMA, EXTI's registers, programming of flash and everything else are not.

mod loads;
mod power;
mod rcc;

use self::{power::Power, rcc::Rcc};
use super::{
    CoreClock,
    stm32::{
        Chip, Family, LptimVariant,
        loads::Depth,
        map::{Block, Own, Place, RccBit},
        registers::{Answer, Bank, Register},
    },
};
use crate::{
    bus::Refused,
    core::{Profile, profile::CORTEX_M4F},
    event::ResetCause,
    memory::{Memory, Region},
    power::Load,
    time::{Clock, Time},
};

/// The first address of flash.
pub const FLASH_BASE: u32 = 0x0800_0000;
/// Bytes of flash.
pub const FLASH_BYTES: usize = 1024 * 1024;
/// The first address of SRAM1.
pub const SRAM1_BASE: u32 = 0x2000_0000;
/// Bytes of SRAM1.
pub const SRAM1_BYTES: usize = 96 * 1024;
/// The first address of SRAM2.
pub const SRAM2_BASE: u32 = 0x1000_0000;
/// Bytes of SRAM2.
pub const SRAM2_BYTES: usize = 32 * 1024;

/// An STM32L475.
pub type Stm32l4 = Chip<L4>;

/// The core: the boot pins choose flash, and its vector table is at flash's own address for the program too.
#[must_use]
pub fn profile() -> Profile {
    CORTEX_M4F
        .with_vector_table(FLASH_BASE)
        .with_interrupts(82)
        .with_priority_bits(4)
}

/// The chip's memory: erased flash, and SRAM of zeros.
#[must_use]
pub fn memory() -> Memory {
    Memory::new(vec![
        Region::flash("flash", FLASH_BASE, FLASH_BYTES),
        Region::ram("SRAM1", SRAM1_BASE, SRAM1_BYTES),
        Region::ram("SRAM2", SRAM2_BASE, SRAM2_BYTES),
    ])
}

impl Stm32l4 {
    /// A chip as it comes on.
    #[must_use]
    pub fn new() -> Self {
        Self::with(L4 {
            rcc: Rcc::new(),
            power: Power::new(),
            flash: Bank::new(FLASH),
            syscfg: Bank::new(SYSCFG),
        })
    }
}

impl Default for Stm32l4 {
    fn default() -> Self {
        Self::new()
    }
}

/// FLASH (RM0351, chapter FLASH): ACR with latency, prefetch and caches.
const FLASH: &[Register] = &[Register::new(ACR, 0x600, 0x1f07)];
const ACR: u32 = 0x00;
const LATENCY: u32 = 0b111;

/// SYSCFG (RM0351, chapter SYSCFG): the lines of EXTI.
const SYSCFG: &[Register] = &[
    Register::new(0x08, 0, 0x7777),
    Register::new(0x0c, 0, 0x7777),
    Register::new(0x10, 0, 0x7777),
    Register::new(0x14, 0, 0x7777),
];

/// The gate and the reset of a bus, as offsets in RCC.
const AHB1: (u32, u32) = (0x48, 0x28);
const AHB2: (u32, u32) = (0x4c, 0x2c);
const APB1: (u32, u32) = (0x58, 0x38);
const APB2: (u32, u32) = (0x60, 0x40);

/// What the STM32L4 does in its own way.
#[derive(Debug)]
pub struct L4 {
    rcc: Rcc,
    power: Power,
    flash: Bank,
    syscfg: Bank,
}

impl Family for L4 {
    const PLACES: &'static [Place] = &[
        Place::ungated(Block::Own(Own::Rcc), "RCC", 0x4002_1000),
        Place::gated(Block::Own(Own::Power), "PWR", 0x4000_7000, APB1, 28),
        Place::gated(Block::Own(Own::Flash), "FLASH", 0x4002_2000, AHB1, 8),
        Place::gated(Block::Own(Own::Syscfg), "SYSCFG", 0x4001_0000, APB2, 0),
        Place::gated(Block::Gpio(0), "GPIOA", 0x4800_0000, AHB2, 0),
        Place::gated(Block::Gpio(1), "GPIOB", 0x4800_0400, AHB2, 1),
        Place::gated(Block::Gpio(2), "GPIOC", 0x4800_0800, AHB2, 2),
        Place::gated(Block::Gpio(3), "GPIOD", 0x4800_0c00, AHB2, 3),
        Place::gated(Block::Gpio(4), "GPIOE", 0x4800_1000, AHB2, 4),
        Place::gated(Block::I2c(0), "I2C1", 0x4000_5400, APB1, 21),
        Place::gated(Block::I2c(1), "I2C2", 0x4000_5800, APB1, 22),
        Place::gated(Block::I2c(2), "I2C3", 0x4000_5c00, APB1, 23),
        Place::gated(Block::Lptim1, "LPTIM1", 0x4000_7c00, APB1, 31),
        Place::ungated(Block::Iwdg, "IWDG", 0x4000_3000),
        Place::ungated(Block::Debug, "DBGMCU", 0xe004_2000),
    ];
    const LPTIM1_LINE: u16 = 65;
    const I2C_LINES: [(u16, u16); 3] = [(31, 32), (33, 34), (72, 73)];
    /// IDCODE, CR, APB1FZR1, APB1FZR2, APB2FZR.
    const DEBUG: &'static [Register] = &[
        Register::new(0x00, 0x1007_6415, 0),
        Register::new(0x04, 0, 0b111),
        Register::whole(0x08, 0),
        Register::whole(0x0c, 0),
        Register::whole(0x10, 0),
    ];
    const LPTIM: LptimVariant = LptimVariant::L4;
    /// 7 divides by 256 as 6 does.
    const IWDG_PRESCALER_MAX: u32 = 6;

    fn read(&self, own: Own, offset: u32, now: Time) -> Answer<u32> {
        match own {
            Own::Rcc => self.rcc.read(offset, now),
            Own::Power => self.power.read(offset),
            Own::Flash => self.flash.read(offset),
            Own::Syscfg => self.syscfg.read(offset),
            Own::Icache => Err(Refused::Unknown),
        }
    }

    fn write(&mut self, own: Own, offset: u32, value: u32, now: Time) -> Answer<()> {
        match own {
            Own::Rcc => self.rcc.write(offset, value, self.power.opens_backup(), now),
            Own::Power => self.power.write(offset, value),
            Own::Flash if offset == ACR && value & LATENCY > 4 => Err(Refused::Unknown),
            Own::Flash => self.flash.write(offset, value),
            Own::Syscfg => self.syscfg.write(offset, value),
            Own::Icache => Err(Refused::Unknown),
        }
    }

    fn reset_own(&mut self, own: Own, _: Time) {
        match own {
            Own::Power => self.power = Power::new(),
            Own::Flash => self.flash.reset(),
            Own::Syscfg => self.syscfg.reset(),
            Own::Rcc | Own::Icache => {}
        }
    }

    fn rcc(&self, bit: RccBit) -> bool {
        self.rcc.bit(bit)
    }

    fn due(&self, now: Time) -> Time {
        self.rcc.due(now)
    }

    fn core_clock(&self, _: Time) -> CoreClock {
        CoreClock {
            hz: self.rcc.core_hz(),
            wait_states: self.flash.bits(ACR, LATENCY),
        }
    }

    fn lptim1_clock(&self, now: Time) -> Option<Clock> {
        self.rcc.lptim1_clock(now)
    }

    fn i2c_hz(&self, controller: usize, now: Time) -> Option<u64> {
        self.rcc.i2c_hz(controller, now)
    }

    fn stop(&mut self, lptim1: bool) -> Result<(), &'static str> {
        self.power.stop()?;
        self.rcc.stop(lptim1)
    }

    fn reset(&mut self, cause: ResetCause, now: Time) {
        self.rcc.reset(cause, now);
        self.power = Power::new();
        self.flash.reset();
        self.syscfg.reset();
    }

    fn loads(&self, depth: Depth, mhz: u32) -> Vec<Load> {
        loads::of(&self.rcc, &self.power, depth, mhz)
    }

    fn lsi_is_on(&self) -> bool {
        self.rcc.lsi_is_on()
    }

    fn ports_clocked(&self, depth: Depth) -> u32 {
        self.rcc.ports_clocked(depth)
    }
}
