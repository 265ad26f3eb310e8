//! What training does to a recorded sequence each time it draws it: a few thousand recordings then teach as much as
//! recordings of more people, and of sensors worn a little differently, would.

use crate::{
    Error,
    philox::{Purpose, Stream},
};
use float_model::{Channel, Sequences};
use serde::{Deserialize, Serialize};

/// Changes that leave the answer what it is. Evaluation sees the recordings as they are.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Standard deviation of the noise that each value gets, in standard deviations of its channel.
    pub noise: f64,
    /// The sensor is turned about a random axis, by an angle of this standard deviation in degrees: every three channels
    /// in a row whose names differ in their axis alone turn together: `acceleration x`, `y`, `z`; `x_acc`, `y_acc`, `z_acc`;
    /// `ax`, `ay`, `az`; `accX`, `accY`, `accZ`.
    pub rotate: f64,
}

/// A turn in space; three rows.
type Rotation = [[f64; 3]; 3];

/// An [`Augment`] with the channels that it acts on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Augmenter {
    options: Augment,
    seed: u64,
    /// The first of every three channels that turn together.
    axes: Vec<usize>,
    mean: Vec<f32>,
    std: Vec<f32>,
    /// (I): standard deviation of the noise in normalised values.
    noise: Vec<f64>,
}

impl Augment {
    /// Whether it does anything.
    pub fn is_some(&self) -> bool {
        *self != Self::default()
    }

    /// Checks every field.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        for (field, value, most) in [("noise", self.noise, 10.0), ("rotate", self.rotate, 180.0)] {
            if !(0.0..=most).contains(&value) {
                return Err(Error::usage(field, format!("is {value}; give 0 to {most}")));
            }
        }
        Ok(())
    }
}

/// The first channels of all `x`, `y`, `z` in a row.
pub(crate) fn axes<N: AsRef<str>>(channels: &[N]) -> Vec<usize> {
    let named: Vec<_> = channels.iter().map(|name| axis(name.as_ref())).collect();
    let is =
        |k: usize, axis: char, of: &[String]| matches!(&named[k], Some((found, rest)) if *found == axis && rest == of);
    (0..channels.len().saturating_sub(2))
        .filter(|k| match &named[*k] {
            Some(('x', of)) => is(k + 1, 'y', of) && is(k + 2, 'z', of),
            _ => false,
        })
        .collect()
}

/// The axis that a channel's name ends, begins or has as a word of its own, in lower case, and the other words.
fn axis(name: &str) -> Option<(char, Vec<String>)> {
    let mut words = words(name);
    let of = |word: &str| match word {
        "x" | "y" | "z" => word.chars().next(),
        _ => None,
    };
    if let Some(k) = words.iter().position(|word| of(word).is_some()) {
        let axis = of(&words.remove(k))?;
        return Some((axis, words));
    }
    // The letter of a quantity with its axis: ax, gy, mz.
    let last = words.last_mut().filter(|word| word.chars().count() == 2)?;
    let axis = last.pop().and_then(|letter| of(letter.encode_utf8(&mut [0; 4])))?;
    Some((axis, words))
}

/// The words of a name in lower case: separated by what is neither letter nor digit, or written `likeThis`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let starts = before.is_lowercase() && letter.is_uppercase();
        if starts || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Rodrigues' formula: the turn by `angle` in radians about the unit vector `axis`.
fn rotation(axis: [f64; 3], angle: f64) -> Rotation {
    let (sin, cos) = angle.sin_cos();
    let [x, y, z] = axis;
    let cross = [[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]];
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let identity = if i == j { cos } else { 0.0 };
            identity + sin * cross[i][j] + (1.0 - cos) * axis[i] * axis[j]
        })
    })
}

/// An axis uniform on the sphere, and a normal angle of standard deviation `degrees`.
fn draw(random: &mut Stream, degrees: f64) -> Rotation {
    let axis: [f64; 3] = std::array::from_fn(|_| random.normal());
    let norm = axis.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    rotation(axis.map(|v| v / norm), degrees.to_radians() * random.normal())
}

impl Augmenter {
    /// For sequences normalised by `mean` and `std`, whose channels have the standard deviations `spread` before it; `None` where nothing
    /// is to be done.
    ///
    /// # Errors
    /// A rotation is asked for, and no three channels are named as axes.
    pub(crate) fn new(
        options: Augment,
        seed: u64,
        channels: &[Channel],
        (mean, std): (&[f32], &[f32]),
        spread: &[f32],
    ) -> Result<Option<Self>, Error> {
        let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
        let axes = axes(&names);
        if options.rotate > 0.0 && axes.is_empty() {
            let problem = "needs three channels in a row that are named as axes, as `acc x`, `acc y`, `acc z` are; name the channels";
            return Err(Error::usage("rotate", problem));
        }
        Ok(options.is_some().then(|| Augmenter {
            options,
            seed,
            axes,
            mean: mean.to_vec(),
            std: std.to_vec(),
            noise: spread
                .iter()
                .zip(std)
                .map(|(spread, std)| options.noise * f64::from(spread / std))
                .collect(),
        }))
    }

    /// Changes the batch of one step, (B, T, I), normalised; sequence n of it by what (seed, step, n) draws.
    pub(crate) fn apply(&self, x: &mut Sequences, step: u64) {
        for (n, sequence) in x.values.chunks_exact_mut(x.length * x.channels).enumerate() {
            let mut random = Stream::new(self.seed, Purpose::Augment, step, n as u32);
            if self.options.rotate > 0.0 {
                self.turn(sequence, &draw(&mut random, self.options.rotate));
            }
            if self.options.noise > 0.0 {
                for sample in sequence.chunks_exact_mut(self.noise.len()) {
                    for (v, noise) in sample.iter_mut().zip(&self.noise) {
                        *v += (noise * random.normal()) as f32;
                    }
                }
            }
        }
    }

    /// Turns what was measured, not what it was normalised to.
    fn turn(&self, sequence: &mut [f32], by: &Rotation) {
        for sample in sequence.chunks_exact_mut(self.mean.len()) {
            for &first in &self.axes {
                let of = |k: usize| f64::from(sample[first + k] * self.std[first + k] + self.mean[first + k]);
                let measured: [f64; 3] = std::array::from_fn(of);
                for (k, row) in by.iter().enumerate() {
                    let turned: f64 = row.iter().zip(&measured).map(|(a, b)| a * b).sum();
                    sample[first + k] = (turned as f32 - self.mean[first + k]) / self.std[first + k];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(names: &[&str]) -> Vec<Channel> {
        let channel = |name: &&str| Channel {
            name: (*name).into(),
            unit: String::new(),
            full_scale: 1.0,
        };
        names.iter().map(channel).collect()
    }

    fn batch() -> Sequences {
        Sequences {
            count: 40,
            length: 5,
            channels: 4,
            values: (0..40 * 5 * 4).map(|k| (k as f32 * 0.37).sin()).collect(),
            lengths: Vec::new(),
        }
    }

    #[test]
    fn axes_are_found_by_their_names() {
        let named = ["light", "acc x", "acc y", "acc z", "gyro x", "gyro y", "gyro z", "x"];
        assert_eq!(axes(&named), [1, 4]);
        for [x, y, z] in [
            ["x_acc", "y_acc", "z_acc"],
            ["body_acc_x", "body_acc_y", "body_acc_z"],
            ["Accelerometer.X (g)", "Accelerometer.Y (g)", "Accelerometer.Z (g)"],
            ["accX", "accY", "accZ"],
            ["ax", "ay", "az"],
            ["wrist gx", "wrist gy", "wrist gz"],
            ["x", "y", "z"],
        ] {
            assert_eq!(axes(&["light", x, y, z]), [1], "{x}");
        }
        for other in [
            ["acc x", "gyro y", "acc z"],
            ["ax", "gy", "az"],
            ["acc z", "acc y", "acc x"],
            ["index", "indey", "indez"],
            ["max", "may", "maz"],
            ["", "x", "y"],
        ] {
            assert!(axes(&other).is_empty(), "{other:?}");
        }
        let options = Augment {
            rotate: 5.0,
            ..Augment::default()
        };
        let error = Augmenter::new(
            options,
            1,
            &channels(&["a", "b", "c"]),
            (&[0.0; 3], &[1.0; 3]),
            &[1.0; 3],
        )
        .unwrap_err();
        assert!(error.to_string().contains("name the channels"), "{error}");
    }

    #[test]
    fn a_quarter_turn_about_z() {
        let turned = rotation([0.0, 0.0, 1.0], std::f64::consts::FRAC_PI_2);
        for (row, expected) in turned.iter().zip([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) {
            assert!(
                row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
                "{turned:?}"
            );
        }
    }

    #[test]
    fn turning_keeps_what_was_measured_as_long_as_it_is() {
        let (mean, std) = ([0.3f32, -0.2, 0.9, 0.0], [0.5f32, 2.0, 0.7, 1.0]);
        let options = Augment {
            noise: 0.0,
            rotate: 30.0,
        };
        let names = channels(&["acc x", "acc y", "acc z", "light"]);
        let augmenter = Augmenter::new(options, 7, &names, (&mean, &std), &std)
            .unwrap()
            .unwrap();
        let (before, mut after) = (batch(), batch());
        augmenter.apply(&mut after, 3);
        let length = |s: &[f32]| -> f32 { (0..3).map(|k| (s[k] * std[k] + mean[k]).powi(2)).sum::<f32>().sqrt() };
        let mut moved = 0.0f32;
        for (a, b) in after.values.chunks_exact(4).zip(before.values.chunks_exact(4)) {
            assert!((length(a) - length(b)).abs() < 1e-5 && a[3] == b[3]);
            moved = moved.max((a[0] - b[0]).abs());
        }
        assert!(moved > 0.1);
        let mut again = batch();
        augmenter.apply(&mut again, 3);
        assert_eq!(again, after);
        augmenter.apply(&mut again, 4);
        assert_ne!(again, after);
    }

    #[test]
    fn noise_is_as_strong_as_asked() {
        let options = Augment {
            noise: 0.25,
            rotate: 0.0,
        };
        let (mean, std) = ([0.0; 4], [1.0; 4]);
        let names = channels(&["a", "b", "c", "d"]);
        let augmenter = Augmenter::new(options, 7, &names, (&mean, &std), &std)
            .unwrap()
            .unwrap();
        let (before, mut after) = (batch(), batch());
        augmenter.apply(&mut after, 0);
        let square: f32 = after
            .values
            .iter()
            .zip(&before.values)
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        let deviation = (square / after.values.len() as f32).sqrt();
        assert!((deviation - 0.25).abs() < 0.02, "{deviation}");
    }
}
