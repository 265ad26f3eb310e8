//! The application `classify`, with the blob from flash.

use crate::{Refusal, blob_region, settle};
use app::{
    Classify, Clock, MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, classify::Event, log, sensor::Described, stored::find_blob,
};
use core::fmt::Debug;
use embedded_hal::digital::OutputPin;
use skiprnn_nostd::{Instance, Model};

/// A sensor that does not answer as the board starts, or is another part: says so, and why.
pub fn not_found(error: impl Debug) -> Refusal {
    defmt::println!("sensor: not found: {}", defmt::Debug2Format(&error));
    Refusal::Sensor
}

/// Finds the blob in its section and classifies what the sensor delivers, sequence after sequence, until the sensor
/// fails for good. The pin is high while `class` was decided last.
///
/// # Errors
/// The blob is damaged, does not fit this image or was made for another sensor; or the sensor no longer answers.
pub fn from_sensor<S, C, P>(name: &'static str, sensor: S, clock: C, pin: P, class: usize) -> Result<(), Refusal>
where
    S: Described,
    S::Error: Debug,
    C: Clock,
    C::Error: Debug,
    P: OutputPin,
{
    log::image(name, clock.ticks_per_second());
    let model = Model::parse(find_blob(blob_region())?)?;
    classify(&model, sensor, clock, pin, class, u32::MAX)
}

/// Classifies this many sequences, the lost ones included, and logs each as it is decided.
///
/// # Errors
/// The model does not fit this image or was made for another sensor; or the sensor no longer answers.
pub fn classify<S, C, P>(
    model: &Model<'_>,
    sensor: S,
    clock: C,
    pin: P,
    class: usize,
    sequences: u32,
) -> Result<(), Refusal>
where
    S: Described,
    S::Error: Debug,
    C: Clock,
    C::Error: Debug,
    P: OutputPin,
{
    let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone())?;
    let gave_up = |error: &dyn core::fmt::Display| {
        defmt::println!("sensor: {}", defmt::Display2Format(&error));
        Refusal::Sensor
    };
    let mut classify = Classify::new(model, network, sensor, clock, pin, class).map_err(|error| gave_up(&error))?;
    for _ in 0..sequences {
        match classify.decide().map_err(|error| gave_up(&error))? {
            Event::Decided(decision, counters) => {
                log::decision(&decision, &counters, classify.now());
                settle();
            }
            Event::Lost(error) => defmt::println!("lost: {}", defmt::Display2Format(&error)),
        }
    }
    log::classified(&classify.counters());
    Ok(())
}
