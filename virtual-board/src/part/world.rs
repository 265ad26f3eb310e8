//! Worlds to sense: one that never changes, and a recording.

use super::World;
use crate::time::Time;
use std::sync::atomic::{AtomicU64, Ordering};

/// A world that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Still {
    /// Acceleration along x, y, z in g.
    pub acceleration_g: [f32; 3],
    /// Angular rate about x, y, z in rad/s.
    pub rate_rad_s: [f32; 3],
}

impl World for Still {
    fn acceleration_g(&self, _: Time) -> [f32; 3] {
        self.acceleration_g
    }

    fn rate_rad_s(&self, _: Time) -> [f32; 3] {
        self.rate_rad_s
    }
}

/// What a channel of a recording holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Acceleration along x, y or z (0, 1, 2), in g.
    Acceleration(usize),
    /// Angular rate about x, y or z (0, 1, 2), in rad/s.
    Rate(usize),
}

/// One channel of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    quantity: Quantity,
    full_scale: f32,
}

/// What a recording does behind its last sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// The last sample stays.
    Hold,
    /// It begins anew.
    Repeat,
}

/// Why there is no recording.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecordingError {
    /// There is no sample or no channel.
    #[error("a recording needs a sample and a channel")]
    Empty,
    /// The counts are no whole number of samples.
    #[error("{counts} counts are no whole number of samples of {channels} channels")]
    Shape {
        /// How many counts there are.
        counts: usize,
        /// How many channels were named.
        channels: usize,
    },
    /// Nothing senses this.
    #[error("channel {channel} is in {unit:?}; a recording holds \"g\" and \"rad/s\"")]
    Unit {
        /// The channel, from 0.
        channel: usize,
        /// What was given.
        unit: String,
    },
    /// There are more channels of one unit than axes.
    #[error("channel {channel} is the fourth in {unit:?}; there are three axes")]
    Axes {
        /// The channel, from 0.
        channel: usize,
        /// Its unit.
        unit: String,
    },
    /// The full scale is not a positive number.
    #[error("channel {channel} has the full scale {full_scale}")]
    FullScale {
        /// The channel, from 0.
        channel: usize,
        /// What was given.
        full_scale: f32,
    },
    /// The sample period is zero.
    #[error("the sample period is zero")]
    Period,
}

/// A recording of raw counts, held from each sample to the next.
///
/// Before its start it stands at its first sample. The start can be moved while a board runs: what a part has already
/// sampled stays, and since a part computes its samples when it is next touched, those between its last transfer and
/// the move follow the new start.
#[derive(Debug)]
pub struct Recording {
    /// (N, C), sample by sample.
    counts: Vec<i16>,
    channels: Vec<Channel>,
    period: Time,
    start_ps: AtomicU64,
    at_end: AtEnd,
}

impl Recording {
    /// A recording of `counts`, (N, C) in one row after another. `channels` gives the unit of each channel ("g" or
    /// "rad/s") and the value that 32,768 counts stand for. The first channel in a unit is along x, the second y, the
    /// third z.
    ///
    /// # Errors
    /// The shape, a unit, a full scale or the period makes no sense.
    pub fn new(
        counts: Vec<i16>,
        channels: &[(&str, f32)],
        period: Time,
        start: Time,
        at_end: AtEnd,
    ) -> Result<Self, RecordingError> {
        if counts.is_empty() || channels.is_empty() {
            return Err(RecordingError::Empty);
        }
        if !counts.len().is_multiple_of(channels.len()) {
            return Err(RecordingError::Shape {
                counts: counts.len(),
                channels: channels.len(),
            });
        }
        if period == Time::ZERO {
            return Err(RecordingError::Period);
        }
        Ok(Self {
            counts,
            channels: self::channels(channels)?,
            period,
            start_ps: AtomicU64::new(start.ps()),
            at_end,
        })
    }

    /// How many samples it has.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.counts.len() / self.channels.len()
    }

    /// Lets the first sample begin at this instant.
    pub fn set_start(&self, start: Time) {
        self.start_ps.store(start.ps(), Ordering::Relaxed);
    }

    /// The number of the sample that stands at an instant.
    #[must_use]
    pub fn index(&self, at: Time) -> usize {
        let start = Time::from_ps(self.start_ps.load(Ordering::Relaxed));
        let index = usize::try_from(at.since(start).ps() / self.period.ps()).unwrap_or(usize::MAX);
        match self.at_end {
            AtEnd::Hold => index.min(self.samples() - 1),
            AtEnd::Repeat => index % self.samples(),
        }
    }

    fn axes(&self, at: Time, axis: fn(Quantity) -> Option<usize>) -> [f32; 3] {
        let row = self.counts.chunks_exact(self.channels.len()).nth(self.index(at));
        let mut values = [0.0; 3];
        for (channel, count) in self.channels.iter().zip(row.unwrap_or_default()) {
            if let Some(value) = axis(channel.quantity).and_then(|axis| values.get_mut(axis)) {
                *value = f32::from(*count) * channel.full_scale / 32_768.0;
            }
        }
        values
    }
}

fn channels(channels: &[(&str, f32)]) -> Result<Vec<Channel>, RecordingError> {
    let mut axes = [0..3, 0..3];
    let mut found = Vec::new();
    for (channel, (unit, full_scale)) in channels.iter().copied().enumerate() {
        if !(full_scale > 0.0 && full_scale.is_finite()) {
            return Err(RecordingError::FullScale { channel, full_scale });
        }
        let (axes, quantity): (_, fn(usize) -> Quantity) = match (unit, &mut axes) {
            ("g", [axes, _]) => (axes, Quantity::Acceleration),
            ("rad/s", [_, axes]) => (axes, Quantity::Rate),
            _ => {
                let unit = unit.to_owned();
                return Err(RecordingError::Unit { channel, unit });
            }
        };
        let Some(axis) = axes.next() else {
            let unit = unit.to_owned();
            return Err(RecordingError::Axes { channel, unit });
        };
        found.push(Channel {
            quantity: quantity(axis),
            full_scale,
        });
    }
    Ok(found)
}

impl World for Recording {
    fn acceleration_g(&self, at: Time) -> [f32; 3] {
        self.axes(at, |quantity| match quantity {
            Quantity::Acceleration(axis) => Some(axis),
            Quantity::Rate(_) => None,
        })
    }

    fn rate_rad_s(&self, at: Time) -> [f32; 3] {
        self.axes(at, |quantity| match quantity {
            Quantity::Rate(axis) => Some(axis),
            Quantity::Acceleration(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: (&str, f32) = ("g", 2.0);
    const RATE: (&str, f32) = ("rad/s", 4.0);

    fn recording(at_end: AtEnd) -> Recording {
        let counts = (0..4_i16).flat_map(|n| [n * 4096, 1, -n * 8192]).collect();
        Recording::new(counts, &[G, G, RATE], Time::from_ms(20), Time::from_ms(100), at_end).expect("well formed")
    }

    #[test]
    fn a_sample_stands_until_the_next_one() {
        let recording = recording(AtEnd::Hold);
        let x = |ms| recording.acceleration_g(Time::from_ms(ms))[0];
        assert_eq!([x(0), x(100), x(119), x(120), x(139)], [0.0, 0.0, 0.0, 0.25, 0.25]);
        assert_eq!(recording.rate_rad_s(Time::from_ms(140)), [-2.0, 0.0, 0.0]);
    }

    #[test]
    fn at_its_end_it_holds_or_repeats() {
        let x = |at_end, ms| recording(at_end).acceleration_g(Time::from_ms(ms))[0];
        assert_eq!(x(AtEnd::Hold, 5_000), 0.75);
        assert_eq!(x(AtEnd::Repeat, 100 + 80), 0.0);
        assert_eq!(x(AtEnd::Repeat, 100 + 80 + 20), 0.25);
    }

    #[test]
    fn its_start_can_be_moved_while_others_hold_it() {
        let recording = std::sync::Arc::new(recording(AtEnd::Hold));
        let other = recording.clone();
        recording.set_start(Time::from_ms(1_000));
        assert_eq!(
            (other.index(Time::from_ms(1_019)), other.index(Time::from_ms(1_020))),
            (0, 1)
        );
    }

    #[test]
    fn a_recording_that_makes_no_sense_is_refused() {
        let new = |counts, channels: &[_], ms| {
            Recording::new(vec![0; counts], channels, Time::from_ms(ms), Time::ZERO, AtEnd::Hold).err()
        };
        let shape = RecordingError::Shape { counts: 7, channels: 3 };
        assert_eq!(new(7, &[G, G, G], 20), Some(shape));
        assert_eq!(new(0, &[G], 20), Some(RecordingError::Empty));
        assert_eq!(new(1, &[], 20), Some(RecordingError::Empty));
        assert_eq!(new(3, &[G, G, G], 0), Some(RecordingError::Period));
        assert!(matches!(
            new(1, &[("m/s2", 20.0)], 20),
            Some(RecordingError::Unit { channel: 0, .. })
        ));
        assert!(matches!(
            new(4, &[G; 4], 20),
            Some(RecordingError::Axes { channel: 3, .. })
        ));
        assert!(matches!(
            new(2, &[G, ("g", -1.0)], 20),
            Some(RecordingError::FullScale { channel: 1, .. })
        ));
        assert_eq!(new(6, &[G, G, G, RATE, RATE, RATE], 20), None);
    }
}
