//! From values to round ticks.

/// Differences of larger values are not finite.
const MOST: f64 = 1e300;
/// An axis has room for no more ticks.
const MOST_TICKS: usize = 100;

/// Smallest and largest value, never equal: a constant gets half a unit of room on either side, or a part in 10^9 where that is more;
/// no value at all the range -0.5 to 0.5. What is not finite, or beyond 10^300, has no place on an axis.
#[must_use]
pub fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|v| v.abs() <= MOST);
    let (low, high) = finite.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    if low < high {
        (low, high)
    } else if low == high {
        // Half a unit is nothing beside a large number.
        let room = (1e-9 * low.abs()).max(0.5);
        (low - room, low + room)
    } else {
        (-0.5, 0.5)
    }
}

/// A step of 1, 2 or 5 times a power of ten that gives about `count` ticks over `span`.
pub(crate) fn tick_step(span: f64, count: f64) -> f64 {
    let raw = span / count;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|m| m * power >= raw)
        .unwrap_or(10.0);
    step * power
}

/// Multiples of the tick step within the range, with their labels.
pub(crate) fn linear_ticks((low, high): (f64, f64), count: f64) -> Vec<(f64, String)> {
    let step = tick_step(high - low, count);
    if !(step.is_normal() && low.is_finite()) {
        return Vec::new();
    }
    let first = (low / step).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last)
        .take(MOST_TICKS)
        .map(|k| k as f64 * step)
        .map(|t| (t, label(t, step)))
        .collect()
}

/// Every integer within the range, labelled with that power of `base`; every second, third or so where there are more than fit.
/// Powers beyond 10^300 have no tick.
pub(crate) fn power_ticks((low, high): (f64, f64), base: f64) -> Vec<(f64, String)> {
    let end = MOST.log(base).floor();
    if low.is_nan() || high.is_nan() || low > high {
        return Vec::new();
    }
    let (first, last) = (low.ceil().max(-end) as i32, high.floor().min(end) as i32);
    let step = 1 + last.abs_diff(first) as usize / MOST_TICKS;
    (first..=last)
        .step_by(step)
        .map(|k| {
            // The reciprocal of a whole power prints as 0.001, the power itself may not.
            let power = if k < 0 { 1.0 / base.powi(-k) } else { base.powi(k) };
            let label = match (1e-15..1e15).contains(&power) {
                true => power.to_string(),
                false => format!("{power:e}"),
            };
            (f64::from(k), label)
        })
        .collect()
}

/// A tick's label without trailing zeros.
fn label(v: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    format!("{v:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let at = |range, count| linear_ticks(range, count).into_iter().map(|t| t.0).collect::<Vec<_>>();
        assert_eq!(at((0.0, 1.0), 5.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(at((-0.5, 99.0), 8.0).len(), 5);
        assert_eq!(label(0.6000000000000001, 0.2), "0.6");
        assert_eq!(label(20.0, 20.0), "20");
        for largest in [0.003, 0.7, 1.0, 42.0, 4724.0, 1e9] {
            let ticks = at((0.0, largest), 5.0);
            assert!((3..=7).contains(&ticks.len()), "{largest}: {ticks:?}");
            assert!(ticks.iter().all(|t| *t <= largest));
        }
    }

    #[test]
    fn powers_are_written_out() {
        let labels = |range, base| power_ticks(range, base).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(labels((0.5, 4.0), 2.0), ["2", "4", "8", "16"]);
        assert_eq!(labels((-3.0, 2.2), 10.0), ["0.001", "0.01", "0.1", "1", "10", "100"]);
    }

    #[test]
    fn no_range_gives_more_ticks_than_an_axis_has_room_for() {
        let ends = [
            f64::NEG_INFINITY,
            -1e308,
            -1e15,
            -1.0,
            0.0,
            1e-320,
            1.0,
            1e15,
            1e308,
            f64::INFINITY,
            f64::NAN,
        ];
        for low in ends {
            for high in ends {
                for base in [2.0, 10.0] {
                    let ticks = power_ticks((low, high), base);
                    assert!(ticks.len() <= MOST_TICKS + 1, "{low} to {high}: {}", ticks.len());
                    assert!(ticks.iter().all(|(_, label)| label.len() < 40 && label != "inf"));
                }
                let ticks = linear_ticks((low, high), 5.0);
                assert!(
                    ticks.len() <= MOST_TICKS && ticks.iter().all(|(at, _)| at.is_finite()),
                    "{low} to {high}"
                );
            }
        }
        let labels: Vec<String> = power_ticks((-3.0, 297.0), 10.0)
            .into_iter()
            .map(|t| t.1)
            .take(2)
            .collect();
        assert_eq!(labels, ["0.001", "10"]);
    }

    #[test]
    fn a_constant_has_room() {
        assert_eq!(span([3.0, 3.0].into_iter()), (2.5, 3.5));
        assert_eq!(span([1.0, 2.0].into_iter()), (1.0, 2.0));
        assert_eq!(span([].into_iter()), (-0.5, 0.5));
        assert_eq!(
            span([f64::NAN, 1.0, f64::INFINITY, 2.0, -1e308].into_iter()),
            (1.0, 2.0)
        );
        let (low, high) = span([1e20].into_iter());
        assert!(low < 1e20 && high > 1e20);
    }
}
