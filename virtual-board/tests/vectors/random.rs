//! The random numbers of the vectors: SplitMix64, one stream a vector, so that each can be drawn alone.

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random(u64);

/// The output function of SplitMix64.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// The stream of one number: SplitMix64 that starts from the number, mixed once.
    #[must_use]
    pub const fn of(number: u64) -> Self {
        Self(mix(number))
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// The upper half of the next 64 bits.
    pub const fn word(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }

    /// A number below `n`: the next word modulo `n`.
    pub const fn below(&mut self, n: u32) -> u32 {
        self.word() % n
    }
}
