//! What one update costs on an emulated Cortex-M: instructions by SysTick, stack by paint and scan.
//!
//! The image holds no model: a loader puts a blob at an address of `build.rs`, where the unloaded rest is zeros or
//! ones. The image makes [`UPDATES`] updates with inputs over the whole 16-bit range and prints one line:
//!
//! ```text
//! bench empty=E nops=N updates=U ticks=T ticks_min=A ticks_max=B stack=S crc=C
//! ```
//!
//! E and N are the ticks of [`RUNS`] measurements of nothing and of 1,000 instructions. In place of the line,
//! `refused REASON`.
#![no_std]
#![no_main]

mod sys;

use core::panic::PanicInfo;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use semihosting::{println, process};
use skiprnn_nostd::{Model, State, Step, StepError};

/// Updates that are measured.
const UPDATES: u32 = 16;
/// Measurements of a calibration.
const RUNS: u32 = 25;
/// SysTick counts down through 24 bits.
const RANGE: u32 = 1 << 24;

/// Room for every benchmarked shape.
type Room = State<128, 1, 64>;

/// A call of its own, so that a measurement around it runs from the call to the return of one update.
#[inline(never)]
fn update(model: &Model<'_>, state: &mut Room, counts: &[i16]) -> Result<Step, StepError> {
    model.step(state, counts)
}

fn measure(what: impl FnOnce()) -> u32 {
    let start = SYST::get_current();
    what();
    start.wrapping_sub(SYST::get_current()) % RANGE
}

/// Ticks of [`RUNS`] measurements, started at five different distances so that the roundings cancel.
fn calibrate(what: impl Fn()) -> u32 {
    (0..RUNS).fold(0, |sum, run| {
        cortex_m::asm::delay(run / 5);
        sum + measure(&what)
    })
}

fn run(mut systick: SYST) -> Result<(), &'static str> {
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(RANGE - 1);
    systick.clear_current();
    systick.enable_counter();
    let (empty, nops) = (calibrate(|| ()), calibrate(sys::thousand_nops));

    let model = Model::parse(sys::blob()).map_err(|error| {
        println!("{error:?}");
        "the blob does not parse"
    })?;
    let mut state = Room::new(&model).map_err(|_| "the model is larger than the state")?;
    let mut counts = [0i16; 64];
    let counts = counts.get_mut(..model.inputs()).ok_or("too many inputs")?;
    let (mut ticks, mut least, mut most, mut stack) = (0, u32::MAX, 0, 0);
    let mut noise = 1u32;
    for _ in 0..UPDATES {
        for count in counts.iter_mut() {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *count = (noise >> 16) as i16;
        }
        sys::paint();
        let mut result = Err(StepError::Length { expected: 0, found: 0 });
        let taken = measure(|| result = update(&model, &mut state, counts));
        stack = stack.max(sys::painted_over());
        result.map_err(|_| "the model refused a sample")?;
        ticks += taken;
        least = least.min(taken);
        most = most.max(taken);
    }
    println!(
        "bench empty={empty} nops={nops} updates={UPDATES} ticks={ticks} ticks_min={least} ticks_max={most} \
         stack={stack} crc={:08x}",
        state.crc(&model)
    );
    Ok(())
}

fn main() -> ! {
    let result = match cortex_m::Peripherals::take() {
        Some(core) => run(core.SYST),
        None => Err("no peripherals"),
    };
    if let Err(reason) = result {
        println!("refused {reason}");
        process::exit(2)
    }
    process::exit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("refused {info}");
    process::exit(1)
}
