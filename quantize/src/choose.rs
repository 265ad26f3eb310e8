//! The format of a blob: the formats that the options leave open are tried, and compared on the calibration data.

use crate::{
    Error, Format, IntegerModel, Kernel, Optimize, Options, Simulator, Width, bars,
    dequantize::dequantize,
    fidelity::{Comparison, fidelity, h_error},
    layers::{Context, integers},
    options::FormatChoice,
    simulate::counts,
};
use float_model::{Sequences, Targets, with_causes};

/// Bits of h that byte planes may drop.
const DROPS: std::ops::RangeInclusive<u8> = 1..=8;

/// A candidate for the blob, with notes for the report.
struct Candidate {
    format: Format,
    integers: IntegerModel,
    notes: Vec<String>,
    /// Mean square error of h.
    error: f64,
}

/// The formats that the options leave open, in the order in which they are tried.
fn open_formats(options: &Options) -> Result<Vec<Format>, Error> {
    if (options.kernel, options.weights) == (Some(Kernel::BytePlane), Some(Width::Sixteen)) {
        return Err(Error::unquantizable(
            "kernel",
            "byte planes hold 8-bit weights; ask for one of the two",
        ));
    }
    let asked =
        |f: &Format| options.weights.is_none_or(|w| f.weights() == w) && options.kernel.is_none_or(|k| f.kernel() == k);
    let mut open: Vec<Format> = Format::ALL.into_iter().filter(asked).collect();
    let fixed = options.weights.is_some() || options.kernel.is_some();
    match options.optimize {
        Optimize::Size | Optimize::Speed if !fixed => open.retain(|f| f.weights() == Width::Eight),
        Optimize::Accuracy if !fixed => open.retain(|f| f.weights() == Width::Sixteen),
        _ => {}
    }
    Ok(open)
}

/// Tries the open formats on `sample`, compares them on `x`, of whose first sequences `y` has the answers, and keeps the first that
/// meets every bar, or the one that misses the fewest.
pub(crate) fn choose(
    context: &Context<'_>,
    sample: &Sequences,
    x: &Sequences,
    y: Option<&Targets>,
    notes: &mut Vec<String>,
) -> Result<(IntegerModel, Format), Error> {
    let options = context.options;
    let open = open_formats(options)?;
    let mut best: Option<(usize, Candidate)> = None;
    let mut failed = None;
    'formats: for format in &open {
        let candidates = match candidates(context, *format, sample) {
            Ok(candidates) => candidates,
            Err(e) if open.len() > 1 => {
                notes.push(format!("{} is not possible ({})", format.name(), with_causes(&e)));
                failed = Some(e);
                continue;
            }
            Err(e) => return Err(e),
        };
        let last = open.len() == 1 || options.optimize == Optimize::Speed;
        let alone = last && candidates.len() == 1;
        for candidate in candidates {
            let missed = if alone {
                Vec::new()
            } else {
                missed(context, &candidate, x, y)?
            };
            if !missed.is_empty() {
                let inputs = candidate.integers.layers[0].ih_width.bits();
                let name = format.name();
                notes.push(format!(
                    "{name} with i{inputs} input weights misses {}",
                    missed.join(", ")
                ));
            }
            if best.as_ref().is_none_or(|(least, _)| missed.len() < *least) {
                best = Some((missed.len(), candidate));
            }
            if missed.is_empty() {
                break 'formats;
            }
        }
        if last {
            break;
        }
    }
    let Some((_, chosen)) = best else {
        return Err(failed.unwrap_or_else(|| Error::unquantizable("kernel", "no format is left to try")));
    };
    notes.extend(chosen.notes);
    Ok((chosen.integers, chosen.format))
}

/// The candidates in one format, the cheapest first: over the width of the first layer's input weights, each with the
/// best narrowing.
fn candidates(context: &Context<'_>, format: Format, sample: &Sequences) -> Result<Vec<Candidate>, Error> {
    let attempt = |input_width: Width, h_drop: u8, hh_gain: u8| -> Result<Candidate, Error> {
        let mut notes = Vec::new();
        let choice = FormatChoice {
            weights: format.weights(),
            input_width,
            h_drop,
            hh_gain,
        };
        let integers = integers(context, choice, &mut notes)?;
        let error = error_of(context, &integers, sample)?;
        Ok(Candidate {
            format,
            integers,
            notes,
            error,
        })
    };
    let of_width = |width: Width| match format.kernel() {
        Kernel::Block => attempt(width, 0, 0),
        // Of up to two columns 16 bits take no more room, and leave the row's scale to the recurrent weights.
        Kernel::BytePlane if width == Width::Eight && context.model.input > 2 => {
            with_gain(best_drop(width, &attempt)?, width, &attempt)
        }
        Kernel::BytePlane => best_drop(width, &attempt),
    };
    let options = context.options;
    match options.input_weights {
        Some(width) => Ok(vec![of_width(width)?]),
        None if format.weights() == Width::Sixteen => Ok(vec![of_width(Width::Sixteen)?]),
        None => match (of_width(Width::Eight), of_width(Width::Sixteen)) {
            (Ok(eight), Ok(sixteen)) => {
                let bytes = |c: &Candidate| c.integers.blob().map(|b| b.bytes().len());
                // Of up to two columns, 16 bits take no more room than 8.
                let free = bytes(&sixteen)? <= bytes(&eight)?;
                Ok(match (free, options.optimize) {
                    (true, _) if sixteen.error < eight.error => vec![sixteen],
                    (true, _) | (false, Optimize::Size) => vec![eight],
                    _ => vec![eight, sixteen],
                })
            }
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(vec![one]),
            (Err(e), Err(_)) => Err(e),
        },
    }
}

/// Tries an input width, bits dropped from h, and bits by which the recurrent weights are finer.
trait Attempt: Fn(Width, u8, u8) -> Result<Candidate, Error> {}
impl<F: Fn(Width, u8, u8) -> Result<Candidate, Error>> Attempt for F {}

/// The best candidate with recurrent weights finer than those on x, as x reaches farther than h, by the number of bits that
/// loses least. Finer weights are larger integers, and may need a narrower h.
fn with_gain(mut best: Candidate, width: Width, attempt: &impl Attempt) -> Result<Candidate, Error> {
    let mut since = 0;
    for gain in 1..=*DROPS.end() {
        let drop = best.integers.h_drop;
        let tried = (drop..=drop + 1).filter(|drop| DROPS.contains(drop) && gain <= *drop);
        // A narrowing without a proof is not tried.
        let tried = tried.filter_map(|drop| attempt(width, drop, gain).ok());
        match tried.min_by(|a, b| a.error.total_cmp(&b.error)) {
            Some(candidate) if candidate.error < best.error => (best, since) = (candidate, 0),
            // The first bit may be spent on room above x.
            _ if since > 0 => break,
            _ => since += 1,
        }
    }
    Ok(best)
}

/// Byte planes, with the narrowing that loses least: a wider h rounds less, but makes room for coarser weights only.
fn best_drop(width: Width, attempt: &impl Attempt) -> Result<Candidate, Error> {
    let mut best: Option<Candidate> = None;
    let mut failed = None;
    for h_drop in DROPS {
        match attempt(width, h_drop, 0) {
            Ok(candidate) if best.as_ref().is_none_or(|held| candidate.error < held.error) => best = Some(candidate),
            Ok(_) => break,
            Err(e) => failed = Some(e),
        }
    }
    best.ok_or_else(|| failed.unwrap_or_else(|| Error::unquantizable("kernel", "no narrowing was tried")))
}

/// The bars that a candidate misses on the calibration data.
fn missed(
    context: &Context<'_>,
    candidate: &Candidate,
    x: &Sequences,
    y: Option<&Targets>,
) -> Result<Vec<&'static str>, Error> {
    let Context { model, options, .. } = *context;
    let blob = candidate.integers.blob()?;
    let fidelity = fidelity(&Comparison {
        original: model,
        dequantized: &dequantize(&candidate.integers),
        model: &blob.model(),
        x,
        y,
        threads: options.threads,
    })?;
    let all = bars(
        &fidelity,
        candidate.format,
        model.description.objective,
        options.solved_mse,
    );
    Ok(all.iter().filter(|b| !b.met()).map(|b| b.name).collect())
}

/// Mean square error of h against the original model, on its schedule.
fn error_of(context: &Context<'_>, candidate: &IntegerModel, x: &Sequences) -> Result<f64, Error> {
    let blob = candidate.blob()?;
    let parsed = blob.model();
    let simulator = Simulator::new(&parsed)?;
    let comparison = Comparison {
        original: context.model,
        dequantized: context.model,
        model: &parsed,
        x,
        y: None,
        threads: context.options.threads,
    };
    Ok(h_error(&comparison, &simulator, &counts(&parsed, "calibration data", x)?).1)
}
