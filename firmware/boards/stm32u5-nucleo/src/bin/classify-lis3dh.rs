//! Decisions from an LIS3DH at D15 (SCL) and D14 (SDA), SA0 low; the model is one of three channels of acceleration.
//!
//! D10 is high while class 0 was decided last. Expected current: README.md of this board.
#![no_std]
#![no_main]

use app::sensor::lis3dh::{Accelerometer, OFF_PAYS_ASLEEP_AT_BUS};
use cortex::classify;
use cortex_m_rt::entry;
use stm32u5_nucleo::{NAME, start};

/// The class that the pin shows.
const CLASS: usize = 0;

#[entry]
fn main() -> ! {
    start(|board| {
        let sensor = Accelerometer::new(board.bus, false).with_off_pays(OFF_PAYS_ASLEEP_AT_BUS);
        classify::from_sensor(NAME, sensor, (board.clock, (), board.markers), (board.decision, CLASS))
    })
}
