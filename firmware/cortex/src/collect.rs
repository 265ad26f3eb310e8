//! The application `record`: what a sensor delivers, into the log.

use crate::{Parts, Refusal, blob_region, settle, stack_use};
use app::{
    Clock, Collect, LoadError,
    collect::{Block, Collection, Outlet, Queue, sensors},
    log,
    sensor::{Described, find},
};
use core::fmt::{Debug, Display};

/// The board's log.
struct Log {
    /// Bytes that it takes at present without waiting.
    room: fn() -> usize,
}

impl Outlet for Log {
    fn offer(&mut self, block: &Block) -> bool {
        let room = (self.room)() >= log::BLOCK_BYTES;
        if room {
            log::block(block);
        }
        room
    }
}

/// Looks for the sensor, which is this one of the table, finds where the blob would be what is asked for, and records what the
/// sensor delivers: as many samples as are asked for, or without an end. Where nothing was loaded it records every sample of the
/// sensor. `room` says how many bytes the log takes without waiting.
///
/// # Errors
/// The sensor does not answer at three tries within 100 ms, or no longer; what is asked for makes no sense.
pub fn from_sensor<S, P>(
    name: &'static str,
    part: &'static sensors::Sensor,
    mut sensor: S,
    parts: P,
    room: fn() -> usize,
) -> Result<(), Refusal>
where
    S: Described<Error: Debug>,
    P: Parts,
{
    let (mut clock, _, markers) = parts.split();
    log::image(name, clock.ticks_per_second());
    find(&mut sensor, &mut clock).map_err(|error| {
        log::sensor_not_found(&error);
        Refusal::Unrecorded
    })?;
    let asked = match Collection::find(blob_region()) {
        Err(LoadError::Missing(_)) => Collection::default(),
        found => found?,
    };
    let gave_up = |error: &dyn Display| {
        log::sensor(error);
        Refusal::Unrecorded
    };
    let mut queue = Queue::new();
    let mut outlet = Log { room };
    let mut collect =
        Collect::new(sensor, clock, markers, part, &asked, &mut queue).map_err(|error| gave_up(&error))?;
    log::collecting(part, collect.sensor(), &asked);
    let mut settled = false;
    let result = loop {
        match collect.step(&mut outlet) {
            Ok(true) if settled => {}
            Ok(true) => {
                settled = true;
                settle();
            }
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // What was recorded before the sensor failed is handed over too.
    let finished = collect.finish(&mut outlet);
    result.map_err(|error| gave_up(&error))?;
    let totals = finished.map_err(|error| gave_up(&error))?;
    log::stack(stack_use());
    log::collected(&totals);
    Ok(())
}
