//! The sensor on a virtual board's bus, what it senses, and what is wrong with it.

use super::Recorded;
use crate::{Error, boards::Board, sensors};
use std::sync::Arc;
use virtual_board::{
    part::{
        AtEnd, Faults, Faulty, GYROSCOPE_TURN_ON, GYROSCOPE_TURN_ON_SLOW, I2cPart, Lis3dh, Lsm6ds, Lsm6dsSettings,
        Lsm6dsVariant, Recording, SharedWorld,
    },
    soc::wires::{I2cBus, Wire},
    time::Time,
};

/// Something outside the chip holds a wire of the bus low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBus {
    /// Which one.
    pub wire: Wire,
    /// From when on.
    pub from: Time,
    /// Until when.
    pub until: Time,
}

/// A sensor as it is made, and what is wrong with it; by default a typical one in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// By how many millionths its clock runs fast.
    pub rate_error_ppm: i32,
    /// It settles as slowly as its data sheet allows.
    pub slow: bool,
    /// What is wrong with it.
    pub faults: Faults,
    /// What is wrong with its bus.
    pub held: Option<HeldBus>,
    /// The crystal beside the board's chip is broken; modelled on the nRF52840-DK alone.
    pub dead_crystal: bool,
}

/// What is connected to the chip before power comes on.
#[derive(Default)]
pub(super) struct Mounted {
    part: Option<Box<dyn I2cPart>>,
    held: Option<HeldBus>,
    /// The crystal beside the chip is broken.
    pub(super) dead_crystal: bool,
    /// What plays.
    pub(super) recording: Option<Arc<Recording>>,
}

impl Mounted {
    /// Connects it to the sensor's bus.
    pub(super) fn mount(self, bus: &mut I2cBus) {
        if let Some(part) = self.part {
            bus.mount(part);
        }
        if let Some(HeldBus { wire, from, until }) = self.held {
            bus.hold(wire, from, until);
        }
    }
}

/// The sensor that a program reads, playing a recording.
pub(super) fn playing(board: &Board, program: &str, part: &Part, played: &Recorded<'_>) -> Result<Mounted, Error> {
    let recording = Recording::new(
        played.counts.to_vec(),
        played.channels,
        played.period(),
        Time::NEVER,
        AtEnd::Hold,
    )
    .map_err(|error| Error::Load {
        what: "the recording that the sensor plays",
        why: error.to_string(),
    })?;
    let recording = Arc::new(recording);
    let world: SharedWorld = recording.clone();
    let sensor = sensors::of_program(program);
    let model: Box<dyn I2cPart> = match sensor.map_or("", |sensor| sensor.name) {
        "lis3dh" => Box::new(Faulty::new(Lis3dh::new(world, false, part.rate_error_ppm), part.faults)),
        "lsm6ds" => Box::new(Faulty::new(Lsm6ds::new(world, lsm6ds(board, part)), part.faults)),
        _ => {
            return Err(Error::NoPart {
                board: board.name,
                program: program.to_owned(),
            });
        }
    };
    Ok(Mounted {
        part: Some(model),
        held: part.held,
        dead_crystal: part.dead_crystal,
        recording: Some(recording),
    })
}

/// The part of the family whose energy profile the board has.
fn lsm6ds(board: &Board, part: &Part) -> Lsm6dsSettings {
    let variant = match board.profile_of(&sensors::LSM6DS) {
        "lsm6dsl-driver" => Lsm6dsVariant::Dsl,
        _ => Lsm6dsVariant::Dso,
    };
    Lsm6dsSettings {
        rate_error_ppm: part.rate_error_ppm,
        gyroscope_turn_on: if part.slow {
            GYROSCOPE_TURN_ON_SLOW
        } else {
            GYROSCOPE_TURN_ON
        },
        ..Lsm6dsSettings::typical(variant)
    }
}
