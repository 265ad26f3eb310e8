//! UICR, the settings that flash keeps (nRF52840 PS v1.8, 4.5), and the switch that opens the debug port (4.8.4, APPROTECT).

use super::registers::Answer;
use crate::bus::Refused;

/// Words of UICR's page.
const WORDS: usize = 0x400;

/// The settings. They take effect with the next reset, and every reset leaves them.
#[derive(Debug)]
pub(super) struct Uicr {
    words: Box<[u32; WORDS]>,
}

/// Whether the model knows a word: NRFFW, NRFHW, CUSTOMER, PSELRESET\[2\], APPROTECT, NFCPINS, DEBUGCTRL, REGOUT0.
const fn known(offset: u32) -> bool {
    matches!(offset, 0x014..=0x0fc | 0x200 | 0x204 | 0x208 | 0x20c | 0x210 | 0x304)
}

impl Uicr {
    /// Erased, as a chip without a program has it.
    pub(super) fn new() -> Self {
        Self {
            words: Box::new([u32::MAX; WORDS]),
        }
    }

    pub(super) fn erase(&mut self) {
        self.words.fill(u32::MAX);
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        if known(offset) {
            self.words.get(offset as usize / 4).copied().ok_or(Refused::Unknown)
        } else {
            Err(Refused::Unknown)
        }
    }

    /// Puts a word, as a probe does.
    pub(super) fn put(&mut self, offset: u32, value: u32) -> Answer<()> {
        let word = self
            .words
            .get_mut(offset as usize / 4)
            .filter(|_| known(offset))
            .ok_or(Refused::Unknown)?;
        *word = value;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_until_they_are_erased() {
        let mut uicr = Uicr::new();
        assert_eq!(uicr.put(0x200, 18), Ok(()));
        assert_eq!(uicr.read(0x200), Ok(18));
        uicr.erase();
        assert_eq!(uicr.read(0x200), Ok(u32::MAX));
        assert_eq!(uicr.read(0x300), Err(Refused::Unknown));
        assert_eq!(uicr.put(0x1000, 0), Err(Refused::Unknown));
    }
}
