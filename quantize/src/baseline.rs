//! One blob as the baseline for others of the same model, on the same sequences.

use crate::{
    Change, Error, IntegerModel,
    dequantize::dequantize,
    fidelity::{Arithmetic, Comparison, Data, FixedOutcomes, VersusOriginal},
    significance,
};
use float_model::{FloatModel, Forward, Outcome, Sequences, Targets};

/// Sequences, with the outcomes of the original model on them and the figures of the blob that others are compared with.
pub(crate) struct Baseline<'a> {
    original: &'a FloatModel,
    x: &'a Sequences,
    /// The answers of the first sequences, where they are known.
    y: Option<&'a Targets>,
    threads: usize,
    float: Vec<Outcome>,
    versus_original: VersusOriginal,
    arithmetic: Arithmetic,
}

impl<'a> Baseline<'a> {
    /// Measures the figures of `before`.
    pub(crate) fn new(
        original: &'a FloatModel,
        (x, y): Data<'a>,
        before: &IntegerModel,
        threads: usize,
    ) -> Result<Self, Error> {
        let float = Forward::new(original).run_all(x, 0.0, threads)?;
        let (versus_original, arithmetic) = figures(original, (x, y), &float, before, threads, |_| true)?;
        Ok(Baseline {
            original,
            x,
            y,
            threads,
            float,
            versus_original,
            arithmetic: arithmetic.expect("asked for"),
        })
    }

    /// Whether every schedule is already that of the original model.
    pub(crate) fn all_alike(&self) -> bool {
        self.versus_original.same_schedule.iter().all(|same| *same == 1.0)
    }

    /// Every figure of `after` against those before. The figures of the arithmetic, which take longest, are left out where
    /// another figure is worse, unless `all` is set.
    pub(crate) fn changes(&self, after: &IntegerModel, all: bool) -> Result<Vec<Change>, Error> {
        let asked = |w: &VersusOriginal| {
            all || !significance::versus_original(&self.versus_original, w)
                .iter()
                .any(Change::fell)
        };
        let data = (self.x, self.y);
        let (versus_original, arithmetic) = figures(self.original, data, &self.float, after, self.threads, asked)?;
        let mut changes = significance::versus_original(&self.versus_original, &versus_original);
        if let Some(arithmetic) = arithmetic {
            changes.extend(significance::arithmetic(&self.arithmetic, &arithmetic));
        }
        Ok(changes)
    }
}

fn figures(
    original: &FloatModel,
    (x, y): Data<'_>,
    float: &[Outcome],
    integers: &IntegerModel,
    threads: usize,
    asked: impl FnOnce(&VersusOriginal) -> bool,
) -> Result<(VersusOriginal, Option<Arithmetic>), Error> {
    let blob = integers.blob()?;
    let comparison = Comparison {
        original,
        dequantized: &dequantize(integers),
        model: &blob.model(),
        x,
        y,
        threads,
    };
    let fixed = FixedOutcomes::run(&comparison)?;
    let versus_original = comparison.versus_original(float, &fixed)?;
    let arithmetic = match asked(&versus_original) {
        true => Some(comparison.arithmetic(float, &fixed)?),
        false => None,
    };
    Ok((versus_original, arithmetic))
}
