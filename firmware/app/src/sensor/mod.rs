//! Sensors as the runner takes them, over embedded-hal: switched on in time, read at the instant, switched off again.
//!
//! Each driver implements [`skiprnn_nostd::runner::Sensor`] and says what its counts mean ([`Described`]). [`fit`] sets it to
//! the ranges of a model, and refuses a model made for another unit, a range that the part does not have or a higher rate
//! before the first sample. A new sensor is one file here: the registers that switch it, its
//! [`Profile`](skiprnn_nostd::runner::Profile) from the data sheet, and a test against a mock bus.

pub mod adxl362;
pub mod analog;
pub mod lis3dh;
pub mod lsm6ds;
pub mod scripted;

pub use skiprnn_nostd::runner::{ChannelScale, Described, FitError, Mismatch, fit};

use skiprnn_nostd::runner::Clock;

/// What can go wrong with a part on a bus; `E` is the bus's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<E> {
    /// The bus.
    Bus(E),
    /// Another part answers at this address.
    Part {
        /// What its register of identification reads.
        found: u8,
    },
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

/// How often a sensor is looked for.
const TRIES: u32 = 3;
/// From one try to the next, as a part of a second: 50 ms.
const TRIES_PER_SECOND: u32 = 20;

/// Looks for a sensor up to three times within 100 ms: one that was just switched on may need longer to boot than the board.
///
/// # Errors
/// It does not answer, or is another part, at the last try.
pub fn find<S: Described>(sensor: &mut S, clock: &mut impl Clock) -> Result<(), S::Error> {
    let pause = clock.ticks_per_second().div_ceil(TRIES_PER_SECOND);
    for _ in 1..TRIES {
        if sensor.find().is_ok() {
            return Ok(());
        }
        let until = clock.now().saturating_add(pause.into());
        // A clock that cannot sleep says so when the runner needs it; this try then comes early.
        let _ = clock.sleep_until(until);
    }
    sensor.find()
}

/// Of ranges, each with its full scale, the one whose full scale comes nearest to `wanted`.
fn nearest<T: Copy>(ranges: &[(f32, T)], wanted: f32) -> Option<(f32, T)> {
    let distance = |range: &&(f32, T)| (range.0 - wanted).abs();
    ranges
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .copied()
}
