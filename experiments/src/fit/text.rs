//! A fit in a few lines for people: what was chosen, what it gives, and whether skipping pays.

use super::{Candidate, Flash, Found, Reached, choice};
use std::path::Path;

/// The share of the energy below which a difference is told as none.
const LITTLE: f64 = 0.1;

impl Found {
    /// Lines for people; `folder` is where everything lies.
    #[must_use]
    pub fn text(&self, folder: &Path, flash: &Flash) -> String {
        let mut lines = Vec::new();
        if let Reached::No(problem) = &self.reached {
            lines.push(format!("not reached: {problem}"));
        }
        lines.push(format!("chosen: {}", self.choice().words()));
        lines.push(format!("  by {}", self.target.rule()));
        lines.push(format!("  {}", self.chosen_by()));
        lines.push(format!("  {}", self.on_test()));
        lines.push(self.verdict());
        lines.extend(self.beside());
        lines.extend(self.what_if());
        lines.push(self.battery_line());
        lines.extend(self.notes.iter().map(|note| format!("  note: {note}")));
        lines.extend(flash.notes.iter().map(|note| format!("  note: {note}")));
        lines.push(format!(
            "{}: model.srnn ({} bytes), report.html, fit.json",
            folder.display(),
            self.blob.bytes().len()
        ));
        lines.extend(flash.command.iter().map(|command| format!("flash it: {command}")));
        lines.join("\n")
    }

    /// The figures that the choice was made by.
    pub(super) fn chosen_by(&self) -> String {
        let c = self.choice();
        format!(
            "validation part: accuracy {:.4}, {:.2} samples, {} uJ a sequence, {:.0} uJ an hour (predicted); the choice was made \
             by these, which flatters them",
            c.accuracy,
            c.samples,
            c.prediction.uj_per_sequence,
            c.uj_per_hour()
        )
    }

    /// The figures of the test part.
    pub(super) fn on_test(&self) -> String {
        let (t, p) = (self.test(), &self.tested[0].prediction);
        format!(
            "test part: accuracy {:.4} ± {} ({} sequences, one standard error {}), {:.2} samples, {} uJ a sequence (predicted)",
            t.accuracy,
            float_model::rounded(t.standard_error),
            t.sequences,
            if t.error_over_groups {
                "over groups"
            } else {
                "over sequences"
            },
            t.samples,
            p.uj_per_sequence
        )
    }

    fn figures(c: &Candidate) -> String {
        format!("{:.4} for {:.0} uJ an hour", c.accuracy, c.uj_per_hour())
    }

    /// Whether skipping pays for this sensor and these recordings.
    #[must_use]
    pub fn skipping_pays(&self) -> bool {
        self.choice().method.skips()
    }

    /// Whether skipping pays, in words and numbers of the validation part.
    #[must_use]
    pub fn verdict(&self) -> String {
        let c = self.choice();
        let paired = |other: usize| match self.difference(other) {
            Some((mean, error)) => format!(
                "; on the same test sequences the choice is {:.1} points (± {:.1}) {} accurate",
                100.0 * mean.abs(),
                100.0 * error,
                if mean < 0.0 { "less" } else { "more" }
            ),
            None => String::new(),
        };
        match (self.skipping_pays(), self.fixed, self.skipping) {
            (true, Some(k), _) => {
                let other = &self.candidates[k];
                let (name, figures, paired) = (other.words(), Found::figures(other), paired(k));
                match other.accuracy >= c.accuracy {
                    true => format!(
                        "skipping pays: {name}, the cheapest without a gate that is as accurate, takes {:.1} times the energy \
                         ({figures}){paired}",
                        other.uj_per_hour() / c.uj_per_hour()
                    ),
                    false => format!(
                        "skipping pays: no model without a gate is as accurate; the best of them is {name} ({figures}){paired}"
                    ),
                }
            }
            (true, None, _) => "skipping was compared with nothing: no model without a gate could be evaluated".into(),
            (false, _, Some(k)) => {
                let other = &self.candidates[k];
                let saved = 1.0 - other.uj_per_hour() / c.uj_per_hour();
                let why = match other.accuracy >= c.accuracy {
                    true if saved > 0.0 && saved <= LITTLE => {
                        format!("would save {:.0} %, less than the prediction knows", 100.0 * saved)
                    }
                    _ => "does not give more for less here".into(),
                };
                format!(
                    "skipping does not pay here: the choice reads at a fixed rate ({}), and {} {why} ({}){}",
                    Found::figures(c),
                    other.words(),
                    Found::figures(other),
                    paired(k)
                )
            }
            (false, _, None) => "skipping could not be compared: no skipping model could be evaluated".into(),
        }
    }

    /// What else one would take, a line each.
    #[must_use]
    pub fn beside(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for other in &self.others {
            let times = other.uj_per_sequence.mid / self.choice().uj();
            let better = times < 1.0 && other.accuracy >= self.choice().accuracy;
            lines.push(format!(
                "beside it: {}, {}: validation {:.4}, test {:.4}, {} uJ a sequence, {times:.1} times the choice's (predicted){}; \
                 this program writes no firmware for it",
                other.method.words(),
                match other.through_buffer {
                    true => "fed by the sensor's buffer",
                    false => "on every sample, as the sensor has no buffer",
                },
                other.accuracy,
                other.test_accuracy,
                other.uj_per_sequence,
                if better { ": as accurate and cheaper, it is the better one here" } else { "" }
            ));
        }
        if let Some(built_in) = &self.built_in {
            let (least, most) = built_in.uj(self.data.sequence_s());
            lines.push(format!(
                "beside it: {}: {least:.0} to {most:.0} uJ in as long, {:.2} to {:.2} times the choice's (published for sensor \
                 and classifier, processor asleep and not counted; its accuracy for these classes is unknown)",
                built_in.what,
                least / self.choice().uj(),
                most / self.choice().uj()
            ));
        }
        lines
    }

    /// What less and more energy would give.
    #[must_use]
    pub fn what_if(&self) -> Vec<String> {
        let c = self.choice();
        let half = match choice::at_half(&self.candidates, c) {
            Some(k) => format!(
                "{}: {}",
                self.candidates[k].words(),
                Found::figures(&self.candidates[k])
            ),
            None => "no model that was tried".into(),
        };
        let more = match choice::a_point_more(&self.candidates, c) {
            Some(k) => {
                let o = &self.candidates[k];
                format!(
                    "{}: {}, {:.1} times the energy",
                    o.words(),
                    Found::figures(o),
                    o.uj_per_hour() / c.uj_per_hour()
                )
            }
            None => "no model that was tried".into(),
        };
        vec![
            format!("at half the energy or less: {half} (validation part)"),
            format!("a point more accurate: {more} (validation part)"),
        ]
    }

    /// How long a battery lasts.
    pub(super) fn battery_line(&self) -> String {
        let days = self.battery.days;
        format!(
            "{}: {:.0} days ({:.0} to {:.0}), one decision after the other (predicted)",
            self.battery_words, days.mid, days.low, days.high
        )
    }
}
