//! The states and priorities of exceptions, and the registers of the nested vectored interrupt controller.
//!
//! Armv7-M ARM (DDI 0403E) B1.5.2 to B1.5.4 and B3.4; Armv6-M ARM (DDI 0419E) B3.4; Armv8-M ARM (DDI 0553B) B3.9 to B3.13.

use super::set::{FIRST_INTERRUPT, Set};
use crate::core::profile::Profile;

/// The numbers of the core's own exceptions.
pub mod number {
    /// The non-maskable interrupt.
    pub const NMI: u16 = 2;
    /// HardFault.
    pub const HARD_FAULT: u16 = 3;
    /// MemManage: the memory protection unit refused an access.
    pub const MEM_MANAGE: u16 = 4;
    /// BusFault.
    pub const BUS_FAULT: u16 = 5;
    /// UsageFault.
    pub const USAGE_FAULT: u16 = 6;
    /// SVCall.
    pub const SV_CALL: u16 = 11;
    /// DebugMonitor.
    pub const DEBUG_MONITOR: u16 = 12;
    /// PendSV.
    pub const PEND_SV: u16 = 14;
    /// SysTick.
    pub const SYS_TICK: u16 = 15;
}

/// Exceptions that no register switches off.
const ALWAYS_ENABLED: [u16; 5] = [
    number::NMI,
    number::HARD_FAULT,
    number::SV_CALL,
    number::PEND_SV,
    number::SYS_TICK,
];

/// The execution priority of a thread that nothing boosts: below every exception's.
pub const THREAD_PRIORITY: i16 = 256;

/// States and priorities of all exceptions.
#[derive(Debug, Clone)]
pub struct Nvic {
    /// The interrupts that the chip has.
    implemented: Set,
    /// How many they are.
    interrupts: u16,
    /// The bits of a priority that the chip has.
    priority_mask: u8,
    /// Enabled, the core's own exceptions included.
    pub enabled: Set,
    /// Pending.
    pub pending: Set,
    /// Active: entered, and not returned from.
    pub active: Set,
    /// Interrupts whose line is high.
    level: Set,
    priorities: Vec<u8>,
    /// AIRCR.PRIGROUP; 0 on Armv6-M, which has no groups.
    pub group: u8,
    /// Whether priorities form groups: not on Armv6-M.
    grouped: bool,
}

impl Nvic {
    /// After a reset.
    pub fn new(profile: &Profile) -> Self {
        let interrupts = profile.interrupts.min(256);
        Self {
            implemented: Set::interrupts(interrupts),
            interrupts,
            priority_mask: !(0xff_u8.checked_shr(u32::from(profile.priority_bits)).unwrap_or(0)),
            enabled: Set::of(&ALWAYS_ENABLED),
            pending: Set::default(),
            active: Set::default(),
            level: Set::default(),
            priorities: vec![0; usize::from(FIRST_INTERRUPT + interrupts)],
            group: 0,
            grouped: profile.is_main(),
        }
    }

    /// Forgets everything, the levels of the lines included: a reset of the system resets what drives them, too.
    pub fn reset(&mut self) {
        self.enabled = Set::of(&ALWAYS_ENABLED);
        self.level = Set::default();
        self.pending = Set::default();
        self.active = Set::default();
        self.priorities.fill(0);
        self.group = 0;
    }

    /// Keeps the bits of a priority that the chip has.
    pub fn masked(&self, priority: u8) -> u8 {
        priority & self.priority_mask
    }

    /// The priority of an exception; the lower, the sooner.
    pub fn priority(&self, exception: u16) -> i16 {
        match exception {
            0 => THREAD_PRIORITY,
            1..=3 => exception as i16 - 4,
            _ => i16::from(self.priorities.get(usize::from(exception)).copied().unwrap_or(0)),
        }
    }

    /// The part of a priority that decides about preemption (DDI 0403E B1.5.4).
    pub fn group_priority(&self, priority: i16) -> i16 {
        if priority < 0 || !self.grouped {
            return priority;
        }
        priority & !((2 << self.group) - 1)
    }

    /// The group priority of what is active.
    pub fn active_priority(&self) -> i16 {
        let lowest = self.active.iter().map(|exception| self.priority(exception)).min();
        self.group_priority(lowest.unwrap_or(THREAD_PRIORITY))
    }

    /// The pending, enabled exception of the highest priority; the lower number of two alike.
    pub fn foremost(&self) -> Option<u16> {
        let candidates = self.pending.and(self.enabled);
        candidates.iter().min_by_key(|&exception| self.priority(exception))
    }

    /// What pre-empts code of an execution priority, if anything.
    pub fn preempting(&self, execution_priority: i16) -> Option<u16> {
        self.foremost()
            .filter(|&exception| self.group_priority(self.priority(exception)) < execution_priority)
    }

    /// Makes an exception pending; true where it was not.
    pub fn pend(&mut self, exception: u16) -> bool {
        let fresh = !self.pending.contains(exception);
        self.pending.insert(exception);
        fresh
    }

    /// The exception is entered: pending no longer, but active.
    pub fn activate(&mut self, exception: u16) {
        self.pending.remove(exception);
        self.active.insert(exception);
    }

    /// The exception is returned from. An interrupt whose line is still high is pending again.
    pub fn deactivate(&mut self, exception: u16) -> bool {
        self.active.remove(exception);
        self.level.contains(exception) && self.pend(exception)
    }

    /// The lines have these levels. A rising one makes its interrupt pending, active or not; true where one newly is.
    pub fn set_level(&mut self, level: Set) -> bool {
        let level = level.and(self.implemented);
        let rising = level.without(self.level);
        self.level = level;
        self.pend_all(rising)
    }

    fn pend_all(&mut self, exceptions: Set) -> bool {
        let fresh = !exceptions.without(self.pending).is_empty();
        self.pending = self.pending.or(exceptions);
        fresh
    }

    /// A register from 0xe000_e100 to 0xe000_e4ef; none where there is none.
    pub fn read(&self, address: u32) -> Option<u32> {
        let k = address >> 2 & 7;
        Some(match self.bank(address)? {
            Bank::Enable | Bank::Disable => self.enabled.and(self.implemented).register(k),
            Bank::Pend | Bank::Unpend => self.pending.register(k),
            Bank::Active => self.active.register(k),
            Bank::Priority(first) => self.priority_word(first),
        })
    }

    /// Writes a register from 0xe000_e100 to 0xe000_e4ef. Whether an exception is newly pending, or none where there is no
    /// such register.
    pub fn write(&mut self, address: u32, value: u32) -> Option<bool> {
        let chosen = Set::from_register(address >> 2 & 7, value).and(self.implemented);
        match self.bank(address)? {
            Bank::Enable => self.enabled = self.enabled.or(chosen),
            Bank::Disable => self.enabled = self.enabled.without(chosen),
            Bank::Pend => return Some(self.pend_all(chosen)),
            Bank::Unpend => {
                // A line that is high makes its interrupt pending again at once, unless it is active.
                let held = chosen.and(self.level).without(self.active);
                self.pending = self.pending.without(chosen).or(held);
            }
            Bank::Active => return None,
            Bank::Priority(first) => self.set_priority_word(first, value),
        }
        Some(false)
    }

    /// The bank that an address belongs to.
    fn bank(&self, address: u32) -> Option<Bank> {
        let words = if self.grouped {
            u32::from(self.interrupts.div_ceil(32))
        } else {
            1
        };
        let priorities = if self.grouped {
            u32::from(self.interrupts.div_ceil(4))
        } else {
            8
        };
        let offset = address.wrapping_sub(0xe000_e100);
        if (0x300..0x300 + 4 * priorities).contains(&offset) {
            return Some(Bank::Priority(FIRST_INTERRUPT + (offset - 0x300) as u16));
        }
        if offset % 0x80 >= 4 * words {
            return None;
        }
        match offset / 0x80 {
            0 => Some(Bank::Enable),
            1 => Some(Bank::Disable),
            2 => Some(Bank::Pend),
            3 => Some(Bank::Unpend),
            4 if self.grouped => Some(Bank::Active),
            _ => None,
        }
    }

    /// Priorities of the four exceptions from `first` on, the lowest number in the lowest byte.
    pub fn priority_word(&self, first: u16) -> u32 {
        let byte = |i: usize| self.priorities.get(usize::from(first) + i).copied().unwrap_or(0);
        u32::from_le_bytes(std::array::from_fn(byte))
    }

    /// Sets the priorities of the four exceptions from `first` on; exceptions that the chip does not have ignore it.
    pub fn set_priority_word(&mut self, first: u16, value: u32) {
        for (i, byte) in value.to_le_bytes().into_iter().enumerate() {
            let masked = self.masked(byte);
            if let Some(priority) = self.priorities.get_mut(usize::from(first) + i) {
                *priority = masked;
            }
        }
    }

    /// Pends an interrupt by its number, as STIR does; none where the chip has no such interrupt.
    pub fn trigger(&mut self, interrupt: u16) -> Option<bool> {
        (interrupt < self.interrupts).then(|| self.pend(FIRST_INTERRUPT + interrupt))
    }

    /// ICTR: groups of 32 interrupts, less one.
    pub fn controller_type(&self) -> u32 {
        u32::from(self.interrupts.div_ceil(32).max(1)) - 1
    }
}

/// The banks of registers.
enum Bank {
    /// ISER.
    Enable,
    /// ICER.
    Disable,
    /// ISPR.
    Pend,
    /// ICPR.
    Unpend,
    /// IABR.
    Active,
    /// IPR, with the exception of its lowest byte.
    Priority(u16),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bus::Lines,
        core::profile::{CORTEX_M0, CORTEX_M4F, CORTEX_M33},
    };
    use proptest::{prelude::*, test_runner::RngSeed};

    fn level(numbers: &[u16]) -> Set {
        let mut lines = Lines::default();
        for &line in numbers {
            lines.set(line, true);
        }
        Set::from_lines(lines)
    }

    #[test]
    fn a_line_that_stays_high_pends_again_after_its_handler() {
        let mut nvic = Nvic::new(&CORTEX_M4F);
        assert!(nvic.set_level(level(&[5])));
        nvic.activate(21);
        assert!(!nvic.set_level(level(&[5])), "no edge while active");
        assert!(!nvic.pending.contains(21));
        assert!(nvic.deactivate(21));
        assert!(nvic.pending.contains(21));
    }

    #[test]
    fn a_line_that_has_fallen_leaves_its_interrupt_pending_until_it_is_taken() {
        let mut nvic = Nvic::new(&CORTEX_M4F);
        nvic.set_level(level(&[5]));
        nvic.set_level(Set::default());
        assert!(nvic.pending.contains(21));
        nvic.activate(21);
        assert!(!nvic.deactivate(21));
        assert!(nvic.pending.is_empty());
    }

    #[test]
    fn a_line_that_rises_again_in_its_handler_is_not_lost() {
        let mut nvic = Nvic::new(&CORTEX_M4F);
        nvic.set_level(level(&[5]));
        nvic.activate(21);
        nvic.set_level(Set::default());
        assert!(nvic.set_level(level(&[5])));
        nvic.set_level(Set::default());
        assert!(nvic.pending.contains(21) && nvic.active.contains(21));
    }

    #[test]
    fn unpending_does_not_help_against_a_high_line() {
        let mut nvic = Nvic::new(&CORTEX_M4F);
        nvic.set_level(level(&[5]));
        assert_eq!(nvic.write(0xe000_e280, 1 << 5), Some(false));
        assert_eq!(nvic.read(0xe000_e200), Some(1 << 5));
        nvic.set_level(Set::default());
        nvic.write(0xe000_e280, 1 << 5);
        assert_eq!(nvic.read(0xe000_e200), Some(0));
    }

    #[test]
    fn of_two_pending_ones_the_higher_priority_goes_first_and_then_the_lower_number() {
        let mut nvic = Nvic::new(&CORTEX_M4F);
        nvic.write(0xe000_e100, 0b111);
        nvic.write(0xe000_e400, 0x20_40_40);
        nvic.write(0xe000_e200, 0b111);
        assert_eq!(nvic.foremost(), Some(18));
        nvic.activate(18);
        assert_eq!(nvic.foremost(), Some(16));
        assert_eq!(nvic.preempting(nvic.active_priority()), None);
    }

    #[test]
    fn a_subpriority_orders_and_does_not_preempt() {
        let mut nvic = Nvic::new(&CORTEX_M4F.with_priority_bits(8));
        nvic.group = 3;
        nvic.write(0xe000_e100, 0b111);
        nvic.write(0xe000_e400, 0x4f_41_45);
        nvic.write(0xe000_e200, 0b101);
        assert_eq!(nvic.foremost(), Some(16));
        nvic.activate(16);
        nvic.write(0xe000_e200, 0b010);
        assert_eq!(nvic.active_priority(), 0x40);
        assert_eq!(
            nvic.preempting(nvic.active_priority()),
            None,
            "0x41 and 0x45 are one group"
        );
        nvic.write(0xe000_e400, 0x4f_3f_45);
        assert_eq!(nvic.preempting(nvic.active_priority()), Some(17));
    }

    #[test]
    fn bits_that_the_chip_lacks_read_as_zero() {
        let mut nvic = Nvic::new(&CORTEX_M0);
        nvic.write(0xe000_e41c, !0);
        assert_eq!(nvic.read(0xe000_e41c), Some(0xc0c0_c0c0));
        assert_eq!(nvic.write(0xe000_e420, 0), None);
        assert_eq!(nvic.read(0xe000_e300), None, "Armv6-M has no IABR");
        assert_eq!(nvic.write(0xe000_e104, 1), None);
    }

    #[test]
    fn a_chip_of_128_interrupts_reaches_every_one() {
        let mut nvic = Nvic::new(&CORTEX_M33);
        assert_eq!(nvic.controller_type(), 3);
        assert_eq!(nvic.write(0xe000_e10c, 1 << 31), Some(false));
        assert_eq!(nvic.trigger(127), Some(true));
        assert_eq!(nvic.trigger(128), None);
        assert_eq!(nvic.foremost(), Some(143));
        nvic.activate(143);
        assert_eq!(nvic.read(0xe000_e30c), Some(1 << 31));
    }

    #[test]
    fn after_a_reset_a_line_that_is_high_counts_as_rising() {
        let mut nvic = Nvic::new(&CORTEX_M4F);
        nvic.write(0xe000_e100, !0);
        nvic.write(0xe000_e200, 0xf0);
        nvic.write(0xe000_e400, !0);
        nvic.set_level(level(&[1]));
        nvic.activate(20);
        nvic.reset();
        assert_eq!(nvic.read(0xe000_e100), Some(0));
        assert_eq!(nvic.read(0xe000_e200), Some(0));
        assert_eq!(nvic.read(0xe000_e300), Some(0));
        assert_eq!(nvic.read(0xe000_e400), Some(0));
        assert!(nvic.set_level(level(&[1])));
        assert_eq!(nvic.read(0xe000_e200), Some(2));
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(1_000) })]

        #[test]
        fn preemption_is_the_pseudocodes(
            priorities in prop::collection::vec(any::<u8>(), 32),
            (enabled, pending, active) in (any::<u32>(), any::<u32>(), any::<u32>()),
            sparse in any::<u32>(),
            group in 0u8..8,
        ) {
            let mut nvic = Nvic::new(&CORTEX_M4F.with_priority_bits(4));
            let active = active & sparse & sparse.rotate_left(7);
            nvic.group = group;
            nvic.write(0xe000_e100, enabled);
            nvic.write(0xe000_e200, pending);
            nvic.active = Set::from_register(0, active);
            for (k, four) in (0..).zip(priorities.chunks_exact(4)) {
                nvic.write(0xe000_e400 + 4 * k, u32::from_le_bytes(four.try_into().unwrap()));
            }
            let priority = |n: usize| u32::from(priorities[n] & 0xf0);
            let size = 2u32 << group;
            let grouped = |p: u32| p - p % size;
            let of = |bits: u32| (0..32).filter(move |n| bits >> n & 1 != 0);
            let execution = of(active).map(priority).min().map_or(256, grouped);
            let best = of(enabled & pending).min_by_key(|&n| (priority(n), n));
            let expected = best.filter(|&n| grouped(priority(n)) < execution).map(|n| n as u16 + 16);
            prop_assert_eq!(nvic.preempting(nvic.active_priority()), expected);
        }
    }
}
