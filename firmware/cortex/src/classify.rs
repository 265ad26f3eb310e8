//! The application `classify`, with the blob from flash.

use crate::{Parts, Refusal, blob_region, network::network, settle, stack_use};
use app::{
    Classify, Clock, Run,
    classify::Event,
    log,
    sensor::{Described, find},
    stored::{Settings, find_blob},
};
use core::fmt::Debug;
use embedded_hal::digital::OutputPin;
use skiprnn_nostd::{Model, budget::Spending};

/// Looks for the sensor, finds the blob in its section and classifies what the sensor delivers, sequence after sequence,
/// until the sensor fails permanently. The pin is high while the class beside it was decided last.
///
/// # Errors
/// The sensor does not answer at three tries within 100 ms; the blob is damaged, does not fit this image or its settings,
/// or was made for another sensor; or the sensor no longer answers.
pub fn from_sensor<S, P, D>(name: &'static str, mut sensor: S, parts: P, decision: (D, usize)) -> Result<(), Refusal>
where
    S: Described<Error: Debug>,
    P: Parts,
    D: OutputPin,
{
    let (mut clock, meter, markers) = parts.split();
    log::image(name, clock.ticks_per_second());
    find(&mut sensor, &mut clock).map_err(|error| {
        log::sensor_not_found(&error);
        Refusal::Sensor
    })?;
    let loaded = find_blob(blob_region())?;
    let model = Model::parse(loaded.blob)?;
    let length = model.sequence_length();
    classify(
        model,
        &loaded.settings,
        sensor,
        (clock, meter, markers),
        decision,
        (u32::MAX, length),
    )
}

/// Classifies this many sequences of so many samples, the lost ones included, and logs each as it is decided, and each answer
/// within it; 0 samples are an endless stream. The pin is high while the class
/// beside it was decided last.
///
/// # Errors
/// The model does not fit this image or its settings, or was made for another sensor; or the sensor no longer answers.
// A call of its own, so that parsing is off the stack.
#[inline(never)]
pub fn classify<S, P, D>(
    model: Model<'static>,
    settings: &Settings,
    sensor: S,
    parts: P,
    decision: (D, usize),
    (sequences, samples): (u32, u32),
) -> Result<(), Refusal>
where
    S: Described<Error: Debug>,
    P: Parts,
    D: OutputPin,
{
    let (clock, _, markers) = parts.split();
    log::settings(settings);
    let run = Run::new(settings, &model, samples)?;
    let network = network(model.clone())?;
    let gave_up = |error: &dyn core::fmt::Display| {
        log::sensor(error);
        Refusal::Sensor
    };
    let mut classify =
        Classify::new(&model, network, sensor, clock, markers, decision, run).map_err(|error| gave_up(&error))?;
    // A budget is reported each time that its horizon has passed, since a board with a sensor never comes to an end.
    let horizon = settings.budget.map_or(u16::MAX, |budget| budget.horizon.get());
    let (mut unreported, mut ended, mut unsaid) = (0u16, 0, true);
    while ended < sequences {
        match classify.next_event().map_err(|error| gave_up(&error))? {
            Event::Answered(answer) => {
                log::answer(&answer, classify.now());
                settle();
            }
            Event::Decided(decision, counters, setting) => {
                log::decision(&decision, &counters, &setting, classify.now());
                unreported = unreported.wrapping_add(1);
                if unreported >= horizon {
                    unreported = 0;
                    report(classify.spending());
                }
                settle();
                ended = ended.saturating_add(1);
            }
            Event::Lost(error) => {
                log::lost(&error);
                ended = ended.saturating_add(1);
            }
        }
        if unsaid {
            unsaid = false;
            log::stack(stack_use());
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
