//! Replays recorded sequences from flash and logs decisions, schedules and counters over RTT.
//!
//! Wiring: P1.01 SEQ, P1.02 AWAKE, P1.03 UPDATE to the digital inputs of a power analyser; no sensor.
//! Expected current: README.md of this board.
#![no_std]
#![no_main]

use cortex::replay;
use cortex_m_rt::entry;
use nrf52840_dk::{NAME, start};

#[entry]
fn main() -> ! {
    start(|board| replay::from_flash(NAME, board.measurement()))
}
