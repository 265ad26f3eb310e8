//! What a run on a virtual board showed, for people and machines. All of it is simulated.

use super::{Classification, Delivered, Found, Observed, Outcome};
use crate::{
    Settings,
    boards::Board,
    capacity::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS},
};
use fixed::types::I16F16;
use serde::Serialize;
use skiprnn_nostd::{Capacity, Instance, Model, Network, Sequence, skip::completes_answer};
use std::{fmt, num::NonZeroU32};

/// The figures of a run.
#[derive(Debug, Clone, Serialize)]
pub struct ObservedSummary {
    /// The board.
    pub board: &'static str,
    /// Always "simulated".
    pub label: &'static str,
    /// How long the board ran.
    pub seconds: f64,
    /// How long of that the core slept.
    pub seconds_asleep: f64,
    /// Instructions that the core executed.
    pub instructions: u64,
    /// Cycles of the core while it was awake.
    pub cycles: CycleRange,
    /// Sleeps of the core.
    pub sleeps: usize,
    /// Resets after the one at power-on.
    pub resets: u64,
    /// How deep the main stack was.
    pub stack: StackUse,
    /// Samples that the program took.
    pub samples_delivered: usize,
    /// Transfers over the sensor's bus.
    pub transfers: usize,
    /// What a used sample took.
    pub per_sample: Option<SampleCost>,
    /// Names of the rules of silicon that were checked.
    pub rules_checked: Vec<&'static str>,
    /// Rules that were broken.
    pub findings: Vec<BrokenRule>,
}

/// Cycles by the core's timing table.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CycleRange {
    /// At least.
    pub low: u64,
    /// At most.
    pub high: u64,
}

/// The main stack.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct StackUse {
    /// Bytes that were used at most.
    pub used_bytes: u32,
    /// Bytes that there are.
    pub bytes: u32,
}

/// Means over the used samples.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SampleCost {
    /// Transfers over the sensor's bus.
    pub transfers: f64,
    /// Microseconds that the bus was busy.
    pub bus_us: f64,
    /// Microseconds that the core was awake.
    pub awake_us: f64,
    /// Microseconds that the core slept while the bus was busy.
    pub asleep_at_bus_us: f64,
}

/// A rule of silicon that was broken.
#[derive(Debug, Clone, Serialize)]
pub struct BrokenRule {
    /// The rule.
    pub rule: &'static str,
    /// How often it was broken.
    pub count: u64,
    /// Seconds from power-on to the first time.
    pub at_s: f64,
    /// Address of the instruction, where one broke it.
    pub pc: Option<u32>,
    /// What happened.
    pub what: String,
    /// What to do about it.
    pub fix: String,
    #[serde(skip)]
    line: String,
}

impl ObservedSummary {
    /// The figures of a run on a board.
    #[must_use]
    pub fn new(board: &Board, observed: &Observed) -> Self {
        let broken = |found: &Found| BrokenRule {
            rule: found.first.rule,
            count: found.count,
            at_s: found.first.at.as_s(),
            pc: found.first.pc,
            what: found.first.what.to_string(),
            fix: found.first.fix.to_string(),
            line: found.first.to_string(),
        };
        Self {
            board: board.name,
            label: "simulated",
            seconds: observed.time.as_s(),
            seconds_asleep: observed.asleep.as_s(),
            instructions: observed.instructions,
            cycles: CycleRange {
                low: observed.cycles.0,
                high: observed.cycles.1,
            },
            sleeps: observed.sleeps.len(),
            resets: observed.resets,
            stack: StackUse {
                used_bytes: observed.stack.used,
                bytes: observed.stack.bytes,
            },
            samples_delivered: observed.delivered.len(),
            transfers: observed.transfers.len(),
            per_sample: observed.per_sample().map(|p| SampleCost {
                transfers: p.transfers,
                bus_us: p.bus_us,
                awake_us: p.awake_us,
                asleep_at_bus_us: p.asleep_at_bus_us,
            }),
            rules_checked: observed.rules.clone(),
            findings: observed.findings.iter().map(broken).collect(),
        }
    }
}

impl fmt::Display for ObservedSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:.3} s of board time, asleep {:.2} %; {} instructions; stack {} of {} bytes (simulated)",
            self.seconds,
            100.0 * self.seconds_asleep / self.seconds.max(f64::MIN_POSITIVE),
            self.instructions,
            self.stack.used_bytes,
            self.stack.bytes,
        )?;
        if let Some(p) = self.per_sample {
            writeln!(
                f,
                "for each used sample {:.2} transfers, {:.0} us on the bus, core awake for {:.0} us, asleep at the bus for {:.0} us \
                 (simulated)",
                p.transfers, p.bus_us, p.awake_us, p.asleep_at_bus_us
            )?;
        }
        if self.findings.is_empty() {
            return write!(f, "no rule of silicon broken, {} checked", self.rules_checked.len());
        }
        write!(f, "rules of silicon broken:")?;
        for broken in &self.findings {
            write!(f, "\n  {} times: {}", broken.count, broken.line)?;
        }
        Ok(())
    }
}

/// A network on the host with an image's room.
type Host<'a> = Instance<'a, MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>;

impl Classification {
    /// The first outcome that is another than that of the network on the host, run by the same settings on the samples that the
    /// sensor delivered.
    ///
    /// # Errors
    /// The model is larger than an image has room for.
    pub fn first_difference(&self, model: &Model<'_>, settings: &Settings) -> Result<Option<usize>, Capacity> {
        let mut stream = Stream::new(model, settings)?;
        for (index, (outcome, delivered)) in self.outcomes.iter().enumerate() {
            if !stream.under_way {
                // A budget's dial is known from the end of the sequence.
                let mut rest = self.outcomes.iter().skip(index).map(|(outcome, _)| outcome);
                let (dial, cap) = match rest.find(|outcome| !matches!(outcome, Outcome::Answered(_))) {
                    Some(Outcome::Decided(decision)) => (decision.dial, decision.cap),
                    _ => (settings.dial, settings.cap),
                };
                stream.begin(dial, cap);
            }
            if stream.step(outcome, delivered) != Some(true) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

/// The network on the host, in the course of what a board logged.
struct Stream<'a> {
    sequence: Sequence<Host<'a>>,
    /// Samples from one answer to the next.
    every: Option<NonZeroU32>,
    keep_state: bool,
    under_way: bool,
    begun: bool,
    /// Whether the board's samples are counted as here: not in an endless stream that has lost some.
    counts_alike: bool,
}

impl<'a> Stream<'a> {
    fn new(model: &Model<'a>, settings: &Settings) -> Result<Self, Capacity> {
        Ok(Self {
            sequence: Sequence::new(Host::new(model.clone())?),
            every: settings.answers(model, model.sequence_length()).unwrap_or(None),
            keep_state: settings.keep_state,
            under_way: false,
            begun: false,
            counts_alike: true,
        })
    }

    /// Begins a sequence, from h0 and c0 or from the state of the one before.
    fn begin(&mut self, dial: I16F16, cap: Option<NonZeroU32>) {
        if self.begun && self.keep_state {
            self.sequence.carry_on();
        } else {
            self.sequence.restart().expect("the state was made for the model");
        }
        self.sequence.set_cap(cap);
        self.sequence.network_mut().set_dial(dial);
        (self.begun, self.under_way) = (true, true);
    }

    /// Uses the samples that were delivered, and says whether the board's outcome is the one here. None where the network asks for
    /// another number of samples.
    fn step(&mut self, outcome: &Outcome, delivered: &[Delivered]) -> Option<bool> {
        let mut last = None;
        for (k, sample) in delivered.iter().enumerate() {
            let progress = self.sequence.step(&sample.counts()).ok()?;
            let ends = progress.next.is_none();
            let answers = completes_answer(progress.sample, progress.next, self.every);
            if answers && k + 1 < delivered.len() {
                return None;
            }
            last = Some((progress.sample, ends, answers));
        }
        let mut logits = vec![0; self.sequence.network().outputs()];
        let class = self.sequence.decision(&mut logits).ok()?;
        let alike = |sample: u64, here: u64| !self.counts_alike || sample == here;
        Some(match (outcome, last) {
            (Outcome::Answered(answer), Some((sample, false, true))) => {
                alike(answer.sample, sample) && (answer.class, &answer.logits) == (class, &logits)
            }
            (Outcome::Decided(decision), Some((sample, true, _))) => {
                self.under_way = false;
                (decision.sample, decision.updates) == (sample, self.sequence.timeline().updates())
                    && (decision.class, &decision.logits) == (class, &logits)
            }
            (Outcome::Lost(_), _) => {
                let endless = self.sequence.timeline().length() == 0;
                self.counts_alike &= !endless;
                self.under_way = endless;
                true
            }
            _ => false,
        })
    }
}
