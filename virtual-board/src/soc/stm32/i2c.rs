//! I2C, the controller of version 2 (RM0351, chapter I2C; RM0456, chapter I2C), as the only controller of a bus.
//!
//! Times are of whole bits: a start, a repeated start and a stop last one bit each, an address and a byte nine, of which the last is
//! the acknowledgement. A bit is that of TIMINGR, and what it takes the controller to see an edge of SCL (`Timing`). While a program
//! lets it wait for data, the controller holds SCL. On a bus that is held low a start condition never comes, until PE ends the wait.
//!
//! What it does as a part, addresses of 10 bits, SMBus (packet errors, time limits), DMA and the wake-up from Stop end the run. So does
//! what the manuals leave open, such as a start condition in the middle of a byte.

mod timing;
mod transfer;

use self::timing::Timing;
use super::registers::{Answer, Bank, Register, within};
use crate::{bus::Refused, event::Events, soc::wires::I2cBus, time::Time};

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const TIMINGR: u32 = 0x10;
const ISR: u32 = 0x18;
const ICR: u32 = 0x1c;
const RXDR: u32 = 0x24;
const TXDR: u32 = 0x28;

/// CR1: the controller is on.
const PE: u32 = 1;
/// CR1: the filters, which may change only while the controller is off: DNF and ANFOFF.
const FILTERS: u32 = 0xf << 8 | ANFOFF;
const ANFOFF: u32 = 1 << 12;
/// CR1: both noise filters, clock stretching as a part, and all interrupts.
const CR1_KEPT: u32 = PE | INTERRUPTS | FILTERS | 1 << 17;
/// CR1: TXIE, RXIE, ADDRIE, NACKIE, STOPIE, TCIE, ERRIE.
const INTERRUPTS: u32 = 0xfe;

/// CR2.
mod cr2 {
    pub(super) const READ: u32 = 1 << 10;
    /// ADD10.
    pub(super) const TEN_BITS: u32 = 1 << 11;
    pub(super) const START: u32 = 1 << 13;
    pub(super) const STOP: u32 = 1 << 14;
    pub(super) const BYTES: u32 = 0xff << 16;
    pub(super) const RELOAD: u32 = 1 << 24;
    pub(super) const AUTOEND: u32 = 1 << 25;
    /// Address, direction, length, and how the transfer ends.
    pub(super) const KEPT: u32 = 0x03ff_1fff;
    /// What may not change while START is set.
    pub(super) const LOCKED: u32 = 0x00ff_1fff;
}

/// ISR.
mod isr {
    pub(super) const TXE: u32 = 1;
    pub(super) const TXIS: u32 = 1 << 1;
    pub(super) const RXNE: u32 = 1 << 2;
    pub(super) const NACKF: u32 = 1 << 4;
    pub(super) const STOPF: u32 = 1 << 5;
    pub(super) const TC: u32 = 1 << 6;
    pub(super) const TCR: u32 = 1 << 7;
    pub(super) const ARLO: u32 = 1 << 9;
    pub(super) const BUSY: u32 = 1 << 15;
}

/// ICR: every flag that it clears.
const CLEARABLE: u32 = 0x3f38;

const TABLE: &[Register] = &[
    Register::new(CR1, 0, CR1_KEPT),
    // OAR1, OAR2: its own addresses, at which nobody calls it.
    Register::new(0x08, 0, 0x87ff),
    Register::new(0x0c, 0, 0x87fe),
    Register::new(TIMINGR, 0, 0xf0ff_ffff),
    // TIMEOUTR, PECR.
    Register::new(0x14, 0, 0),
    Register::new(0x20, 0, 0),
];

/// What the controller does. Those with time have an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// A start condition and an address.
    Address,
    /// A byte goes out and is acknowledged.
    Sending,
    /// SCL is low until the program writes a byte (TXIS).
    Empty,
    /// Eight bits come in.
    Receiving,
    /// SCL is low until the program reads the byte before.
    Full,
    /// The ninth bit of a byte that came in.
    Acknowledging,
    /// SCL is low until the program says how to go on (TC, TCR).
    Complete,
    Stopping,
    /// The bus is held low, or has no clock.
    Stuck,
}

/// What went over the bus since the start condition.
#[derive(Debug, Default)]
struct Log {
    from: Time,
    address: u8,
    sent: Vec<u8>,
    received: Vec<u8>,
    refused: bool,
}

/// What lies around a controller.
pub(super) struct Around<'a> {
    /// The controller's name, as the manual has it.
    pub(super) name: &'static str,
    /// The bus at the pins that it has.
    pub(super) bus: Option<&'a mut I2cBus>,
    /// It has both pins, and something pulls them up.
    pub(super) pulled_up: bool,
    /// Its kernel clock in hertz, if that runs.
    pub(super) kernel_hz: Option<u64>,
    pub(super) events: &'a mut Events,
}

/// A controller.
#[derive(Debug)]
pub(super) struct I2c {
    bank: Bank,
    cr2: u32,
    isr: u32,
    /// START and STOP, until hardware clears them.
    start: bool,
    stop: bool,
    /// A byte that waits to be sent.
    transmit: Option<u8>,
    receive: u8,
    /// The byte that comes in or goes out.
    shift: u8,
    /// How many bytes of NBYTES are still to come.
    left: u32,
    state: State,
    log: Log,
    due: Time,
}

impl I2c {
    pub(super) fn new() -> Self {
        Self {
            bank: Bank::new(TABLE),
            cr2: 0,
            isr: isr::TXE,
            start: false,
            stop: false,
            transmit: None,
            receive: 0,
            shift: 0,
            left: 0,
            state: State::Idle,
            log: Log::default(),
            due: Time::NEVER,
        }
    }

    /// A reset leaves the wires as they are, whatever a part was saying.
    pub(super) fn reset(&mut self, around: &mut Around<'_>) {
        self.let_go(around.bus.as_deref_mut());
        *self = Self::new();
    }

    /// Whether it is on.
    pub(super) fn is_on(&self) -> bool {
        self.bank.bits(CR1, PE) != 0
    }

    /// Whether nothing goes over the bus, and nothing is to.
    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    pub(super) const fn due(&self) -> Time {
        self.due
    }

    /// The lines of its events and of its errors.
    pub(super) fn lines(&self) -> (bool, bool) {
        let enabled = self.bank.bits(CR1, INTERRUPTS);
        // TXIE to TCIE stand where their flags do; TCIE is TCR's too.
        let flags = isr::TXIS | isr::RXNE | isr::NACKF | isr::STOPF;
        let flags = self.isr & flags | (self.isr | self.isr >> 1) & isr::TC;
        let error = self.isr & isr::ARLO != 0 && enabled & 1 << 7 != 0;
        (flags & enabled != 0, error)
    }

    /// A program reads a register.
    pub(super) fn read(&mut self, offset: u32, now: Time, around: &mut Around<'_>) -> Answer<u32> {
        let bit = |set, bit| if set { bit } else { 0 };
        match offset {
            CR2 => Ok(self.cr2 | bit(self.start, cr2::START) | bit(self.stop, cr2::STOP)),
            ISR => {
                // SDA that somebody pulls low is a start condition of somebody else's.
                Ok(self.isr | bit(self.is_on() && self.is_held(around, now), isr::BUSY))
            }
            ICR => Ok(0),
            RXDR => {
                let byte = self.receive;
                self.isr &= !isr::RXNE;
                if self.state == State::Full {
                    self.take_in(now, around);
                }
                Ok(byte.into())
            }
            TXDR => Ok(self.transmit.map_or(0, u32::from)),
            _ => self.bank.read(offset),
        }
    }

    /// A program writes a register.
    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time, around: &mut Around<'_>) -> Answer<()> {
        match offset {
            CR1 => self.write_cr1(value, around),
            CR2 => self.write_cr2(value, now, around),
            TIMINGR if self.is_on() => Err(Refused::Unknown),
            // TXE is set by a program to empty the register.
            ISR => {
                if within(value, isr::TXE)? != 0 {
                    self.transmit = None;
                    self.isr |= isr::TXE;
                }
                Ok(())
            }
            ICR => {
                self.isr &= !within(value, CLEARABLE)?;
                Ok(())
            }
            TXDR => {
                self.transmit = u8::try_from(value).map(Some).map_err(|_| Refused::Unknown)?;
                self.isr &= !(isr::TXE | isr::TXIS);
                if self.state == State::Empty {
                    self.send(now, around);
                }
                Ok(())
            }
            _ => self.bank.write(offset, value),
        }
    }

    fn write_cr1(&mut self, value: u32, around: &mut Around<'_>) -> Answer<()> {
        let changes = value ^ self.bank.bits(CR1, u32::MAX);
        if self.is_on() && value & PE != 0 && changes & FILTERS != 0 {
            return Err(Refused::Unknown);
        }
        self.bank.write(CR1, value)?;
        if !self.is_on() {
            self.let_go(around.bus.as_deref_mut());
        }
        Ok(())
    }

    /// PE is cleared: what ran has ended, and flags are as after a reset. Settings stay.
    fn let_go(&mut self, bus: Option<&mut I2cBus>) {
        if self.state != State::Idle
            && let Some(bus) = bus
        {
            bus.abandon();
        }
        self.state = State::Idle;
        self.due = Time::NEVER;
        self.isr = isr::TXE;
        self.transmit = None;
        self.start = false;
        self.stop = false;
    }

    fn write_cr2(&mut self, value: u32, now: Time, around: &mut Around<'_>) -> Answer<()> {
        let kept = within(value, cr2::KEPT | cr2::START | cr2::STOP)? & cr2::KEPT;
        let waits = self.start && self.state == State::Address;
        if waits && (kept ^ self.cr2) & cr2::LOCKED != 0 {
            return Err(Refused::Unknown);
        }
        self.cr2 = kept;
        // Zeros change nothing in START and STOP, and a controller that is off has neither.
        if !self.is_on() {
            return Ok(());
        }
        if value & cr2::STOP != 0 {
            self.ask_for_stop(now, around)?;
        }
        if value & cr2::START != 0 && !self.start {
            self.ask_for_start(now, around)?;
        } else if self.isr & isr::TCR != 0 && self.state == State::Complete && kept & cr2::BYTES != 0 {
            // More bytes of the same transfer.
            self.isr &= !isr::TCR;
            self.left = self.length();
            self.go_on(now, around);
        }
        Ok(())
    }

    fn ask_for_start(&mut self, now: Time, around: &mut Around<'_>) -> Answer<()> {
        if self.cr2 & cr2::TEN_BITS != 0 {
            return Err(Refused::Unknown);
        }
        match self.state {
            State::Idle => self.begin(now, around),
            State::Complete if self.isr & isr::TC != 0 => self.begin(now, around),
            // It comes when the bus is free.
            State::Stopping => self.start = true,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    fn ask_for_stop(&mut self, now: Time, around: &mut Around<'_>) -> Answer<()> {
        match self.state {
            // Nothing of its own is to be stopped: the bit waits for somebody else's stop condition.
            State::Idle if !self.is_held(around, now) => return Err(Refused::Unknown),
            State::Complete | State::Empty => self.end(now, around),
            _ => self.stop = true,
        }
        Ok(())
    }

    /// NBYTES.
    const fn length(&self) -> u32 {
        (self.cr2 & cr2::BYTES) >> 16
    }

    const fn reads(&self) -> bool {
        self.cr2 & cr2::READ != 0
    }

    /// The length of some bits; none where the kernel clock does not run.
    fn bits(&self, count: u64, around: &Around<'_>) -> Option<Time> {
        let timing = Timing {
            timingr: self.bank.bits(TIMINGR, u32::MAX),
            cr1: self.bank.bits(CR1, FILTERS),
        };
        let extra = around.bus.as_ref().map_or(Time::ZERO, |bus| bus.extra_per_bit);
        let bit = timing.bit(around.kernel_hz?) + extra;
        Some(Time::from_ps(bit.ps().saturating_mul(count)))
    }
}

#[cfg(test)]
mod tests;
