//! The calibration loops of the energy model (`app/src/measure.rs`), once each.
//!
//! LEDs 0, 1 and 2 are SEQ, AWAKE and UPDATE.
#![no_std]
#![no_main]

use cortex::measure::{Plan, calibrations};
use cortex_m_rt::entry;
use qemu::{NAME, measurement};

#[entry]
fn main() -> ! {
    qemu::start(|core, board| calibrations(NAME, measurement(core, board), Plan::ONCE))
}
