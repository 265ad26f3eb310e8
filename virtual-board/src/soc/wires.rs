//! The wires of I2C buses outside the chip: which pins they join, who pulls them, which parts hang on them, and what is wrong
//! with them.

use crate::{
    event::{Events, What},
    part::I2cPart,
    power::PartPower,
    time::Time,
};

/// A bus as it is soldered. Pins have the numbers that the chip counts them by: on an nRF52840 P0.00 is 0 and P1.15 is 47, on an
/// STM32 PA0 is 0 and PB10 is 26.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wiring {
    /// The chip's pin at SCL.
    pub scl: usize,
    /// The chip's pin at SDA.
    pub sda: usize,
    /// The bus has pull-up resistors outside the chip.
    pub pull_ups: bool,
}

/// One of the two wires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// The clock.
    Scl,
    /// The data.
    Sda,
}

/// A part on a bus.
struct Mounted {
    part: Box<dyn I2cPart>,
    /// It answers from this instant on.
    from: Time,
    /// What it draws, as told last.
    told: Option<PartPower>,
}

/// What a program does to the wires by hand, without a controller.
#[derive(Debug, Default)]
struct Hand {
    /// SCL and SDA as they were.
    before: Option<(bool, bool)>,
    /// Clock pulses since a start condition by hand, if there was one.
    started: Option<u32>,
}

/// A bus, its parts and its faults.
pub struct I2cBus {
    wiring: Wiring,
    parts: Vec<Mounted>,
    /// The part that was addressed last.
    active: Option<usize>,
    held: Option<(Wire, Time, Time)>,
    /// What weak pull-ups add to each bit.
    pub(super) extra_per_bit: Time,
    hand: Hand,
}

impl std::fmt::Debug for I2cBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("I2cBus")
            .field("wiring", &self.wiring)
            .field("parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}

/// The bus between a pair of pins. There is one as soon as somebody asks; its pull-ups are as told first.
pub(super) fn between(buses: &mut Vec<I2cBus>, wiring: Wiring) -> &mut I2cBus {
    let same = |bus: &I2cBus| (bus.wiring().scl, bus.wiring().sda) == (wiring.scl, wiring.sda);
    let index = buses.iter().position(same).unwrap_or_else(|| {
        buses.push(I2cBus::new(wiring));
        buses.len() - 1
    });
    &mut buses[index]
}

impl I2cBus {
    pub(super) fn new(wiring: Wiring) -> Self {
        Self {
            wiring,
            parts: Vec::new(),
            active: None,
            held: None,
            extra_per_bit: Time::ZERO,
            hand: Hand::default(),
        }
    }

    pub(super) const fn wiring(&self) -> Wiring {
        self.wiring
    }

    /// Connects a part.
    pub fn mount(&mut self, part: Box<dyn I2cPart>) {
        self.parts.push(Mounted {
            part,
            from: Time::ZERO,
            told: None,
        });
    }

    /// A fault: the part with an address answers from an instant on only; [`Time::NEVER`] for one that is missing.
    pub fn appears(&mut self, address: u8, from: Time) {
        self.parts
            .iter_mut()
            .filter(|mounted| mounted.part.address() == address)
            .for_each(|mounted| mounted.from = from);
    }

    /// A fault: something outside the chip holds a wire low from one instant until another.
    pub fn hold(&mut self, wire: Wire, from: Time, until: Time) {
        self.held = Some((wire, from, until));
    }

    /// A fault: weak pull-ups lengthen every bit.
    pub fn slow_down(&mut self, extra_per_bit: Time) {
        self.extra_per_bit = extra_per_bit;
    }

    /// Whether something that is no part holds a wire low.
    fn broken(&self, wire: Wire, now: Time) -> bool {
        self.held
            .is_some_and(|(held, from, until)| held == wire && (from..until).contains(&now))
    }

    /// Whether something outside the chip, a part included, holds a wire low.
    pub(super) fn held(&self, wire: Wire, now: Time) -> bool {
        let part = |mounted: &Mounted| mounted.from <= now && mounted.part.holds_sda(now);
        self.broken(wire, now) || (wire == Wire::Sda && self.parts.iter().any(part))
    }

    /// A start or repeated start with its address; whether a part acknowledges.
    pub(super) fn start(&mut self, address: u8, read: bool, now: Time, events: &mut Events) -> bool {
        let answers = |mounted: &Mounted| mounted.from <= now && mounted.part.address() == address;
        self.active = self.parts.iter().position(answers);
        self.part().is_some_and(|part| part.start(read, now, events))
    }

    /// Tells what the parts draw, where that has changed.
    pub(super) fn tell_power(&mut self, now: Time, events: &mut Events) {
        for Mounted { part, told, .. } in &mut self.parts {
            let power = part.power();
            if told.replace(power) != Some(power) {
                let part = part.name();
                events.push(now, What::PartPower { part, power });
            }
        }
    }

    fn part(&mut self) -> Option<&mut dyn I2cPart> {
        let mounted = self.parts.get_mut(self.active?)?;
        Some(mounted.part.as_mut())
    }

    pub(super) fn write(&mut self, byte: u8, now: Time, events: &mut Events) -> bool {
        let taken = self.part().is_some_and(|part| part.write(byte, now, events));
        self.tell_power(now, events);
        taken
    }

    /// Nobody drives the wire where nobody answers: the pull-up's ones are read.
    pub(super) fn read(&mut self, now: Time, events: &mut Events) -> u8 {
        self.part().map_or(0xff, |part| part.read(now, events))
    }

    pub(super) fn stop(&mut self, now: Time, events: &mut Events) {
        if let Some(part) = self.part() {
            part.stop(now, events);
        }
        self.tell_power(now, events);
        self.active = None;
    }

    /// The controller let go of the bus in the middle.
    pub(super) fn abandon(&mut self) {
        self.active = None;
    }

    /// The parts on the bus.
    pub(super) fn parts(&self) -> impl Iterator<Item = &dyn I2cPart> {
        self.parts.iter().map(|mounted| mounted.part.as_ref())
    }

    /// Why a part wants the run to end.
    pub(super) fn take_stop(&mut self) -> Option<String> {
        self.parts.iter_mut().find_map(|mounted| mounted.part.take_stop())
    }

    /// The levels of SCL and SDA after a change that a program made by hand. A falling SCL is a clock pulse for the parts; SDA
    /// that rises while SCL is high is a stop.
    ///
    /// # Errors
    /// The program sends bytes by hand, which no model of a part follows.
    pub(super) fn levels(&mut self, scl: bool, sda: bool, now: Time, events: &mut Events) -> Result<(), String> {
        let (old_scl, old_sda) = self.hand.before.replace((scl, sda)).unwrap_or((true, true));
        if old_scl && !scl {
            self.pulse(now)?;
        }
        if old_scl && scl && old_sda != sda {
            // A wire that somebody else pulls down is no start condition of the program's.
            self.hand.started = (!sda && !self.held(Wire::Sda, now)).then_some(0);
            if sda {
                self.parts
                    .iter_mut()
                    .filter(|mounted| mounted.from <= now)
                    .for_each(|mounted| mounted.part.stop(now, events));
                self.active = None;
            }
        }
        Ok(())
    }

    /// SCL fell.
    fn pulse(&mut self, now: Time) -> Result<(), String> {
        if let Some(pulses) = &mut self.hand.started {
            *pulses += 1;
            if *pulses > 8 {
                return Err("bytes sent over I2C by hand, after a start condition, are not modelled".to_owned());
            }
        }
        self.parts
            .iter_mut()
            .filter(|mounted| mounted.from <= now)
            .for_each(|mounted| mounted.part.clock_pulse(now));
        Ok(())
    }
}
