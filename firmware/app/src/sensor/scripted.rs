//! A recording in place of a live sensor, played in real time: what is read at another instant is another sample.
//!
//! Unlike the recording of a replay, which waits, it behaves as a part on a bus: it has to be switched on in time, its
//! samples come on their own grid and are gone with the next one, and while an update outlasts the sample period they wait
//! in a FIFO of [`DEPTH`]. Reading sample 0 starts the next sequence of the recording, and its grid.

use super::{ChannelScale, Described};
use crate::{
    MAX_INPUTS,
    stored::{LoadError, Recording, SampleError},
};
use core::{fmt, task::Poll, time::Duration};
use heapless::Vec;
use skiprnn_nostd::{
    Model,
    grid::Grid,
    runner::{Captured, Instants, Profile, Sensor},
};

/// Samples that the FIFO holds.
pub const DEPTH: u64 = 32;

/// From power-up to the first valid sample, as its data sheet would promise it.
const TURN_ON: Duration = Duration::from_micros(250);
/// The time from power-up to the first valid sample as it really is, in microseconds.
const READY_US: u64 = 200;
/// The shortest pause for which it is switched off.
const OFF_PAYS: Duration = Duration::from_millis(1);

/// Why the script gives no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptError {
    /// It was read while it was off.
    Off,
    /// The next sequence could not be had.
    Recording(LoadError),
    /// The sequence, or the recording, has ended.
    Sample(SampleError),
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("the sensor is off"),
            Self::Recording(error) => error.fmt(f),
            Self::Sample(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ScriptError {}

/// The script's sensor; `F` tells the time in ticks of the runner's clock.
pub struct Scripted<R, F> {
    recording: R,
    now: F,
    grid: Grid,
    /// Ticks of [`READY_US`].
    ready: u64,
    channels: Vec<ChannelScale, MAX_INPUTS>,
    on_since: Option<u64>,
    /// Tick of sample 0 of the present sequence.
    start: u64,
    /// The last sample that the FIFO caught, where it no longer catches any.
    caught: Option<u64>,
}

impl<R: Recording, F: FnMut() -> u64> Scripted<R, F> {
    /// A script for `model`: the recording's counts mean what the model's do. `now` tells the time in ticks of
    /// `ticks_per_second`. `None` where the model states no sample period that this clock can keep.
    pub fn new(model: &Model<'static>, recording: R, now: F, ticks_per_second: u32) -> Option<Self> {
        let period_ns = model.sample_period_ns();
        let channels = model.channels().map(|channel| ChannelScale {
            unit: channel.unit,
            full_scale: channel.full_scale,
        });
        Some(Self {
            recording,
            now,
            grid: Grid::new(period_ns, ticks_per_second)?,
            ready: u64::from(ticks_per_second).saturating_mul(READY_US).div_ceil(1_000_000),
            channels: channels.take(MAX_INPUTS).collect(),
            on_since: None,
            start: 0,
            caught: None,
        })
    }

    /// The sample that the sensor shows now: from half a period before its instant until half a period behind it.
    fn present(&mut self) -> u64 {
        let elapsed = (self.now)().saturating_sub(self.start);
        self.grid.at_or_after(elapsed.saturating_sub(self.grid.tick(1) / 2))
    }

    fn counts(&self, sample: u64) -> Result<Vec<i16, MAX_INPUTS>, ScriptError> {
        let mut counts = Vec::from_array([0; MAX_INPUTS]);
        counts.truncate(self.channels.len());
        self.recording.read(sample, &mut counts).map_err(ScriptError::Sample)?;
        Ok(counts)
    }

    fn read_present(&mut self, sample: u64) -> Result<Vec<i16, MAX_INPUTS>, ScriptError> {
        if sample == 0 {
            self.recording.advance().map_err(ScriptError::Recording)?;
            self.start = (self.now)();
        }
        let present = self.present();
        self.counts(present)
    }
}

impl<R: Recording, F: FnMut() -> u64> Described for Scripted<R, F> {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    /// It has a sample at every instant.
    fn rate_hz(&self) -> u32 {
        u32::MAX
    }
}

impl<R: Recording, F: FnMut() -> u64> Sensor for Scripted<R, F> {
    type Error = ScriptError;
    type Sample = Vec<i16, MAX_INPUTS>;

    fn profile(&self) -> Profile {
        Profile {
            turn_on: TURN_ON,
            off_pays: OFF_PAYS,
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), ScriptError> {
        self.on_since = Some((self.now)());
        Ok(())
    }

    fn power_down(&mut self) -> Result<(), ScriptError> {
        self.on_since = None;
        Ok(())
    }

    fn read(&mut self, sample: u64) -> Poll<Result<Self::Sample, ScriptError>> {
        match self.on_since {
            None => Poll::Ready(Err(ScriptError::Off)),
            Some(since) if (self.now)().saturating_sub(since) < self.ready => Poll::Pending,
            Some(_) => Poll::Ready(self.read_present(sample)),
        }
    }

    fn start_capture(&mut self, _: u64, _: Instants) -> Result<(), ScriptError> {
        self.caught = None;
        self.on_since.map(|_| ()).ok_or(ScriptError::Off)
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<Self::Sample>, ScriptError> {
        let last = match self.caught {
            Some(last) => last,
            None => self.present(),
        };
        match last.checked_sub(sample) {
            None => Ok(Captured::Empty),
            Some(newer) if newer >= DEPTH => Ok(Captured::Overflow),
            Some(newer) => Ok(Captured::Sample {
                counts: self.counts(sample)?,
                queued: newer.saturating_add(1) as u32,
            }),
        }
    }

    fn stop_capture(&mut self) -> Result<(), ScriptError> {
        self.caught = Some(self.present());
        Ok(())
    }
}
