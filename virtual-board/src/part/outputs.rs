//! The output registers of a sensor with three axes: what a burst of bytes reads, and which flags it clears.

use super::grid::Batch;
use crate::{event::Sample, time::Time};

#[derive(Debug, Clone, Copy, Default)]
struct Axis {
    counts: i16,
    /// When it was taken; none before the first sample.
    taken: Option<Time>,
    settled: bool,
    new: bool,
    overrun: bool,
    /// With block data update: the half (high is true) that was read, while the other one was not.
    half: Option<bool>,
    /// For each half, the instant of the sample that was read last.
    seen: [Option<Time>; 2],
    /// What this transfer read: low byte, high byte.
    delivered: [Option<u8>; 2],
}

/// Three axes of 16 bits, with flags as ST's parts have them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outputs {
    axes: [Axis; 3],
    all_new: bool,
    all_overrun: bool,
}

impl Outputs {
    /// A new sample of the axes that are on. An axis of which one half was read keeps its old value, with block data
    /// update.
    /// `flag` is false where the part masks its flags.
    pub(super) fn update(&mut self, batch: Batch, counts: [i16; 3], on: [bool; 3], settled: bool, flag: bool) {
        self.all_overrun |= flag && (self.all_new || batch.count > 1);
        self.all_new |= flag;
        for ((axis, counts), on) in self.axes.iter_mut().zip(counts).zip(on) {
            if !on || axis.half.is_some() {
                continue;
            }
            axis.overrun |= flag && (axis.new || batch.count > 1);
            axis.new |= flag;
            axis.counts = counts;
            axis.taken = Some(batch.last);
            axis.settled = settled;
        }
    }

    /// The sensor is switched on: what it took before is no longer what it measures.
    pub(super) fn switched_on(&mut self) {
        self.axes.iter_mut().for_each(|axis| axis.settled = false);
    }

    /// A program reads one half of an axis. The flags of the axis fall with its high byte.
    pub(super) fn read(&mut self, axis: usize, high: bool, block_data_update: bool) -> u8 {
        let Some(axis) = self.axes.get_mut(axis) else {
            return 0;
        };
        let byte = axis.counts.to_le_bytes()[usize::from(high)];
        axis.delivered[usize::from(high)] = Some(byte);
        axis.half = match axis.half {
            Some(first) if first != high => None,
            _ => block_data_update.then_some(high),
        };
        if high {
            axis.new = false;
            axis.overrun = false;
        }
        self.all_new &= self.axes.iter().any(|axis| axis.new);
        self.all_overrun &= self.axes.iter().any(|axis| axis.overrun);
        byte
    }

    /// Every flag falls at once, as where the part has one flag for all axes.
    pub(super) fn clear_flags(&mut self) {
        self.all_new = false;
        self.all_overrun = false;
        self.axes.iter_mut().for_each(|axis| {
            axis.new = false;
            axis.overrun = false;
        });
    }

    /// A new sample of all axes is there.
    pub(super) const fn ready(&self) -> bool {
        self.all_new
    }

    /// The flags as STATUS_REG of the LIS3DH has them: ZYXOR, ZOR, YOR, XOR, ZYXDA, ZDA, YDA, XDA from bit 7 to bit 0.
    pub(super) fn status(&self) -> u8 {
        let bits = |flag: fn(&Axis) -> bool, all: bool| {
            let axes = self
                .axes
                .iter()
                .rev()
                .fold(0, |bits, axis| bits << 1 | u8::from(flag(axis)));
            axes | u8::from(all) << 3
        };
        bits(|axis| axis.new, self.all_new) | bits(|axis| axis.overrun, self.all_overrun) << 4
    }

    /// A transfer ends: the sample that it read, if it read any of these registers.
    pub(super) fn finish(&mut self, part: &'static str) -> Option<Sample> {
        let mut sample = Sample {
            part,
            counts: Vec::new(),
            taken: Time::NEVER,
            again: false,
            settled: true,
        };
        for axis in &mut self.axes {
            let halves = std::mem::take(&mut axis.delivered);
            let [low, high] = halves;
            if low.or(high).is_none() {
                continue;
            }
            for (seen, _) in axis.seen.iter_mut().zip(halves).filter(|(_, half)| half.is_some()) {
                sample.again |= axis.taken.is_some() && axis.taken == *seen;
                *seen = axis.taken;
            }
            // A half that was not read is of no use to anybody.
            sample
                .counts
                .push(i16::from_le_bytes([low.unwrap_or(0), high.unwrap_or(0)]));
            sample.taken = sample.taken.min(axis.taken.unwrap_or_default());
            sample.settled &= axis.settled;
        }
        (!sample.counts.is_empty()).then_some(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(ms: u64, count: u64) -> Batch {
        Batch {
            last: Time::from_ms(ms),
            index: 0,
            count,
        }
    }

    const ON: [bool; 3] = [true; 3];

    fn burst(outputs: &mut Outputs) -> Option<Sample> {
        for axis in 0..3 {
            outputs.read(axis, false, true);
            outputs.read(axis, true, true);
        }
        outputs.finish("PART")
    }

    #[test]
    fn flags_fall_axis_by_axis_with_the_high_byte() {
        let mut outputs = Outputs::default();
        outputs.update(batch(1, 1), [1, 2, 3], ON, true, true);
        assert_eq!(outputs.status(), 0x0f);
        outputs.read(0, false, false);
        assert_eq!(outputs.status(), 0x0f);
        outputs.read(0, true, false);
        assert_eq!(outputs.status(), 0x0e);
        outputs.read(1, true, false);
        outputs.read(2, true, false);
        assert_eq!(outputs.status(), 0);
    }

    #[test]
    fn a_sample_that_nobody_read_is_overrun() {
        let mut outputs = Outputs::default();
        outputs.update(batch(1, 1), [1, 2, 3], ON, true, true);
        outputs.update(batch(2, 1), [4, 5, 6], ON, true, true);
        assert_eq!(outputs.status(), 0xff);
        assert_eq!(burst(&mut outputs).map(|sample| sample.counts), Some(vec![4, 5, 6]));
        assert_eq!(outputs.status(), 0);
    }

    #[test]
    fn a_sample_read_twice_says_so() {
        let mut outputs = Outputs::default();
        outputs.update(batch(1, 1), [1, 2, 3], ON, true, true);
        assert!(burst(&mut outputs).is_some_and(|sample| !sample.again && sample.taken == Time::from_ms(1)));
        assert!(burst(&mut outputs).is_some_and(|sample| sample.again));
        assert_eq!(outputs.finish("PART"), None);
    }

    #[test]
    fn block_data_update_keeps_both_halves_of_one_sample() {
        let torn = |block: bool| {
            let mut outputs = Outputs::default();
            outputs.update(batch(1, 1), [0x1234; 3], ON, true, true);
            outputs.read(0, false, block);
            outputs.update(batch(2, 1), [0x5678; 3], ON, true, true);
            outputs.read(0, true, block);
            outputs.finish("PART").map(|sample| sample.counts)
        };
        assert_eq!(torn(true), Some(vec![0x1234]));
        assert_eq!(torn(false), Some(vec![0x5634]));
    }

    #[test]
    fn before_the_first_sample_nothing_is_settled() {
        let mut outputs = Outputs::default();
        assert!(burst(&mut outputs).is_some_and(|sample| !sample.settled && sample.counts == [0, 0, 0]));
    }
}
