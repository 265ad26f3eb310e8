//! Replays recorded sequences on an emulated Cortex-M4: machine mps2-an386 of `qemu-system-arm`.
//!
//! The image holds no model. A loader puts the blob at 0x2100_0000 and the sequences at 0x2140_0000, each behind a
//! header (README of `firmware/`); the image checks both, replays every sequence on the grid of the model's sample
//! period, asleep between the samples that the network uses, and logs what came of it over semihosting.
//!
//! - Wiring: none. LEDs 0, 1 and 2 of the motherboard are the markers SEQ, AWAKE and UPDATE.
//! - Time: 25 MHz; with `-icount shift=6` every instruction takes 64 ns of it.
//! - Expected current: an emulator draws none; `skiprnn energy` predicts it for real boards.
#![no_std]
#![no_main]

mod clock;
mod exit;
mod markers;
mod meter;
mod refusal;
mod sys;

use app::{Classifier, MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, Markers, Replay, SequenceFile, log, stored::find_blob};
use clock::{TICKS_PER_SECOND, TimerClock};
use defmt_semihosting as _;
use markers::LedPin;
use meter::{NOPS, RUNS, SysTickMeter};
use refusal::Refusal;
use skiprnn_nostd::Model;

/// Runs once after reset.
fn main() -> ! {
    let Some((core, board)) = sys::Peripherals::take() else {
        exit::refused()
    };
    match replay(core, board) {
        Ok(()) => exit::done(),
        Err(refusal) => {
            defmt::println!("refused: {}", defmt::Display2Format(&refusal));
            exit::refused()
        }
    }
}

fn replay(core: cortex_m::Peripherals, board: sys::Peripherals) -> Result<(), Refusal> {
    log::image("mps2-an386", TICKS_PER_SECOND);
    let mut meter = SysTickMeter::new(core.SYST);
    let calibration = meter.calibrate();
    defmt::println!(
        "calibration runs={=u32} instructions={=u32} empty={=u32} nops={=u32}",
        RUNS,
        NOPS,
        calibration.empty,
        calibration.nops
    );

    let model = Model::parse(find_blob(sys::blob_region())?)?;
    let file = SequenceFile::find(sys::sequence_region())?;
    log::model(&model, &file);
    let network = Classifier::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model)?;
    let [seq, awake, update] = board.leds.split().map(LedPin);
    let clock = TimerClock::new(board.base, board.alarm);
    let mut replay = Replay::new(network, clock, meter, Markers { seq, awake, update })?;
    let summary = replay.run(&file, log::sequence)?;
    log::summary(&summary);
    Ok(())
}
