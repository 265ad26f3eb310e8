//! Decisions from the LSM6DSL on the board; the model is one of acceleration and angular rate, six channels.
//!
//! D7 is high while class 0 was decided last. Expected current: README.md of this board.
#![no_std]
#![no_main]

use app::sensor::lsm6ds::Inertial;
use cortex::classify;
use cortex_m_rt::entry;
use stm32l4_iot01a::{NAME, start};

/// The address of the LSM6DSL.
const ADDRESS: u8 = 0x6a;
/// The class that the pin shows.
const CLASS: usize = 0;

#[entry]
fn main() -> ! {
    start(|board| {
        let sensor = Inertial::new(board.bus, ADDRESS);
        classify::from_sensor(NAME, sensor, (board.clock, (), board.markers), (board.decision, CLASS))
    })
}
