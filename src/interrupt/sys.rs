//! What happens at a signal, asked of and told to the system.
#![allow(unsafe_code, reason = "dispositions of signals have no safe interface")]

use libc::c_int;
use std::{
    io::{self, Read},
    os::fd::IntoRawFd,
    sync::atomic::{AtomicI32, Ordering},
};

/// The signals that [`super`] listens to.
const HEARD: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// The end of the pipe that signals are written to; it stays open.
static PIPE: AtomicI32 = AtomicI32::new(-1);

/// Writes the signal's number into the pipe: one of the few things that are allowed in a handler.
extern "C" fn note(signal: c_int) {
    let byte = signal as u8;
    // SAFETY: `write` may be called in a handler; the byte lives as long as the call, and a descriptor that is none is an error.
    unsafe { libc::write(PIPE.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
}

/// Calls `heard` with every signal from now on, on a thread of its own. A signal that this process ignores, as it was started,
/// stays ignored.
pub fn listen(heard: fn(c_int)) -> io::Result<()> {
    let (mut numbers, end) = io::pipe()?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let mut number = [0];
        while numbers.read_exact(&mut number).is_ok() {
            heard(c_int::from(number[0]));
        }
    })?;
    PIPE.store(end.into_raw_fd(), Ordering::Relaxed);
    for signal in HEARD.into_iter().filter(|signal| !is_ignored(*signal)) {
        let handler: extern "C" fn(c_int) = note;
        // SAFETY: a disposition of zeros is a valid one, with an empty mask; the handler does nothing that a handler may not do,
        // and calls that it interrupts are begun again. With a null pointer for the old disposition none is written.
        unsafe {
            let mut new: libc::sigaction = std::mem::zeroed();
            new.sa_sigaction = handler as libc::sighandler_t;
            new.sa_flags = libc::SA_RESTART;
            libc::sigaction(signal, &new, std::ptr::null_mut());
        }
    }
    Ok(())
}

/// Whether this process ignores a signal.
fn is_ignored(signal: c_int) -> bool {
    // SAFETY: a disposition of zeros is a valid one, `SIG_DFL`; with a null pointer for the new disposition the call only
    // writes the old one, to a place that lives as long as the call.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
    }
}

/// Lets a file that would grow beyond the limit of its size (`ulimit -f`) be an error of the write, not the end of the process.
pub fn refuse_large_files() {
    // SAFETY: `SIG_IGN` is a valid disposition for this signal, and no code of this process runs by it.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}
