//! Which of the open formats a blob takes: tried, and judged on the calibration data.

use crate::{
    Error, Fidelity, IntegerModel, Kernel, Options, Simulator, Width,
    calibrate::Ranges,
    dequantize::dequantize,
    fidelity::{Case, h_error, judge},
    pipeline::integers,
    simulate::counts,
};
use float_model::{FloatModel, Sequences};

/// A 16-bit first layer is taken where it lowers the mean square error of h by at least this factor.
const WORTH_SIXTEEN: f64 = 0.9;

/// Bits of h that byte planes may drop.
const DROPS: std::ops::RangeInclusive<u8> = 1..=8;
/// What byte planes must keep of the arithmetic's decisions and schedules to be taken unasked.
const PLANE_BARS: (f64, f64) = (0.99, 0.8);

/// What is open before the formats are fixed. Byte planes where bits are dropped.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) input_width: Width,
    pub(crate) h_drop: u8,
}

/// A candidate for the blob, and what was said about it.
struct Candidate {
    integers: IntegerModel,
    notes: Vec<String>,
    /// Mean square error of h.
    error: f64,
}

/// Tries the formats that are open and keeps the one whose h is nearest to the float model's.
pub(crate) fn choose(
    model: &FloatModel,
    ranges: &Ranges,
    sample: &Sequences,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<IntegerModel, Error> {
    let attempt = |formats: Choice| -> Result<Candidate, Error> {
        let mut notes = Vec::new();
        let integers = integers(model, ranges, options, formats, &mut notes)?;
        let error = error_of(model, &integers, sample, options)?;
        Ok(Candidate { integers, notes, error })
    };
    let block = best_width(options, &attempt)?;
    let input_width = block.integers.layers[0].ih_width;
    let planes = match (options.kernel, options.weights) {
        (Some(Kernel::BytePlane), Width::Sixteen) => {
            return Err(Error::unquantizable(
                "kernel",
                "byte planes hold 8-bit weights; ask for one of the two",
            ));
        }
        (Some(Kernel::BytePlane), Width::Eight) => Some(best_drop(input_width, &attempt)?),
        (None, Width::Eight) => best_drop(input_width, &attempt)
            .ok()
            .filter(|c| good_enough(model, c, sample, options)),
        (Some(Kernel::Block), _) | (None, Width::Sixteen) => None,
    };
    let chosen = planes.unwrap_or(block);
    notes.extend(chosen.notes);
    Ok(chosen.integers)
}

/// Blocks, with the better width of the first layer's input weights.
fn best_width(options: &Options, attempt: &impl Fn(Choice) -> Result<Candidate, Error>) -> Result<Candidate, Error> {
    let block = |input_width| attempt(Choice { input_width, h_drop: 0 });
    match options.input_weights {
        Some(width) => block(width),
        None if options.weights == Width::Sixteen => block(Width::Sixteen),
        None => match (block(Width::Eight), block(Width::Sixteen)) {
            (Ok(eight), Ok(sixteen)) if sixteen.error >= eight.error * WORTH_SIXTEEN => Ok(eight),
            (_, Ok(sixteen)) => Ok(sixteen),
            (eight, Err(_)) => eight,
        },
    }
}

/// Byte planes, with the narrowing that loses least: a wider h rounds less, but makes room for coarser weights only.
fn best_drop(input_width: Width, attempt: &impl Fn(Choice) -> Result<Candidate, Error>) -> Result<Candidate, Error> {
    let mut best: Option<Candidate> = None;
    let mut failed = None;
    for h_drop in DROPS {
        match attempt(Choice { input_width, h_drop }) {
            Ok(candidate) if best.as_ref().is_none_or(|held| candidate.error < held.error) => best = Some(candidate),
            Ok(_) => break,
            Err(e) => failed = Some(e),
        }
    }
    best.ok_or_else(|| failed.unwrap_or_else(|| Error::unquantizable("kernel", "no narrowing was tried")))
}

/// Whether byte planes meet the bars on the calibration data.
fn good_enough(model: &FloatModel, candidate: &Candidate, sample: &Sequences, options: &Options) -> bool {
    let judged = || -> Result<Fidelity, Error> {
        let blob = candidate.integers.blob()?;
        judge(&Case {
            original: model,
            dequantized: &dequantize(&candidate.integers),
            model: &blob.model(),
            x: sample,
            y: None,
            threads: options.threads,
        })
    };
    judged().is_ok_and(|f| f.arith_same_decision >= PLANE_BARS.0 && f.arith_same_schedule >= PLANE_BARS.1)
}

/// Mean square error of h against the original model, on its schedule.
fn error_of(model: &FloatModel, candidate: &IntegerModel, x: &Sequences, options: &Options) -> Result<f64, Error> {
    let blob = candidate.blob()?;
    let parsed = blob.model();
    let simulator = Simulator::new(&parsed)?;
    let case = Case {
        original: model,
        dequantized: model,
        model: &parsed,
        x,
        y: None,
        threads: options.threads,
    };
    Ok(h_error(&case, &simulator, &counts(&parsed, "calibration data", x)?).1)
}
