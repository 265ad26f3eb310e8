//! What the tables of instructions do not show: sizes, gates, and that every encoding has an answer.

use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33};
use Instruction as I;

fn all(profile: &Profile, first: u16, second: u16) -> Instruction {
    decode(Isa::of(profile), first, second)
}

#[test]
fn an_instruction_fills_twelve_bytes() {
    assert_eq!(size_of::<Instruction>(), 12);
}

#[test]
fn every_narrow_encoding_of_armv6_is_the_same_on_armv8() {
    for first in (0..=u16::MAX).filter(|first| !is_wide(*first)) {
        let (v6, v8) = (all(&CORTEX_M0, first, 0), all(&CORTEX_M33, first, 0));
        let same = v6 == v8 || matches!(v6, I::Undefined | I::Unpredictable);
        assert!(same, "{first:04x}: {v6:?}, {v8:?}");
    }
}

#[test]
fn narrow_encodings_are_undefined_where_the_manual_says_so() {
    let undefined = |first: u16| match first >> 8 {
        0xb6 => !matches!(first >> 5 & 7, 3),
        0xb7 | 0xb8 => true,
        0xba => first >> 6 & 3 == 2,
        0xde => true,
        _ => false,
    };
    for first in (0..=u16::MAX).filter(|first| !is_wide(*first)) {
        let found = all(&CORTEX_M4F, first, 0) == I::Undefined;
        assert_eq!(found, undefined(first), "{first:04x}");
    }
}

#[test]
fn every_wide_instruction_of_a_smaller_core_is_the_same_on_a_larger_one() {
    let mut state = 0x5eed_u32;
    for round in 0..2_000_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let first = (state >> 16) as u16 | 0xe000;
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let second = (state >> 16) as u16;
        if !is_wide(first) {
            continue;
        }
        let found = [&CORTEX_M0, &CORTEX_M3, &CORTEX_M4F].map(|profile| all(profile, first, second));
        for pair in found.windows(2) {
            let gated = matches!(pair[0], I::Undefined | I::NoCoprocessor | I::Unpredictable);
            assert!(
                gated || pair[0] == pair[1],
                "{first:04x} {second:04x}: {found:?}, round {round} of seed 0x5eed"
            );
        }
    }
}

#[test]
fn what_dsp_adds_is_missing_without_it() {
    let dsp = [
        (0xfb21, 0x3002), // SMLAD
        (0xfb11, 0xf002), // SMULBB
        (0xfa91, 0xf042), // UADD16
        (0xfa81, 0xf082), // QADD
        (0xeac1, 0x0002), // PKHBT
        (0xfaa1, 0xf082), // SEL
        (0xfb51, 0xf002), // SMMUL
        (0xfbe1, 0x2063), // UMAAL
        (0xf321, 0x0007), // SSAT16
        (0xfa41, 0xf082), // SXTAB
        (0xfa2f, 0xf081), // SXTB16
        (0xfb71, 0xf002), // USAD8
    ];
    for (first, second) in dsp {
        assert_eq!(all(&CORTEX_M3, first, second), I::Undefined, "{first:04x} {second:04x}");
        assert_ne!(
            all(&CORTEX_M4F, first, second),
            I::Undefined,
            "{first:04x} {second:04x}"
        );
    }
    // SXTB.W, SMULL and SDIV are there.
    for (first, second) in [(0xfa4f, 0xf081), (0xfb80, 0x0102), (0xfb90, 0xf0f1)] {
        assert_ne!(all(&CORTEX_M3, first, second), I::Undefined, "{first:04x} {second:04x}");
    }
}
