//! The core's clock must not outrun its flash.
//!
//! Source: STM32L47x reference manual RM0351, 3.3.3 (read access latency); STM32U5 reference manual RM0456, 7.3.3. With
//! too few wait states the core executes what the flash has not delivered yet: a HardFault or a lockup, on some boards
//! only.

use super::{Finding, Rule};
use crate::event::{Event, What};

/// The fastest clock of a number of wait states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitStateLimit {
    /// Wait states.
    pub wait_states: u32,
    /// The highest clock that they allow, in hertz.
    pub hz: u64,
}

const fn limit(wait_states: u32, mhz: u64) -> WaitStateLimit {
    WaitStateLimit {
        wait_states,
        hz: mhz * 1_000_000,
    }
}

/// STM32L4 in voltage range 1 (RM0351, 3.3.3).
pub(super) const STM32L4: &[WaitStateLimit] = &[limit(0, 16), limit(1, 32), limit(2, 48), limit(3, 64), limit(4, 80)];
/// STM32U5 in voltage range 1 (RM0456, 7.3.3).
pub(super) const STM32U5: &[WaitStateLimit] = &[limit(0, 32), limit(1, 64), limit(2, 96), limit(3, 128), limit(4, 160)];

/// The limits are of nominal frequencies: MSI that is locked to a crystal runs at 48.005 MHz where the manual says 48.
const TOLERANCE_PPM: u64 = 1_000;

/// Rule `flash-wait-states`. Its table is of one voltage range, the fastest; in the others the flash is slower still.
#[derive(Debug)]
pub struct FlashWaitStates {
    limits: &'static [WaitStateLimit],
}

impl FlashWaitStates {
    /// With the limits of a chip. More wait states than the table knows are as good as its last line.
    #[must_use]
    pub const fn new(limits: &'static [WaitStateLimit]) -> Self {
        Self { limits }
    }
}

impl Rule for FlashWaitStates {
    fn name(&self) -> &'static str {
        "flash-wait-states"
    }

    fn observe(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        let What::CoreClock { hz, wait_states } = event.what else {
            return;
        };
        let fits = self.limits.iter().rfind(|limit| limit.wait_states <= wait_states);
        let Some(limit) = fits.filter(|limit| hz > limit.hz + limit.hz / 1_000_000 * TOLERANCE_PPM) else {
            return;
        };
        findings.push(Finding {
            rule: self.name(),
            at: event.at,
            pc: event.pc,
            what: format!(
                "the core runs at {hz} Hz with {wait_states} wait states of the flash, which allow {} Hz",
                limit.hz
            ),
            fix: "Set the flash's latency before the clock is raised, or start at a clock that needs none.",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{caused, findings, written},
        *,
    };

    fn clock(us: u64, mhz: u64, wait_states: u32) -> Event {
        let hz = mhz * 1_000_000;
        caused(us, What::CoreClock { hz, wait_states })
    }

    #[test]
    fn msi_at_48_mhz_without_wait_states_is_found() {
        // The trace of finding F2: RCC.CR <- 0xbb, FLASH.ACR still 0x600.
        let trace = [clock(0, 4, 0), written(40, "RCC", 0x4002_1000, 0xbb), clock(40, 48, 0)];
        let findings = findings(&mut FlashWaitStates::new(STM32L4), &trace);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].what.contains("48000000 Hz with 0 wait states"));
        assert_eq!(findings[0].pc, Some(0x1_0000));
    }

    #[test]
    fn a_clock_that_is_locked_to_a_crystal_is_as_good_as_its_nominal_frequency() {
        let hz = 48_005_120;
        let locked = |wait_states| [caused(0, What::CoreClock { hz, wait_states })];
        assert_eq!(findings(&mut FlashWaitStates::new(STM32L4), &locked(2)), []);
        assert_eq!(findings(&mut FlashWaitStates::new(STM32L4), &locked(1)).len(), 1);
    }

    #[test]
    fn each_limit_itself_is_allowed() {
        for (table, above) in [(STM32L4, 80), (STM32U5, 160)] {
            let allowed: Vec<_> = table
                .iter()
                .map(|limit| clock(0, limit.hz / 1_000_000, limit.wait_states))
                .collect();
            assert_eq!(findings(&mut FlashWaitStates::new(table), &allowed), []);
            let beyond: Vec<_> = table
                .iter()
                .map(|limit| clock(0, limit.hz / 1_000_000 + 1, limit.wait_states))
                .collect();
            assert_eq!(findings(&mut FlashWaitStates::new(table), &beyond).len(), table.len());
            assert_eq!(findings(&mut FlashWaitStates::new(table), &[clock(0, above, 15)]), []);
        }
    }
}
