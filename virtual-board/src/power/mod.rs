//! Where the charge of a run goes: chips and parts tell their power states by events, figures make currents of them, and a ledger
//! sums them.
//!
//! Currents are whole picoamperes and instants whole picoseconds, so that a sum is exact and the same in every run. The figures are
//! not of this crate: whoever runs a board brings them, with their sources.

mod figures;
mod ledger;

pub use figures::{Figure, Figures, PowerPins};
pub use ledger::{Account, Balance, Charge, Ledger, Mark, Markers, Step, Trace};

/// What a load has to do with the core and its buses: by this the ledger finds the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The core itself, in the state that the chip is in.
    Core,
    /// A clock, a regulator or memory that is kept: booked where the core is booked at the moment.
    Standing,
    /// A controller of a bus; the bus works while the load draws.
    Bus,
    /// Current through pull-up or pull-down resistors.
    Pull,
    /// A light.
    Led,
    /// Everything else.
    Rest,
}

/// A state of something that draws current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// What draws, as the chip's manual names it, such as "LFCLK".
    pub consumer: &'static str,
    /// Its state, such as "LFXO".
    pub state: &'static str,
    /// How many times the figure of the state is drawn: megahertz of a clock, blocks of memory. With 0 nothing is drawn.
    pub units: u32,
    /// What it has to do with the core.
    pub role: Role,
}

/// Something whose power states can be told: every state that it has now, each consumer once, always the same consumers in the same
/// order.
pub trait Loads {
    /// The states. One that draws nothing has 0 units.
    fn loads(&self) -> Vec<Load>;
}

/// Tells the changes of states between two looks.
#[derive(Debug, Clone, Default)]
pub struct Told(Vec<Load>);

impl Told {
    /// Nothing was told yet: what draws has done so since power-on.
    #[must_use]
    pub const fn nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// The states that are others than at the last call; at the first call all of them.
    pub fn changes(&mut self, loads: Vec<Load>) -> Vec<Load> {
        let before = std::mem::replace(&mut self.0, loads);
        let new = self.0.iter().enumerate();
        new.filter(|(index, load)| before.get(*index) != Some(load))
            .map(|(_, load)| *load)
            .collect()
    }
}

/// What a part on a bus draws from its supply, in nanoamperes: low, typical, high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartPower {
    /// It measures, or is about to.
    pub on: bool,
    /// Until then it starts: what it delivers before is not valid. Has no meaning while it is off.
    pub settled: crate::time::Time,
    /// Its own current.
    pub own_na: (u32, u32, u32),
    /// Through resistors inside the part that work against a level.
    pub pulls_na: (u32, u32, u32),
}

impl PartPower {
    /// The sum of both.
    #[must_use]
    pub const fn total_na(&self) -> (u32, u32, u32) {
        let ((low, mid, high), (a, b, c)) = (self.own_na, self.pulls_na);
        (low + a, mid + b, high + c)
    }
}

#[cfg(test)]
mod tests;
