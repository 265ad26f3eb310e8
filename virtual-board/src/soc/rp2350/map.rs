//! Where the peripherals lie (RP2350 data sheet, 2.2 Address map), and the aliases through which a store changes bits (2.1.3 Atomic
//! register access).

use super::resets;
use crate::{
    bus::{Access, Refused},
    soc::stm32::registers::Answer,
};

/// A peripheral, by its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Clocks,
    Psm,
    Resets,
    IoBank0,
    PadsBank0,
    Xosc,
    Pll(usize),
    I2c(usize),
    Timer0,
    Watchdog,
    Rosc,
    Powman,
    Ticks,
    Sio,
}

/// A peripheral's place: its first address, its name, and its bit of RESETS, 0 where nothing holds it in reset.
struct Place(u32, Block, &'static str, u32);

const PLACES: &[Place] = &[
    Place(0x4001_0000, Block::Clocks, "CLOCKS", 0),
    Place(0x4001_8000, Block::Psm, "PSM", 0),
    Place(0x4002_0000, Block::Resets, "RESETS", 0),
    Place(0x4002_8000, Block::IoBank0, "IO_BANK0", resets::IO_BANK0),
    Place(0x4003_8000, Block::PadsBank0, "PADS_BANK0", resets::PADS_BANK0),
    Place(0x4004_8000, Block::Xosc, "XOSC", 0),
    Place(0x4005_0000, Block::Pll(0), "PLL_SYS", resets::PLLS[0]),
    Place(0x4005_8000, Block::Pll(1), "PLL_USB", resets::PLLS[1]),
    Place(0x4009_0000, Block::I2c(0), "I2C0", resets::I2C[0]),
    Place(0x4009_8000, Block::I2c(1), "I2C1", resets::I2C[1]),
    Place(0x400b_0000, Block::Timer0, "TIMER0", resets::TIMER0),
    Place(0x400d_8000, Block::Watchdog, "WATCHDOG", 0),
    Place(0x400e_8000, Block::Rosc, "ROSC", 0),
    Place(0x4010_0000, Block::Powman, "POWMAN", 0),
    Place(0x4010_8000, Block::Ticks, "TICKS", 0),
    Place(0xd000_0000, Block::Sio, "SIO", 0),
];

/// Where an access goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) block: Block,
    pub(super) name: &'static str,
    pub(super) reset: u32,
    pub(super) base: u32,
    pub(super) offset: u32,
    /// How a store through one of the aliases changes the register (2.1.3 Atomic register access).
    pub(super) alias: Alias,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alias {
    Plain,
    Xor,
    Set,
    Clear,
}

/// The peripheral at an address.
pub(super) fn target(access: Access) -> Answer<Target> {
    let address = access.address;
    let is_sio = address >> 28 == 0xd;
    let mask = if is_sio { 0xfff } else { 0x3fff };
    let Some(&Place(base, block, name, reset)) = PLACES.iter().find(|place| place.0 == address & !mask) else {
        return Err(elsewhere(address));
    };
    if !access.is_whole_word() {
        return Err(Refused::Unknown);
    }
    let alias = match address >> 12 & 3 {
        _ if is_sio => Alias::Plain,
        0 => Alias::Plain,
        1 => Alias::Xor,
        2 => Alias::Set,
        _ => Alias::Clear,
    };
    Ok(Target {
        block,
        name,
        reset,
        base,
        offset: address & 0xfff,
        alias,
    })
}

/// What an address means at which no model is.
fn elsewhere(address: u32) -> Refused {
    match address {
        // Boot ROM; flash, its cache and its other windows; peripherals; SIO; what the core's maker has left to the chip's.
        0..=0x7fff
        | 0x1000_0000..=0x1fff_ffff
        | 0x4000_0000..=0x5fff_ffff
        | 0xd000_0000..=0xd003_ffff
        | 0xe008_0000..=0xe008_0fff => Refused::Unknown,
        _ => Refused::Fault,
    }
}
