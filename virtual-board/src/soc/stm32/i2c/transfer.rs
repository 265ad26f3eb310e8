//! A transfer, condition by condition and byte by byte.

use super::{Around, I2c, Log, State, cr2, isr};
use crate::{event::What, soc::wires::Wire, time::Time};

impl I2c {
    /// Whether somebody else holds SDA.
    pub(super) fn is_held(&self, around: &Around<'_>, at: Time) -> bool {
        around.bus.as_ref().is_some_and(|bus| bus.held(Wire::Sda, at))
    }

    /// Whether SCL cannot rise, so that nothing goes on.
    fn is_stopped(&self, around: &Around<'_>, at: Time) -> bool {
        !around.pulled_up || around.bus.as_ref().is_some_and(|bus| bus.held(Wire::Scl, at))
    }

    /// What lasts some bits begins.
    fn last(&mut self, state: State, bits: u64, at: Time, around: &Around<'_>) {
        match self.bits(bits, around) {
            Some(span) => {
                self.state = state;
                self.due = at + span;
            }
            None => self.stick(),
        }
    }

    fn stick(&mut self) {
        self.state = State::Stuck;
        self.due = Time::NEVER;
    }

    /// A start condition, or a repeated one, with the address.
    pub(super) fn begin(&mut self, at: Time, around: &mut Around<'_>) {
        self.start = true;
        self.isr &= !isr::TC;
        self.left = self.length();
        if self.state == State::Idle {
            self.log = Log {
                from: at,
                ..Log::default()
            };
        }
        if self.is_stopped(around, at) || self.is_held(around, at) {
            self.stick();
        } else {
            self.isr |= isr::BUSY;
            self.last(State::Address, 10, at, around);
        }
    }

    /// Lets everything happen up to an instant.
    pub(in super::super) fn advance(&mut self, now: Time, around: &mut Around<'_>) {
        while self.due <= now {
            let at = self.due;
            self.due = Time::NEVER;
            if self.is_stopped(around, at) {
                self.stick();
                return;
            }
            match self.state {
                State::Address => self.addressed(at, around),
                State::Sending => self.sent(at, around),
                State::Receiving => self.received(at, around),
                State::Acknowledging => self.acknowledged(at, around),
                State::Stopping => self.stopped(at, around),
                State::Idle | State::Empty | State::Full | State::Complete | State::Stuck => {}
            }
        }
    }

    /// A one was to be on SDA, and somebody holds it: the bus is lost.
    fn lose(&mut self, around: &mut Around<'_>) {
        self.isr |= isr::ARLO;
        self.isr &= !isr::BUSY;
        self.start = false;
        self.state = State::Idle;
        if let Some(bus) = around.bus.as_deref_mut() {
            bus.abandon();
        }
    }

    /// The address is through.
    fn addressed(&mut self, at: Time, around: &mut Around<'_>) {
        // An address of zeros is nobody's: each has a one in it.
        if self.is_held(around, at) {
            self.lose(around);
            return;
        }
        self.start = false;
        self.log.address = (self.cr2 >> 1 & 0x7f) as u8;
        let (address, read) = (self.log.address, self.reads());
        let bus = around.bus.as_deref_mut();
        if bus.is_some_and(|bus| bus.start(address, read, at, around.events)) {
            self.go_on(at, around);
        } else {
            self.refused(at, around);
        }
    }

    /// Nobody acknowledged: a stop condition follows by itself.
    fn refused(&mut self, at: Time, around: &mut Around<'_>) {
        self.isr |= isr::NACKF;
        self.log.refused = true;
        self.end(at, around);
    }

    /// After an address or a byte: what comes next.
    pub(super) fn go_on(&mut self, at: Time, around: &mut Around<'_>) {
        if self.stop || self.left == 0 && self.cr2 & (cr2::RELOAD | cr2::AUTOEND) == cr2::AUTOEND {
            self.end(at, around);
        } else if self.left == 0 {
            self.state = State::Complete;
            self.isr |= if self.cr2 & cr2::RELOAD != 0 { isr::TCR } else { isr::TC };
        } else if self.reads() {
            self.last(State::Receiving, 8, at, around);
        } else if self.transmit.is_some() {
            self.send(at, around);
        } else {
            self.state = State::Empty;
            self.isr |= isr::TXIS;
        }
    }

    /// The byte that the program has written goes out.
    pub(super) fn send(&mut self, at: Time, around: &mut Around<'_>) {
        self.shift = self.transmit.take().unwrap_or_default();
        self.isr |= isr::TXE;
        self.last(State::Sending, 9, at, around);
    }

    /// A byte was sent.
    fn sent(&mut self, at: Time, around: &mut Around<'_>) {
        let held = self.is_held(around, at);
        if held && self.shift != 0 {
            self.lose(around);
            return;
        }
        self.log.sent.push(self.shift);
        let byte = self.shift;
        let bus = around.bus.as_deref_mut();
        // Who holds SDA low acknowledges, too.
        if bus.is_some_and(|bus| bus.write(byte, at, around.events)) || held {
            self.left -= 1;
            self.go_on(at, around);
        } else {
            self.refused(at, around);
        }
    }

    /// Eight bits have come in.
    fn received(&mut self, at: Time, around: &mut Around<'_>) {
        let held = self.is_held(around, at);
        let byte = match around.bus.as_deref_mut() {
            Some(_) if held => 0,
            Some(bus) => bus.read(at, around.events),
            None => 0xff,
        };
        self.shift = byte;
        self.log.received.push(byte);
        if self.isr & isr::RXNE == 0 {
            self.take_in(at, around);
        } else {
            self.state = State::Full;
        }
    }

    /// The byte goes to the register, and is acknowledged.
    pub(super) fn take_in(&mut self, at: Time, around: &mut Around<'_>) {
        self.receive = self.shift;
        self.isr |= isr::RXNE;
        self.left -= 1;
        self.last(State::Acknowledging, 1, at, around);
    }

    /// The ninth bit of a byte that came in is through. The last byte's is a one.
    fn acknowledged(&mut self, at: Time, around: &mut Around<'_>) {
        let last = self.stop || self.left == 0 && self.cr2 & cr2::RELOAD == 0;
        if last && self.is_held(around, at) {
            self.lose(around);
        } else {
            self.go_on(at, around);
        }
    }

    /// Begins a stop condition.
    pub(super) fn end(&mut self, at: Time, around: &mut Around<'_>) {
        self.isr &= !(isr::TXIS | isr::TC | isr::TCR);
        self.last(State::Stopping, 1, at, around);
    }

    /// The stop condition is through, if SDA can rise.
    fn stopped(&mut self, at: Time, around: &mut Around<'_>) {
        if self.is_held(around, at) {
            self.stick();
            return;
        }
        if let Some(bus) = around.bus.as_deref_mut() {
            bus.stop(at, around.events);
        }
        let log = std::mem::take(&mut self.log);
        let what = What::Transfer {
            controller: around.name,
            address: Some(log.address),
            from: log.from,
            sent: log.sent,
            received: log.received,
            refused: log.refused,
        };
        around.events.push(at, what);
        self.isr |= isr::STOPF;
        self.isr &= !isr::BUSY;
        self.stop = false;
        self.state = State::Idle;
        if self.start {
            self.begin(at, around);
        }
    }
}
