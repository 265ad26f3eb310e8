//! What a run on a virtual board showed, for people and machines. All of it is simulated.

use super::{Classification, Delivered, Found, Observed, Outcome};
use crate::{
    boards::Board,
    capacity::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS},
};
use serde::Serialize;
use skiprnn_nostd::{Capacity, Instance, Model, Network, Sequence};
use std::fmt;

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
    /// The first sequence that ended otherwise than the network on the host ends on the samples that the sensor delivered.
    ///
    /// # Errors
    /// The model is larger than an image has room for.
    pub fn first_difference(&self, model: &Model<'_>) -> Result<Option<usize>, Capacity> {
        for (index, (outcome, delivered)) in self.outcomes.iter().enumerate() {
            if let Outcome::Decided(decision) = outcome {
                let mut network = Host::new(model.clone())?;
                network.set_dial(decision.dial);
                let mut sequence = Sequence::new(network).with_cap(decision.cap);
                let same = decided(&mut sequence, delivered).is_some_and(|(sample, updates, class, logits)| {
                    (sample, updates, class) == (decision.sample, decision.updates, decision.class)
                        && logits == decision.logits
                });
                if !same {
                    return Ok(Some(index));
                }
            }
        }
        Ok(None)
    }
}

/// What a network decides on samples, each used as it comes: the last sample's index, updates, class and logits. None where it
/// asks for another number of samples.
fn decided(sequence: &mut Sequence<Host<'_>>, delivered: &[Delivered]) -> Option<(u64, u32, usize, Vec<i32>)> {
    sequence.restart().ok()?;
    let mut last = None;
    for sample in delivered {
        last = Some(sequence.step(&sample.counts()).ok()?);
    }
    let last = last.filter(|progress| progress.next.is_none())?;
    let mut logits = vec![0; sequence.network().outputs()];
    sequence.outputs(&mut logits).ok()?;
    let class = sequence.network().decide(&logits);
    Some((last.sample, sequence.timeline().updates(), class, logits))
}
