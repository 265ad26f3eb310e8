//! The DSP extension: saturation, parallel sums, selections.

use super::{Core, Done, data::shifted, multiply::half};
use crate::core::decode::{LaneKind, Lanes, Reg, Shift};

/// The nearest number that this many bits hold.
const fn saturated(value: i64, bits: u8, signed: bool) -> i64 {
    let (lowest, highest) = if signed {
        (-1 << (bits - 1), (1 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    };
    if value < lowest {
        lowest
    } else if value > highest {
        highest
    } else {
        value
    }
}

impl Core {
    /// As [`saturated`]; Q is set where that changes the value.
    fn sticky_saturated(&mut self, value: i64, bits: u8, signed: bool) -> u32 {
        let result = saturated(value, bits, signed);
        if result != value {
            self.registers.saturated = true;
        }
        result as u32
    }

    pub(super) fn saturate(&mut self, d: Reg, n: Reg, bits: u8, (shift, amount): (Shift, u8), signed: bool) -> Done {
        let (value, _) = shifted(self.r(n), shift, amount.into(), false);
        let result = self.sticky_saturated(i64::from(value as i32), bits, signed);
        self.set(d, result)
    }

    pub(super) fn saturate_halves(&mut self, d: Reg, n: Reg, bits: u8, signed: bool) -> Done {
        let value = self.r(n);
        let low = self.sticky_saturated(half(value, false), bits, signed) & 0xffff;
        let high = self.sticky_saturated(half(value, true), bits, signed) << 16;
        self.set(d, high | low)
    }

    /// QADD, QSUB, QDADD and QDSUB: the first operand is `m`.
    pub(super) fn saturating_add(&mut self, d: Reg, n: Reg, m: Reg, double: bool, subtract: bool) -> Done {
        let first = i64::from(self.r(m) as i32);
        let mut second = i64::from(self.r(n) as i32);
        if double {
            second = i64::from(self.sticky_saturated(2 * second, 32, true) as i32);
        }
        let sum = if subtract { first - second } else { first + second };
        let result = self.sticky_saturated(sum, 32, true);
        self.set(d, result)
    }

    pub(super) fn parallel(&mut self, lanes: Lanes, kind: LaneKind, d: Reg, n: Reg, m: Reg) -> Done {
        let (result, greater_equal) = parallel(lanes, kind, self.r(n), self.r(m));
        if matches!(kind, LaneKind::Signed | LaneKind::Unsigned) {
            self.registers.greater_equal = greater_equal;
        }
        self.set(d, result)
    }

    /// SEL: each byte from `n` where GE has its bit, else from `m`.
    pub(super) fn select_bytes(&mut self, d: Reg, n: Reg, m: Reg) -> Done {
        let mask = (0..4).fold(0, |mask, byte| {
            let chosen = u32::from(self.registers.greater_equal >> byte & 1);
            mask | (chosen * 0xff) << (8 * byte)
        });
        self.set(d, self.r(n) & mask | self.r(m) & !mask)
    }

    /// PKHBT takes its lower half from `n`, PKHTB its upper half.
    pub(super) fn pack(&mut self, d: Reg, n: Reg, m: Reg, shift: Shift, amount: u8) -> Done {
        let (other, _) = shifted(self.r(m), shift, amount.into(), false);
        let mask = if shift == Shift::Asr { 0xffff_0000 } else { 0x0000_ffff };
        self.set(d, self.r(n) & mask | other & !mask)
    }
}

/// The parallel additions and subtractions: the result and GE.
fn parallel(lanes: Lanes, kind: LaneKind, n: u32, m: u32) -> (u32, u8) {
    let width: u8 = if matches!(lanes, Lanes::Add8 | Lanes::Sub8) {
        8
    } else {
        16
    };
    let unsigned = matches!(
        kind,
        LaneKind::Unsigned | LaneKind::UnsignedSaturating | LaneKind::UnsignedHalving
    );
    let mask = (1u32 << width) - 1;
    let m = if matches!(lanes, Lanes::Asx | Lanes::Sax) {
        m.rotate_right(16)
    } else {
        m
    };
    let (mut result, mut greater_equal) = (0, 0);
    for lane in 0..32 / width {
        let at = lane * width;
        let value = |x: u32| {
            let x = x >> at & mask;
            let sign = if unsigned { 0 } else { x >> (width - 1) << width };
            i64::from(x) - i64::from(sign)
        };
        let subtracts = match lanes {
            Lanes::Add8 | Lanes::Add16 => false,
            Lanes::Sub8 | Lanes::Sub16 => true,
            Lanes::Asx => lane == 0,
            Lanes::Sax => lane == 1,
        };
        let sum = if subtracts {
            value(n) - value(m)
        } else {
            value(n) + value(m)
        };
        let lane_result = match kind {
            LaneKind::Signed | LaneKind::Unsigned => sum,
            LaneKind::SignedSaturating => saturated(sum, width, true),
            LaneKind::UnsignedSaturating => saturated(sum, width, false),
            LaneKind::SignedHalving | LaneKind::UnsignedHalving => sum >> 1,
        };
        let threshold = if unsigned && !subtracts { 1 << width } else { 0 };
        if sum >= threshold {
            greater_equal |= (if width == 8 { 1 } else { 3 }) << (at / 8);
        }
        result |= (lane_result as u32 & mask) << at;
    }
    (result, greater_equal)
}
