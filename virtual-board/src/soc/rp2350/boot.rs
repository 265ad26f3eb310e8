//! What the boot ROM looks for in flash before it starts an image (RP2350 data sheet, 5.1 Bootrom concepts, 5.2 Processor-controlled
//! boot sequence and 5.9 Metadata block details).
//!
//! Modelled is the boot of an image that lies at the start of flash, is Secure, of the Arm cores, and has neither hash nor signature,
//! on a chip without partitions and without secure boot. The boot ROM takes no time here.

use super::FLASH_BASE;
use crate::memory::Memory;

/// How much of flash is searched for the first block.
const SEARCHED_BYTES: u32 = 4096;
/// A block begins and ends with these words.
const BEGIN: u32 = 0xffff_ded3;
const END: u32 = 0xab12_3579;
/// The most words of items in a block that defines an image (640 bytes with markers are the most of any block).
const ITEM_WORDS: u32 = 156;
/// The most blocks of a loop that are followed.
const BLOCKS: usize = 16;

/// Types of items.
const IMAGE_TYPE: u32 = 0x42;
const VECTOR_TABLE: u32 = 0x03;
const VERSION: u32 = 0x48;
const IGNORED: u32 = 0xfe;
const LAST: u32 = 0xff;
/// In the upper half of IMAGE_TYPE's word: what the image is, and what it has to be here: an executable, Secure, for Arm, of an
/// RP2350.
const IMAGE_KIND: u32 = 0xf73f;
const SECURE_ARM: u32 = 0x1021;

/// Why the boot ROM starts nothing, or starts it in a way that is not modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoBoot {
    /// No block begins in the first 4 KB of flash.
    #[error("the boot ROM finds no IMAGE_DEF block in the first 4 KB of flash, and starts no image")]
    NoBlock,
    /// A block is not whole, or its loop does not come back to it.
    #[error("the boot ROM takes no image: the block at {0:#010x} is damaged, or its loop does not close")]
    Damaged(u32),
    /// No block of the loop defines an image.
    #[error("the boot ROM takes no image: no block of its loop has an IMAGE_TYPE")]
    NoImage,
    /// The image is of another kind.
    #[error(
        "the image's IMAGE_TYPE is {0:#06x}: the model starts a Secure executable of the Arm cores of an RP2350 (0x1021) only"
    )]
    Kind(u32),
    /// The block asks for something that no model does.
    #[error("the image's block has an item of type {0:#04x}, which is not modelled")]
    Item(u32),
}

/// What a block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    image_type: Option<u32>,
    vector_table: Option<u32>,
    /// Where the next block of the loop is.
    next: u32,
}

fn word(memory: &Memory, address: u32) -> Option<u32> {
    memory.word(address).filter(|_| address >= FLASH_BASE)
}

/// Reads the block at an address.
fn block(memory: &Memory, at: u32) -> Result<Block, NoBoot> {
    let damaged = NoBoot::Damaged(at);
    let read = |index: u32| word(memory, at.wrapping_add(4 * index)).ok_or(damaged);
    if read(0)? != BEGIN {
        return Err(damaged);
    }
    let (mut image_type, mut vector_table, mut index) = (None, None, 1);
    loop {
        let head = read(index)?;
        // Bit 7 of the type says that the size has two bytes.
        let words = if head & 0x80 == 0 {
            head >> 8 & 0xff
        } else {
            head >> 8 & 0xffff
        };
        match head & 0xff {
            LAST if words == index - 1 => break,
            IMAGE_TYPE if words == 1 => image_type = Some(head >> 16),
            VECTOR_TABLE if words == 2 => vector_table = Some(read(index + 1)?),
            VERSION | IGNORED if words > 0 => {}
            LAST | IMAGE_TYPE | VECTOR_TABLE | VERSION | IGNORED => return Err(damaged),
            other => return Err(NoBoot::Item(other)),
        }
        index += words;
        if index > ITEM_WORDS {
            return Err(damaged);
        }
    }
    if read(index + 2)? != END {
        return Err(damaged);
    }
    Ok(Block {
        image_type,
        vector_table,
        next: at.wrapping_add(read(index + 1)?),
    })
}

/// The address of the vector table with which the boot ROM starts the image in flash.
///
/// # Errors
/// It would start none, or in a way that is not modelled.
pub fn vector_table(memory: &Memory) -> Result<u32, NoBoot> {
    let mut places = (FLASH_BASE..FLASH_BASE + SEARCHED_BYTES).step_by(4);
    let first = places
        .find(|at| word(memory, *at) == Some(BEGIN))
        .ok_or(NoBoot::NoBlock)?;
    let (mut at, mut image) = (first, None);
    for _ in 0..BLOCKS {
        let block = block(memory, at)?;
        if block.image_type.is_some() {
            image = Some(block);
        }
        at = block.next;
        if at == first {
            let block = image.ok_or(NoBoot::NoImage)?;
            let kind = block.image_type.unwrap_or_default();
            if kind & IMAGE_KIND != SECURE_ARM || kind & !IMAGE_KIND != 0 {
                return Err(NoBoot::Kind(kind));
            }
            return Ok(block.vector_table.unwrap_or(FLASH_BASE));
        }
    }
    Err(NoBoot::Damaged(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soc::rp2350;

    const SOUND: [u32; 5] = [BEGIN, 0x1021_0142, 0x0000_01ff, 0, END];

    /// Flash with words at an offset.
    fn flash(offset: u32, words: &[u32]) -> Memory {
        let mut memory = rp2350::memory();
        for (index, word) in (0..).zip(words) {
            memory
                .put(FLASH_BASE + offset + 4 * index, &word.to_le_bytes())
                .unwrap();
        }
        memory
    }

    #[test]
    fn an_image_with_its_block_starts_at_the_first_byte_of_flash() {
        assert_eq!(vector_table(&flash(0x114, &SOUND)), Ok(FLASH_BASE));
        assert_eq!(vector_table(&flash(0xfec, &SOUND)), Ok(FLASH_BASE));
    }

    #[test]
    fn a_block_can_say_where_the_vectors_are() {
        let block = [BEGIN, 0x1021_0142, 0x0203, 0x1000_0200, 0x03ff, 0, END];
        assert_eq!(vector_table(&flash(0x200, &block)), Ok(0x1000_0200));
    }

    #[test]
    fn an_image_without_a_block_in_the_first_4_kb_does_not_start() {
        assert_eq!(vector_table(&rp2350::memory()), Err(NoBoot::NoBlock));
        assert_eq!(vector_table(&flash(0x1000, &SOUND)), Err(NoBoot::NoBlock));
    }

    #[test]
    fn a_damaged_block_starts_nothing() {
        for (index, word) in [(2, 0x0000_02ff), (3, 0x10), (4, 0), (1, 0x1021_0042), (1, 0x1021_9942)] {
            let mut block = SOUND;
            block[index] = word;
            let answer = vector_table(&flash(0x114, &block));
            assert!(matches!(answer, Err(NoBoot::Damaged(_))), "{index}: {answer:?}");
        }
    }

    #[test]
    fn a_loop_of_two_blocks_is_followed() {
        let mut memory = flash(0x114, &[BEGIN, 0x0000_01fe, 0x0000_01ff, 0x2000, END]);
        assert_eq!(vector_table(&memory), Err(NoBoot::Damaged(0x1000_2114)));
        for (index, word) in (0..).zip([BEGIN, 0x1021_0142, 0x0000_01ff, 0x2000_u32.wrapping_neg(), END]) {
            memory
                .put(FLASH_BASE + 0x2114 + 4 * index, &word.to_le_bytes())
                .unwrap();
        }
        assert_eq!(vector_table(&memory), Ok(FLASH_BASE));
    }

    #[test]
    fn another_kind_of_image_is_named() {
        for kind in [0x1011, 0x1101, 0x0021, 0x9021, 0x1022] {
            let block = [BEGIN, kind << 16 | 0x0142, 0x0000_01ff, 0, END];
            assert_eq!(vector_table(&flash(0x114, &block)), Err(NoBoot::Kind(kind)));
        }
        let no_image = [BEGIN, 0x0000_01fe, 0x0000_01ff, 0, END];
        assert_eq!(vector_table(&flash(0x114, &no_image)), Err(NoBoot::NoImage));
        let signed = [BEGIN, 0x1021_0142, 0x0000_0109, 0x0000_02ff, 0, END];
        assert_eq!(vector_table(&flash(0x114, &signed)), Err(NoBoot::Item(0x09)));
    }
}
