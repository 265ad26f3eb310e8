//! What lies beyond a core's memory: the seam between the core and a chip's peripherals.

use crate::{memory::Memory, time::Time};

/// How many bytes an access has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Half,
    /// 32 bits.
    Word,
}

impl Width {
    /// Bytes: 1, 2 or 4.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
        }
    }
}

/// An access of the core that its own memory does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The first byte.
    pub address: u32,
    /// How many bytes.
    pub width: Width,
    /// When.
    pub now: Time,
    /// The instruction that makes it.
    pub pc: u32,
}

impl Access {
    /// It is a word at a multiple of 4, as registers are accessed.
    #[must_use]
    pub const fn is_whole_word(&self) -> bool {
        matches!(self.width, Width::Word) && self.address.is_multiple_of(4)
    }
}

/// Why an access has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nothing is there on the real chip: the program gets a bus fault.
    Fault,
    /// Something is there that no model knows, or not with this width or value: the run ends and names the address.
    Unknown,
}

/// Levels of the interrupt lines that go into the core's interrupt controller, line n as bit n % 64 of word n / 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lines(pub [u64; 4]);

impl Lines {
    /// Raises or lowers one line, below 256.
    pub fn set(&mut self, line: u16, high: bool) {
        let bit = 1 << (line % 64);
        if let Some(word) = self.0.get_mut(usize::from(line / 64)) {
            *word = if high { *word | bit } else { *word & !bit };
        }
    }
}

/// The peripherals of a chip, as the core's loads and stores reach them. Addresses from 0xe000_0000 to 0xe004_1fff
/// and from 0xe00f_f000 to 0xe00f_ffff are the core's own and never come here.
pub trait Bus {
    /// A load. The value stands in the lowest bits.
    ///
    /// # Errors
    /// Nothing answers there; [`Refused`] says what becomes of the run.
    fn read(&mut self, access: Access, memory: &mut Memory) -> Result<u32, Refused>;

    /// A store, of RAM that does not exist, of flash or of a peripheral. The value stands in the lowest bits.
    ///
    /// # Errors
    /// As for [`Bus::read`].
    fn write(&mut self, access: Access, value: u32, memory: &mut Memory) -> Result<(), Refused>;
}

impl<B: Bus + ?Sized> Bus for Box<B> {
    fn read(&mut self, access: Access, memory: &mut Memory) -> Result<u32, Refused> {
        (**self).read(access, memory)
    }

    fn write(&mut self, access: Access, value: u32, memory: &mut Memory) -> Result<(), Refused> {
        (**self).write(access, value, memory)
    }
}

/// A bus without peripherals.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBus;

impl Bus for NoBus {
    fn read(&mut self, _: Access, _: &mut Memory) -> Result<u32, Refused> {
        Err(Refused::Fault)
    }

    fn write(&mut self, _: Access, _: u32, _: &mut Memory) -> Result<(), Refused> {
        Err(Refused::Fault)
    }
}
