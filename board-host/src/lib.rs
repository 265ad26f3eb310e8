//! The real firmware image, in an emulated Cortex-M: blob and sequences go into its memory, what it decided and which
//! samples it used come back over its log, and every instruction of an update is counted.
//!
//! ```no_run
//! use board_host::{Options, run};
//!
//! let blob = std::fs::read("model.srnn")?;
//! let counts = vec![0i16; 2 * 100 * 1]; // raw sensor counts (N, T, I)
//! let emulation = run(&blob, &counts, 2, 100, 1, &Options::default())?;
//! for record in &emulation.records {
//!     println!("class {} from samples {:?}", record.decision, record.updates);
//! }
//! println!("{:.0} instructions per update", emulation.instructions_per_update);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The image is built from the source tree on first use and cached by a hash of its sources, or given as a file
//! ([`Options::firmware`]). What the emulator counts are instructions, not cycles; its time is virtual and repeats
//! exactly.

mod backend;
pub mod boards;
pub mod classify;
mod console;
mod error;
pub mod faults;
pub mod firmware;
mod histogram;
pub mod identical;
mod identity;
mod image;
mod instructions;
mod log;
mod machine;
pub mod measure;
mod memory;
pub mod on_board;
mod replay;

pub use backend::Backend;
pub use board_link::{Budget, Settings, Spending, capacity, sensors};
pub use console::console;
pub use error::Error;
pub use histogram::{firmware_image, program_counters};
pub use machine::Machine;
pub use replay::{Emulation, Record, run};

use backend::End;
pub use image::Program;
use memory::{Loads, Regions};
use std::path::PathBuf;
use virtual_board::host::elf;

/// How to emulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The board.
    pub machine: Machine,
    /// What runs the image.
    pub backend: Backend,
    /// How the board is to run the sequences.
    pub settings: Settings,
    /// An ELF of `firmware/boards/qemu`, with the program that is run, in place of building one from the source tree.
    pub firmware: Option<PathBuf>,
    /// An instruction takes 2^icount_shift ns of virtual time: 0 to 10. Counts are exact at 6.
    pub icount_shift: u8,
    /// Give up after this many seconds of real time; building the image is not counted.
    pub timeout_s: u64,
    /// Where to write the decoded log, however the run ends.
    pub keep_log: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            machine: Machine::default(),
            backend: Backend::default(),
            settings: Settings::default(),
            firmware: None,
            icount_shift: 6,
            timeout_s: 120,
            keep_log: None,
        }
    }
}

/// What an image says of itself with nothing loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfCheck {
    /// What it counts where 1,000 instructions are executed.
    pub thousand_instructions: f64,
    /// Instructions of an empty measurement, which every count is reduced by.
    pub overhead_instructions: f64,
    /// Why it refuses to replay.
    pub refusal: String,
    /// The log, decoded line by line.
    pub log: Vec<String>,
}

/// Starts the image with nothing loaded: it must count exactly, and refuse.
///
/// # Errors
/// As [`run`], and where the image does not refuse.
pub fn self_check(options: &Options) -> Result<SelfCheck, Error> {
    let lines = Image::open(options)?.run(&Loads::default(), options)?;
    let refusal = match log::ended(&lines) {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => return Err(error),
        Ok(()) => {
            return Err(Error::Mismatch(
                "an image with nothing loaded says that it is done".into(),
            ));
        }
    };
    let counter = instructions::InstructionCounter::parse(&lines, options)?;
    Ok(SelfCheck {
        thousand_instructions: counter.thousand,
        overhead_instructions: counter.overhead,
        refusal,
        log: lines,
    })
}

/// The image of a program for a machine, built where it is not in the cache.
///
/// # Errors
/// It cannot be built.
pub fn program_image(machine: Machine, program: Program) -> Result<PathBuf, Error> {
    image::built(machine, program, false)
}

/// A firmware image, read.
pub(crate) struct Image {
    program: elf::Image,
    table: defmt_decoder::Table,
    regions: Regions,
}

impl Image {
    /// Finds the image that replays, or builds it.
    fn open(options: &Options) -> Result<Self, Error> {
        Self::of(options, Program::Replay)
    }

    /// Finds the image of a program, or builds it.
    fn of(options: &Options, program: Program) -> Result<Self, Error> {
        options.backend.check()?;
        Self::read(image::find(options, program)?)
    }

    fn read(path: PathBuf) -> Result<Self, Error> {
        let elf = std::fs::read(&path).map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            table: log::table(&elf, &path)?,
            regions: Regions::of(&elf, &path)?,
            program: elf::Image::parse(&elf, &path)?,
        })
    }

    /// Runs it with these loads and decodes its log.
    fn run(&self, loads: &Loads, options: &Options) -> Result<Vec<String>, Error> {
        self.watch(loads, options, &mut |_| {})
    }

    /// The same, and hands on each line of the log as it comes.
    fn watch(&self, loads: &Loads, options: &Options, sink: &mut dyn FnMut(&str)) -> Result<Vec<String>, Error> {
        let mut decoder = log::Decoder::new(&self.table);
        let output = backend::run(self, loads, options, &mut |bytes| decoder.take(bytes, sink))?;
        if let Some(path) = &options.keep_log {
            let text: String = decoder.lines.iter().flat_map(|line| [line, "\n"]).collect();
            std::fs::write(path, text).map_err(|source| Error::Io {
                path: path.clone(),
                source,
            })?;
        }
        let lines = decoder.finish(self.program.path())?;
        match output.end {
            End::Timeout => Err(Error::Timeout {
                seconds: options.timeout_s,
                lines: lines.len(),
            }),
            End::Stopped(why) => Err(Error::Stopped {
                why,
                lines: lines.len(),
            }),
            End::Itself if lines.is_empty() => Err(Error::Silent {
                backend: options.backend,
                messages: output.messages,
            }),
            End::Itself => Ok(lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_ends_the_run_and_says_where() {
        let options = Options::default();
        let mut elf =
            std::fs::read(image::find(&options, Program::Replay).unwrap_or_else(|error| panic!("{error}"))).unwrap();
        // Amid the thousand nops of the calibration: an instruction that is permanently undefined.
        let nops = elf
            .windows(200)
            .position(|window| window.as_chunks().0.iter().all(|nop| *nop == [0x00, 0xbf]));
        let at = nops.expect("the calibration's nops") + 100;
        elf[at..at + 2].copy_from_slice(&[0xff, 0xde]);
        let folder = tempfile::tempdir().unwrap();
        let firmware = folder.path().join("broken.elf");
        std::fs::write(&firmware, elf).unwrap();
        let options = Options {
            firmware: Some(firmware),
            timeout_s: 20,
            ..options
        };
        match self_check(&options) {
            Err(Error::Fault(why)) => assert!(why.starts_with("HardFault at 0x0000"), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_run_that_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.txt");
        let options = Options {
            timeout_s: 0,
            keep_log: Some(log.clone()),
            ..Options::default()
        };
        match self_check(&options) {
            Err(Error::Timeout { seconds: 0, .. }) => assert!(log.is_file()),
            other => panic!("{other:?}"),
        }
    }
}
