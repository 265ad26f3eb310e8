//! Replays recorded sequences on an emulated board.
//!
//! The image holds no model. A loader puts the blob, and where the board has room the sequences, into memory, each
//! behind a header (README of `firmware/`); where it has not, the sequences come over the emulator's standard input. The
//! image checks both, replays every sequence on the grid of the model's sample period, asleep between the samples that
//! the network uses, and logs what came of it over semihosting.
#![no_std]
#![no_main]

use app::{SequenceFile, SequenceStream, log, stored::find_blob};
use cortex::{blob_region, replay::replay, sequence_region};
use cortex_m::{Peripherals, singleton};
use cortex_m_rt::entry;
use qemu::{
    Board, NAME, Refusal,
    clock::{TICKS_PER_SECOND, TimerClock},
    markers::markers,
    meter::SysTickMeter,
    stream::StandardInput,
};
use skiprnn_nostd::Model;

/// Bytes of the longest sequence that can be streamed in.
const STREAM_BUFFER: usize = 3072;

#[entry]
fn main() -> ! {
    qemu::start(run)
}

fn run(core: Peripherals, board: Board) -> Result<(), Refusal> {
    log::image(NAME, TICKS_PER_SECOND);
    let mut meter = SysTickMeter::new(core.SYST);
    meter.calibrate().log();
    let model = Model::parse(find_blob(blob_region())?)?;
    let clock = TimerClock::new(board.base, board.alarm);
    let markers = markers(board.leds);
    if sequence_region().is_empty() {
        let buffer = singleton!(: [u8; STREAM_BUFFER] = [0; STREAM_BUFFER]).ok_or(Refusal::Buffer)?;
        let stream = SequenceStream::open(StandardInput::open(), buffer)?;
        replay(model, stream, clock, meter, markers)
    } else {
        replay(model, SequenceFile::find(sequence_region())?, clock, meter, markers)
    }
}
