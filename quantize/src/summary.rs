//! A report for people.

use crate::Report;
use std::fmt;

/// The report's figures, the bars that were missed, ranges, fine-tuning, the dial curve and notes: a line for each.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &self.fidelity;
        let number = |v: Option<f64>| v.map_or_else(|| "not known".into(), |v| format!("{v:.5}"));
        writeln!(out, "on {} sequences      float      fixed", f.sequences)?;
        let (float, fixed) = (number(f.metric_float), number(f.metric_fixed));
        writeln!(out, "  metric        {float:>12} {fixed:>10}")?;
        writeln!(
            out,
            "  updates       {:>12.3} {:>10.3}",
            f.updates_float, f.updates_fixed
        )?;
        writeln!(
            out,
            "  same decision {:.4}, same schedule {:.4}",
            f.same_decision, f.same_schedule
        )?;
        write!(
            out,
            "  arithmetic alone: same decision {:.4}, same schedule {:.4}, largest error of h {:.1e}",
            f.arith_same_decision, f.arith_same_schedule, f.arith_max_abs_h_error
        )?;
        for b in self.bars.iter().filter(|b| !b.met()) {
            let sense = if b.least { "at least" } else { "at most" };
            write!(
                out,
                "\n  missed: {} is {:.4}, {sense} {} is asked",
                b.name, b.value, b.limit
            )?;
        }
        for t in &self.tensors {
            write!(
                out,
                "\n  range of {}: ±{:.3} seen, ±{} held, {:.3} % clipped",
                t.name,
                t.largest,
                t.limit,
                100.0 * t.clipped
            )?;
        }
        if let Some(tuned) = &self.finetuned {
            write!(out, "\n  fine-tuning, on {} other sequences:", tuned.sequences)?;
            for c in &tuned.changes {
                write!(
                    out,
                    "\n    {:<22} {:>10.5} to {:>10.5}, gain {:.5} ± {:.5}",
                    c.figure, c.before, c.after, c.gain, c.error
                )?;
            }
        }
        if let Some(p) = self.dial_curve.iter().find(|p| p.dial == 0.0) {
            let points = self.dial_curve.len();
            let error = p.updates_error.map_or_else(String::new, |e| format!(" ± {e:.2}"));
            write!(
                out,
                "\n  dial curve: {points} points, {:.2}{error} updates at dial 0, on {} sequences",
                p.updates_mean, self.curve_sequences
            )?;
            if let Some(b) = p.between {
                write!(
                    out,
                    "; {} recorded together elsewhere: {:.2} ± {:.2}",
                    b.sequences,
                    p.updates_mean,
                    b.expected(b.sequences)
                )?;
            }
        }
        for note in &self.notes {
            write!(out, "\n  note: {note}")?;
        }
        Ok(())
    }
}
