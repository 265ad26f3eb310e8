//! The runner for an async executor, by the same rules as the blocking one: while it sleeps, other tasks run, or the executor
//! sleeps.

use super::{
    Captured, Config, Counters, Decision, Instants, Profile, RunnerError, Update,
    engine::{Action, Engine, Settle},
};
use crate::{
    Network, Sequence,
    budget::{Controller, Setting},
};
use core::{
    future::{Future, poll_fn},
    num::NonZeroU32,
    pin::pin,
    task::Poll,
};

/// A monotonic clock that a task can wait by; the async form of [`super::Clock`]. With embassy-time, `now` is
/// `Instant::now().as_ticks()`, and `sleep_until` awaits `Timer::at(Instant::from_ticks(tick))`.
#[allow(
    async_fn_in_trait,
    reason = "a board has one executor; nobody asks whether the future is Send"
)]
pub trait Clock {
    /// What can go wrong while sleeping.
    type Error;

    /// Ticks in a second; constant.
    fn ticks_per_second(&self) -> u32;

    /// The present tick. Never wraps.
    fn now(&mut self) -> u64;

    /// Waits until [`Clock::now`] has reached `tick`. May be dropped before.
    ///
    /// # Errors
    /// The board cannot be woken then.
    async fn sleep_until(&mut self, tick: u64) -> Result<(), Self::Error>;
}

/// A sensor over embedded-hal-async that delivers one sample of all channels at a time; the async form of
/// [`super::Sensor`], where each function is specified.
#[allow(
    async_fn_in_trait,
    reason = "a board has one executor; nobody asks whether the future is Send"
)]
pub trait Sensor {
    /// What can go wrong on the bus.
    type Error;

    /// The raw counts of one sample, (I), such as `[i16; 3]`.
    type Sample: AsRef<[i16]>;

    /// The figures of the sensor's supply; constant.
    fn profile(&self) -> Profile;

    /// Switches the sensor on, or out of its sleep mode, and configures it.
    ///
    /// # Errors
    /// The sensor does not answer.
    async fn power_up(&mut self) -> Result<(), Self::Error>;

    /// Switches the sensor off, or into its sleep mode.
    ///
    /// # Errors
    /// The sensor does not answer.
    async fn power_down(&mut self) -> Result<(), Self::Error>;

    /// Reads the present sample; waits for it where it is not there yet, for example on the data-ready pin. The future
    /// is dropped where that takes longer than the timeout.
    ///
    /// # Errors
    /// The sensor does not answer, or answers with nonsense.
    async fn read(&mut self, sample: u64) -> Result<Self::Sample, Self::Error>;

    /// From now on captures every sample from number `from` on.
    ///
    /// # Errors
    /// The sensor does not answer.
    async fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), Self::Error> {
        let _ = (from, instants);
        Ok(())
    }

    /// Takes sample number `sample` out of what was captured.
    ///
    /// # Errors
    /// The sensor does not answer.
    async fn take_captured(&mut self, sample: u64) -> Result<Captured<Self::Sample>, Self::Error> {
        let _ = sample;
        Ok(Captured::Empty)
    }

    /// Captures no more.
    ///
    /// # Errors
    /// The sensor does not answer.
    async fn stop_capture(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A sensor, a clock and a network, update by update; the async form of [`super::Runner`].
///
/// An update does not yield until it is done. Tasks that must not wait for it belong into an executor of
/// a higher priority.
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

    /// Sleeps to the next update, makes it, and switches the sensor off where that pays, as [`super::Runner::update`] does.
    /// Where the future is dropped, the next call continues from that state; but a drop within a transfer leaves the sensor as
    /// the driver leaves it.
    ///
    /// # Errors
    /// No update was made, as for [`super::Runner::update`].
    pub async fn update(&mut self) -> Result<Update, ErrorOf<S, C, N>> {
        let result = self.try_update().await;
        if result.is_err() {
            // Whatever the sensor answers to these, there is nothing more that could be done.
            let _ = self.sensor.stop_capture().await;
            let _ = self.sensor.power_down().await;
            self.engine.interrupt(self.clock.now());
        }
        result
    }

    /// Makes updates until a decision is final, as [`super::Runner::decide`] does.
    ///
    /// # Errors
    /// As [`Runner::update`], and where the network has more outputs than `O`.
    pub async fn decide<const O: usize>(&mut self) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.answer(None).await
    }

    /// Runs and books one sequence of a loop that a controller runs, as [`super::Runner::decide_with`] does. An error does not
    /// end the loop.
    ///
    /// # Errors
    /// As [`Runner::decide`], and where an endless stream would be capped.
    pub async fn decide_with<const O: usize>(
        &mut self,
        controller: &mut Controller<'_>,
    ) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.answer_with(controller, None).await
    }

    /// Makes updates until an answer is complete, as [`super::Runner::answer`] does.
    ///
    /// # Errors
    /// As [`Runner::update`], and where the network has more outputs than `O`.
    pub async fn answer<const O: usize>(&mut self, every: Option<NonZeroU32>) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        loop {
            let update = self.update().await?;
            if update.completes_answer(every) {
                return self.decision(&update);
            }
        }
    }

    /// [`Runner::answer`] in a loop that a controller runs, as [`super::Runner::answer_with`] does.
    ///
    /// # Errors
    /// As [`Runner::answer`], and where an endless stream would be capped.
    pub async fn answer_with<const O: usize>(
        &mut self,
        controller: &mut Controller<'_>,
        every: Option<NonZeroU32>,
    ) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.engine.prepare(controller)?;
        let result = self.answer(every).await;
        self.engine.book(controller, result.is_ok());
        result
    }

    /// Whether a sequence is under way: the next update belongs to the same one as the last.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.engine.is_under_way()
    }

    /// The outputs after `update`, the latest one, as the result of the sequence so far.
    ///
    /// # Errors
    /// The network has more outputs than `O`.
    pub fn decision<const O: usize>(&self, update: &Update) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        self.engine.decision(update)
    }

    /// Makes updates until a decision is final, and then sleeps to the end of the sequence, as
    /// [`super::Runner::decide_at_end`] does.
    ///
    /// # Errors
    /// As [`Runner::decide`].
    pub async fn decide_at_end<const O: usize>(&mut self) -> Result<Decision<O>, ErrorOf<S, C, N>> {
        let decision = self.decide().await?;
        self.finish().await?;
        Ok(decision)
    }

    /// Switches the sensor off and sleeps to the end of the sequence, as [`super::Runner::finish`] does. Returns the tick at
    /// which it woke.
    ///
    /// # Errors
    /// Sensor or clock failed.
    pub async fn finish(&mut self) -> Result<u64, ErrorOf<S, C, N>> {
        if self.engine.is_on() && !self.engine.always_on() {
            let down = self.sensor.power_down().await;
            down.map_err(|error| self.engine.broken(error))?;
            self.engine.powered_down(self.clock.now());
        }
        let now = self.clock.now();
        if now < self.engine.end() {
            return self.sleep(now, self.engine.end()).await;
        }
        Ok(now)
    }

    async fn try_update(&mut self) -> Result<Update, ErrorOf<S, C, N>> {
        loop {
            let now = self.clock.now();
            match self.engine.next(now)? {
                Action::Sleep(until) => {
                    self.sleep(now, until).await?;
                }
                Action::PowerUp => match self.sensor.power_up().await {
                    Ok(()) => self.engine.powered_up(now),
                    Err(error) => self.engine.retry(self.clock.now(), error)?,
                },
                Action::Take(sample) => {
                    let taken = self.sensor.take_captured(sample).await;
                    match taken.map_err(|error| self.engine.broken(error))? {
                        Captured::Sample { counts, queued } => {
                            self.engine.taken(queued);
                            return self.use_sample(sample, counts.as_ref(), true).await;
                        }
                        Captured::Overflow => return Err(self.engine.overflowed(sample)),
                        Captured::Empty => self.engine.nothing_captured(),
                    }
                }
                Action::Read(sample, until) => {
                    match either(self.sensor.read(sample), self.clock.sleep_until(until)).await {
                        Either::First(Ok(counts)) => return self.use_sample(sample, counts.as_ref(), false).await,
                        Either::First(Err(error)) => self.engine.retry(self.clock.now(), error)?,
                        Either::Second(Err(error)) => return Err(RunnerError::Clock(error)),
                        Either::Second(Ok(())) => {
                            if !self.engine.failed(self.clock.now()) {
                                return Err(RunnerError::Timeout { sample });
                            }
                        }
                    }
                }
            }
        }
    }

    async fn use_sample(&mut self, sample: u64, counts: &[i16], captured: bool) -> Result<Update, ErrorOf<S, C, N>> {
        if let Some((from, instants)) = self.engine.capture_from() {
            let started = self.sensor.start_capture(from, instants).await;
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
                Some(Settle::StopCapture) => self.sensor.stop_capture().await,
                Some(Settle::PowerDown) => {
                    self.engine.powered_down(now);
                    self.sensor.power_down().await
                }
            };
            // The update is made. A sensor that does not switch off costs energy, and shows when it is next read.
            if done.is_err() {
                self.engine.not_settled();
            }
        }
    }

    async fn sleep(&mut self, now: u64, until: u64) -> Result<u64, ErrorOf<S, C, N>> {
        self.clock.sleep_until(until).await.map_err(RunnerError::Clock)?;
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

/// The output of whichever of two futures came first.
enum Either<A, B> {
    First(A),
    Second(B),
}

/// Waits for the first of two futures, the left one where both are ready, and drops the other.
async fn either<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> Either<A, B> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if let Poll::Ready(a) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(a));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}
