use std::collections::BTreeMap;

use crate::error::Error;
use crate::trace::write::{Channel, Ppk2Sample};

const RANGES: usize = 5;
/// Volts per step of the converter, as the device scales it.
const ADC_V: f64 = 1.8 / 163_840.0;
/// Share of the newest sample in the running averages: ranges 0 to 3, and range 4.
const NEWEST: f64 = 0.18;
const NEWEST_IN_RANGE_4: f64 = 0.06;
/// Samples after a change of range that are replaced by the average.
const REPLACED: u8 = 3;
/// Replaced samples in range 4 that do not enter the average.
const IGNORED_IN_RANGE_4: u8 = 2;

/// Calibration that the device holds, one figure for each of its five ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Modifiers {
    resistance: [f64; RANGES],
    gain_square: [f64; RANGES],
    gain_linear: [f64; RANGES],
    offset: [f64; RANGES],
    voltage_slope: [f64; RANGES],
    current_offset: [f64; RANGES],
    user_gain: [f64; RANGES],
}

impl Modifiers {
    /// Reads the device's answer to the metadata command: lines `R0: 1003.35` and so on. What is absent has no effect,
    /// but the resistors `R0` to `R4` must be there.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the key.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let values: BTreeMap<&str, f64> = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter_map(|(key, value)| Some((key.trim(), value.trim().parse::<f64>().ok()?)))
            .filter(|(_, value)| value.is_finite())
            .collect();
        let all = |key: &str, absent: f64| {
            std::array::from_fn(|range| values.get(format!("{key}{range}").as_str()).copied().unwrap_or(absent))
        };
        let resistance: [f64; RANGES] = all("R", 0.0);
        if let Some(range) = resistance.iter().position(|&ohm| ohm <= 0.0) {
            let problem = format!("PPK2: its metadata has no resistor R{range}; reset the device and try again");
            return Err(Error::Mismatch(problem));
        }
        Ok(Self {
            resistance,
            gain_square: all("GS", 0.0),
            gain_linear: all("GI", 1.0),
            offset: all("O", 0.0),
            voltage_slope: all("S", 0.0),
            current_offset: all("I", 0.0),
            user_gain: all("UG", 1.0),
        })
    }

    /// Current in amperes of a raw reading: with `x = (4 raw - O) * (1.8 / 163840) / R`,
    /// `I = UG * (x * (GS * x + GI) + S * V + I0)`.
    #[must_use]
    pub fn current_a(&self, raw: u16, range: usize, voltage_v: f64) -> f64 {
        let r = range.min(RANGES - 1);
        let x = (4.0 * f64::from(raw) - self.offset[r]) * ADC_V / self.resistance[r];
        let line = x * (self.gain_square[r] * x + self.gain_linear[r]);
        self.user_gain[r] * (line + self.voltage_slope[r] * voltage_v + self.current_offset[r])
    }
}

/// Turns the stream of the device into samples; a sample that the counter shows to be lost comes out as
/// [`Ppk2Sample::LOST`].
#[derive(Debug, Clone)]
pub struct Decoder {
    modifiers: Modifiers,
    voltage_v: f64,
    rest: Vec<u8>,
    counter: Option<u8>,
    range: Option<usize>,
    average_a: f64,
    average_4_a: f64,
    /// Samples since the last change of range.
    since: u8,
    samples: u64,
    lost: u64,
}

impl Decoder {
    /// A decoder for a device that supplies or measures at `voltage_v`.
    #[must_use]
    pub fn new(modifiers: Modifiers, voltage_v: f64) -> Self {
        Self {
            modifiers,
            voltage_v,
            rest: Vec::new(),
            counter: None,
            range: None,
            average_a: 0.0,
            average_4_a: 0.0,
            since: REPLACED,
            samples: 0,
            lost: 0,
        }
    }

    /// Samples so far, the lost ones included.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Lost samples so far.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Decodes bytes as they come, however they are cut, and hands each sample to `sink`.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&Ppk2Sample) -> Result<(), Error>) -> Result<(), Error> {
        self.rest.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.rest);
        let (words, rest) = pending.as_chunks::<4>();
        self.rest.extend_from_slice(rest);
        words
            .iter()
            .try_for_each(|word| self.word(u32::from_le_bytes(*word), sink))
    }

    fn word(&mut self, word: u32, sink: &mut dyn FnMut(&Ppk2Sample) -> Result<(), Error>) -> Result<(), Error> {
        let raw = (word & 0x3fff) as u16;
        let range = ((word >> 14 & 7) as usize).min(RANGES - 1);
        let counter = (word >> 18 & 0x3f) as u8;
        let logic = (word >> 24) as u8;
        let expected = self.counter.map_or(counter, |before| (before + 1) & 0x3f);
        let gap = counter.wrapping_sub(expected) & 0x3f;
        self.counter = Some(counter);
        for _ in 0..gap {
            self.samples += 1;
            self.lost += 1;
            sink(&Ppk2Sample::LOST)?;
        }
        let current_a = self.filtered(self.modifiers.current_a(raw, range, self.voltage_v), range);
        let level = |channel: usize| {
            if logic >> channel & 1 == 1 {
                Channel::High
            } else {
                Channel::Low
            }
        };
        self.samples += 1;
        sink(&Ppk2Sample {
            current_ua: (current_a * 1e6).max(0.0) as f32,
            channels: std::array::from_fn(level),
        })
    }

    /// Replaces the samples right after a change of range, in which the converter still settles, by a running average.
    fn filtered(&mut self, current_a: f64, range: usize) -> f64 {
        match self.range.replace(range) {
            None => (self.average_a, self.average_4_a) = (current_a, current_a),
            Some(before) if before != range => self.since = 0,
            Some(_) => self.since = self.since.saturating_add(1),
        }
        let settling = self.since < REPLACED;
        let in_range_4 = range == RANGES - 1;
        if !(settling && in_range_4 && self.since < IGNORED_IN_RANGE_4) {
            self.average_a += NEWEST * (current_a - self.average_a);
            self.average_4_a += NEWEST_IN_RANGE_4 * (current_a - self.average_4_a);
        }
        match (settling, in_range_4) {
            (false, _) => current_a,
            (true, false) => self.average_a,
            (true, true) => self.average_4_a,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(raw: u32, range: u32, counter: u32, logic: u32) -> [u8; 4] {
        (raw | range << 14 | (counter & 63) << 18 | logic << 24).to_le_bytes()
    }

    fn modifiers() -> Modifiers {
        Modifiers::parse("R0: 1000\nR1: 100\nR2: 10\nR3: 1\nR4: 0.05\nGS0: 2\nO1: 8\nS2: 0.001\nUG3: 2\nEND\n").unwrap()
    }

    fn decode(bytes: &[u8]) -> (Vec<Ppk2Sample>, u64) {
        let mut decoder = Decoder::new(modifiers(), 3.0);
        let mut samples = Vec::new();
        // Odd pieces: a word may be cut anywhere.
        for piece in bytes.chunks(7) {
            let mut sink = |sample: &Ppk2Sample| {
                samples.push(*sample);
                Ok(())
            };
            decoder.push(piece, &mut sink).unwrap();
        }
        assert_eq!(samples.len() as u64, decoder.samples());
        (samples, decoder.lost())
    }

    #[test]
    fn each_figure_of_the_calibration_has_its_place() {
        let m = modifiers();
        let x = 4.0 * 1000.0 * 1.8 / 163_840.0;
        let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-15 + 1e-12 * expected.abs());
        close(m.current_a(1000, 0, 3.0), (x / 1000.0) * (2.0 * x / 1000.0 + 1.0));
        close(m.current_a(1000, 1, 3.0), (4000.0 - 8.0) * 1.8 / 163_840.0 / 100.0);
        close(m.current_a(1000, 2, 3.0), x / 10.0 + 0.003);
        close(m.current_a(1000, 3, 3.0), 2.0 * x);
        close(m.current_a(1000, 7, 3.0), x / 0.05);
        assert!(Modifiers::parse("R0: 1\nEND").unwrap_err().to_string().contains("R1"));
    }

    #[test]
    fn a_gap_of_the_counter_is_that_many_lost_samples() {
        let mut bytes = Vec::new();
        for counter in (60..70).chain(75..80) {
            bytes.extend(word(500, 1, counter, 0b101));
        }
        let (samples, lost) = decode(&bytes);
        assert_eq!((samples.len(), lost), (20, 5));
        assert!(samples[10..15].iter().all(|sample| *sample == Ppk2Sample::LOST));
        assert_eq!(samples[0].channels[..3], [Channel::High, Channel::Low, Channel::High]);
    }

    #[test]
    fn a_change_of_range_is_averaged_over_three_samples() {
        let mut bytes = Vec::new();
        (0..10).for_each(|n| bytes.extend(word(1000, 1, n, 0)));
        (10..20).for_each(|n| bytes.extend(word(1000, 2, n, 0)));
        let (samples, _) = decode(&bytes);
        let m = modifiers();
        let (low, high) = (m.current_a(1000, 1, 3.0) * 1e6, m.current_a(1000, 2, 3.0) * 1e6);
        let mut average = low;
        for (n, sample) in samples.iter().enumerate().skip(10) {
            average += 0.18 * (high - average);
            let expected = if n < 13 { average } else { high };
            assert!(
                (f64::from(sample.current_ua) / expected - 1.0).abs() < 1e-6,
                "sample {n}"
            );
        }
    }

    #[test]
    fn two_samples_after_a_change_to_the_highest_range_are_ignored() {
        let mut bytes = Vec::new();
        (0..10).for_each(|n| bytes.extend(word(1000, 3, n, 0)));
        (10..15).for_each(|n| bytes.extend(word(1000, 4, n, 0)));
        let (samples, _) = decode(&bytes);
        let m = modifiers();
        let (low, high) = (m.current_a(1000, 3, 3.0) * 1e6, m.current_a(1000, 4, 3.0) * 1e6);
        let expected = [low, low, low + 0.06 * (high - low), high, high];
        for (sample, expected) in samples[10..].iter().zip(expected) {
            assert!((f64::from(sample.current_ua) / expected - 1.0).abs() < 1e-6);
        }
    }
}
