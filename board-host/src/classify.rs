//! The application `classify` on an emulated board: a recording plays as its sensor, decisions come back as they fall.

use crate::{
    Error, Image, Load, Options, Program, Spending,
    log::{self, pick},
    memory::Loads,
};
use board_link::log::Line;
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

/// An answer within a sequence that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Index of the sequence.
    pub sequence: u64,
    /// Index of the largest logit, the first of equals.
    pub class: usize,
    /// The last sample used.
    pub sample: u64,
    /// Virtual seconds from the start of the board to the answer.
    pub at_s: f64,
    /// Raw outputs of the head.
    pub logits: Vec<i32>,
}

/// What a board says while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// An answer within a sequence.
    Answer(Answer),
    /// The decision at the end of a sequence.
    Decision(Decision),
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// Every decision, in order; a sequence that was lost has none.
    pub decisions: Vec<Decision>,
    /// Every answer within a sequence, in order.
    pub answers: Vec<Answer>,
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

/// Plays sequences to a model on the emulated board, as a sensor would deliver them; `sink` takes each answer and each
/// decision as it falls.
///
/// # Errors
/// As [`crate::run`].
pub fn run(load: &Load<'_>, options: &Options, sink: &mut dyn FnMut(&Said)) -> Result<Classification, Error> {
    let image = Image::of(options, Program::Classify)?;
    let loads = Loads::new(&image.regions, load, &options.settings)?;
    let mut heard = Heard::default();
    let lines = image.watch(&loads, options, &mut |line| {
        if let Some(said) = heard.said(line) {
            sink(&said);
        }
    })?;
    parse(lines, options)
}

/// Answers and decisions out of a log as it comes, line by line.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// How fast the board's clock is, which its first line says.
    ticks_per_second: Option<f64>,
}

impl Heard {
    /// The answer or decision in the next line, where it is one that can be read.
    pub(crate) fn said(&mut self, line: &str) -> Option<Said> {
        match Line::read(line).ok()? {
            Line::Image(image) => {
                self.ticks_per_second = Some(image.ticks_per_second.into());
                None
            }
            Line::Answer(answer) => Some(Said::Answer(Answer::of(&answer, self.ticks_per_second?))),
            Line::Decision(decision) => Some(Said::Decision(Decision::of(&decision, self.ticks_per_second?))),
            _ => None,
        }
    }
}

impl Answer {
    /// The answer of a line, by a clock of this many ticks a second.
    pub(crate) fn of(line: &board_link::log::Answer<'_>, ticks_per_second: f64) -> Self {
        Self {
            sequence: line.seq,
            class: line.class,
            sample: line.sample,
            at_s: line.at as f64 / ticks_per_second,
            logits: line.logits.iter().collect(),
        }
    }
}

impl Decision {
    /// The decision of a line, by a clock of this many ticks a second.
    pub(crate) fn of(line: &board_link::log::Decision<'_>, ticks_per_second: f64) -> Self {
        Self {
            sequence: line.seq,
            class: line.class,
            sample: line.sample,
            at_s: line.at as f64 / ticks_per_second,
            updates: line.updates,
            dial: I16F16::from_bits(line.dial),
            cap: NonZeroU32::new(line.cap),
            logits: line.logits.iter().collect(),
        }
    }
}

/// Reads the lines of a whole run.
fn parse(lines: Vec<String>, options: &Options) -> Result<Classification, Error> {
    // Which of the sensor's properties the model was not made for is said before the refusal.
    if let Some(why) = log::all(&lines, pick!(Sensor))?.first() {
        return Err(Error::Refused((*why).to_owned()));
    }
    log::ended(&lines)?;
    let ticks_per_second = log::ticks_per_second(&lines, options.machine.name())?;
    let decisions = log::all(&lines, pick!(Decision))?;
    let decisions: Vec<_> = decisions
        .iter()
        .map(|line| Decision::of(line, ticks_per_second))
        .collect();
    let answers = log::all(&lines, pick!(Answer))?;
    let answers = answers.iter().map(|line| Answer::of(line, ticks_per_second)).collect();
    let summary = log::first(&lines, "summary", pick!(Classified))?;
    if summary.decisions != decisions.len() as u64 {
        return Err(Error::Mismatch(format!(
            "{} decisions counted, {} logged",
            summary.decisions,
            decisions.len()
        )));
    }
    let seconds = |ticks: u64| ticks as f64 / ticks_per_second;
    let lost = log::all(&lines, pick!(Lost))?;
    Ok(Classification {
        lost: lost.into_iter().map(str::to_owned).collect(),
        captured: summary.captured,
        queued: summary.queued.into(),
        power_ups: summary.power_ups,
        seconds_on: seconds(summary.powered),
        seconds_asleep: seconds(summary.asleep),
        spending: log::spending(&lines)?,
        machine: options.machine.name().to_owned(),
        answers,
        decisions,
        log: lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 4] = [
        "image machine=mps2-an386 log=4 ticks_per_second=25000000 max_hidden=128 max_layers=2 max_inputs=16 \
         max_outputs=32 max_samples=4096",
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
