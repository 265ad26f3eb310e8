//! ST's STM32U575 around its core (reference manual RM0456; chapters are named at each peripheral). TrustZone is off, as the
//! factory's option bytes have it, so that peripherals lie at their non-secure addresses.
//!
//! Modelled are RCC, PWR, FLASH's latency, ICACHE's registers, the ports, LPTIM1, I2C1 to I2C3, IWDG, DBGMCU, and SYSCFG's
//! registers. PLLs, HSE, RTC, DMA, EXTI's registers, programming of flash and everything else are not. Memory whose supply a
//! program takes in Stop keeps its bytes here.

mod icache;
mod loads;
mod power;
mod rcc;

use self::{icache::Icache, power::Power, rcc::Rcc};
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
    core::{Profile, profile::CORTEX_M33},
    event::ResetCause,
    memory::{Memory, Region},
    power::Load,
    time::{Clock, Time},
};

/// The first address of flash.
pub const FLASH_BASE: u32 = 0x0800_0000;
/// Bytes of flash.
pub const FLASH_BYTES: usize = 2 * 1024 * 1024;
/// The first address of SRAM1 to SRAM3, which lie behind each other.
pub const SRAM_BASE: u32 = 0x2000_0000;
/// Bytes of SRAM1, SRAM2 and SRAM3: 192 KB, 64 KB and 512 KB.
pub const SRAM_BYTES: usize = 768 * 1024;

/// An STM32U575.
pub type Stm32u5 = Chip<U5>;

/// The core: the boot address chooses flash.
#[must_use]
pub fn profile() -> Profile {
    CORTEX_M33
        .with_vector_table(FLASH_BASE)
        .with_interrupts(125)
        .with_priority_bits(4)
}

/// The chip's memory: erased flash, and SRAM of zeros.
#[must_use]
pub fn memory() -> Memory {
    Memory::new(vec![
        Region::flash("flash", FLASH_BASE, FLASH_BYTES),
        Region::ram("SRAM", SRAM_BASE, SRAM_BYTES),
    ])
}

impl Stm32u5 {
    /// A chip as it comes on.
    #[must_use]
    pub fn new() -> Self {
        Self::with(U5 {
            rcc: Rcc::new(),
            power: Power::new(),
            flash: Bank::new(FLASH),
            icache: Icache::new(Time::ZERO),
            syscfg: Bank::new(SYSCFG),
        })
    }
}

impl Default for Stm32u5 {
    fn default() -> Self {
        Self::new()
    }
}

/// FLASH (RM0456, chapter FLASH): ACR with latency, prefetch and low-power reads. One wait state after a reset.
const FLASH: &[Register] = &[Register::new(ACR, 1, 0x490f)];
const ACR: u32 = 0x00;
const LATENCY: u32 = 0b1111;

/// SYSCFG (RM0456, chapter SYSCFG): the reference clock of the USB transceiver, which U575 has the register of.
const SYSCFG: &[Register] = &[Register::new(0x74, 0, 0b1111 << 2)];

/// The gate and the reset of a bus, as offsets in RCC.
const AHB1: (u32, u32) = (0x88, 0x60);
const AHB2: (u32, u32) = (0x8c, 0x64);
const AHB3: (u32, u32) = (0x94, 0x6c);
const APB1: (u32, u32) = (0x9c, 0x74);
const APB3: (u32, u32) = (0xa8, 0x80);

/// A peripheral with a gate and without a reset of its own.
const fn without_reset(place: Place) -> Place {
    Place { reset: None, ..place }
}

/// What the STM32U5 does in its own way.
#[derive(Debug)]
pub struct U5 {
    rcc: Rcc,
    power: Power,
    flash: Bank,
    icache: Icache,
    syscfg: Bank,
}

impl Family for U5 {
    const PLACES: &'static [Place] = &[
        Place::ungated(Block::Own(Own::Rcc), "RCC", 0x4602_0c00),
        without_reset(Place::gated(Block::Own(Own::Power), "PWR", 0x4602_0800, AHB3, 2)),
        without_reset(Place::gated(Block::Own(Own::Flash), "FLASH", 0x4002_2000, AHB1, 8)),
        Place::ungated(Block::Own(Own::Icache), "ICACHE", 0x4003_0400),
        Place::gated(Block::Own(Own::Syscfg), "SYSCFG", 0x4600_0400, APB3, 1),
        Place::gated(Block::Gpio(0), "GPIOA", 0x4202_0000, AHB2, 0),
        Place::gated(Block::Gpio(1), "GPIOB", 0x4202_0400, AHB2, 1),
        Place::gated(Block::Gpio(2), "GPIOC", 0x4202_0800, AHB2, 2),
        Place::gated(Block::Gpio(3), "GPIOD", 0x4202_0c00, AHB2, 3),
        Place::gated(Block::Gpio(4), "GPIOE", 0x4202_1000, AHB2, 4),
        Place::gated(Block::I2c(0), "I2C1", 0x4000_5400, APB1, 21),
        Place::gated(Block::I2c(1), "I2C2", 0x4000_5800, APB1, 22),
        Place::gated(Block::I2c(2), "I2C3", 0x4600_2800, APB3, 7),
        Place::gated(Block::Lptim1, "LPTIM1", 0x4600_4400, APB3, 11),
        Place::ungated(Block::Iwdg, "IWDG", 0x4000_3000),
        Place::ungated(Block::Debug, "DBGMCU", 0xe004_4000),
    ];
    const LPTIM1_LINE: u16 = 67;
    const I2C_LINES: [(u16, u16); 3] = [(55, 56), (57, 58), (88, 89)];
    /// IDCODE, CR, APB1LFZR, APB1HFZR, APB2FZR, APB3FZR.
    const DEBUG: &'static [Register] = &[
        Register::new(0x00, 0x3001_6482, 0),
        Register::new(0x04, 0, 0b110),
        Register::whole(0x08, 0),
        Register::whole(0x0c, 0),
        Register::whole(0x10, 0),
        Register::whole(0x14, 0),
    ];
    const LPTIM: LptimVariant = LptimVariant::U5;
    /// By 1,024.
    const IWDG_PRESCALER_MAX: u32 = 8;

    fn read(&self, own: Own, offset: u32, now: Time) -> Answer<u32> {
        match own {
            Own::Rcc => self.rcc.read(offset, now),
            Own::Power => self.power.read(offset, now),
            Own::Flash => self.flash.read(offset),
            Own::Icache => self.icache.read(offset, now),
            Own::Syscfg => self.syscfg.read(offset),
        }
    }

    fn write(&mut self, own: Own, offset: u32, value: u32, now: Time) -> Answer<()> {
        match own {
            Own::Rcc => self.rcc.write(offset, value, self.power.opens_backup(), now),
            Own::Power => self.power.write(offset, value, now),
            Own::Flash => self.flash.write(offset, value),
            Own::Icache => self.icache.write(offset, value, now),
            Own::Syscfg => self.syscfg.write(offset, value),
        }
    }

    fn reset_own(&mut self, own: Own, _: Time) {
        if own == Own::Syscfg {
            self.syscfg.reset();
        }
    }

    fn rcc(&self, bit: RccBit) -> bool {
        self.rcc.bit(bit)
    }

    fn due(&self, now: Time) -> Time {
        self.rcc.due(now).min(self.power.due(now)).min(self.icache.due(now))
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
        self.icache = Icache::new(now);
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
