//! Which of two implementations is right where they disagree, by the manual: DDI 0419E is that of Armv6-M, DDI 0403E of
//! Armv7-M, DDI 0553B of Armv8-M.

use crate::vectors::{
    case::{Architecture, Case},
    outcome::{Ending, Outcome},
};

/// Why a vector is stored or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Both implementations agree.
    Agreed,
    /// The manual decides; the text names its section and who is wrong.
    Manual(&'static str),
    /// They do not agree, and nothing decides: the vector is left out.
    Open,
}

/// What a vector is stored as.
pub struct Judged {
    /// Why.
    pub kind: Kind,
    /// The outcome; none where the vector is left out.
    pub outcome: Option<Outcome>,
}

const NOT_V6: &str =
    "DDI 0419E A5.2.5, A5.2.6, A5.3: UNDEFINED on Armv6-M. rsemu, which runs as Armv7-M, knows the encoding";
const NOT_V6_BOTH: &str =
    "DDI 0419E A5.2.5, A5.2.6: UNDEFINED on Armv6-M. rsemu runs as Armv7-M, and Unicorn's Cortex-M0 executes it too";
const ALIGNED: &str = "DDI 0403E A3.2.1 (and the same list in DDI 0553B): a fault wherever the address is unaligned. Unicorn is wrong, it has no such check";
const TBH: &str = "DDI 0403E A3.2.1 and A7.7, TBB, TBH (MemU): an unaligned table is read. rsemu is wrong, it faults";
const ISB: &str =
    "DDI 0403E A7.3, ITAdvance(): ISB advances an IT block as any instruction. Unicorn is wrong, the block ends";
const FIXED: &str = "DDI 0403E A7.7, VCVT (floating-point, fixed-point): a signed result of 16 bits is sign-extended. rsemu is wrong, it puts zeros";
const HALF: &str = "DDI 0403E A2.5, FPSCR.AHP, and FPHalfToSingle(), FPSingleToHalf(): alternative half precision. rsemu is wrong, it has no AHP";
const SCALAR: &str = "DDI 0403E A7.7, VMOV (core register to scalar, scalar to core register): FPv4-SP has them. rsemu is wrong, UNDEFINED";
const NAN: &str = "DDI 0403E A2.5, FPSub(), FPProcessNaNs(): a NaN that is subtracted keeps its sign. rsemu is wrong, it negates and adds";
const FLUSHED: &str =
    "DDI 0403E A2.5, FPRound(): a result that is flushed to zero sets UFC and not IXC. rsemu is wrong, it sets IXC";
const SATURATED: &str = "DDI 0403E A2.5, FPToFixed(): a value out of range is an invalid operation, not inexact or an overflow. rsemu is wrong, it sets IXC and OFC too";
const NARROWED: &str = "DDI 0403E A2.5, FPSingleToHalf(), FPUnpack(): a subnormal operand is flushed first, so that zero is exact. rsemu is wrong, it sets UFC and IXC";
const UNPACKED: &str = "DDI 0403E A2.5, FPMulAdd(), FPUnpack(): every operand is flushed, and IDC set, before anything else. rsemu is wrong, it skips some";

const FZ: u32 = 1 << 24;
const AHP: u32 = 1 << 26;
const IOC: u32 = 1;
const OFC: u32 = 1 << 2;
const UFC: u32 = 1 << 3;
const IXC: u32 = 1 << 4;
const IDC: u32 = 1 << 7;

/// Compares two outcomes.
pub fn same(a: &Outcome, b: &Outcome) -> bool {
    a.ending == b.ending && a.ending != Ending::LeftOut && (a.ending != Ending::Done || a == b)
}

/// Whether two outcomes that completed differ in nothing but what `level` makes equal.
fn differ_only(rsemu: &Outcome, unicorn: &Outcome, level: impl FnOnce(&mut Outcome)) -> bool {
    let mut levelled = rsemu.clone();
    level(&mut levelled);
    rsemu.ending == Ending::Done && levelled == *unicorn
}

/// Whether two outcomes differ in that one has the lower half of a register where the other has it sign-extended; the flags may
/// differ as for a value out of range.
fn extends(rsemu: &Outcome, unicorn: &Outcome) -> bool {
    let extended = |(a, b): (&u32, &u32)| a == b || *a as i16 as u32 == *b;
    differ_only(rsemu, unicorn, |outcome| {
        (outcome.s, outcome.fpscr) = (unicorn.s, outcome.fpscr ^ (outcome.fpscr ^ unicorn.fpscr) & (IXC | OFC))
    }) && rsemu.s != unicorn.s
        && rsemu.s.iter().zip(&unicorn.s).all(extended)
}

/// Which text decides, and whether `rsemu` is the one that is right.
fn manual(case: &Case, rsemu: &Outcome, unicorn: &Outcome) -> Option<(&'static str, bool)> {
    let (name, flushes) = (case.template.name, case.fpscr & FZ != 0);
    let by_fpscr = |mask: u32| {
        differ_only(rsemu, unicorn, |outcome| {
            outcome.fpscr ^= (outcome.fpscr ^ unicorn.fpscr) & mask
        })
    };
    let by_s = || differ_only(rsemu, unicorn, |outcome| outcome.s = unicorn.s);
    let is = |start: &str| name.starts_with(start);
    if rsemu.ending == Ending::Unaligned && name == "tbh" {
        return Some((TBH, false));
    }
    let always = ["ldm", "stm", "ldrd", "strd", "vld", "vst", "lda", "stl"];
    if rsemu.ending == Ending::Unaligned && always.into_iter().any(is) {
        return Some((ALIGNED, true));
    }
    if name == "isb" && differ_only(rsemu, unicorn, |outcome| outcome.it = unicorn.it) && unicorn.it == 0 {
        return Some((ISB, true));
    }
    if name == "vcvt fixed" && extends(rsemu, unicorn) {
        return Some((FIXED, false));
    }
    if is("vcvtb") && case.fpscr & AHP != 0 && unicorn.ending == Ending::Done || name == "vmsr" && by_fpscr(AHP) {
        return Some((HALF, false));
    }
    if (name == "vmov to half of double" || name == "vmov from half of double") && rsemu.ending == Ending::Undefined {
        return Some((SCALAR, false));
    }
    if name == "vsub" && by_s() {
        return Some((NAN, false));
    }
    let raised = unicorn.fpscr & !case.fpscr;
    if name == "vcvt fixed" && by_fpscr(IXC | OFC) && raised & (IXC | OFC) == 0 && unicorn.fpscr & IOC != 0 {
        return Some((SATURATED, false));
    }
    if name == "vcvtb, vcvtt to half" && flushes && by_fpscr(IXC | UFC | IDC) && raised & (IXC | UFC) == 0 {
        return Some((NARROWED, false));
    }
    if is("v") && flushes && by_fpscr(IXC) && raised & IXC == 0 {
        return Some((FLUSHED, false));
    }
    let fused = is("vfma") || is("vfms") || is("vfnm");
    (fused && flushes && by_fpscr(IDC | IOC)).then_some((UNPACKED, false))
}

/// Decides.
pub fn judge(architecture: Architecture, case: &Case, rsemu: &Outcome, unicorn: &Outcome) -> Judged {
    let agreed = same(rsemu, unicorn);
    if architecture == Architecture::V6M && case.template.name.ends_with("v6-M") {
        let kind = match (rsemu.ending, unicorn.ending) {
            (Ending::Undefined, Ending::Undefined) => Kind::Agreed,
            (_, Ending::Undefined) => Kind::Manual(NOT_V6),
            _ => Kind::Manual(NOT_V6_BOTH),
        };
        return Judged {
            kind,
            outcome: Some(Outcome {
                ending: Ending::Undefined,
                ..unicorn.clone()
            }),
        };
    }
    if agreed {
        return Judged {
            kind: Kind::Agreed,
            outcome: Some(rsemu.clone()),
        };
    }
    match manual(case, rsemu, unicorn) {
        Some((text, true)) => Judged {
            kind: Kind::Manual(text),
            outcome: Some(rsemu.clone()),
        },
        Some((text, false)) => Judged {
            kind: Kind::Manual(text),
            outcome: Some(unicorn.clone()),
        },
        None => Judged {
            kind: Kind::Open,
            outcome: None,
        },
    }
}
