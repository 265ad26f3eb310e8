//! The sans-IO state machine of the runner: it says what to do next, and is told the result. It does no input or output
//! itself.
//!
//! The blocking and the async runner ask [`Engine::next`] and carry out the answer, so that there is one set of rules for
//! when the sensor is on, when it is read and what counts as late.

use super::{Config, Counters, Decision, Instants, Profile, RunnerError, Update, ticks};
use crate::{
    Network, Sequence,
    budget::{Controller, Setting, Usage},
    grid::Grid,
};
use core::num::NonZeroU32;
use heapless::Vec;

/// What to do before the sample that is due can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Sleep until this tick.
    Sleep(u64),
    /// Switch the sensor on.
    PowerUp,
    /// Take this sample out of what was captured.
    Take(u64),
    /// Read this sample; give up at this tick.
    Read(u64, u64),
}

/// What to do after an update, before its result is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settle {
    /// The next sample lies ahead.
    StopCapture,
    /// The pause is long enough.
    PowerDown,
}

/// A supply that is on.
#[derive(Debug, Clone, Copy)]
struct On {
    since: u64,
    ready_at: u64,
}

#[derive(Debug)]
pub(super) struct Engine<N> {
    pub(super) sequence: Sequence<N>,
    instants: Instants,
    retries: u8,
    /// Whether an update may take longer than the sample period.
    captures: bool,
    always_on: bool,
    keeps_samples: bool,
    // In ticks.
    turn_on: u64,
    off_pays: u64,
    timeout: u64,
    poll: u64,
    late_after: u64,
    /// The grid point after the last sequence.
    next_start: u64,
    /// Whether a sequence begins with the state of the one before it.
    keep_state: bool,
    /// What the sequence under way used since it was given its setting.
    usage: Usage,
    /// Whether a sequence is under way.
    begun: bool,
    /// Whether an update of a stream failed, so that samples may have passed.
    interrupted: bool,
    on: Option<On>,
    capturing: bool,
    /// Whether there may be something to take.
    captured: bool,
    /// When the attempt under way has failed.
    reading_until: Option<u64>,
    failed_attempts: u8,
    /// No attempt before this tick.
    not_before: u64,
    /// The latest tick that is known.
    seen: u64,
    counters: Counters,
}

impl<N: Network> Engine<N> {
    pub(super) fn new<S, C>(
        sequence: Sequence<N>,
        profile: Profile,
        config: &Config,
        ticks_per_second: u32,
        now: u64,
    ) -> Result<Self, RunnerError<S, C, N::Error>> {
        let sample_period_ns = match (config.sample_period, sequence.network().sample_period_ns()) {
            (Some(period), _) => u64::try_from(period.as_nanos()).unwrap_or(u64::MAX),
            (None, stated) => stated,
        };
        let grid = Grid::new(sample_period_ns, ticks_per_second).ok_or(RunnerError::SamplePeriod {
            sample_period_ns,
            ticks_per_second,
        })?;
        may_be_capped(&sequence, sequence.timeline().cap())?;
        let period = grid.tick(1);
        let or = |given: Option<_>, default: u64| given.map_or(default, |d| ticks(d, ticks_per_second)).max(1);
        let attempts = u64::from(config.retries).saturating_add(2);
        let timeout = or(config.timeout, period / attempts);
        Ok(Engine {
            instants: Instants {
                grid,
                origin: now,
                start: 0,
            },
            retries: config.retries,
            captures: config
                .longest_update
                .is_none_or(|d| ticks(d, ticks_per_second) >= period),
            always_on: profile.always_on,
            keeps_samples: profile.keeps_samples,
            turn_on: ticks(profile.turn_on, ticks_per_second),
            off_pays: ticks(profile.off_pays, ticks_per_second),
            timeout,
            poll: or(config.poll, timeout / 8),
            late_after: or(config.late_after, period / 16),
            next_start: 0,
            keep_state: config.keep_state,
            usage: Usage::default(),
            begun: false,
            interrupted: false,
            on: None,
            capturing: false,
            captured: false,
            reading_until: None,
            failed_attempts: 0,
            not_before: 0,
            seen: now,
            sequence,
            counters: Counters::default(),
        })
    }

    /// What to do at tick `now`.
    pub(super) fn next<S, C>(&mut self, now: u64) -> Result<Action, RunnerError<S, C, N::Error>> {
        self.seen = now;
        if !self.begun {
            self.begin(now).map_err(RunnerError::Network)?;
        }
        if self.interrupted {
            self.interrupted = false;
            let point = self.reachable(now);
            self.sequence.lose_until(point.saturating_sub(self.instants.start));
        }
        // A sequence that has begun has a sample due, and a stream always has one.
        let sample = self.sequence.due().unwrap_or(0);
        let due = self.instants.tick(sample);
        if self.captured && due < now {
            return Ok(Action::Take(sample));
        }
        let untried = self.reading_until.is_none() && self.failed_attempts == 0;
        if untried && now >= self.instants.tick(sample.saturating_add(1)) {
            if self.keeps_samples {
                return Ok(Action::Take(sample));
            }
            self.counters.missed = self.counters.missed.saturating_add(1);
            let late_ticks = now.saturating_sub(due);
            return Err(RunnerError::Missed { sample, late_ticks });
        }
        let (at, action) = match self.on {
            None => (due.saturating_sub(self.turn_on), Action::PowerUp),
            Some(on) => {
                let until = self.reading_until.unwrap_or(now.saturating_add(self.timeout));
                (due.max(on.ready_at), Action::Read(sample, until))
            }
        };
        let at = at.max(self.not_before);
        if now < at {
            // Capturing has been stopped before the sample fell due.
            self.captured = false;
            return Ok(Action::Sleep(at));
        }
        if let Action::Read(_, until) = action {
            self.reading_until = Some(until);
        }
        Ok(action)
    }

    /// The first grid point at which a sample could be read.
    fn reachable(&self, now: u64) -> u64 {
        let lead = if self.on.is_some() { 0 } else { self.turn_on };
        let elapsed = now.saturating_sub(self.instants.origin);
        self.instants.grid.at_or_after(elapsed.saturating_add(lead))
    }

    fn begin(&mut self, now: u64) -> Result<(), N::Error> {
        match self.keep_state && self.counters.sequences > 0 {
            true => self.sequence.carry_on(),
            false => self.sequence.restart()?,
        }
        self.instants.start = self.reachable(now).max(self.next_start);
        let length = self.sequence.timeline().length();
        self.next_start = self.instants.start.saturating_add(length.into());
        self.counters.sequences = self.counters.sequences.saturating_add(1);
        self.begun = true;
        Ok(())
    }

    /// A sleep aimed at tick `until` lasted from `before` to `after`.
    pub(super) fn slept(&mut self, until: u64, before: u64, after: u64) {
        self.seen = after;
        let c = &mut self.counters;
        let late = after.saturating_sub(until);
        c.wakes = c.wakes.saturating_add(1);
        c.asleep_ticks = c.asleep_ticks.saturating_add(after.saturating_sub(before));
        c.late_wakes = c.late_wakes.saturating_add(u64::from(late > self.late_after));
        c.latest_wake_ticks = c.latest_wake_ticks.max(late);
    }

    /// The sensor was switched on; `before` is the tick before that.
    pub(super) fn powered_up(&mut self, before: u64) {
        self.failed_attempts = 0;
        self.not_before = 0;
        self.on = Some(On {
            since: before,
            ready_at: before.saturating_add(self.turn_on),
        });
        self.counters.power_ups = self.counters.power_ups.saturating_add(1);
    }

    /// The sensor was switched off.
    pub(super) fn powered_down(&mut self, now: u64) {
        if let Some(on) = self.on.take() {
            let ticks = now.saturating_sub(on.since);
            self.counters.powered_ticks = self.counters.powered_ticks.saturating_add(ticks);
        }
    }

    /// The sample is not there yet. Returns false where its time is up.
    pub(super) fn pending(&mut self, now: u64) -> bool {
        let until = self.reading_until.unwrap_or(now);
        self.not_before = now.saturating_add(self.poll).min(until);
        now < until
    }

    /// An attempt to reach the sensor failed. Returns whether to try again.
    pub(super) fn failed(&mut self, now: u64) -> bool {
        self.reading_until = None;
        self.failed_attempts = self.failed_attempts.saturating_add(1);
        self.not_before = now.saturating_add(self.poll);
        let sample = self.sequence.due().unwrap_or(0);
        // Later on, the sensor would deliver another sample.
        let in_time = self.not_before < self.instants.tick(sample.saturating_add(1));
        let again = in_time && self.failed_attempts <= self.retries;
        let counter = if again {
            &mut self.counters.retries
        } else {
            &mut self.counters.failures
        };
        *counter = counter.saturating_add(1);
        again
    }

    /// An attempt to reach the sensor ended in this error, which is handed on where there is no other.
    pub(super) fn retry<S, C>(&mut self, now: u64, error: S) -> Result<(), RunnerError<S, C, N::Error>> {
        match self.failed(now) {
            true => Ok(()),
            false => Err(self.given_up(error)),
        }
    }

    /// A sample was taken out of the queue, which held this many.
    pub(super) fn taken(&mut self, queued: u32) {
        self.counters.captured = self.counters.captured.saturating_add(1);
        self.counters.queue_high_water = self.counters.queue_high_water.max(queued);
    }

    /// Nothing was captured at the instant of the sample that is due.
    pub(super) fn nothing_captured(&mut self) {
        self.captured = false;
    }

    /// The queue was full.
    pub(super) fn overflowed<S, C>(&mut self, sample: u64) -> RunnerError<S, C, N::Error> {
        self.counters.overflows = self.counters.overflows.saturating_add(1);
        RunnerError::Overflow { sample }
    }

    /// The sensor failed where there is no second attempt.
    pub(super) fn broken<S, C>(&mut self, error: S) -> RunnerError<S, C, N::Error> {
        self.counters.failures = self.counters.failures.saturating_add(1);
        self.given_up(error)
    }

    /// The sensor failed, and the last attempt with it.
    pub(super) fn given_up<S, C>(&self, error: S) -> RunnerError<S, C, N::Error> {
        let sample = self.sequence.due().unwrap_or(0);
        RunnerError::Sensor { sample, error }
    }

    /// The sensor did not switch off, or did not stop to capture.
    pub(super) fn not_settled(&mut self) {
        self.counters.unsettled = self.counters.unsettled.saturating_add(1);
    }

    /// The result of the sequence after this update.
    pub(super) fn decision<S, C, const O: usize>(
        &self,
        update: &Update,
    ) -> Result<Decision<O>, RunnerError<S, C, N::Error>> {
        let network = self.sequence.network();
        let mut logits = Vec::new();
        logits.resize(network.outputs(), 0).map_err(|_| RunnerError::Outputs {
            needed: network.outputs(),
            capacity: O,
        })?;
        self.sequence.outputs(&mut logits).map_err(RunnerError::Network)?;
        Ok(Decision {
            sequence: update.sequence,
            updates: self.sequence.timeline().updates(),
            sample: update.sample,
            class: network.decide(&logits),
            logits,
        })
    }

    /// Where an update is about to begin during which samples have to be captured: the first of them.
    pub(super) fn capture_from(&mut self) -> Option<(u64, Instants)> {
        let from = self.sequence.due()?.saturating_add(1);
        let length = self.sequence.timeline().length();
        if !self.captures || self.capturing || (length != 0 && from >= u64::from(length)) {
            return None;
        }
        self.capturing = true;
        self.captured = true;
        Some((from, self.instants))
    }

    /// Updates on the counts of `sample`, which [`Engine::next`] asked for.
    pub(super) fn update(&mut self, sample: u64, counts: &[i16], captured: bool) -> Result<Update, N::Error> {
        self.reading_until = None;
        self.failed_attempts = 0;
        self.not_before = 0;
        self.counters.samples = self.counters.samples.saturating_add(1);
        let progress = self.sequence.step_at(sample, counts)?;
        self.usage.uses(progress.sample);
        self.counters.updates = self.counters.updates.saturating_add(1);
        if progress.next.is_none() {
            self.begun = false;
            self.counters.decisions = self.counters.decisions.saturating_add(1);
        }
        Ok(Update {
            sequence: self.counters.sequences.saturating_sub(1),
            sample: progress.sample,
            due: self.instants.tick(progress.sample),
            captured,
            step: progress.step,
            next: progress.next,
        })
    }

    /// What is left to do after an update, until there is nothing left.
    pub(super) fn settle(&mut self, now: u64) -> Option<Settle> {
        self.seen = now;
        let next = self.sequence.due();
        let target = next.map_or(self.end(), |sample| self.instants.tick(sample));
        if self.capturing {
            if next.is_some() && target < now {
                return None;
            }
            self.capturing = false;
            self.captured = next.is_some();
            return Some(Settle::StopCapture);
        }
        let pause = target.saturating_sub(now);
        let pays = !self.always_on && pause > self.turn_on && pause >= self.off_pays;
        (self.on.is_some() && pays).then_some(Settle::PowerDown)
    }

    /// The tick of the grid point after the last sequence.
    pub(super) fn end(&self) -> u64 {
        self.instants.point(self.next_start)
    }

    /// An update failed: the sensor is off, and a sequence that lost a sample is given up. A stream continues.
    pub(super) fn interrupt(&mut self, now: u64) {
        self.powered_down(now);
        self.capturing = false;
        self.captured = false;
        self.reading_until = None;
        self.failed_attempts = 0;
        self.not_before = 0;
        if self.sequence.timeline().length() == 0 {
            self.interrupted = self.begun;
        } else {
            self.begun = false;
            self.next_start = 0;
        }
    }

    /// Runs the sequences that follow by this dial and this cap.
    pub(super) fn set<S, C>(&mut self, setting: Setting) -> Result<(), RunnerError<S, C, N::Error>> {
        self.set_cap(setting.cap)?;
        self.sequence.network_mut().set_dial(setting.dial);
        Ok(())
    }

    /// Runs the sequence that is about to begin by the controller's setting. Changes nothing where one is under way.
    pub(super) fn prepare<S, C>(&mut self, controller: &Controller<'_>) -> Result<(), RunnerError<S, C, N::Error>> {
        if !self.begun {
            self.set(controller.setting())?;
            self.usage = controller.usage();
        }
        Ok(())
    }

    /// Books the sequence that was prepared where it has come to its end, as decided or as lost.
    pub(super) fn book(&self, controller: &mut Controller<'_>, decided: bool) {
        match decided {
            _ if self.begun => {}
            true => controller.decided(&self.usage),
            false => controller.lost(&self.usage),
        }
    }

    /// Bounds the updates of the sequences that follow.
    pub(super) fn set_cap<S, C>(&mut self, cap: Option<NonZeroU32>) -> Result<(), RunnerError<S, C, N::Error>> {
        may_be_capped(&self.sequence, cap)?;
        self.sequence.set_cap(cap);
        Ok(())
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.begun
    }

    pub(super) fn is_on(&self) -> bool {
        self.on.is_some()
    }

    pub(super) fn always_on(&self) -> bool {
        self.always_on
    }

    pub(super) fn counters(&self) -> Counters {
        let on = self.on.map_or(0, |on| self.seen.saturating_sub(on.since));
        Counters {
            powered_ticks: self.counters.powered_ticks.saturating_add(on),
            ..self.counters
        }
    }
}

/// Refuses to cap an endless stream.
fn may_be_capped<S, C, N: Network>(
    sequence: &Sequence<N>,
    cap: Option<NonZeroU32>,
) -> Result<(), RunnerError<S, C, N::Error>> {
    match cap {
        Some(_) if sequence.timeline().length() == 0 => Err(RunnerError::CappedStream),
        _ => Ok(()),
    }
}
