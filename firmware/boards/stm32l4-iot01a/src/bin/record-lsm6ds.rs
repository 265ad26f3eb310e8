//! Records the LSM6DSL on the board: acceleration and angular rate, into the log.
#![no_std]
#![no_main]

use app::{collect::sensors::LSM6DS, sensor::lsm6ds::Inertial};
use cortex::{collect, log_room};
use cortex_m_rt::entry;
use stm32l4_iot01a::{NAME, start};

/// The address of the LSM6DSL.
const ADDRESS: u8 = 0x6a;

#[entry]
fn main() -> ! {
    start(|board| {
        let sensor = Inertial::new(board.bus, ADDRESS);
        collect::from_sensor(NAME, &LSM6DS, sensor, (board.clock, (), board.markers), log_room)
    })
}
