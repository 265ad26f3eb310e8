//! From a sensor and a clock to decisions: powers the sensor up in time, reads a sample at its instant, updates the
//! network, powers the sensor down where that pays, and sleeps to the next update.
//!
//! ```text
//! sample   0    1    2    3    4    5    6    7    8    9    0
//! sensor  _####___________________####____####______________####    on from its turn-on time before a sample
//! read     ___|______________________|_______|_________________|    exactly at the instants that are due
//! update   ___##_____________________##______##________________##
//! core    _#__##__________________#__##___#__##_____________#__##    asleep in between
//! ```
//!
//! Instants lie on one absolute grid, sample k at k·T_s, however long the board runs. Where an update takes longer
//! than the sample period, every sample meanwhile is captured, since it is not known yet which one will be needed: by the
//! sensor's FIFO, or by an interrupt into a queue ([`CaptureQueue`]). The schedule stays what it would have been. A sequence
//! of T samples occupies T grid points; the next one starts at the first later point that can be reached, from h0 and c0. An
//! endless stream has no end.
//!
//! [`Runner`] blocks; `asynch::Runner` (feature `async`) does the same in async form. Both carry out what one state machine
//! says.
//!
//! An error never harms the network's state: no update was begun. The sensor is then switched off, which is what brings
//! most of them back, and the next call begins a new sequence, because a sequence that lost a sample would not come
//! to the decision that it should. A stream continues with the first sample that can still be read.
//! [`Runner::decide_with`] is the call for a loop over sequences that survives such errors.
//!
//! # Streams
//! A network can also answer while a sequence goes on: [`Runner::answer`] gives the outputs after every sample, or after every
//! K samples. The state persists over windows where [`Config::keep_state`] says so, and always in an endless stream.

#[cfg(feature = "async")]
pub mod asynch;
mod blocking;
mod clock;
mod engine;
mod error;
mod fit;
mod queue;
mod record;
mod sensor;

pub use blocking::Runner;
pub use clock::{Clock, DelayClock};
pub use error::RunnerError;
pub use fit::{ChannelScale, Described, FitError, Mismatch, check_fit, fit};
pub use queue::{CaptureQueue, Queued};
pub use record::{Counters, Decision, Update};
pub use sensor::{Captured, Profile, Sensor, SupplyError, SwitchedSupply};

use crate::grid::Grid;
use core::time::Duration;

/// How a runner runs; the default suits most boards. To change it, take the default and set fields:
///
/// ```
/// use core::time::Duration;
/// use skiprnn_nostd::runner::Config;
///
/// let mut config = Config::default();
/// config.longest_update = Some(Duration::from_millis(1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// T_s, the time between two samples, in place of the one that the model states.
    pub sample_period: Option<Duration>,
    /// The longest time that an update takes on this board, reading the sample included. Where it is below T_s, nothing is
    /// ever captured. `None` where it is not known: then samples are captured during every update.
    pub longest_update: Option<Duration>,
    /// Attempts to reach the sensor beyond the first, while the sample's own period lasts. 2 by default.
    pub retries: u8,
    /// How long one attempt may take; by default T_s / (retries + 2), so that all of them fit into the period.
    pub timeout: Option<Duration>,
    /// How long to wait before a sensor is asked again; by default an eighth of `timeout`.
    pub poll: Option<Duration>,
    /// By how much a wake-up may miss its instant before it counts as late; by default T_s / 16.
    pub late_after: Option<Duration>,
    /// Whether a sequence begins with the state that the one before it left, in place of h0 and c0. The sequences are then the
    /// windows of one stream. A model without a skip gate computes on them what it computes on an endless stream; one with a gate
    /// uses the first sample of every window besides. A window that lost a sample is given up, and its state is kept.
    pub keep_state: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            sample_period: None,
            longest_update: None,
            retries: 2,
            timeout: None,
            poll: None,
            late_after: None,
            keep_state: false,
        }
    }
}

/// When the samples of one sequence fall due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instants {
    grid: Grid,
    /// Tick of grid point 0.
    origin: u64,
    /// Grid point of sample 0.
    start: u64,
}

impl Instants {
    /// The clock's tick at which a sample of the sequence falls due.
    #[must_use]
    pub const fn tick(&self, sample: u64) -> u64 {
        self.point(self.start.saturating_add(sample))
    }

    const fn point(&self, index: u64) -> u64 {
        self.origin.saturating_add(self.grid.tick(index))
    }
}

/// A duration in ticks, rounded up.
fn ticks(duration: Duration, ticks_per_second: u32) -> u64 {
    let rate = u64::from(ticks_per_second);
    // Below 10^9 · 2^32, which fits.
    let fraction = u64::from(duration.subsec_nanos())
        .wrapping_mul(rate)
        .div_ceil(1_000_000_000);
    duration.as_secs().saturating_mul(rate).saturating_add(fraction)
}
