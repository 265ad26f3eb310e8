//! A board within this process: the models of the crate `virtual-board`.

use crate::{
    Error, Machine, Options,
    end::{End, Output},
    memory::Loads,
};
use std::time::{Duration, Instant};
use virtual_board::{
    core::{Core, Pace, Profile},
    host::{
        elf,
        semihosting::{self, Semihosting},
    },
    memory::Memory,
    run::{self, Board, Console, Limits, Observer},
    soc::{
        Soc,
        mps2::{Mps2, Note},
        nrf51::{self, Nrf51},
    },
    time::Time,
};

/// What a board does between two looks at this machine's clock, at most: instructions, and virtual time.
const SLICE_INSTRUCTIONS: u64 = 10_000_000;
const SLICE: Time = Time::from_s(10_000);

/// Runs an image with these loads until it ends or the time is over; `sink` takes its log, still encoded, as it comes.
pub fn run(image: &elf::Image, loads: &Loads, options: &Options, sink: &mut dyn FnMut(&[u8])) -> Result<Output, Error> {
    start(image, loads, options, Rate::Qemus, &mut Way::Run, sink)
}

/// Runs an image as [`run`] does, but an instruction takes one period of the board's clock, so that SysTick counts instructions.
pub fn run_by_the_clock(
    image: &elf::Image,
    loads: &Loads,
    options: &Options,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<Output, Error> {
    start(image, loads, options, Rate::Clock, &mut Way::Run, sink)
}

/// Runs an image as [`run`] does and hands every program counter to `counters` in the order of execution; the log is not read.
pub fn trace(
    image: &elf::Image,
    loads: &Loads,
    options: &Options,
    counters: &mut dyn FnMut(u32),
) -> Result<Output, Error> {
    start(
        image,
        loads,
        options,
        Rate::Qemus,
        &mut Way::Trace(counters),
        &mut |_| {},
    )
}

/// What an instruction takes of virtual time.
#[derive(Clone, Copy)]
enum Rate {
    /// What the options say, as QEMU understands them.
    Qemus,
    /// A period of the clock of core and timers.
    Clock,
}

impl Rate {
    /// Picoseconds.
    fn ps(self, clock_hz: u64, options: &Options) -> u64 {
        match self {
            Self::Qemus => 1000 << options.icount_shift.min(31),
            Self::Clock => 1_000_000_000_000 / clock_hz,
        }
    }
}

/// How the core works.
enum Way<'a> {
    Run,
    /// One instruction at a time, each of them told.
    Trace(&'a mut dyn FnMut(u32)),
}

/// The application note of an MPS2 board; none for the microbit.
const fn note(machine: Machine) -> Option<Note> {
    match machine {
        Machine::Mps2An385 => Some(Note::An385),
        Machine::Mps2An386 => Some(Note::An386),
        Machine::Mps2An500 => Some(Note::An500),
        Machine::Mps2An505 => Some(Note::An505),
        Machine::Microbit => None,
    }
}

fn start(
    image: &elf::Image,
    loads: &Loads,
    options: &Options,
    rate: Rate,
    way: &mut Way<'_>,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<Output, Error> {
    let mut log = Log {
        sink,
        messages: Vec::new(),
    };
    let end = match note(options.machine) {
        Some(note) => {
            let mut core = core(note.profile(), note.memory(), image, loads, options)?;
            set_clock(&mut core, note.clock_hz(), rate, options);
            until_the_end(power_on(core, Mps2::new(note), loads), options, way, &mut log)
        }
        None => {
            let mut core = core(nrf51::profile(), nrf51::memory(), image, loads, options)?;
            set_clock(&mut core, nrf51::CLOCK_HZ, rate, options);
            until_the_end(power_on(core, Nrf51::new(), loads), options, way, &mut log)
        }
    };
    Ok(Output {
        messages: String::from_utf8_lossy(&log.messages).trim().to_owned(),
        end,
    })
}

/// A core with what is loaded.
fn core(
    profile: Profile,
    mut memory: Memory,
    image: &elf::Image,
    loads: &Loads,
    options: &Options,
) -> Result<Core, Error> {
    image.load(&mut memory)?;
    for (address, bytes) in &loads.memory {
        memory.put(*address, bytes).ok_or_else(|| Error::Load {
            what: "what is loaded beside the image",
            why: format!(
                "{} bytes at {address:#010x}: {} has no memory there",
                bytes.len(),
                options.machine
            ),
        })?;
    }
    let mut core = Core::new(profile, memory);
    core.system.set_secure(options.machine == Machine::Mps2An505);
    Ok(core)
}

/// Sets what instructions take, and the clock that SysTick counts.
fn set_clock(core: &mut Core, clock_hz: u64, rate: Rate, options: &Options) {
    core.set_pace(Pace::Instructions {
        ps: rate.ps(clock_hz, options),
    });
    core.system.set_systick_clocks(clock_hz, None, Time::ZERO);
}

/// Standard input holds what is streamed in.
fn power_on<S: Soc>(core: Core, soc: S, loads: &Loads) -> Board<S> {
    Board::power_on(core, soc, Console::Semihosting(Semihosting::new(loads.stream.clone())))
}

/// Runs a board; now and then this machine's clock is looked at.
fn until_the_end<S: Soc>(mut board: Board<S>, options: &Options, way: &mut Way<'_>, log: &mut Log<'_>) -> End {
    let started = Instant::now();
    loop {
        if started.elapsed() > Duration::from_secs(options.timeout_s) {
            return End::Timeout;
        }
        let limits = Limits {
            time: board.core.now() + SLICE,
            instructions: board.core.counts.instructions + SLICE_INSTRUCTIONS,
        };
        let report = match way {
            Way::Run => board.run(limits, log),
            Way::Trace(counters) => board.trace(limits, log, counters),
        };
        match report.end {
            run::End::Time | run::End::Instructions => {}
            run::End::Exit { .. } => return End::Itself,
            other => return End::Stopped(other.to_string()),
        }
    }
}

/// Takes what the program says.
struct Log<'a> {
    sink: &'a mut dyn FnMut(&[u8]),
    messages: Vec<u8>,
}

impl Observer for Log<'_> {
    fn output(&mut self, _: Time, to: semihosting::Output, bytes: &[u8]) {
        match to {
            semihosting::Output::Standard => (self.sink)(bytes),
            semihosting::Output::Error => self.messages.extend(bytes),
        }
    }
}
