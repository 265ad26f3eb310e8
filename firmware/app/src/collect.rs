//! Records what a live sensor delivers: every sample that it makes, or one each period of the board's clock, in blocks that
//! wait in RAM until the log has room for them.
//!
//! Nothing that the host does delays a sample. Where it reads too slowly the queue fills, and the block that finds no room is
//! dropped; a sample that was not read before the sensor made the next one is missed. Both are counted, and both leave a gap
//! in the indices: a sample's index is its place in time since the start of the recording, not among those that arrived.

mod pace;

pub use pace::Pace;

use crate::{
    markers::{MarkerError, Markers},
    parts::{MarkedClock, PartError, mark},
    sensor::Described,
};
pub use board_link::{Collection, sensors};
use core::{fmt, task::Poll};
use embedded_hal::digital::OutputPin;
use heapless::{Deque, Vec};
use skiprnn_nostd::runner::{Clock, Sensor};

/// Counts that a block has room for: 16 samples of three channels, 8 of six.
pub const BLOCK_COUNTS: usize = 48;
/// Blocks that wait for the log. One takes 136 bytes of RAM; 24 of them hold 0.96 s of three channels at 400 Hz, and the
/// kilobyte of the log's own buffer 0.3 s more.
pub const QUEUED: usize = 24;
/// Failed reads in a row after which the recording ends.
pub const FAILURES: u32 = 16;
/// How long the log may take for the next block after the last sample, in seconds; what is left then is dropped.
const PATIENCE_S: u64 = 2;

/// Samples one after the other, without a gap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// Index of its first sample since the start of the recording; lost samples count.
    pub first: u64,
    /// The tick of the clock at which the sensor made that sample, as the board knows it.
    pub at: u64,
    /// Samples before this block that were not read in time.
    pub missed: u64,
    /// Samples before this block that were read and found no room.
    pub dropped: u64,
    /// Raw counts, (n, channels).
    pub counts: Vec<i16, BLOCK_COUNTS>,
}

/// Blocks that wait for the log, in order.
pub type Queue = Deque<Block, QUEUED>;

/// Where blocks go.
pub trait Outlet {
    /// Takes a block, or says that there is no room for it now. Never waits.
    fn offer(&mut self, block: &Block) -> bool;
}

/// What was recorded, and what was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Samples that the outlet took.
    pub samples: u64,
    /// Samples that were not read in time.
    pub missed: u64,
    /// Samples that were read and found no room.
    pub dropped: u64,
    /// Reads that failed and were repeated.
    pub failures: u64,
}

/// Why a recording does not begin, or ends early; `S` is the sensor's error, `C` the clock's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectError<S, C> {
    /// A sample does not fit into a block.
    Channels(usize),
    /// The clock is too coarse for the sensor's rate or the period asked for, or the sensor does not make a tenth more samples
    /// a second than the period asks for.
    Period,
    /// The sensor does not answer.
    Sensor(S),
    /// The sensor answers, and has made no new sample for a second.
    Silent,
    /// The board could not sleep.
    Clock(C),
    /// A marker pin did not take its level.
    Marker,
}

impl<S, C> From<MarkerError> for CollectError<S, C> {
    fn from(_: MarkerError) -> Self {
        Self::Marker
    }
}

impl<S, C> From<PartError<C>> for CollectError<S, C> {
    fn from(error: PartError<C>) -> Self {
        match error {
            PartError::Part(error) => Self::Clock(error),
            PartError::Marker => Self::Marker,
        }
    }
}

impl<S: fmt::Debug, C: fmt::Debug> fmt::Display for CollectError<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channels(channels) => write!(f, "a sample of {channels} channels does not fit into a block"),
            Self::Period => f.write_str("the period is too short for this sensor or for the board's clock"),
            Self::Sensor(error) => write!(f, "it does not answer: {error:?}"),
            Self::Silent => f.write_str("no new sample for a second"),
            Self::Clock(error) => write!(f, "the clock: {error:?}"),
            Self::Marker => f.write_str("a marker pin did not take its level"),
        }
    }
}

impl<S: fmt::Debug, C: fmt::Debug> core::error::Error for CollectError<S, C> {}

/// The error of a recording of these parts.
type ErrorOf<S, C> = CollectError<<S as Sensor>::Error, <C as Clock>::Error>;

/// A recording under way.
#[derive(Debug)]
pub struct Collect<'q, S, C, PS, PA> {
    sensor: S,
    clock: MarkedClock<C, PA>,
    seq: PS,
    pace: Pace,
    channels: usize,
    /// Samples after which it ends.
    limit: u64,
    /// The block that is being filled.
    block: Block,
    queue: &'q mut Queue,
    totals: Totals,
    /// Failed reads since the last sample.
    failed: u32,
    /// The tick of the last sample, or of the start.
    last: u64,
}

impl<'q, S, C, PS, PA> Collect<'q, S, C, PS, PA>
where
    S: Described,
    C: Clock,
    PS: OutputPin,
    PA: OutputPin,
{
    /// Sets the ranges of the sensor, which is this one of the table, switches it on and waits until it has settled. SEQ is high from here to the end, AWAKE while
    /// the core is awake; UPDATE stays low. The sensor has been found.
    ///
    /// # Errors
    /// What was asked for does not fit the sensor or the clock, or the sensor does not answer.
    pub fn new<PU: OutputPin>(
        mut sensor: S,
        mut clock: C,
        markers: Markers<PS, PA, PU>,
        part: &sensors::Sensor,
        asked: &Collection,
        queue: &'q mut Queue,
    ) -> Result<Self, ErrorOf<S, C>> {
        let channels = sensor.channels().len();
        if channels == 0 || channels > BLOCK_COUNTS {
            return Err(CollectError::Channels(channels));
        }
        let pace =
            Pace::new(asked.period_ns, sensor.rate_hz(), clock.ticks_per_second()).ok_or(CollectError::Period)?;
        let mut full_scales = Vec::<f32, BLOCK_COUNTS>::new();
        for full_scale in asked.full_scales_of(part).take(channels) {
            // There is room: a sample fits into a block.
            let _ = full_scales.push(full_scale);
        }
        sensor.set_ranges(&full_scales).map_err(CollectError::Sensor)?;
        let Markers {
            mut seq,
            mut awake,
            mut update,
        } = markers;
        mark(&mut update, false)?;
        mark(&mut awake, true)?;
        mark(&mut seq, true)?;
        sensor.power_up().map_err(CollectError::Sensor)?;
        let settled = clock.now().saturating_add(ticks(sensor.profile().turn_on, &clock));
        let mut clock = MarkedClock { clock, awake };
        clock.sleep_until(settled)?;
        queue.clear();
        Ok(Self {
            sensor,
            clock,
            seq,
            pace,
            channels,
            limit: asked.samples.map_or(u64::MAX, |samples| samples.get().into()),
            block: Block::default(),
            queue,
            totals: Totals::default(),
            failed: 0,
            last: settled,
        })
    }

    /// The sensor, for what its ranges are.
    pub const fn sensor(&self) -> &S {
        &self.sensor
    }

    /// Sleeps until the next sample is there and takes it; false where the recording is complete. Then hands one block to the
    /// outlet, if one waits and there is room.
    ///
    /// # Errors
    /// The sensor does not answer, or no longer makes samples; or the board cannot sleep.
    pub fn step(&mut self, outlet: &mut impl Outlet) -> Result<bool, ErrorOf<S, C>> {
        if self.pace.next_index() >= self.limit {
            return Ok(false);
        }
        let sample = loop {
            self.clock.sleep_until(self.pace.next_look())?;
            let now = self.clock.now();
            match self.sensor.read(self.pace.next_index()) {
                Poll::Ready(Ok(sample)) => {
                    self.last = now;
                    self.failed = 0;
                    break sample;
                }
                Poll::Ready(Err(error)) => {
                    self.failed = self.failed.saturating_add(1);
                    self.totals.failures = self.totals.failures.saturating_add(1);
                    if self.failed >= FAILURES {
                        return Err(CollectError::Sensor(error));
                    }
                    self.pace.failed(now);
                }
                Poll::Pending => {
                    if now.saturating_sub(self.last) > u64::from(self.clock.ticks_per_second()) {
                        return Err(CollectError::Silent);
                    }
                    self.pace.not_yet(now);
                }
            }
        };
        self.take(sample.as_ref());
        self.deliver(outlet);
        Ok(true)
    }

    /// Puts a sample that was read just now into the block.
    fn take(&mut self, counts: &[i16]) {
        let missed = self.pace.found(self.last);
        if missed > 0 {
            self.close();
            self.totals.missed = self.totals.missed.saturating_add(missed);
        }
        if self.block.counts.is_empty() {
            self.block.first = self.pace.index();
            self.block.at = self.pace.at();
            self.block.missed = self.totals.missed;
        }
        // There is room: a block is closed before the next sample would find none.
        let _ = self.block.counts.extend_from_slice(counts);
        if self.block.counts.len().saturating_add(self.channels) > BLOCK_COUNTS {
            self.close();
        }
    }

    /// Puts the block into the queue, or drops it where the queue is full.
    fn close(&mut self) {
        if self.block.counts.is_empty() {
            return;
        }
        self.block.dropped = self.totals.dropped;
        if let Err(block) = self.queue.push_back(core::mem::take(&mut self.block)) {
            self.drop(&block);
        }
    }

    /// Counts the samples of a block that nobody will get.
    fn drop(&mut self, block: &Block) {
        let samples = self.samples(block);
        self.totals.dropped = self.totals.dropped.saturating_add(samples);
    }

    fn samples(&self, block: &Block) -> u64 {
        block.counts.len().checked_div(self.channels).unwrap_or(0) as u64
    }

    /// Hands one block over; whether it did.
    fn deliver(&mut self, outlet: &mut impl Outlet) -> bool {
        let taken = self.queue.front().filter(|block| outlet.offer(block));
        let Some(samples) = taken.map(|block| self.samples(block)) else {
            return false;
        };
        self.totals.samples = self.totals.samples.saturating_add(samples);
        self.queue.pop_front();
        true
    }

    /// Ends the recording: switches the sensor off and hands over what is left. A log that takes nothing for two seconds loses
    /// it.
    ///
    /// # Errors
    /// The board cannot sleep, or a marker pin did not take its level. That the sensor cannot be switched off is none.
    pub fn finish(mut self, outlet: &mut impl Outlet) -> Result<Totals, ErrorOf<S, C>> {
        // What was recorded is there all the same.
        let _ = self.sensor.power_down();
        mark(&mut self.seq, false)?;
        self.close();
        let second = u64::from(self.clock.ticks_per_second());
        let pause = (second / 100).max(1);
        let mut give_up = self.clock.now().saturating_add(second.saturating_mul(PATIENCE_S));
        while !self.queue.is_empty() {
            let now = self.clock.now();
            if self.deliver(outlet) {
                give_up = now.saturating_add(second.saturating_mul(PATIENCE_S));
            } else if now >= give_up {
                break;
            } else {
                self.clock.sleep_until(now.saturating_add(pause))?;
            }
        }
        while let Some(block) = self.queue.pop_front() {
            self.drop(&block);
        }
        Ok(self.totals)
    }
}

/// A time in ticks, rounded up.
fn ticks(time: core::time::Duration, clock: &impl Clock) -> u64 {
    let product = time.as_nanos().saturating_mul(clock.ticks_per_second().into());
    u64::try_from(product.div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
}
