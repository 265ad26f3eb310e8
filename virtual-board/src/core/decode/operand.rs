//! What instructions are made of: registers, shifts, sizes, operations, and those of the floating-point unit.

/// The number of a register.
pub type Reg = u8;

/// How a register is shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// To the left.
    Lsl,
    /// To the right, zeros enter.
    Lsr,
    /// To the right, the sign enters.
    Asr,
    /// Rotated to the right.
    Ror,
    /// Rotated to the right by one through the carry.
    Rrx,
}

/// Whether an instruction sets the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flags {
    /// It does not.
    Keep,
    /// It does.
    Set,
    /// It does outside of an IT block.
    OutsideIt,
}

/// An operation of data processing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alu {
    And,
    Bic,
    Orr,
    Orn,
    Eor,
    Add,
    Adc,
    Sbc,
    Sub,
    Rsb,
    Mvn,
    Tst,
    Teq,
    Cmn,
    Cmp,
}

/// What is taken of the second operand of SXTAB and its family, before it is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extend {
    Sxth,
    Uxth,
    Sxtb16,
    Uxtb16,
    Sxtb,
    Uxtb,
}

/// Which lanes a parallel addition adds or subtracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lanes {
    Add8,
    Add16,
    Asx,
    Sub8,
    Sub16,
    Sax,
}

/// What becomes of a sum that a lane does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneKind {
    /// It wraps, and GE says whether it was at least 0.
    Signed,
    /// It saturates.
    SignedSaturating,
    /// It is halved.
    SignedHalving,
    /// It wraps, and GE says whether there was a carry, or no borrow.
    Unsigned,
    /// It saturates.
    UnsignedSaturating,
    /// It is halved.
    UnsignedHalving,
}

/// An operation on the bits of one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    Rev,
    Rev16,
    Rbit,
    Revsh,
    Clz,
}

/// Which bits a bit-field instruction takes and how they are extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extract {
    /// SBFX.
    Signed,
    /// UBFX.
    Unsigned,
}

/// What a load or store moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 8 bits; a load fills up with zeros.
    Byte,
    /// 16 bits; a load fills up with zeros.
    Half,
    /// 32 bits.
    Word,
    /// 8 bits, loaded with their sign.
    SignedByte,
    /// 16 bits, loaded with their sign.
    SignedHalf,
}

/// What an instruction does about the monitor of exclusive accesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusive {
    /// Nothing: LDA and STL.
    No,
    /// It marks the address, or stores only where it is marked.
    Yes,
}

/// Whether the halfwords of a second factor change places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cross {
    /// They stay.
    No,
    /// They change places.
    Yes,
}

/// A barrier. Each instruction here has its effect before the next one begins, so that none of them does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barrier {
    Dsb,
    Dmb,
    Isb,
}

/// A multiplication or division with a result of 32 bits. `a` is what is added; 15 stands for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiply {
    /// MLA, and MUL without flags where nothing is added.
    Mla,
    /// MLS.
    Mls,
    /// SMLAxy and SMULxy: the upper halves where `n_top`, `m_top`.
    Halves {
        /// The upper half of the first factor.
        n_top: bool,
        /// The upper half of the second factor.
        m_top: bool,
    },
    /// SMLAWy and SMULWy.
    WordHalf {
        /// The upper half of the second factor.
        m_top: bool,
    },
    /// SMLAD and SMUAD.
    DualAdd(Cross),
    /// SMLSD and SMUSD.
    DualSubtract(Cross),
    /// SMMLA and SMMUL; rounded or not.
    MostSignificantAdd {
        /// To the nearest instead of down.
        round: bool,
    },
    /// SMMLS; rounded or not.
    MostSignificantSubtract {
        /// To the nearest instead of down.
        round: bool,
    },
    /// USADA8 and USAD8.
    AbsoluteDifferences,
    /// SDIV.
    SignedDivide,
    /// UDIV.
    UnsignedDivide,
}

/// A multiplication with a result of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Long {
    Smull,
    Umull,
    Smlal,
    Umlal,
    Umaal,
    SmlalHalves { n_top: bool, m_top: bool },
    Smlald(Cross),
    Smlsld(Cross),
}

/// How a floating-point value becomes an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties to even.
    NearestEven,
    /// Towards plus infinity.
    Up,
    /// Towards minus infinity.
    Down,
    /// Towards zero.
    Zero,
    /// To the nearest, ties away from zero.
    NearestAway,
    /// As FPSCR says.
    Current,
}

/// A floating-point operation on two or three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorOp {
    Vmla,
    Vmls,
    Vnmla,
    Vnmls,
    Vmul,
    Vnmul,
    Vadd,
    Vsub,
    Vdiv,
    Vfma,
    Vfms,
    Vfnma,
    Vfnms,
    Vmaxnm,
    Vminnm,
}

/// An instruction of the floating-point unit. `d`, `n`, `m`, `s` number single-precision registers, `t` a core register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Float {
    /// An encoding that the unit does not define.
    Undefined,
    Load {
        s: Reg,
        n: Reg,
        offset: i16,
        double: bool,
    },
    Store {
        s: Reg,
        n: Reg,
        offset: i16,
        double: bool,
    },
    LoadMultiple {
        s: Reg,
        n: Reg,
        words: u8,
        before: bool,
        writeback: bool,
    },
    StoreMultiple {
        s: Reg,
        n: Reg,
        words: u8,
        before: bool,
        writeback: bool,
    },
    ToCore {
        t: Reg,
        s: Reg,
    },
    FromCore {
        s: Reg,
        t: Reg,
    },
    PairToCore {
        t: Reg,
        t2: Reg,
        s: Reg,
    },
    PairFromCore {
        s: Reg,
        t: Reg,
        t2: Reg,
    },
    /// VMRS; `t` 15 copies the flags.
    ReadStatus {
        t: Reg,
    },
    WriteStatus {
        t: Reg,
    },
    /// VMOV of a constant: its upper 16 bits.
    Constant {
        d: Reg,
        upper: u16,
    },
    Arithmetic {
        op: VectorOp,
        d: Reg,
        n: Reg,
        m: Reg,
    },
    Move {
        d: Reg,
        m: Reg,
    },
    Absolute {
        d: Reg,
        m: Reg,
    },
    Negate {
        d: Reg,
        m: Reg,
    },
    SquareRoot {
        d: Reg,
        m: Reg,
    },
    Round {
        d: Reg,
        m: Reg,
        rounding: Rounding,
        exact: bool,
    },
    /// VCMP and VCMPE; with zero where `m` is 32.
    Compare {
        d: Reg,
        m: Reg,
        signalling: bool,
    },
    FromInteger {
        d: Reg,
        m: Reg,
        signed: bool,
    },
    ToInteger {
        d: Reg,
        m: Reg,
        signed: bool,
        rounding: Rounding,
    },
    FromFixed {
        d: Reg,
        signed: bool,
        wide: bool,
        fraction: u8,
    },
    ToFixed {
        d: Reg,
        signed: bool,
        wide: bool,
        fraction: u8,
    },
    /// VCVTB and VCVTT from half precision.
    FromHalf {
        d: Reg,
        m: Reg,
        top: bool,
    },
    /// VCVTB and VCVTT to half precision.
    ToHalf {
        d: Reg,
        m: Reg,
        top: bool,
    },
    Select {
        d: Reg,
        n: Reg,
        m: Reg,
        condition: u8,
    },
}
