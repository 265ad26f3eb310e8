//! A decision of the application `classify`, for people and machines.

use board_host::classify::Decision;
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

/// A decision in a line for people.
pub fn line(model: &Model<'_>, decision: &Decision) -> String {
    let what = match (model.objective(), class_name(model, decision.class)) {
        (_, Some(name)) => float_model::printable(name),
        (Objective::Classification, None) => format!("class {}", decision.class),
        _ => {
            let scale = f64::from(model.logit_scale());
            let outputs: Vec<String> = decision
                .logits
                .iter()
                .map(|l| format!("{:.4}", f64::from(*l) * scale))
                .collect();
            outputs.join(", ")
        }
    };
    let (period, length) = (period_s(model), model.sequence_length());
    format!(
        "sequence {}: {what} at sample {} of {length} ({:.4} s, {:.4} s before its end), {} updates",
        decision.sequence,
        decision.sample,
        decision.sample as f64 * period,
        (f64::from(length) - decision.sample as f64) * period,
        decision.updates
    )
}
