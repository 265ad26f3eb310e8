//! Log-mel energies: the usual front end for sound.
//!
//! A frame is weighted by a Hann window and padded to a power of two; the power of its spectrum is summed up in
//! triangular bands whose edges are evenly spaced on the mel scale, m = 2595·log10(1 + f / 700) (O'Shaughnessy, Speech
//! Communication, 1987), from [`LOWEST_HZ`] to half the sample rate; the channel is ln(energy + [`FLOOR`]).

use crate::Error;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Lower edge of the first band.
const LOWEST_HZ: f64 = 20.0;
/// Keeps the logarithm of silence finite: 16-bit quantization noise lies at about this energy.
const FLOOR: f64 = 1e-6;

/// A front end for one sample rate.
pub(crate) struct LogMel {
    /// Amplitudes from frame to frame.
    hop: usize,
    /// Hann's, as long as a frame.
    window: Vec<f64>,
    fft: Arc<dyn RealToComplex<f64>>,
    /// For each band its first line of the spectrum and the weights from there on.
    bands: Vec<(usize, Vec<f64>)>,
}

/// Whole amplitudes in a time, at least 1.
pub(crate) fn samples(seconds: f64, rate_hz: f64) -> usize {
    ((seconds * rate_hz).round() as usize).max(1)
}

fn mel(hz: f64) -> f64 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

fn hz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

impl LogMel {
    /// # Errors
    /// Times that are not above 0, or bands so narrow that one has no line of the spectrum.
    pub(crate) fn new(rate_hz: f64, frame_s: f64, hop_s: f64, bands: usize) -> Result<Self, Error> {
        for (field, seconds) in [("frame_s", frame_s), ("hop_s", hop_s)] {
            if !(seconds > 0.0 && seconds <= 10.0) {
                return Err(Error::usage(
                    field,
                    format!("is {seconds}; give seconds, above 0 and at most 10"),
                ));
            }
        }
        let length = samples(frame_s, rate_hz);
        let size = length.next_power_of_two().max(2);
        let angle = |n: usize| std::f64::consts::TAU * (n as f64 + 0.5) / length as f64;
        let unresolved = || {
            let problem = format!(
                "{bands}; a frame of {length} amplitudes does not resolve that many: give fewer, or longer frames"
            );
            Error::usage("mel_bands", problem)
        };
        // A band needs a line of the spectrum of its own.
        if bands == 0 || bands > size / 2 {
            return Err(unresolved());
        }
        let (low, high) = (mel(LOWEST_HZ), mel(rate_hz / 2.0));
        let edge = |k: usize| hz(low + (high - low) * k as f64 / (bands + 1) as f64) / rate_hz * size as f64;
        let band = |k: usize| {
            let (left, centre, right) = (edge(k), edge(k + 1), edge(k + 2));
            let (first, end) = (left.ceil() as usize, right.floor().min((size / 2) as f64) as usize + 1);
            let weight = |line: usize| {
                let line = line as f64;
                let rising = (line - left) / (centre - left);
                rising.min((right - line) / (right - centre)).max(0.0)
            };
            (first, (first..end).map(weight).collect::<Vec<f64>>())
        };
        let spectrum: Vec<_> = (0..bands).map(band).collect();
        if spectrum.iter().any(|(_, w)| w.iter().sum::<f64>() <= 0.0) {
            return Err(unresolved());
        }
        Ok(LogMel {
            hop: samples(hop_s, rate_hz),
            window: (0..length).map(|n| 0.5 - 0.5 * angle(n).cos()).collect(),
            fft: RealFftPlanner::new().plan_fft_forward(size),
            bands: spectrum,
        })
    }

    /// (frames, bands) of the whole frames in `amplitudes`.
    pub(crate) fn frames(&self, amplitudes: &[f32]) -> Vec<f32> {
        let (mut input, mut spectrum) = (self.fft.make_input_vec(), self.fft.make_output_vec());
        let mut out = Vec::new();
        for frame in amplitudes.windows(self.window.len()).step_by(self.hop) {
            input.fill(0.0);
            for ((i, a), w) in input.iter_mut().zip(frame).zip(&self.window) {
                *i = f64::from(*a) * w;
            }
            self.fft
                .process(&mut input, &mut spectrum)
                .expect("the buffers are the transform's own");
            let scale = 1.0 / self.window.len() as f64;
            for (first, weights) in &self.bands {
                let energy = weights.iter().zip(&spectrum[*first..]).map(|(w, c)| w * c.norm_sqr());
                out.push((energy.sum::<f64>() * scale + FLOOR).ln() as f32);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same straight from the definition of the transform.
    fn plainly(front: &LogMel, frame: &[f32]) -> Vec<f64> {
        let size = front.fft.len();
        let power = |line: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, (a, w)) in frame.iter().zip(&front.window).enumerate() {
                let angle = std::f64::consts::TAU * (line * n) as f64 / size as f64;
                re += f64::from(*a) * w * angle.cos();
                im -= f64::from(*a) * w * angle.sin();
            }
            re * re + im * im
        };
        let energy = |(first, weights): &(usize, Vec<f64>)| {
            let sum: f64 = weights.iter().enumerate().map(|(k, w)| w * power(first + k)).sum();
            (sum / frame.len() as f64 + FLOOR).ln()
        };
        front.bands.iter().map(energy).collect()
    }

    fn tone(hz: f64, rate: f64, count: usize) -> Vec<f32> {
        let at = |n: usize| (std::f64::consts::TAU * hz * n as f64 / rate).sin() as f32 * 0.5;
        (0..count).map(at).collect()
    }

    #[test]
    fn it_is_the_definition() {
        let front = LogMel::new(8000.0, 0.03, 0.01, 12).unwrap();
        let sound = tone(700.0, 8000.0, 400);
        let found = front.frames(&sound);
        assert_eq!(found.len() / 12, (400 - 240) / 80 + 1);
        for (frame, start) in found.chunks(12).zip((0..).step_by(80)) {
            for (a, b) in frame.iter().zip(plainly(&front, &sound[start..start + 240])) {
                assert!((f64::from(*a) - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let (rate, bands) = (16_000.0, 20);
        let front = LogMel::new(rate, 0.032, 0.02, bands).unwrap();
        for band in [3, 10, 17] {
            let (low, high) = (mel(LOWEST_HZ), mel(rate / 2.0));
            let centre = hz(low + (high - low) * (band + 1) as f64 / (bands + 1) as f64);
            let frame = &front.frames(&tone(centre, rate, 600))[..bands];
            let loudest = (0..bands).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap();
            assert_eq!(loudest, band, "{frame:?}");
        }
        let silence = front.frames(&[0.0; 512]);
        assert!(silence.iter().all(|v| (f64::from(*v) - FLOOR.ln()).abs() < 1e-6));
    }

    #[test]
    fn too_many_bands_are_refused() {
        let e = LogMel::new(8000.0, 0.004, 0.004, 40).err().expect("refused");
        assert!(e.is_usage() && e.to_string().contains("mel_bands"), "{e}");
        assert!(LogMel::new(8000.0, 0.0, 0.01, 4).is_err());
    }
}
