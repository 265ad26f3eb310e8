//! Ctrl-C, SIGTERM and SIGHUP: a command that has work to keep is asked to end, and ends by itself; any other ends at once.
//!
//! A command that has work to keep holds a [`Keeping`] while it has, and looks at [`asked`] or [`flow`] where it can end; if it
//! then fails, its exit code is [`exit_code`]. A second signal ends the process at once. A signal that was ignored when the
//! process was started stays ignored, so that `nohup skiprnn train ...` outlives its terminal. Whichever way a signal ends the
//! process, no temporary file of a half-written result stays.

#[cfg(unix)]
mod sys;

use crate::output::tell;
use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering},
};

/// The signal that came first; 0: none.
static CAME: AtomicI32 = AtomicI32::new(0);
/// Whether one came.
static ASKED: AtomicBool = AtomicBool::new(false);
/// How many have work to keep.
static KEEPING: AtomicUsize = AtomicUsize::new(0);

/// While one is held, a signal only asks.
#[derive(Debug)]
pub struct Keeping(());

/// Says that there is work to keep from now on.
#[must_use]
pub fn keep() -> Keeping {
    KEEPING.fetch_add(1, Ordering::SeqCst);
    Keeping(())
}

impl Drop for Keeping {
    fn drop(&mut self) {
        KEEPING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether the command was asked to end.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// The exit code of a command that was asked to end: 128 and the number of the signal.
pub fn exit_code() -> Option<u8> {
    asked().then(|| code(CAME.load(Ordering::SeqCst)))
}

/// [`asked`], for a library that looks by itself.
pub fn flag() -> &'static AtomicBool {
    &ASKED
}

/// Whether work goes on: it breaks once the command was [`asked`] to end.
pub fn flow() -> ControlFlow<()> {
    match asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

/// Hears signals from now on. Called once, before anything else. Where signals cannot be heard, they end the process as they always
/// do.
pub fn listen() {
    #[cfg(unix)]
    {
        sys::refuse_large_files();
        let _ = sys::listen(heard);
    }
    #[cfg(not(unix))]
    let _ = ctrlc::set_handler(|| heard(2));
}

fn heard(signal: i32) {
    let again = CAME
        .compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst)
        .is_err();
    ASKED.store(true, Ordering::SeqCst);
    if again || KEEPING.load(Ordering::SeqCst) == 0 {
        float_model::remove_partial_files();
        tell(format_args!(
            "ended by {}; no file is half written, and the command can be given again",
            name(signal)
        ));
        std::process::exit(code(signal).into());
    }
    tell(format_args!(
        "{}: ending, with everything kept; a second signal ends at once",
        name(signal)
    ));
}

/// What a shell says of a command that a signal ended.
fn code(signal: i32) -> u8 {
    128 + signal as u8
}

fn name(signal: i32) -> &'static str {
    match signal {
        1 => "SIGHUP",
        2 => "Ctrl-C",
        15 => "SIGTERM",
        _ => "a signal",
    }
}
