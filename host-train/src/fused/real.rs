//! The scalars: f32 to train, f64 to check gradients; and their activations.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// f32 or f64. Sealed.
///
/// The activations of f32 are polynomials without branches, which compilers turn into vector code; those of f64 are the
/// standard library's. NaN stays NaN in all of them.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + sealed::Sealed
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 0.5, the threshold of eq. (2).
    const HALF: Self;
    /// 1.
    const ONE: Self;

    /// self·a + b, rounded once where `FMA`, else twice.
    fn madd<const FMA: bool>(self, a: Self, b: Self) -> Self;

    /// σ(self) = 1 / (1 + e^-self). In f32 the relative error is below [`ACTIVATION_ERROR`] from -87 up; below -87 the
    /// result stays at σ(-87) = 1.6e-38.
    fn logistic<const FMA: bool>(self) -> Self;

    /// tanh(self). In f32 the relative error is below [`ACTIVATION_ERROR`].
    fn tangent<const FMA: bool>(self) -> Self;
}

/// Bound on the relative error of [`Real::logistic`] and [`Real::tangent`] in f32, asserted on a dense grid at every
/// level of instructions (largest seen: 1.9e-7).
pub const ACTIVATION_ERROR: f64 = 2.0e-7;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// e^x - 1 for |x| <= 87, with a small relative error also around 0.
///
/// x = n·ln 2 + r with |r| <= ln 2 / 2; e^r - 1 is its series up to r^7 (the next term is below 1.6e-8 of the sum);
/// e^x - 1 = 2^n·(e^r - 1) + (2^n - 1).
#[inline(always)]
fn expm1<const FMA: bool>(x: f32) -> f32 {
    // Adding 1.5·2^23 leaves the nearest integer in the low bits of the significand.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts; the first has 9 trailing zero bits, so that n times it is exact without a fused multiply-add.
    const LN_2_HIGH: f32 = 0.693_145_75;
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    let shifted = x.madd::<FMA>(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    let r = n.madd::<FMA>(-LN_2_HIGH, x);
    let r = n.madd::<FMA>(-LN_2_LOW, r);
    let p = r.madd::<FMA>(1.0 / 5040.0, 1.0 / 720.0);
    let p = p.madd::<FMA>(r, 1.0 / 120.0);
    let p = p.madd::<FMA>(r, 1.0 / 24.0);
    let p = p.madd::<FMA>(r, 1.0 / 6.0);
    let p = p.madd::<FMA>(r, 0.5);
    let p = (p * r).madd::<FMA>(r, r);
    p.madd::<FMA>(power, power - 1.0)
}

/// x limited to [-bound, bound]. Written with comparisons that are false for NaN, which therefore passes.
#[inline(always)]
fn limit(x: f32, bound: f32) -> f32 {
    let x = if x > bound { bound } else { x };
    if x < -bound { -bound } else { x }
}

impl Real for f32 {
    const ZERO: f32 = 0.0;
    const HALF: f32 = 0.5;
    const ONE: f32 = 1.0;

    #[inline(always)]
    fn madd<const FMA: bool>(self, a: f32, b: f32) -> f32 {
        if FMA { self.mul_add(a, b) } else { self * a + b }
    }

    #[inline(always)]
    fn logistic<const FMA: bool>(self) -> f32 {
        1.0 / (2.0 + expm1::<FMA>(limit(-self, 87.0)))
    }

    /// tanh x = (e^2x - 1) / ((e^2x - 1) + 2); at |x| = 10 it is 1 in f32.
    #[inline(always)]
    fn tangent<const FMA: bool>(self) -> f32 {
        let e = expm1::<FMA>(limit(2.0 * self, 20.0));
        e / (e + 2.0)
    }
}

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const HALF: f64 = 0.5;
    const ONE: f64 = 1.0;

    #[inline(always)]
    fn madd<const FMA: bool>(self, a: f64, b: f64) -> f64 {
        if FMA { self.mul_add(a, b) } else { self * a + b }
    }

    #[inline(always)]
    fn logistic<const FMA: bool>(self) -> f64 {
        1.0 / (1.0 + (-self).exp())
    }

    #[inline(always)]
    fn tangent<const FMA: bool>(self) -> f64 {
        self.tanh()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sys::{Kernel, Level, dispatch_at};
    use super::*;

    struct Activate<'a> {
        x: &'a [f32],
        sigmoid: &'a mut [f32],
        tanh: &'a mut [f32],
    }

    impl Kernel for Activate<'_> {
        type Output = ();
        #[inline(always)]
        fn run<const FMA: bool>(self) {
            for ((x, s), t) in self.x.iter().zip(self.sigmoid).zip(self.tanh) {
                *s = x.logistic::<FMA>();
                *t = x.tangent::<FMA>();
            }
        }
    }

    fn activate(level: Level, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut sigmoid, mut tanh) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        dispatch_at(
            level,
            Activate {
                x,
                sigmoid: &mut sigmoid,
                tanh: &mut tanh,
            },
        );
        (sigmoid, tanh)
    }

    /// Every 257th f32 of either sign up to 87: subnormals, the region around 0 and the saturated ends.
    #[test]
    fn relative_errors_stay_below_their_bounds() {
        let positive = (0..=87.0f32.to_bits()).step_by(257).map(f32::from_bits);
        let x: Vec<f32> = positive.flat_map(|x| [x, -x]).collect();
        for level in Level::available() {
            let (sigmoid, tanh) = activate(level, &x);
            let (mut worst_sigmoid, mut worst_tanh) = (0.0f64, 0.0f64);
            for ((x, s), t) in x.iter().zip(sigmoid).zip(tanh) {
                let x = f64::from(*x);
                let exact = 1.0 / (1.0 + (-x).exp());
                worst_sigmoid = worst_sigmoid.max((f64::from(s) / exact - 1.0).abs());
                // Below the smallest normal number the result has fewer digits.
                let exact = x.tanh();
                worst_tanh =
                    worst_tanh.max((f64::from(t) - exact).abs() / exact.abs().max(f64::from(f32::MIN_POSITIVE)));
            }
            println!("{level:?}: sigmoid {worst_sigmoid:.2e}, tanh {worst_tanh:.2e}");
            assert!(worst_sigmoid < ACTIVATION_ERROR, "{level:?}: {worst_sigmoid:e}");
            assert!(worst_tanh < ACTIVATION_ERROR, "{level:?}: {worst_tanh:e}");
        }
    }

    #[test]
    fn the_ends_saturate_and_nan_passes() {
        let x = [f32::NEG_INFINITY, -1e30, -200.0, 200.0, 1e30, f32::INFINITY, f32::NAN];
        for level in Level::available() {
            let (sigmoid, tanh) = activate(level, &x);
            assert!(sigmoid[..3].iter().all(|&s| (0.0..2e-38).contains(&s)), "{sigmoid:?}");
            assert_eq!(sigmoid[3..6], [1.0; 3]);
            assert_eq!(tanh[..6], [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
            assert!(sigmoid[6].is_nan() && tanh[6].is_nan());
        }
    }
}
