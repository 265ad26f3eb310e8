//! When samples were made, and how often: from times that are late by a varying amount.

use super::Rate;

/// A regular time for each sample that follows the clock by which blocks of them are dated: the step from one to the next is the
/// mean distance of all samples so far, so that a date that is off by some of a period moves a time by next to nothing.
#[derive(Debug, Clone)]
pub struct TimeLine {
    /// Seconds between samples, as they should be.
    nominal_s: f64,
    /// By how much of it the step may differ.
    margin: f64,
    step_s: f64,
    /// Index and date from which the step is measured: of the second block that is dated. The first one's date is off by up to a
    /// period, since a sample may have waited before the first look.
    from: Option<(u64, f64)>,
    begun: bool,
    /// Index of the next sample, and its time.
    next: (u64, f64),
}

impl TimeLine {
    /// For samples that should be this far apart, and are to a quarter; the first one is at 0.
    pub const fn new(nominal_s: f64) -> Self {
        Self::within(nominal_s, 0.25)
    }

    /// For samples that are this far apart, whatever their dates are.
    pub const fn exact(period_s: f64) -> Self {
        Self::within(period_s, 0.0)
    }

    const fn within(nominal_s: f64, margin: f64) -> Self {
        Self {
            nominal_s,
            margin,
            step_s: nominal_s,
            from: None,
            begun: false,
            next: (0, 0.0),
        }
    }

    /// The next sample has this index, and was made at this date.
    pub fn dated(&mut self, index: u64, at_s: f64) {
        if !std::mem::replace(&mut self.begun, true) {
            self.next = (index, 0.0);
            return;
        }
        let (from, from_s) = *self.from.get_or_insert((index, at_s));
        if index > from {
            let step = (at_s - from_s) / (index - from) as f64;
            self.step_s = step.clamp(
                self.nominal_s * (1.0 - self.margin),
                self.nominal_s * (1.0 + self.margin),
            );
        }
        let (expected, time_s) = self.next;
        self.next = (index, time_s + index.saturating_sub(expected) as f64 * self.step_s);
    }

    /// The time of the next sample, in seconds.
    pub fn next_s(&mut self) -> f64 {
        let (index, time_s) = self.next;
        self.next = (index + 1, time_s + self.step_s);
        time_s
    }
}

/// A line of samples by their dates: the least squares of dates over indices.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    count: f64,
    origin: Option<(u64, f64)>,
    sum: [f64; 5],
    /// Dates that differ from the one before: as many of them tell something.
    dates: u64,
    last_s: f64,
    /// The longest time from one date to the next.
    longest_s: f64,
}

impl Arrivals {
    /// A sample of this index came at this date.
    pub fn push(&mut self, index: u64, at_s: f64) {
        let (from, from_s) = *self.origin.get_or_insert((index, at_s));
        let (x, y) = (index.saturating_sub(from) as f64, at_s - from_s);
        self.count += 1.0;
        for (sum, term) in self.sum.iter_mut().zip([x, y, x * x, x * y, y * y]) {
            *sum += term;
        }
        self.dates += u64::from(self.dates == 0 || at_s > self.last_s);
        if self.count > 1.0 {
            self.longest_s = self.longest_s.max(at_s - self.last_s);
        }
        self.last_s = at_s;
    }

    /// Seconds from the first date to the last.
    pub fn span_s(&self) -> f64 {
        self.origin.map_or(0.0, |(_, from_s)| self.last_s - from_s)
    }

    /// By what share of it the rate of a recording of this length may be off, whatever the pattern of the dates is: the first date and
    /// the last are late by up to the longest time between two dates.
    pub fn doubt(&self) -> f64 {
        let span_s = self.span_s();
        match span_s > 0.0 {
            true => self.longest_s / span_s,
            false => f64::INFINITY,
        }
    }

    /// The rate, to two standard errors; samples that have one date count as one. None before there are three dates.
    pub fn rate(&self) -> Option<Rate> {
        let n = self.count;
        let [x, y, xx, xy, yy] = self.sum;
        let (sxx, sxy, syy) = (xx - x * x / n, xy - x * y / n, yy - y * y / n);
        if self.dates < 3 || !(sxx > 0.0 && sxy > 0.0) {
            return None;
        }
        let period = sxy / sxx;
        let rest = (syy - period * sxy).max(0.0) / (n - 2.0).max(1.0);
        // Each date stands for n / dates samples, whose errors are one.
        let error = (rest / sxx * n / self.dates as f64).sqrt();
        let hz = 1.0 / period;
        Some(Rate {
            hz,
            uncertainty_hz: 2.0 * error / period * hz,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number from 0 to 1 for each k.
    fn noise(k: u64) -> f64 {
        (k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1u64 << 24) as f64
    }

    #[test]
    fn times_are_regular_and_end_where_the_clock_does() {
        let (true_s, mut line, mut times) = (1.0 / 392.0, TimeLine::new(1.0 / 400.0), Vec::new());
        for block in 0..1000u64 {
            let first = block * 16;
            // Dates are late by up to a fifth of a period.
            line.dated(first, 3.0 + (first as f64 + 0.2 * noise(block)) * true_s);
            times.extend((0..16).map(|_| line.next_s()));
        }
        assert_eq!(times[0], 0.0);
        let steps: Vec<f64> = times
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) / true_s - 1.0)
            .collect();
        assert!(steps.iter().all(|step| step.abs() < 0.03), "{steps:?}");
        let end = times[15_999] / (15_999.0 * true_s) - 1.0;
        assert!(end.abs() < 1e-4, "the end is off by {end}");
    }

    #[test]
    fn a_gap_is_as_long_as_the_samples_that_are_missing() {
        let mut line = TimeLine::new(0.01);
        line.dated(0, 5.0);
        let before: Vec<f64> = (0..10).map(|_| line.next_s()).collect();
        line.dated(30, 5.3);
        assert!((line.next_s() - before[9] - 0.21).abs() < 1e-9);
    }

    #[test]
    fn a_rate_is_known_within_what_it_says() {
        for (hz, chunk_s) in [(100.0, 0.016), (62.5, 0.001), (400.0, 0.05), (10.0, 0.0)] {
            let mut arrivals = Arrivals::default();
            for k in 0..(2.0 * hz) as u64 {
                let made_s = k as f64 / hz;
                // What was made by the end of a chunk arrives with it, a little late.
                let chunk = if chunk_s > 0.0 {
                    (made_s / chunk_s).ceil()
                } else {
                    k as f64
                };
                let arrives = if chunk_s > 0.0 { chunk * chunk_s } else { made_s };
                arrivals.push(k, arrives + 1e-4 * noise(chunk as u64));
            }
            let rate = arrivals.rate().unwrap();
            let off = (rate.hz - hz).abs();
            assert!(
                off <= rate.uncertainty_hz && rate.uncertainty_hz < 0.05 * hz,
                "{hz} Hz: {rate:?}"
            );
        }
        assert_eq!(Arrivals::default().rate(), None);
    }

    #[test]
    fn a_short_recording_that_comes_in_chunks_is_off_by_no_more_than_its_doubt() {
        // 100 samples a second in chunks of 16, for lengths that end anywhere within a chunk.
        for length in 40..400u64 {
            let mut arrivals = Arrivals::default();
            for k in 0..length {
                arrivals.push(k, (k / 16 + 1) as f64 * 0.16);
            }
            let (Some(rate), doubt) = (arrivals.rate(), arrivals.doubt()) else {
                continue;
            };
            assert!((rate.hz / 100.0 - 1.0).abs() < doubt, "{length}: {rate:?}, {doubt}");
        }
    }
}
