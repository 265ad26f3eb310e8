//! How fast the core has to be for the model in flash, and the clocks for that.

use app::stored::find_blob;
use cortex::blob_region;
use embassy_rp::clocks::{ClockConfig, PeriClkSrc, SysClkSrc};
use skiprnn_nostd::Model;

/// The crystal, in hertz.
pub const CRYSTAL_HZ: u32 = 12_000_000;
/// What PLL_SYS makes of it.
const PLL_HZ: u32 = 150_000_000;

/// Cycles of an update: these for each MAC, and these for all else, with what a sample takes. Both are more than was counted.
const CYCLES_PER_MAC: u64 = 4;
const CYCLES_BESIDE: u64 = 40_000;

/// The clocks, and what the core's is in hertz: the crystal's where an update takes less than half of the time between two samples,
/// else that of PLL_SYS. What goes on asleep draws by the megahertz, and a PLL draws all the time.
///
/// The ring oscillator goes on: the watchdog resets the clocks, and they begin with it. PLL_USB stays off; USB and the converter have
/// no clock.
pub fn for_model() -> (ClockConfig, u32) {
    let mut clocks = ClockConfig::crystal(CRYSTAL_HZ);
    clocks.peri_clk_src = Some(PeriClkSrc::Sys);
    (clocks.usb_clk, clocks.adc_clk) = (None, None);
    let crystal_is_enough = crystal_is_enough();
    if let Some(crystal) = &mut clocks.xosc {
        crystal.usb_pll = None;
        if crystal_is_enough {
            crystal.sys_pll = None;
        }
    }
    if crystal_is_enough {
        clocks.sys_clk.src = SysClkSrc::Ref;
        return (clocks, CRYSTAL_HZ);
    }
    (clocks, PLL_HZ)
}

/// Whether the model is slow enough for the crystal. Without one nothing is computed.
// A call of its own, so that parsing is off the stack.
#[inline(never)]
fn crystal_is_enough() -> bool {
    let loaded = find_blob(blob_region()).ok();
    let model = loaded.and_then(|loaded| Model::parse(loaded.blob).ok());
    model.is_none_or(|model| {
        let cycles = CYCLES_PER_MAC * model.macs_per_update() as u64 + CYCLES_BESIDE;
        let between = u64::from(CRYSTAL_HZ).saturating_mul(model.sample_period_ns()) / 1_000_000_000;
        2 * cycles <= between
    })
}
