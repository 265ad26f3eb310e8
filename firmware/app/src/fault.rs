//! What a board remembers of a fault across the reset that follows it, so that it starts again a few times and then
//! stops, instead of resetting for ever.
//!
//! A fault handler [records](Retained::record) the cause in memory that no startup code clears, and resets. The next
//! start asks [`Retained::start`] what to do: run, or park, asleep until the power is cycled. A result that the board
//! was meant to deliver [settles](Retained::settle) it: the count of restarts begins anew.

use core::fmt;

/// Restarts in a row after which a board parks.
pub const RESTARTS: u32 = 3;

/// Words of the memory that keeps a [`Retained`].
pub const WORDS: usize = 4;

/// Mixed into the check word, so that memory of all zeros or all ones is not a record.
const MAGIC: u32 = 0x5352_4e46;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// The program panicked.
    Panic {
        /// Line of the source; 0 where unknown.
        line: u32,
    },
    /// The core faulted.
    HardFault {
        /// Address of the instruction.
        pc: u32,
    },
    /// The stack was exhausted.
    StackOverflow {
        /// The stack pointer.
        sp: u32,
    },
    /// An interrupt or exception that nothing handles.
    Interrupt {
        /// Its number, negative for exceptions, as two's complement.
        number: u32,
    },
    /// The watchdog was not fed in time.
    Watchdog,
}

impl Fault {
    const fn words(self) -> (u32, u32) {
        match self {
            Self::Panic { line } => (1, line),
            Self::HardFault { pc } => (2, pc),
            Self::StackOverflow { sp } => (3, sp),
            Self::Interrupt { number } => (4, number),
            Self::Watchdog => (5, 0),
        }
    }

    const fn from_words(kind: u32, detail: u32) -> Option<Self> {
        Some(match kind {
            1 => Self::Panic { line: detail },
            2 => Self::HardFault { pc: detail },
            3 => Self::StackOverflow { sp: detail },
            4 => Self::Interrupt { number: detail },
            5 => Self::Watchdog,
            _ => return None,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic { line } => write!(f, "panic at line {line}"),
            Self::HardFault { pc } => write!(f, "HardFault at {pc:#010x}"),
            Self::StackOverflow { sp } => write!(f, "stack overflow at {sp:#010x}"),
            Self::Interrupt { number } => write!(f, "interrupt {}", number.cast_signed()),
            Self::Watchdog => f.write_str("watchdog"),
        }
    }
}

/// The last fault, and how often in a row the board has restarted because of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retained {
    fault: Option<Fault>,
    restarts: u32,
}

/// What to do after a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Run: nothing has gone wrong since the last result.
    Fresh,
    /// Run again after this fault; the second number counts the restarts, this one included.
    Again(Fault, u32),
    /// Park: it happened too often.
    Park(Fault),
}

impl Retained {
    /// Reads what the memory holds; nothing where it was never written, as after power-on.
    #[must_use]
    pub fn from_words(words: [u32; WORDS]) -> Self {
        let [kind, detail, restarts, check] = words;
        match Fault::from_words(kind, detail) {
            fault @ Some(_) if check == Self::check(kind, detail, restarts) => Self { fault, restarts },
            _ => Self::default(),
        }
    }

    /// What to write to the memory.
    #[must_use]
    pub fn words(&self) -> [u32; WORDS] {
        match self.fault.map(Fault::words) {
            Some((kind, detail)) => [kind, detail, self.restarts, Self::check(kind, detail, self.restarts)],
            None => [0; WORDS],
        }
    }

    const fn check(kind: u32, detail: u32, restarts: u32) -> u32 {
        MAGIC ^ kind.rotate_left(8) ^ detail.rotate_left(16) ^ restarts.rotate_left(24)
    }

    /// A fault happened, and a reset will follow.
    pub const fn record(&mut self, fault: Fault) {
        self.fault = Some(fault);
        self.restarts = self.restarts.saturating_add(1);
    }

    /// All is well again.
    pub const fn settle(&mut self) {
        self.fault = None;
        self.restarts = 0;
    }

    /// What to do now that the board has started.
    #[must_use]
    pub const fn start(&self) -> Start {
        match self.fault {
            None => Start::Fresh,
            Some(fault) if self.restarts > RESTARTS => Start::Park(fault),
            Some(fault) => Start::Again(fault, self.restarts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULTS: [Fault; 5] = [
        Fault::Panic { line: 7 },
        Fault::HardFault { pc: 0x1234 },
        Fault::StackOverflow { sp: 0x2000_0004 },
        Fault::Interrupt { number: u32::MAX },
        Fault::Watchdog,
    ];

    #[test]
    fn a_board_restarts_three_times_and_parks() {
        for fault in FAULTS {
            let mut retained = Retained::default();
            assert_eq!(retained.start(), Start::Fresh);
            for restart in 1..=RESTARTS {
                retained.record(fault);
                // The reset lies between writing and reading.
                retained = Retained::from_words(retained.words());
                assert_eq!(retained.start(), Start::Again(fault, restart));
            }
            retained.record(fault);
            retained = Retained::from_words(retained.words());
            assert_eq!(retained.start(), Start::Park(fault));
        }
    }

    #[test]
    fn a_result_settles_it() {
        let mut retained = Retained::default();
        retained.record(Fault::Watchdog);
        retained.settle();
        assert_eq!(Retained::from_words(retained.words()).start(), Start::Fresh);
    }

    #[test]
    fn memory_after_power_on_is_no_record() {
        for words in [[0; WORDS], [u32::MAX; WORDS], [1, 2, 3, 4], [0xdead_beef; WORDS]] {
            assert_eq!(Retained::from_words(words).start(), Start::Fresh);
        }
        let mut retained = Retained::default();
        retained.record(Fault::Panic { line: 99 });
        for bit in 0..128 {
            let mut words = retained.words();
            words[bit / 32] ^= 1 << (bit % 32);
            assert_eq!(Retained::from_words(words), Retained::default(), "bit {bit}");
        }
    }

    #[test]
    fn faults_are_named() {
        let names = FAULTS.map(|fault| fault.to_string());
        assert_eq!(
            names,
            [
                "panic at line 7",
                "HardFault at 0x00001234",
                "stack overflow at 0x20000004",
                "interrupt -1",
                "watchdog"
            ]
        );
    }
}
