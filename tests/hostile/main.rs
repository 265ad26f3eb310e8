//! Hostile files, paths and numbers: refused in one sentence that names them, in little memory and time.
mod commands;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod files;
mod formats;
mod mutate;
mod mutations;
mod names;
mod numbers;
