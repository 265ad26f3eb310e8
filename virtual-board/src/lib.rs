//! Runs the firmware image of a sensor board on a model of its chip: the core, the peripherals that the image touches, and the
//! sensors on its bus.
//!
//! Nothing is waved through: an instruction, a register or a value that no model knows ends the run and is named with its
//! address. Time is virtual; the same image with the same inputs runs the same way each time.

pub mod bus;
pub mod core;
pub mod event;
pub mod host;
pub mod memory;
pub mod part;
pub mod run;
pub mod soc;
pub mod time;
