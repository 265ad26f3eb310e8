//! Firmware images: ELF files with what goes into memory, where the program begins, and its symbols.

use super::symbols::Symbols;
use crate::memory::Memory;
use object::{
    Endianness,
    elf::{EM_ARM, ET_EXEC, FileHeader32, PT_LOAD},
    read::elf::{ElfFile32, FileHeader, ProgramHeader},
};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The longest file that is read, in bytes. Images with all their debugging information are far below it.
pub const LONGEST_FILE: u64 = 128 << 20;

/// Why an image cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// The file cannot be read.
    #[error("{path}: cannot be accessed")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// The file is no image of a Cortex-M.
    #[error("{path}: {why}")]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },

    /// The image does not fit the chip.
    #[error("{path}: {bytes} bytes for {address:#010x}: the chip has {regions}; the image is for another one")]
    NoMemory {
        /// The file.
        path: PathBuf,
        /// Where its bytes should go.
        address: u32,
        /// How many.
        bytes: usize,
        /// The chip's memory, as text.
        regions: String,
    },
}

/// Bytes of an image that go into memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The physical address of the first byte: where a loader puts it, such as the flash from which RAM is filled.
    pub address: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The bytes of an image's file, up to [`LONGEST_FILE`].
///
/// # Errors
/// The file cannot be read, or is longer.
pub fn bytes(path: &Path) -> Result<Vec<u8>, ElfError> {
    let io = |source| ElfError::Io {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(io)?;
    file.take(LONGEST_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    match bytes.len() as u64 > LONGEST_FILE {
        true => Err(ElfError::Image {
            path: path.to_owned(),
            why: format!("longer than {} MB, which no image is", LONGEST_FILE >> 20),
        }),
        false => Ok(bytes),
    }
}

/// A firmware image.
#[derive(Debug, Clone)]
pub struct Image {
    path: PathBuf,
    segments: Vec<Segment>,
    entry: u32,
    symbols: BTreeMap<String, u32>,
}

impl Image {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// The file cannot be read, or as [`Image::parse`].
    pub fn read(path: &Path) -> Result<Self, ElfError> {
        let elf = bytes(path)?;
        Self::parse(&elf, path)
    }

    /// Reads the bytes of an ELF file; `path` names it in errors.
    ///
    /// # Errors
    /// It is no executable ELF of 32 bits for Arm in little-endian order, is damaged, or loads nothing.
    pub fn parse(elf: &[u8], path: &Path) -> Result<Self, ElfError> {
        let wrong = |why: String| ElfError::Image {
            path: path.to_owned(),
            why,
        };
        let file = ElfFile32::<Endianness>::parse(elf)
            .map_err(|error| wrong(format!("no ELF of 32 bits that can be read: {error}")))?;
        let order = file.endian();
        if order != Endianness::Little {
            return Err(wrong(
                "an image in big-endian order; the cores run little-endian".into(),
            ));
        }
        let header = file.elf_header();
        for (what, value, expected) in [
            ("machine", header.e_machine(order), EM_ARM),
            ("type", header.e_type(order), ET_EXEC),
        ] {
            if value != expected {
                return Err(wrong(format!(
                    "no linked program for Arm: its {what} is {value}, not {expected}"
                )));
            }
        }
        let segments = segments(&file, elf).map_err(&wrong)?;
        if segments.is_empty() {
            return Err(wrong("no segment of it goes into memory".into()));
        }
        Ok(Self {
            path: path.to_owned(),
            segments,
            entry: header.e_entry(order),
            symbols: Symbols::read(elf)
                .map_err(wrong)?
                .iter()
                .map(|symbol| (symbol.name.to_owned(), symbol.value))
                .collect(),
        })
    }

    /// The file, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What goes into memory, in the file's order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The address at which the program begins, without the mark of Thumb code. A core begins where its vector table says.
    #[must_use]
    pub const fn entry(&self) -> u32 {
        self.entry & !1
    }

    /// The value of a symbol; a function's has bit 0 set, the mark of Thumb code.
    #[must_use]
    pub fn symbol(&self, name: &str) -> Option<u32> {
        self.symbols.get(name).copied()
    }

    /// Puts every segment into memory.
    ///
    /// # Errors
    /// The chip has no memory where a segment should go.
    pub fn load(&self, memory: &mut Memory) -> Result<(), ElfError> {
        for Segment { address, bytes } in &self.segments {
            if memory.put(*address, bytes).is_none() {
                return Err(ElfError::NoMemory {
                    path: self.path.clone(),
                    address: *address,
                    bytes: bytes.len(),
                    regions: describe(memory),
                });
            }
        }
        Ok(())
    }
}

/// What the file puts into memory.
fn segments(file: &ElfFile32<'_>, elf: &[u8]) -> Result<Vec<Segment>, String> {
    let order = file.endian();
    let mut segments: Vec<Segment> = Vec::new();
    // No two of them share bytes, so that all of them together are no longer than the file.
    let mut left = elf.len();
    for header in file.elf_program_headers() {
        let header: &<FileHeader32<Endianness> as FileHeader>::ProgramHeader = header;
        if header.p_type(order) != PT_LOAD || header.p_filesz(order) == 0 {
            continue;
        }
        let address = header.p_paddr(order);
        let bytes = header
            .data(order, elf)
            .map_err(|()| format!("damaged: the segment for {address:#010x} lies beyond the end of the file"))?;
        left = left
            .checked_sub(bytes.len())
            .ok_or_else(|| format!("damaged: the segment for {address:#010x} lies over another one in the file"))?;
        segments.push(Segment {
            address,
            bytes: bytes.to_vec(),
        });
    }
    let mut spans: Vec<(u64, u64)> = segments
        .iter()
        .map(|segment| {
            (
                segment.address.into(),
                u64::from(segment.address) + segment.bytes.len() as u64,
            )
        })
        .collect();
    spans.sort_unstable();
    match spans.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => Err(format!("damaged: two segments go to {:#010x}", pair[1].0)),
        None => Ok(segments),
    }
}

/// The regions of a chip in words.
fn describe(memory: &Memory) -> String {
    let regions: Vec<String> = memory
        .regions()
        .iter()
        .map(|region| {
            let last = region.base.wrapping_add(region.bytes.len().saturating_sub(1) as u32);
            format!("{} at {:#010x} to {last:#010x}", region.name, region.base)
        })
        .collect();
    regions.join(", ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::memory::Region;
    use proptest::prelude::*;

    /// An ELF with one segment of these bytes, whose virtual address is another one than the physical one.
    pub(crate) fn elf(address: u32, bytes: &[u8]) -> Vec<u8> {
        let mut elf = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for half in [ET_EXEC, EM_ARM] {
            elf.extend(half.to_le_bytes());
        }
        // Version, entry, program headers, section headers, flags.
        for word in [1, address | 1, 52, 0, 0x0500_0000] {
            elf.extend(u32::to_le_bytes(word));
        }
        // Sizes of header and program header, one of those; section headers: none.
        for half in [52u16, 32, 1, 40, 0, 0] {
            elf.extend(half.to_le_bytes());
        }
        let length = bytes.len() as u32;
        for word in [PT_LOAD, 84, address ^ 0x2000_0000, address, length, length, 5, 4] {
            elf.extend(word.to_le_bytes());
        }
        elf.extend(bytes);
        elf
    }

    fn parse(elf: &[u8]) -> Result<Image, String> {
        Image::parse(elf, Path::new("a.elf")).map_err(|error| error.to_string())
    }

    fn chip() -> Memory {
        Memory::new(vec![
            Region::flash("flash", 0, 0x1_0000),
            Region::ram("RAM", 0x2000_0000, 0x1000),
        ])
    }

    #[test]
    fn a_segment_goes_to_its_physical_address() {
        let image = parse(&elf(0x100, &[1, 2, 3])).unwrap();
        assert_eq!(image.entry(), 0x100);
        let mut memory = chip();
        image.load(&mut memory).unwrap();
        assert_eq!(memory.bytes(0x100, 4), Some(&[1, 2, 3, 0xff][..]));
    }

    #[test]
    fn what_is_wrong_is_named_with_the_file() {
        let whole = elf(0x100, &[1, 2, 3]);
        let with = |at: usize, byte: u8| {
            let mut elf = whole.clone();
            elf[at] = byte;
            parse(&elf).unwrap_err()
        };
        assert!(with(0, 0).starts_with("a.elf: no ELF of 32 bits"), "{}", with(0, 0));
        assert_eq!(
            with(18, 62),
            "a.elf: no linked program for Arm: its machine is 62, not 40"
        );
        assert_eq!(with(16, 1), "a.elf: no linked program for Arm: its type is 1, not 2");
        assert_eq!(
            parse(&whole[..whole.len() - 1]).unwrap_err(),
            "a.elf: damaged: the segment for 0x00000100 lies beyond the end of the file"
        );
        // A segment of another type than PT_LOAD.
        assert_eq!(with(52, 4), "a.elf: no segment of it goes into memory");
        let missing = Image::read(Path::new("/does/not/exist.elf")).unwrap_err().to_string();
        assert!(missing.starts_with("/does/not/exist.elf: "), "{missing}");
    }

    /// An ELF with these segments, each an address and the place of its bytes in the file.
    fn segmented(segments: &[(u32, u32, u32)], length: usize) -> Vec<u8> {
        let mut elf = elf(0, &[])[..52].to_vec();
        elf[44..46].copy_from_slice(&(segments.len() as u16).to_le_bytes());
        for (address, offset, bytes) in segments {
            for word in [PT_LOAD, *offset, *address, *address, *bytes, *bytes, 5, 4] {
                elf.extend(word.to_le_bytes());
            }
        }
        elf.resize(length.max(elf.len()), 0);
        elf
    }

    #[test]
    fn segments_that_lie_over_each_other_are_refused_before_they_take_memory() {
        // 60,000 segments, each of them nearly the whole file of 3 MB.
        let many: Vec<(u32, u32, u32)> = (0..60_000).map(|_| (0, 64, 3_000_000)).collect();
        let error = parse(&segmented(&many, 3_100_000)).unwrap_err();
        assert_eq!(
            error,
            "a.elf: damaged: the segment for 0x00000000 lies over another one in the file"
        );
        let error = parse(&segmented(&[(0x100, 200, 16), (0x10f, 216, 16)], 232)).unwrap_err();
        assert_eq!(error, "a.elf: damaged: two segments go to 0x0000010f");
        assert!(parse(&segmented(&[(0x100, 200, 16), (0x110, 216, 16)], 232)).is_ok());
        // The address space ends within it.
        let image = parse(&segmented(&[(0xffff_fff8, 200, 16)], 216)).unwrap();
        assert!(image.load(&mut chip()).is_err());
    }

    #[test]
    fn an_image_for_another_chip_is_refused_with_both_memories() {
        let image = parse(&elf(0x0800_0000, &[0; 16])).unwrap();
        assert_eq!(
            image.load(&mut chip()).unwrap_err().to_string(),
            "a.elf: 16 bytes for 0x08000000: the chip has flash at 0x00000000 to 0x0000ffff, RAM at 0x20000000 to \
             0x20000fff; the image is for another one"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_damage_makes_it_panic(at in 0usize..90, byte: u8, length in 0usize..90) {
            let mut elf = elf(0x100, &[1, 2, 3]);
            if let Some(old) = elf.get_mut(at) {
                *old = byte;
            }
            elf.truncate(length);
            if let Ok(image) = parse(&elf) {
                let _ = image.load(&mut chip());
            }
        }
    }
}
