//! A run: power comes on, the core works and sleeps, peripherals and their interrupts take their turns, until there is a reason
//! to end.

use crate::{
    core::{Core, Counts, Pace, Stop},
    event::{Event, ResetCause, What},
    host::{
        rtt::Rtt,
        semihosting::{self, Answer, Output, Semihosting},
    },
    soc::{CoreClock, Soc},
    time::Time,
};
use std::fmt;

/// The immediate of a breakpoint that is a request to the debugger.
const SEMIHOSTING: u8 = 0xab;
/// The core runs for so long at most before limits and a log in RAM are looked at.
const LOOK: Time = Time::from_us(100);

/// How the program talks to the host.
#[derive(Debug, Clone)]
pub enum Console {
    /// It does not; a request to a debugger ends the run.
    None,
    /// By breakpoints, each of which asks for something.
    Semihosting(Semihosting),
    /// By a log in RAM.
    Rtt(Rtt),
}

/// Where a run is to end if nothing ends it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// An instant since power-on.
    pub time: Time,
    /// Instructions since power-on. They are looked at when the core stops for another reason, and at least every 100 µs of
    /// its time, so that a run may exceed them by what the core does in this time.
    pub instructions: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Time::NEVER,
            instructions: u64::MAX,
        }
    }
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The program ended itself.
    Exit {
        /// The exit code that it gave.
        code: i32,
    },
    /// The limit of time is reached. The run may go on.
    Time,
    /// The limit of instructions is reached. The run may go on.
    Instructions,
    /// The core sleeps, and nothing will ever wake it.
    SleepsForEver {
        /// The instruction behind the one that began the sleep.
        pc: u32,
    },
    /// The core faulted while it handled a fault, and stopped.
    Lockup {
        /// Where it stands.
        pc: u32,
    },
    /// A breakpoint with nobody who would handle it. The run may go on.
    Breakpoint {
        /// The number in the instruction.
        immediate: u8,
        /// Where it lies.
        pc: u32,
    },
    /// By a breakpoint the program asked for something of the host that it may not have.
    Refused {
        /// What, with the name of the call.
        what: String,
        /// Where the breakpoint lies.
        pc: u32,
    },
    /// An instruction, a register, a value or a request that no model knows.
    Unmodelled(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit { code } => write!(f, "the program ended with exit code {code}"),
            Self::Time => f.write_str("the limit of virtual time is reached"),
            Self::Instructions => f.write_str("the limit of instructions is reached"),
            Self::SleepsForEver { pc } => {
                write!(
                    f,
                    "the core sleeps for ever before {pc:#010x}: no interrupt that would wake it is due"
                )
            }
            Self::Lockup { pc } => write!(
                f,
                "the core locked up at {pc:#010x}: a fault within the handler of a fault"
            ),
            Self::Breakpoint { immediate, pc } => {
                write!(f, "breakpoint {immediate:#x} at {pc:#010x}, without a debugger")
            }
            Self::Refused { what, pc } => write!(
                f,
                "the image asked the host at {pc:#010x} for {what}: it gets a console at most, and nothing else of the host"
            ),
            Self::Unmodelled(what) => write!(f, "not modelled: {what}"),
        }
    }
}

/// What a run did, from power-on to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Why it ended.
    pub end: End,
    /// When.
    pub time: Time,
    /// The time of it that the core slept.
    pub asleep: Time,
    /// What the core executed.
    pub counts: Counts,
    /// Sleeps that the core began.
    pub sleeps: u64,
    /// Resets after the one at power-on.
    pub resets: u64,
    /// The lowest main stack pointer: how deep the stack was.
    pub lowest_sp: u32,
}

/// Who wants to know what happens in a run, as it happens.
pub trait Observer {
    /// Something happened on the board.
    fn event(&mut self, event: &Event) {
        let _ = event;
    }

    /// The program said something, which the host has at `at`.
    fn output(&mut self, at: Time, to: Output, bytes: &[u8]) {
        let _ = (at, to, bytes);
    }
}

/// Nobody.
impl Observer for () {}

/// Runs the core as [`Core::run`] does, one instruction at a time, and tells where each of them lies.
fn step_by_step<S: Soc>(core: &mut Core, soc: &mut S, until: Time, sink: &mut dyn FnMut(u32)) -> Stop {
    loop {
        if core.now() >= until {
            return core.run(soc, until);
        }
        let before = core.counts.instructions;
        let stop = core.step(soc);
        if core.counts.instructions != before {
            sink(core.registers.r[15].wrapping_sub(4));
        }
        if let Some(stop) = stop {
            return stop;
        }
    }
}

/// A board under power: a core and the chip around it, which holds the program in its memory.
pub struct Board<S> {
    /// The core with the memory.
    pub core: Core,
    /// The chip around it.
    pub soc: S,
    console: Console,
    /// The core's clock as the chip told it last.
    clock: Option<CoreClock>,
    /// It sleeps, deeply or not.
    sleep: Option<bool>,
    asleep: Time,
    sleeps: u64,
    resets: u64,
}

impl<S: Soc> Board<S> {
    /// Power comes on. The core's memory holds what was loaded.
    pub fn power_on(mut core: Core, soc: S, console: Console) -> Self {
        core.reset();
        let mut board = Self {
            core,
            soc,
            console,
            clock: None,
            sleep: None,
            asleep: Time::ZERO,
            sleeps: 0,
            resets: 0,
        };
        board.keep_pace();
        board
    }

    /// The core takes over the clock that the chip has for it, if that has changed.
    fn keep_pace(&mut self) {
        let clock = self.soc.core_clock();
        if let Some(CoreClock { hz, wait_states }) = clock.filter(|_| clock != self.clock) {
            self.core.set_pace(Pace::Cycles { hz });
            self.core.set_wait_states((0, wait_states));
            let now = self.core.now();
            self.core.system.set_systick_clocks(hz, None, now);
            self.clock = clock;
        }
    }

    /// Runs until there is a reason to end. It may be called again after an [`End`] that says so.
    pub fn run(&mut self, limits: Limits, observer: &mut dyn Observer) -> Report {
        self.run_by(limits, observer, &mut |core, soc, until| core.run(soc, until))
    }

    /// Runs in the same way, and hands every program counter to `sink`, in the order of execution; much slower.
    pub fn trace(&mut self, limits: Limits, observer: &mut dyn Observer, sink: &mut dyn FnMut(u32)) -> Report {
        self.run_by(limits, observer, &mut |core, soc, until| {
            step_by_step(core, soc, until, sink)
        })
    }

    fn run_by(
        &mut self,
        limits: Limits,
        observer: &mut dyn Observer,
        go: &mut dyn FnMut(&mut Core, &mut S, Time) -> Stop,
    ) -> Report {
        let end = loop {
            if let Some(end) = self.turn(limits, observer, go) {
                break end;
            }
        };
        Report {
            end,
            time: self.core.now(),
            asleep: self.asleep,
            counts: self.core.counts,
            sleeps: self.sleeps,
            resets: self.resets,
            lowest_sp: self.core.lowest_sp(),
        }
    }

    /// Lets the core run until something else has its turn.
    fn turn(
        &mut self,
        limits: Limits,
        observer: &mut dyn Observer,
        go: &mut dyn FnMut(&mut Core, &mut S, Time) -> Stop,
    ) -> Option<End> {
        let now = self.core.now();
        if now >= limits.time {
            return Some(End::Time);
        }
        if self.core.counts.instructions >= limits.instructions {
            return Some(End::Instructions);
        }
        // Asleep it is asked only whether it wakes.
        let until = match self.sleep {
            Some(_) => now,
            None => self.soc.due().min(limits.time).min(now + LOOK),
        };
        let stop = go(&mut self.core, &mut self.soc, until);
        if !matches!(stop, Stop::Asleep { .. }) {
            self.wake(observer);
        }
        if let Some(end) = self.catch_up(observer) {
            return Some(end);
        }
        match stop {
            Stop::Deadline | Stop::Access => None,
            Stop::Asleep { deep } => self.asleep(deep, limits, observer),
            Stop::Breakpoint { immediate, pc } => self.breakpoint(immediate, pc, observer),
            Stop::ResetRequest => {
                self.reset(ResetCause::Software, observer);
                None
            }
            Stop::Lockup { pc } => Some(End::Lockup { pc }),
            Stop::Unmodelled(what) => Some(End::Unmodelled(what)),
        }
    }

    /// The chip comes to the core's instant, and the core sees its lines.
    fn catch_up(&mut self, observer: &mut dyn Observer) -> Option<End> {
        self.soc.advance(self.core.now(), &mut self.core.memory);
        self.hand_on(observer);
        if let Some(why) = self.soc.take_stop() {
            return Some(End::Unmodelled(why));
        }
        if let Some(cause) = self.soc.take_reset() {
            self.reset(cause, observer);
        }
        self.keep_pace();
        self.core.set_lines(self.soc.lines());
        if self.soc.take_event() {
            self.core.event();
        }
        None
    }

    /// Hands on the chip's events, and what the program has left in a log.
    fn hand_on(&mut self, observer: &mut dyn Observer) {
        for event in self.soc.take_events() {
            observer.event(&event);
        }
        if let Console::Rtt(rtt) = &mut self.console {
            let bytes = rtt.take(&mut self.core.memory);
            if !bytes.is_empty() {
                observer.output(self.core.now(), Output::Standard, &bytes);
            }
        }
    }

    fn tell(&self, what: What, observer: &mut dyn Observer) {
        let at = self.core.now();
        observer.event(&Event { at, pc: None, what });
    }

    /// The core sleeps: time leaps to the next instant at which something happens.
    fn asleep(&mut self, deep: bool, limits: Limits, observer: &mut dyn Observer) -> Option<End> {
        let now = self.core.now();
        if self.sleep.is_none() {
            self.sleep = Some(deep);
            self.sleeps += 1;
            self.soc.sleeping(true, deep, now);
            self.tell(What::Asleep { deep }, observer);
            // What became due up to now may wake it.
            return None;
        }
        let next = self.soc.due().min(self.core.due());
        if next == Time::NEVER {
            return Some(End::SleepsForEver {
                pc: self.core.registers.pc,
            });
        }
        let at = next.min(limits.time).max(now);
        self.core.sleep_until(at);
        self.asleep += at.since(now);
        self.catch_up(observer)
    }

    /// The core is awake.
    fn wake(&mut self, observer: &mut dyn Observer) {
        if let Some(deep) = self.sleep.take() {
            self.soc.sleeping(false, deep, self.core.now());
            self.tell(What::Awake, observer);
        }
    }

    fn reset(&mut self, cause: ResetCause, observer: &mut dyn Observer) {
        let now = self.core.now();
        self.resets += 1;
        self.hand_on(observer);
        if let Some(deep) = self.sleep.take() {
            self.soc.sleeping(false, deep, now);
        }
        self.soc.reset(cause, now);
        self.core.reset();
        if let Console::Rtt(rtt) = &mut self.console {
            rtt.reset();
        }
        self.tell(What::Reset(cause), observer);
        self.core.set_lines(self.soc.lines());
    }

    fn breakpoint(&mut self, immediate: u8, pc: u32, observer: &mut dyn Observer) -> Option<End> {
        if immediate != SEMIHOSTING {
            return Some(End::Breakpoint { immediate, pc });
        }
        let [operation, parameter, ..] = self.core.registers.r;
        let Console::Semihosting(host) = &mut self.console else {
            let what = semihosting::asked(operation, parameter, &self.core.memory);
            return Some(End::Refused { what, pc });
        };
        let value = match host.answer(operation, parameter, &mut self.core.memory) {
            Answer::Value(value) => value,
            Answer::Written { value, to, bytes } => {
                observer.output(self.core.now(), to, &bytes);
                value
            }
            Answer::Exit(code) => return Some(End::Exit { code }),
            Answer::Refused(what) => return Some(End::Refused { what, pc }),
            Answer::Unmodelled(what) => return Some(End::Unmodelled(format!("{what}, asked for at {pc:#010x}"))),
        };
        self.core.registers.r[0] = value;
        None
    }
}

#[cfg(test)]
mod tests;
