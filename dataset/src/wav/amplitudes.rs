//! Samples of every coding as amplitudes.

use super::chunks::{Coding, Sound};

/// The amplitudes of a file, its channels mixed to one.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mono {
    /// In [-1, 1) where the file holds whole numbers.
    pub(super) amplitudes: Vec<f32>,
    /// Of them, how many are 1 or more, or less than -1, as only floating-point files hold.
    pub(super) beyond: u64,
    /// The first frame with a number that is not finite.
    pub(super) not_finite: Option<usize>,
}

/// Decodes the whole frames of a file: the mean of its channels.
pub(super) fn mono(sound: &Sound<'_>) -> Mono {
    let format = sound.format;
    let mut found = Mono {
        amplitudes: Vec::with_capacity(sound.data.len() / format.frame_bytes()),
        ..Mono::default()
    };
    let share = 1.0 / format.channels as f64;
    for (n, frame) in sound.data.chunks_exact(format.frame_bytes()).enumerate() {
        let sum: f64 = frame
            .chunks_exact(format.bytes)
            .map(|sample| amplitude(format.coding, sample))
            .sum();
        let value = (sum * share) as f32;
        if !value.is_finite() && found.not_finite.is_none() {
            found.not_finite = Some(n);
        }
        found.beyond += u64::from(!(-1.0..1.0).contains(&value));
        found.amplitudes.push(value);
    }
    if matches!(format.coding, Coding::Integer { .. }) {
        // The nearest f32 of 1 - 2^-31 is 1.
        let largest = 1.0 - f32::EPSILON / 2.0;
        found
            .amplitudes
            .iter_mut()
            .for_each(|value| *value = value.min(largest));
        found.beyond = 0;
    }
    found
}

fn amplitude(coding: Coding, sample: &[u8]) -> f64 {
    match (coding, sample) {
        (Coding::Integer { .. }, [byte]) => f64::from(*byte) / 128.0 - 1.0,
        (Coding::Integer { bits }, bytes) => {
            let mut word = [0; 4];
            word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            // The bits that count, moved to the top, and their sign with them.
            let value = i32::from_le_bytes(word) << (32 - bits);
            f64::from(value) / 2_147_483_648.0
        }
        (Coding::Float, [a, b, c, d]) => f64::from(f32::from_le_bytes([*a, *b, *c, *d])),
        (Coding::Float, [a, b, c, d, e, f, g, h]) => f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
        (Coding::ALaw, [byte]) => f64::from(a_law(*byte)) / 32_768.0,
        (Coding::MuLaw, [byte]) => f64::from(mu_law(*byte)) / 32_768.0,
        _ => 0.0,
    }
}

/// 16-bit value of an A-law byte (ITU-T G.711): every other bit is inverted; a sign, three bits of exponent, four of mantissa.
fn a_law(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let (exponent, mantissa) = ((bits >> 4) & 7, i16::from(bits & 15));
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if bits & 0x80 != 0 { magnitude } else { -magnitude }
}

/// 16-bit value of a mu-law byte (ITU-T G.711): all bits are inverted, and magnitudes are moved by a bias of 132.
fn mu_law(byte: u8) -> i16 {
    let bits = !byte;
    let (exponent, mantissa) = ((bits >> 4) & 7, i16::from(bits & 15));
    let magnitude = (((mantissa << 3) + 132) << exponent) - 132;
    if bits & 0x80 != 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_711_has_its_ends_and_its_middle() {
        // The tables of the recommendation, as 16-bit values.
        assert_eq!(
            [0x00, 0x80, 0x7f, 0xff, 0x0f].map(mu_law),
            [-32_124, 32_124, 0, 0, -16_764]
        );
        assert_eq!(
            [0x2a, 0xaa, 0x55, 0xd5, 0x00].map(a_law),
            [-32_256, 32_256, -8, 8, -5_504]
        );
    }

    #[test]
    fn every_width_has_one_scale() {
        let at = |bits: u32, bytes: &[u8]| amplitude(Coding::Integer { bits }, bytes);
        assert_eq!([at(8, &[0]), at(8, &[128]), at(8, &[192])], [-1.0, 0.0, 0.5]);
        assert_eq!([at(16, &[0, 0x80]), at(16, &[0, 0x40])], [-1.0, 0.5]);
        assert_eq!([at(24, &[0, 0, 0x80]), at(24, &[0, 0, 0x40])], [-1.0, 0.5]);
        assert_eq!([at(32, &[0, 0, 0, 0x80]), at(32, &[0, 0, 0, 0x40])], [-1.0, 0.5]);
        // 24 bits in four bytes: the upper one is padding.
        assert_eq!([at(24, &[0, 0, 0x80, 0xff]), at(24, &[0, 0, 0x40, 0])], [-1.0, 0.5]);
        assert_eq!(amplitude(Coding::Float, &0.25_f32.to_le_bytes()), 0.25);
        assert_eq!(amplitude(Coding::Float, &(-0.25_f64).to_le_bytes()), -0.25);
    }
}
