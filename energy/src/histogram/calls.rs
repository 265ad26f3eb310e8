use super::{Histogram, Listing};

/// Counts the calls of one function in the program counters of a run: from the call to the return, everything that it
/// calls included.
///
/// ```
/// use energy::{Calls, Core, Listing};
///
/// let listing = Listing::parse("00000010 <f>:\n 10: 4408 add r0, r1\n 12: 4770 bx lr\n00000020 <main>:\n 20: f7ff fff6 bl 10 <f>\n 24: bf00 nop\n");
/// let mut calls = Calls::new(&listing, listing.function(&["f"]).expect("it is there"));
/// [0x20, 0x10, 0x12, 0x24].into_iter().for_each(|pc| calls.push(pc));
/// assert_eq!((calls.count(), calls.histogram().instructions()), (1, 3));
/// assert_eq!(calls.histogram().cycles(Core::CortexM4).map(|c| c.low), Some(5.0));
/// ```
#[derive(Debug)]
pub struct Calls<'a> {
    listing: &'a Listing,
    entry: u32,
    /// The program counter before this one.
    last: u32,
    /// Where the call that is going on returns to, and what it has executed.
    open: Option<(u32, Histogram)>,
    total: Histogram,
    count: u64,
    least: u64,
    most: u64,
}

impl<'a> Calls<'a> {
    /// Counts calls of the function at `entry`.
    #[must_use]
    pub fn new(listing: &'a Listing, entry: u32) -> Self {
        Self {
            listing,
            entry,
            last: 0,
            open: None,
            total: Histogram::default(),
            count: 0,
            least: u64::MAX,
            most: 0,
        }
    }

    /// Takes the next program counter. Bit 0, which marks Thumb code, is passed over.
    pub fn push(&mut self, pc: u32) {
        let (pc, last) = (pc & !1, self.last);
        self.last = pc;
        if self.open.is_none() && pc == self.entry {
            self.open = self.listing.behind(last).map(|back| (back, Histogram::default()));
        }
        if let Some((back, histogram)) = &mut self.open {
            histogram.add(self.listing.class(last, Some(pc)), 1);
            if pc == *back {
                let instructions = histogram.instructions();
                self.least = self.least.min(instructions);
                self.most = self.most.max(instructions);
                self.total.merge(histogram);
                self.count += 1;
                self.open = None;
            }
        }
    }

    /// Calls that have returned.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Instructions of the shortest and of the longest of them; `None` where there was none.
    #[must_use]
    pub fn instructions(&self) -> Option<(u64, u64)> {
        (self.count > 0).then_some((self.least, self.most))
    }

    /// The instructions of all of them.
    #[must_use]
    pub fn histogram(&self) -> &Histogram {
        &self.total
    }
}
