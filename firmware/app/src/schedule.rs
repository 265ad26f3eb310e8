//! The samples that a sequence used, one bit each.

use crate::MAX_SAMPLES;

/// Bytes of a full schedule.
const BYTES: usize = MAX_SAMPLES / 8;

/// Which samples of a sequence were used: bit `k % 8` of byte `k / 8` stands for sample `k`.
///
/// As bits because that is the densest form over the whole range from one update to all, and a log line grows with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    bits: [u8; BYTES],
    /// Bytes up to and including the last one that is not zero.
    used: usize,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            bits: [0; BYTES],
            used: 0,
        }
    }
}

impl Schedule {
    /// Marks `sample` as used. A sample beyond [`MAX_SAMPLES`] is left out; [`crate::Replay`] refuses sequences that
    /// long beforehand.
    pub fn insert(&mut self, sample: u32) {
        let byte = (sample / 8) as usize;
        if let Some(bits) = self.bits.get_mut(byte) {
            *bits |= 1 << (sample % 8);
            self.used = self.used.max(byte.saturating_add(1));
        }
    }

    /// Forgets every sample.
    pub fn clear(&mut self) {
        self.bits.fill(0);
        self.used = 0;
    }

    /// The bits, without trailing zero bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bits.get(..self.used).unwrap_or(&self.bits)
    }

    /// The used samples, in order.
    pub fn samples(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(self.as_bytes()).flat_map(|(byte, &bits)| {
            (0..8)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| byte.saturating_mul(8).saturating_add(bit))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back_in_order() {
        let mut schedule = Schedule::default();
        assert!(schedule.as_bytes().is_empty());
        for sample in [0, 7, 8, 4095, 4096, u32::MAX] {
            schedule.insert(sample);
        }
        assert_eq!(schedule.samples().collect::<Vec<_>>(), [0, 7, 8, 4095]);
        assert_eq!(schedule.as_bytes().len(), 512);
        assert_eq!(schedule.as_bytes()[..2], [0b1000_0001, 1]);
        schedule.clear();
        assert_eq!(schedule, Schedule::default());
    }
}
