//! Microjoules per classified sequence: predicted from profiles, or measured from a power trace.
//!
//! There are two ways to the figure:
//!
//! - **Predicted** ([`predict`]): a [`Board`] and a [`Sensor`] profile (TOML, every figure an interval with its
//!   source), and a [`Workload`] (how many updates in how many samples, how many instructions each). The result is an
//!   interval and is labelled "predicted".
//! - **Measured** ([`measure`]): a power trace of an instrument ([`trace`]), cut into windows by markers, times or a
//!   threshold, with the energy of each, gross and net, their median, mean and bootstrap interval, and a header that
//!   says what was not stated.
//!
//! Every figure says which of three kinds it is: *measured* (an instrument), *counted* (instructions on an emulated board),
//! *predicted* (anything computed from a profile).
//!
//! ```
//! use energy::{UpdateCost, Workload, board, predict, sensor};
//!
//! let workload = Workload {
//!     sequence_length: 128,
//!     sample_period_s: 0.02,
//!     updates_mean: 32.0,
//!     schedules: None,
//!     update: UpdateCost::Counted { instructions: 20_000 },
//!     dense_update: UpdateCost::Counted { instructions: 19_500 },
//!     head_macs: 32 * 6,
//!     channels: 3,
//! };
//! let prediction = predict(&board("nrf52840")?, &sensor("lis3dh")?, &workload)?;
//! assert_eq!(prediction.label, "predicted");
//! assert!(prediction.uj_per_sequence.high < prediction.dense_uj_per_sequence.high);
//! # Ok::<(), energy::Error>(())
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod breakeven;
mod budget;
mod calibration;
mod compare;
mod cycles;
mod error;
mod front;
mod gaps;
mod histogram;
mod interval;
mod measure;
mod model;
mod parse;
pub mod picture;
pub mod ppk2;
mod predict;
mod prices;
mod profile;
mod shape;
mod small_file;
mod stats;
pub mod trace;
mod two_state;
mod update_cycles;
mod workload;

pub use breakeven::{Battery, BatteryLife, BreakEven, battery_life, break_even};
pub use budget::{BudgetOutcome, BudgetSummary, PricedBudget};
pub use calibration::Calibration;
pub use compare::{Comparison, Scenario, Scheme, compare};
pub use cycles::{Core, UpdateCost, head_instructions, mac_instructions, predicted_instructions};
pub use error::Error;
pub use front::{EnergyFront, FrontPoint};
pub use histogram::{Calls, Class, Histogram, Listing};
pub use interval::{Corner, Interval};
pub use measure::{
    Excluded, MeasureOptions, Measurement, Setup, States, StatesPerSequence, Window, Windowing, measure,
};
pub use parse::ParseError;
pub use predict::{Parts, Prediction, predict};
pub use prices::{Prices, prices};
pub use profile::{
    ActiveWorkload, Board, Depth, Draw, Evidence, Figure, Firmware, OutputRate, Sensor, Simulated, board, boards,
    sensor, sensors,
};
pub use shape::{NetworkShape, instructions_per_update};
pub use stats::Estimate;
pub use two_state::{DutyPoint, MOST_MW, TwoState, fit_two_states};
pub use update_cycles::{UpdateCycles, disassembly, update_cost};
pub use workload::Workload;
