//! Replays recorded sequences on an emulated board.
//!
//! The image holds no model. A loader puts the blob, and where the board has room the sequences, into memory, each
//! behind a header (`docs/board-link.md`); where it has not, the sequences come over the emulator's standard input. The
//! image checks both, replays every sequence on the grid of the model's sample period, asleep between the samples that
//! the network uses, and logs what came of it over semihosting.
#![no_std]
#![no_main]

use app::{log, stored::find_blob};
use cortex::{blob_region, replay::replay};
use cortex_m::Peripherals;
use cortex_m_rt::entry;
use qemu::{
    Board, NAME, Refusal,
    clock::{TICKS_PER_SECOND, TimerClock},
    markers::markers,
    meter::SysTickMeter,
    stream::sequences,
};
use skiprnn_nostd::Model;

#[entry]
fn main() -> ! {
    qemu::start(run)
}

fn run(core: Peripherals, board: Board) -> Result<(), Refusal> {
    log::image(NAME, TICKS_PER_SECOND);
    let mut meter = SysTickMeter::new(core.SYST);
    meter.calibrate().log();
    let loaded = find_blob(blob_region())?;
    let model = Model::parse(loaded.blob)?;
    let clock = TimerClock::new(board.base, board.alarm);
    replay(
        model,
        &loaded.settings,
        sequences()?,
        (clock, meter, markers(board.leds).0),
    )
}
