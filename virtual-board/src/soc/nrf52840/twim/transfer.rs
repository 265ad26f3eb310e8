//! A transfer of TWIM, condition by condition and byte by byte.

use super::{
    ANACK, Around, Channel, DNACK, ERROR, LASTRX, LASTTX, Log, RXSTARTED, STOPPED, SUSPENDED, State, TXSTARTED, Twim,
    Way, bits_per_second, selected,
};
use crate::{
    event::What,
    memory::{Kind, Memory},
    soc::wires::{I2cBus, Wire},
    time::Time,
};

impl Twim {
    /// Whether a transfer can go on: both pins are selected, their input buffers connected, and their levels high where
    /// nobody drives them low.
    fn free(&self, around: &Around<'_>, now: Time) -> bool {
        let pins = [selected(self.scl), selected(self.sda)];
        pins.iter()
            .all(|pin| pin.is_some_and(|pin| around.gpio.senses(pin) && around.gpio.level(pin, around.buses, now)))
    }

    /// Some number of bits, with what weak pull-ups add.
    fn bits(&self, count: u64, buses: &mut [I2cBus]) -> Time {
        let extra = self.bus(buses).map_or(Time::ZERO, |bus| bus.extra_per_bit);
        let bit = 1_000_000_000_000 / bits_per_second(self.frequency).unwrap_or(250_000) + extra.ps();
        Time::from_ps(bit.saturating_mul(count))
    }

    fn channel(&mut self, way: Way) -> &mut Channel {
        match way {
            Way::Send => &mut self.send,
            Way::Receive => &mut self.receive,
        }
    }

    /// A start condition, or a repeated one, with the address.
    pub(super) fn begin(&mut self, way: Way, at: Time, around: &mut Around<'_>) {
        self.signals.raise(if way == Way::Send { TXSTARTED } else { RXSTARTED });
        let channel = self.channel(way);
        channel.amount = 0;
        channel.taken = (channel.pointer, channel.max_count);
        let (pointer, count) = channel.taken;
        if !in_ram(around.memory, pointer, count) {
            around.stop.get_or_insert(format!(
                "{}: EasyDMA of {count} bytes at {pointer:#010x}, which is not all RAM: the chip faults or corrupts RAM",
                self.name
            ));
        }
        if self.state == State::Idle {
            self.log = Log {
                from: at,
                ..Log::default()
            };
        }
        if !self.free(around, at) {
            self.stick();
            return;
        }
        self.state = State::Address(way);
        self.due = at + self.bits(10, around.buses);
    }

    fn stick(&mut self) {
        self.state = State::Stuck;
        self.due = Time::NEVER;
    }

    /// Lets everything happen up to an instant.
    pub(in super::super) fn advance(&mut self, now: Time, around: &mut Around<'_>) {
        while self.due <= now {
            let at = self.due;
            self.due = Time::NEVER;
            match self.state {
                _ if !self.unharmed(around, at) => self.stick(),
                State::Address(way) => self.addressed(way, at, around),
                State::Byte(Way::Send) => self.sent(at, around),
                State::Byte(Way::Receive) => self.received(at, around),
                State::Stopping => self.stopped(at, around),
                State::Idle | State::Waiting | State::Suspended | State::Stuck => {}
            }
        }
    }

    /// Whether nothing outside has pulled a wire low meanwhile.
    fn unharmed(&self, around: &mut Around<'_>, at: Time) -> bool {
        self.bus(around.buses)
            .is_none_or(|bus| !bus.held(Wire::Scl, at) && !bus.held(Wire::Sda, at))
    }

    /// The address is through.
    fn addressed(&mut self, way: Way, at: Time, around: &mut Around<'_>) {
        let (address, read) = (self.address as u8, way == Way::Receive);
        let answered = self
            .bus(around.buses)
            .is_some_and(|bus| bus.start(address, read, at, around.events));
        if answered {
            self.go_on(way, at, around)
        } else {
            self.refused(ANACK, at, around)
        }
    }

    /// A byte was sent.
    fn sent(&mut self, at: Time, around: &mut Around<'_>) {
        let address = self.send.taken.0.wrapping_add(self.send.amount);
        let [byte] = around.memory.load(address).unwrap_or_default();
        self.send.amount += 1;
        self.log.sent.push(byte);
        around.events.push(
            at,
            What::Dma {
                controller: self.name,
                address,
                bytes: 1,
            },
        );
        let taken = self
            .bus(around.buses)
            .is_some_and(|bus| bus.write(byte, at, around.events));
        if taken {
            self.go_on(Way::Send, at, around)
        } else {
            self.refused(DNACK, at, around)
        }
    }

    /// A byte was received.
    fn received(&mut self, at: Time, around: &mut Around<'_>) {
        let address = self.receive.taken.0.wrapping_add(self.receive.amount);
        let byte = self.bus(around.buses).map_or(0xff, |bus| bus.read(at, around.events));
        self.receive.amount += 1;
        self.log.received.push(byte);
        // Whether the buffer is RAM was asked when it was taken.
        _ = around.memory.store(address, [byte]);
        around.events.push(
            at,
            What::Dma {
                controller: self.name,
                address,
                bytes: 1,
            },
        );
        self.go_on(Way::Receive, at, around);
    }

    /// Nobody acknowledged. The controller waits for STOP, which a shortcut may have asked for.
    fn refused(&mut self, error: u32, at: Time, around: &mut Around<'_>) {
        self.error |= error;
        self.log.refused = true;
        self.signals.raise(ERROR);
        self.asked.start = None;
        self.asked.suspend = false;
        self.state = State::Waiting;
        if self.asked.stop {
            self.stop(at, around);
        }
    }

    /// After an address or a byte: what comes next.
    pub(super) fn go_on(&mut self, way: Way, at: Time, around: &mut Around<'_>) {
        let channel = *self.channel(way);
        let left = channel.taken.1.saturating_sub(channel.amount);
        self.state = State::Waiting;
        if self.asked.stop {
            self.stop(at, around);
        } else if self.asked.suspend {
            self.asked.suspend = false;
            self.state = State::Suspended;
            self.signals.raise(SUSPENDED);
        } else if left > 0 {
            if left == 1 {
                self.last(way);
            }
            self.state = State::Byte(way);
            self.due = at + self.bits(9, around.buses);
        } else if let Some(way) = self.asked.start.take() {
            self.begin(way, at, around);
        }
    }

    /// The last byte begins, with its shortcuts.
    fn last(&mut self, way: Way) {
        let (event, shorts, other) = match way {
            Way::Send => (LASTTX, self.shorts >> 7, Way::Receive),
            Way::Receive => (LASTRX, self.shorts >> 10, Way::Send),
        };
        self.signals.raise(event);
        if shorts & 1 != 0 {
            self.asked.start = Some(other);
        }
        self.asked.suspend |= shorts & 2 != 0;
        self.asked.stop |= shorts & 4 != 0;
    }

    /// Begins a stop condition.
    pub(super) fn stop(&mut self, at: Time, around: &mut Around<'_>) {
        self.asked.stop = false;
        self.state = State::Stopping;
        self.due = at + self.bits(1, around.buses);
    }

    /// The stop condition is through.
    fn stopped(&mut self, at: Time, around: &mut Around<'_>) {
        if let Some(bus) = self.bus(around.buses) {
            bus.stop(at, around.events);
        }
        let Log {
            from,
            sent,
            received,
            refused,
        } = std::mem::take(&mut self.log);
        let address = Some(self.address as u8);
        around.events.push(
            at,
            What::Transfer {
                controller: self.name,
                address,
                from,
                sent,
                received,
                refused,
            },
        );
        self.signals.raise(STOPPED);
        self.state = State::Idle;
        self.asked.suspend = false;
        if let Some(way) = self.asked.start.take() {
            self.begin(way, at, around);
        }
    }
}

/// Whether a buffer lies in RAM. An empty one may lie anywhere.
fn in_ram(memory: &Memory, address: u32, bytes: u32) -> bool {
    let ram = memory.region(address).is_some_and(|region| region.kind == Kind::Ram);
    bytes == 0 || ram && memory.bytes(address, bytes as usize).is_some()
}
