//! Runs of `qemu-system-arm`, the second opinion on the virtual board.
//!
//! QEMU gives an image all of semihosting, the files and the shell of the host among it, and cannot be told to give less. So it
//! runs images that are built here, and never one that somebody gives ([`Options::firmware`]). Beside that it is started in its
//! sandbox, where it has one: it cannot start another program.

mod child;
#[cfg(target_os = "linux")]
mod sys;
mod trace;

pub use trace::program_counters;

use crate::{
    Error, Options,
    end::{End, Output},
    memory::Loads,
};
use child::{Child, Given};
use std::{
    io::{self, Read},
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

const QEMU: &str = "qemu-system-arm";
/// What it may not do: start programs, gain rights, change its priority, use system calls that are out of date.
const SANDBOX: [&str; 2] = [
    "-sandbox",
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
];
/// The most that an image may log, in bytes, as on the virtual board.
const MOST_OUTPUT: u64 = 64 << 20;

/// How QEMU ends when it is asked for its version with these options.
fn version(options: &[&str]) -> io::Result<std::process::ExitStatus> {
    let mut qemu = Command::new(QEMU);
    qemu.args(options).arg("--version");
    qemu.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
}

/// Says how to install the emulator where it is missing.
pub fn check() -> Result<(), Error> {
    match version(&[]) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::Qemu {
            message: format!("--version ends with {status}"),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::QemuMissing),
        Err(error) => Err(Error::Qemu {
            message: error.to_string(),
        }),
    }
}

/// The options of the sandbox; none where this QEMU was built without it.
fn sandbox() -> &'static [&'static str] {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    match KNOWN.get_or_init(|| version(&SANDBOX).is_ok_and(|status| status.success())) {
        true => &SANDBOX,
        false => &[],
    }
}

/// Refuses an image that somebody gives.
pub fn refuse_given(options: &Options) -> Result<(), Error> {
    match &options.firmware {
        Some(path) => Err(Error::GivenToQemu { path: path.clone() }),
        None => Ok(()),
    }
}

/// The emulator with an image that was built here and its loads, and the files that it reads; where its outputs go is left to
/// the caller.
fn command(image: &Path, loads: &Loads, options: &Options) -> Result<(Command, Given), Error> {
    refuse_given(options)?;
    let mut qemu = Command::new(QEMU);
    qemu.args(sandbox());
    qemu.args(["-machine", options.machine.name()]);
    qemu.args("-display none -monitor none -serial none".split(' '));
    // With sleep=off a sleeping core costs no real time; the shift fixes what an instruction costs of virtual time.
    qemu.args(["-icount", &format!("shift={},sleep=off", options.icount_shift)]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(image);
    let mut given = Given::default();
    for (address, bytes) in &loads.memory {
        let path = given.file(bytes)?;
        qemu.args([
            "-device",
            &format!("loader,file={},addr={address:#x},force-raw=on", escaped(&path)),
        ]);
    }
    // Semihosting reads what is streamed in from the emulator's standard input.
    qemu.stdin(child::stream(&loads.stream)?);
    Ok((qemu, given))
}

/// Runs an image that was built here with these loads until it ends or the time is over; `sink` takes its log, still encoded, as
/// it comes.
pub fn run(image: &Path, loads: &Loads, options: &Options, sink: &mut dyn FnMut(&[u8])) -> Result<Output, Error> {
    let (mut qemu, given) = command(image, loads, options)?;
    // Semihosting writes the image's log to the emulator's standard output.
    qemu.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Child::start(qemu, given)?;
    let messages = child.messages();
    let mut log = child.log(options.timeout_s)?;
    let (mut chunk, mut logged) = (vec![0; 1 << 16], 0u64);
    let mut end = loop {
        match log.read(&mut chunk) {
            Ok(0) => break End::Itself,
            Ok(bytes) => {
                logged += bytes as u64;
                if logged > MOST_OUTPUT {
                    break End::Stopped(format!("the image logged more than {} MB", MOST_OUTPUT >> 20));
                }
                sink(&chunk[..bytes]);
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => break End::Timeout,
            Err(error) => {
                return Err(Error::Qemu {
                    message: error.to_string(),
                });
            }
        }
    };
    if end == End::Itself && !child.ended(&log) {
        end = End::Timeout;
    }
    drop(child);
    Ok(Output {
        messages: messages.finish(),
        end,
    })
}

/// A path as a value in an option list of the emulator, where a comma is doubled.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

#[cfg(test)]
mod tests;
