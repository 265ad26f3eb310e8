//! One run of `qemu-system-arm`.

use crate::{Error, Options};
use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const QEMU: &str = "qemu-system-arm";
/// How often a running emulator is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Whether `qemu-system-arm` can be started.
#[must_use]
pub fn qemu_available() -> bool {
    check().is_ok()
}

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

/// What a run left behind.
pub struct Output {
    /// The image's log, still encoded.
    pub log: Vec<u8>,
    /// What the emulator itself had to say.
    pub messages: String,
    /// It was ended from here.
    pub timed_out: bool,
}

/// Runs an image with these loads, each at its address, until it ends or the time is over.
pub fn run(image: &Path, loads: &[(u32, Vec<u8>)], options: &Options) -> Result<Output, Error> {
    let folder = tempfile::tempdir().map_err(|source| Error::Io {
        path: std::env::temp_dir(),
        source,
    })?;
    let at = |name: &str| folder.path().join(name);
    let (log, messages) = (at("log"), at("messages"));
    let mut qemu = Command::new(QEMU);
    qemu.args([
        "-machine",
        options.machine.name(),
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "none",
    ]);
    // With sleep=off a sleeping core costs no real time; the shift fixes what an instruction costs of virtual time.
    qemu.args(["-icount", &format!("shift={},sleep=off", options.icount_shift)]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"])
        .arg(image);
    for (address, bytes) in loads {
        let path = at(&format!("{address:08x}"));
        fs::write(&path, bytes).map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })?;
        qemu.args([
            "-device",
            &format!("loader,file={},addr={address:#x},force-raw=on", escaped(&path)),
        ]);
    }
    let create = |path: &Path| {
        fs::File::create(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })
    };
    // Semihosting writes the image's log to the emulator's standard output.
    qemu.stdin(Stdio::null())
        .stdout(create(&log)?)
        .stderr(create(&messages)?);

    let io = |source| Error::Io {
        path: folder.path().to_owned(),
        source,
    };
    let mut child = qemu.spawn().map_err(|error| Error::Qemu {
        message: error.to_string(),
    })?;
    let started = Instant::now();
    let mut timed_out = false;
    while child.try_wait().map_err(io)?.is_none() {
        if started.elapsed() > Duration::from_secs(options.timeout_s) {
            timed_out = true;
            child.kill().map_err(io)?;
            child.wait().map_err(io)?;
            break;
        }
        thread::sleep(POLL);
    }
    Ok(Output {
        log: fs::read(&log).map_err(io)?,
        messages: String::from_utf8_lossy(&fs::read(&messages).map_err(io)?)
            .trim()
            .to_owned(),
        timed_out,
    })
}

/// A path as a value in an option list of the emulator, where a comma is doubled.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
