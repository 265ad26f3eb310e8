//! What a run on a virtual board shows.

use crate::{Error, log};
use board_link::log::Line as Said;
use std::{collections::BTreeMap, path::Path, sync::Arc};
use virtual_board::{
    event::{Event, Pin, Sample, What},
    host::semihosting::Output,
    part::Recording,
    power::{Account, Balance, Ledger},
    rules::{Checks, Found, RunEnd},
    run::{Observer, Report},
    time::Time,
};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the debug probe had read it, within a tenth of a millisecond.
    pub at: Time,
    /// The line, decoded.
    pub text: String,
}

/// A sample that the program took from its sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// When it had gone over the bus.
    pub at: Time,
    /// The sample of each sensor of the part that was read: of an LSM6DS angular rate and acceleration.
    pub samples: Vec<Sample>,
}

impl Delivered {
    /// The counts of all channels in the order of a model's: acceleration before angular rate.
    #[must_use]
    pub fn counts(&self) -> Vec<i16> {
        let of = |rate: bool| {
            self.samples
                .iter()
                .filter(move |sample| sample.part.ends_with("gyroscope") == rate)
        };
        of(false)
            .chain(of(true))
            .flat_map(|sample| sample.counts.clone())
            .collect()
    }
}

/// What a used sample took, as a mean over a run. All of it is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerSample {
    /// Transfers on the bus.
    pub transfers: f64,
    /// Microseconds for which a transfer ran.
    pub bus_us: f64,
    /// Microseconds for which the core was awake, from the first transfer of the first sample on.
    pub awake_us: f64,
    /// Microseconds for which a transfer ran and the core slept.
    pub asleep_at_bus_us: f64,
}

/// What one sequence drew, as a mean over a run. All of it is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerDecision {
    /// Charge of each account, in the order of [`Account::ALL`], in units of 1e-24 C.
    pub charges: [f64; Account::ALL.len()],
    /// Updates of the network.
    pub updates: f64,
}

impl PerDecision {
    /// The charge of all accounts, in units of 1e-24 C.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.charges.iter().sum()
    }

    /// What core and bus drew for one used sample, in units of 1e-24 C: the core awake outside of updates, its wake-ups, what the
    /// chip draws while a transfer runs, and the pull-ups. Neither the update nor the sensor's own current, nor the sleep. None
    /// where no update was seen.
    #[must_use]
    pub fn core_and_bus_of_a_sample(&self) -> Option<f64> {
        let accounts = [
            Account::Awake,
            Account::AwakeAtBus,
            Account::AsleepAtBus,
            Account::WakeUps,
            Account::Pulls,
        ];
        let sum: f64 = accounts.iter().map(|account| self.charges[*account as usize]).sum();
        (self.updates > 0.0).then_some(sum / self.updates)
    }
}

/// A transfer on the sensor's bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// When it began.
    pub from: Time,
    /// When it had ended.
    pub to: Time,
    /// Bytes that went either way, the address left out.
    pub bytes: usize,
    /// The part did not acknowledge.
    pub refused: bool,
}

/// The main stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack {
    /// Bytes in use when most were.
    pub used: u32,
    /// Its size in bytes, the guard at its end included.
    pub bytes: u32,
}

/// Everything that a run showed; all of it is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The log, line by line.
    pub log: Vec<Line>,
    /// Every breach of a rule of silicon, each once.
    pub findings: Vec<Found>,
    /// The names of the rules that were checked.
    pub rules: Vec<&'static str>,
    /// How long the board ran, from power-on.
    pub time: Time,
    /// How long of that the core slept.
    pub asleep: Time,
    /// Instructions that the core executed.
    pub instructions: u64,
    /// Cycles of the core while it was awake, at least and at most, by its timing table.
    pub cycles: (u64, u64),
    /// Every sleep of the core: when it began and when it ended.
    pub sleeps: Vec<(Time, Time)>,
    /// Resets after the one at power-on.
    pub resets: u64,
    /// How deep the main stack was.
    pub stack: Stack,
    /// The samples that the program took.
    pub delivered: Vec<Delivered>,
    /// What went over the sensor's bus.
    pub transfers: Vec<Transfer>,
    /// Every pin that the chip drove, as the chip names it, and how often it rose.
    pub pins: BTreeMap<String, u64>,
    /// What the run drew, where that was asked for and the chip tells it.
    pub charge: Option<Balance>,
}

impl Observed {
    /// The log without its times.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.log.iter().map(|line| line.text.clone()).collect()
    }

    /// How often a rule was broken, by its name.
    #[must_use]
    pub fn broken(&self, rule: &str) -> u64 {
        let of = self.findings.iter().filter(|found| found.first.rule == rule);
        of.map(|found| found.count).sum()
    }

    /// What one sequence drew: from the first decision to the last one, so that neither the start nor the end of the run is in it.
    /// None where fewer than two were made, or no charge was booked.
    #[must_use]
    pub fn per_decision(&self) -> Option<PerDecision> {
        let balance = self.charge.as_ref()?;
        let decided = |line: &&Line| matches!(Said::read(&line.text), Ok(Said::Decision(_)));
        let mut decisions = self.log.iter().filter(decided);
        let first = decisions.next()?;
        let (mut last, mut count) = (None, 0_u32);
        for line in decisions {
            (last, count) = (Some(line), count + 1);
        }
        let up_to = |at: Time| balance.marks.iter().find(|mark| mark.at >= at);
        let (from, to) = (up_to(first.at)?, up_to(last?.at)?);
        let mut charges = [0.0; Account::ALL.len()];
        for ((charge, before), after) in charges.iter_mut().zip(from.charges).zip(to.charges) {
            *charge = after.checked_sub(before)? as f64 / f64::from(count);
        }
        Some(PerDecision {
            charges,
            updates: to.updates.checked_sub(from.updates)? as f64 / f64::from(count),
        })
    }

    /// What a used sample took, from the first one to the last; none where fewer than two were taken.
    #[must_use]
    pub fn per_sample(&self) -> Option<PerSample> {
        let (from, to) = (self.delivered.first()?.at, self.delivered.last()?.at);
        let samples = self.delivered.len().checked_sub(1).filter(|samples| *samples > 0)? as f64;
        let mean_us = |span: Time| span.as_s() * 1e6 / samples;
        let within = |(a, b): (Time, Time)| b.min(to).since(a.max(from));
        let sum = |spans: &mut dyn Iterator<Item = Time>| spans.fold(Time::ZERO, |sum, span| sum + span);
        let transfers: Vec<(Time, Time)> = self
            .transfers
            .iter()
            .map(|transfer| (transfer.from, transfer.to))
            .filter(|(_, end)| (from..to).contains(end))
            .collect();
        let asleep = sum(&mut self.sleeps.iter().map(|sleep| within(*sleep)));
        let bus = sum(&mut transfers.iter().map(|transfer| within(*transfer)));
        Some(PerSample {
            transfers: transfers.len() as f64 / samples,
            bus_us: mean_us(bus),
            awake_us: mean_us(to.since(from).since(asleep)),
            asleep_at_bus_us: mean_us(overlap(&transfers, &self.sleeps)),
        })
    }
}

/// How long spans of two lists, each in order, run at the same time.
fn overlap(a: &[(Time, Time)], b: &[(Time, Time)]) -> Time {
    let (mut both, mut a, mut b) = (Time::ZERO, a, b);
    while let ([first, rest @ ..], [other, others @ ..]) = (a, b) {
        both += first.1.min(other.1).since(first.0.max(other.0));
        if first.1 < other.1 {
            a = rest;
        } else {
            b = others;
        }
    }
    both
}

/// By what the start of a recording is set.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lead {
    /// It lies this long before the first sample is read, so that its samples stand at the grid's instants.
    OfRead(Time),
    /// The sensor takes its first sample in the middle of the recording's first one, which lasts this long: so the sensor's
    /// samples are the recording's, one for one, where their rates are equal.
    OfSensor(Time),
}

/// A recording that starts as the first sample is read.
pub(super) struct Start {
    recording: Arc<Recording>,
    lead: Lead,
    /// When the first sample was read, and when the part's sensors took it, at first and at last.
    first: Option<(Time, Time, Time)>,
}

impl Start {
    pub(super) const fn new(recording: Arc<Recording>, lead: Lead) -> Self {
        Self {
            recording,
            lead,
            first: None,
        }
    }

    /// A sample of one of the part's sensors was read.
    fn read(&mut self, at: Time, sample: &Sample) {
        let (read, from, to) = *self.first.get_or_insert((at, sample.taken, sample.taken));
        // What else was read in the same transfer belongs to the same sample.
        if read != at {
            return;
        }
        let (from, to) = (from.min(sample.taken), to.max(sample.taken));
        self.first = Some((read, from, to));
        self.recording.set_start(match self.lead {
            Lead::OfRead(lead) => at - lead,
            Lead::OfSensor(period) => from - Time::from_ps(period.since(to.since(from)).ps() / 2),
        });
    }
}

/// What is taken down of a run, at most, in bytes: an image may sleep and wake for nothing, as often as it can. A day of a sensor
/// that is looked at ten times a second takes half of it.
const MOST_EVENTS: usize = 1 << 30;

/// A pin that the chip has driven.
#[derive(Debug, Clone, Copy, Default)]
struct Driven {
    high: bool,
    rises: u64,
}

/// Takes down what happens.
pub(super) struct Recorder<'t, 'w> {
    decoder: log::Decoder<'t>,
    checks: Checks,
    ledger: Option<Ledger>,
    start: Option<Start>,
    watch: &'w mut dyn FnMut(&Line) -> bool,
    done: bool,
    log: Vec<Line>,
    sleeps: Vec<(Time, Time)>,
    asleep_since: Time,
    delivered: Vec<Delivered>,
    transfers: Vec<Transfer>,
    pins: BTreeMap<String, Driven>,
    /// When a status was read that said that there is no new sample: what comes with it is dropped.
    not_ready: Option<Time>,
    /// What the lists take, about, in bytes.
    bytes: usize,
}

impl<'t, 'w> Recorder<'t, 'w> {
    pub(super) fn new(
        decoder: log::Decoder<'t>,
        checks: Checks,
        ledger: Option<Ledger>,
        start: Option<Start>,
        watch: &'w mut dyn FnMut(&Line) -> bool,
    ) -> Self {
        Self {
            decoder,
            checks,
            ledger,
            start,
            watch,
            done: false,
            log: Vec::new(),
            sleeps: Vec::new(),
            asleep_since: Time::ZERO,
            delivered: Vec::new(),
            transfers: Vec::new(),
            pins: BTreeMap::new(),
            not_ready: None,
            bytes: 0,
        }
    }

    /// The watcher has seen enough, or there is nothing more to be seen: the log cannot be read any further.
    pub(super) const fn done(&self) -> bool {
        self.done || self.decoder.gave_up()
    }

    /// More happened than can be taken down.
    pub(super) const fn is_full(&self) -> bool {
        self.bytes > MOST_EVENTS
    }

    /// The trace of the current has as many steps as are kept.
    pub(super) fn trace_is_full(&self) -> bool {
        self.ledger.as_ref().is_some_and(Ledger::is_full)
    }

    /// Lines so far.
    pub(super) fn lines(&self) -> usize {
        self.log.len()
    }

    /// The board has come to an instant; its chip does nothing by itself before `due`.
    pub(super) fn came_to(&mut self, now: Time, due: Time) {
        self.checks.tick(now, due);
    }

    /// Ends the record. An error where the log cannot be decoded.
    pub(super) fn finish(mut self, end: &RunEnd, report: &Report, path: &Path) -> Result<Observed, Error> {
        self.checks.finish(end);
        self.decoder.finish(path)?;
        Ok(Observed {
            log: self.log,
            rules: self.checks.names(),
            findings: self.checks.found().to_vec(),
            time: report.time,
            asleep: report.asleep,
            instructions: report.counts.instructions,
            cycles: (report.counts.cycles_low, report.counts.cycles_high),
            sleeps: self.sleeps,
            resets: report.resets,
            stack: Stack {
                used: end.stack.end.saturating_sub(end.lowest_sp),
                bytes: end.stack.end.saturating_sub(end.stack.start),
            },
            delivered: self.delivered,
            transfers: self.transfers,
            pins: self.pins.into_iter().map(|(name, pin)| (name, pin.rises)).collect(),
            charge: self.ledger.map(|ledger| ledger.finish(report.time)),
        })
    }

    /// A pin is driven, or no longer. There are as many entries as the chip has pins.
    fn driven(&mut self, pin: &Pin) {
        let Some(high) = pin.driven else { return };
        let driven = match self.pins.get_mut(&pin.name) {
            Some(driven) => driven,
            None => self.pins.entry(pin.name.clone()).or_default(),
        };
        driven.rises += u64::from(high && !driven.high);
        driven.high = high;
    }

    fn sampled(&mut self, at: Time, sample: &Sample) {
        if self.not_ready == Some(at) {
            return;
        }
        if let Some(start) = &mut self.start {
            start.read(at, sample);
        }
        match self.delivered.last_mut().filter(|last| last.at == at) {
            Some(last) => last.samples.push(sample.clone()),
            None => self.delivered.push(Delivered {
                at,
                samples: vec![sample.clone()],
            }),
        }
        self.bytes += size_of::<Delivered>() + size_of::<Sample>() + size_of_val(&*sample.counts);
    }
}

impl Observer for Recorder<'_, '_> {
    fn event(&mut self, event: &Event) {
        self.checks.observe(event);
        if let Some(ledger) = &mut self.ledger {
            ledger.observe(event);
        }
        if self.is_full() {
            return;
        }
        let at = event.at;
        match &event.what {
            What::Asleep { .. } => self.asleep_since = at,
            What::Awake => {
                self.bytes += size_of::<(Time, Time)>();
                self.sleeps.push((self.asleep_since, at));
            }
            What::Look { ready, .. } => self.not_ready = (!ready).then_some(at),
            What::Sample(sample) => self.sampled(at, sample),
            What::Pin(pin) => self.driven(pin),
            What::Transfer {
                from,
                sent,
                received,
                refused,
                ..
            } => {
                self.bytes += size_of::<Transfer>();
                self.transfers.push(Transfer {
                    from: *from,
                    to: at,
                    bytes: sent.len() + received.len(),
                    refused: *refused,
                });
            }
            _ => {}
        }
    }

    fn output(&mut self, at: Time, _: Output, bytes: &[u8]) {
        let (log, watch, done) = (&mut self.log, &mut self.watch, &mut self.done);
        let before = log.len();
        self.decoder.take(bytes, &mut |text| {
            let line = Line {
                at,
                text: text.to_owned(),
            };
            *done |= watch(&line);
            log.push(line);
        });
        if let Some(ledger) = self.ledger.as_mut().filter(|_| self.log.len() > before) {
            ledger.mark(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_at_the_same_time_is_counted_once() {
        let ms = |spans: &[(u64, u64)]| -> Vec<(Time, Time)> {
            spans
                .iter()
                .map(|(a, b)| (Time::from_ms(*a), Time::from_ms(*b)))
                .collect()
        };
        let both = |a: &[(u64, u64)], b: &[(u64, u64)]| overlap(&ms(a), &ms(b)).as_s();
        assert_eq!(both(&[(0, 10), (20, 30)], &[(5, 25)]), 0.010);
        assert_eq!(both(&[(0, 10)], &[(1, 2), (3, 4), (12, 13)]), 0.002);
        assert_eq!(both(&[(0, 10)], &[(10, 20)]), 0.0);
        assert_eq!(both(&[], &[(0, 1)]), 0.0);
    }
}
