//! The registers that instructions work on.

/// General registers, flags and floating-point registers of a core.
///
/// Flags are kept as words, since most instructions set them and few read them: N is bit 31 of `negative`, Z is set where
/// `zero` is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registers {
    /// R0 to R12, the stack pointer in use as R13, the link register as R14. R15 is what an instruction reads as PC.
    pub r: [u32; 16],
    /// The address of the next instruction.
    pub pc: u32,
    /// N is bit 31.
    pub negative: u32,
    /// Z is set where this is 0.
    pub zero: u32,
    /// C.
    pub carry: bool,
    /// V.
    pub overflow: bool,
    /// Q, sticky saturation.
    pub saturated: bool,
    /// GE, four bits.
    pub greater_equal: u8,
    /// The state of an IT block, as EPSR holds it: 0 outside of one.
    pub it: u8,
    /// EPSR.T. Where it is clear the next instruction is a UsageFault (INVSTATE): who clears it, sets `System::attention`.
    pub thumb: bool,
    /// The number of the exception that is handled; 0 in thread mode.
    pub ipsr: u16,
    /// The stack pointer that is not in use.
    pub other_sp: u32,
    /// The process stack pointer is in use: SPSEL in thread mode.
    pub psp_in_use: bool,
    /// PRIMASK.
    pub primask: bool,
    /// FAULTMASK.
    pub faultmask: bool,
    /// BASEPRI; 0 masks nothing.
    pub basepri: u8,
    /// CONTROL.nPRIV: thread mode is unprivileged.
    pub unprivileged: bool,
    /// CONTROL.FPCA: the floating-point registers are in use.
    pub fp_active: bool,
    /// MSPLIM and PSPLIM of an Armv8-M core; 0 elsewhere.
    pub sp_limits: [u32; 2],
    /// S0 to S31.
    pub s: [u32; 32],
    /// FPSCR.
    pub fpscr: u32,
    /// The address that an exclusive load has marked.
    pub exclusive: Option<u32>,
}

impl Registers {
    /// As a reset leaves them: what the architecture calls UNKNOWN is 0, and LR is all ones.
    #[must_use]
    pub const fn new() -> Self {
        let mut r = [0; 16];
        r[14] = u32::MAX;
        Self {
            r,
            pc: 0,
            negative: 0,
            zero: 1,
            carry: false,
            overflow: false,
            saturated: false,
            greater_equal: 0,
            it: 0,
            thumb: true,
            ipsr: 0,
            other_sp: 0,
            psp_in_use: false,
            primask: false,
            faultmask: false,
            basepri: 0,
            unprivileged: false,
            fp_active: false,
            sp_limits: [0; 2],
            s: [0; 32],
            fpscr: 0,
            exclusive: None,
        }
    }

    /// Whether a condition of four bits holds (Arm DDI 0403E, A7.3).
    #[must_use]
    #[inline]
    pub const fn passes(&self, condition: u8) -> bool {
        let (negative, zero) = (self.negative >> 31 != 0, self.zero == 0);
        let holds = match condition >> 1 {
            0 => zero,
            1 => self.carry,
            2 => negative,
            3 => self.overflow,
            4 => self.carry && !zero,
            5 => negative == self.overflow,
            6 => negative == self.overflow && !zero,
            _ => return true,
        };
        holds != (condition & 1 != 0)
    }

    /// Sets N and Z by a result.
    #[inline]
    pub const fn set_nz(&mut self, result: u32) {
        (self.negative, self.zero) = (result, result);
    }

    /// APSR: N, Z, C, V, Q and GE.
    #[must_use]
    pub const fn apsr(&self) -> u32 {
        self.nzcv() | (self.saturated as u32) << 27 | (self.greater_equal as u32) << 16
    }

    /// N, Z, C and V as bits 31 to 28.
    #[must_use]
    pub const fn nzcv(&self) -> u32 {
        self.negative & 1 << 31
            | ((self.zero == 0) as u32) << 30
            | (self.carry as u32) << 29
            | (self.overflow as u32) << 28
    }

    /// Sets N, Z, C and V from bits 31 to 28.
    pub const fn set_nzcv(&mut self, flags: u32) {
        self.negative = flags;
        self.zero = !flags & 1 << 30;
        self.carry = flags >> 29 & 1 != 0;
        self.overflow = flags >> 28 & 1 != 0;
    }
}

impl Default for Registers {
    fn default() -> Self {
        Self::new()
    }
}
