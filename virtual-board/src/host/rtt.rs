//! SEGGER RTT: a log that the program leaves in RAM, in a ring buffer that the host empties.
//!
//! The control block (SEGGER, "Real Time Transfer", UM08001) begins with 16 bytes that name it, two words with the numbers of
//! its channels, and for each channel up six words: a name, the buffer, its size in bytes, the offset at which the program
//! writes next, the offset at which the host reads next, and flags.

use crate::memory::Memory;

/// The name at the start of a control block.
const NAME: &[u8; 16] = b"SEGGER RTT\0\0\0\0\0\0";
/// Words of the first channel up, as offsets from the control block in bytes.
const BUFFER: u32 = 28;
const SIZE: u32 = 32;
const WRITE: u32 = 36;
const READ: u32 = 40;
const FLAGS: u32 = 44;
/// The program waits where the buffer is full, in place of dropping what does not fit.
const BLOCK_IF_FULL: u32 = 2;

/// The first channel from the program to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtt {
    control: u32,
    attached: bool,
}

impl Rtt {
    /// The channel of a control block at this address, the symbol `_SEGGER_RTT` of an image.
    #[must_use]
    pub const fn new(control: u32) -> Self {
        Self {
            control,
            attached: false,
        }
    }

    /// The program is reset and sets the control block up anew.
    pub const fn reset(&mut self) {
        self.attached = false;
    }

    /// Empties the buffer; nothing where the program has not set it up. At first it asks the program to wait where the
    /// buffer is full, as a debugger does that wants every byte.
    pub fn take(&mut self, memory: &mut Memory) -> Vec<u8> {
        self.drain(memory).unwrap_or_default()
    }

    fn drain(&mut self, memory: &mut Memory) -> Option<Vec<u8>> {
        let word = |memory: &Memory, offset| memory.word(self.control.wrapping_add(offset));
        if memory.load::<16>(self.control)? != *NAME {
            return None;
        }
        let buffer = word(memory, BUFFER)?;
        let [size, write, read] = [SIZE, WRITE, READ].map(|offset| word(memory, offset));
        let (size, write, read) = (size? as usize, write? as usize, read? as usize);
        if write >= size || read >= size {
            return None;
        }
        if !self.attached {
            let flags = word(memory, FLAGS)? & !3 | BLOCK_IF_FULL;
            memory.put(self.control.wrapping_add(FLAGS), &flags.to_le_bytes())?;
            self.attached = true;
        }
        if write == read {
            return None;
        }
        let ring = memory.bytes(buffer, size)?;
        let bytes = match read < write {
            true => ring.get(read..write)?.to_vec(),
            false => [ring.get(read..)?, ring.get(..write)?].concat(),
        };
        memory.put(self.control.wrapping_add(READ), &(write as u32).to_le_bytes())?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Region;

    const CONTROL: u32 = 0x2000_0000;
    const RING: u32 = 0x2000_0100;

    fn memory(write: u32, read: u32) -> Memory {
        let mut memory = Memory::new(vec![Region::ram("RAM", CONTROL, 0x1000)]);
        memory.put(CONTROL, NAME);
        for (offset, word) in [(BUFFER, RING), (SIZE, 8), (WRITE, write), (READ, read), (FLAGS, 0)] {
            memory.put(CONTROL + offset, &word.to_le_bytes());
        }
        memory.put(RING, b"01234567");
        memory
    }

    #[test]
    fn what_was_written_is_read_once_also_round_the_end() {
        let mut rtt = Rtt::new(CONTROL);
        let mut memory = memory(5, 2);
        assert_eq!(rtt.take(&mut memory), b"234");
        assert_eq!(rtt.take(&mut memory), b"");
        memory.put(CONTROL + WRITE, &1u32.to_le_bytes());
        assert_eq!(rtt.take(&mut memory), b"5670");
        assert_eq!(memory.word(CONTROL + READ), Some(1));
    }

    #[test]
    fn the_program_is_asked_to_wait_once_after_each_reset() {
        let mut rtt = Rtt::new(CONTROL);
        let mut memory = memory(0, 0);
        rtt.take(&mut memory);
        assert_eq!(memory.word(CONTROL + FLAGS), Some(BLOCK_IF_FULL));
        memory.put(CONTROL + FLAGS, &[0]);
        rtt.take(&mut memory);
        assert_eq!(memory.word(CONTROL + FLAGS), Some(0));
        rtt.reset();
        rtt.take(&mut memory);
        assert_eq!(memory.word(CONTROL + FLAGS), Some(BLOCK_IF_FULL));
    }

    #[test]
    fn a_control_block_that_is_none_is_left_alone() {
        for (offset, word) in [
            (0, 0),
            (SIZE, 0),
            (WRITE, 8),
            (READ, 9),
            (BUFFER, 0x1000),
            (SIZE, u32::MAX),
        ] {
            let mut memory = memory(5, 2);
            memory.put(CONTROL + offset, &u32::to_le_bytes(word));
            assert_eq!(Rtt::new(CONTROL).take(&mut memory), b"", "word {word:#x} at {offset}");
        }
        assert_eq!(Rtt::new(0x5000_0000).take(&mut memory(5, 2)), b"");
        assert_eq!(Rtt::new(u32::MAX).take(&mut memory(5, 2)), b"");
    }
}
