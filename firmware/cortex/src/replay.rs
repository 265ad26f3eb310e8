//! The application `replay`, with everything from flash.

use crate::{Refusal, blob_region, network::network, sequence_region, settle, stack_use};
use app::{
    Clock, Markers, Meter, Recording, Replay, SequenceFile, log,
    stored::{Settings, find_blob},
};
use core::convert::Infallible;
use embedded_hal::digital::OutputPin;
use skiprnn_nostd::Model;

/// Finds blob and sequences in their sections, replays them once and logs what came of it.
///
/// # Errors
/// The blob or the sequences are damaged, or do not fit this image, the settings or each other.
pub fn from_flash<C, M, S, A, U>(
    name: &'static str,
    clock: C,
    meter: M,
    markers: Markers<S, A, U>,
) -> Result<(), Refusal>
where
    C: Clock<Error = Infallible>,
    M: Meter,
    S: OutputPin,
    A: OutputPin,
    U: OutputPin,
{
    log::image(name, clock.ticks_per_second());
    let loaded = find_blob(blob_region())?;
    let model = Model::parse(loaded.blob)?;
    let recording = SequenceFile::find(sequence_region())?;
    replay(model, &loaded.settings, recording, clock, meter, markers)
}

/// Replays a recording once and logs what came of it.
///
/// # Errors
/// The recording is damaged, or does not fit the model or this image, or the settings fit neither.
// A call of its own, so that parsing is off the stack.
#[inline(never)]
pub fn replay<C, M, S, A, U>(
    model: Model<'static>,
    settings: &Settings,
    recording: impl Recording,
    clock: C,
    meter: M,
    markers: Markers<S, A, U>,
) -> Result<(), Refusal>
where
    C: Clock<Error = Infallible>,
    M: Meter,
    S: OutputPin,
    A: OutputPin,
    U: OutputPin,
{
    log::model(&model, recording.header());
    log::settings(settings);
    let controller = settings.controller(&model, recording.header().length)?;
    let mut replay = Replay::new(network(model)?, recording, clock, meter, markers, controller)?;
    let summary = replay.run(|record| {
        log::sequence(record);
        settle();
    })?;
    if let Some(spending) = replay.spending() {
        log::budget(&spending);
    }
    log::stack(stack_use());
    log::summary(&summary);
    Ok(())
}
