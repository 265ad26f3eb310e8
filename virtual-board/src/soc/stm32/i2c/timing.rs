//! How long a bit lasts (RM0351 and RM0456, I2C master initialization).
//!
//! tSCL = tSYNC1 + tSYNC2 + (SCLH + 1 + SCLL + 1) (PRESC + 1) tI2CCLK. Each tSYNC is the slope of the wire, the delays of the filters,
//! and two to three periods of the kernel clock. Here it is two and a half periods, the shortest delay of the analog filter, which the
//! data sheets give as 50 to 260 ns, and no slope: a bus with long wires is slower.

use super::ANFOFF;
use crate::time::Time;

const PS_PER_S: u64 = 1_000_000_000_000;
/// The analog filter delays one edge by this, in picoseconds.
const ANALOG_FILTER_PS: u64 = 50_000;

/// The registers that set it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) timingr: u32,
    pub(super) cr1: u32,
}

impl Timing {
    const fn field(self, shift: u32, mask: u32) -> u64 {
        (self.timingr >> shift & mask) as u64
    }

    /// A bit, by a kernel clock in hertz.
    pub(super) fn bit(self, kernel_hz: u64) -> Time {
        let prescaled = self.field(28, 0xf) + 1;
        let (low, high) = (self.field(0, 0xff) + 1, self.field(8, 0xff) + 1);
        let digital_filter = u64::from(self.cr1 >> 8 & 0xf);
        // Two edges of two and a half periods each.
        let periods = (low + high) * prescaled + 5 + 2 * digital_filter;
        let filters = if self.cr1 & ANFOFF == 0 {
            2 * ANALOG_FILTER_PS
        } else {
            0
        };
        Time::from_ps((periods * PS_PER_S).div_ceil(kernel_hz) + filters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_settings_for_400_khz_give_about_400_khz() {
        // RM0351, examples of timing settings: 400 kHz at 8 MHz and at 16 MHz.
        for (timingr, hz) in [(0x0031_0309, 8_000_000), (0x1032_0309, 16_000_000)] {
            let bit = Timing { timingr, cr1: 0 }.bit(hz);
            assert!((2_000_000..2_600_000).contains(&bit.ps()), "{bit:?}");
        }
    }

    #[test]
    fn filters_lengthen_a_bit() {
        let bit = |cr1| {
            Timing {
                timingr: 0x0000_0304,
                cr1,
            }
            .bit(10_000_000)
            .ps()
        };
        // 9 periods of SCLH and SCLL, 5 of both edges.
        assert_eq!(bit(ANFOFF), 1_400_000);
        assert_eq!(bit(0), 1_500_000);
        assert_eq!(bit(ANFOFF | 3 << 8), 2_000_000);
    }
}
