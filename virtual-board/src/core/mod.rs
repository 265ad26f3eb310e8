//! An Arm Cortex-M core: instructions, exceptions, the system control space.

#[allow(dead_code)] // called by the instructions
mod exceptions;
pub mod profile;
mod registers;
#[allow(dead_code)] // called by the instructions
mod special;
#[allow(dead_code)] // called by the instructions
pub mod system;

pub use exceptions::Fault;
pub use profile::Profile;
pub use registers::Registers;
pub use system::{Moment, System};

use crate::memory::Memory;

/// Why a run came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A fault that nothing can handle any more, at this program counter.
    Lockup {
        /// Where.
        pc: u32,
    },
    /// Something that no model follows; says what.
    Unmodelled(String),
}

/// What a core has done while awake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Instructions.
    pub instructions: u64,
    /// Cycles at least.
    pub cycles_low: u64,
    /// Cycles at most.
    pub cycles_high: u64,
}

/// How a core sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sleep {
    /// After WFI, or by SLEEPONEXIT: until an interrupt is pending that would be taken but for PRIMASK.
    UntilInterrupt,
    /// After WFE: until an event.
    UntilEvent,
}

/// A core with its memory.
#[derive(Debug)]
pub struct Core {
    /// What it is.
    pub profile: Profile,
    /// Its registers.
    pub registers: Registers,
    /// Its system control space.
    pub system: System,
    /// Flash and RAM.
    pub memory: Memory,
    /// What it has done.
    pub counts: Counts,
    /// It sleeps.
    sleep: Option<Sleep>,
    /// The run has to end.
    stop: Option<Stop>,
    /// The lowest main stack pointer so far.
    lowest_sp: u32,
}

impl Core {
    /// A core after a reset.
    #[must_use]
    pub fn new(profile: Profile, memory: Memory) -> Self {
        let mut core = Self {
            profile,
            registers: Registers::default(),
            system: System::new(&profile),
            memory,
            counts: Counts::default(),
            sleep: None,
            stop: None,
            lowest_sp: u32::MAX,
        };
        core.reset();
        core
    }

    /// A reset of the system: memory keeps its bytes, the stack pointer and the program counter come from the vector table.
    pub fn reset(&mut self) {
        self.registers = Registers::default();
        self.system.reset();
        (self.sleep, self.stop) = (None, None);
        self.take_reset();
    }

    /// Why the run has to end, if it has to.
    pub fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    /// An exception has cost cycles, between a lowest and a highest number.
    fn charge(&mut self, cycles: (u32, u32)) {
        self.counts.cycles_low += u64::from(cycles.0);
        self.counts.cycles_high += u64::from(cycles.1);
    }
}
