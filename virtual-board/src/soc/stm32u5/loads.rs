//! What core, regulator, clocks and memory draw (RM0456, chapters PWR and RCC; the states of the data sheet's tables of supply
//! current). What the instruction cache saves is in the number of cycles, not in the current of one.

use super::{power::Power, rcc::Rcc};
use crate::{
    power::Load,
    soc::stm32::loads::{Depth, core, standing},
};

/// States by the range of the core's voltage, from range 4 (VOS 0) to range 1 (VOS 3).
struct States {
    awake: [&'static str; 4],
    sleep: [&'static str; 4],
    /// Stop 0 to Stop 2.
    stop: [&'static str; 3],
    kept: &'static str,
}

const LDO: States = States {
    awake: [
        "awake, LDO, range 4",
        "awake, LDO, range 3",
        "awake, LDO, range 2",
        "awake, LDO, range 1",
    ],
    sleep: [
        "Sleep, LDO, range 4",
        "Sleep, LDO, range 3",
        "Sleep, LDO, range 2",
        "Sleep, LDO, range 1",
    ],
    stop: ["Stop 0, LDO", "Stop 1, LDO", "Stop 2, LDO"],
    kept: "a KB kept in Stop, LDO",
};

const SMPS: States = States {
    awake: [
        "awake, SMPS, range 4",
        "awake, SMPS, range 3",
        "awake, SMPS, range 2",
        "awake, SMPS, range 1",
    ],
    sleep: [
        "Sleep, SMPS, range 4",
        "Sleep, SMPS, range 3",
        "Sleep, SMPS, range 2",
        "Sleep, SMPS, range 1",
    ],
    stop: ["Stop 0, SMPS", "Stop 1, SMPS", "Stop 2, SMPS"],
    kept: "a KB kept in Stop, SMPS",
};

/// The loads of the family, at so many megahertz of the core's clock. RAM has a figure of its own in Stop; else it is in the core's.
pub(super) fn of(rcc: &Rcc, power: &Power, depth: Depth, mhz: u32) -> Vec<Load> {
    let states = if power.chooses_smps() { &SMPS } else { &LDO };
    let range = power.range() as usize;
    let state = |states: &[&'static str]| states.get(range).copied().unwrap_or_default();
    let (core, kept_kb) = match depth {
        Depth::Run => (core(state(&states.awake), mhz), 0),
        Depth::Sleep => (core(state(&states.sleep), mhz), 0),
        Depth::Stop => {
            let name = states.stop.get(power.stop_number() as usize).copied();
            (core(name.unwrap_or_default(), 1), power.kept_kb())
        }
    };
    let mut loads = vec![
        core,
        standing("RAM", states.kept, kept_kb),
        standing("monitors", "a supply watched", power.monitors()),
    ];
    loads.extend(rcc.loads(depth));
    loads
}
