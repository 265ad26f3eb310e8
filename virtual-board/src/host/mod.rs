//! The host's side of a run: what the program says to it.

pub mod rtt;
