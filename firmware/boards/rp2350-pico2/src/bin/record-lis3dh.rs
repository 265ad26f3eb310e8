//! Records an LIS3DH at GP5 (SCL) and GP4 (SDA), SA0 low: three channels of acceleration, into the log.
#![no_std]
#![no_main]

use app::{collect::sensors::LIS3DH, sensor::lis3dh::Accelerometer};
use cortex::{collect, log_room};
use cortex_m_rt::entry;
use rp2350_pico2::{NAME, clocks::crystal, start};

#[entry]
fn main() -> ! {
    start(crystal, |board| {
        let sensor = Accelerometer::new(board.bus, false).with_status_first();
        collect::from_sensor(NAME, &LIS3DH, sensor, (board.clock, (), board.markers), log_room)
    })
}
