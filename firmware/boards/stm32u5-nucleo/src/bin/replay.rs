//! Replays recorded sequences from flash and logs decisions, schedules and counters over RTT.
//!
//! Wiring: D13 SEQ, D12 AWAKE, D11 UPDATE to the digital inputs of a power analyser; no sensor.
//! Expected current: README.md of this board.
#![no_std]
#![no_main]

use cortex::{meter::CycleMeter, replay};
use cortex_m_rt::entry;
use stm32u5_nucleo::{CLOCK_HZ, NAME, start};

#[entry]
fn main() -> ! {
    start(|board| {
        let meter = CycleMeter::new(board.core, CLOCK_HZ);
        replay::from_flash(NAME, (board.clock, meter, board.markers))
    })
}
