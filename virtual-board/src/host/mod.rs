//! The host's side of a run: the image that it loads, and what the program says to it.

pub mod elf;
pub mod rtt;
pub mod semihosting;
pub mod symbols;
