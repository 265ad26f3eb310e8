//! For counting: awake at every sample, updates where they are due (`app/src/measure.rs`), each sequence once.
//!
//! LEDs 0, 1 and 2 are SEQ, AWAKE and UPDATE.
#![no_std]
#![no_main]

use app::measure::Mode;
use cortex::measure::{Plan, windows};
use cortex_m_rt::entry;
use qemu::{NAME, measurement};

#[entry]
fn main() -> ! {
    qemu::start(|core, board| windows(NAME, measurement(core, board), Mode::SkipPoll, Plan::ONCE))
}
