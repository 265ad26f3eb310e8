//! TWIM, the I2C controller with EasyDMA (nRF52840 PS v1.8, 6.31).
//!
//! Times are of whole bits at FREQUENCY: a start, a repeated start and a stop last one bit each (6.31.8: the hold and setup times
//! are one bit), an address and a byte nine. Clock stretching by a part is not modelled. EasyDMA always keeps up, so that
//! ERRORSRC.OVERRUN never comes. On a bus that is held low the transfer never goes on, until ENABLE ends it.

mod transfer;

use super::{
    gpio::{self, Gpio},
    registers::{Answer, Signals, triggered, within},
};
use crate::{
    bus::Refused,
    event::{Events, What},
    memory::Memory,
    soc::wires::I2cBus,
    time::Time,
};

const STOPPED: u32 = 1;
const ERROR: u32 = 9;
const SUSPENDED: u32 = 18;
const RXSTARTED: u32 = 19;
const TXSTARTED: u32 = 20;
const LASTRX: u32 = 23;
const LASTTX: u32 = 24;
const EVENTS: u32 =
    1 << STOPPED | 1 << ERROR | 1 << SUSPENDED | 1 << RXSTARTED | 1 << TXSTARTED | 1 << LASTRX | 1 << LASTTX;

/// ERRORSRC: a new byte came before the last one was in memory.
const OVERRUN: u32 = 1 << 0;
/// ERRORSRC: the address was not acknowledged.
const ANACK: u32 = 1 << 1;
/// ERRORSRC: a byte was not acknowledged.
const DNACK: u32 = 1 << 2;

/// Every shortcut that SHORTS has.
const SHORTS: u32 = 0b111_111 << 7;
/// PSEL: not connected.
const UNCONNECTED: u32 = 1 << 31;
/// The register that gives TWIM its pins.
pub(super) const ENABLE: u32 = 0x500;
/// ENABLE of TWIM.
const ENABLED: u32 = 6;

/// Which way data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Send,
    Receive,
}

/// What the controller does. Those with time have an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// A start condition and the address.
    Address(Way),
    /// A byte and its acknowledgement.
    Byte(Way),
    /// The buffer is through, or somebody did not acknowledge: SCL stays low until a task says how to go on.
    Waiting,
    Suspended,
    Stopping,
    /// The bus is held low.
    Stuck,
}

/// What a program, or a shortcut, has asked for and what has not happened yet.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    start: Option<Way>,
    suspend: bool,
    stop: bool,
}

/// A channel of EasyDMA.
#[derive(Debug, Clone, Copy, Default)]
struct Channel {
    pointer: u32,
    max_count: u32,
    amount: u32,
    /// The pointer and count of the transfer that runs.
    taken: (u32, u32),
}

/// What went over the bus since the start condition.
#[derive(Debug, Default)]
struct Log {
    from: Time,
    sent: Vec<u8>,
    received: Vec<u8>,
    refused: bool,
}

/// What lies around a controller: wires, memory and the record of what happens.
pub(super) struct Around<'a> {
    pub(super) gpio: &'a mut Gpio,
    pub(super) buses: &'a mut Vec<I2cBus>,
    pub(super) memory: &'a mut Memory,
    pub(super) events: &'a mut Events,
    /// Why the run has to end.
    pub(super) stop: &'a mut Option<String>,
}

/// A controller.
#[derive(Debug)]
pub(super) struct Twim {
    name: &'static str,
    signals: Signals,
    shorts: u32,
    error: u32,
    enabled: bool,
    scl: u32,
    sda: u32,
    frequency: u32,
    receive: Channel,
    send: Channel,
    address: u32,
    state: State,
    asked: Asked,
    log: Log,
    due: Time,
    /// The pins that were told last.
    told: Option<(u32, u32)>,
}

/// The rate of a value of FREQUENCY, in bits a second.
const fn bits_per_second(frequency: u32) -> Option<u64> {
    match frequency {
        0x0198_0000 => Some(100_000),
        0x0400_0000 => Some(250_000),
        // The value by which anomaly 219 is worked around.
        0x0620_0000 => Some(390_000),
        0x0640_0000 => Some(400_000),
        _ => None,
    }
}

/// The pin of a value of PSEL.
fn selected(select: u32) -> Option<usize> {
    (select & UNCONNECTED == 0).then_some(select as usize)
}

impl Twim {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            signals: Signals::new(EVENTS, true),
            shorts: 0,
            error: 0,
            enabled: false,
            scl: u32::MAX,
            sda: u32::MAX,
            frequency: 0x0400_0000,
            receive: Channel::default(),
            send: Channel::default(),
            address: 0,
            state: State::Idle,
            asked: Asked::default(),
            log: Log::default(),
            due: Time::NEVER,
            told: None,
        }
    }

    /// A reset leaves the wires as they are, whatever a part was saying.
    pub(super) fn reset(&mut self, buses: &mut [I2cBus]) {
        if self.state != State::Idle {
            buses.iter_mut().for_each(I2cBus::abandon);
        }
        *self = Self::new(self.name);
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// A transfer runs, or waits for a task or for the bus in its middle.
    pub(super) fn works(&self) -> bool {
        self.state != State::Idle
    }

    /// The bus between its pins has pull-ups outside the chip.
    pub(super) fn pulled_up(&self, buses: &[I2cBus]) -> bool {
        let pins = (selected(self.scl), selected(self.sda));
        let wiring = |bus: &I2cBus| (Some(bus.wiring().scl), Some(bus.wiring().sda));
        buses.iter().any(|bus| wiring(bus) == pins && bus.wiring().pull_ups)
    }

    pub(super) const fn due(&self) -> Time {
        self.due
    }

    pub(super) const fn line(&self) -> bool {
        self.signals.line()
    }

    /// The bus between the pins that are selected.
    fn bus<'b>(&self, buses: &'b mut [I2cBus]) -> Option<&'b mut I2cBus> {
        let (scl, sda) = (selected(self.scl)?, selected(self.sda)?);
        buses
            .iter_mut()
            .find(|bus| bus.wiring().scl == scl && bus.wiring().sda == sda)
    }

    /// A task.
    fn task(&mut self, offset: u32, now: Time, around: &mut Around<'_>) -> Answer<()> {
        match (offset, self.state) {
            _ if !self.enabled => {}
            (0x00, _) => self.start(Way::Receive, now, around),
            (0x08, _) => self.start(Way::Send, now, around),
            (0x14, State::Idle) => self.signals.raise(STOPPED),
            (0x14, State::Waiting) => self.stop(now, around),
            (0x14, _) => self.asked.stop = self.state != State::Stopping,
            (0x1c, State::Address(_) | State::Byte(_)) => self.asked.suspend = true,
            (0x1c, State::Waiting) => {
                self.state = State::Suspended;
                self.signals.raise(SUSPENDED);
            }
            (0x20, State::Suspended) => self.resume(now, around),
            (0x1c | 0x20, _) => {}
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    /// STARTTX or STARTRX: at once, or when what runs has ended.
    fn start(&mut self, way: Way, now: Time, around: &mut Around<'_>) {
        if matches!(self.state, State::Idle | State::Waiting) {
            self.begin(way, now, around);
        } else {
            self.asked.start = Some(way);
        }
    }

    /// RESUME: with what was asked for during the suspension, else with the rest of the buffer.
    fn resume(&mut self, now: Time, around: &mut Around<'_>) {
        if let Some(way) = self.asked.start.take() {
            self.state = State::Waiting;
            self.begin(way, now, around);
            return;
        }
        let left = |channel: &Channel| channel.taken.1 > channel.amount;
        let way = if left(&self.receive) && !left(&self.send) {
            Way::Receive
        } else {
            Way::Send
        };
        self.go_on(way, now, around);
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        if let Some(value) = self.signals.read(offset) {
            return Ok(value);
        }
        match offset {
            0x200 => Ok(self.shorts),
            0x4c4 => Ok(self.error),
            ENABLE => Ok(if self.enabled { ENABLED } else { 0 }),
            0x508 => Ok(self.scl),
            0x50c => Ok(self.sda),
            0x524 => Ok(self.frequency),
            0x534 => Ok(self.receive.pointer),
            0x538 => Ok(self.receive.max_count),
            0x53c => Ok(self.receive.amount),
            0x544 => Ok(self.send.pointer),
            0x548 => Ok(self.send.max_count),
            0x54c => Ok(self.send.amount),
            // RXD.LIST, TXD.LIST.
            0x540 | 0x550 => Ok(0),
            0x588 => Ok(self.address),
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time, around: &mut Around<'_>) -> Answer<()> {
        if let Some(answer) = self.signals.write(offset, value) {
            return answer;
        }
        match offset {
            0x00..=0x20 => {
                if triggered(value)? {
                    self.task(offset, now, around)?;
                }
            }
            0x200 => self.shorts = within(value, SHORTS)?,
            // Ones that are written are cleared.
            0x4c4 => self.error &= !within(value, OVERRUN | ANACK | DNACK)?,
            ENABLE => self.enable(value, now, around)?,
            // Pins are to be selected before ENABLE, and the rate may not change under a transfer.
            0x508 | 0x50c if self.enabled => return Err(Refused::Unknown),
            0x524 if self.state != State::Idle => return Err(Refused::Unknown),
            0x508 => self.scl = select(value)?,
            0x50c => self.sda = select(value)?,
            0x524 => self.frequency = bits_per_second(value).map(|_| value).ok_or(Refused::Unknown)?,
            0x534 => self.receive.pointer = value,
            0x538 => self.receive.max_count = within(value, 0xffff)?,
            0x544 => self.send.pointer = value,
            0x548 => self.send.max_count = within(value, 0xffff)?,
            // Lists of buffers are not modelled.
            0x540 | 0x550 => _ = within(value, 0)?,
            0x588 => self.address = within(value, 0x7f)?,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    /// ENABLE: takes the pins over, or gives them back and ends what ran.
    fn enable(&mut self, value: u32, now: Time, around: &mut Around<'_>) -> Answer<()> {
        let enabled = match value {
            0 => false,
            ENABLED => true,
            // SPIM, SPIS and TWIS, which share the addresses.
            _ => return Err(Refused::Unknown),
        };
        if enabled && self.told.replace((self.scl, self.sda)) != Some((self.scl, self.sda)) {
            let role = |role, select| selected(select).map(|pin| (role, gpio::name(pin)));
            let pins = [role("SCL", self.scl), role("SDA", self.sda)]
                .into_iter()
                .flatten()
                .collect();
            around.events.push(
                now,
                What::BusPins {
                    controller: self.name,
                    pins,
                },
            );
        }
        if !enabled && self.state != State::Idle {
            if let Some(bus) = self.bus(around.buses) {
                bus.abandon();
            }
            self.state = State::Idle;
            self.due = Time::NEVER;
            self.asked = Asked::default();
        }
        self.enabled = enabled;
        for pin in [self.scl, self.sda].into_iter().filter_map(selected) {
            around.gpio.own(pin, enabled);
        }
        Ok(())
    }
}

/// Checks a value of PSEL: one of the pins, or none.
fn select(value: u32) -> Answer<u32> {
    let sound = value & UNCONNECTED != 0 || (value as usize) < gpio::PINS;
    if sound { Ok(value) } else { Err(Refused::Unknown) }
}

#[cfg(test)]
mod tests;
