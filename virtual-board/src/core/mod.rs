//! An Arm Cortex-M core: instructions, exceptions, the system control space.
//!
//! A core runs until something happens that the board around it must see ([`Stop`]). Between two stops it needs nobody: memory is
//! its own, and an access to a peripheral goes to the [`Bus`] that the caller lends it.

mod access;
mod code;
mod cycles;
mod decode;
mod exceptions;
mod execute;
mod float;
mod pace;
pub mod profile;
mod registers;
mod spans;
mod special;
pub mod system;

pub use exceptions::Fault;
pub use pace::{Counts, Pace};
pub use profile::Profile;
pub use registers::Registers;
pub use system::{Moment, System};

use crate::{
    bus::{Bus, Lines},
    memory::Memory,
    time::Time,
};
use code::Code;
use decode::Isa;
use execute::Trap;
use pace::Pacer;
use spans::Spans;

/// Why a core has stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The instant that was asked for is reached.
    Deadline,
    /// A peripheral was touched: its interrupt lines may have changed.
    Access,
    /// The core sleeps and nothing is there to wake it.
    Asleep {
        /// SLEEPDEEP was set.
        deep: bool,
    },
    /// A BKPT instruction. The run may go on after it: the program counter is already behind it.
    Breakpoint {
        /// Its constant: 0xab asks for semihosting.
        immediate: u8,
        /// Its address.
        pc: u32,
    },
    /// The program asked for a reset of the system (AIRCR.SYSRESETREQ).
    ResetRequest,
    /// A fault where none can be handled.
    Lockup {
        /// The instruction that faulted last.
        pc: u32,
    },
    /// An instruction, a register or a value that no model knows. It says which, and where.
    Unmodelled(String),
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
    /// What the core is.
    pub profile: Profile,
    /// The registers that instructions work on.
    pub registers: Registers,
    /// The system control space.
    pub system: System,
    /// The memory that it reaches without a bus.
    pub memory: Memory,
    /// What it has done while it was awake.
    pub counts: Counts,
    sleep: Option<Sleep>,
    /// Why the run ends before the next instruction.
    stop: Option<Stop>,
    isa: Isa,
    pacer: Pacer,
    /// Ticks at which the inner loop looks around; 0 where something wants its attention at once.
    limit: u64,
    code: Code,
    /// [`Memory::flash_changes`] when `code` was decoded.
    decoded_at: u64,
    spans: Spans,
    /// Protection, privilege and priority for which `spans` and the window of `code` hold.
    protection: Protection,
    /// Extra cycles of a fetch from flash.
    wait_states: (u32, u32),
    /// Extra cycles of a taken branch.
    refill: (u32, u32),
    lowest_sp: u32,
    /// The instruction that is executed belongs to an IT block.
    in_it: bool,
    /// Loads and stores have the rights of unprivileged code, whoever makes them.
    as_user: bool,
}

/// What decides about protection besides an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Protection {
    on: bool,
    privileged: bool,
    high: bool,
}

impl Core {
    /// A core after power-on: it begins where its vector table says.
    #[must_use]
    pub fn new(profile: Profile, memory: Memory) -> Self {
        let mut core = Self {
            registers: Registers::new(),
            system: System::new(&profile),
            isa: Isa::of(&profile),
            refill: cycles::refill(profile.timing),
            profile,
            memory,
            counts: Counts::default(),
            sleep: None,
            stop: None,
            pacer: Pacer::new(Pace::Cycles { hz: 1_000_000 }),
            limit: 0,
            code: Code::default(),
            decoded_at: 0,
            spans: Spans::default(),
            protection: Protection::default(),
            wait_states: (0, 0),
            lowest_sp: u32::MAX,
            in_it: false,
            as_user: false,
        };
        core.reset();
        core
    }

    /// A reset of the system. Memory keeps its bytes, counts and time go on, and the vector table is read anew.
    pub fn reset(&mut self) {
        self.system.reset();
        (self.sleep, self.stop, self.limit) = (None, None, 0);
        self.take_reset();
        self.forget_protection();
    }

    /// Runs until the board has to look, at the latest until an instant.
    pub fn run<B: Bus + ?Sized>(&mut self, bus: &mut B, until: Time) -> Stop {
        self.limit = 0;
        loop {
            if self.pacer.ticks(&self.counts) >= self.limit
                && let Some(stop) = self.attend(until)
            {
                return stop;
            }
            self.advance(bus);
        }
    }

    /// Takes a pending exception, if there is one, and executes one instruction; says why there was none, or what it led to.
    pub fn step<B: Bus + ?Sized>(&mut self, bus: &mut B) -> Option<Stop> {
        if let Some(stop) = self.attend(Time::NEVER) {
            return Some(stop);
        }
        self.advance(bus);
        self.limit = 0;
        self.take_stop()
    }

    /// What happens between instructions: stops, exceptions, sleep, deadlines. Sets the next limit.
    fn attend(&mut self, until: Time) -> Option<Stop> {
        if let Some(stop) = self.take_stop() {
            return Some(stop);
        }
        if self.system.reset_request {
            return Some(Stop::ResetRequest);
        }
        let now = self.now();
        if self.system.due() <= now {
            self.system.advance(now);
        }
        if self.system.attention {
            self.take_exceptions();
        }
        if let Some(stop) = self.take_stop() {
            return Some(stop);
        }
        if self.sleep.is_some() {
            let deep = self.system.sleeps_deeply();
            return Some(Stop::Asleep { deep });
        }
        let now = self.now();
        if now >= until {
            return Some(Stop::Deadline);
        }
        self.refresh();
        // An exception that was entered may be pre-empted at once.
        let attention = self.system.attention;
        self.limit = if attention {
            0
        } else {
            self.pacer.tick(until.min(self.system.due()))
        };
        None
    }

    /// Why the run ends, if it does. What it cannot go on after stays until a reset.
    fn take_stop(&mut self) -> Option<Stop> {
        let stop = self.stop.take();
        if matches!(stop, Some(Stop::Lockup { .. } | Stop::Unmodelled(_))) {
            self.stop.clone_from(&stop);
        }
        stop
    }

    /// Forgets what was decoded or allowed where that may have changed.
    fn refresh(&mut self) {
        if self.decoded_at != self.memory.flash_changes() {
            self.decoded_at = self.memory.flash_changes();
            self.code.clear();
        }
        let protection = Protection {
            on: self.system.mpu_on,
            privileged: self.registers.privileged(),
            high: self.system.is_high(),
        };
        if protection != self.protection {
            self.forget_protection();
            self.protection = protection;
        }
    }

    fn forget_protection(&mut self) {
        self.spans.clear();
        self.code.close();
    }

    /// Executes the next instruction.
    #[inline]
    fn advance<B: Bus + ?Sized>(&mut self, bus: &mut B) {
        let at = self.registers.pc;
        let decoded = match self.code.get(at) {
            Some(decoded) => decoded,
            None => match self.fetch(at) {
                Ok(decoded) => decoded,
                Err(trap) => return self.trap(at, trap),
            },
        };
        self.registers.r[15] = at.wrapping_add(4);
        self.registers.pc = at.wrapping_add(decoded.length.into());
        self.counts.instructions += 1;
        self.counts.spend(
            u32::from(decoded.low) + u32::from(decoded.words) * self.wait_states.0,
            u32::from(decoded.high) + u32::from(decoded.words) * self.wait_states.1,
        );
        let it = self.registers.it;
        self.in_it = it != 0;
        if it != 0 && !self.advance_it(at, decoded.instruction) {
            return;
        }
        if let Err(trap) = self.execute(bus, decoded.instruction) {
            self.registers.it = it;
            self.trap(at, trap);
        }
    }

    /// Moves an IT block on; whether the instruction is executed.
    #[inline(never)]
    fn advance_it(&mut self, at: u32, instruction: decode::Instruction) -> bool {
        let it = self.registers.it;
        let last = it & 7 == 0;
        if !execute::allowed_in_it(instruction, last) {
            self.trap(at, Trap::Unpredictable);
            return false;
        }
        self.registers.it = if last { 0 } else { it & 0xe0 | it << 1 & 0x1f };
        self.registers.passes(it >> 4)
    }

    /// An instruction could not be executed.
    #[cold]
    #[inline(never)]
    fn trap(&mut self, at: u32, trap: Trap) {
        self.limit = 0;
        self.registers.pc = at;
        match trap {
            Trap::Fault(fault) => self.fault(fault),
            Trap::Stopped => {}
            Trap::Unpredictable => self.cannot(at, "the architecture leaves open what it does (UNPREDICTABLE)"),
            Trap::Unmodelled(gap) => self.cannot(at, gap.words()),
        }
    }

    /// The run ends at an instruction.
    fn cannot(&mut self, at: u32, why: &str) {
        let first = self.memory.load(at).map_or(0, u16::from_le_bytes);
        let second = self.memory.load(at.wrapping_add(2)).map_or(0, u16::from_le_bytes);
        let encoding = if decode::is_wide(first) {
            format!("{first:04x} {second:04x}")
        } else {
            format!("{first:04x}")
        };
        self.stop = Some(Stop::Unmodelled(format!("instruction {encoding} at {at:#010x}: {why}")));
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Time {
        self.pacer.now(&self.counts)
    }

    /// Moves time while the core sleeps; nothing is counted. An earlier instant changes nothing.
    pub fn sleep_until(&mut self, at: Time) {
        if at > self.now() {
            self.pacer.jump(at, &self.counts);
        }
    }

    /// From now on instructions take other time: a change of the clock.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pacer.change(pace, &self.counts);
        self.limit = 0;
    }

    /// From now on each fetch of a word of instructions from flash costs this many extra cycles, at least and at most.
    pub fn set_wait_states(&mut self, extra: (u32, u32)) {
        self.wait_states = extra;
    }

    /// The levels of the interrupt lines.
    pub fn set_lines(&mut self, lines: Lines) {
        self.system.set_lines(lines);
    }

    /// The next instant at which the core's own timers act.
    #[must_use]
    pub fn due(&self) -> Time {
        self.system.due()
    }

    /// The lowest main stack pointer since power-on or [`Core::reset_lowest_sp`].
    #[must_use]
    pub fn lowest_sp(&self) -> u32 {
        self.lowest_sp
    }

    /// Begins anew with the lowest stack pointer.
    pub fn reset_lowest_sp(&mut self) {
        self.lowest_sp = self.registers.msp();
    }

    /// An exception has cost cycles, between a lowest and a highest number.
    fn charge(&mut self, (low, high): (u32, u32)) {
        self.counts.spend(low, high);
    }
}
