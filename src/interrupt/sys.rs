//! What happens at a signal, asked of and told to the system.
#![allow(unsafe_code, reason = "dispositions of signals have no safe interface")]

use libc::c_int;

/// The signals that [`super`] listens to.
const HEARD: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Those of them that this process ignores now, as it was started.
pub fn ignored() -> Vec<c_int> {
    let ignores = |signal: &c_int| {
        // SAFETY: a disposition of zeros is a valid one, `SIG_DFL`; with a null pointer for the new disposition the call only
        // writes the old one, to a place that lives as long as the call.
        unsafe {
            let mut now: libc::sigaction = std::mem::zeroed();
            libc::sigaction(*signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
        }
    };
    HEARD.into_iter().filter(ignores).collect()
}

/// Ignores these signals.
pub fn ignore(signals: &[c_int]) {
    for signal in signals {
        // SAFETY: `SIG_IGN` is a valid disposition for each of them, and no code of this process runs by it.
        unsafe { libc::signal(*signal, libc::SIG_IGN) };
    }
}
