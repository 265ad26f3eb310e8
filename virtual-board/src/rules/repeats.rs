//! Loops that read one register again and again, as waits for a flag do.

use crate::{
    event::{Event, What},
    time::Time,
};

/// Reads of one register by one instruction that lie further apart are no loop that waits.
const GAP: Time = Time::from_us(20);
/// A loop reads a few registers at most.
const AT_ONCE: usize = 8;

/// Reads of one register by one instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) pc: Option<u32>,
    pub(super) peripheral: &'static str,
    pub(super) address: u32,
    /// When the first of them was.
    pub(super) since: Time,
    /// How many there were.
    pub(super) count: u64,
    /// How many there were since the value last changed.
    pub(super) same: u64,
    value: u32,
    last: Time,
}

/// The loops that the core may be in. A store or a sleep ends all of them.
#[derive(Debug, Default)]
pub(super) struct Repeats(Vec<Repeat>);

impl Repeats {
    /// Something happened; the loop that it belongs to, if it is a read.
    pub(super) fn see(&mut self, event: &Event) -> Option<&Repeat> {
        let What::Read {
            peripheral,
            address,
            value,
        } = event.what
        else {
            let sleeps = matches!(event.what, What::Asleep { .. } | What::Awake | What::Reset(_));
            if sleeps || event.pc.is_some() {
                self.0.clear();
            }
            return None;
        };
        let index = self.place(event, peripheral, address, value);
        let repeat = self.0.get_mut(index)?;
        repeat.count += 1;
        repeat.same = if repeat.value == value { repeat.same + 1 } else { 1 };
        repeat.value = value;
        repeat.last = event.at;
        Some(repeat)
    }

    fn place(&mut self, event: &Event, peripheral: &'static str, address: u32, value: u32) -> usize {
        self.0.retain(|repeat| event.at.since(repeat.last) <= GAP);
        let here = |repeat: &Repeat| repeat.address == address && repeat.pc == event.pc;
        if let Some(index) = self.0.iter().position(here) {
            return index;
        }
        if self.0.len() == AT_ONCE {
            self.0.remove(0);
        }
        self.0.push(Repeat {
            pc: event.pc,
            peripheral,
            address,
            since: event.at,
            count: 0,
            same: 0,
            value,
            last: event.at,
        });
        self.0.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{alone, caused, read, written},
        *,
    };

    #[test]
    fn a_loop_over_two_registers_is_two_repeats() {
        let mut repeats = Repeats::default();
        for us in 0..10 {
            repeats.see(&read(us, "TWIM0", 0x104, 0));
            repeats.see(&read(us, "TWIM0", 0x124, us as u32));
        }
        let both = [0x104, 0x124].map(|address| repeats.see(&read(10, "TWIM0", address, 0)).cloned());
        assert_eq!(
            both.map(|repeat| repeat.map(|repeat| (repeat.count, repeat.same))),
            [Some((11, 11)), Some((11, 1))]
        );
    }

    #[test]
    fn a_store_a_sleep_or_a_long_pause_ends_it() {
        let enders = [
            written(5, "TWIM0", 0x104, 0),
            alone(5, What::Asleep { deep: false }),
            caused(5, What::Awake),
        ];
        for ender in enders {
            let mut repeats = Repeats::default();
            repeats.see(&read(1, "TWIM0", 0x104, 0));
            repeats.see(&ender);
            assert_eq!(
                repeats.see(&read(6, "TWIM0", 0x104, 0)).map(|repeat| repeat.count),
                Some(1)
            );
        }
        let mut repeats = Repeats::default();
        repeats.see(&read(1, "TWIM0", 0x104, 0));
        assert_eq!(
            repeats.see(&read(22, "TWIM0", 0x104, 0)).map(|repeat| repeat.since),
            Some(Time::from_us(22))
        );
    }

    #[test]
    fn what_the_chip_does_meanwhile_does_not_end_it() {
        let mut repeats = Repeats::default();
        repeats.see(&read(1, "TWIM0", 0x104, 0));
        repeats.see(&alone(2, What::WatchdogStarted));
        assert_eq!(
            repeats.see(&read(3, "TWIM0", 0x104, 0)).map(|repeat| repeat.count),
            Some(2)
        );
    }
}
