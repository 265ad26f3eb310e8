use serde::{Deserialize, Serialize};

/// Which end of every interval a model is evaluated at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    /// All factors at their low ends.
    Low,
    /// All factors at their middle values.
    Mid,
    /// All factors at their high ends.
    High,
}

/// A value known to lie between `low` and `high`, with `mid` as the best single guess.
///
/// The unit belongs to the field that holds the interval. A model that rises with each of its factors is bounded by its
/// value with all factors low and its value with all factors high; [`Interval::from_corners`] evaluates it so.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Best single guess.
    pub mid: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// `low <= mid <= high`, all finite; `None` otherwise.
    #[must_use]
    pub fn new(low: f64, mid: f64, high: f64) -> Option<Self> {
        let ordered = low <= mid && mid <= high;
        (ordered && low.is_finite() && high.is_finite()).then_some(Self { low, mid, high })
    }

    /// A value without uncertainty.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self {
            low: value,
            mid: value,
            high: value,
        }
    }

    /// The value at one corner.
    #[must_use]
    pub fn at(&self, corner: Corner) -> f64 {
        match corner {
            Corner::Low => self.low,
            Corner::Mid => self.mid,
            Corner::High => self.high,
        }
    }

    /// The interval of a model that rises with each of its factors.
    #[must_use]
    pub fn from_corners(model: impl Fn(Corner) -> f64) -> Self {
        let (low, mid, high) = (model(Corner::Low), model(Corner::Mid), model(Corner::High));
        Self {
            low: low.min(mid),
            mid,
            high: high.max(mid),
        }
    }

    /// Both ends and the middle times a factor that is not negative.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            mid: self.mid * factor,
            high: self.high * factor,
        }
    }

    /// True where all three values are the same.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }
}

impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ({} to {})",
            significant(self.mid),
            significant(self.low),
            significant(self.high)
        )
    }
}

/// Three significant digits, without an exponent below 10^15.
pub(crate) fn significant(value: f64) -> String {
    if value.is_finite() && value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (2 - magnitude).clamp(0, 9) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disordered_or_infinite_ends_are_refused() {
        assert!(Interval::new(1.0, 2.0, 3.0).is_some());
        assert!(Interval::new(2.0, 1.0, 3.0).is_none());
        assert!(Interval::new(1.0, 2.0, f64::INFINITY).is_none());
        assert!(Interval::new(1.0, f64::NAN, 3.0).is_none());
    }

    #[test]
    fn three_digits_are_printed() {
        assert_eq!(significant(1234.6), "1235");
        assert_eq!(significant(12.345), "12.3");
        assert_eq!(significant(0.012345), "0.0123");
        assert_eq!(significant(0.0), "0");
        assert_eq!(significant(-1.234e300), "-1.23e300");
    }
}
