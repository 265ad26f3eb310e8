//! The application `classify` on an emulated board: a recording plays as its sensor, decisions come back as they fall.

use crate::{Error, Image, Options, Spending, image::Program, log, memory::Loads};
use fixed::types::I16F16;
use std::num::NonZeroU32;

/// A decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Index of the sequence.
    pub sequence: u64,
    /// Index of the largest logit, the first of equals.
    pub class: usize,
    /// The last sample used, after which the decision stands.
    pub sample: u64,
    /// Virtual seconds from the start of the board to the decision.
    pub at_s: f64,
    /// Samples used.
    pub updates: u32,
    /// The dial at which the sequence was run.
    pub dial: I16F16,
    /// The cap that it was run with.
    pub cap: Option<NonZeroU32>,
    /// Raw outputs of the head.
    pub logits: Vec<i32>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// Every decision, in order; a sequence that was lost has none.
    pub decisions: Vec<Decision>,
    /// Why sequences were lost, one line for each.
    pub lost: Vec<String>,
    /// Samples that fell due while an update still ran, and came out of the sensor's FIFO.
    pub captured: u64,
    /// Most samples that ever waited there.
    pub queued: u64,
    /// Times that the sensor was switched on.
    pub power_ups: u64,
    /// Virtual seconds for which it was on.
    pub seconds_on: f64,
    /// Virtual seconds asleep.
    pub seconds_asleep: f64,
    /// What was booked on a budget, where there is one.
    pub spending: Option<Spending>,
    /// The log, decoded line by line.
    pub log: Vec<String>,
    /// The emulated board's name.
    pub machine: String,
}

/// Plays `n` sequences of `t` samples of `i` channels, raw sensor counts `(N, T, I)`, to `blob` on the emulated board, as
/// a sensor would deliver them; `sink` takes each decision as it falls.
///
/// # Errors
/// As [`crate::run`].
pub fn run(
    blob: &[u8],
    counts: &[i16],
    (n, t, i): (usize, usize, usize),
    options: &Options,
    sink: &mut dyn FnMut(&Decision),
) -> Result<Classification, Error> {
    let image = Image::of(options, Program::Classify)?;
    let loads = Loads::new(&image.regions, blob, &options.settings, counts, (n, t, i))?;
    let mut heard = Heard::default();
    let lines = image.watch(&loads, options, &mut |line| {
        if let Some(decision) = heard.decision(line) {
            sink(&decision);
        }
    })?;
    parse(lines, options)
}

/// Decisions out of a log as it comes, line by line.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// How fast the board's clock is, which its first line says.
    ticks_per_second: Option<f64>,
}

impl Heard {
    /// The decision in the next line, where it is one that can be read.
    pub(crate) fn decision(&mut self, line: &str) -> Option<Decision> {
        if line.starts_with("image ") {
            self.ticks_per_second = log::number(line, "ticks_per_second").ok();
        }
        decision(line, self.ticks_per_second?)?.ok()
    }
}

/// The decision in a line of the log, where it is one.
pub(crate) fn decision(line: &str, ticks_per_second: f64) -> Option<Result<Decision, Error>> {
    let read = || {
        Ok(Decision {
            sequence: log::number(line, "seq")?,
            class: log::number(line, "class")?,
            sample: log::number(line, "sample")?,
            at_s: log::number::<f64>(line, "at")? / ticks_per_second,
            updates: log::number(line, "updates")?,
            dial: I16F16::from_bits(log::number(line, "dial")?),
            cap: NonZeroU32::new(log::number(line, "cap")?),
            logits: log::list(line, "logits", |text| text.parse().ok())?,
        })
    };
    line.starts_with("decision ").then(read)
}

/// Reads the lines of a whole run.
fn parse(lines: Vec<String>, options: &Options) -> Result<Classification, Error> {
    // Which of the sensor's properties the model was not made for is said before the refusal.
    if let Some(why) = lines.iter().find_map(|line| line.strip_prefix("sensor: ")) {
        return Err(Error::Refused(why.to_owned()));
    }
    log::ended(&lines)?;
    let ticks_per_second = log::ticks_per_second(&lines, options.machine.name())?;
    let decisions = lines
        .iter()
        .filter_map(|line| decision(line, ticks_per_second))
        .collect::<Result<Vec<_>, _>>()?;
    let summary = log::line(&lines, "summary")?;
    let decided: usize = log::number(summary, "decisions")?;
    if decided != decisions.len() {
        return Err(Error::Mismatch(format!(
            "{decided} decisions counted, {} logged",
            decisions.len()
        )));
    }
    let seconds = |name| log::number::<f64>(summary, name).map(|ticks| ticks / ticks_per_second);
    Ok(Classification {
        lost: lines
            .iter()
            .filter_map(|line| line.strip_prefix("lost: "))
            .map(str::to_owned)
            .collect(),
        captured: log::number(summary, "captured")?,
        queued: log::number(summary, "queued")?,
        power_ups: log::number(summary, "power_ups")?,
        seconds_on: seconds("powered")?,
        seconds_asleep: seconds("asleep")?,
        spending: Spending::parse(&lines)?,
        machine: options.machine.name().to_owned(),
        decisions,
        log: lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 4] = [
        "image machine=mps2-an386 log=4 ticks_per_second=25000000 max_hidden=128 max_layers=2 max_inputs=16",
        "decision seq=0 class=1 sample=57 at=50000000 updates=9 dial=98304 cap=20 logits=[-7, 12] asleep=40000000",
        "lost: sample 3: the queue was full",
        "summary sequences=2 decisions=1 updates=12 samples=12 captured=2 queued=3 overflows=1 missed=0 failures=0 \
         power_ups=5 powered=2500000 asleep=50000000 late=0 wake_delay=20",
    ];

    fn read(lines: &[&str]) -> Result<Classification, Error> {
        parse(
            lines.iter().map(|line| (*line).to_owned()).collect(),
            &Options::default(),
        )
    }

    #[test]
    fn a_run_is_read_back() {
        let run = read(&LINES).unwrap();
        assert_eq!(
            run.decisions,
            [Decision {
                sequence: 0,
                class: 1,
                sample: 57,
                at_s: 2.0,
                updates: 9,
                dial: I16F16::from_num(1.5),
                cap: NonZeroU32::new(20),
                logits: vec![-7, 12]
            }]
        );
        assert_eq!(run.lost, ["sample 3: the queue was full"]);
        assert_eq!((run.captured, run.queued, run.power_ups), (2, 3, 5));
        assert_eq!((run.seconds_on, run.seconds_asleep), (0.1, 2.0));
    }

    #[test]
    fn what_ends_it_is_named() {
        let error = |lines: &[&str]| read(lines).unwrap_err().to_string();
        assert!(error(&LINES[..3]).contains("no line: summary"));
        assert!(error(&[LINES[0], LINES[3]]).contains("1 decisions counted, 0 logged"));
        assert_eq!(
            error(&[
                LINES[0],
                "sensor: channel 0: other unit",
                "refused: no decisions without the sensor"
            ]),
            "the firmware refused: channel 0: other unit"
        );
        assert!(error(&[LINES[0], "decision seq=0 class=x", LINES[3]]).contains("no readable class"));
    }
}
