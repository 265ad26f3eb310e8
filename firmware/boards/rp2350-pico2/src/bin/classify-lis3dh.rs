//! Decisions from an LIS3DH at GP5 (SCL) and GP4 (SDA), SA0 low; the model is one of three channels of acceleration.
//!
//! GP19 is high while class 0 was decided last. Expected current: README.md of this board.
#![no_std]
#![no_main]

use app::sensor::lis3dh::Accelerometer;
use cortex::classify;
use cortex_m_rt::entry;
use rp2350_pico2::{NAME, clocks::for_model, start};

/// The class that the pin shows.
const CLASS: usize = 0;

#[entry]
fn main() -> ! {
    start(for_model, |board| {
        let sensor = Accelerometer::new(board.bus, false);
        classify::from_sensor(NAME, sensor, (board.clock, (), board.markers), (board.decision, CLASS))
    })
}
