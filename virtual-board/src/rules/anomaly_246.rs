//! nRF52840 anomaly 246: a core that accesses a block of RAM while the DMA of a slow peripheral does may leave about
//! 350 µA running in System ON idle.
//!
//! Source: Nordic, nRF52840 Rev 2 and Rev 3 errata, anomaly 246. The blocks are the AHB slaves of the RAM (PS v1.8,
//! memory): RAM0 to RAM7 of 8 KB each, and RAM8 of 192 KB. The workaround is 2 at 0x4007_AC84 once at start; or buffers
//! in a block that the awake core does not use.

use super::{Finding, Rule};
use crate::event::{Event, What};
use std::ops::Range;

const WORKAROUND: u32 = 0x4007_ac84;

/// The block of RAM that holds an address.
const fn block(address: u32) -> u32 {
    let block = address.wrapping_sub(0x2000_0000) >> 13;
    if block > 8 { 8 } else { block }
}

/// Rule `anomaly-246`. An awake core is taken to use the blocks of its stack.
#[derive(Debug)]
pub struct Anomaly246 {
    stack: Range<u32>,
    asleep: bool,
    worked_around: bool,
}

impl Anomaly246 {
    /// With the addresses of the main stack.
    #[must_use]
    pub const fn new(stack: Range<u32>) -> Self {
        Self {
            stack,
            asleep: false,
            worked_around: false,
        }
    }

    /// Whether DMA of this many bytes meets the stack's blocks.
    fn shared(&self, address: u32, bytes: u32) -> bool {
        let (first, last) = (block(self.stack.start), block(self.stack.end.saturating_sub(1)));
        let end = block(address.saturating_add(bytes.saturating_sub(1)));
        !self.stack.is_empty() && block(address) <= last && first <= end
    }
}

impl Rule for Anomaly246 {
    fn name(&self) -> &'static str {
        "anomaly-246"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        match event.what {
            What::Asleep { .. } => self.asleep = true,
            What::Awake => self.asleep = false,
            What::Reset(_) => {
                self.asleep = false;
                self.worked_around = false;
            }
            What::Written {
                address: WORKAROUND,
                value,
                ..
            } => self.worked_around = value == 2,
            What::Dma {
                controller,
                address,
                bytes,
            } if !self.asleep && !self.worked_around && self.shared(address, bytes) => {
                findings.push(Finding {
                    rule: self.name(),
                    at: event.at,
                    pc: event.pc,
                    what: format!(
                        "{controller} accesses RAM block {}, which the awake core uses for its stack: perhaps 350 µA asleep",
                        block(address)
                    ),
                    fix: "Sleep while the transfer lasts, move its buffers into another block, or write 2 to 0x4007AC84 at start.",
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{alone, findings, written},
        *,
    };

    #[test]
    fn dma_that_only_begins_elsewhere_is_found() {
        let dma = What::Dma {
            controller: "TWIM0",
            address: 0x2000_1ffe,
            bytes: 4,
        };
        assert_eq!(
            findings(&mut Anomaly246::new(0x2000_2000..0x2000_3000), &[alone(1, dma)]).len(),
            1
        );
    }

    fn dma(address: u32) -> Event {
        alone(
            9,
            What::Dma {
                controller: "TWIM0",
                address,
                bytes: 1,
            },
        )
    }

    fn count(events: &[Event]) -> usize {
        findings(&mut Anomaly246::new(0x2000_0000..0x2000_3000), events).len()
    }

    #[test]
    fn dma_into_the_stack_of_a_spinning_core_is_found() {
        assert_eq!(count(&[dma(0x2000_2f00), dma(0x2000_3400)]), 2);
    }

    #[test]
    fn another_block_a_sleeping_core_or_the_workaround_is_not() {
        assert_eq!(count(&[dma(0x2000_4000), dma(0x2003_fff0)]), 0);
        assert_eq!(count(&[alone(1, What::Asleep { deep: false }), dma(0x2000_2f00)]), 0);
        assert_eq!(count(&[written(1, "anomaly 246", WORKAROUND, 2), dma(0x2000_2f00)]), 0);
        assert_eq!(
            count(&[
                alone(1, What::Asleep { deep: false }),
                alone(2, What::Awake),
                dma(0x2000_2f00)
            ]),
            1
        );
    }

    #[test]
    fn the_last_block_is_the_large_one() {
        assert_eq!(
            [0x2000_1fff, 0x2000_2000, 0x2000_ffff, 0x2001_0000, 0x2003_ffff].map(block),
            [0, 1, 7, 8, 8]
        );
    }
}
