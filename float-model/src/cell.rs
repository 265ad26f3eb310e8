//! The four cells and how their gates are laid out.

use crate::by_name;
use std::{fmt, str::FromStr};

/// The recurrence of a cell without its skip gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Gates i, f, g, o; states h and c.
    Lstm,
    /// Gates r, z, n in PyTorch's reset-after form; state h.
    Gru,
}

impl Family {
    /// Gate rows per hidden unit: 4 (i, f, g, o) or 3 (r, z, n).
    pub const fn gates(self) -> usize {
        match self {
            Family::Lstm => 4,
            Family::Gru => 3,
        }
    }

    /// State values per hidden unit: 2 (h, c) or 1 (h).
    pub const fn states(self) -> usize {
        match self {
            Family::Lstm => 2,
            Family::Gru => 1,
        }
    }
}

/// A recurrent cell, with or without a skip gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// LSTM with a skip gate that reads the top layer's c.
    SkipLstm,
    /// GRU with a skip gate that reads the top layer's h.
    SkipGru,
    /// Plain LSTM: every sample is used.
    Lstm,
    /// Plain GRU: every sample is used.
    Gru,
}

impl Cell {
    /// All four, in the order in which tables list them.
    pub const ALL: [Cell; 4] = [Cell::SkipLstm, Cell::SkipGru, Cell::Lstm, Cell::Gru];

    /// LSTM or GRU.
    pub const fn family(self) -> Family {
        match self {
            Cell::SkipLstm | Cell::Lstm => Family::Lstm,
            Cell::SkipGru | Cell::Gru => Family::Gru,
        }
    }

    /// Whether the cell has a skip gate.
    pub const fn skips(self) -> bool {
        matches!(self, Cell::SkipLstm | Cell::SkipGru)
    }

    /// The cell with the same recurrence and no skip gate.
    pub const fn dense(self) -> Cell {
        match self.family() {
            Family::Lstm => Cell::Lstm,
            Family::Gru => Cell::Gru,
        }
    }

    /// The cell with the same recurrence and a skip gate.
    pub const fn skipping(self) -> Cell {
        match self.family() {
            Family::Lstm => Cell::SkipLstm,
            Family::Gru => Cell::SkipGru,
        }
    }

    /// The name used in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Cell::SkipLstm => "skip-lstm",
            Cell::SkipGru => "skip-gru",
            Cell::Lstm => "lstm",
            Cell::Gru => "gru",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Cell {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        by_name("cell", &Cell::ALL, Cell::name, s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for c in Cell::ALL {
            assert_eq!(c.name().parse::<Cell>().unwrap(), c);
        }
        assert!("rnn".parse::<Cell>().is_err());
    }
}
