//! From a live sensor to decisions: on a pin and in the log, sequence after sequence.
//!
//! The runner of [`skiprnn_nostd::runner`] does the work; here is what an application adds to it: the model is refused
//! where it was made for another sensor, a pin is high while the class that matters was decided last, dial and cap are set
//! before each sequence, and failures are counted: a sample that was lost costs its sequence, a sensor that fails several
//! sequences in a row ends the application. Three marker pins show an analyser what the board does, as in a replay.

use crate::{
    MAX_OUTPUTS, Run,
    markers::{MarkerError, Markers},
    parts::{Marked, MarkedClock, Metered, PartError, mark, unmarked},
    record::Tally,
    sensor::{Described, FitError, Mismatch, fit},
};
use core::fmt;
use embedded_hal::digital::OutputPin;
use skiprnn_nostd::{
    Model, Network, Sequence,
    budget::{Setting, Spending},
    runner::{Clock, Config, Counters, Decision, Runner, RunnerError, Sensor},
};

/// Sequences in a row that may fail before the application gives up.
pub const FAILURES: u32 = 3;

/// Why there are no decisions any longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClassifyError<S, C, N> {
    /// The model was made for another sensor.
    Mismatch(Mismatch),
    /// The sensor's ranges could not be set.
    Sensor(S),
    /// The runner could not begin, or failed several times in a row.
    Runner(RunnerError<S, C, N>),
    /// A pin, the decision's or a marker, did not take its level.
    Pin,
}

impl<S, C, N> From<FitError<S>> for ClassifyError<S, C, N> {
    fn from(error: FitError<S>) -> Self {
        match error {
            FitError::Mismatch(error) => Self::Mismatch(error),
            FitError::Sensor(error) => Self::Sensor(error),
        }
    }
}

impl<S, C, N> From<RunnerError<PartError<S>, PartError<C>, PartError<N>>> for ClassifyError<S, C, N> {
    fn from(error: RunnerError<PartError<S>, PartError<C>, PartError<N>>) -> Self {
        unmarked(error).map_or(Self::Pin, Self::Runner)
    }
}

impl<S, C, N> From<MarkerError> for ClassifyError<S, C, N> {
    fn from(_: MarkerError) -> Self {
        Self::Pin
    }
}

impl<S: fmt::Debug, C: fmt::Debug, N: fmt::Debug> fmt::Display for ClassifyError<S, C, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch(error) => error.fmt(f),
            Self::Sensor(error) => write!(f, "the ranges cannot be set: {error:?}"),
            Self::Runner(error) => error.fmt(f),
            Self::Pin => f.write_str("a pin, the decision's or a marker, did not take its level"),
        }
    }
}

impl<S: fmt::Debug, C: fmt::Debug, N: fmt::Debug> core::error::Error for ClassifyError<S, C, N> {}

/// What happened.
#[allow(clippy::large_enum_variant, reason = "there is no heap to put a decision on")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<S, C, N> {
    /// An answer within a sequence that goes on.
    Answered(Decision<MAX_OUTPUTS>),
    /// A decision, with the runner's counts and how the sequence was run.
    Decided(Decision<MAX_OUTPUTS>, Counters, Setting),
    /// The sequence was lost.
    Lost(RunnerError<S, C, N>),
}

/// The error of an application of these parts.
type ErrorOf<S, C, N> = ClassifyError<<S as Sensor>::Error, <C as Clock>::Error, <N as Network>::Error>;

/// What happened, with these parts.
type EventOf<S, C, N> = Event<<S as Sensor>::Error, <C as Clock>::Error, <N as Network>::Error>;

/// The runner of a classification's parts, each with its marker pin.
type MarkedRunner<S, C, N, PS, PA, PU> = Runner<Marked<S, PS>, MarkedClock<C, PA>, Metered<N, (), PU>>;

/// A runner, the pin of its decisions and the marker pins.
#[derive(Debug)]
pub struct Classify<'a, S, C, N, P, PS, PA, PU> {
    runner: MarkedRunner<S, C, N, PS, PA, PU>,
    run: Run<'a>,
    pin: P,
    class: usize,
    failures: u32,
}

impl<'a, S, C, N, P, PS, PA, PU> Classify<'a, S, C, N, P, PS, PA, PU>
where
    S: Described,
    C: Clock,
    N: Network,
    P: OutputPin,
    PS: OutputPin,
    PA: OutputPin,
    PU: OutputPin,
{
    /// Puts the parts together; `run` says how sequences are run, and when the network answers. The pin is high while the class
    /// beside it was decided, or answered, last, and low at first. Raises AWAKE and lowers the other markers.
    ///
    /// # Errors
    /// The model was made for another sensor, the sensor does not answer, or the sample period does not fit the clock.
    pub fn new(
        model: &Model<'_>,
        network: N,
        mut sensor: S,
        clock: C,
        markers: Markers<PS, PA, PU>,
        (mut pin, class): (P, usize),
        run: impl Into<Run<'a>>,
    ) -> Result<Self, ErrorOf<S, C, N>> {
        let run = run.into();
        fit(model, &mut sensor)?;
        pin.set_low().map_err(|_| MarkerError)?;
        let Markers {
            mut seq,
            mut awake,
            mut update,
        } = markers;
        mark(&mut seq, false)?;
        mark(&mut update, false)?;
        mark(&mut awake, true)?;
        let metered = Metered {
            network,
            meter: (),
            update,
            tally: Tally::default(),
        };
        let (sensor, clock) = (Marked { sensor, seq }, MarkedClock { clock, awake });
        let mut config = Config::default();
        config.keep_state = run.keep_state;
        let length = run.length.unwrap_or(model.sequence_length());
        let sequence = Sequence::new(metered).with_length(length);
        let runner = Runner::new(sequence, sensor, clock, &config)?;
        Ok(Self {
            runner,
            run,
            pin,
            class,
            failures: 0,
        })
    }

    /// Runs to the next answer, or to the decision of the sequence, asleep in between, and sets the pin. SEQ is high from the first
    /// sample of a sequence to its decision, or until it is lost.
    ///
    /// # Errors
    /// [`FAILURES`] calls in a row have failed.
    pub fn next_event(&mut self) -> Result<EventOf<S, C, N>, ErrorOf<S, C, N>> {
        let Run {
            controller,
            answer_every,
            ..
        } = &mut self.run;
        let setting = controller.setting();
        let result = self.runner.answer_with::<MAX_OUTPUTS>(controller, *answer_every);
        let goes_on = self.runner.is_under_way();
        if !goes_on {
            mark(&mut self.runner.parts_mut().0.seq, false)?;
        }
        match result {
            Ok(decision) => {
                self.failures = 0;
                let level = decision.class == self.class;
                self.pin.set_state(level.into()).map_err(|_| MarkerError)?;
                if goes_on {
                    return Ok(Event::Answered(decision));
                }
                Ok(Event::Decided(decision, self.runner.counters(), setting))
            }
            Err(error) => {
                let error = unmarked(error)?;
                self.failures = self.failures.saturating_add(1);
                match self.failures < FAILURES {
                    true => Ok(Event::Lost(error)),
                    false => Err(ClassifyError::Runner(error)),
                }
            }
        }
    }

    /// The present tick of the clock.
    pub fn now(&mut self) -> u64 {
        self.runner.parts_mut().1.now()
    }

    /// What was booked on the budget; `None` without one.
    #[must_use]
    pub fn spending(&self) -> Option<Spending> {
        self.run.controller.spending()
    }

    /// What was counted since the runner was made.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.runner.counters()
    }
}
