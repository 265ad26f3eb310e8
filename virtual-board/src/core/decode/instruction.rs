//! What a decoded instruction is: small, so that a table of them stays in the host's caches.

use super::operand::{
    Alu, Barrier, Exclusive, Extend, Extract, Flags, Float, LaneKind, Lanes, Long, Multiply, Reg, Shift, Size, Swap,
};

/// What the architecture defines and no model of ours executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// SG, BXNS, BLXNS, TT, VLSTM, VLLDM: there is one security state.
    Security,
    /// MRS or MSR of a register that the core does not have, or with a value that no model follows.
    Special,
}

impl Gap {
    /// In words, for the message that ends a run.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Special => "a special register that this core does not have, or a value that no model follows",
            Self::Security => "an instruction of the security extension (SG, BXNS, BLXNS, TT, VLSTM, VLLDM)",
        }
    }
}

/// A decoded instruction. Offsets of branches and literals count from the address of the instruction plus 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instruction {
    /// A UsageFault, or a HardFault on Armv6-M.
    Undefined,
    /// The manual leaves open what happens: the run ends.
    Unpredictable,
    /// The manual says what happens and no model does it: the run ends.
    Unmodelled(Gap),
    /// A coprocessor that is not there.
    NoCoprocessor,
    Nop,

    /// MOV of a constant; `carry` where the flags take it from the constant.
    MoveImmediate {
        d: Reg,
        value: u32,
        flags: Flags,
        carry: Option<bool>,
    },
    Move {
        d: Reg,
        m: Reg,
    },
    MoveTop {
        d: Reg,
        value: u16,
    },
    AddImmediate {
        d: Reg,
        n: Reg,
        value: u32,
        flags: Flags,
    },
    SubImmediate {
        d: Reg,
        n: Reg,
        value: u32,
        flags: Flags,
    },
    Add {
        d: Reg,
        n: Reg,
        m: Reg,
        flags: Flags,
    },
    Sub {
        d: Reg,
        n: Reg,
        m: Reg,
        flags: Flags,
    },
    CompareImmediate {
        n: Reg,
        value: u32,
    },
    Compare {
        n: Reg,
        m: Reg,
    },
    /// ADR.
    Address {
        d: Reg,
        offset: i16,
    },
    AluImmediate {
        op: Alu,
        d: Reg,
        n: Reg,
        value: u32,
        flags: Flags,
        carry: Option<bool>,
    },
    AluRegister {
        op: Alu,
        d: Reg,
        n: Reg,
        m: Reg,
        shift: Shift,
        amount: u8,
        flags: Flags,
    },
    ShiftImmediate {
        shift: Shift,
        d: Reg,
        m: Reg,
        amount: u8,
        flags: Flags,
    },
    ShiftRegister {
        shift: Shift,
        d: Reg,
        n: Reg,
        m: Reg,
        flags: Flags,
    },

    /// MULS of 16 bits.
    Mul {
        d: Reg,
        n: Reg,
        m: Reg,
    },
    Multiply {
        op: Multiply,
        d: Reg,
        n: Reg,
        m: Reg,
        a: Reg,
    },
    MultiplyLong {
        op: Long,
        low: Reg,
        high: Reg,
        n: Reg,
        m: Reg,
    },

    /// SSAT and USAT to `bits` bits of a register that is shifted to the left, or arithmetically to the right.
    Saturate {
        d: Reg,
        n: Reg,
        bits: u8,
        shift: Shift,
        amount: u8,
        signed: bool,
    },
    Saturate16 {
        d: Reg,
        n: Reg,
        bits: u8,
        signed: bool,
    },
    SaturatingAdd {
        d: Reg,
        n: Reg,
        m: Reg,
        double: bool,
        subtract: bool,
    },
    Parallel {
        lanes: Lanes,
        kind: LaneKind,
        d: Reg,
        n: Reg,
        m: Reg,
    },
    SelectBytes {
        d: Reg,
        n: Reg,
        m: Reg,
    },
    /// PKHBT, or PKHTB where the shift is ASR.
    Pack {
        d: Reg,
        n: Reg,
        m: Reg,
        shift: Shift,
        amount: u8,
    },
    /// SXTAB and its family; `n` 15 adds nothing.
    Extend {
        kind: Extend,
        d: Reg,
        n: Reg,
        m: Reg,
        rotation: u8,
    },
    Swap {
        op: Swap,
        d: Reg,
        m: Reg,
    },
    Extract {
        kind: Extract,
        d: Reg,
        n: Reg,
        low: u8,
        width: u8,
    },
    /// BFI, or BFC where `n` is 15.
    Insert {
        d: Reg,
        n: Reg,
        low: u8,
        width: u8,
    },

    LoadWord {
        t: Reg,
        n: Reg,
        offset: i32,
    },
    StoreWord {
        t: Reg,
        n: Reg,
        offset: i32,
    },
    Load {
        size: Size,
        t: Reg,
        n: Reg,
        offset: i32,
    },
    Store {
        size: Size,
        t: Reg,
        n: Reg,
        offset: i32,
    },
    LoadLiteral {
        size: Size,
        t: Reg,
        offset: i32,
    },
    /// With writeback; `post` where the address is the old base.
    LoadIndexed {
        size: Size,
        t: Reg,
        n: Reg,
        offset: i16,
        post: bool,
    },
    StoreIndexed {
        size: Size,
        t: Reg,
        n: Reg,
        offset: i16,
        post: bool,
    },
    /// LDRT and its narrower forms.
    LoadUnprivileged {
        size: Size,
        t: Reg,
        n: Reg,
        offset: u8,
    },
    /// STRT and its narrower forms.
    StoreUnprivileged {
        size: Size,
        t: Reg,
        n: Reg,
        offset: u8,
    },
    LoadRegister {
        size: Size,
        t: Reg,
        n: Reg,
        m: Reg,
        shift: u8,
    },
    StoreRegister {
        size: Size,
        t: Reg,
        n: Reg,
        m: Reg,
        shift: u8,
    },
    LoadDual {
        t: Reg,
        t2: Reg,
        n: Reg,
        offset: i16,
        post: bool,
        writeback: bool,
    },
    StoreDual {
        t: Reg,
        t2: Reg,
        n: Reg,
        offset: i16,
        post: bool,
        writeback: bool,
    },
    LoadMultiple {
        n: Reg,
        list: u16,
        before: bool,
        writeback: bool,
    },
    StoreMultiple {
        n: Reg,
        list: u16,
        before: bool,
        writeback: bool,
    },
    LoadExclusive {
        size: Size,
        t: Reg,
        n: Reg,
        offset: u16,
    },
    StoreExclusive {
        size: Size,
        d: Reg,
        t: Reg,
        n: Reg,
        offset: u16,
    },
    LoadAcquire {
        size: Size,
        t: Reg,
        n: Reg,
        exclusive: Exclusive,
    },
    StoreRelease {
        size: Size,
        d: Reg,
        t: Reg,
        n: Reg,
        exclusive: Exclusive,
    },
    ClearExclusive,

    Branch {
        offset: i32,
    },
    BranchIf {
        condition: u8,
        offset: i32,
    },
    BranchLink {
        offset: i32,
    },
    BranchExchange {
        m: Reg,
    },
    BranchLinkExchange {
        m: Reg,
    },
    /// CBZ, or CBNZ.
    CompareBranch {
        n: Reg,
        offset: u8,
        nonzero: bool,
    },
    TableBranch {
        n: Reg,
        m: Reg,
        half: bool,
    },
    IfThen {
        state: u8,
    },

    WaitForInterrupt,
    WaitForEvent,
    SendEvent,
    Barrier(Barrier),
    SupervisorCall,
    Breakpoint {
        immediate: u8,
    },
    /// CPS: sets (`disable`) or clears PRIMASK and FAULTMASK.
    ChangeState {
        disable: bool,
        primask: bool,
        faultmask: bool,
    },
    ReadSpecial {
        d: Reg,
        register: u8,
    },
    WriteSpecial {
        n: Reg,
        register: u8,
        mask: u8,
    },

    Float(Float),
}
