//! Decisions from an LIS3DH at P0.27 (SCL) and P0.26 (SDA), SA0 low; the model is one of three channels of acceleration.
//!
//! P1.04 is high while class 0 was decided last. Expected current: README.md of this board.
#![no_std]
#![no_main]

use app::sensor::lis3dh::Accelerometer;
use core::time::Duration;
use cortex::classify;
use cortex_m_rt::entry;
use nrf52840_dk::{NAME, start};

/// From which pause on the sensor is switched off: `skiprnn energy break-even --board nrf52840 --sensor lis3dh-driver` says
/// 7.5 ms (6.0 to 11.5).
const OFF_PAYS: Duration = Duration::from_millis(10);
/// The class that the pin shows.
const CLASS: usize = 0;

#[entry]
fn main() -> ! {
    start(|board| {
        let sensor = Accelerometer::new(board.bus, false).with_off_pays(OFF_PAYS);
        classify::from_sensor(NAME, sensor, (board.clock, (), board.markers), (board.decision, CLASS))
    })
}
