//! The host's side of a board: builds its firmware image, puts model and sequences into its memory, runs it, reads its log.
//!
//! The board is an emulated Cortex-M ([`run`], [`classify`], [`measure`]), a model of a real board ([`on_board`]), or a real
//! board that `probe-rs` reaches ([`probe_rs`]). What crosses between host and board is defined in [`board_link`].
//!
//! ```no_run
//! use board_host::{Load, Options, run};
//!
//! let blob = std::fs::read("model.srnn")?;
//! let counts = vec![0i16; 2 * 100 * 1]; // raw sensor counts (N, T, I)
//! let emulation = run(&Load::new(&blob, &counts, (2, 100, 1)), &Options::default())?;
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
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod backend;
pub mod boards;
pub mod classify;
pub mod collect;
mod console;
mod end;
mod error;
pub mod faults;
pub mod firmware;
pub mod identical;
mod identity;
mod image;
mod image_cache;
mod in_process;
mod instructions;
mod load;
mod log;
mod machine;
pub mod measure;
mod memory;
pub mod on_board;
pub mod probe_rs;
mod program;
mod program_counters;
mod qemu;
mod replay;
mod self_check;
pub mod serial;

pub use backend::Backend;
pub use board_link::{Budget, Collection, Pauses, Settings, Spending, capacity, collection::GROUPS, sensors};
pub use console::console;
pub use error::Error;
pub use load::Load;
pub use machine::Machine;
pub use program::Program;
pub use program_counters::{firmware_image, program_counters};
pub use replay::{Emulation, Record, run};
pub use self_check::{SelfCheck, self_check};

pub(crate) use image::Image;
use std::path::PathBuf;

/// How to emulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The board.
    pub machine: Machine,
    /// What runs the image.
    pub backend: Backend,
    /// How the board is to run the sequences.
    pub settings: Settings,
    /// An ELF of `firmware/boards/qemu`, with the program that is run, in place of building one from the source tree. Only the
    /// virtual board runs it: it may be anybody's, and QEMU would give it the files and the shell of this computer.
    pub firmware: Option<PathBuf>,
    /// An instruction takes 2^icount_shift ns of virtual time: 0 to 10. Counts are exact at 6.
    pub icount_shift: u8,
    /// Give up after this many seconds of real time; building the image is not counted.
    pub timeout_s: u64,
    /// Where to write the decoded log, however the run ends.
    pub keep_log: Option<PathBuf>,
}

impl Options {
    /// Whether the image can be started here with these options.
    ///
    /// # Errors
    /// What runs it is missing, or is not safe for an image that somebody gives.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.backend == Backend::Qemu {
            qemu::refuse_given(self)?;
        }
        self.backend.check()
    }
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

/// The image of a program for a machine, built where it is not in the cache.
///
/// # Errors
/// It cannot be built.
pub fn program_image(machine: Machine, program: Program) -> Result<PathBuf, Error> {
    image_cache::built(machine, program, false)
}
