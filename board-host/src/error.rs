//! What can go wrong, with the fix.

use skiprnn_nostd::PrintableText;
use std::{io, path::PathBuf};
use virtual_board::host::elf::ElfError;

/// Why an image cannot be built, run or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// QEMU was asked for and is not installed.
    #[error("qemu-system-arm is not installed; type: apt-get install qemu-system-arm")]
    QemuMissing,

    /// An image that somebody gives is not run in QEMU, which would give it this computer's files and shell.
    #[error(
        "{path}: QEMU gives an image the files and the shell of this computer, so it runs only images that are built here; leave \
             --with qemu out, and the virtual board runs it"
    )]
    GivenToQemu {
        /// The image.
        path: PathBuf,
    },

    /// The compiler lacks the board's target.
    #[error("the target {target} is not installed; type: rustup target add {target}")]
    TargetMissing {
        /// Its triple.
        target: &'static str,
    },

    /// A board's chip has no model yet.
    #[error("{board}: its chip has no model; there are models of the chips of {modelled}")]
    NotModelled {
        /// The board.
        board: &'static str,
        /// The boards whose chips have one.
        modelled: &'static str,
    },

    /// A program reads no sensor that has a model.
    #[error("{board}: {program} reads no sensor that can play a recording; take classify-lis3dh or classify-lsm6ds")]
    NoPart {
        /// The board.
        board: &'static str,
        /// Its program.
        program: String,
    },

    /// A virtual board cannot go on.
    #[error("{board}: the virtual board stopped {at_s:.6} s after power-on: {why}")]
    Board {
        /// The board.
        board: &'static str,
        /// Why.
        why: String,
        /// How long it had run.
        at_s: f64,
    },

    /// This program was moved away from its source tree.
    #[error("there are no firmware sources at {path}; give an image with --firmware ELF")]
    NoSourceTree {
        /// Where they were when this program was built.
        path: PathBuf,
    },

    /// The image does not compile.
    #[error("the firmware does not build:\n{log}")]
    FirmwareBuild {
        /// The end of what the compiler said.
        log: String,
    },

    /// The run took too long and was ended.
    #[error("the emulation did not end within {seconds} s (its log had {lines} lines); lower --n")]
    Timeout {
        /// The limit.
        seconds: u64,
        /// Lines of its log by then.
        lines: usize,
    },

    /// The image said why it does not replay what it was given.
    #[error("the firmware refused: {}", PrintableText(.0))]
    Refused(String),

    /// The image panicked or the core faulted.
    #[error("the firmware failed: {}", PrintableText(.0))]
    Fault(String),

    /// The image is not one of this project's, or of another version.
    #[error("{path}: {}; give an image of this version's firmware/boards, or none to have it built", PrintableText(.why))]
    Image {
        /// The ELF.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },

    /// What the image logged contradicts what it was given.
    #[error("the firmware's log does not match the run: {}", PrintableText(.0))]
    Mismatch(String),

    /// The blob or the sequences cannot be loaded.
    #[error("{what}: {why}")]
    Load {
        /// Which of the two.
        what: &'static str,
        /// What is wrong, and how to fix it.
        why: String,
    },

    /// The board cannot go on: it locked up, sleeps for ever, or does what no model knows.
    #[error("the emulated board stopped after {lines} lines of its log: {}", PrintableText(.why))]
    Stopped {
        /// Why, with the address.
        why: String,
        /// Lines of its log by then.
        lines: usize,
    },

    /// The run came to its end and logged nothing.
    #[error("the image logged nothing in {backend}: {messages}")]
    Silent {
        /// The name of what ran it.
        backend: &'static str,
        /// What was said in place of a log.
        messages: String,
    },

    /// The emulator itself failed.
    #[error("qemu-system-arm failed: {message}")]
    Qemu {
        /// What it wrote to its standard error.
        message: String,
    },

    /// A program that shows a board's log cannot be started.
    #[error("{name} cannot be started")]
    Start {
        /// The program.
        name: String,
        /// Why.
        source: io::Error,
    },

    /// A serial port does not send samples.
    #[error("{port}: {}", PrintableText(.why))]
    Port {
        /// The port.
        port: PathBuf,
        /// What it sends instead, and how to fix it.
        why: String,
    },

    /// A file could not be read or written.
    #[error("{path}: cannot be accessed")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<ElfError> for Error {
    fn from(error: ElfError) -> Self {
        match error {
            ElfError::Io { path, source } => Self::Io { path, source },
            ElfError::Image { path, why } => Self::Image { path, why },
            ElfError::NoMemory {
                path,
                address,
                bytes,
                regions,
            } => Self::Image {
                path,
                why: format!("{bytes} bytes of it belong to {address:#010x}, and the machine has {regions}"),
            },
        }
    }
}
