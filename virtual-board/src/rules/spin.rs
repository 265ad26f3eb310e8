//! A core that spins on a flag for longer than a sleep costs.
//!
//! Source: finding of this project: with a core at 64 MHz and 3.3 mA, the waits for bus transfers cost more than the
//! network. Going to sleep and waking take some microseconds on all chips here, so that a wait of 50 µs is worth a
//! sleep.

use super::{Finding, Rule, repeats::Repeats};
use crate::{event::Event, time::Time};

/// The longest wait that may spin.
const LONGEST: Time = Time::from_us(50);
/// Fewer reads are no loop.
const READS: u64 = 8;

/// A timer is started, and perhaps once again, with up to three waits each time: its interrupts, its reload value, its first match.
const RARE: u64 = 6;

/// Rule `spin`.
#[derive(Debug)]
pub struct Spin {
    /// Registers for which a program may spin, such as the flag of a clock that starts once.
    exempt: &'static [u32],
    /// Registers for which it may spin a few times, such as those of a timer that it starts.
    rare: &'static [u32],
    /// Registers for which a program may spin for so long, and no longer.
    limited: &'static [(u32, Time)],
    /// Long waits for the rare ones so far.
    rare_waits: u64,
    repeats: Repeats,
    /// The loop that was told last, by its register and its begin.
    told: Option<(u32, Time)>,
}

impl Spin {
    /// With the registers whose waits come once, at start.
    #[must_use]
    pub fn new(exempt: &'static [u32]) -> Self {
        Self {
            exempt,
            rare: &[],
            limited: &[],
            rare_waits: 0,
            repeats: Repeats::default(),
            told: None,
        }
    }

    /// The same rule, with registers for which a program may spin a few times in a run, but not as a habit.
    #[must_use]
    pub const fn with_rare(mut self, rare: &'static [u32]) -> Self {
        self.rare = rare;
        self
    }

    /// The same rule, with registers for which a program may spin for so long and no longer, such as the flag of a clock that has
    /// a fast source and a slow one.
    #[must_use]
    pub const fn with_limited(mut self, limited: &'static [(u32, Time)]) -> Self {
        self.limited = limited;
        self
    }

    /// The longest wait for this register, where it has one of its own.
    fn limit(&self, address: u32) -> Option<Time> {
        let of = |&&(limited, _): &&(u32, Time)| limited == address;
        self.limited.iter().find(of).map(|(_, longest)| *longest)
    }

    /// Whether a long wait that has just been noticed is allowed.
    fn is_allowed(&mut self, address: u32) -> bool {
        if self.limit(address).is_some() {
            return false;
        }
        if !self.rare.contains(&address) {
            return self.exempt.contains(&address);
        }
        self.rare_waits += 1;
        self.rare_waits <= RARE
    }
}

impl Rule for Spin {
    fn name(&self) -> &'static str {
        "spin"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        let Some(repeat) = self.repeats.see(event).cloned() else {
            return;
        };
        let longest = self.limit(repeat.address).unwrap_or(LONGEST);
        let long = repeat.count >= READS && event.at.since(repeat.since) > longest;
        let this = Some((repeat.address, repeat.since));
        if !long || self.told == this {
            return;
        }
        self.told = this;
        if self.is_allowed(repeat.address) {
            return;
        }
        findings.push(Finding {
            rule: "spin",
            at: event.at,
            pc: event.pc,
            what: format!(
                "the core reads {} at {:#010x} again and again for more than {} µs, awake",
                repeat.peripheral,
                repeat.address,
                longest.ps() / 1_000_000
            ),
            fix: "Wait for the interrupt of the flag, asleep.",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{alone, findings, read},
        *,
    };
    use crate::event::What;

    fn count(events: &[Event]) -> usize {
        findings(&mut Spin::new(&[0x4000_0104]), events).len()
    }

    fn spin(address: u32, us: std::ops::Range<u64>) -> Vec<Event> {
        us.map(|us| read(us, "TWIM0", address, 0)).collect()
    }

    #[test]
    fn waiting_for_a_transfer_awake_is_found_once_a_wait() {
        // Finding F6: 0.1 ms and more for each transfer.
        assert_eq!(count(&spin(0x4000_3104, 0..170)), 1);
        let two = [spin(0x4000_3104, 0..170), spin(0x4000_3104, 1_000..1_170)].concat();
        assert_eq!(count(&two), 2);
    }

    #[test]
    fn a_short_wait_or_one_with_a_sleep_in_it_is_not() {
        assert_eq!(count(&spin(0x4000_3104, 0..50)), 0);
        let sleep = vec![alone(40, What::Asleep { deep: false })];
        assert_eq!(
            count(&[spin(0x4000_3104, 0..40), sleep, spin(0x4000_3104, 41..90)].concat()),
            0
        );
    }

    #[test]
    fn the_start_of_a_timer_may_be_waited_for_and_a_habit_may_not() {
        let waits = |n: u64| -> Vec<_> {
            (0..n)
                .flat_map(|n| spin(0x4000_7c00, 1_000 * n..1_000 * n + 90))
                .collect()
        };
        let count = |events: &[Event]| findings(&mut Spin::new(&[]).with_rare(&[0x4000_7c00]), events).len();
        assert_eq!(count(&waits(6)), 0);
        // Finding F13: a wait before each sleep.
        assert_eq!(count(&waits(100)), 94);
    }

    #[test]
    fn the_start_of_a_clock_may_be_waited_for() {
        assert_eq!(count(&spin(0x4000_0104, 0..5_000)), 0);
    }

    #[test]
    fn a_wait_that_is_allowed_for_a_while_is_found_when_it_lasts_longer() {
        const LIMITED: &[(u32, Time)] = &[(0x4000_0104, Time::from_ms(1))];
        let mut rule = Spin::new(&[0x4000_0104]).with_limited(LIMITED);
        assert_eq!(findings(&mut rule, &spin(0x4000_0104, 0..600)).len(), 0);
        let found = findings(&mut rule, &spin(0x4000_0104, 10_000..250_000));
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("for more than 1000 µs"), "{}", found[0].what);
    }
}
