//! The application `replay`, with everything from flash.

use crate::{Parts, Refusal, blob_region, network::network, sequence_region, settle, stack_use};
use app::{
    Clock, Recording, Replay, Run, SequenceFile, log,
    stored::{Settings, find_blob},
};
use skiprnn_nostd::Model;

/// Finds blob and sequences in their sections, replays them once and logs what came of it.
///
/// # Errors
/// The blob or the sequences are damaged, or do not fit this image, the settings or each other.
pub fn from_flash<P: Parts>(name: &'static str, parts: P) -> Result<(), Refusal> {
    let (clock, meter, markers) = parts.split();
    log::image(name, clock.ticks_per_second());
    let loaded = find_blob(blob_region())?;
    let model = Model::parse(loaded.blob)?;
    let recording = SequenceFile::find(sequence_region())?;
    replay(model, &loaded.settings, recording, (clock, meter, markers))
}

/// Replays a recording once and logs what came of it.
///
/// # Errors
/// The recording is damaged, or does not fit the model or this image, or the settings fit neither.
// A call of its own, so that parsing is off the stack.
#[inline(never)]
pub fn replay<P: Parts>(
    model: Model<'static>,
    settings: &Settings,
    recording: impl Recording,
    parts: P,
) -> Result<(), Refusal> {
    let (clock, meter, markers) = parts.split();
    log::model(&model, recording.header());
    log::settings(settings);
    let run = Run::new(settings, &model, recording.header().length)?;
    let mut replay = Replay::new(network(model)?, recording, clock, meter, markers, run)?;
    let summary = replay.run_with(
        |answer, at| {
            log::answer(answer, at);
            settle();
        },
        |record| {
            log::sequence(record);
            settle();
        },
    )?;
    if let Some(spending) = replay.spending() {
        log::budget(&spending);
    }
    log::stack(stack_use());
    log::summary(&summary);
    Ok(())
}
