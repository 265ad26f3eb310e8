//! Means over runs, and which of many settings no other one beats.

/// Mean and standard deviation of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the sample (n - 1), where there are two values or more.
    pub deviation: Option<f64>,
}

impl Spread {
    /// `None` where there is no value.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Spread> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        (!values.is_empty()).then(|| Spread {
            mean,
            deviation: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        })
    }

    /// `mean ± deviation`, each as `show` writes it.
    pub fn words(&self, show: impl Fn(f64) -> String) -> String {
        match self.deviation {
            Some(d) => format!("{} ± {}", show(self.mean), show(d)),
            None => show(self.mean),
        }
    }
}

/// Which points (cost, merit) no other one beats: none costs as little or less, is as good or better, and differs. A point that
/// is `None` is on no front.
#[must_use]
pub fn pareto_front(points: &[Option<(f64, f64)>]) -> Vec<bool> {
    let beaten = |(cost, merit): (f64, f64)| {
        let mut others = points.iter().flatten();
        others.any(|(c, m)| *c <= cost && *m >= merit && (*c < cost || *m > merit))
    };
    points.iter().map(|p| p.is_some_and(|p| !beaten(p))).collect()
}

/// The values in their order, each once.
pub(crate) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = Vec::new();
    for value in values {
        if !list.contains(&value) {
            list.push(value);
        }
    }
    list
}

/// Mean number of updates of schedules, the sample indices used by each sequence.
#[must_use]
pub fn mean_updates<S: AsRef<[u32]>>(schedules: &[S]) -> f64 {
    schedules.iter().map(|s| s.as_ref().len()).sum::<usize>() as f64 / schedules.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_by_hand() {
        let spread = |mean, deviation| Some(Spread { mean, deviation });
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[3.0]), spread(3.0, None));
        assert_eq!(Spread::of(&[1.0, 3.0]), spread(2.0, Some(2f64.sqrt())));
        assert_eq!(
            Spread::of(&[1.0, 3.0]).unwrap().words(|v| format!("{v:.1}")),
            "2.0 ± 1.4"
        );
    }

    #[test]
    fn the_front_by_hand() {
        let points = [
            Some((10.0, 0.9)),
            Some((5.0, 0.8)),
            Some((7.0, 0.8)),  // 5 updates give as much
            Some((12.0, 0.9)), // 10 do
            None,
            Some((20.0, 0.95)),
            Some((20.0, 0.95)), // an equal point does not beat
            Some((1.0, 0.1)),
        ];
        assert_eq!(
            pareto_front(&points),
            [true, true, false, false, false, true, true, true]
        );
    }
}
