//! The board's parts as the runner takes them, each with its marker pin: a recording in place of the sensor, the clock,
//! the network on its meter.

use crate::{
    MAX_INPUTS,
    markers::MarkerError,
    record::{Fingerprint, Tally},
    stored::{Recording, SampleError},
    time::Meter,
};
use core::{fmt, task::Poll};
use embedded_hal::digital::OutputPin;
use fixed::types::I16F16;
use heapless::Vec;
use skiprnn_nostd::{
    Network, Step,
    runner::{Captured, Clock, Instants, Profile, RunnerError, Sensor},
};

/// A part failed, or its marker pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartError<E> {
    /// The part.
    Part(E),
    /// The pin did not take its level.
    Marker,
}

/// The runner's error without the marker pins.
pub(crate) fn unmarked<S, C, N>(
    error: RunnerError<PartError<S>, PartError<C>, PartError<N>>,
) -> Result<RunnerError<S, C, N>, MarkerError> {
    error.try_map(PartError::part, PartError::part, PartError::part)
}

impl<E> PartError<E> {
    /// The part's own error.
    fn part(self) -> Result<E, MarkerError> {
        match self {
            Self::Part(error) => Ok(error),
            Self::Marker => Err(MarkerError),
        }
    }
}

impl<E> From<MarkerError> for PartError<E> {
    fn from(_: MarkerError) -> Self {
        Self::Marker
    }
}

impl<E: fmt::Display> fmt::Display for PartError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(error) => error.fmt(f),
            Self::Marker => f.write_str("a marker pin did not take its level"),
        }
    }
}

/// Sets a marker pin.
pub(crate) fn mark<P: OutputPin>(pin: &mut P, high: bool) -> Result<(), MarkerError> {
    pin.set_state(high.into()).map_err(|_| MarkerError)
}

/// A recording in place of a sensor; raises SEQ with the first sample of a sequence.
#[derive(Debug)]
pub(crate) struct Recorded<R, P> {
    pub(crate) recording: R,
    pub(crate) inputs: usize,
    pub(crate) seq: P,
}

impl<R: Recording, P: OutputPin> Recorded<R, P> {
    fn sample(&mut self, sample: u64) -> Result<Vec<i16, MAX_INPUTS>, PartError<SampleError>> {
        if sample == 0 {
            mark(&mut self.seq, true)?;
        }
        let mut counts = Vec::from_array([0; MAX_INPUTS]);
        counts.truncate(self.inputs);
        self.recording.read(sample, &mut counts).map_err(PartError::Part)?;
        Ok(counts)
    }
}

impl<R: Recording, P: OutputPin> Sensor for Recorded<R, P> {
    type Error = PartError<SampleError>;
    type Sample = Vec<i16, MAX_INPUTS>;

    fn profile(&self) -> Profile {
        Profile {
            always_on: true,
            keeps_samples: true,
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn read(&mut self, sample: u64) -> Poll<Result<Self::Sample, Self::Error>> {
        Poll::Ready(self.sample(sample))
    }

    fn start_capture(&mut self, _: u64, _: Instants) -> Result<(), Self::Error> {
        Ok(())
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<Self::Sample>, Self::Error> {
        let counts = self.sample(sample)?;
        Ok(Captured::Sample { counts, queued: 1 })
    }
}

/// A sensor; raises SEQ with the first sample of a sequence.
#[derive(Debug)]
pub(crate) struct Marked<S, P> {
    pub(crate) sensor: S,
    pub(crate) seq: P,
}

impl<S: Sensor, P: OutputPin> Sensor for Marked<S, P> {
    type Error = PartError<S::Error>;
    type Sample = S::Sample;

    fn profile(&self) -> Profile {
        self.sensor.profile()
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        self.sensor.power_up().map_err(PartError::Part)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.sensor.power_down().map_err(PartError::Part)
    }

    fn read(&mut self, sample: u64) -> Poll<Result<S::Sample, Self::Error>> {
        if sample == 0 {
            mark(&mut self.seq, true).map_err(PartError::from)?;
        }
        self.sensor.read(sample).map_err(PartError::Part)
    }

    fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), Self::Error> {
        self.sensor.start_capture(from, instants).map_err(PartError::Part)
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<S::Sample>, Self::Error> {
        self.sensor.take_captured(sample).map_err(PartError::Part)
    }

    fn stop_capture(&mut self) -> Result<(), Self::Error> {
        self.sensor.stop_capture().map_err(PartError::Part)
    }
}

/// The clock; lowers AWAKE while it sleeps.
#[derive(Debug)]
pub(crate) struct MarkedClock<C, P> {
    pub(crate) clock: C,
    pub(crate) awake: P,
}

impl<C: Clock, P: OutputPin> Clock for MarkedClock<C, P> {
    type Error = PartError<C::Error>;

    fn ticks_per_second(&self) -> u32 {
        self.clock.ticks_per_second()
    }

    fn now(&mut self) -> u64 {
        self.clock.now()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Self::Error> {
        mark(&mut self.awake, false)?;
        let slept = self.clock.sleep_until(tick);
        mark(&mut self.awake, true)?;
        slept.map_err(PartError::Part)
    }
}

/// The network on its meter; raises UPDATE while it updates.
#[derive(Debug)]
pub(crate) struct Metered<N, M, P> {
    pub(crate) network: N,
    pub(crate) meter: M,
    pub(crate) update: P,
    /// The updates since this was last taken.
    pub(crate) tally: Tally,
}

impl<N: Network, M: Meter, P: OutputPin> Network for Metered<N, M, P> {
    type Error = PartError<N::Error>;

    fn inputs(&self) -> usize {
        self.network.inputs()
    }

    fn outputs(&self) -> usize {
        self.network.outputs()
    }

    fn sample_period_ns(&self) -> u64 {
        self.network.sample_period_ns()
    }

    fn sequence_length(&self) -> u32 {
        self.network.sequence_length()
    }

    fn set_dial(&mut self, dial: I16F16) {
        self.network.set_dial(dial);
    }

    fn reset(&mut self) -> Result<(), Self::Error> {
        self.network.reset().map_err(PartError::Part)
    }

    // Not a call of its own: the network's is the one that is counted.
    #[inline(always)]
    fn step(&mut self, counts: &[i16]) -> Result<Step, Self::Error> {
        mark(&mut self.update, true)?;
        self.meter.start();
        let step = self.network.step(counts);
        self.tally.add(self.meter.stop());
        mark(&mut self.update, false)?;
        step.map_err(PartError::Part)
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), Self::Error> {
        self.network.logits(out).map_err(PartError::Part)
    }

    fn decide(&self, logits: &[i32]) -> usize {
        self.network.decide(logits)
    }
}

impl<N: Fingerprint, M, P> Fingerprint for Metered<N, M, P> {
    fn state_crc(&self) -> u32 {
        self.network.state_crc()
    }
}
