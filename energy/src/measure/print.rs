//! A measurement as text.

use std::fmt;

use super::Measurement;
use crate::stats::Estimate;

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Energy per sequence, {}: {} windows of a {} trace",
            self.label,
            self.windows.len(),
            self.format
        )?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, e: &Estimate| {
            write!(f, "  {name:<6} median {:.6} uJ, mean {:.6} uJ", e.median, e.mean)?;
            match (e.low, e.high) {
                (Some(low), Some(high)) => writeln!(f, ", 95 % of the mean {low:.6} to {high:.6} uJ"),
                _ => writeln!(f, ", no interval from one window"),
            }
        };
        line(f, "gross", &self.uj_per_sequence)?;
        match &self.net_uj_per_sequence {
            Some(net) => line(f, "net", net)?,
            None => writeln!(f, "  net    not stated: no baseline")?,
        }
        match self.spread {
            Some(spread) => writeln!(f, "  spread over windows {:.2} %", spread * 100.0)?,
            None if self.windows.len() < 2 => writeln!(f, "  spread over windows not stated: one window has none")?,
            None => writeln!(f, "  spread over windows not stated: their median is 0")?,
        }
        if let Some(s) = &self.states_per_sequence {
            let parts = [("update", s.update_uj), ("awake", s.awake_uj), ("asleep", s.sleep_uj)];
            writeln!(
                f,
                "Where it goes, per sequence ({:.2} updates, {:.2} wake-ups)",
                s.updates, s.wakes
            )?;
            parts
                .iter()
                .try_for_each(|(name, uj)| writeln!(f, "  {name:<6} {uj:.6} uJ"))?;
        }
        writeln!(f, "Windows (start s, end s, gross uJ, net uJ, sequences, fence +- uJ)")?;
        for w in &self.windows {
            let net = w.net_uj.map_or("-".into(), |net| format!("{net:.3}"));
            let (start, end, gross) = (w.start_s, w.end_s, w.gross_uj);
            writeln!(
                f,
                "  {start:.6} {end:.6} {gross:.3} {net} {} {:.3}",
                w.sequences, w.fence_uj
            )?;
        }
        writeln!(f, "Excluded")?;
        if self.excluded.is_empty() {
            writeln!(f, "  nothing")?;
        }
        for e in &self.excluded {
            writeln!(
                f,
                "  {} windows, the first at {:.6} s: {}",
                e.windows, e.first_start_s, e.reason
            )?;
        }
        writeln!(f, "  {:.4} % of the samples are missing", self.missing_share * 100.0)?;
        writeln!(f, "Stated")?;
        for (meaning, value) in self.setup.lines() {
            writeln!(f, "  {meaning}: {value}")?;
        }
        for note in &self.notes {
            writeln!(f, "Note: {note}")?;
        }
        Ok(())
    }
}
