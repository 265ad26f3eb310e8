//! The scalars: f32 to train, f64 to check gradients; and their activations.

use super::vector::{LANES, Vector};
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

    /// 1 / self; in f32 for [1e-38, 1e38].
    fn reciprocal<const FMA: bool>(self) -> Self;

    /// Activates `N` vectors, each as `kinds` says.
    ///
    /// In f32 the relative error is below [`ACTIVATION_ERROR`]; below -87 the sigmoid stays at σ(-87) = 1.6e-38.
    fn activate<const FMA: bool, const N: usize>(x: [Vector<Self>; N], kinds: [Activation; N]) -> [Vector<Self>; N];
}

/// What [`Real::activate`] makes of a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// σ(x) = 1 / (1 + e^-x).
    Sigmoid,
    /// tanh(x).
    Tanh,
}

/// Bound on the relative error of [`Real::activate`] in f32, asserted on a dense grid at every level of instructions.
pub const ACTIVATION_ERROR: f64 = 2.5e-7;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f` of `N` values, one operation.
///
/// A function of several values is written as a row of these: the values then advance together, so that a processor
/// has `N` operations to work on where each alone would wait for the one before.
#[inline(always)]
fn each<const N: usize>(mut x: [f32; N], f: impl Fn(usize, f32) -> f32) -> [f32; N] {
    for (n, x) in x.iter_mut().enumerate() {
        *x = f(n, *x);
    }
    x
}

/// e^x - 1 for |x| <= 87, with a small relative error also around 0.
///
/// x = n·ln 2 + r with |r| <= ln 2 / 2; e^r - 1 is its series up to r^7 (the next term is below 1.6e-8 of the sum);
/// e^x - 1 = 2^n·(e^r - 1) + (2^n - 1).
#[inline(always)]
fn expm1<const FMA: bool, const N: usize>(x: [f32; N]) -> [f32; N] {
    // Adding 1.5·2^23 leaves the nearest integer in the low bits of the significand.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts; the first has 9 trailing zero bits, so that n times it is exact without a fused multiply-add.
    const LN_2_HIGH: f32 = 0.693_145_75;
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    let shifted = each(x, |_, x| x.madd::<FMA>(std::f32::consts::LOG2_E, ROUND));
    let count = each(shifted, |_, s| s - ROUND);
    let power = each(shifted, |_, s| {
        f32::from_bits((s.to_bits() << 23).wrapping_add(0x3f80_0000))
    });
    let r = each(count, |n, c| c.madd::<FMA>(-LN_2_HIGH, x[n]));
    let r = each(count, |n, c| c.madd::<FMA>(-LN_2_LOW, r[n]));
    let p = each(r, |_, r| r.madd::<FMA>(1.0 / 5040.0, 1.0 / 720.0));
    let p = each(p, |n, p| p.madd::<FMA>(r[n], 1.0 / 120.0));
    let p = each(p, |n, p| p.madd::<FMA>(r[n], 1.0 / 24.0));
    let p = each(p, |n, p| p.madd::<FMA>(r[n], 1.0 / 6.0));
    let p = each(p, |n, p| p.madd::<FMA>(r[n], 0.5));
    let p = each(p, |n, p| p * r[n]);
    let p = each(p, |n, p| p.madd::<FMA>(r[n], r[n]));
    each(p, |n, p| p.madd::<FMA>(power[n], power[n] - 1.0))
}

/// 1 / x for x in [1e-38, 1e38].
///
/// With a fused multiply-add it takes half the time of a division of vectors: the exponent changed by integer
/// arithmetic gives y with |1 - x·y| < 0.13, and each step y·(1 + e + e²), e = 1 - x·y, cubes that.
#[inline(always)]
fn reciprocals<const FMA: bool, const N: usize>(x: [f32; N]) -> [f32; N] {
    if !FMA {
        return each(x, |_, x| 1.0 / x);
    }
    let mut y = each(x, |_, x| f32::from_bits(0x7ef3_11c7_u32.wrapping_sub(x.to_bits())));
    for _ in 0..2 {
        let e = each(x, |n, x| (-x).madd::<FMA>(y[n], 1.0));
        let e = each(e, |_, e| e.madd::<FMA>(e, e));
        y = each(e, |n, e| e.madd::<FMA>(y[n], y[n]));
    }
    y
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
    fn reciprocal<const FMA: bool>(self) -> f32 {
        let [y] = reciprocals::<FMA, 1>([self]);
        y
    }

    /// With e = e^-x - 1, σ(x) = 1 / (2 + e); with e = e^2x - 1, tanh x = e / (2 + e). At |x| = 10 tanh is 1 in f32.
    #[inline(always)]
    fn activate<const FMA: bool, const N: usize>(x: [Vector<f32>; N], kinds: [Activation; N]) -> [Vector<f32>; N] {
        let mut y = x;
        for l in 0..LANES {
            let x = std::array::from_fn(|n| x[n][l]);
            let argument = each(x, |n, x| match kinds[n] {
                // Limited before the change of sign, which then is part of the operations that follow.
                Activation::Sigmoid => -limit(x, 87.0),
                Activation::Tanh => limit(2.0 * x, 20.0),
            });
            let e = expm1::<FMA, N>(argument);
            let r = reciprocals::<FMA, N>(each(e, |_, e| 2.0 + e));
            for n in 0..N {
                y[n][l] = match kinds[n] {
                    Activation::Sigmoid => r[n],
                    Activation::Tanh => e[n] * r[n],
                };
            }
        }
        y
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
    fn reciprocal<const FMA: bool>(self) -> f64 {
        1.0 / self
    }

    #[inline(always)]
    fn activate<const FMA: bool, const N: usize>(x: [Vector<f64>; N], kinds: [Activation; N]) -> [Vector<f64>; N] {
        std::array::from_fn(|n| match kinds[n] {
            Activation::Sigmoid => x[n].map(|x| 1.0 / (1.0 + (-x).exp())),
            Activation::Tanh => x[n].map(f64::tanh),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sys::{Kernel, Level, dispatch_at};
    use super::super::vector::{vectors, vectors_mut};
    use super::*;

    struct Activate<'a> {
        x: &'a [f32],
        sigmoid: &'a mut [f32],
        tanh: &'a mut [f32],
    }

    impl Kernel for Activate<'_> {
        type Output = ();
        #[inline(always)]
        fn run<const FMA: bool, const WIDE: bool>(self) {
            let results = vectors_mut(self.sigmoid).iter_mut().zip(vectors_mut(self.tanh));
            for (x, (sigmoid, tanh)) in vectors(self.x).iter().zip(results) {
                [*sigmoid, *tanh] = f32::activate::<FMA, 2>([*x; 2], [Activation::Sigmoid, Activation::Tanh]);
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
        let mut x: Vec<f32> = positive.flat_map(|x| [x, -x]).collect();
        x.resize(x.len().next_multiple_of(LANES), 0.0);
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
        let mut x = [0.0; LANES];
        x[..7].copy_from_slice(&[f32::NEG_INFINITY, -1e30, -200.0, 200.0, 1e30, f32::INFINITY, f32::NAN]);
        for level in Level::available() {
            let (sigmoid, tanh) = activate(level, &x);
            assert!(sigmoid[..3].iter().all(|&s| (0.0..2e-38).contains(&s)), "{sigmoid:?}");
            assert_eq!(sigmoid[3..6], [1.0; 3]);
            assert_eq!(tanh[..6], [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
            assert!(sigmoid[6].is_nan() && tanh[6].is_nan());
        }
    }
}
