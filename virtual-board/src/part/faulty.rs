//! A part that misbehaves on purpose: absent, late, deaf for one transfer, or holding SDA low.

use super::{I2cPart, SpiPart};
use crate::{event::Events, power::PartPower, time::Time};

/// What nobody drives reads high: the pull-up's level on an I2C bus, and by assumption on MISO too.
const UNDRIVEN: u8 = 0xff;

/// SDA is held low, as a part does whose transfer was cut off in the middle of a byte that it sends. The I2C
/// specification (UM10204, 3.1.16) has the controller clock until the part lets go, at most nine times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldSda {
    /// From when on.
    pub from: Time,
    /// Pulses on SCL after which the part lets go.
    pub pulses: u32,
}

/// What is wrong with a part; by default nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// It is not there, or without supply.
    pub absent: bool,
    /// It answers from here on only, as one that boots longer than the board.
    pub late: Time,
    /// It does not answer in this transfer, counted from 1; a transfer goes from a start to a stop. 0 stands for none.
    pub deaf_in: u64,
    /// It holds SDA low. Has no meaning on SPI.
    pub held: Option<HeldSda>,
}

/// A part with [`Faults`]. They can be changed while the board runs.
#[derive(Debug)]
pub struct Faulty<P> {
    /// The part behind.
    pub part: P,
    /// What is wrong.
    pub faults: Faults,
    transfers: u64,
    open: bool,
}

impl<P> Faulty<P> {
    /// Puts faults before a part.
    pub const fn new(part: P, faults: Faults) -> Self {
        Self {
            part,
            faults,
            transfers: 0,
            open: false,
        }
    }

    /// A start or repeated start, or a select.
    fn begin(&mut self) {
        self.transfers += u64::from(!self.open);
        self.open = true;
    }

    fn answers(&self, now: Time) -> bool {
        !self.faults.absent && now >= self.faults.late && self.transfers != self.faults.deaf_in && !self.holds(now)
    }

    fn holds(&self, now: Time) -> bool {
        self.faults.held.is_some_and(|held| now >= held.from && held.pulses > 0)
    }
}

impl<P: I2cPart> I2cPart for Faulty<P> {
    fn address(&self) -> u8 {
        self.part.address()
    }

    fn start(&mut self, read: bool, now: Time, events: &mut Events) -> bool {
        self.begin();
        self.answers(now) && self.part.start(read, now, events)
    }

    fn write(&mut self, byte: u8, now: Time, events: &mut Events) -> bool {
        self.answers(now) && self.part.write(byte, now, events)
    }

    fn read(&mut self, now: Time, events: &mut Events) -> u8 {
        match (self.answers(now), self.holds(now)) {
            (true, _) => self.part.read(now, events),
            (false, true) => 0,
            (false, false) => UNDRIVEN,
        }
    }

    fn stop(&mut self, now: Time, events: &mut Events) {
        self.open = false;
        if !self.faults.absent && now >= self.faults.late {
            self.part.stop(now, events);
        }
    }

    fn holds_sda(&self, now: Time) -> bool {
        self.holds(now) || self.part.holds_sda(now)
    }

    fn clock_pulse(&mut self, now: Time) {
        match self.faults.held.as_mut().filter(|held| now >= held.from) {
            Some(held) => held.pulses = held.pulses.saturating_sub(1),
            None => self.part.clock_pulse(now),
        }
    }

    fn name(&self) -> &'static str {
        self.part.name()
    }

    fn power(&self) -> PartPower {
        if self.faults.absent {
            PartPower::default()
        } else {
            self.part.power()
        }
    }

    fn take_stop(&mut self) -> Option<String> {
        self.part.take_stop()
    }
}

impl<P: SpiPart> SpiPart for Faulty<P> {
    fn select(&mut self, selected: bool, now: Time, events: &mut Events) {
        if selected {
            self.begin();
        }
        self.open = selected;
        if self.answers(now) {
            self.part.select(selected, now, events);
        }
    }

    fn exchange(&mut self, byte: u8, now: Time, events: &mut Events) -> u8 {
        if self.answers(now) {
            self.part.exchange(byte, now, events)
        } else {
            UNDRIVEN
        }
    }

    fn current_na(&self) -> (u32, u32, u32) {
        if self.faults.absent {
            (0, 0, 0)
        } else {
            self.part.current_na()
        }
    }

    fn take_stop(&mut self) -> Option<String> {
        self.part.take_stop()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Adxl362, Lis3dh, Still, wires::Wires},
        *,
    };
    use std::sync::Arc;

    fn wires(faults: Faults) -> Wires<Faulty<Lis3dh>> {
        Wires::new(Faulty::new(Lis3dh::new(Arc::new(Still::default()), false, 0), faults))
    }

    #[test]
    fn an_absent_part_acknowledges_nothing() {
        let mut wires = wires(Faults {
            absent: true,
            ..Faults::default()
        });
        assert_eq!(wires.read::<1>(0x0f, Time::from_ms(1)), None);
        assert_eq!(wires.part.current_na(), (0, 0, 0));
    }

    #[test]
    fn a_late_part_answers_once_it_has_booted() {
        let mut wires = wires(Faults {
            late: Time::from_ms(5),
            ..Faults::default()
        });
        assert_eq!(wires.read::<1>(0x0f, Time::from_ms(4)), None);
        assert_eq!(wires.read::<1>(0x0f, Time::from_ms(5)), Some([0x33]));
    }

    #[test]
    fn one_transfer_is_refused_and_the_next_is_not() {
        let mut wires = wires(Faults {
            deaf_in: 2,
            ..Faults::default()
        });
        let now = Time::from_ms(1);
        assert_eq!(wires.read::<1>(0x0f, now), Some([0x33]));
        assert_eq!(wires.read::<1>(0x0f, now), None);
        assert_eq!(wires.read::<1>(0x0f, now), Some([0x33]));
    }

    #[test]
    fn nine_pulses_free_a_held_bus() {
        let held = HeldSda {
            from: Time::from_ms(2),
            pulses: 9,
        };
        let mut wires = wires(Faults {
            held: Some(held),
            ..Faults::default()
        });
        assert!(!wires.part.holds_sda(Time::from_ms(1)));
        for _ in 0..9 {
            assert!(wires.part.holds_sda(Time::from_ms(3)));
            assert_eq!(wires.read::<1>(0x0f, Time::from_ms(3)), None);
            wires.part.clock_pulse(Time::from_ms(3));
        }
        assert!(!wires.part.holds_sda(Time::from_ms(3)));
        assert_eq!(wires.read::<1>(0x0f, Time::from_ms(3)), Some([0x33]));
    }

    #[test]
    fn on_spi_a_part_that_does_not_answer_reads_as_ones() {
        let faults = Faults {
            deaf_in: 2,
            ..Faults::default()
        };
        let mut wires = Wires::new(Faulty::new(Adxl362::new(Arc::new(Still::default()), 0), faults));
        let identity = |wires: &mut Wires<_>| wires.exchange(&[0x0b, 0x00], Time::from_ms(1));
        assert_eq!([(); 3].map(|()| identity(&mut wires)), [[0xad], [0xff], [0xad]]);
        wires.part.faults.absent = true;
        assert_eq!(identity(&mut wires), [0xff]);
    }
}
