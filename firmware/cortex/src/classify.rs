//! The application `classify`, with the blob from flash.

use crate::{Refusal, blob_region, settle};
use app::{
    Classify, Clock, DialControl, MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS,
    classify::Event,
    dial::Spending,
    log,
    sensor::Described,
    stored::{Settings, find_blob},
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
/// The blob is damaged, does not fit this image or its settings, or was made for another sensor; or the sensor no longer
/// answers.
pub fn from_sensor<S, C, P>(name: &'static str, sensor: S, clock: C, pin: P, class: usize) -> Result<(), Refusal>
where
    S: Described,
    S::Error: Debug,
    C: Clock,
    C::Error: Debug,
    P: OutputPin,
{
    log::image(name, clock.ticks_per_second());
    let loaded = find_blob(blob_region())?;
    let model = Model::parse(loaded.blob)?;
    classify(&model, &loaded.settings, sensor, clock, (pin, class), u32::MAX)
}

/// Classifies this many sequences, the lost ones included, and logs each as it is decided. The pin is high while the class
/// beside it was decided last.
///
/// # Errors
/// The model does not fit this image or its settings, or was made for another sensor; or the sensor no longer answers.
pub fn classify<S, C, P>(
    model: &Model<'_>,
    settings: &Settings,
    sensor: S,
    clock: C,
    (pin, class): (P, usize),
    sequences: u32,
) -> Result<(), Refusal>
where
    S: Described,
    S::Error: Debug,
    C: Clock,
    C::Error: Debug,
    P: OutputPin,
{
    log::settings(settings);
    let control = DialControl::new(model, model.sequence_length(), settings)?;
    let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone())?;
    let gave_up = |error: &dyn core::fmt::Display| {
        defmt::println!("sensor: {}", defmt::Display2Format(&error));
        Refusal::Sensor
    };
    let mut classify =
        Classify::new(model, network, sensor, clock, pin, class, control).map_err(|error| gave_up(&error))?;
    // A budget is reported each time that its horizon has passed, since a board with a sensor never comes to an end.
    let horizon = settings.budget.map_or(u16::MAX, |budget| budget.horizon.get());
    let mut unreported = 0u16;
    for _ in 0..sequences {
        match classify.decide().map_err(|error| gave_up(&error))? {
            Event::Decided(decision, counters, setting) => {
                log::decision(&decision, &counters, &setting, classify.now());
                unreported = unreported.wrapping_add(1);
                if unreported >= horizon {
                    unreported = 0;
                    report(classify.spending());
                }
                settle();
            }
            Event::Lost(error) => defmt::println!("lost: {}", defmt::Display2Format(&error)),
        }
    }
    report(classify.spending());
    log::classified(&classify.counters());
    Ok(())
}

/// Says what was booked, where there is a budget.
fn report(spending: Option<Spending>) {
    if let Some(spending) = spending {
        log::budget(&spending);
    }
}
