//! Single precision against the host's arithmetic and against the definition of each direction of rounding.

use super::*;

const FZ: u32 = FLUSH_TO_ZERO;
const DN: u32 = DEFAULT_NAN_MODE;
const NEAREST: u32 = 0;
const UP: u32 = 1 << 22;
const DOWN: u32 = 2 << 22;
const ZERO: u32 = 3 << 22;

const ONE: u32 = 0x3f80_0000;
const TINIEST: u32 = 1;
const SMALLEST_NORMAL: u32 = 0x0080_0000;
const LARGEST: u32 = 0x7f7f_ffff;
const SIGNALLING: u32 = 0x7f80_0001;
const QUIET_PAYLOAD: u32 = 0x7fc1_2345;

/// A result and the flags that it sets.
fn with(control: u32, operation: impl FnOnce(&mut Unit<'_>) -> u32) -> (u32, u32) {
    let mut fpscr = control;
    let result = operation(&mut Unit(&mut fpscr));
    (result, fpscr & 0x9f)
}

/// Bit patterns with every exponent, and many near the ends. Seed 0x5eed.
struct Patterns(u64);

impl Patterns {
    fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    fn number(&mut self) -> u32 {
        let word = self.word();
        match self.word() % 8 {
            0 => word & 0x807f_ffff,
            1 => word & 0x80ff_ffff | 0x0080_0000,
            2 => word & 0x807f_0000 | 0x3f80_0000,
            3 => word & 0x83ff_ffff | 0x3c00_0000,
            4 => word & 0x80ff_ffff | 0x7e80_0000,
            5 => word & 0x8000_0000 | [0, INFINITY, LARGEST, TINIEST, SMALLEST_NORMAL, ONE][(word % 6) as usize],
            _ => word,
        }
    }
}

type Operation = fn(&mut Unit<'_>, u32, u32, u32) -> u32;
type Host = fn(f32, f32, f32) -> f32;

const OPERATIONS: [(&str, Operation, Host); 6] = [
    ("add", |u, a, b, _| u.add(a, b), |a, b, _| a + b),
    ("subtract", |u, a, b, _| u.subtract(a, b), |a, b, _| a - b),
    ("multiply", |u, a, b, _| u.multiply(a, b), |a, b, _| a * b),
    ("divide", |u, a, b, _| u.divide(a, b), |a, b, _| a / b),
    ("square root", |u, a, _, _| u.square_root(a), |a, _, _| a.sqrt()),
    ("fused", |u, a, b, c| u.fused(c, a, b), |a, b, c| a.mul_add(b, c)),
];

#[test]
fn to_the_nearest_results_are_the_hosts() {
    let mut patterns = Patterns(0x5eed);
    for round in 0..40_000 {
        let [a, b, c] = std::array::from_fn(|_| patterns.number());
        for (name, operation, host) in OPERATIONS {
            let (result, _) = with(NEAREST, |unit| operation(unit, a, b, c));
            let expected = host(f32::from_bits(a), f32::from_bits(b), f32::from_bits(c));
            if expected.is_nan() {
                assert!(is_nan(result) && !is_signalling(result), "{name} {a:x} {b:x} {c:x}");
            } else {
                assert_eq!(
                    result,
                    expected.to_bits(),
                    "{name} {a:x} {b:x} {c:x}, round {round} of seed 0x5eed"
                );
            }
        }
    }
}

#[test]
fn directions_enclose_the_exact_value() {
    let mut patterns = Patterns(0x5eed);
    for _ in 0..40_000 {
        let [a, b, c] = std::array::from_fn(|_| patterns.number());
        for (name, operation, _) in OPERATIONS {
            let by = |direction| with(direction, |unit| operation(unit, a, b, c));
            let [(nearest, flags), (up, _), (down, _), (zero, _)] = [NEAREST, UP, DOWN, ZERO].map(by);
            let what = format!("{name} {a:x} {b:x} {c:x}");
            let [low, high] = [down, up].map(f32::from_bits);
            if flags & INEXACT == 0 {
                assert_eq!((nearest, up, zero), (up, zero, up), "{what}: exact");
                assert!(down == up || is_zero(up), "{what}: exact");
                continue;
            }
            assert_eq!(low.next_up(), high, "{what}: neighbours");
            assert!(nearest == up || nearest == down, "{what}: nearest");
            let inwards = if low.is_sign_negative() { up } else { down };
            assert_eq!(zero, inwards, "{what}: towards zero");
        }
    }
}

/// A name, an operation, its operands, and its result with its flags.
type Case = (&'static str, Operation, [u32; 3], (u32, u32));

#[test]
fn flags_tell_what_happened() {
    let cases: [Case; 14] = [
        ("1 + 1", |u, a, b, _| u.add(a, b), [ONE, ONE, 0], (0x4000_0000, 0)),
        (
            "1 + tiniest",
            |u, a, b, _| u.add(a, b),
            [ONE, TINIEST, 0],
            (ONE, INEXACT),
        ),
        (
            "largest twice",
            |u, a, b, _| u.add(a, b),
            [LARGEST, LARGEST, 0],
            (INFINITY, OVERFLOW | INEXACT),
        ),
        (
            "inf - inf",
            |u, a, b, _| u.subtract(a, b),
            [INFINITY, INFINITY, 0],
            (DEFAULT_NAN, INVALID),
        ),
        (
            "0 * inf",
            |u, a, b, _| u.multiply(a, b),
            [0, INFINITY, 0],
            (DEFAULT_NAN, INVALID),
        ),
        (
            "1 / 0",
            |u, a, b, _| u.divide(a, b),
            [ONE, SIGN, 0],
            (INFINITY | SIGN, DIVISION_BY_ZERO),
        ),
        ("0 / 0", |u, a, b, _| u.divide(a, b), [0, 0, 0], (DEFAULT_NAN, INVALID)),
        ("inf / 0", |u, a, b, _| u.divide(a, b), [INFINITY, 0, 0], (INFINITY, 0)),
        (
            "root of -1",
            |u, a, _, _| u.square_root(a),
            [ONE | SIGN, 0, 0],
            (DEFAULT_NAN, INVALID),
        ),
        ("root of -0", |u, a, _, _| u.square_root(a), [SIGN, 0, 0], (SIGN, 0)),
        // A denormal result that is exact is no underflow.
        (
            "normal / 2",
            |u, a, b, _| u.divide(a, b),
            [SMALLEST_NORMAL, 0x4000_0000, 0],
            (0x0040_0000, 0),
        ),
        (
            "tiniest / 2",
            |u, a, b, _| u.divide(a, b),
            [TINIEST, 0x4000_0000, 0],
            (0, UNDERFLOW | INEXACT),
        ),
        // Tininess is found before rounding, though this rounds to a normal number.
        (
            "0x807fffff",
            |u, a, b, _| u.multiply(a, b),
            [0x00ff_ffff, 0x3f00_0000, 0],
            (SMALLEST_NORMAL, UNDERFLOW | INEXACT),
        ),
        (
            "0 * inf + quiet",
            |u, a, b, c| u.fused(c, a, b),
            [0, INFINITY, QUIET_PAYLOAD],
            (DEFAULT_NAN, INVALID),
        ),
    ];
    for (name, operation, [a, b, c], expected) in cases {
        assert_eq!(with(NEAREST, |unit| operation(unit, a, b, c)), expected, "{name}");
    }
}

#[test]
fn a_nan_is_handed_on_quietly() {
    let add = |control, a, b| with(control, |unit| unit.add(a, b));
    assert_eq!(add(0, SIGNALLING, ONE), (SIGNALLING | QUIET, INVALID));
    assert_eq!(add(0, QUIET_PAYLOAD, SIGNALLING), (SIGNALLING | QUIET, INVALID));
    assert_eq!(add(0, QUIET_PAYLOAD, 0x7fc0_0001), (QUIET_PAYLOAD, 0));
    assert_eq!(add(0, ONE, QUIET_PAYLOAD | SIGN), (QUIET_PAYLOAD | SIGN, 0));
    assert_eq!(add(DN, QUIET_PAYLOAD, ONE), (DEFAULT_NAN, 0));
    assert_eq!(add(DN, ONE, SIGNALLING), (DEFAULT_NAN, INVALID));
}

#[test]
fn flushing_takes_denormals_for_zero() {
    assert_eq!(with(FZ, |u| u.add(TINIEST | SIGN, SIGN)), (SIGN, INPUT_DENORMAL));
    assert_eq!(with(FZ, |u| u.add(TINIEST, ONE)), (ONE, INPUT_DENORMAL));
    assert_eq!(
        with(FZ, |u| u.multiply(SMALLEST_NORMAL, 0xbf00_0000)),
        (SIGN, UNDERFLOW)
    );
    assert_eq!(with(FZ, |u| u.compare(TINIEST, 0, false)), (0b0110, INPUT_DENORMAL));
    assert_eq!(with(0, |u| u.compare(TINIEST, 0, false)), (0b0010, 0));
}

#[test]
fn a_fused_sum_is_rounded_once() {
    // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, of which the product alone loses the last term.
    let x = 0x3f80_0800;
    let minus = 0xbf80_1000;
    assert_eq!(with(0, |u| u.fused(minus, x, x)), (0x3380_0000, 0));
    let product = with(0, |u| u.multiply(x, x));
    assert_eq!(product, (0x3f80_1000, INEXACT));
    assert_eq!(with(0, |u| u.add(product.0, minus)), (0, 0));
}

#[test]
fn opposite_numbers_add_to_a_zero_by_direction() {
    assert_eq!(with(NEAREST, |u| u.subtract(ONE, ONE)), (0, 0));
    assert_eq!(with(DOWN, |u| u.subtract(ONE, ONE)), (SIGN, 0));
    assert_eq!(with(DOWN, |u| u.add(SIGN, SIGN)), (SIGN, 0));
    assert_eq!(with(NEAREST, |u| u.add(0, SIGN)), (0, 0));
    assert_eq!(with(DOWN, |u| u.add(0, SIGN)), (SIGN, 0));
}

#[test]
fn integers_saturate() {
    let to = |x: f32, signed, rounding| with(0, |u| u.convert_to_fixed(x.to_bits(), (32, signed), 0, rounding));
    assert_eq!(to(2.5, true, Rounding::NearestEven), (2, INEXACT));
    assert_eq!(to(2.5, true, Rounding::NearestAway), (3, INEXACT));
    assert_eq!(to(-2.5, true, Rounding::Zero), ((-2i32) as u32, INEXACT));
    assert_eq!(to(-2.5, true, Rounding::Down), ((-3i32) as u32, INEXACT));
    assert_eq!(to(-2.5, true, Rounding::Up), ((-2i32) as u32, INEXACT));
    assert_eq!(to(3e9, true, Rounding::Zero), (0x7fff_ffff, INVALID));
    assert_eq!(to(-3e9, true, Rounding::Zero), (0x8000_0000, INVALID));
    assert_eq!(to(-2_147_483_648.0, true, Rounding::Zero), (0x8000_0000, 0));
    assert_eq!(to(-1.0, false, Rounding::Zero), (0, INVALID));
    assert_eq!(to(-0.5, false, Rounding::Zero), (0, INEXACT));
    assert_eq!(to(f32::INFINITY, false, Rounding::Zero), (u32::MAX, INVALID));
    assert_eq!(to(f32::NAN, true, Rounding::Zero), (0, INVALID));
}

#[test]
fn fixed_point_has_its_bits_behind_the_point() {
    assert_eq!(
        with(0, |u| u.convert_to_fixed(
            1.75f32.to_bits(),
            (16, true),
            2,
            Rounding::Zero
        )),
        (7, 0)
    );
    assert_eq!(
        with(0, |u| u.convert_to_fixed(
            40_000f32.to_bits(),
            (16, true),
            0,
            Rounding::Zero
        )),
        (0x7fff, INVALID)
    );
    assert_eq!(
        with(0, |u| u.convert_from_fixed(-7, 2, Rounding::NearestEven)),
        ((-1.75f32).to_bits(), 0)
    );
    assert_eq!(
        with(0, |u| u.convert_from_fixed(0x0100_0001, 0, Rounding::NearestEven)),
        (0x4b80_0000, INEXACT)
    );
    assert_eq!(
        with(UP, |u| u.convert_from_fixed(0x0100_0001, 0, Rounding::Current)),
        (0x4b80_0001, INEXACT)
    );
}

#[test]
fn extremes_prefer_numbers_and_know_the_sign_of_zero() {
    assert_eq!(with(0, |u| u.extreme(0, SIGN, false)), (0, 0));
    assert_eq!(with(0, |u| u.extreme(0, SIGN, true)), (SIGN, 0));
    assert_eq!(with(0, |u| u.extreme(DEFAULT_NAN, ONE, true)), (ONE, 0));
    assert_eq!(
        with(0, |u| u.extreme(SIGNALLING, ONE, true)),
        (SIGNALLING | QUIET, INVALID)
    );
    assert_eq!(with(0, |u| u.extreme(ONE, 0x4000_0000, false)), (0x4000_0000, 0));
    assert_eq!(with(0, |u| u.extreme(ONE, 0x4000_0000, true)), (ONE, 0));
}

#[test]
fn integral_values_keep_their_sign() {
    let round = |x: f32, rounding, exact| with(0, |u| u.round(x.to_bits(), rounding, exact));
    assert_eq!(round(-0.25, Rounding::Zero, false), (SIGN, 0));
    assert_eq!(round(0.5, Rounding::NearestEven, true), (0, INEXACT));
    assert_eq!(round(0.5, Rounding::NearestAway, false), (ONE, 0));
    assert_eq!(round(8_388_609.0, Rounding::Up, true), (8_388_609f32.to_bits(), 0));
}

#[test]
fn half_precision_goes_both_ways() {
    for half in 0..=u16::MAX {
        let (single, flags) = with(0, |u| u.convert_from_half(half));
        let nan = half & 0x7fff > 0x7c00;
        assert_eq!(flags, if nan && half & 0x200 == 0 { INVALID } else { 0 }, "{half:x}");
        let quiet = if nan { half | 0x200 } else { half };
        assert_eq!(
            with(0, |u| u.convert_to_half(single).into()),
            (u32::from(quiet), 0),
            "{half:x}"
        );
    }
    assert_eq!(
        with(0, |u| u.convert_to_half(65_520f32.to_bits()).into()),
        (0x7c00, OVERFLOW | INEXACT)
    );
    assert_eq!(
        with(0, |u| u.convert_to_half(65_519f32.to_bits()).into()),
        (0x7bff, INEXACT)
    );
    assert_eq!(with(0, |u| u.convert_to_half(TINIEST).into()), (0, UNDERFLOW | INEXACT));
    assert_eq!(
        with(ALTERNATIVE_HALF, |u| u.convert_to_half(INFINITY).into()),
        (0x7fff, INVALID)
    );
    assert_eq!(
        with(ALTERNATIVE_HALF, |u| u.convert_to_half(131_008f32.to_bits()).into()),
        (0x7fff, 0)
    );
    assert_eq!(
        with(ALTERNATIVE_HALF, |u| u.convert_from_half(0x7fff)),
        (131_008f32.to_bits(), 0)
    );
}
