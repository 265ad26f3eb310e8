//! Sensors as the runner takes them, over embedded-hal: switched on in time, read at the instant, switched off again.
//!
//! Each driver implements [`skiprnn_nostd::runner::Sensor`] and says what its counts mean ([`Described`]). [`fit`] sets it to
//! the ranges of a model, and refuses a model made for another unit, a range that the part does not have or a higher rate
//! before the first sample. What a part delivers and how long it takes to turn on is in the table
//! [`board_link::sensors`]; a new sensor is an entry there and one file here: the registers that switch it, and a test against a
//! mock bus.

pub mod adxl362;
pub mod analog;
pub mod lis3dh;
pub mod lsm6ds;
pub mod scripted;

pub use skiprnn_nostd::runner::{ChannelScale, Described, FitError, Mismatch, fit};

use skiprnn_nostd::runner::Clock;

/// What can go wrong with a part on a bus; `E` is the bus's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<E> {
    /// The bus.
    Bus(E),
    /// Another part answers at this address.
    Part {
        /// What its register of identification reads.
        found: u8,
    },
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

/// How often a sensor is looked for.
const TRIES: u32 = 3;
/// From one try to the next, as a part of a second: 50 ms.
const TRIES_PER_SECOND: u32 = 20;

/// Looks for a sensor up to three times within 100 ms: one that was just switched on may need longer to boot than the board.
///
/// # Errors
/// It does not answer, or is another part, at the last try.
pub fn find<S: Described>(sensor: &mut S, clock: &mut impl Clock) -> Result<(), S::Error> {
    let pause = clock.ticks_per_second().div_ceil(TRIES_PER_SECOND);
    for _ in 1..TRIES {
        if sensor.find().is_ok() {
            return Ok(());
        }
        let until = clock.now().saturating_add(pause.into());
        // A clock that cannot sleep says so when the runner needs it; this try then comes early.
        let _ = clock.sleep_until(until);
    }
    sensor.find()
}

/// The ranges of a part, and its channels at the ranges that are set. `G` groups of channels have a range each, `N` channels are
/// in all of them.
#[derive(Debug, Clone, Copy)]
pub struct Ranges<const G: usize, const N: usize> {
    groups: &'static [board_link::sensors::Channels],
    /// The bits of a register for each full scale, one list for each group.
    bits: [&'static [u8]; G],
    /// Index of the range that is set, for each group.
    set: [usize; G],
    channels: [ChannelScale; N],
}

impl<const G: usize, const N: usize> Ranges<G, N> {
    /// The ranges of a sensor of the table, each group at its first one; `bits` are those of a register for each full scale. To
    /// be evaluated at compile time.
    ///
    /// # Panics
    /// The table has another number of groups, full scales or channels.
    #[allow(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a wrong index is an error of the build"
    )]
    pub const fn of(sensor: &board_link::sensors::Sensor, bits: [&'static [u8]; G]) -> Self {
        let groups = sensor.channels;
        assert!(groups.len() == G, "as many groups of channels");
        let mut channels = [ChannelScale {
            unit: "",
            full_scale: 0.0,
        }; N];
        let (mut group, mut channel) = (0, 0);
        while group < G {
            assert!(
                groups[group].full_scales.len() == bits[group].len(),
                "bits for each full scale"
            );
            let end = channel + groups[group].count;
            while channel < end {
                channels[channel] = ChannelScale {
                    unit: groups[group].unit,
                    full_scale: groups[group].full_scales[0],
                };
                channel += 1;
            }
            group += 1;
        }
        assert!(channel == N, "as many channels");
        Self {
            groups,
            bits,
            set: [0; G],
            channels,
        }
    }

    /// One for each channel, at the ranges that are set.
    pub const fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    /// The bits of each group's range.
    pub fn bits(&self) -> [u8; G] {
        let mut bits = [0; G];
        for ((bits, all), set) in bits.iter_mut().zip(self.bits).zip(self.set) {
            *bits = all.get(set).copied().unwrap_or_default();
        }
        bits
    }

    /// These ranges, set to the full scales that come nearest to the given ones, (N): each group goes by its first channel.
    #[must_use]
    pub fn nearest(&self, full_scales: &[f32]) -> Self {
        let mut nearest = *self;
        let mut first = 0usize;
        for (group, set) in self.groups.iter().zip(&mut nearest.set) {
            let wanted = full_scales.get(first).copied().unwrap_or_default();
            let distance = |full_scale: &f32| (full_scale - wanted).abs();
            let found = group
                .full_scales
                .iter()
                .enumerate()
                .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
            let behind = first.saturating_add(group.count);
            if let Some((index, full_scale)) = found {
                *set = index;
                let channels = nearest.channels.get_mut(first..behind).unwrap_or_default();
                channels.iter_mut().for_each(|channel| channel.full_scale = *full_scale);
            }
            first = behind;
        }
        nearest
    }
}
