//! What fine-tuning changed, figure by figure, on held-out data.

use crate::{Error, TrainedModel, processors};
use float_model::{Sequences, Targets};
use quantize::{Change, Quantized};
use serde::Serialize;
use std::fmt::Write;

/// One model, fine-tuned against calibrated.
#[derive(Debug, Serialize)]
pub struct FinetuneEffect {
    /// The name of the model.
    pub model: String,
    /// Why no fine-tuned state was taken; nothing changes then.
    pub left: Option<String>,
    /// Held-out sequences.
    pub sequences: usize,
    /// The change of each figure.
    pub changes: Vec<Change>,
}

impl FinetuneEffect {
    /// Compares both on held-out data.
    pub(crate) fn of(
        run: &TrainedModel,
        after: &Quantized,
        before: &Quantized,
        (x, y): (&Sequences, Option<&Targets>),
    ) -> Result<FinetuneEffect, Error> {
        Ok(FinetuneEffect {
            model: run.name(),
            left: match after.report.finetuned {
                Some(_) => None,
                None => after
                    .report
                    .notes
                    .iter()
                    .rev()
                    .find(|n| n.starts_with("fine-tuning"))
                    .cloned(),
            },
            sequences: x.count,
            changes: after.changes(before, &run.model, (x, y), processors())?,
        })
    }
}

/// The table, where something was fine-tuned.
pub(crate) fn markdown(moved: &[FinetuneEffect]) -> String {
    if moved.is_empty() {
        return String::new();
    }
    let mut s = String::from(
        "\n## What fine-tuning changes\n\n\
         Fine-tuned against calibrated byte planes on the held-out data above, which neither learned from nor chose by. A state\n\
         is taken where on two other sets of sequences no figure falls and the schedules are better by more than sampling\n\
         error; elsewhere the calibrated integers stay. *Gain*: nearer to the original model, with its 95 % interval from the\n\
         differences sequence by sequence: of the metric the share of the original's that is no longer lost, of mean updates\n\
         the share by which they come nearer, of the h error the mean of ln(before / after) of each sequence's largest.\n\n\
         | model | figure | calibrated | fine-tuned | gain | |\n| --- | --- | --: | --: | --: | --- |\n",
    );
    for m in moved {
        if let Some(why) = &m.left {
            let _ = writeln!(s, "| {} | all | | | | {why} |", m.model);
            continue;
        }
        for c in &m.changes {
            let verdict = match c {
                c if c.before == c.after => "same",
                c if c.rose_clearly() => "better",
                c if c.fell_clearly() => "worse",
                c if c.gain < 0.0 => "worse, within sampling error",
                c if c.gain == 0.0 => "nothing lost",
                _ => "better, within sampling error",
            };
            let number = |v: f64| match c.figure {
                "metric" => super::metric(Some(v)),
                "mean updates" => format!("{v:.3}"),
                "arith_max_abs_h_error" => format!("{v:.1e}"),
                _ => format!("{:.2} %", 100.0 * v),
            };
            let percent = |v: f64| match c.figure {
                "arith_max_abs_h_error" => format!("{v:+.3}"),
                _ => format!("{:+.2} %", 100.0 * v),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(
                s,
                "| {} | {} | {} | {} | {} ± {} | {verdict} |",
                m.model,
                c.figure,
                number(c.before),
                number(c.after),
                percent(c.gain),
                percent(c.error).trim_start_matches('+'),
            );
        }
    }
    s
}
