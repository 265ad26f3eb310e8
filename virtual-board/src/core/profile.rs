//! Which core a chip has, and what that core can do.

/// The architecture of a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Architecture {
    /// Armv6-M (Arm DDI 0419).
    V6M,
    /// Armv7-M without the DSP extension (Arm DDI 0403).
    V7M,
    /// Armv7E-M: with the DSP extension (Arm DDI 0403).
    V7EM,
    /// Armv8-M with the Main Extension, one security state (Arm DDI 0553).
    V8M,
}

/// The floating-point unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fpu {
    /// There is none: its instructions are a UsageFault.
    None,
    /// FPv4, single precision.
    Fpv4Sp,
    /// FPv5, single precision: also VSEL, VMAXNM, VMINNM, VRINT and VCVT with a rounding mode.
    Fpv5Sp,
}

/// Whose timing table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Cortex-M0 with the fast multiplier (Arm DDI 0432C, 3.3).
    CortexM0,
    /// Cortex-M3 (Arm DDI 0337H, 3.3.1).
    CortexM3,
    /// Cortex-M4 (Arm DDI 0439B, 3.3.1 and 7.2.3).
    CortexM4,
    /// Cortex-M7: Arm publishes no table.
    CortexM7,
    /// Cortex-M33: Arm publishes no table.
    CortexM33,
}

/// What a core is and what its implementer chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Its name with what was chosen, such as "Cortex-M4F".
    pub name: &'static str,
    /// The architecture.
    pub architecture: Architecture,
    /// The DSP extension. It follows from the architecture but for Armv8-M.
    pub dsp: bool,
    /// The floating-point unit.
    pub fpu: Fpu,
    /// Regions of the memory protection unit; 0 where there is none.
    pub mpu_regions: u8,
    /// Bits of an exception's priority, the upper ones of its byte.
    pub priority_bits: u8,
    /// Interrupt lines.
    pub interrupts: u16,
    /// The address of the vector table after a reset, a multiple of 128.
    pub vector_table: u32,
    /// The table by which instructions take their time.
    pub timing: Timing,
}

impl Profile {
    /// Whether the core has the Main Extension: everything of Armv7-M.
    #[must_use]
    pub const fn is_main(&self) -> bool {
        !matches!(self.architecture, Architecture::V6M)
    }

    /// Whether the core is Armv8-M.
    #[must_use]
    pub const fn is_v8(&self) -> bool {
        matches!(self.architecture, Architecture::V8M)
    }

    /// Whether there is a floating-point unit.
    #[must_use]
    pub const fn has_fpu(&self) -> bool {
        !matches!(self.fpu, Fpu::None)
    }

    /// The same core with its vector table elsewhere after a reset.
    #[must_use]
    pub const fn with_vector_table(mut self, address: u32) -> Self {
        self.vector_table = address;
        self
    }

    /// The same core with another number of interrupt lines.
    #[must_use]
    pub const fn with_interrupts(mut self, lines: u16) -> Self {
        self.interrupts = lines;
        self
    }

    /// The same core with another number of bits for priorities.
    #[must_use]
    pub const fn with_priority_bits(mut self, bits: u8) -> Self {
        self.priority_bits = bits;
        self
    }
}

/// Cortex-M0, as in nRF51.
pub const CORTEX_M0: Profile = Profile {
    name: "Cortex-M0",
    architecture: Architecture::V6M,
    dsp: false,
    fpu: Fpu::None,
    mpu_regions: 0,
    priority_bits: 2,
    interrupts: 32,
    vector_table: 0,
    timing: Timing::CortexM0,
};

/// Cortex-M3.
pub const CORTEX_M3: Profile = Profile {
    name: "Cortex-M3",
    architecture: Architecture::V7M,
    dsp: false,
    fpu: Fpu::None,
    mpu_regions: 8,
    priority_bits: 3,
    interrupts: 64,
    vector_table: 0,
    timing: Timing::CortexM3,
};

/// Cortex-M4 with its floating-point unit.
pub const CORTEX_M4F: Profile = Profile {
    name: "Cortex-M4F",
    architecture: Architecture::V7EM,
    dsp: true,
    fpu: Fpu::Fpv4Sp,
    mpu_regions: 8,
    priority_bits: 3,
    interrupts: 64,
    vector_table: 0,
    timing: Timing::CortexM4,
};

/// Cortex-M7 with a floating-point unit of single precision.
pub const CORTEX_M7: Profile = Profile {
    name: "Cortex-M7",
    architecture: Architecture::V7EM,
    dsp: true,
    fpu: Fpu::Fpv5Sp,
    mpu_regions: 8,
    priority_bits: 3,
    interrupts: 64,
    vector_table: 0,
    timing: Timing::CortexM7,
};

/// Cortex-M33 with the DSP extension and its floating-point unit, one security state.
pub const CORTEX_M33: Profile = Profile {
    name: "Cortex-M33",
    architecture: Architecture::V8M,
    dsp: true,
    fpu: Fpu::Fpv5Sp,
    mpu_regions: 8,
    priority_bits: 3,
    interrupts: 128,
    vector_table: 0,
    timing: Timing::CortexM33,
};
