//! A part for tests of controllers: it remembers what it is told on its bus.

use crate::{event::Events, part::I2cPart, power::PartPower, time::Time};
use std::{cell::RefCell, rc::Rc};

/// What a part met on its bus, each with its whole microseconds, such as "125 write".
pub(super) type Met = Rc<RefCell<Vec<String>>>;

/// A part at 0x18 that delivers 0x40, 0x41, ... and takes bytes below 0xf0.
pub(super) struct Noting {
    met: Met,
    next: u8,
}

impl Noting {
    pub(super) fn new(met: &Met) -> Self {
        Self {
            met: met.clone(),
            next: 0x40,
        }
    }

    fn note(&self, now: Time, what: &str) {
        self.met.borrow_mut().push(format!("{} {what}", now.ps() / 1_000_000));
    }
}

impl I2cPart for Noting {
    fn address(&self) -> u8 {
        0x18
    }

    fn name(&self) -> &'static str {
        "part"
    }

    fn power(&self) -> PartPower {
        PartPower::default()
    }

    fn start(&mut self, read: bool, now: Time, _: &mut Events) -> bool {
        self.note(now, if read { "read" } else { "write" });
        true
    }

    fn write(&mut self, byte: u8, now: Time, _: &mut Events) -> bool {
        self.note(now, &format!("{byte:02x}"));
        byte < 0xf0
    }

    fn read(&mut self, now: Time, _: &mut Events) -> u8 {
        self.note(now, "byte");
        self.next += 1;
        self.next - 1
    }

    fn stop(&mut self, now: Time, _: &mut Events) {
        self.note(now, "stop");
    }
}
