//! The image of a real board on a model of its chip: the same ELF, header and blob that `skiprnn flash` writes, with sensors on
//! its bus that play a recording. What the image logs comes back line by line, and with it what only a model can see: what
//! every sample was, what went over the bus, how deep the stack was, and which rules of silicon were broken.

mod chip;
mod classify;
mod collect;
mod observed;
mod part;
mod replay;
mod summary;

pub use crate::memory::OldHeader;
pub use classify::{Classification, Outcome, Recorded, classify};
pub use collect::{Collected, collect};
pub use observed::{Delivered, Line, Observed, PerDecision, PerSample, Stack, Transfer};
pub use part::{HeldBus, Part};
pub use replay::{Replay, replay};
pub use summary::{BrokenRule, CycleRange, ObservedSummary, SampleCost, StackUse};
pub use virtual_board::{
    event::Sample,
    part::{Faults, HeldSda},
    power,
    rules::{Finding, Found},
    soc::wires::Wire,
    time::Time,
};

use crate::{
    Error, Settings,
    boards::{self, Board},
    firmware::Identity,
    log,
    memory::{self, Regions},
};
use board_link::{
    Collection,
    symbols::{STACK_END, STACK_START},
};
use observed::{Lead, Recorder, Start};
use part::{Mounted, playing};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use virtual_board::{
    host::{
        elf,
        rtt::{Probe, Rtt},
    },
    rules::{Checks, RunEnd},
    run::{self, Console, End, Limits},
    soc::Soc,
};

/// How often a running board is looked at, in its own time.
const SLICE: Time = Time::from_ms(20);

/// How to run an image.
#[derive(Debug, Clone)]
pub struct BoardOptions {
    /// The board.
    pub board: Board,
    /// Its program, such as "classify-lis3dh".
    pub program: &'static str,
    /// How the board is to run the sequences.
    pub settings: Settings,
    /// An ELF of this board and program, in place of building one from the source tree.
    pub firmware: Option<PathBuf>,
    /// The version of the header before the blob that the image reads, where that is a former one.
    pub old_header: Option<OldHeader>,
    /// The board's time at which the run ends; as long as the sequences take where it is not given.
    pub seconds: Option<f64>,
    /// Give up after this many seconds of real time; building the image is not counted.
    pub timeout_s: u64,
    /// What is on the sensor's bus beside a part in order.
    pub part: Part,
    /// The figures by which the charge of the run is booked, where it is to be.
    pub charge: Option<ChargeOptions>,
}

/// How the charge of a run is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeOptions {
    /// What each state draws.
    pub figures: power::Figures,
    /// Whether the current over time is kept.
    pub traced: bool,
}

/// Whether the model of a board tells what draws from its supply, so that the charge of a run can be booked.
#[must_use]
pub fn books_charge(board: &Board) -> bool {
    chip::of(board).is_ok_and(|chip| chip.power_pins.is_some())
}

impl BoardOptions {
    /// A program of a board, with nothing else said.
    #[must_use]
    pub fn new(board: Board, program: &'static str) -> Self {
        Self {
            board,
            program,
            settings: Settings::default(),
            firmware: None,
            old_header: None,
            seconds: None,
            timeout_s: 600,
            part: Part::default(),
            charge: None,
        }
    }

    /// The image: the one given, which has to be of this board, or the one of the source tree.
    fn image(&self) -> Result<PathBuf, Error> {
        let Some(path) = &self.firmware else {
            // A model needs no debugger in its sleep.
            return boards::build_to_be(&self.board, false, self.program);
        };
        let elf = elf::bytes(path)?;
        Identity::of(&elf, path)?.expect(self.board.name, path)?;
        Ok(path.clone())
    }
}

/// Seconds of a board's time; none where they are no time.
fn seconds(seconds: f64) -> Time {
    Time::from_ps((seconds.max(0.0) * 1e12) as u64)
}

/// What an image is given beside its blob.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Raw counts (N, T, I) in flash, for a program that replays them, and N, T and I.
    Sequences(&'a [i16], (usize, usize, usize)),
    /// What its sensor plays.
    Played(&'a Recorded<'a>),
    /// What its sensor plays, for a program that records it: what is asked for lies where the blob would.
    Collected(&'a Recorded<'a>, &'a Collection),
}

/// A board, loaded and about to be powered.
struct Loaded {
    path: PathBuf,
    table: log::Table,
    board: run::Board<Box<dyn Soc>>,
    rules: Checks,
    ledger: Option<power::Ledger>,
    stack: std::ops::Range<u32>,
}

/// Puts image, blob and sequences where `skiprnn flash` puts them.
fn load(options: &BoardOptions, blob: &[u8], input: &Input<'_>, mounted: Mounted) -> Result<Loaded, Error> {
    let chip = chip::of(&options.board)?;
    let path = options.image()?;
    let bytes = elf::bytes(&path)?;
    let regions = Regions::of(&bytes, &path)?;
    let image = elf::Image::parse(&bytes, &path)?;
    let symbol = |name: &str| {
        image.symbol(name).ok_or_else(|| Error::Image {
            path: path.clone(),
            why: format!("the ELF has no symbol {name}"),
        })
    };
    let stack = symbol(STACK_END)?..symbol(STACK_START)?;
    if stack.is_empty() {
        return Err(Error::Image {
            path: path.clone(),
            why: format!(
                "its stack ends at {:#010x} and begins at {:#010x}",
                stack.start, stack.end
            ),
        });
    }
    // An image that is to be watched is run under a debug probe, as `flash` does it.
    let probe = match Identity::of(&bytes, &path)?.watched {
        true => Probe::Attached,
        false => Probe::Detached,
    };
    let control = Rtt::find(&bytes).map_err(|error| Error::Image {
        path: path.clone(),
        why: error.to_string(),
    })?;
    let console = Console::Rtt(Rtt::through(probe, control));
    let mut memory = (chip.memory)();
    image.load(&mut memory)?;
    let room = regions.blob.bytes as usize;
    let first = match input {
        Input::Collected(_, asked) => asked.to_bytes().to_vec(),
        _ => match options.old_header {
            Some(header) => memory::blob_for_old_image(blob, &options.settings, room, header)?,
            None => memory::blob(blob, &options.settings, room)?,
        },
    };
    let mut sections = vec![(regions.blob, first)];
    if let Input::Sequences(counts, shape) = *input {
        let room = regions.sequences.bytes as usize;
        sections.push((regions.sequences, memory::sequences(counts, shape, room)?));
    }
    for (region, bytes) in sections {
        memory.put(region.start, &bytes).ok_or_else(|| Error::Image {
            path: path.clone(),
            why: format!("the chip has no memory at {:#010x}", region.start),
        })?;
    }
    let (mut core, soc) = (chip.assemble)(memory, mounted)?;
    core.system.set_debugger_attached(probe.debug_enabled());
    let ledger = match (&options.charge, chip.power_pins) {
        (Some(charge), Some(pins)) => Some(power::Ledger::new(charge.figures.clone(), pins, charge.traced)),
        _ => None,
    };
    Ok(Loaded {
        ledger,
        table: log::Table::read(&bytes, &path)?,
        board: run::Board::power_on(core, soc, console),
        rules: (chip.rules)(stack.clone()),
        path,
        stack,
    })
}

/// Runs an image with a blob and its input until `watch`, which sees each line of the log as it comes, says that it is done;
/// or until the time that the options give; or until it cannot go on. Nothing is made of the log.
///
/// # Errors
/// The image cannot be built or is another board's, it has no room for what it is given, or the board cannot go on.
pub fn observe(
    options: &BoardOptions,
    blob: &[u8],
    input: &Input<'_>,
    watch: &mut dyn FnMut(&Line) -> bool,
) -> Result<Observed, Error> {
    let mounted = match input {
        Input::Sequences(..) => Mounted::default(),
        Input::Played(recorded) | Input::Collected(recorded, _) => {
            playing(&options.board, options.program, &options.part, recorded)?
        }
    };
    let lead = match input {
        Input::Collected(recorded, _) => Lead::OfSensor(recorded.period()),
        // The sensor's own sampling instant lies up to a period of its clock before the grid's.
        Input::Played(recorded) => Lead::OfRead(Time::from_ps(recorded.period().ps() / 2)),
        Input::Sequences(..) => Lead::OfRead(Time::ZERO),
    };
    let start = mounted.recording.clone().map(|recording| Start::new(recording, lead));
    let mut loaded = load(options, blob, input, mounted)?;
    let decoder = log::Decoder::new(&loaded.table);
    let mut recorder = Recorder::new(decoder, loaded.rules, loaded.ledger, start, watch);
    let limit = options.seconds.map_or(Time::NEVER, seconds);
    let report = follow(options, &mut loaded.board, &mut recorder, limit)?;
    let end = RunEnd {
        now: report.time,
        lowest_sp: report.lowest_sp,
        stack: loaded.stack,
    };
    let observed = recorder.finish(&end, &report, &loaded.path)?;
    match report.end {
        End::Time | End::SleepsForEver { .. } => Ok(observed),
        other => Err(Error::Board {
            board: options.board.name,
            why: other.to_string(),
            at_s: report.time.as_s(),
        }),
    }
}

/// Lets it run, slice after slice.
fn follow(
    options: &BoardOptions,
    board: &mut run::Board<Box<dyn Soc>>,
    recorder: &mut Recorder<'_, '_>,
    limit: Time,
) -> Result<run::Report, Error> {
    let started = Instant::now();
    loop {
        let limits = Limits {
            time: (board.core.now() + SLICE).min(limit),
            ..Limits::default()
        };
        let report = board.run(limits, recorder);
        recorder.came_to(report.time, board.soc.due());
        if report.end != End::Time || recorder.done() || report.time >= limit {
            return Ok(report);
        }
        if recorder.trace_is_full() {
            return Err(Error::Board {
                board: options.board.name,
                why: "its current changes more often than a trace of power keeps; give fewer --seconds".into(),
                at_s: report.time.as_s(),
            });
        }
        if recorder.is_full() {
            return Err(Error::Board {
                board: options.board.name,
                why: "more sleeps, transfers and samples than can be taken down; give fewer --seconds".into(),
                at_s: report.time.as_s(),
            });
        }
        if started.elapsed() > Duration::from_secs(options.timeout_s) {
            return Err(Error::Timeout {
                seconds: options.timeout_s,
                lines: recorder.lines(),
            });
        }
    }
}
