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

/// How the clocks are set.
pub struct Clocks {
    /// For the HAL.
    pub config: ClockConfig,
    /// The core's clock, in hertz.
    pub core_hz: u32,
}

/// Every clock from the crystal, without a PLL: what goes on asleep draws by the megahertz, and a PLL draws all the time. USB and the
/// converter have no clock.
///
/// The ring oscillator goes on: the watchdog resets the clocks, and they begin with it.
pub fn crystal() -> Clocks {
    let mut config = ClockConfig::crystal(CRYSTAL_HZ);
    config.peri_clk_src = Some(PeriClkSrc::Sys);
    (config.usb_clk, config.adc_clk) = (None, None);
    config.sys_clk.src = SysClkSrc::Ref;
    if let Some(crystal) = &mut config.xosc {
        (crystal.sys_pll, crystal.usb_pll) = (None, None);
    }
    Clocks {
        config,
        core_hz: CRYSTAL_HZ,
    }
}

/// Those of the crystal where an update of the model in flash takes less than half of the time between two samples; else the core's
/// comes from PLL_SYS.
pub fn for_model() -> Clocks {
    let Clocks { mut config, core_hz } = crystal();
    if crystal_is_enough() {
        return Clocks { config, core_hz };
    }
    let fast = ClockConfig::crystal(CRYSTAL_HZ);
    config.sys_clk = fast.sys_clk;
    if let (Some(crystal), Some(fast)) = (&mut config.xosc, fast.xosc) {
        crystal.sys_pll = fast.sys_pll;
    }
    Clocks {
        config,
        core_hz: PLL_HZ,
    }
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
