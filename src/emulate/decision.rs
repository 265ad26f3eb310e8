//! A decision of the application `classify`, for people and machines.

use board_host::classify::{Answer, Decision, Said};
use serde::Serialize;
use skiprnn_nostd::{Model, Objective};

/// A decision as the commands print it.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionJson {
    sequence: u64,
    class: usize,
    class_name: Option<String>,
    sample: u64,
    time_s: f64,
    updates: u32,
    dial: f64,
    cap: Option<std::num::NonZeroU32>,
    board_time_s: f64,
}

impl DecisionJson {
    /// The decision in the model's terms.
    pub fn new(model: &Model<'_>, d: &Decision) -> Self {
        Self {
            sequence: d.sequence,
            class: d.class,
            class_name: class_name(model, d.class).map(str::to_owned),
            sample: d.sample,
            time_s: d.sample as f64 * period_s(model),
            updates: d.updates,
            dial: d.dial.to_num(),
            cap: d.cap,
            board_time_s: d.at_s,
        }
    }
}

/// An answer within a sequence, as the commands print it.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerJson {
    sequence: u64,
    class: usize,
    class_name: Option<String>,
    sample: u64,
    time_s: f64,
    board_time_s: f64,
}

impl AnswerJson {
    /// The answer in the model's terms.
    pub fn new(model: &Model<'_>, answer: &Answer) -> Self {
        Self {
            sequence: answer.sequence,
            class: answer.class,
            class_name: class_name(model, answer.class).map(str::to_owned),
            sample: answer.sample,
            time_s: answer.sample as f64 * period_s(model),
            board_time_s: answer.at_s,
        }
    }
}

/// Seconds between samples.
pub fn period_s(model: &Model<'_>) -> f64 {
    model.sample_period_ns() as f64 * 1e-9
}

/// The name of a class, where the model gives it one.
fn class_name<'a>(model: &Model<'a>, class: usize) -> Option<&'a str> {
    (model.objective() == Objective::Classification)
        .then(|| model.class_names().nth(class))
        .flatten()
}

/// What a board says, in a line for people.
pub fn said(model: &Model<'_>, said: &Said) -> String {
    let period = period_s(model);
    let (sequence, class, logits, sample) = match said {
        Said::Answer(a) => (a.sequence, a.class, &a.logits, a.sample),
        Said::Decision(d) => (d.sequence, d.class, &d.logits, d.sample),
    };
    let what = match (model.objective(), class_name(model, class)) {
        (_, Some(name)) => float_model::printable(name),
        (Objective::Classification, None) => format!("class {class}"),
        _ => {
            let scale = f64::from(model.logit_scale());
            let outputs: Vec<String> = logits.iter().map(|l| format!("{:.4}", f64::from(*l) * scale)).collect();
            outputs.join(", ")
        }
    };
    let at_s = sample as f64 * period;
    match (said, model.sequence_length()) {
        (Said::Answer(_), _) => format!("sequence {sequence}: {what} after sample {sample} ({at_s:.4} s)"),
        (Said::Decision(d), 0) => format!(
            "sequence {sequence}: {what} at sample {sample} ({at_s:.4} s), {} updates",
            d.updates
        ),
        (Said::Decision(d), length) => format!(
            "sequence {sequence}: {what} at sample {sample} of {length} ({at_s:.4} s, {:.4} s before its end), {} updates",
            (f64::from(length) - sample as f64) * period,
            d.updates
        ),
    }
}
