//! SEGGER RTT: a log that the program leaves in RAM, in a ring buffer that the host empties, and the probe through which it does.
//!
//! The control block (SEGGER UM08001, "RTT Control Block") begins with 16 bytes that name it and two words with the numbers of
//! its channels; for each channel up follow six words: a name, the buffer, its size in bytes, the offset at which the program
//! writes next, the offset at which the host reads next, and flags. Nothing in it is trusted.

use super::symbols::Symbols;
use crate::memory::{Kind, Memory};

/// The symbol of the control block.
const SYMBOL: &str = "_SEGGER_RTT";
/// The name at the start of a control block.
const NAME: &[u8; 16] = b"SEGGER RTT\0\0\0\0\0\0";
/// More channels than this in one direction are garbage.
const MOST_CHANNELS: u32 = 255;

/// The number of channels up, as an offset from the control block in bytes.
const CHANNELS_UP: u32 = 16;
/// The number of channels down.
const CHANNELS_DOWN: u32 = 20;
/// Words of channel 0 up.
const BUFFER: u32 = 28;
const SIZE: u32 = 32;
const WRITE: u32 = 36;
const READ: u32 = 40;
const FLAGS: u32 = 44;

/// In the flags: what the program does where the buffer is full.
const MODE: u32 = 0b11;
/// It waits for the host.
const BLOCK_IF_FULL: u32 = 2;

/// Whether a debug probe is connected to the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Probe {
    /// It is, and probe-rs reads the log: the core's DHCSR.C_DEBUGEN is 1, and the program is asked to wait where the log's
    /// buffer is full.
    #[default]
    Attached,
    /// It is not: C_DEBUGEN is 0. The log is read all the same, as a test wants it, but the program keeps its own mode.
    Detached,
}

impl Probe {
    /// What DHCSR.C_DEBUGEN reads, for the core's debug registers.
    #[must_use]
    pub const fn debug_enabled(self) -> bool {
        matches!(self, Self::Attached)
    }
}

/// What is wrong with a control block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RttError {
    /// The file is no ELF image.
    #[error("the image is no ELF file")]
    Image,
    /// The image has no such symbol.
    #[error("the image has no symbol _SEGGER_RTT: it does not log over RTT")]
    NoSymbol,
    /// The control block does not lie in RAM.
    #[error("RTT: the control block at {0:#010x} does not lie in RAM")]
    Outside(u32),
    /// The block has a wrong number of channels.
    #[error("RTT: {up} channels up and {down} down: the control block is corrupt")]
    Channels {
        /// From the program to the host.
        up: u32,
        /// From the host to the program.
        down: u32,
    },
    /// The ring buffer does not lie in RAM.
    #[error("RTT: {size} bytes at {buffer:#010x} are no buffer: the control block is corrupt")]
    Buffer {
        /// Its first byte.
        buffer: u32,
        /// Its bytes.
        size: u32,
    },
    /// An offset lies behind the buffer's end.
    #[error("RTT: write offset {write} and read offset {read} in {size} bytes: the control block is corrupt")]
    Offsets {
        /// Where the program writes next.
        write: u32,
        /// Where the host reads next.
        read: u32,
        /// The buffer's bytes.
        size: u32,
    },
}

/// Channel 0 from the program to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtt {
    control: u32,
    probe: Probe,
    /// The read offset that this host left behind; none until it has seen a control block.
    left: Option<u32>,
}

/// The channel's ring buffer, checked.
struct Ring {
    buffer: u32,
    size: u32,
    write: u32,
    read: u32,
}

impl Rtt {
    /// The channel of a control block at this address, the symbol `_SEGGER_RTT` of an image, with a probe attached.
    #[must_use]
    pub const fn new(control: u32) -> Self {
        Self::through(Probe::Attached, control)
    }

    /// The channel of a control block at this address, with a probe or without.
    #[must_use]
    pub const fn through(probe: Probe, control: u32) -> Self {
        Self {
            control,
            probe,
            left: None,
        }
    }

    /// The address of the control block in an image, by its symbol.
    ///
    /// # Errors
    /// The bytes are no ELF file, or it has no such symbol.
    pub fn find(elf: &[u8]) -> Result<u32, RttError> {
        let symbols = Symbols::read(elf).map_err(|_| RttError::Image)?;
        symbols.value(SYMBOL).ok_or(RttError::NoSymbol)
    }

    /// The program is reset and sets the control block up anew.
    pub const fn reset(&mut self) {
        self.left = None;
    }

    /// Empties the buffer; no bytes where the program has not set the control block up yet, or has corrupted it.
    pub fn take(&mut self, memory: &mut Memory) -> Vec<u8> {
        self.poll(memory).unwrap_or_default()
    }

    /// Empties the buffer; no bytes where the program has not set the control block up yet.
    ///
    /// # Errors
    /// What stands in RAM is no sound control block. Nothing is changed then, and the next poll attaches anew.
    pub fn poll(&mut self, memory: &mut Memory) -> Result<Vec<u8>, RttError> {
        let attached = self.left.take();
        if memory.load::<16>(self.control).ok_or(RttError::Outside(self.control))? != *NAME {
            return Ok(Vec::new());
        }
        let ring = self.ring(memory)?;
        // A read offset that somebody else has moved means a program that has begun anew, as probe-rs takes it.
        if attached != Some(ring.read) {
            self.attach(memory)?;
        }
        let bytes = ring.bytes(memory)?;
        self.put(memory, READ, ring.write)?;
        self.left = Some(ring.write);
        Ok(bytes)
    }

    fn word(&self, memory: &Memory, offset: u32) -> Result<u32, RttError> {
        memory
            .word(self.control.wrapping_add(offset))
            .ok_or(RttError::Outside(self.control))
    }

    fn put(&self, memory: &mut Memory, offset: u32, value: u32) -> Result<(), RttError> {
        let stored = memory.store(self.control.wrapping_add(offset), value.to_le_bytes());
        stored.ok_or(RttError::Outside(self.control))
    }

    /// Reads and checks what the control block says.
    fn ring(&self, memory: &Memory) -> Result<Ring, RttError> {
        let (up, down) = (self.word(memory, CHANNELS_UP)?, self.word(memory, CHANNELS_DOWN)?);
        if up == 0 || up > MOST_CHANNELS || down > MOST_CHANNELS {
            return Err(RttError::Channels { up, down });
        }
        let (buffer, size) = (self.word(memory, BUFFER)?, self.word(memory, SIZE)?);
        let ram = memory.region(buffer).is_some_and(|region| region.kind == Kind::Ram);
        if size == 0 || !ram || memory.bytes(buffer, size as usize).is_none() {
            return Err(RttError::Buffer { buffer, size });
        }
        let (write, read) = (self.word(memory, WRITE)?, self.word(memory, READ)?);
        if write >= size || read >= size {
            return Err(RttError::Offsets { write, read, size });
        }
        Ok(Ring {
            buffer,
            size,
            write,
            read,
        })
    }

    /// Asks the program to wait where the buffer is full, if a probe is there.
    fn attach(&self, memory: &mut Memory) -> Result<(), RttError> {
        match self.probe {
            Probe::Attached => {
                let flags = self.word(memory, FLAGS)?;
                self.put(memory, FLAGS, flags & !MODE | BLOCK_IF_FULL)
            }
            Probe::Detached => Ok(()),
        }
    }
}

impl Ring {
    /// What was written and not read.
    fn bytes(&self, memory: &Memory) -> Result<Vec<u8>, RttError> {
        let (write, read) = (self.write as usize, self.read as usize);
        let ring = memory.bytes(self.buffer, self.size as usize);
        let bytes = ring.and_then(|ring| match read <= write {
            true => ring.get(read..write).map(<[u8]>::to_vec),
            false => Some([ring.get(read..)?, ring.get(..write)?].concat()),
        });
        bytes.ok_or(RttError::Buffer {
            buffer: self.buffer,
            size: self.size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Region;
    use proptest::prelude::*;

    const CONTROL: u32 = 0x2000_0000;
    const RING: u32 = 0x2000_0100;

    fn memory(write: u32, read: u32) -> Memory {
        let mut memory = Memory::new(vec![
            Region::flash("flash", 0, 0x1000),
            Region::ram("RAM", CONTROL, 0x1000),
        ]);
        memory.put(CONTROL, NAME);
        let words = [
            (CHANNELS_UP, 1),
            (BUFFER, RING),
            (SIZE, 8),
            (WRITE, write),
            (READ, read),
            (FLAGS, 0x11),
        ];
        for (offset, word) in words {
            memory.put(CONTROL + offset, &u32::to_le_bytes(word));
        }
        memory.put(RING, b"01234567");
        memory
    }

    fn set(memory: &mut Memory, offset: u32, word: u32) {
        memory.put(CONTROL + offset, &word.to_le_bytes()).unwrap();
    }

    #[test]
    fn what_was_written_is_read_once_also_round_the_end() {
        let mut rtt = Rtt::new(CONTROL);
        let mut memory = memory(5, 2);
        assert_eq!(rtt.poll(&mut memory), Ok(b"234".to_vec()));
        assert_eq!(rtt.poll(&mut memory), Ok(vec![]));
        set(&mut memory, WRITE, 1);
        assert_eq!(rtt.poll(&mut memory), Ok(b"5670".to_vec()));
        assert_eq!(memory.word(CONTROL + READ), Some(1));
    }

    #[test]
    fn an_attached_probe_makes_the_program_wait_and_a_detached_one_leaves_its_mode() {
        let mut attached = memory(0, 0);
        Rtt::new(CONTROL).take(&mut attached);
        assert_eq!(attached.word(CONTROL + FLAGS), Some(0x12));
        let mut alone = memory(3, 0);
        assert_eq!(Rtt::through(Probe::Detached, CONTROL).take(&mut alone), b"012");
        assert_eq!(alone.word(CONTROL + FLAGS), Some(0x11));
        assert!(Probe::Attached.debug_enabled() && !Probe::Detached.debug_enabled());
    }

    #[test]
    fn a_probe_attaches_anew_after_a_reset_that_it_was_not_told_of() {
        let mut rtt = Rtt::new(CONTROL);
        let mut memory = memory(5, 2);
        rtt.take(&mut memory);
        set(&mut memory, FLAGS, 1);
        rtt.take(&mut memory);
        assert_eq!(memory.word(CONTROL + FLAGS), Some(1), "it attaches once");
        for (offset, word) in [(WRITE, 2), (READ, 0)] {
            set(&mut memory, offset, word);
        }
        assert_eq!(rtt.take(&mut memory), b"01");
        assert_eq!(memory.word(CONTROL + FLAGS), Some(BLOCK_IF_FULL));
        set(&mut memory, FLAGS, 1);
        rtt.reset();
        rtt.take(&mut memory);
        assert_eq!(memory.word(CONTROL + FLAGS), Some(BLOCK_IF_FULL));
    }

    #[test]
    fn a_control_block_that_is_not_there_yet_says_nothing() {
        let mut memory = memory(5, 2);
        memory.put(CONTROL, &[0; 16]);
        assert_eq!(Rtt::new(CONTROL).poll(&mut memory), Ok(vec![]));
    }

    #[test]
    fn a_corrupt_control_block_is_named_and_left_alone() {
        let cases = [
            (CHANNELS_UP, 0, RttError::Channels { up: 0, down: 0 }),
            (CHANNELS_UP, 256, RttError::Channels { up: 256, down: 0 }),
            (CHANNELS_DOWN, 0xffff, RttError::Channels { up: 1, down: 0xffff }),
            (BUFFER, 0x100, RttError::Buffer { buffer: 0x100, size: 8 }),
            (
                BUFFER,
                0x2000_0ffc,
                RttError::Buffer {
                    buffer: 0x2000_0ffc,
                    size: 8,
                },
            ),
            (SIZE, 0, RttError::Buffer { buffer: RING, size: 0 }),
            (
                SIZE,
                u32::MAX,
                RttError::Buffer {
                    buffer: RING,
                    size: u32::MAX,
                },
            ),
            (
                WRITE,
                8,
                RttError::Offsets {
                    write: 8,
                    read: 2,
                    size: 8,
                },
            ),
            (
                READ,
                9,
                RttError::Offsets {
                    write: 5,
                    read: 9,
                    size: 8,
                },
            ),
        ];
        for (offset, word, error) in cases {
            let mut memory = memory(5, 2);
            set(&mut memory, offset, word);
            let before = memory.bytes(CONTROL, 0x200).map(<[u8]>::to_vec);
            assert_eq!(Rtt::new(CONTROL).poll(&mut memory), Err(error));
            assert_eq!(memory.bytes(CONTROL, 0x200).map(<[u8]>::to_vec), before);
        }
        for outside in [0x5000_0000, u32::MAX, 0x2000_0ff8] {
            assert_eq!(
                Rtt::new(outside).poll(&mut memory(5, 2)),
                Err(RttError::Outside(outside))
            );
        }
    }

    #[test]
    fn bytes_that_are_no_image_have_no_symbol() {
        assert_eq!(Rtt::find(b"nothing"), Err(RttError::Image));
        assert_eq!(Rtt::find(&[]), Err(RttError::Image));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

        #[test]
        fn garbage_is_never_a_reason_to_panic(words in prop::collection::vec(prop_oneof![0u32..600, CONTROL..CONTROL + 0x1000, any::<u32>()], 8), control in prop_oneof![Just(CONTROL), any::<u32>()]) {
            let mut memory = memory(5, 2);
            for (index, word) in words.iter().enumerate() {
                set(&mut memory, 16 + 4 * index as u32, *word);
            }
            let mut rtt = Rtt::new(control);
            for _ in 0..2 {
                if let Ok(bytes) = rtt.poll(&mut memory) {
                    prop_assert!(bytes.len() < 0x1000);
                }
            }
        }
    }
}
