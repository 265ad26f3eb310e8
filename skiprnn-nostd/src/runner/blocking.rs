//! The runner that blocks.

use super::{
    Captured, Clock, Config, Counters, Decision, RunnerError, Sensor, Update,
    engine::{Action, Engine, Settle},
};
use crate::{
    Network, Sequence,
    budget::{Controller, Setting},
};
use core::{num::NonZeroU32, task::Poll};

/// A sensor, a clock and a network, update by update.
///
/// See the [module](super) for what it does, and `examples/stream.rs` for all of it put together.
#[derive(Debug)]
pub struct Runner<S, C, N> {
    sensor: S,
    clock: C,
    engine: Engine<N>,
}

/// The error of a runner of these parts.
type ErrorOf<S, C, N> = RunnerError<<S as Sensor>::Error, <C as Clock>::Error, <N as Network>::Error>;

impl<S: Sensor, C: Clock, N: Network> Runner<S, C, N> {
    /// Puts the parts together and takes the present tick as the grid's origin. The sensor is taken to be off.
    ///
    /// # Errors
    /// The sample period is unknown or does not fit the clock, or an endless stream is capped.
    pub fn new(sequence: Sequence<N>, sensor: S, mut clock: C, config: &Config) -> Result<Self, ErrorOf<S, C, N>> {
        let now = clock.now();
        let engine = Engine::new(sequence, sensor.profile(), config, clock.ticks_per_second(), now)?;
        Ok(Runner { sensor, clock, engine })
    }

    /// Sleeps to the next update, makes it, and switches the sensor off where that pays. After the one that makes a
    /// decision final, the next call begins the next sequence.
    ///
    /// # Errors
    /// No update was made, because sensor, clock or network failed or the sample was lost. The network's state is as before,
    /// and the sensor is off. The next call begins a new sequence, or continues the stream.
    pub fn update(&mut self) -> Result<Update, ErrorOf<S, C, N>> {
        let result = self.try_update();
        if result.is_err() {
            // Whatever the sensor answers to these, there is nothing more that could be done.
            let _ = self.sensor.stop_capture();
            let _ = self.sensor.power_down();
            self.engine.interrupt(self.clock.now());
        }
        result
    }

    /// Makes updates until a decision is final; the rest of the sequence is slept through at the beginning of the next
    /// call. Does not return from an endless stream.
    ///
    /// # Errors
    /// As [`Runner::update`], and where the network has more outputs than `O`.
    pub fn decide<const O: usize>(&mut self) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.answer(None)
    }

    /// One sequence of a loop that a controller runs: sets the dial and the cap for it, makes updates until the decision is
    /// final, as [`Runner::decide`] does, and books the sequence, also where it was lost.
    ///
    /// An error does not end the loop: the next call begins a new sequence, and the lost one has been booked. Where sensor or
    /// clock fail for ever, every call returns an error: a program that is to give up then counts errors in a row.
    ///
    /// # Errors
    /// As [`Runner::decide`], and where an endless stream would be capped.
    pub fn decide_with<const O: usize>(
        &mut self,
        controller: &mut Controller<'_>,
    ) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.answer_with(controller, None)
    }

    /// Makes updates until an answer is complete: the outputs after the last update of each block of `every` samples, 1 for an
    /// answer after every sample, or after the last update of the sequence where `every` is `None`. With 1, a network that skips
    /// answers when it has used a sample, and the answer holds while samples are skipped.
    ///
    /// The state goes on from answer to answer. A stream is one sequence without an end ([`Network::sequence_length`] 0), or
    /// windows between which the state is kept ([`super::Config::keep_state`]).
    ///
    /// # Errors
    /// As [`Runner::update`], and where the network has more outputs than `O`.
    pub fn answer<const O: usize>(&mut self, every: Option<NonZeroU32>) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        loop {
            let update = self.update()?;
            if update.completes_answer(every) {
                return self.decision(&update);
            }
        }
    }

    /// [`Runner::answer`] in a loop that a controller runs: it sets the dial and the cap where a sequence begins, and books the
    /// sequence where it ends or is lost. An error does not end the loop, as for [`Runner::decide_with`].
    ///
    /// # Errors
    /// As [`Runner::answer`], and where an endless stream would be capped.
    pub fn answer_with<const O: usize>(
        &mut self,
        controller: &mut Controller<'_>,
        every: Option<NonZeroU32>,
    ) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.engine.prepare(controller)?;
        let result = self.answer(every);
        self.engine.book(controller, result.is_ok());
        result
    }

    /// Whether a sequence is under way: the next update belongs to the same one as the last.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.engine.is_under_way()
    }

    /// [`Runner::decide`], and then sleeps to the end of the sequence: the result comes at the same instant after every
    /// sequence, whatever was skipped.
    ///
    /// When a decision falls depends on the data. A board that reports at once tells whoever watches its radio more than the
    /// report says (`skiprnn leak` estimates how much); one that reports at the end does not.
    ///
    /// # Errors
    /// As [`Runner::decide`].
    pub fn decide_at_end<const O: usize>(&mut self) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        let decision = self.decide()?;
        self.finish()?;
        Ok(decision)
    }

    /// The outputs after `update`, the latest one, as the result of the sequence so far.
    ///
    /// # Errors
    /// The network has more outputs than `O`.
    pub fn decision<const O: usize>(&self, update: &Update) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.engine.decision(update)
    }

    /// Switches the sensor off and sleeps to the end of the sequence, for example before the board does something else.
    /// Returns the tick at which it woke.
    ///
    /// # Errors
    /// Sensor or clock failed.
    pub fn finish(&mut self) -> Result<u64, ErrorOf<S, C, N>> {
        if self.engine.is_on() && !self.engine.always_on() {
            self.sensor.power_down().map_err(|error| self.engine.broken(error))?;
            self.engine.powered_down(self.clock.now());
        }
        let now = self.clock.now();
        if now < self.engine.end() {
            return self.sleep(now, self.engine.end());
        }
        Ok(now)
    }

    fn try_update(&mut self) -> Result<Update, ErrorOf<S, C, N>> {
        loop {
            let now = self.clock.now();
            match self.engine.next(now)? {
                Action::Sleep(until) => {
                    self.sleep(now, until)?;
                }
                Action::PowerUp => match self.sensor.power_up() {
                    Ok(()) => self.engine.powered_up(now),
                    Err(error) => self.engine.retry(self.clock.now(), error)?,
                },
                Action::Take(sample) => {
                    let taken = self.sensor.take_captured(sample);
                    match taken.map_err(|error| self.engine.broken(error))? {
                        Captured::Sample { counts, queued } => {
                            self.engine.taken(queued);
                            return self.use_sample(sample, counts.as_ref(), true);
                        }
                        Captured::Overflow => return Err(self.engine.overflowed(sample)),
                        Captured::Empty => self.engine.nothing_captured(),
                    }
                }
                Action::Read(sample, _) => match self.sensor.read(sample) {
                    Poll::Ready(Ok(counts)) => return self.use_sample(sample, counts.as_ref(), false),
                    Poll::Ready(Err(error)) => self.engine.retry(self.clock.now(), error)?,
                    Poll::Pending => {
                        let now = self.clock.now();
                        if !self.engine.pending(now) && !self.engine.failed(now) {
                            return Err(RunnerError::Timeout { sample });
                        }
                    }
                },
            }
        }
    }

    fn use_sample(&mut self, sample: u64, counts: &[i16], captured: bool) -> Result<Update, ErrorOf<S, C, N>> {
        if let Some((from, instants)) = self.engine.capture_from() {
            let started = self.sensor.start_capture(from, instants);
            started.map_err(|error| self.engine.broken(error))?;
        }
        let update = self
            .engine
            .update(sample, counts, captured)
            .map_err(RunnerError::Network)?;
        loop {
            let now = self.clock.now();
            let done = match self.engine.settle(now) {
                None => return Ok(update),
                Some(Settle::StopCapture) => self.sensor.stop_capture(),
                Some(Settle::PowerDown) => {
                    self.engine.powered_down(now);
                    self.sensor.power_down()
                }
            };
            // The update is made. A sensor that does not switch off costs energy, and shows when it is next read.
            if done.is_err() {
                self.engine.not_settled();
            }
        }
    }

    fn sleep(&mut self, now: u64, until: u64) -> Result<u64, ErrorOf<S, C, N>> {
        self.clock.sleep_until(until).map_err(RunnerError::Clock)?;
        let after = self.clock.now();
        self.engine.slept(until, now, after);
        Ok(after)
    }

    /// The counts since the runner was made.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    /// The sequence under way: its network, its outputs, which update is due.
    #[must_use]
    pub fn sequence(&self) -> &Sequence<N> {
        &self.engine.sequence
    }

    /// The network.
    pub fn network_mut(&mut self) -> &mut N {
        self.engine.sequence.network_mut()
    }

    /// Runs the sequences from the next one on by this dial and this cap.
    ///
    /// # Errors
    /// An endless stream must not be capped. Nothing has changed then.
    pub fn set(&mut self, setting: Setting) -> Result<(), ErrorOf<S, C, N>> {
        self.engine.set(setting)
    }

    /// Bounds the updates of each sequence from the next one on, as [`Sequence::with_cap`] does for all.
    ///
    /// # Errors
    /// An endless stream must not be capped.
    pub fn set_cap(&mut self, cap: Option<NonZeroU32>) -> Result<(), ErrorOf<S, C, N>> {
        self.engine.set_cap(cap)
    }

    /// Sensor and clock, while they have nothing to do.
    pub fn parts_mut(&mut self) -> (&mut S, &mut C) {
        (&mut self.sensor, &mut self.clock)
    }

    /// The sensor, the clock and the sequence, back out of the runner.
    #[must_use]
    pub fn into_parts(self) -> (S, C, Sequence<N>) {
        (self.sensor, self.clock, self.engine.sequence)
    }
}
