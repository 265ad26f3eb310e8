//! Every program counter of a run, from which a histogram of executed instructions is made.
//!
//! The virtual board hands them over as it goes; QEMU logs them.

use crate::{Backend, Error, Image, Load, Options, Program, end::End, image_cache, in_process, memory::Loads, qemu};
use std::path::PathBuf;

/// The image that [`run`](crate::run) and [`program_counters`] take with these options, for a disassembler.
///
/// # Errors
/// Where it cannot be built.
pub fn firmware_image(options: &Options) -> Result<PathBuf, Error> {
    image_cache::find(options, Program::Replay)
}

/// Replays as [`run`](crate::run) does and hands every program counter to `sink`, in the order of execution. What the
/// image logs is not read; run it as well.
///
/// # Errors
/// As [`run`](crate::run), and [`Error::Qemu`] where the emulator logs no program counters.
pub fn program_counters(load: &Load<'_>, options: &Options, sink: &mut dyn FnMut(u32)) -> Result<(), Error> {
    let image = Image::open(options)?;
    let loads = Loads::new(&image.regions, load, &options.settings)?;
    match options.backend {
        Backend::VirtualBoard => by_the_board(&image, &loads, options, sink),
        Backend::Qemu => qemu::program_counters(image.program.path(), &loads, options, sink),
    }
}

fn by_the_board(image: &Image, loads: &Loads, options: &Options, sink: &mut dyn FnMut(u32)) -> Result<(), Error> {
    match in_process::trace(&image.program, loads, options, sink)?.end {
        End::Itself => Ok(()),
        End::Timeout => Err(Error::Timeout {
            seconds: options.timeout_s,
            lines: 0,
        }),
        End::Stopped(why) => Err(Error::Stopped { why, lines: 0 }),
    }
}
