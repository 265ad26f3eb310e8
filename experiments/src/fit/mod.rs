//! From recordings to the best blob for a board and a sensor: the trainings that a time limit allows, the choice among what they
//! gave, and a report of it.
//!
//! 1. [`Data`]: the recordings, checked; windows where they are needed; people held out for the choice and for the report.
//! 2. [`Plan`]: the trainings, with steps for the time given. It is kept in the folder, so that what is resumed is what was begun.
//! 3. [`Plan::train`]: those that are not finished.
//! 4. [`Found::search`]: each model quantized and simulated on the validation part, its energy predicted, one chosen, and that one
//!    alone, beside what else one would take, run on the test part.
//! 5. [`Found::json`], [`Found::text`] and [`Found::report`].
//!
//! The choice sees the validation part alone. Every energy is predicted.

mod candidates;
mod choice;
mod data;
mod event;
mod figures;
mod json;
mod meter;
mod method;
mod others;
mod plan;
mod report;
mod search;
mod speed;
mod text;

pub use candidates::Candidate;
pub use choice::{Reached, Target};
pub use data::Data;
pub use event::{Event, Observer};
pub use figures::{Confusion, GroupFigures, TestFigures};
pub use method::Method;
pub use others::{BuiltIn, Other};
pub use plan::{Plan, Planned, Wanted};
pub use search::{Flash, Found};
