//! Which board a firmware image is of, by the symbols that `docs/board-link.md` lists.

use crate::{Error, Machine, boards::BOARDS};
use board_link::symbols::{BOARD_PREFIX, UNWATCHED};
use std::path::Path;
use virtual_board::host::symbols::Symbols;

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The board of `firmware/boards` or the machine of QEMU that it was built for; a name that this version does not know
    /// has `_` for `-`.
    pub board: String,
    /// Whether it keeps the chip within a debugger's reach as it sleeps, so that its log can be read. Such an image takes more
    /// current than it would alone, where the chip's sleep shuts the debugger out.
    pub watched: bool,
}

impl Identity {
    /// Reads it from the symbols of an ELF.
    ///
    /// # Errors
    /// It is no ELF, or names no board, or several.
    pub fn of(elf: &[u8], path: &Path) -> Result<Self, Error> {
        let image = |why: String| Error::Image {
            path: path.to_owned(),
            why,
        };
        let symbols = Symbols::read(elf).map_err(image)?;
        let names: Vec<&str> = symbols.iter().map(|symbol| symbol.name).collect();
        let boards: Vec<&str> = names
            .iter()
            .filter_map(|name| name.strip_prefix(BOARD_PREFIX))
            .collect();
        let [board] = boards[..] else {
            return Err(image(match boards.is_empty() {
                true => format!("it does not say which board it is of: the ELF has no symbol {BOARD_PREFIX}..."),
                false => format!("it says that it is of several boards: {}", boards.join(", ")),
            }));
        };
        Ok(Self {
            board: spelled(board),
            watched: !names.contains(&UNWATCHED),
        })
    }

    /// Whether the image is of this board or machine.
    ///
    /// # Errors
    /// It is of another one; the message names both.
    pub fn expect(&self, board: &str, path: &Path) -> Result<(), Error> {
        match self.board == board {
            true => Ok(()),
            false => Err(Error::Image {
                path: path.to_owned(),
                why: format!("an image of {}, not of {board}", self.board),
            }),
        }
    }
}

/// The board's name as it is typed: a symbol has `_` for `-`.
fn spelled(symbol: &str) -> String {
    let boards = BOARDS.iter().map(|board| board.name);
    let machines = Machine::ALL.iter().map(|machine| machine.name());
    boards
        .chain(machines)
        .find(|name| name.replace('-', "_") == symbol)
        .unwrap_or(symbol)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_spelled_as_the_board_is_typed() {
        assert_eq!(spelled("nrf52840_dk"), "nrf52840-dk");
        assert_eq!(spelled("mps2_an386"), "mps2-an386");
        assert_eq!(spelled("my_board"), "my_board");
    }

    #[test]
    fn a_file_that_is_no_image_is_refused() {
        let path = Path::new("x.elf");
        assert!(matches!(Identity::of(b"no ELF", path), Err(Error::Image { .. })));
        // An ELF without symbols, of no board.
        let mut elf = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0".to_vec();
        elf.resize(52, 0);
        let error = Identity::of(&elf, path).unwrap_err().to_string();
        assert!(error.contains("x.elf: it does not say which board it is of"), "{error}");
        // The test's own program is an ELF of 64 bits.
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        {
            let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
            let error = Identity::of(&own, path).unwrap_err().to_string();
            assert!(error.contains("x.elf: no ELF of 32 bits"), "{error}");
        }
    }

    #[test]
    fn another_boards_image_is_refused_with_both_names() {
        let identity = Identity {
            board: "mps2-an386".into(),
            watched: true,
        };
        let path = Path::new("x.elf");
        assert!(identity.expect("mps2-an386", path).is_ok());
        let error = identity.expect("nrf52840-dk", path).unwrap_err().to_string();
        assert!(
            error.contains("x.elf: an image of mps2-an386, not of nrf52840-dk"),
            "{error}"
        );
    }
}
