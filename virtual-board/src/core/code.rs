//! Decoded instructions of flash, by address.

use super::decode::Instruction;

/// Entries that a table grows by.
const STEP: usize = 4096;

/// An instruction with its length and what it costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoded {
    pub instruction: Instruction,
    /// In bytes: 2 or 4, or 0 where nothing is decoded yet.
    pub length: u8,
    /// Cycles, at least.
    pub low: u8,
    /// Cycles, at most.
    pub high: u8,
    /// Words of memory that it begins: each costs the wait states of a fetch.
    pub words: u8,
}

impl Decoded {
    const NONE: Self = Self {
        instruction: Instruction::Nop,
        length: 0,
        low: 0,
        high: 0,
        words: 0,
    };
}

/// A table for each region of flash. One of them is the window, where an instruction is found by one comparison.
#[derive(Debug, Default)]
pub(super) struct Code {
    base: u32,
    window: Vec<Decoded>,
    others: Vec<(u32, Vec<Decoded>)>,
}

impl Code {
    /// The instruction at an address, if it lies in the window and is decoded.
    #[inline]
    pub(super) fn get(&self, at: u32) -> Option<Decoded> {
        let index = at.wrapping_sub(self.base) / 2;
        self.window
            .get(index as usize)
            .filter(|decoded| decoded.length != 0)
            .copied()
    }

    /// Makes the region with this base the window.
    pub(super) fn open(&mut self, base: u32) {
        if base == self.base && !self.window.is_empty() {
            return;
        }
        self.close();
        self.base = base;
        if let Some(at) = self.others.iter().position(|(other, _)| *other == base) {
            self.window = self.others.swap_remove(at).1;
        }
    }

    /// Puts an instruction into the window.
    pub(super) fn put(&mut self, at: u32, decoded: Decoded) {
        let index = (at.wrapping_sub(self.base) / 2) as usize;
        if index >= self.window.len() {
            self.window.resize((index / STEP + 1) * STEP, Decoded::NONE);
        }
        self.window[index] = decoded;
    }

    /// No region is the window; nothing that is decoded is lost.
    pub(super) fn close(&mut self) {
        if !self.window.is_empty() {
            self.others.push((self.base, std::mem::take(&mut self.window)));
        }
    }

    /// Flash has changed: everything is decoded anew.
    pub(super) fn clear(&mut self) {
        self.window.clear();
        self.others.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(length: u8) -> Decoded {
        Decoded {
            length,
            ..Decoded::NONE
        }
    }

    #[test]
    fn a_closed_window_keeps_what_is_decoded() {
        let mut code = Code::default();
        code.open(0x1000_0000);
        code.put(0x1000_2002, decoded(4));
        assert!(code.get(0x1000_2000).is_none());
        assert!(code.get(0x0fff_fffe).is_none());
        assert_eq!(code.get(0x1000_2002).map(|d| d.length), Some(4));
        code.open(0);
        assert!(code.get(0x1000_2002).is_none());
        code.open(0x1000_0000);
        assert_eq!(code.get(0x1000_2002).map(|d| d.length), Some(4));
        code.clear();
        assert!(code.get(0x1000_2002).is_none());
    }

    #[test]
    fn an_entry_fills_sixteen_bytes() {
        assert_eq!(size_of::<Decoded>(), 16);
    }
}
