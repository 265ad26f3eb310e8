//! `fit.json`: everything that a fit found, in figures.

use super::{Candidate, Flash, Found, Reached, Target, choice};
use dataset::{DatasetSummary, PartSummary};
use serde_json::{Map, Value, json};
use std::path::Path;

impl Found {
    /// The fit as JSON; `blob` is where the model lies. The same recordings, options and plan give the same text.
    #[must_use]
    pub fn json(&self, blob: &Path, flash: &Flash) -> Value {
        let c = self.choice();
        let test = &self.tested[0];
        let place = |k: Option<usize>| k.map_or(Value::Null, |k| self.compared(k));
        json!({
            "board": self.hardware.board.name,
            "sensor": self.hardware.sensor.name,
            "data": {
                "sequences": by_part(&self.data.summary, |p| json!(p.sequences)),
                "groups": by_part(&self.data.summary, |p| json!(p.groups)),
                "class_names": (0..self.data.summary.outputs).map(|k| self.data.class_name(k)).collect::<Vec<_>>(),
                "window": self.data.config.window,
                "sequence_length": self.data.length,
                "sample_period_s": self.data.period_s,
            },
            "target": self.target_json(),
            "choice": {
                "validation": candidate(c),
                "test": { "figures": test.figures, "uj_per_sequence": test.prediction.uj_per_sequence },
                "blob": blob,
                "blob_bytes": self.blob.bytes().len(),
                "flash": flash.command,
                "flash_notes": flash.notes,
                "battery": self.battery,
            },
            "skipping_pays": self.skipping_pays(),
            "verdict": self.verdict(),
            "fixed_rate": place(self.fixed),
            "skipping": place(self.skipping),
            "others": self.others.iter().map(|o| json!({
                "model": o.method.name(),
                "validation_accuracy": o.accuracy,
                "test_accuracy": o.test_accuracy,
                "uj_per_sequence": o.uj_per_sequence,
                "through_buffer": o.through_buffer,
            })).collect::<Vec<_>>(),
            "built_in": self.built_in.map(|b| json!({
                "label": "published",
                "classifier": b,
                "uj_per_sequence": b.uj(self.data.sequence_s()),
            })),
            "at_half_the_energy": choice::at_half(&self.candidates, c).map(|k| candidate(&self.candidates[k])),
            "a_point_more": choice::a_point_more(&self.candidates, c).map(|k| candidate(&self.candidates[k])),
            "candidates": self.candidates.iter().map(candidate).collect::<Vec<_>>(),
            "trainings": self.plan.trainings,
            "notes": self.notes,
        })
    }

    fn target_json(&self) -> Value {
        let (kind, value) = match &self.target {
            Target::Accuracy(a) => ("accuracy", Some(*a)),
            Target::Budget { uj_per_hour, .. } => ("budget_uj_per_hour", Some(*uj_per_hour)),
            Target::Knee => ("knee", None),
        };
        let problem = match &self.reached {
            Reached::Yes => None,
            Reached::No(problem) => Some(problem),
        };
        json!({ "kind": kind, "value": value, "rule": self.target.rule(), "reached": problem.is_none(), "problem": problem })
    }

    /// A candidate that the choice is compared with, on both parts.
    fn compared(&self, k: usize) -> Value {
        let test = self.tested.iter().find(|t| t.candidate == k);
        let difference = self.difference(k);
        json!({
            "validation": candidate(&self.candidates[k]),
            "test": test.map(|t| json!({ "figures": t.figures, "uj_per_sequence": t.prediction.uj_per_sequence })),
            "choice_more_accurate_by": difference.map(|(mean, error)| json!({ "mean": mean, "standard_error": error })),
        })
    }
}

/// A value of each part of the recordings, by the part's name.
fn by_part(summary: &DatasetSummary, value: impl Fn(&PartSummary) -> Value) -> Map<String, Value> {
    summary.parts.iter().map(|p| (p.part.to_owned(), value(p))).collect()
}

fn candidate(c: &Candidate) -> Value {
    json!({
        "model": c.method.name(),
        "seed": c.seed,
        "dial": c.dial,
        "accuracy": c.accuracy,
        "accuracy_standard_error": c.accuracy_error,
        "samples": c.samples,
        "uj_per_sequence": c.prediction.uj_per_sequence,
        "uj_per_hour": c.uj_per_hour(),
        "on_front": c.on_front,
    })
}
