//! A set of exceptions, as the interrupt controller keeps its states.

use crate::bus::Lines;

/// The number of the first external interrupt.
pub const FIRST_INTERRUPT: u16 = 16;

/// Exceptions that a set holds: 16 of the core and the 256 interrupts of [`Lines`], rounded up.
const WORDS: usize = 5;

/// A set of exception numbers below 320. Numbers above that are never members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Set([u64; WORDS]);

impl Set {
    /// The set of these numbers.
    pub fn of(numbers: &[u16]) -> Self {
        let mut set = Self::default();
        for &number in numbers {
            set.insert(number);
        }
        set
    }

    /// The interrupts whose lines are high.
    pub fn from_lines(lines: Lines) -> Self {
        let mut words = [0; WORDS];
        for (index, line) in lines.0.into_iter().enumerate() {
            words[index] |= line << FIRST_INTERRUPT;
            words[index + 1] |= line >> (64 - FIRST_INTERRUPT);
        }
        Self(words)
    }

    /// Interrupts 0 to `count` - 1.
    pub fn interrupts(count: u16) -> Self {
        let mut set = Self::default();
        for number in 0..count {
            set.insert(FIRST_INTERRUPT + number);
        }
        set
    }

    /// The interrupts that a register of 32 of them names: bit n of word k is interrupt 32 k + n.
    pub fn from_register(k: u32, bits: u32) -> Self {
        let at = 32 * k as usize + usize::from(FIRST_INTERRUPT);
        let mut words = [0; WORDS];
        let wide = u128::from(bits) << (at % 64);
        if let Some(word) = words.get_mut(at / 64) {
            *word = wide as u64;
        }
        if let Some(word) = words.get_mut(at / 64 + 1) {
            *word = (wide >> 64) as u64;
        }
        Self(words)
    }

    /// The register of 32 interrupts: bit n of word k is interrupt 32 k + n.
    pub fn register(&self, k: u32) -> u32 {
        let at = 32 * k as usize + usize::from(FIRST_INTERRUPT);
        let word = |index| u128::from(self.0.get(index).copied().unwrap_or(0));
        ((word(at / 64) | word(at / 64 + 1) << 64) >> (at % 64)) as u32
    }

    /// Whether it holds a number.
    pub fn contains(&self, number: u16) -> bool {
        let word = self.0.get(usize::from(number / 64)).copied().unwrap_or(0);
        word >> (number % 64) & 1 != 0
    }

    /// Adds a number.
    pub fn insert(&mut self, number: u16) {
        self.put(number, true);
    }

    /// Takes a number out.
    pub fn remove(&mut self, number: u16) {
        self.put(number, false);
    }

    /// Adds a number or takes it out.
    pub fn put(&mut self, number: u16, member: bool) {
        let bit = 1 << (number % 64);
        if let Some(word) = self.0.get_mut(usize::from(number / 64)) {
            *word = if member { *word | bit } else { *word & !bit };
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    /// How many are in it.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// What is in either.
    pub fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    /// What is in both.
    pub fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }

    /// What is in this one alone.
    pub fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & !other.0[i]))
    }

    /// Its numbers, rising.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        self.0.into_iter().zip(0u16..).flat_map(|(word, index)| {
            let following = |&rest: &u64| Some(rest & (rest - 1)).filter(|&rest| rest != 0);
            std::iter::successors(Some(word).filter(|&word| word != 0), following)
                .map(move |rest| 64 * index + rest.trailing_zeros() as u16)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_registers_name_the_same_interrupts() {
        let mut lines = Lines::default();
        for line in [0, 31, 32, 47, 48, 63, 64, 140, 255] {
            lines.set(line, true);
        }
        let set = Set::from_lines(lines);
        let numbers: Vec<_> = set.iter().collect();
        assert_eq!(numbers, [16, 47, 48, 63, 64, 79, 80, 156, 271]);
        assert_eq!(set.register(0), 1 | 1 << 31);
        assert_eq!(set.register(1), 1 | 1 << 15 | 1 << 16 | 1 << 31);
        assert_eq!(set.register(7), 1 << 31);
        let rebuilt = (0..8).fold(Set::default(), |all, k| all.or(Set::from_register(k, set.register(k))));
        assert_eq!(rebuilt, set);
        assert_eq!(set.len(), 9);
    }

    #[test]
    fn a_number_out_of_range_is_never_a_member() {
        let mut set = Set::interrupts(256);
        set.insert(320);
        assert!(!set.contains(320) && set.contains(271) && !set.contains(15));
        assert!(set.without(set).is_empty());
    }
}
