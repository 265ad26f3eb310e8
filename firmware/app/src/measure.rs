//! For a power analyser: recorded sequences in a loop, and loops that calibrate the energy model.
//!
//! Nothing is logged while SEQ is high, since a log costs energy. SEQ is high for a whole sequence, from its first sample to
//! the grid point behind its last one, so that the energy of a classified sequence, sleep included, is what flows while it
//! is; it is low for at least a sample period in between. AWAKE is low while the core sleeps, UPDATE high while the network
//! updates. `skiprnn energy measure` reads traces cut by these pins.
//!
//! The three ways over the same input ([`Mode`]) differ in when the core wakes and what it then does:
//!
//! ```text
//! sample       0   1   2   3   4   5   6   7
//! Dense       _##__##__##__##__##__##__##__##_   an update at every sample
//! SkipPoll    _##__#___#___##__#___#___#___##_   wakes at every sample, updates where one is due
//! SkipSleep   _##__________##______________##_   wakes where an update is due
//! ```

use crate::{
    MAX_INPUTS,
    markers::{MarkerError, Markers},
    parts::mark,
    record::Tally,
    stored::{LoadError, Recording, SampleError},
    time::{IdleClock, Meter},
};
use core::{fmt, num::NonZeroU32};
use embedded_hal::digital::OutputPin;
use skiprnn_nostd::{Network, grid::Grid, runner::Clock, skip::Timeline};

pub use board_link::measure::{CALIBRATIONS, Calibration, Mode};

/// What went wrong. `N` and `C` are the errors of network and clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureError<N, C> {
    /// The model's sample period is unknown, or does not fit the clock.
    SamplePeriod,
    /// The samples have another number of channels than the model.
    Inputs,
    /// The next sequence could not be had.
    Recording(LoadError),
    /// A sample could not be read.
    Sample(SampleError),
    /// The network refused a sample.
    Network(N),
    /// The clock could not wake the board in time.
    Clock(C),
    /// A marker pin did not take its level.
    Marker,
}

impl<N, C> From<MarkerError> for MeasureError<N, C> {
    fn from(_: MarkerError) -> Self {
        Self::Marker
    }
}

impl<N: fmt::Debug, C: fmt::Debug> fmt::Display for MeasureError<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SamplePeriod => f.write_str("the model states no sample period that this clock can keep"),
            Self::Inputs => f.write_str("the sequences have other channels than the model"),
            Self::Recording(error) => write!(f, "{error}"),
            Self::Sample(error) => write!(f, "{error}"),
            Self::Network(error) => write!(f, "network: {error:?}"),
            Self::Clock(error) => write!(f, "clock: {error:?}"),
            Self::Marker => f.write_str("a marker pin did not take its level"),
        }
    }
}

impl<N: fmt::Debug, C: fmt::Debug> core::error::Error for MeasureError<N, C> {}

/// What happened in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Window {
    /// Sequences, or calibration loops.
    pub sequences: u32,
    /// Updates of the network, in ticks of the [`Meter`].
    pub updates: Tally,
    /// Ends of a sleep.
    pub wakes: u64,
    /// Ticks of the clock from the first rise of SEQ to its last fall.
    pub ticks: u64,
    /// The part of `ticks` that the core slept.
    pub asleep_ticks: u64,
}

/// A network, a clock, a meter and the marker pins.
#[derive(Debug)]
pub struct Measure<N, C, M, PS, PA, PU> {
    network: N,
    clock: C,
    meter: M,
    markers: Markers<PS, PA, PU>,
    grid: Grid,
    cap: Option<NonZeroU32>,
    window: Window,
}

/// The error of a measurement with network `N` and clock `C`.
type ErrorOf<N, C> = MeasureError<<N as Network>::Error, <C as Clock>::Error>;

impl<N, C, M, PS, PA, PU> Measure<N, C, M, PS, PA, PU>
where
    N: Network,
    C: IdleClock,
    M: Meter,
    PS: OutputPin,
    PA: OutputPin,
    PU: OutputPin,
{
    /// Puts the parts together. Raises AWAKE and lowers the others.
    ///
    /// # Errors
    /// The model states no sample period that the clock can keep, or a pin failed.
    pub fn new(network: N, clock: C, meter: M, mut markers: Markers<PS, PA, PU>) -> Result<Self, ErrorOf<N, C>> {
        let grid = Grid::new(network.sample_period_ns(), clock.ticks_per_second()).ok_or(MeasureError::SamplePeriod)?;
        mark(&mut markers.seq, false)?;
        mark(&mut markers.update, false)?;
        mark(&mut markers.awake, true)?;
        Ok(Self {
            network,
            clock,
            meter,
            markers,
            grid,
            cap: None,
            window: Window::default(),
        })
    }

    /// With a cap: at most this many updates a sequence, except in [`Mode::Dense`].
    #[must_use]
    pub fn with_cap(self, cap: Option<NonZeroU32>) -> Self {
        Self { cap, ..self }
    }

    /// Passes over the sequences that `recording` gives anew for each, until `seconds` are over; at least one.
    ///
    /// # Errors
    /// The recording does not fit the model or cannot be had, or a part of the board failed.
    pub fn window<R: Recording>(
        &mut self,
        mode: Mode,
        mut recording: impl FnMut() -> R,
        seconds: u32,
    ) -> Result<Window, ErrorOf<N, C>> {
        let origin = self.clock.now();
        let first = origin.saturating_add(self.grid.tick(1));
        self.sleep(first)?;
        self.window = Window::default();
        let end = first.saturating_add(u64::from(self.clock.ticks_per_second()).saturating_mul(seconds.into()));
        loop {
            self.pass(mode, &mut recording(), origin)?;
            let now = self.clock.now();
            if now >= end {
                self.window.ticks = now.saturating_sub(first);
                return Ok(self.window);
            }
        }
    }

    /// All sequences once, behind those that the window has seen.
    fn pass(&mut self, mode: Mode, recording: &mut impl Recording, origin: u64) -> Result<(), ErrorOf<N, C>> {
        let header = recording.header();
        let inputs = self.network.inputs();
        if header.inputs as usize != inputs {
            return Err(MeasureError::Inputs);
        }
        // Each sequence, and a grid point to tell it from the next one.
        let spacing = u64::from(header.length).saturating_add(1);
        for _ in 0..header.sequences {
            let start = u64::from(self.window.sequences)
                .saturating_mul(spacing)
                .saturating_add(1);
            recording.advance().map_err(MeasureError::Recording)?;
            let mut counts = [0; MAX_INPUTS];
            let counts = counts.get_mut(..inputs).ok_or(MeasureError::Inputs)?;
            self.network.reset().map_err(MeasureError::Network)?;
            let mut timeline = Timeline::new(header.length).with_cap(self.cap);
            for sample in 0..header.length {
                let is_due = timeline.due() == Some(sample.into());
                if mode == Mode::SkipSleep && !is_due {
                    continue;
                }
                self.wait(origin, start.saturating_add(sample.into()))?;
                if sample == 0 {
                    mark(&mut self.markers.seq, true)?;
                }
                if is_due || mode == Mode::Dense {
                    recording.read(sample.into(), counts).map_err(MeasureError::Sample)?;
                    let skip = self.update(counts)?;
                    if is_due {
                        timeline.update(skip);
                    }
                }
            }
            self.wait(origin, start.saturating_add(header.length.into()))?;
            mark(&mut self.markers.seq, false)?;
            self.window.sequences = self.window.sequences.saturating_add(1);
        }
        Ok(())
    }

    /// One calibration, with SEQ high for as long as it lasts. `counts` is a sample for updates, (I).
    ///
    /// # Errors
    /// A part of the board failed, or the sample has another length.
    pub fn calibrate(&mut self, calibration: Calibration, counts: &[i16]) -> Result<Window, ErrorOf<N, C>> {
        self.window = Window {
            sequences: 1,
            ..Window::default()
        };
        let second = u64::from(self.clock.ticks_per_second());
        let start = self.clock.now();
        mark(&mut self.markers.seq, true)?;
        match calibration {
            Calibration::Busy(seconds) => {
                let end = start.saturating_add(second.saturating_mul(seconds.into()));
                while self.clock.now() < end {}
            }
            Calibration::Idle(seconds) => {
                let end = start.saturating_add(second.saturating_mul(seconds.into()));
                mark(&mut self.markers.awake, false)?;
                self.clock.idle_until(end).map_err(MeasureError::Clock)?;
                mark(&mut self.markers.awake, true)?;
            }
            Calibration::Asleep(seconds) => self.sleep(start.saturating_add(second.saturating_mul(seconds.into())))?,
            Calibration::Wakes(wakes) => {
                for wake in 1..=u64::from(wakes) {
                    self.sleep(start.saturating_add(second.saturating_mul(wake) / 100))?;
                }
            }
            Calibration::Updates(updates) => {
                self.network.reset().map_err(MeasureError::Network)?;
                for _ in 0..updates {
                    self.update(counts)?;
                }
            }
        }
        mark(&mut self.markers.seq, false)?;
        self.window.ticks = self.clock.now().saturating_sub(start);
        Ok(self.window)
    }

    fn update(&mut self, counts: &[i16]) -> Result<u32, ErrorOf<N, C>> {
        mark(&mut self.markers.update, true)?;
        self.meter.start();
        let step = self.network.step(counts);
        self.window.updates.add(self.meter.stop());
        mark(&mut self.markers.update, false)?;
        step.map(|step| step.skip).map_err(MeasureError::Network)
    }

    /// Sleeps to a grid point, unless it has passed.
    fn wait(&mut self, origin: u64, point: u64) -> Result<(), ErrorOf<N, C>> {
        self.sleep(origin.saturating_add(self.grid.tick(point)))
    }

    fn sleep(&mut self, tick: u64) -> Result<(), ErrorOf<N, C>> {
        let before = self.clock.now();
        if before >= tick {
            return Ok(());
        }
        mark(&mut self.markers.awake, false)?;
        self.clock.sleep_until(tick).map_err(MeasureError::Clock)?;
        mark(&mut self.markers.awake, true)?;
        let slept = self.clock.now().saturating_sub(before);
        self.window.asleep_ticks = self.window.asleep_ticks.saturating_add(slept);
        self.window.wakes = self.window.wakes.saturating_add(1);
        Ok(())
    }
}
