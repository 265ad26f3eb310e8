//! From a scripted sensor to decisions on an emulated board: the application of the real boards, with a recording that is
//! played in real time (`app/src/sensor/scripted.rs`) where they have a part on a bus.
//!
//! Blob and recording come as they do for `replay`. The first three LEDs are the markers; the fourth, on the microbit pin P0.04, is high while class 0 was
//! decided last; each decision is a line in the log, written as it falls. The image ends with the recording.
#![no_std]
#![no_main]

use app::{
    Clock, Recording, log,
    sensor::scripted::Scripted,
    stored::{Settings, find_blob},
};
use core::cell::RefCell;
use cortex::{blob_region, classify::classify};
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu::{
    Board, NAME, Refusal,
    clock::{SharedClock, TICKS_PER_SECOND, TimerClock},
    markers::{Led, markers},
    stream::sequences,
};
use skiprnn_nostd::Model;

/// The class that the pin shows.
const CLASS: usize = 0;

#[entry]
fn main() -> ! {
    qemu::start(run)
}

fn run(_: Peripherals, board: Board) -> Result<(), Refusal> {
    log::image(NAME, TICKS_PER_SECOND);
    let loaded = find_blob(blob_region())?;
    let model = Model::parse(loaded.blob)?;
    let clock = RefCell::new(TimerClock::new(board.base, board.alarm));
    let clock = SharedClock(&clock);
    play(model, &loaded.settings, sequences()?, clock, board.leds)
}

/// Classifies what the recording plays. A call of its own, so that parsing is off the stack.
#[inline(never)]
fn play(
    model: Model<'static>,
    settings: &Settings,
    recording: impl Recording,
    clock: SharedClock<'_>,
    leds: [Led; 4],
) -> Result<(), Refusal> {
    let header = recording.header();
    log::model(&model, header);
    let mut time = clock;
    let Some(sensor) = Scripted::new(&model, recording, move || time.now(), clock.ticks_per_second()) else {
        log::sensor("the model states no sample period that this clock can keep");
        return Err(Refusal::Sensor);
    };
    let (markers, pin) = markers(leds);
    classify(
        model,
        settings,
        sensor,
        (clock, (), markers),
        (pin, CLASS),
        (header.sequences, header.length),
    )
}
