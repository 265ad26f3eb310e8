//! One run of `qemu-system-arm`, the second opinion on the virtual board.

mod trace;

pub use trace::program_counters;

use crate::{
    Error, Options,
    end::{End, Output},
    memory::Loads,
};
use std::{
    fs,
    io::{self, Read},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const QEMU: &str = "qemu-system-arm";
/// How often a running emulator is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Says how to install the emulator where it is missing.
pub fn check() -> Result<(), Error> {
    let status = Command::new(QEMU)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
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

/// A folder for what a run needs; it goes away with the value.
pub fn folder() -> Result<TempDir, Error> {
    tempfile::tempdir().map_err(|source| Error::Io {
        path: std::env::temp_dir(),
        source,
    })
}

/// The emulator with an image and its loads, which are written to `folder`; where its outputs go is left to the caller.
pub fn command(image: &Path, loads: &Loads, options: &Options, folder: &Path) -> Result<Command, Error> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { path, source }
    };
    let mut qemu = Command::new(QEMU);
    qemu.args(["-machine", options.machine.name()]);
    qemu.args("-display none -monitor none -serial none".split(' '));
    // With sleep=off a sleeping core costs no real time; the shift fixes what an instruction costs of virtual time.
    qemu.args(["-icount", &format!("shift={},sleep=off", options.icount_shift)]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(image);
    for (address, bytes) in &loads.memory {
        let path = folder.join(format!("{address:08x}"));
        fs::write(&path, bytes).map_err(io(&path))?;
        qemu.args([
            "-device",
            &format!("loader,file={},addr={address:#x},force-raw=on", escaped(&path)),
        ]);
    }
    // Semihosting reads what is streamed in from the emulator's standard input.
    let stream = folder.join("stream");
    fs::write(&stream, &loads.stream).map_err(io(&stream))?;
    qemu.stdin(fs::File::open(&stream).map_err(io(&stream))?);
    Ok(qemu)
}

/// Runs an image with these loads until it ends or the time is over; `sink` takes its log, still encoded, as it comes.
pub fn run(image: &Path, loads: &Loads, options: &Options, sink: &mut dyn FnMut(&[u8])) -> Result<Output, Error> {
    let folder = folder()?;
    let at = |name: &str| folder.path().join(name);
    let (log, messages) = (at("log"), at("messages"));
    let create = |path: &Path| {
        fs::File::create(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })
    };
    let mut qemu = command(image, loads, options, folder.path())?;
    // Semihosting writes the image's log to the emulator's standard output.
    qemu.stdout(create(&log)?).stderr(create(&messages)?);

    let io = |source| Error::Io {
        path: folder.path().to_owned(),
        source,
    };
    let mut log = fs::File::open(&log).map_err(io)?;
    let mut chunk = Vec::new();
    let mut hand_on = |sink: &mut dyn FnMut(&[u8])| -> Result<(), Error> {
        chunk.clear();
        log.read_to_end(&mut chunk).map_err(io)?;
        sink(&chunk);
        Ok(())
    };
    let mut child = qemu.spawn().map_err(|error| Error::Qemu {
        message: error.to_string(),
    })?;
    let started = Instant::now();
    let mut end = End::Itself;
    while child.try_wait().map_err(io)?.is_none() {
        if started.elapsed() > Duration::from_secs(options.timeout_s) {
            end = End::Timeout;
            child.kill().map_err(io)?;
            child.wait().map_err(io)?;
            break;
        }
        hand_on(sink)?;
        thread::sleep(POLL);
    }
    hand_on(sink)?;
    Ok(Output {
        messages: String::from_utf8_lossy(&fs::read(&messages).map_err(io)?)
            .trim()
            .to_owned(),
        end,
    })
}

/// A path as a value in an option list of the emulator, where a comma is doubled.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
