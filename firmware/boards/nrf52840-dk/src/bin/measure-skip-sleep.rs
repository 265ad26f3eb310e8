//! Awake only where an update is due. For a power analyser (`app/src/measure.rs`): five windows of ten seconds or more, then asleep.
//!
//! Wiring: P1.01 SEQ, P1.02 AWAKE, P1.03 UPDATE to the digital inputs of a power analyser; no sensor. Expected current:
//! README.md of this board.
#![no_std]
#![no_main]

use app::measure::Mode;
use cortex::measure::{Plan, windows};
use cortex_m_rt::entry;
use nrf52840_dk::{NAME, start};

#[entry]
fn main() -> ! {
    start(|board| windows(NAME, board.measurement(), Mode::SkipSleep, Plan::ANALYSER))
}
