//! I2C0 and I2C1, Synopsys' DW_apb_i2c as a controller of 7-bit addresses in fast mode (RP2350 data sheet, 12.2).
//!
//! Times are of whole bits by IC_FS_SCL_HCNT, IC_FS_SCL_LCNT and IC_FS_SPKLEN (12.2.14), without the wires' rise and fall: a start,
//! a repeated start and a stop last one bit each, an address and a byte nine. Clock stretching by a part, DMA, the target's side,
//! other speeds and an abort by the program are not modelled.

mod transfer;

use super::pin_names;
use crate::{
    bus::Refused,
    event::{Events, What},
    soc::{
        stm32::registers::{Answer, Bank, Register, within},
        wires::I2cBus,
    },
    time::Time,
};
use std::collections::VecDeque;

/// Registers.
mod reg {
    pub(super) const CON: u32 = 0x00;
    pub(super) const TAR: u32 = 0x04;
    pub(super) const DATA_CMD: u32 = 0x10;
    pub(super) const FS_SCL_HCNT: u32 = 0x1c;
    pub(super) const FS_SCL_LCNT: u32 = 0x20;
    pub(super) const INTR_STAT: u32 = 0x2c;
    pub(super) const INTR_MASK: u32 = 0x30;
    pub(super) const RAW_INTR_STAT: u32 = 0x34;
    pub(super) const RX_TL: u32 = 0x38;
    pub(super) const TX_TL: u32 = 0x3c;
    pub(super) const CLR_INTR: u32 = 0x40;
    pub(super) const ENABLE: u32 = 0x6c;
    pub(super) const STATUS: u32 = 0x70;
    pub(super) const TXFLR: u32 = 0x74;
    pub(super) const RXFLR: u32 = 0x78;
    pub(super) const SDA_HOLD: u32 = 0x7c;
    pub(super) const TX_ABRT_SOURCE: u32 = 0x80;
    pub(super) const ENABLE_STATUS: u32 = 0x9c;
    pub(super) const FS_SPKLEN: u32 = 0xa0;
}

/// Bits of the interrupt registers.
mod irq {
    pub(super) const RX_UNDER: u32 = 1;
    pub(super) const RX_OVER: u32 = 1 << 1;
    pub(super) const RX_FULL: u32 = 1 << 2;
    pub(super) const TX_OVER: u32 = 1 << 3;
    pub(super) const TX_EMPTY: u32 = 1 << 4;
    pub(super) const TX_ABRT: u32 = 1 << 6;
    pub(super) const ACTIVITY: u32 = 1 << 8;
    pub(super) const STOP_DET: u32 = 1 << 9;
    pub(super) const START_DET: u32 = 1 << 10;
    pub(super) const RESTART_DET: u32 = 1 << 12;
    pub(super) const ALL: u32 = 0x1fff;
}

/// Registers whose reading clears a bit of the interrupts, and the bit. Those of a target are never set here.
const CLEARING: &[(u32, u32)] = &[
    (0x44, irq::RX_UNDER),
    (0x48, irq::RX_OVER),
    (0x4c, irq::TX_OVER),
    (0x50, 1 << 5),
    (0x54, irq::TX_ABRT),
    (0x58, 1 << 7),
    (0x5c, irq::ACTIVITY),
    (0x60, irq::STOP_DET),
    (0x64, irq::START_DET),
    (0x68, 1 << 11),
    (0xa8, irq::RESTART_DET),
];

/// IC_CON after a reset: a controller, fast, that may repeat a start, and no target. Nothing else is modelled.
const CON: u32 = 0x65;
/// Entries of each FIFO.
const FIFO: usize = 16;

/// IC_DATA_CMD, as it is written: receive a byte, and begin or end by a condition.
const READ: u32 = 1 << 8;
const STOP: u32 = 1 << 9;
const RESTART: u32 = 1 << 10;

/// IC_TX_ABRT_SOURCE: the address or a byte was not acknowledged, or somebody else has the bus.
const ADDRESS_REFUSED: u32 = 1;
const BYTE_REFUSED: u32 = 1 << 3;
const LOST: u32 = 1 << 12;

/// What the controller does. Those with time have an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// A start condition and the address, for a command.
    Address(u32),
    /// The byte of a command with its acknowledgement.
    Byte(u32),
    /// There is no command: SCL is held low until one comes. The last one received, or it did not.
    Waiting {
        read: bool,
    },
    Stopping,
    /// The bus is held by somebody else, or a wire has no pull-up.
    Stuck,
}

/// What went over the bus since the start condition.
#[derive(Debug, Default)]
struct Log {
    from: Time,
    sent: Vec<u8>,
    received: Vec<u8>,
    refused: bool,
}

/// What lies around a controller.
pub(super) struct Around<'a> {
    /// Both pins are the controller's, and high where nobody drives them low.
    pub(super) free: bool,
    /// The clock of the controller, which is the system clock, if it has one.
    pub(super) hz: Option<u64>,
    /// What is between its pins.
    pub(super) bus: Option<&'a mut I2cBus>,
    pub(super) events: &'a mut Events,
}

/// A controller.
#[derive(Debug)]
pub(super) struct I2c {
    name: &'static str,
    bank: Bank,
    enabled: bool,
    commands: VecDeque<u32>,
    received: VecDeque<u8>,
    /// Interrupts that stay until they are cleared.
    raised: u32,
    mask: u32,
    abort_source: u32,
    state: State,
    log: Log,
    due: Time,
    /// The pins that were told last.
    told: Vec<(&'static str, usize)>,
}

impl I2c {
    pub(super) fn new(name: &'static str) -> Self {
        const TABLE: &[Register] = &[
            Register::new(reg::CON, CON, 0),
            Register::new(reg::TAR, 0x55, 0x7f),
            Register::new(reg::FS_SCL_HCNT, 0x06, 0xffff),
            Register::new(reg::FS_SCL_LCNT, 0x0d, 0xffff),
            Register::new(reg::RX_TL, 0, 0xff),
            Register::new(reg::TX_TL, 0, 0xff),
            Register::new(reg::SDA_HOLD, 1, 0xff_ffff),
            Register::new(reg::FS_SPKLEN, 7, 0xff),
        ];
        Self {
            name,
            bank: Bank::new(TABLE),
            enabled: false,
            commands: VecDeque::new(),
            received: VecDeque::new(),
            raised: 0,
            mask: 0x8ff,
            abort_source: 0,
            state: State::Idle,
            log: Log::default(),
            due: Time::NEVER,
            told: Vec::new(),
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// RESETS resets it: whatever a part was saying, nobody listens any more.
    pub(super) fn reset(&mut self, around: &mut Around<'_>) {
        if self.state != State::Idle
            && let Some(bus) = around.bus.as_deref_mut()
        {
            bus.abandon();
        }
        let told = std::mem::take(&mut self.told);
        *self = Self {
            told,
            ..Self::new(self.name)
        };
    }

    pub(super) const fn due(&self) -> Time {
        self.due
    }

    /// A transfer runs, or waits for a command or for the bus in its middle.
    pub(super) fn works(&self) -> bool {
        self.state != State::Idle
    }

    /// A transfer is running that needs the clock.
    pub(super) fn is_busy(&self) -> bool {
        self.due != Time::NEVER
    }

    pub(super) fn line(&self) -> bool {
        self.raw() & self.mask != 0
    }

    fn raw(&self) -> u32 {
        let level = |offset| self.bank.bits(offset, 0xff) as usize;
        let full = self.received.len() > level(reg::RX_TL);
        // TX_EMPTY_CTRL is 0: the FIFO alone counts.
        let empty = self.enabled && self.commands.len() <= level(reg::TX_TL);
        let bit = |set, bit| if set { bit } else { 0 };
        self.raised | bit(full, irq::RX_FULL) | bit(empty, irq::TX_EMPTY)
    }

    fn status(&self) -> u32 {
        let active = u32::from(self.state != State::Idle);
        let (sends, receives) = (self.commands.len(), self.received.len());
        active
            | u32::from(sends < FIFO) << 1
            | u32::from(sends == 0) << 2
            | u32::from(receives > 0) << 3
            | u32::from(receives == FIFO) << 4
            | active << 5
    }

    /// A register's value, which reading it does not change anything of.
    pub(super) fn peek(&self, offset: u32) -> Answer<u32> {
        match offset {
            reg::INTR_STAT => Ok(self.raw() & self.mask),
            reg::INTR_MASK => Ok(self.mask),
            reg::RAW_INTR_STAT => Ok(self.raw()),
            reg::ENABLE | reg::ENABLE_STATUS => Ok(self.enabled.into()),
            reg::STATUS => Ok(self.status()),
            reg::TXFLR => Ok(self.commands.len() as u32),
            reg::RXFLR => Ok(self.received.len() as u32),
            reg::TX_ABRT_SOURCE => Ok(self.abort_source),
            _ => self.bank.read(offset),
        }
    }

    pub(super) fn read(&mut self, offset: u32) -> Answer<u32> {
        if let Some((_, bit)) = CLEARING.iter().find(|(register, _)| *register == offset) {
            return Ok(u32::from(self.clear(*bit) != 0));
        }
        match offset {
            reg::DATA_CMD => Ok(match self.received.pop_front() {
                Some(byte) => byte.into(),
                None => {
                    self.raised |= irq::RX_UNDER;
                    0
                }
            }),
            reg::CLR_INTR => Ok(u32::from(self.clear(irq::ALL) != 0)),
            _ => self.peek(offset),
        }
    }

    /// Clears interrupts; which ones there were.
    fn clear(&mut self, bits: u32) -> u32 {
        let there = self.raised & bits;
        self.raised &= !bits;
        if bits & irq::TX_ABRT != 0 {
            self.abort_source = 0;
        }
        there
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time, around: &mut Around<'_>) -> Answer<()> {
        match offset {
            reg::DATA_CMD if self.enabled => self.command(value, now, around)?,
            reg::ENABLE => self.enable(within(value, 1)? != 0)?,
            reg::INTR_MASK => self.mask = within(value, irq::ALL)?,
            reg::CON if value != CON => return Err(Refused::Unknown),
            // These may be written while it is disabled only.
            reg::CON | reg::TAR | reg::FS_SCL_HCNT | reg::FS_SCL_LCNT | reg::SDA_HOLD | reg::FS_SPKLEN
                if self.enabled =>
            {
                return Err(Refused::Unknown);
            }
            _ => self.bank.write(offset, value)?,
        }
        Ok(())
    }

    /// A command for the FIFO.
    fn command(&mut self, value: u32, now: Time, around: &mut Around<'_>) -> Answer<()> {
        let command = within(value, 0xff | READ | STOP | RESTART)?;
        if self.raised & irq::TX_ABRT != 0 {
            // The FIFO stays empty until the abort has been cleared.
        } else if self.commands.len() < FIFO {
            self.commands.push_back(command);
        } else {
            self.raised |= irq::TX_OVER;
        }
        match self.state {
            State::Idle => self.begin(now, around),
            State::Waiting { read } => self.go_on(read, now, around),
            _ => {}
        }
        Ok(())
    }

    /// Enables it; or disables it, which empties its FIFOs. To disable it within a transfer is not
    /// modelled.
    fn enable(&mut self, enabled: bool) -> Answer<()> {
        if !enabled && self.state != State::Idle {
            return Err(Refused::Unknown);
        }
        if !enabled {
            self.commands.clear();
            self.received.clear();
        }
        self.enabled = enabled;
        Ok(())
    }

    /// Its pins, when it has just been enabled with other ones than before.
    pub(super) fn tell(&mut self, pins: Vec<(&'static str, usize)>) -> Option<What> {
        if !self.enabled || self.told == pins {
            return None;
        }
        self.told.clone_from(&pins);
        Some(What::BusPins {
            controller: self.name,
            pins: pins
                .into_iter()
                .map(|(role, pin)| (role, pin_names::name(pin)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests;
