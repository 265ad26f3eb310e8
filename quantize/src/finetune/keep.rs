//! Which states of fine-tuning count: those in which no figure of fidelity is worse than before, and the schedules are
//! better by more than the sequences that say so leave to chance.

use crate::{
    Change, Error, IntegerModel,
    dequantize::dequantize,
    fidelity::{Arithmetic, Case, Fixed, Whole},
    paired,
};
use float_model::{FloatModel, Forward, Outcome, Sequences, Targets};

/// What fine-tuning is for.
const AIM: &str = "same_schedule";

/// Sequences that judge, with what the original model makes of them and how calibration alone does.
pub(crate) struct Judge<'a> {
    original: &'a FloatModel,
    x: &'a Sequences,
    /// Of the first sequences.
    y: Option<&'a Targets>,
    threads: usize,
    float: Vec<Outcome>,
    whole: Whole,
    arithmetic: Arithmetic,
}

impl<'a> Judge<'a> {
    /// Takes the figures of `before`.
    pub(crate) fn new(
        original: &'a FloatModel,
        (x, y): (&'a Sequences, Option<&'a Targets>),
        before: &IntegerModel,
        threads: usize,
    ) -> Result<Self, Error> {
        let float = Forward::new(original).run_all(x, 0.0, threads)?;
        let (whole, arithmetic) = figures(original, (x, y), &float, before, threads, |_| true)?;
        Ok(Judge {
            original,
            x,
            y,
            threads,
            float,
            whole,
            arithmetic: arithmetic.expect("asked for"),
        })
    }

    /// Whether there is nothing that fine-tuning could better.
    pub(super) fn all_alike(&self) -> bool {
        self.whole.same_schedule.iter().all(|same| *same == 1.0)
    }

    /// Every figure of `after` against those before. Those of the arithmetic, which take longest, are left out where
    /// another is worse, unless `all` are asked for.
    pub(crate) fn changes(&self, after: &IntegerModel, all: bool) -> Result<Vec<Change>, Error> {
        let asked = |w: &Whole| all || !paired::whole(&self.whole, w).iter().any(Change::fell);
        let data = (self.x, self.y);
        let (whole, arithmetic) = figures(self.original, data, &self.float, after, self.threads, asked)?;
        let mut changes = paired::whole(&self.whole, &whole);
        if let Some(arithmetic) = arithmetic {
            changes.extend(paired::arithmetic(&self.arithmetic, &arithmetic));
        }
        Ok(changes)
    }
}

fn figures(
    original: &FloatModel,
    (x, y): (&Sequences, Option<&Targets>),
    float: &[Outcome],
    integers: &IntegerModel,
    threads: usize,
    asked: impl FnOnce(&Whole) -> bool,
) -> Result<(Whole, Option<Arithmetic>), Error> {
    let blob = integers.blob()?;
    let case = Case {
        original,
        dequantized: &dequantize(integers),
        model: &blob.model(),
        x,
        y,
        threads,
    };
    let fixed = Fixed::run(&case)?;
    let whole = case.whole(float, &fixed)?;
    let arithmetic = match asked(&whole) {
        true => Some(case.arithmetic(float, &fixed)?),
        false => None,
    };
    Ok((whole, arithmetic))
}

/// A figure by name.
pub(super) fn after(changes: &[Change], figure: &str) -> f64 {
    changes
        .iter()
        .find(|c| c.figure == figure)
        .map_or(f64::NAN, |c| c.after)
}

/// The figures that are worse.
pub(super) fn worse(changes: &[Change]) -> Vec<&'static str> {
    changes.iter().filter(|c| c.fell()).map(|c| c.figure).collect()
}

/// Whether a state counts.
pub(super) fn counts(changes: &[Change]) -> bool {
    worse(changes).is_empty() && changes.iter().any(|c| c.figure == AIM && c.rose_clearly())
}

/// How sure it is that a state that counts is better in everything that changed: the least certain of its gains, in
/// standard errors. What gained by a hair here may fall by a hair elsewhere.
pub(super) fn certainty(changes: &[Change]) -> f64 {
    let all = changes.iter().filter_map(Change::certainty);
    all.fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(figure: &'static str, gain: f64, error: f64) -> Change {
        Change {
            figure,
            before: 0.5,
            after: 0.5 + gain,
            gain,
            error,
        }
    }

    #[test]
    fn a_state_counts_where_its_aim_is_clear_and_nothing_falls() {
        let clear = change(AIM, 0.1, 0.05);
        let kept = change("same_decision", 0.0, 0.01);
        assert!(counts(&[clear.clone(), kept.clone()]));
        assert!(!counts(&[change(AIM, 0.1, 0.2), kept.clone()]), "may be luck");
        assert!(!counts(&[clear.clone(), change("metric", -1e-3, 0.1)]), "a figure fell");
        assert_eq!(worse(&[clear.clone(), change("metric", -1e-3, 0.1)]), ["metric"]);
        let doubtful = change("arith_same_schedule", 0.01, 0.02);
        assert!(certainty(&[clear.clone(), kept]) > certainty(&[clear, doubtful]));
    }
}
