//! Replays recorded sequences on an emulated board.
//!
//! The image holds no model. A loader puts the blob, and where the board has room the sequences, into memory, each
//! behind a header (README of `firmware/`); where it has not, the sequences come over the emulator's standard input. The
//! image checks both, replays every sequence on the grid of the model's sample period, asleep between the samples that
//! the network uses, and logs what came of it over semihosting.
#![no_std]
#![no_main]

use app::{
    Classifier, MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, Recording, Replay, SequenceFile, SequenceStream, log,
    stored::find_blob,
};
use cortex_m::singleton;
use cortex_m_rt::entry;
use qemu::{
    Board, NAME, Refusal, blob_region,
    clock::{TICKS_PER_SECOND, TimerClock},
    markers::markers,
    meter::SysTickMeter,
    sequence_region, settle,
    stream::StandardInput,
};
use skiprnn_nostd::Model;

/// Bytes of the longest sequence that can be streamed in.
const STREAM_BUFFER: usize = 3072;

#[entry]
fn main() -> ! {
    qemu::start(replay)
}

fn replay(core: cortex_m::Peripherals, board: Board) -> Result<(), Refusal> {
    log::image(NAME, TICKS_PER_SECOND);
    let mut meter = SysTickMeter::new(core.SYST);
    meter.calibrate().log();
    let model = Model::parse(find_blob(blob_region())?)?;
    // The region's length is a constant: only one of the two is compiled in.
    if sequence_region().is_empty() {
        let mut buffer = [0; STREAM_BUFFER];
        run(
            model,
            SequenceStream::open(StandardInput::open(), &mut buffer)?,
            meter,
            board,
        )
    } else {
        run(model, SequenceFile::find(sequence_region())?, meter, board)
    }
}

#[inline(never)]
fn run(model: Model<'_>, mut recording: impl Recording, meter: SysTickMeter, board: Board) -> Result<(), Refusal> {
    log::model(&model, recording.header());
    let mut network = Classifier::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model)?;
    let clock = TimerClock::new(board.base, board.alarm);
    let mut replay = Replay::new(&mut network, clock, meter, markers(board.leds))?;
    let summary = replay.run(&mut recording, |record| {
        log::sequence(record);
        settle();
    })?;
    log::summary(&summary);
    Ok(())
}
