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
//! It is the runner of live sensors ([`skiprnn_nostd::runner`]) that does so. Where an update outlasts the sample period,
//! later samples wait in the recording, the schedule stays what it is, and the update is counted as late.

use crate::{
    MAX_INPUTS, MAX_OUTPUTS, MAX_SAMPLES, Run,
    markers::{MarkerError, Markers},
    parts::{MarkedClock, Metered, PartError, Recorded, mark},
    record::{Fingerprint, SequenceRecord, Summary, Tally},
    stored::{LoadError, Recording, SampleError},
    time::Meter,
};
use core::{fmt, time::Duration};
use embedded_hal::digital::OutputPin;
use skiprnn_nostd::{
    Network, Sequence,
    budget::{Spending, Usage},
    runner::{Clock, Config, Decision, Runner, RunnerError, Update},
};

/// T_s in nanoseconds at which sequences are replayed whose model states none.
pub const UNKNOWN_PERIOD_NS: u64 = 1_000_000;

/// Why a replay cannot begin, or cannot go on. `N` and `C` are the errors of network and clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayError<N, C> {
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
    /// The runner could not begin, or not go on.
    Runner(RunnerError<PartError<SampleError>, PartError<C>, PartError<N>>),
    /// A marker pin did not take its level.
    Marker,
}

impl<N, C> From<MarkerError> for ReplayError<N, C> {
    fn from(_: MarkerError) -> Self {
        Self::Marker
    }
}

impl<N, C> From<RunnerError<PartError<SampleError>, PartError<C>, PartError<N>>> for ReplayError<N, C> {
    fn from(error: RunnerError<PartError<SampleError>, PartError<C>, PartError<N>>) -> Self {
        Self::Runner(error)
    }
}

impl<N: fmt::Debug, C: fmt::Debug> fmt::Display for ReplayError<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity { what, size, limit } => write!(f, "{what}: {size}, this image holds 1 to {limit}"),
            Self::Inputs { sequences, model } => {
                write!(f, "the sequences have {sequences} channels, the model {model}")
            }
            Self::Recording(error) => write!(f, "{error}"),
            Self::Runner(RunnerError::Sensor { sample, error }) => write!(f, "sample {sample}: {error}"),
            Self::Runner(error) => write!(f, "{error}"),
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

/// The runner of a replay's parts, each with its marker pin.
type Marked<R, N, C, M, PS, PA, PU> = Runner<Recorded<R, PS>, MarkedClock<C, PA>, Metered<N, M, PU>>;

/// A network, the board's clocks and its marker pins, replaying sequences one after the other.
#[derive(Debug)]
pub struct Replay<'a, R, N, C, M, PS, PA, PU> {
    runner: Marked<R, N, C, M, PS, PA, PU>,
    run: Run<'a>,
    /// The record of the present sequence; it is too large to be passed by value.
    record: SequenceRecord,
}

/// The error of a replay of network `N` by clock `C`.
type ErrorOf<N, C> = ReplayError<<N as Network>::Error, <C as Clock>::Error>;

impl<'a, R, N, C, M, PS, PA, PU> Replay<'a, R, N, C, M, PS, PA, PU>
where
    R: Recording,
    N: Network + Fingerprint,
    C: Clock,
    M: Meter,
    PS: OutputPin,
    PA: OutputPin,
    PU: OutputPin,
{
    /// Puts the parts together and takes the present tick as the grid's origin; `run` says how sequences are run. Raises
    /// AWAKE and lowers the others.
    ///
    /// # Errors
    /// Where model or recording exceed the capacity, do not fit each other, or the sample period does not fit the clock.
    pub fn new(
        network: N,
        recording: R,
        clock: C,
        meter: M,
        markers: Markers<PS, PA, PU>,
        run: impl Into<Run<'a>>,
    ) -> Result<Self, ErrorOf<N, C>> {
        let run = run.into();
        fits("inputs", network.inputs(), MAX_INPUTS)?;
        fits("outputs", network.outputs(), MAX_OUTPUTS)?;
        let header = recording.header();
        fits("samples of a sequence", header.length as usize, MAX_SAMPLES)?;
        let (sequences, model) = (header.inputs as usize, network.inputs());
        if sequences != model {
            return Err(ReplayError::Inputs { sequences, model });
        }
        let Markers {
            mut seq,
            mut awake,
            mut update,
        } = markers;
        mark(&mut seq, false)?;
        mark(&mut update, false)?;
        mark(&mut awake, true)?;
        let unknown = network.sample_period_ns() == 0;
        let mut config = Config::default();
        config.keep_state = run.keep_state;
        config.sample_period = unknown.then_some(Duration::from_nanos(UNKNOWN_PERIOD_NS));
        let recorded = Recorded {
            recording,
            inputs: model,
            seq,
        };
        let metered = Metered {
            network,
            meter,
            update,
            tally: Tally::default(),
        };
        let sequence = Sequence::new(metered).with_length(header.length);
        let runner = Runner::new(sequence, recorded, MarkedClock { clock, awake }, &config)?;
        Ok(Self {
            runner,
            run,
            record: SequenceRecord::default(),
        })
    }

    /// Replays the whole recording; `sink` takes each record as soon as its decision is final, before the board
    /// sleeps to the end of the sequence.
    ///
    /// # Errors
    /// Where a sequence or a sample cannot be had, or a part of the board fails.
    pub fn run(&mut self, sink: impl FnMut(&SequenceRecord)) -> Result<Summary, ErrorOf<N, C>> {
        self.run_with(|_, _| (), sink)
    }

    /// [`Replay::run`]; `answered` takes each answer within a sequence as soon as it is complete, with the tick at which it was.
    ///
    /// # Errors
    /// As [`Replay::run`].
    pub fn run_with(
        &mut self,
        mut answered: impl FnMut(&Decision<MAX_OUTPUTS>, u64),
        mut sink: impl FnMut(&SequenceRecord),
    ) -> Result<Summary, ErrorOf<N, C>> {
        let mut summary = Summary::default();
        let mut first = None;
        for index in 0..self.runner.parts_mut().0.recording.header().sequences {
            let due = self.sequence(index, &mut summary, &mut answered)?;
            first.get_or_insert(due);
            sink(&self.record);
        }
        let before = self.runner.counters().asleep_ticks;
        let end = self.runner.finish()?;
        let counters = self.runner.counters();
        let slept = counters.asleep_ticks.saturating_sub(before);
        summary.asleep_ticks = summary.asleep_ticks.saturating_add(slept);
        summary.wake_delay_ticks = counters.latest_wake_ticks;
        summary.total_ticks = first.map_or(0, |first| end.saturating_sub(first));
        Ok(summary)
    }

    /// What was booked on the budget; `None` without one.
    #[must_use]
    pub fn spending(&self) -> Option<Spending> {
        self.run.controller.spending()
    }

    /// Replays one sequence up to its decision, records it, and returns the tick of its first sample.
    fn sequence(
        &mut self,
        index: u32,
        summary: &mut Summary,
        answered: &mut impl FnMut(&Decision<MAX_OUTPUTS>, u64),
    ) -> Result<u64, ErrorOf<N, C>> {
        let recording = &mut self.runner.parts_mut().0.recording;
        recording.advance().map_err(ReplayError::Recording)?;
        self.runner.set(self.run.controller.setting())?;
        let mut usage = self.run.controller.usage();
        self.record.schedule.clear();
        self.record.late_updates = 0;
        let before = self.runner.counters().asleep_ticks;
        let first = self.runner.update()?;
        let began = self.runner.counters().asleep_ticks;
        self.record.schedule.insert(first.sample as u32);
        usage.uses(first.sample);
        let mut last = first;
        while last.next.is_some() {
            if last.completes_answer(self.run.answer_every) {
                let answer = self.runner.decision(&last)?;
                answered(&answer, self.runner.parts_mut().1.now());
            }
            last = self.runner.update()?;
            self.record.schedule.insert(last.sample as u32);
            usage.uses(last.sample);
            self.record.late_updates = self.record.late_updates.saturating_add(last.captured.into());
        }
        self.record.asleep_ticks = self.runner.counters().asleep_ticks.saturating_sub(began);
        self.decided(index, &last, &usage)?;
        // The board's wait for the very first sample is none of the replay's.
        let waited = if summary.sequences == 0 {
            0
        } else {
            began.saturating_sub(before)
        };
        summary.add(&self.record, waited);
        Ok(first.due)
    }

    /// Records the decision that stands after this update, and books what the sequence used.
    fn decided(&mut self, index: u32, last: &Update, usage: &Usage) -> Result<(), ErrorOf<N, C>> {
        let decision: Decision<MAX_OUTPUTS> = self.runner.decision(last)?;
        mark(&mut self.runner.parts_mut().0.seq, false)?;
        self.run.controller.decided(usage);
        self.record.sequence = index;
        self.record.decision = decision.class as u32;
        self.record.logits = decision.logits;
        self.record.state_crc = self.runner.sequence().network().state_crc();
        self.record.update_ticks = core::mem::take(&mut self.runner.network_mut().tally);
        Ok(())
    }
}
