//! What becomes of a vector: how its instruction ends, and the state that it leaves.

use super::{case::Architecture, crc::Crc};

/// How an instruction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Ending {
    /// It completes; the state that it leaves is compared.
    Done = 0,
    /// UNDEFINED: UsageFault, UFSR.UNDEFINSTR.
    Undefined = 1,
    /// A coprocessor that is not there: UsageFault, UFSR.NOCP.
    NoCoprocessor = 2,
    /// An address that must be aligned and is not: UsageFault, UFSR.UNALIGNED.
    Unaligned = 3,
    /// Nothing answers at an address, or only to reads: BusFault, BFSR.PRECISERR.
    Bus = 4,
    /// The core goes on without the T bit: UsageFault, UFSR.INVSTATE, at the next instruction.
    InvalidState = 5,
    /// SVC.
    SupervisorCall = 6,
    /// BKPT.
    Breakpoint = 7,
    /// Not stored: no two implementations and no manual decide it.
    LeftOut = 15,
}

impl Ending {
    /// From the four bits that a file holds; none where no ending has them.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Done,
            1 => Self::Undefined,
            2 => Self::NoCoprocessor,
            3 => Self::Unaligned,
            4 => Self::Bus,
            5 => Self::InvalidState,
            6 => Self::SupervisorCall,
            7 => Self::Breakpoint,
            15 => Self::LeftOut,
            _ => return None,
        })
    }
}

/// The state that an instruction leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ends; of an instruction that does not complete, nothing else counts.
    pub ending: Ending,
    /// R0 to R14.
    pub r: [u32; 15],
    /// The next instruction.
    pub pc: u32,
    /// N, Z, C, V, Q in bits 31 to 27 and GE in bits 19 to 16, as APSR has them.
    pub apsr: u32,
    /// The state of an IT block, ITSTATE[7:0].
    pub it: u8,
    /// PRIMASK in bit 0, FAULTMASK in bit 1, BASEPRI in bits 15 to 8.
    pub masks: u32,
    /// The process stack pointer; the main one is R13.
    pub psp: u32,
    /// S0 to S31; all zero without a floating-point unit.
    pub s: [u32; 32],
    /// FPSCR; zero without a floating-point unit.
    pub fpscr: u32,
    /// Which bytes of the window differ from what it held: offset and new value, by offset.
    pub stored: Vec<(u16, u8)>,
}

impl Outcome {
    /// The digest that a file holds: the lower half of a CRC-32. 0 for an instruction that does not complete.
    #[must_use]
    pub fn digest(&self, architecture: Architecture) -> u16 {
        if self.ending != Ending::Done {
            return 0;
        }
        let mut crc = Crc::new();
        for word in self.r {
            crc.word(word);
        }
        for word in [self.pc, self.apsr, u32::from(self.it), self.masks, self.psp] {
            crc.word(word);
        }
        if architecture.has_fp() {
            for word in self.s {
                crc.word(word);
            }
            crc.word(self.fpscr);
        }
        for (offset, byte) in &self.stored {
            crc.bytes(&offset.to_le_bytes());
            crc.bytes(&[*byte]);
        }
        crc.value() as u16
    }
}
