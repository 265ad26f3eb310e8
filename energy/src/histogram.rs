//! Cycles from a histogram of executed instructions and the core manual's timing table.

mod calls;
mod listing;

use std::collections::BTreeMap;
use std::fmt;

pub use calls::Calls;
pub use listing::Listing;

use crate::cycles::{Core, UpdateCost};
use crate::interval::Interval;

/// Instructions that a core times alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Arithmetic, logic, moves, shifts, extension, saturation, single-cycle MACs of 16 bits.
    Simple,
    /// 32-bit product.
    Multiply,
    /// 32-bit product and sum.
    MultiplyAccumulate,
    /// Product of 64 bits, with or without a sum.
    LongMultiply,
    /// Quotient.
    Divide,
    /// One word, halfword or byte, loaded or stored.
    Memory,
    /// Several registers, loaded or stored.
    Multiple {
        /// How many.
        registers: u8,
    },
    /// Several registers loaded, the program counter among them.
    Return {
        /// How many.
        registers: u8,
    },
    /// A branch that was taken, a call or a return.
    BranchTaken,
    /// A branch that was not.
    BranchNotTaken,
    /// If-then, which may be folded into the instruction before it.
    IfThen,
    /// Special registers, barriers, hints.
    System,
}

impl Class {
    /// The class of an instruction as a disassembler prints it; `taken` matters for branches. `None` for one that is
    /// not known, of the floating point unit for example.
    #[must_use]
    pub fn of(mnemonic: &str, operands: &str, taken: bool) -> Option<Self> {
        let name = mnemonic.trim().to_ascii_lowercase();
        let name = name.trim_end_matches(".w").trim_end_matches(".n");
        if name
            .strip_prefix("it")
            .is_some_and(|rest| rest.chars().all(|c| matches!(c, 't' | 'e')))
        {
            return Some(Self::IfThen);
        }
        base_names(name).find_map(|base| Self::of_base(base, operands, taken))
    }

    fn of_base(name: &str, operands: &str, taken: bool) -> Option<Self> {
        Some(match name {
            "b" | "cbz" | "cbnz" => {
                if taken {
                    Self::BranchTaken
                } else {
                    Self::BranchNotTaken
                }
            }
            "bl" | "bx" | "blx" | "tbb" | "tbh" => Self::BranchTaken,
            "ldr" | "ldrb" | "ldrh" | "ldrsb" | "ldrsh" | "str" | "strb" | "strh" => Self::Memory,
            "ldrd" | "strd" => Self::Multiple { registers: 2 },
            "ldm" | "ldmia" | "ldmdb" | "stm" | "stmia" | "stmdb" | "push" => Self::Multiple {
                registers: listed(operands),
            },
            "pop" if operands.contains("pc") => Self::Return {
                registers: listed(operands),
            },
            "pop" => Self::Multiple {
                registers: listed(operands),
            },
            "mul" => Self::Multiply,
            "mla" | "mls" => Self::MultiplyAccumulate,
            "smull" | "umull" | "smlal" | "umlal" | "umaal" | "smlald" | "smlalbb" | "smlalbt" | "smlaltb"
            | "smlaltt" => Self::LongMultiply,
            "sdiv" | "udiv" => Self::Divide,
            "msr" | "mrs" | "cps" | "cpsie" | "cpsid" | "isb" | "dsb" | "dmb" | "nop" | "wfi" | "wfe" | "sev"
            | "bkpt" => Self::System,
            name if SIMPLE.contains(&name) => Self::Simple,
            _ => return None,
        })
    }

    /// Cycles without wait states: least, usual, most. `None` where the core's maker publishes no table.
    ///
    /// Cortex-M4: technical reference manual DDI0439D, tables 3-1 and 3-2; a neighbouring load or store is pipelined
    /// from 2 cycles to 1, a taken branch refills the pipeline in 1 to 3, a division ends early. Cortex-M33 is taken
    /// like it (assumed). Cortex-M3: the same but MLA 2 and long products 3 to 5. Cortex-M0+: its manual (recalled);
    /// the product in 1 cycle or in 32 by the maker's choice.
    #[must_use]
    pub fn cycles(self, core: Core) -> Option<Interval> {
        let small = core == Core::CortexM0Plus;
        let m3 = core == Core::CortexM3;
        if core == Core::CortexM7 {
            return None;
        }
        let (low, mid, high) = match self {
            Self::Simple | Self::BranchNotTaken => (1.0, 1.0, 1.0),
            Self::Multiply if small => (1.0, 1.0, 32.0),
            Self::Multiply => (1.0, 1.0, 1.0),
            Self::MultiplyAccumulate if m3 => (2.0, 2.0, 2.0),
            Self::LongMultiply if m3 => (3.0, 4.0, 5.0),
            Self::MultiplyAccumulate | Self::LongMultiply | Self::Divide | Self::IfThen if small => return None,
            Self::MultiplyAccumulate | Self::LongMultiply => (1.0, 1.0, 1.0),
            Self::Divide => (2.0, 7.0, 12.0),
            Self::Memory if small => (2.0, 2.0, 2.0),
            Self::Memory => (1.0, 1.5, 2.0),
            Self::Multiple { registers } => {
                let n = 1.0 + f64::from(registers);
                (n, n, n)
            }
            Self::Return { registers } if small => {
                let n = 3.0 + f64::from(registers);
                (n, n, n)
            }
            Self::Return { registers } => {
                let n = 1.0 + f64::from(registers);
                (n + 1.0, n + 2.0, n + 3.0)
            }
            Self::BranchTaken if small => (2.0, 2.0, 3.0),
            Self::BranchTaken => (2.0, 3.0, 4.0),
            Self::IfThen => (0.0, 1.0, 1.0),
            Self::System if small => (1.0, 2.0, 3.0),
            Self::System => (1.0, 1.0, 2.0),
        };
        Some(Interval { low, mid, high })
    }
}

const SIMPLE: [&str; 73] = [
    "add", "addw", "subw", "uxtab", "uxtah", "sxtab", "sxtah", "adc", "sub", "sbc", "rsb", "cmp", "cmn", "mov", "movt",
    "movw", "mvn", "and", "orr", "orn", "eor", "bic", "tst", "teq", "lsl", "lsr", "asr", "ror", "rrx", "sxth", "sxtb",
    "uxth", "uxtb", "sxtb16", "uxtb16", "ubfx", "sbfx", "bfi", "bfc", "clz", "rbit", "rev", "rev16", "ssat", "usat",
    "ssat16", "qadd", "qsub", "qadd16", "pkhbt", "pkhtb", "smlad", "smuad", "smlabb", "smlabt", "smlatb", "smlatt",
    "smulbb", "smulbt", "smultb", "smultt", "smulwb", "smulwt", "smlawb", "smlawt", "smmul", "smmulr", "smmla",
    "smmlar", "smmls", "smmlsr", "adr", "neg",
];

const CONDITIONS: [&str; 17] = [
    "eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al",
];

/// A mnemonic, and what is left of it without a condition and without the `s` that sets the flags.
fn base_names(name: &str) -> impl Iterator<Item = &str> {
    let plain = CONDITIONS.iter().find_map(|condition| name.strip_suffix(condition));
    // The condition first: `bls` is a branch on lower or same, not a call.
    let flags = name.strip_suffix('s');
    [
        Some(name),
        plain,
        flags,
        plain.and_then(|plain| plain.strip_suffix('s')),
    ]
    .into_iter()
    .flatten()
}

/// Registers of a list such as `{r4, r5-r7, lr}`.
fn listed(operands: &str) -> u8 {
    let list = operands
        .split_once('{')
        .map_or(operands, |(_, rest)| rest.split('}').next().unwrap_or(rest));
    let number = |register: &str| register.trim().strip_prefix('r').and_then(|n| n.parse::<u8>().ok());
    let count = |part: &str| match part.split_once('-').map(|(first, last)| (number(first), number(last))) {
        Some((Some(first), Some(last))) if last >= first => last - first + 1,
        _ => 1,
    };
    list.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(count)
        .fold(0, u8::saturating_add)
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple => f.pad("simple"),
            Self::Multiply => f.pad("multiply"),
            Self::MultiplyAccumulate => f.pad("multiply-accumulate"),
            Self::LongMultiply => f.pad("long-multiply"),
            Self::Divide => f.pad("divide"),
            Self::Memory => f.pad("memory"),
            Self::Multiple { registers } => f.pad(&format!("multiple-{registers}")),
            Self::Return { registers } => f.pad(&format!("return-{registers}")),
            Self::BranchTaken => f.pad("branch-taken"),
            Self::BranchNotTaken => f.pad("branch-not-taken"),
            Self::IfThen => f.pad("if-then"),
            Self::System => f.pad("system"),
        }
    }
}

/// How often instructions of each class were executed, and how many are of none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: BTreeMap<Class, u64>,
    unknown: u64,
}

impl Histogram {
    /// Adds executions of one class; `None` counts as unknown.
    pub fn add(&mut self, class: Option<Class>, count: u64) {
        match class {
            Some(class) => *self.counts.entry(class).or_default() += count,
            None => self.unknown += count,
        }
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (class, count) in &other.counts {
            self.add(Some(*class), *count);
        }
        self.unknown += other.unknown;
    }

    /// Classes and how often they were executed, in the order of [`Class`].
    pub fn classes(&self) -> impl Iterator<Item = (Class, u64)> + '_ {
        self.counts.iter().map(|(class, count)| (*class, *count))
    }

    /// All instructions.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.unknown + self.counts.values().sum::<u64>()
    }

    /// Instructions of no known class.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Cycles without wait states: the sum of each class's ends, an instruction of no known class taken as 1 to 4
    /// cycles. `None` where the core has no table or not such an instruction.
    #[must_use]
    pub fn cycles(&self, core: Core) -> Option<Interval> {
        let unknown = self.unknown as f64;
        let mut sum = Interval {
            low: unknown,
            mid: 2.0 * unknown,
            high: 4.0 * unknown,
        };
        for (class, &count) in &self.counts {
            let cycles = class.cycles(core)?.scaled(count as f64);
            sum = Interval {
                low: sum.low + cycles.low,
                mid: sum.mid + cycles.mid,
                high: sum.high + cycles.high,
            };
        }
        Some(sum)
    }

    /// The cost of one update from the histogram of one update, stretched by the memory's wait states and cache misses.
    #[must_use]
    pub fn update_cost(&self, core: Core, memory_factor: Interval) -> Option<UpdateCost> {
        let cycles = self.cycles(core)?;
        Some(UpdateCost::Cycles {
            cycles: Interval::from_corners(|c| cycles.at(c) * memory_factor.at(c)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` rounds of a MAC loop of four loads, two dual MACs, a count and a branch.
    fn mac_loop(n: u64) -> Histogram {
        let mut histogram = Histogram::default();
        for (mnemonic, operands, taken, count) in [
            ("ldr.w", "r4, [r0], #4", false, 2 * n),
            ("ldr", "r5, [r1, #0]", false, 2 * n),
            ("smlad", "r2, r4, r5, r2", false, 2 * n),
            ("subs", "r3, #1", false, n),
            ("bne.n", "8000", true, n - 1),
            ("bne.n", "8000", false, 1),
        ] {
            histogram.add(Class::of(mnemonic, operands, taken), count);
        }
        histogram
    }

    #[test]
    fn a_known_loop_agrees_with_a_hand_count() {
        // By hand for 100 rounds: 400 loads of 1 to 2 cycles, 200 MACs and 100 subtractions of 1, 99 taken branches of
        // 2 to 4, one not.
        let histogram = mac_loop(100);
        assert_eq!((histogram.instructions(), histogram.unknown()), (800, 0));
        let cycles = histogram.cycles(Core::CortexM4).unwrap();
        assert_eq!(cycles.low, 400.0 + 200.0 + 100.0 + 99.0 * 2.0 + 1.0);
        assert_eq!(cycles.high, 800.0 + 200.0 + 100.0 + 99.0 * 4.0 + 1.0);
        // The manual's best and worst case of the loop: loads pipelined (2 + 1 + 1 + 1), refill of 1 or 3: 10 and 12
        // cycles a round.
        assert!(cycles.low <= 1000.0 && 1200.0 <= cycles.high);
        assert!((1000.0..=1200.0).contains(&cycles.mid), "{cycles:?}");
        assert!(histogram.cycles(Core::CortexM7).is_none());
    }

    #[test]
    fn a_product_loop_on_the_smallest_core() {
        let mut histogram = Histogram::default();
        for (mnemonic, operands, taken, count) in [
            ("ldrb", "r4, [r0, r3]", false, 20),
            ("sxtb", "r4, r4", false, 10),
            ("muls", "r4, r5", false, 10),
            ("adds", "r2, r2, r4", false, 10),
            ("bne", "8000", true, 9),
            ("bne", "8000", false, 1),
            ("pop", "{r4-r6, pc}", false, 1),
        ] {
            histogram.add(Class::of(mnemonic, operands, taken), count);
        }
        let cycles = histogram.cycles(Core::CortexM0Plus).unwrap();
        assert_eq!(cycles.mid, 40.0 + 10.0 + 10.0 + 10.0 + 18.0 + 1.0 + 7.0);
        assert_eq!(cycles.high - cycles.low, 310.0 + 9.0);
        histogram.add(Class::of("sdiv", "r0, r1, r2", false), 1);
        assert!(
            histogram.cycles(Core::CortexM0Plus).is_none(),
            "Armv6-M does not divide"
        );
    }

    #[test]
    fn mnemonics_find_their_class() {
        let cases = [
            ("movs", "r0, #1", Some(Class::Simple)),
            ("itte", "eq", Some(Class::IfThen)),
            ("addeq", "r0, r1", Some(Class::Simple)),
            ("push", "{r4, r5-r7, lr}", Some(Class::Multiple { registers: 5 })),
            ("ldmia.w", "sp!, {r4, r5}", Some(Class::Multiple { registers: 2 })),
            ("ldrd", "r0, r1, [r2]", Some(Class::Multiple { registers: 2 })),
            ("bx", "lr", Some(Class::BranchTaken)),
            ("blt.n", "10", Some(Class::BranchNotTaken)),
            ("bls", "10", Some(Class::BranchNotTaken)),
            ("bics", "r0, r1", Some(Class::Simple)),
            ("smlal", "r0, r1, r2, r3", Some(Class::LongMultiply)),
            ("vmla.f32", "s0, s1, s2", None),
        ];
        for (mnemonic, operands, class) in cases {
            assert_eq!(Class::of(mnemonic, operands, false), class, "{mnemonic}");
        }
    }
}
