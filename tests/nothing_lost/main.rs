//! Nothing is lost and nothing is half: commands that are killed or get a signal at any instant, whose output nobody reads, and
//! that cannot write.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod faults;
mod kills;
mod printing;
mod work;
