//! Records a part of the LSM6DS family at P0.27 (SCL) and P0.26 (SDA), SA0 low: acceleration and angular rate, into the log.
#![no_std]
#![no_main]

use app::{collect::sensors::LSM6DS, sensor::lsm6ds::Inertial};
use cortex::{collect, log_room};
use cortex_m_rt::entry;
use nrf52840_dk::{NAME, start};

#[entry]
fn main() -> ! {
    start(|board| {
        let sensor = Inertial::new(board.bus, 0x6a);
        collect::from_sensor(NAME, &LSM6DS, sensor, (board.clock, (), board.markers), log_room)
    })
}
