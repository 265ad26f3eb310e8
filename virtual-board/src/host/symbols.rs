//! The symbols of an ELF file of 32 bits, read within bounds: a file may be anybody's, and its tables may lie.
//!
//! Names are borrowed from the file. One that is longer than [`LONGEST_NAME`] or no UTF-8 is left out; tables that name the same
//! bytes again and again are refused, so that time and memory are in proportion to the file.

use object::{
    Endianness, SectionIndex,
    elf::{FileHeader32, SHN_LORESERVE, SHN_UNDEF, SHT_SYMTAB, SectionHeader32, Sym32},
    read::elf::{FileHeader, SectionHeader, Sym},
};

/// The longest name that is read, in bytes.
pub const LONGEST_NAME: usize = 4096;
/// All names together are at most this many times as long as the file; linkers share few of them.
const MOST_NAMES: usize = 2;

/// A symbol that the file defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'e> {
    /// Its name.
    pub name: &'e str,
    /// Its value; a function's has bit 0 set, the mark of Thumb code.
    pub value: u32,
    /// The section that holds it, by its place in the file; none for an absolute value.
    section: Option<usize>,
}

/// The symbols of a file.
#[derive(Debug, Clone, Default)]
pub struct Symbols<'e> {
    symbols: Vec<Symbol<'e>>,
    sections: Vec<&'e str>,
}

/// Names out of tables of strings, up to a number of bytes in all.
struct Names {
    left: usize,
}

impl Names {
    /// The name at an offset of a table; none where there is no readable one.
    fn read<'e>(&mut self, table: &'e [u8], offset: u32) -> Result<Option<&'e str>, String> {
        let Some(rest) = table.get(offset as usize..) else {
            return Ok(None);
        };
        let end = rest.iter().take(LONGEST_NAME).position(|byte| *byte == 0);
        let looked_at = end.unwrap_or(rest.len().min(LONGEST_NAME));
        self.left = self
            .left
            .checked_sub(looked_at)
            .ok_or("damaged: the names of its symbols and sections lie over each other")?;
        let name = end.and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        Ok(name.filter(|name| !name.is_empty()))
    }
}

impl<'e> Symbols<'e> {
    /// Reads them; none where the file has no table of them.
    ///
    /// # Errors
    /// What is wrong: it is no ELF of 32 bits, or a table lies beyond the end of the file.
    pub fn read(elf: &'e [u8]) -> Result<Self, String> {
        let wrong = |error: object::Error| format!("no ELF of 32 bits that can be read: {error}");
        let header = FileHeader32::<Endianness>::parse(elf).map_err(wrong)?;
        let order = header.endian().map_err(wrong)?;
        let headers = header.section_headers(order, elf).map_err(wrong)?;
        let mut names = Names {
            left: elf.len().saturating_mul(MOST_NAMES),
        };
        let data = |header: &SectionHeader32<Endianness>| header.data(order, elf).map_err(wrong);
        let section = |index: u32| headers.get(index as usize);
        let named = match headers.is_empty() {
            true => None,
            false => section(header.shstrndx(order, elf).map_err(wrong)?),
        };
        let table = named.map(data).transpose()?.unwrap_or_default();
        let mut sections = Vec::with_capacity(headers.len());
        for header in headers {
            sections.push(names.read(table, header.sh_name(order))?.unwrap_or_default());
        }
        let mut symbols = Vec::new();
        if let Some(header) = headers.iter().find(|header| header.sh_type(order) == SHT_SYMTAB) {
            let strings = section(header.sh_link(order))
                .map(data)
                .transpose()?
                .unwrap_or_default();
            let entries: &[Sym32<Endianness>] = header.data_as_array(order, elf).map_err(wrong)?;
            for entry in entries {
                let place = entry.st_shndx(order);
                if place == SHN_UNDEF {
                    continue;
                }
                if let Some(name) = names.read(strings, entry.st_name(order))? {
                    symbols.push(Symbol {
                        name,
                        value: entry.st_value(order),
                        section: (place < SHN_LORESERVE).then_some(SectionIndex(place.into()).0),
                    });
                }
            }
        }
        Ok(Self { symbols, sections })
    }

    /// Every one, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Symbol<'e>> {
        self.symbols.iter()
    }

    /// The value of the first symbol of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<u32> {
        self.iter()
            .find(|symbol| symbol.name == name)
            .map(|symbol| symbol.value)
    }

    /// The names of the sections.
    #[must_use]
    pub fn sections(&self) -> &[&'e str] {
        &self.sections
    }

    /// The name of the section that holds a symbol.
    #[must_use]
    pub fn section_of(&self, symbol: &Symbol<'_>) -> Option<&'e str> {
        self.sections.get(symbol.section?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF with a table of symbols, each a name's offset and a value, over these strings. The name of section 1 is the string
    /// at offset 1; every symbol lies in it.
    fn elf(symbols: &[(u32, u32)], strings: &[u8]) -> Vec<u8> {
        let mut elf = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for half in [2u16, 40] {
            elf.extend(half.to_le_bytes());
        }
        for word in [1u32, 0, 0, 52, 0x0500_0000] {
            elf.extend(word.to_le_bytes());
        }
        // No program headers; three section headers, of which the last names the sections.
        for half in [52u16, 32, 0, 40, 3, 2] {
            elf.extend(half.to_le_bytes());
        }
        let table = 52 + 3 * 40;
        let length = symbols.len() as u32 * 16;
        let headers: [[u32; 10]; 3] = [
            [0; 10],
            [1, SHT_SYMTAB, 0, 0, table, length, 2, 0, 4, 16],
            [0, 3, 0, 0, table + length, strings.len() as u32, 0, 0, 1, 0],
        ];
        for word in headers.into_iter().flatten() {
            elf.extend(word.to_le_bytes());
        }
        for (name, value) in symbols {
            for word in [*name, *value, 0, 1 << 16] {
                elf.extend(word.to_le_bytes());
            }
        }
        elf.extend(strings);
        elf
    }

    #[test]
    fn a_symbol_has_a_name_a_value_and_a_section() {
        let elf = elf(&[(1, 7), (5, 9), (99, 3)], b"\0one\0two\0");
        let symbols = Symbols::read(&elf).unwrap();
        assert_eq!(symbols.value("two"), Some(9));
        assert_eq!(symbols.value("three"), None);
        let names: Vec<_> = symbols
            .iter()
            .map(|symbol| (symbol.name, symbols.section_of(symbol)))
            .collect();
        assert_eq!(names, [("one", Some("one")), ("two", Some("one"))]);
        assert_eq!(symbols.sections(), ["", "one", ""]);
    }

    #[test]
    fn names_that_lie_over_each_other_are_refused_before_they_take_memory() {
        let mut strings = vec![b'x'; 100_000];
        strings[0] = 0;
        let symbols: Vec<(u32, u32)> = (0..10_000).map(|at| (1 + at, at)).collect();
        for end in [false, true] {
            // Names without an end, and names that share one.
            if end {
                strings[4000] = 0;
            }
            let why = Symbols::read(&elf(&symbols, &strings)).unwrap_err();
            assert_eq!(
                why,
                "damaged: the names of its symbols and sections lie over each other"
            );
        }
    }

    #[test]
    fn tables_beyond_the_end_of_the_file_are_refused() {
        let whole = elf(&[(1, 7)], b"\0one\0");
        for length in 0..whole.len() {
            assert!(Symbols::read(&whole[..length]).is_err(), "{length}");
        }
    }
}
