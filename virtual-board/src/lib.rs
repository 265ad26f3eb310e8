//! Runs the firmware image of a sensor board on a model of its chip: the core, the peripherals that the image touches, and the
//! sensors on its bus.
//!
//! Nothing is waved through: an instruction, a register or a value that no model knows ends the run and is named with its
//! address. Time is virtual; the same image with the same inputs runs the same way each time.
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

pub mod boards;
pub mod bus;
pub mod core;
pub mod event;
pub mod host;
pub mod memory;
pub mod part;
pub mod power;
pub mod rules;
pub mod run;
pub mod soc;
pub mod time;
