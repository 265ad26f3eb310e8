//! A grid of training runs, and the settings that no other one beats: accuracy against updates and energy.
//!
//! A run is a folder as `train` writes it, at `OUT/CELL-HIDDEN-LAMBDA/seed-N`. After an interruption each run resumes from its
//! last checkpoint and nothing is trained twice; the runs of a cluster's array job are collected in the same way.

mod front;
mod grid;
mod report;
mod slurm;

pub use front::{Front, HeldOutFigures, RunResult, SettingResult};
pub use grid::{Grid, Setting, runs};
pub use report::{FrontJson, RunJson, SettingJson};
pub use slurm::script;
