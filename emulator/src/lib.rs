//! The real firmware image, in an emulated Cortex-M: blob and sequences go into its memory, what it decided and which
//! samples it used come back over its log, and every instruction of an update is counted.
//!
//! ```no_run
//! use emulator::{Options, run};
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

mod error;
mod histogram;
mod image;
mod log;
mod memory;
mod qemu;

pub use error::Error;
pub use histogram::{firmware_image, program_counters};
pub use qemu::qemu_available;

use std::{fmt, path::PathBuf, str::FromStr};

/// An emulated board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Machine {
    /// ARM MPS2 with application note 386: Cortex-M4F, 25 MHz.
    #[default]
    Mps2An386,
}

impl Machine {
    /// Every machine, for help texts.
    pub const ALL: [Machine; 1] = [Machine::Mps2An386];

    /// The name that `qemu-system-arm -machine` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Machine::Mps2An386 => "mps2-an386",
        }
    }

    /// The package of its firmware, also its folder's name under `firmware/boards`.
    const fn package(self) -> &'static str {
        match self {
            Machine::Mps2An386 => "qemu-mps2-an386",
        }
    }

    /// The Rust target of its firmware.
    const fn target(self) -> &'static str {
        match self {
            Machine::Mps2An386 => "thumbv7em-none-eabihf",
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Machine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|machine| machine.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                format!("no machine named {name}; there is {known}")
            })
    }
}

/// How to emulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The board.
    pub machine: Machine,
    /// An ELF of `firmware/boards/qemu-...`, in place of building one from the source tree.
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
            firmware: None,
            icount_shift: 6,
            timeout_s: 120,
            keep_log: None,
        }
    }
}

/// What the board made of one sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Index of the largest logit, the first of equals.
    pub decision: u32,
    /// Raw outputs of the head.
    pub logits: Vec<i32>,
    /// CRC-32/ISO-HDLC of the final state, as `skiprnn_nostd::State::crc`.
    pub state_crc: u32,
    /// The samples used, in order.
    pub updates: Vec<u32>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Emulation {
    /// One for each sequence, in the order given.
    pub records: Vec<Record>,
    /// Instructions of one updating `step`, head excluded: the mean over all updates.
    pub instructions_per_update: f64,
    /// Instructions of the cheapest update.
    pub instructions_min: u64,
    /// Instructions of the dearest update.
    pub instructions_max: u64,
    /// Virtual seconds asleep, the waits between sequences included.
    pub seconds_asleep: f64,
    /// Virtual seconds from the first sample of the first sequence to the end of the last one.
    pub seconds_total: f64,
    /// Updates whose sample had fallen due while an earlier update still ran.
    pub late_updates: u64,
    /// Virtual seconds by which the latest wake-up missed its instant.
    pub wake_delay_max_s: f64,
    /// The log, decoded line by line.
    pub log: Vec<String>,
    /// The emulated board's name.
    pub machine: String,
}

/// Replays `n` sequences of `t` samples of `i` channels, raw sensor counts `(N, T, I)`, through `blob` on the emulated
/// board.
///
/// # Errors
/// Where a tool is missing, the image cannot be built, or it refuses what it was given; [`Error`] says which, and how to
/// mend it.
pub fn run(blob: &[u8], counts: &[i16], n: usize, t: usize, i: usize, options: &Options) -> Result<Emulation, Error> {
    let sequences = memory::sequences(counts, n, t, i)?;
    let blob_bytes = blob.len();
    let lines = emulate(
        &[(memory::BLOB, memory::blob(blob)?), (memory::SEQUENCES, sequences)],
        options,
    )?;
    let replayed = log::Replayed::parse(lines, options)?;
    for (what, given, replayed) in [
        ("bytes of the blob", blob_bytes, replayed.blob_bytes),
        ("sequences", n, replayed.emulation.records.len()),
        ("samples of a sequence", t, replayed.samples),
        ("channels", i, replayed.inputs),
    ] {
        if given != replayed {
            return Err(Error::Mismatch(format!("{given} {what} given, {replayed} replayed")));
        }
    }
    Ok(replayed.emulation)
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
    let lines = emulate(&[], options)?;
    let refusal = match log::ended(&lines) {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => return Err(error),
        Ok(()) => {
            return Err(Error::Mismatch(
                "an image with nothing loaded says that it is done".into(),
            ));
        }
    };
    let calibration = log::Calibration::parse(&lines, options)?;
    Ok(SelfCheck {
        thousand_instructions: calibration.thousand,
        overhead_instructions: calibration.overhead,
        refusal,
        log: lines,
    })
}

/// Runs the image with these loads and decodes its log.
fn emulate(loads: &[(u32, Vec<u8>)], options: &Options) -> Result<Vec<String>, Error> {
    qemu::check()?;
    let path = image::find(options)?;
    let elf = std::fs::read(&path).map_err(|source| Error::Io {
        path: path.clone(),
        source,
    })?;
    let table = log::table(&elf, &path)?;
    let output = qemu::run(&path, loads, options)?;
    let lines = log::decode(&table, &output.log, &path);
    if let (Some(path), Ok(lines)) = (&options.keep_log, &lines) {
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        std::fs::write(path, text).map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })?;
    }
    let lines = lines?;
    if output.timed_out {
        return Err(Error::Timeout {
            seconds: options.timeout_s,
            lines: lines.len(),
        });
    }
    if lines.is_empty() {
        return Err(Error::Qemu {
            message: output.messages,
        });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_ends_the_run_and_says_where() {
        let options = Options::default();
        let mut elf = std::fs::read(image::find(&options).unwrap_or_else(|error| panic!("{error}"))).unwrap();
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

    #[test]
    fn machines_by_name() {
        assert_eq!("mps2-an386".parse(), Ok(Machine::Mps2An386));
        let error = "microbit".parse::<Machine>().unwrap_err();
        assert_eq!(error, "no machine named microbit; there is mps2-an386");
    }
}
