//! A transfer, condition by condition and byte by byte.

use super::{ADDRESS_REFUSED, Around, BYTE_REFUSED, FIFO, I2c, LOST, Log, READ, RESTART, STOP, State, irq, reg};
use crate::{event::What, soc::wires::Wire, time::Time};

impl I2c {
    /// How long some bits last, with what weak pull-ups add; none without a clock.
    fn bits(&self, count: u64, around: &Around<'_>) -> Option<Time> {
        let field = |offset, mask| u64::from(self.bank.bits(offset, mask));
        let high = field(reg::FS_SCL_HCNT, 0xffff) + field(reg::FS_SPKLEN, 0xff) + 7;
        let low = field(reg::FS_SCL_LCNT, 0xffff) + 1;
        let hz = around.hz.filter(|hz| *hz != 0)?;
        let bit = (high + low) * 1_000_000_000_000 / hz;
        let extra = around.bus.as_ref().map_or(0, |bus| bus.extra_per_bit.ps());
        Some(Time::from_ps((bit + extra).saturating_mul(count)))
    }

    fn holds(around: &Around<'_>, wire: Wire, at: Time) -> bool {
        around.bus.as_ref().is_some_and(|bus| bus.held(wire, at))
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

    /// A transfer begins, if there is a command.
    pub(super) fn begin(&mut self, at: Time, around: &mut Around<'_>) {
        let Some(command) = self.commands.pop_front() else {
            return;
        };
        self.log = Log {
            from: at,
            ..Log::default()
        };
        self.raised |= irq::ACTIVITY;
        if around.free {
            self.raised |= irq::START_DET;
            self.last(State::Address(command), 10, at, around);
        } else {
            // It waits for a bus that is idle.
            self.stick();
        }
    }

    /// Lets everything happen up to an instant.
    pub(in super::super) fn advance(&mut self, now: Time, around: &mut Around<'_>) {
        while self.due <= now {
            let at = self.due;
            self.due = Time::NEVER;
            let held = Self::holds(around, Wire::Sda, at);
            match self.state {
                _ if Self::holds(around, Wire::Scl, at) => self.stick(),
                State::Byte(command) if command & READ != 0 => self.received(command, at, around),
                // A one was to be on SDA, and somebody holds it.
                State::Address(_) | State::Byte(_) | State::Stopping if held => self.lose(around),
                State::Address(command) => self.addressed(command, at, around),
                State::Byte(command) => self.sent(command, at, around),
                State::Stopping => self.stopped(at, around),
                State::Idle | State::Waiting { .. } | State::Stuck => {}
            }
        }
    }

    /// The address is through.
    fn addressed(&mut self, command: u32, at: Time, around: &mut Around<'_>) {
        let address = self.bank.bits(reg::TAR, 0x7f) as u8;
        let read = command & READ != 0;
        let bus = around.bus.as_deref_mut();
        if bus.is_some_and(|bus| bus.start(address, read, at, around.events)) {
            self.last(State::Byte(command), 9, at, around);
        } else {
            self.abort(ADDRESS_REFUSED, at, around);
        }
    }

    /// A byte was sent.
    fn sent(&mut self, command: u32, at: Time, around: &mut Around<'_>) {
        let byte = command as u8;
        self.log.sent.push(byte);
        let bus = around.bus.as_deref_mut();
        if bus.is_some_and(|bus| bus.write(byte, at, around.events)) {
            self.done(command, at, around);
        } else {
            self.abort(BYTE_REFUSED, at, around);
        }
    }

    /// A byte was received.
    fn received(&mut self, command: u32, at: Time, around: &mut Around<'_>) {
        let bus = around.bus.as_deref_mut();
        let byte = bus.map_or(0xff, |bus| bus.read(at, around.events));
        self.log.received.push(byte);
        if self.received.len() < FIFO {
            self.received.push_back(byte);
        } else {
            self.raised |= irq::RX_OVER;
        }
        self.done(command, at, around);
    }

    /// A command is through.
    fn done(&mut self, command: u32, at: Time, around: &mut Around<'_>) {
        if command & STOP == 0 {
            self.go_on(command & READ != 0, at, around);
        } else {
            self.last(State::Stopping, 1, at, around);
        }
    }

    /// The next command of the transfer, if it is there yet: with a repeated start where it asks for one, or where the other way is
    /// meant.
    pub(super) fn go_on(&mut self, read: bool, at: Time, around: &mut Around<'_>) {
        let Some(command) = self.commands.pop_front() else {
            self.state = State::Waiting { read };
            return;
        };
        if command & RESTART != 0 || (command & READ != 0) != read {
            self.raised |= irq::START_DET | irq::RESTART_DET;
            self.last(State::Address(command), 10, at, around);
        } else {
            self.last(State::Byte(command), 9, at, around);
        }
    }

    /// Nobody acknowledged: both FIFOs are emptied, and the controller ends the transfer by itself.
    fn abort(&mut self, source: u32, at: Time, around: &mut Around<'_>) {
        self.log.refused = true;
        self.flush(source);
        self.last(State::Stopping, 1, at, around);
    }

    fn flush(&mut self, source: u32) {
        self.abort_source |= source;
        self.raised |= irq::TX_ABRT;
        self.commands.clear();
        self.received.clear();
    }

    /// Somebody else has the bus: there is no stop condition.
    fn lose(&mut self, around: &mut Around<'_>) {
        self.flush(LOST);
        self.state = State::Idle;
        if let Some(bus) = around.bus.as_deref_mut() {
            bus.abandon();
        }
    }

    /// The stop condition is through.
    fn stopped(&mut self, at: Time, around: &mut Around<'_>) {
        if let Some(bus) = around.bus.as_deref_mut() {
            bus.stop(at, around.events);
        }
        let Log {
            from,
            sent,
            received,
            refused,
        } = std::mem::take(&mut self.log);
        let what = What::Transfer {
            controller: self.name,
            address: Some(self.bank.bits(reg::TAR, 0x7f) as u8),
            from,
            sent,
            received,
            refused,
        };
        around.events.push(at, what);
        self.raised |= irq::STOP_DET;
        self.state = State::Idle;
        self.begin(at, around);
    }
}
