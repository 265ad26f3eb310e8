//! Any image on an emulated board, with what it writes to its console as text.

use crate::{Backend, Error, Options, end::End, in_process, memory::Loads, qemu};
use std::path::Path;
use virtual_board::host::elf;

/// Runs the image at `path` with these bytes in memory, each behind its address, until it ends; returns what it wrote to its
/// console. Of the options those that name the machine, what runs it and its time count.
///
/// QEMU gives an image the files and the shell of this computer: with it, the image must be one that the caller built.
///
/// On the virtual board an instruction takes one period of the board's clock: SysTick counts instructions, exactly. In QEMU it
/// takes 64 ns, as the options say.
///
/// # Errors
/// The file is no image for the machine, a tool is missing, or the run did not come to its end.
pub fn console(path: &Path, memory: &[(u32, &[u8])], options: &Options) -> Result<String, Error> {
    options.check()?;
    let loads = Loads {
        memory: memory
            .iter()
            .map(|(address, bytes)| (*address, bytes.to_vec()))
            .collect(),
        ..Loads::default()
    };
    let mut written = Vec::new();
    let sink = &mut |bytes: &[u8]| written.extend_from_slice(bytes);
    let output = match options.backend {
        Backend::VirtualBoard => {
            let image = elf::Image::read(path)?;
            in_process::run_by_the_clock(&image, &loads, options, sink)?
        }
        Backend::Qemu => qemu::run(path, &loads, options, sink)?,
    };
    let text = String::from_utf8_lossy(&written).into_owned() + &output.messages;
    let lines = text.lines().count();
    match output.end {
        End::Itself => Ok(text),
        End::Timeout => Err(Error::Timeout {
            seconds: options.timeout_s,
            lines,
        }),
        End::Stopped(why) => Err(Error::Stopped { why, lines }),
    }
}
