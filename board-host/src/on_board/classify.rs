//! The application `classify` on a virtual board: a recording plays to the sensor's registers, decisions come back as they fall.

use super::{BoardOptions, Delivered, Input, Observed, Time, observe};
use crate::{
    Error, Spending,
    classify::{Answer, Decision, Heard, Said},
    log,
};
use board_link::log::Line;

/// What happened to the sequences, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// An answer within a sequence that goes on.
    Answered(Answer),
    /// A decision.
    Decided(Decision),
    /// The sequence was lost, and why.
    Lost(String),
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// Every answer, and every sequence that came to its end, in order, each with the samples that the sensor delivered since the
    /// one before it.
    pub outcomes: Vec<(Outcome, Vec<Delivered>)>,
    /// What was booked on a budget by the board's last report, where there is one.
    pub spending: Option<Spending>,
    /// Why the application came to its end before the run did, such as a sensor that no longer answers.
    pub refused: Option<String>,
    /// Everything else that the run showed.
    pub observed: Observed,
}

impl Classification {
    /// The decisions, in order; a sequence that was lost has none.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.outcomes.iter().filter_map(|(outcome, _)| match outcome {
            Outcome::Decided(decision) => Some(decision),
            Outcome::Answered(_) | Outcome::Lost(_) => None,
        })
    }

    /// The answers within sequences, in order.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.outcomes.iter().filter_map(|(outcome, _)| match outcome {
            Outcome::Answered(answer) => Some(answer),
            Outcome::Decided(_) | Outcome::Lost(_) => None,
        })
    }

    /// Why sequences were lost, one line for each.
    pub fn lost(&self) -> impl Iterator<Item = &str> {
        self.outcomes.iter().filter_map(|(outcome, _)| match outcome {
            Outcome::Answered(_) | Outcome::Decided(_) => None,
            Outcome::Lost(why) => Some(why.as_str()),
        })
    }
}

/// What a sensor is to play.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// Raw counts (N, T, I).
    pub counts: &'a [i16],
    /// N, T and I.
    pub shape: (usize, usize, usize),
    /// Unit and full scale of each channel.
    pub channels: &'a [(&'a str, f32)],
    /// From one sample to the next, in nanoseconds.
    pub period_ns: u64,
}

impl Recorded<'_> {
    /// From one sample to the next.
    pub(super) const fn period(&self) -> Time {
        Time::from_ns(self.period_ns)
    }
}

/// Time for the board to start, before the first sample: crystal, sensor, three tries.
const START: Time = Time::from_s(2);

/// Plays a recording to the sensor of a virtual board that classifies by `blob`; `sink` takes each answer and each decision
/// as it falls. The run ends when as many sequences have ended as the recording has, or at the time that the options give.
///
/// # Errors
/// The image cannot be built or is another board's, it refuses its blob, or it cannot go on; [`Error`] says which. A sensor
/// that is missing or fails is no error of the run: [`Classification::refused`] tells.
pub fn classify(
    options: &BoardOptions,
    blob: &[u8],
    recorded: &Recorded<'_>,
    sink: &mut dyn FnMut(&Said),
) -> Result<Classification, Error> {
    let (n, t, _) = recorded.shape;
    let whole = recorded
        .period()
        .ps()
        .saturating_mul(t as u64)
        .saturating_mul(n as u64 + 1);
    let mut options = options.clone();
    let by_time = options.seconds.is_some();
    options.seconds.get_or_insert((START + Time::from_ps(whole)).as_s());
    let (mut heard, mut ended) = (Heard::default(), 0);
    let observed = observe(&options, blob, &Input::Played(recorded), &mut |line| {
        let text = &line.text;
        if let Some(said) = heard.said(text) {
            sink(&said);
            ended += usize::from(matches!(said, Said::Decision(_)));
        }
        ended += usize::from(matches!(Line::read(text), Ok(Line::Lost(_))));
        log::is_last(text) || !by_time && ended >= n
    })?;
    parse(observed, options.board.name)
}

/// Reads the lines of a run, and gives each sequence its samples.
fn parse(observed: Observed, board: &str) -> Result<Classification, Error> {
    let lines = observed.lines();
    let refused = match log::refusal(&lines) {
        Some(why) => Some(why),
        None => log::fault(&lines).map_or(Ok(None), |why| Err(Error::Fault(why.to_owned())))?,
    };
    let hz = log::ticks_per_second(&lines, board)?;
    let mut samples = observed.delivered.iter().cloned().peekable();
    let mut outcomes = Vec::new();
    for line in &observed.log {
        let outcome = match Line::read(&line.text)? {
            Line::Answer(answer) => Outcome::Answered(Answer::of(&answer, hz)),
            Line::Decision(decision) => Outcome::Decided(Decision::of(&decision, hz)),
            Line::Lost(why) => Outcome::Lost(why.to_owned()),
            _ => continue,
        };
        let mut taken = Vec::new();
        while let Some(sample) = samples.next_if(|sample| sample.at <= line.at) {
            taken.push(sample);
        }
        outcomes.push((outcome, taken));
    }
    Ok(Classification {
        outcomes,
        spending: log::spending(&lines)?,
        refused,
        observed,
    })
}
