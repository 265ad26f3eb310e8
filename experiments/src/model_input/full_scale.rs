//! Samples beyond a model's full scale: the board clips them.

use float_model::{Channel, Sequences};

/// The share of the samples above which it is told.
const WORTH_TELLING: f64 = 0.01;

/// The samples of the channels that share a full scale and a unit.
struct Range<'a> {
    full_scale: f32,
    unit: &'a str,
    samples: usize,
    beyond: usize,
    largest: f32,
}

/// A line for each full scale beyond which more than 1 % of its samples lie.
pub(super) fn beyond(channels: &[Channel], x: &Sequences) -> Vec<String> {
    if channels.len() != x.channels {
        return Vec::new();
    }
    let mut ranges: Vec<Range<'_>> = Vec::new();
    let of: Vec<usize> = channels
        .iter()
        .map(|c| {
            let same = |r: &Range<'_>| r.full_scale == c.full_scale && r.unit == c.unit;
            ranges.iter().position(same).unwrap_or_else(|| {
                ranges.push(Range {
                    full_scale: c.full_scale,
                    unit: &c.unit,
                    samples: 0,
                    beyond: 0,
                    largest: 0.0,
                });
                ranges.len() - 1
            })
        })
        .collect();
    for sample in x.iter().flat_map(|sequence| sequence.chunks_exact(x.channels)) {
        for (value, range) in sample.iter().zip(&of) {
            let range = &mut ranges[*range];
            range.samples += 1;
            range.beyond += usize::from(value.abs() > range.full_scale);
            range.largest = range.largest.max(value.abs());
        }
    }
    ranges.iter().filter_map(Range::line).collect()
}

impl Range<'_> {
    fn line(&self) -> Option<String> {
        let share = self.beyond as f64 / self.samples.max(1) as f64;
        (share > WORTH_TELLING).then(|| {
            let unit = match self.unit {
                "" => String::new(),
                unit => format!(" {unit}"),
            };
            format!(
                "{:.0} % of the samples lie beyond the full scale of ±{}{unit}, where the board clips them: {}",
                100.0 * share,
                self.full_scale,
                self.question()
            )
        })
    }

    /// What the recordings may be in.
    fn question(&self) -> String {
        let times = self.largest / self.full_scale;
        match self.unit {
            "g" if times > 30.0 => "is the data in mg?".into(),
            "g" => "is the data in m/s2, or of a sensor with a wider range?".into(),
            "rad/s" => "is the data in deg/s, or of a sensor with a wider range?".into(),
            "" => "is it of a sensor with a wider range, or in another unit?".into(),
            unit => format!("is the data in {unit}, and of a sensor with this range?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_the_channels_of_one_range() {
        let channel = |unit: &str, full_scale| Channel {
            name: "c".into(),
            unit: unit.into(),
            full_scale,
        };
        let channels = [channel("g", 8.0), channel("g", 8.0), channel("", 1.0)];
        let sample = |v: f32| [v, 0.0, 0.5];
        let values: Vec<f32> = (0..10).flat_map(|k| sample(if k < 4 { 1000.0 } else { 1.0 })).collect();
        let x = Sequences::new("x", values, 1, 10, 3).unwrap();
        assert_eq!(
            beyond(&channels, &x),
            ["20 % of the samples lie beyond the full scale of ±8 g, where the board clips them: is the data in mg?"]
        );
        assert!(
            beyond(&channels[..1], &x).is_empty(),
            "other channels are refused elsewhere"
        );
    }
}
