//! Recorded sequences through the network, on the time grid on which they were recorded.
//!
//! The board wakes at the instant of a sample that the network uses, reads it, updates, and sleeps to the next one:
//!
//! ```text
//! sample   0   1   2   3   4   5   6   7   0   1 ...
//! SEQ     _####################______________####
//! AWAKE   _##__________##______##____________##__      asleep at every other instant, sensor and core
//! UPDATE  __#___________#_______#_____________#__
//! ```
//!
//! Instants lie on the absolute grid k·T_s ([`crate::grid`]). Where an update outlasts the sample period, later samples
//! wait in the recording, the schedule stays what it is, and the update is counted as late. A sequence occupies T grid
//! points; the next one starts at the first point behind them that has not passed.

use crate::{
    MAX_INPUTS, MAX_OUTPUTS, MAX_SAMPLES,
    grid::Grid,
    markers::{MarkerError, Markers},
    network::Network,
    record::{SequenceRecord, Summary, Tally},
    schedule::Schedule,
    stored::{LoadError, Recording, SampleError, SampleSource},
    time::{Clock, Meter},
};
use core::fmt;
use embedded_hal::digital::OutputPin;
use heapless::Vec;
use skiprnn_nostd::skip::next_update;

/// T_s in nanoseconds at which sequences are replayed whose model states none.
pub const UNKNOWN_PERIOD_NS: u64 = 1_000_000;

/// Why a replay cannot begin, or cannot go on. `N` and `C` are the errors of network and clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayError<N, C> {
    /// The model's sample period is below a tick of the clock, or absurdly long.
    SamplePeriod {
        /// T_s in nanoseconds.
        sample_period_ns: u64,
        /// The clock's.
        ticks_per_second: u32,
    },
    /// Something is larger than this image's static capacity, or zero.
    Capacity {
        /// What it is.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The largest possible.
        limit: usize,
    },
    /// The samples have another number of channels than the model.
    Inputs {
        /// I of the sequences.
        sequences: usize,
        /// I of the model.
        model: usize,
    },
    /// The next sequence could not be had.
    Recording(LoadError),
    /// A sample could not be read.
    Source {
        /// Its index in the sequence.
        sample: u32,
        /// Why.
        error: SampleError,
    },
    /// The network refused a sample or an output buffer.
    Network(N),
    /// The clock could not wake the board in time.
    Clock(C),
    /// A marker pin did not take its level.
    Marker,
}

impl<N, C> From<MarkerError> for ReplayError<N, C> {
    fn from(_: MarkerError) -> Self {
        Self::Marker
    }
}

impl<N: fmt::Debug, C: fmt::Debug> fmt::Display for ReplayError<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SamplePeriod {
                sample_period_ns,
                ticks_per_second,
            } => {
                write!(
                    f,
                    "a sample period of {sample_period_ns} ns on a clock of {ticks_per_second} Hz"
                )
            }
            Self::Capacity { what, size, limit } => write!(f, "{what}: {size}, this image holds 1 to {limit}"),
            Self::Inputs { sequences, model } => {
                write!(f, "the sequences have {sequences} channels, the model {model}")
            }
            Self::Recording(error) => write!(f, "{error}"),
            Self::Source { sample, error } => write!(f, "sample {sample}: {error}"),
            Self::Network(error) => write!(f, "network: {error:?}"),
            Self::Clock(error) => write!(f, "clock: {error:?}"),
            Self::Marker => f.write_str("a marker pin did not take its level"),
        }
    }
}

impl<N: fmt::Debug, C: fmt::Debug> core::error::Error for ReplayError<N, C> {}

/// Checks that `size` lies in `1..=limit`.
fn fits<N, C>(what: &'static str, size: usize, limit: usize) -> Result<(), ReplayError<N, C>> {
    if (1..=limit).contains(&size) {
        Ok(())
    } else {
        Err(ReplayError::Capacity { what, size, limit })
    }
}

/// A network, the board's clocks and its marker pins, replaying sequences one after the other.
#[derive(Debug)]
pub struct Replay<N, C, M, PS, PA, PU> {
    network: N,
    clock: C,
    meter: M,
    markers: Markers<PS, PA, PU>,
    grid: Grid,
    /// Tick of grid point 0.
    origin: u64,
    /// The grid point behind the last sequence.
    next_start: u64,
    /// Tick of the first sample of the first sequence.
    first: Option<u64>,
    summary: Summary,
}

/// The error of a replay of network `N` by clock `C`.
type ErrorOf<N, C> = ReplayError<<N as Network>::Error, <C as Clock>::Error>;

impl<N, C, M, PS, PA, PU> Replay<N, C, M, PS, PA, PU>
where
    N: Network,
    C: Clock,
    M: Meter,
    PS: OutputPin,
    PA: OutputPin,
    PU: OutputPin,
{
    /// Puts the parts together and takes the present tick as the grid's origin. Raises AWAKE and lowers the others.
    ///
    /// # Errors
    /// Where the model exceeds the capacity or its sample period does not fit the clock.
    pub fn new(network: N, mut clock: C, meter: M, mut markers: Markers<PS, PA, PU>) -> Result<Self, ErrorOf<N, C>> {
        fits("inputs", network.inputs(), MAX_INPUTS)?;
        fits("outputs", network.outputs(), MAX_OUTPUTS)?;
        let sample_period_ns = match network.sample_period_ns() {
            0 => UNKNOWN_PERIOD_NS,
            stated => stated,
        };
        let ticks_per_second = clock.ticks_per_second();
        let grid = Grid::new(sample_period_ns, ticks_per_second).ok_or(ReplayError::SamplePeriod {
            sample_period_ns,
            ticks_per_second,
        })?;
        markers.seq(false)?;
        markers.update(false)?;
        markers.awake(true)?;
        let origin = clock.now();
        let summary = Summary::default();
        Ok(Self {
            network,
            clock,
            meter,
            markers,
            grid,
            origin,
            next_start: 0,
            first: None,
            summary,
        })
    }

    /// Replays a whole recording; `sink` takes each record as soon as its decision is final, before the board sleeps to
    /// the end of the sequence.
    ///
    /// # Errors
    /// Where the recording does not fit the model or this image, or cannot be had, and as [`Replay::sequence`].
    pub fn run(
        &mut self,
        recording: &mut impl Recording,
        mut sink: impl FnMut(&SequenceRecord),
    ) -> Result<Summary, ErrorOf<N, C>> {
        let header = recording.header();
        let (sequences, model) = (header.inputs as usize, self.network.inputs());
        if sequences != model {
            return Err(ReplayError::Inputs { sequences, model });
        }
        for index in 0..header.sequences {
            let mut sequence = recording.next().map_err(ReplayError::Recording)?;
            let record = self.sequence(index, header.length, &mut sequence)?;
            sink(&record);
        }
        self.finish()
    }

    /// Replays one sequence of `length` samples from `source`, up to its decision.
    ///
    /// # Errors
    /// Where the length exceeds the capacity, a sample cannot be read, or a part of the board fails.
    pub fn sequence<S: SampleSource>(
        &mut self,
        index: u32,
        length: u32,
        source: &mut S,
    ) -> Result<SequenceRecord, ErrorOf<N, C>> {
        fits("samples of a sequence", length as usize, MAX_SAMPLES)?;
        let start = self.begin(length)?;
        let mut counts = [0; MAX_INPUTS];
        let counts = counts.get_mut(..self.network.inputs()).unwrap_or_default();
        let mut schedule = Schedule::default();
        let mut update_ticks = Tally::default();
        let (mut asleep_ticks, mut late_updates) = (0u64, 0u32);

        self.network.reset().map_err(ReplayError::Network)?;
        self.markers.seq(true)?;
        let mut due = Some(0);
        while let Some(sample) = due {
            if sample > 0 {
                match self.wait_for(start.wrapping_add(sample.into()))? {
                    Wait::Slept(ticks) => asleep_ticks = asleep_ticks.wrapping_add(ticks),
                    Wait::Late => late_updates = late_updates.wrapping_add(1),
                }
            }
            source
                .read(sample, counts)
                .map_err(|error| ReplayError::Source { sample, error })?;
            self.markers.update(true)?;
            self.meter.start();
            let skip = self.network.step(counts);
            update_ticks.add(self.meter.stop());
            self.markers.update(false)?;
            schedule.insert(sample);
            due = next_update(sample, skip.map_err(ReplayError::Network)?, length);
        }
        let mut logits = Vec::new();
        let outputs = self.network.outputs();
        logits.resize(outputs, 0).map_err(|_| ReplayError::Capacity {
            what: "outputs",
            size: outputs,
            limit: MAX_OUTPUTS,
        })?;
        self.network.logits(&mut logits).map_err(ReplayError::Network)?;
        let decision = self.network.decide(&logits) as u32;
        self.markers.seq(false)?;

        self.summary.sequences = self.summary.sequences.wrapping_add(1);
        self.summary.update_ticks.merge(&update_ticks);
        self.summary.asleep_ticks = self.summary.asleep_ticks.wrapping_add(asleep_ticks);
        self.summary.late_updates = self.summary.late_updates.wrapping_add(late_updates.into());
        let state_crc = self.network.state_crc();
        Ok(SequenceRecord {
            sequence: index,
            decision,
            logits,
            state_crc,
            schedule,
            update_ticks,
            asleep_ticks,
            late_updates,
        })
    }

    /// Sleeps to the end of the last sequence and sums up.
    ///
    /// # Errors
    /// Where clock or marker pins fail.
    pub fn finish(&mut self) -> Result<Summary, ErrorOf<N, C>> {
        if let Some(first) = self.first {
            if let Wait::Slept(ticks) = self.wait_for(self.next_start)? {
                self.summary.asleep_ticks = self.summary.asleep_ticks.wrapping_add(ticks);
            }
            self.summary.total_ticks = self.clock.now().wrapping_sub(first);
        }
        Ok(self.summary)
    }

    /// Sleeps to the first sample of a new sequence and returns its grid point.
    fn begin(&mut self, length: u32) -> Result<u64, ErrorOf<N, C>> {
        let elapsed = self.clock.now().wrapping_sub(self.origin);
        let start = self.grid.at_or_after(elapsed).max(self.next_start);
        self.next_start = start.wrapping_add(length.into());
        let wait = self.wait_for(start)?;
        match (self.first, wait) {
            (None, _) => self.first = Some(self.origin.wrapping_add(self.grid.tick(start))),
            (Some(_), Wait::Slept(ticks)) => {
                self.summary.asleep_ticks = self.summary.asleep_ticks.wrapping_add(ticks);
            }
            (Some(_), Wait::Late) => {}
        }
        Ok(start)
    }

    /// Sleeps to a grid point, AWAKE low meanwhile, unless it has passed.
    fn wait_for(&mut self, point: u64) -> Result<Wait, ErrorOf<N, C>> {
        let due = self.origin.wrapping_add(self.grid.tick(point));
        let before = self.clock.now();
        if before > due {
            return Ok(Wait::Late);
        }
        self.markers.awake(false)?;
        self.clock.sleep_until(due).map_err(ReplayError::Clock)?;
        self.markers.awake(true)?;
        let after = self.clock.now();
        self.summary.wake_delay_ticks = self.summary.wake_delay_ticks.max(after.saturating_sub(due));
        Ok(Wait::Slept(after.wrapping_sub(before)))
    }
}

/// What became of waiting for an instant.
enum Wait {
    /// It came after this many ticks.
    Slept(u64),
    /// It had passed.
    Late,
}
