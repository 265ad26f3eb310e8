//! Ctrl-C, SIGTERM and SIGHUP: a command that has work to keep is asked to end, and ends by itself; any other ends at once.
//!
//! A command that has work to keep holds a [`Keeping`] while it has, and looks at [`asked`] or [`flow`] where it can end; if it
//! then fails, its exit code is [`INTERRUPTED`]. A second signal ends the process at once. A signal that was ignored when the
//! process was started stays ignored, so that `nohup skiprnn train ...` outlives its terminal.

#[cfg(unix)]
mod sys;

use crate::output::tell;
use std::{
    ops::ControlFlow,
    sync::{
        Once,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Exit code of a command that a signal ended, whichever signal it was.
pub const INTERRUPTED: u8 = 130;

/// Whether a signal came.
static ASKED: AtomicBool = AtomicBool::new(false);
/// How many have work to keep.
static KEEPING: AtomicUsize = AtomicUsize::new(0);
static LISTENING: Once = Once::new();

/// While one is held, a signal only asks.
#[derive(Debug)]
pub struct Keeping(());

/// Says that there is work to keep from now on.
#[must_use]
pub fn keep() -> Keeping {
    KEEPING.fetch_add(1, Ordering::SeqCst);
    LISTENING.call_once(listen);
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

fn listen() {
    #[cfg(unix)]
    let ignored = sys::ignored();
    // Where signals cannot be heard, they end the process as they always do.
    let _ = ctrlc::set_handler(heard);
    #[cfg(unix)]
    sys::ignore(&ignored);
}

fn heard() {
    let again = ASKED.swap(true, Ordering::SeqCst);
    if again || KEEPING.load(Ordering::SeqCst) == 0 {
        std::process::exit(INTERRUPTED.into());
    }
    tell("ending, with everything kept; a second signal ends at once");
}
