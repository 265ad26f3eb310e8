//! Decisions from a part of the LSM6DS family at P0.27 (SCL) and P0.26 (SDA), SA0 low; the model is one of acceleration and angular
//! rate, six channels.
//!
//! P1.04 is high while class 0 was decided last. Expected current: README.md of this board.
#![no_std]
#![no_main]

use app::sensor::lsm6ds::Inertial;
use cortex::classify;
use cortex_m_rt::entry;
use nrf52840_dk::{NAME, start};

/// The class that the pin shows.
const CLASS: usize = 0;

#[entry]
fn main() -> ! {
    start(|board| {
        let sensor = Inertial::new(board.bus, 0x6a);
        classify::from_sensor(NAME, sensor, (board.clock, (), board.markers), (board.decision, CLASS))
    })
}
