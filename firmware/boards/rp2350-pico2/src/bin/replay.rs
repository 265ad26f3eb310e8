//! Replays recorded sequences from flash and logs decisions, schedules and counters over RTT.
//!
//! Wiring: GP16 SEQ, GP17 AWAKE, GP18 UPDATE to the digital inputs of a power analyser; no sensor.
//! Expected current: README.md of this board.
#![no_std]
#![no_main]

use cortex::{meter::CycleMeter, replay};
use cortex_m_rt::entry;
use rp2350_pico2::{NAME, clocks::for_model, start};

#[entry]
fn main() -> ! {
    start(for_model, |board| {
        let meter = CycleMeter::new(board.core, board.clock_hz);
        replay::from_flash(NAME, (board.clock, meter, board.markers))
    })
}
