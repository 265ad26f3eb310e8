//! What core, regulator and clocks draw (RM0351, chapters PWR and RCC; the states of the data sheet's tables of supply current).

use super::{power::Power, rcc::Rcc};
use crate::{
    power::Load,
    soc::stm32::loads::{Depth, core, standing},
};

/// The loads of the family, at so many megahertz of the core's clock. All RAM is kept in every Stop, and in its figure.
pub(super) fn of(rcc: &Rcc, power: &Power, depth: Depth, mhz: u32) -> Vec<Load> {
    let (regulator, core) = match depth {
        Depth::Run => (1, core("awake, range 1", mhz)),
        Depth::Sleep => (1, core("Sleep, range 1", mhz)),
        Depth::Stop => (0, core(power.stop_name(), 1)),
    };
    let mut loads = vec![core, standing("main regulator", "range 1", regulator)];
    loads.extend(rcc.loads(depth));
    loads
}
