//! Everything that a board calls of `skiprnn-nostd`, on values that the compiler knows nothing about. It is never run:
//! `cargo xtask no-panic` builds it and looks for symbols of `core::panicking`, of which there must be none. The
//! async runner is left out: to poll a future that has ended panics in any `async fn`.
//!
//! Each function below is a call of its own, so that the check can also see that its code is there.
#![no_std]
#![no_main]

mod parts;

use core::{
    hint::black_box,
    num::{NonZeroU16, NonZeroU32},
    panic::PanicInfo,
};
use cortex_m_rt::entry;
use parts::{NoClock, NoPin, NoSensor};
use skiprnn_nostd::{
    Instance, Model, Network, ParseError, Sequence, StepError,
    budget::{Budget, ControlError, Controller, Pauses, Setting},
    runner::{self, CaptureQueue, Config, Counters, Decision, Runner, RunnerError, SwitchedSupply},
};

type Net<'a> = Instance<'a, 64, 2, 3>;
type Failure = RunnerError<(), (), StepError>;

#[repr(C, align(4))]
struct Flash([u8; 8192]);
static FLASH: Flash = Flash([0; 8192]);

#[inline(never)]
fn probe_parse(blob: &[u8]) -> Result<Model<'_>, ParseError> {
    Model::parse(blob)
}

#[inline(never)]
fn probe_metadata(model: &Model<'_>) -> usize {
    let text = model.class_names().chain([model.name()]).map(str::len).sum::<usize>();
    let channels = model
        .channels()
        .map(|c| c.name.len().wrapping_add(c.unit.len()))
        .sum::<usize>();
    let bounds = (0..model.layers()).flat_map(|k| model.row_bounds(k)).max().unwrap_or(0) as usize;
    let curve = model
        .dial_curve()
        .map(|point| point.dial.to_bits() as usize)
        .max()
        .unwrap_or(0);
    text ^ channels ^ bounds ^ curve ^ model.macs_per_update()
}

#[inline(never)]
fn probe_sequence(
    network: &mut Net<'_>,
    controller: &mut Controller<'_>,
    counts: &[i16],
    logits: &mut [i32],
) -> Option<usize> {
    let setting = controller.setting();
    network.set_dial(setting.dial);
    let mut sequence = Sequence::new(network).with_cap(setting.cap);
    sequence.restart().ok()?;
    let mut usage = controller.usage();
    while sequence.due().is_some() {
        usage.uses(sequence.step(counts).ok()?.sample);
    }
    sequence.outputs(logits).ok()?;
    controller.decided(&usage);
    controller.lost(black_box(&usage));
    controller.measured(black_box(5));
    black_box(controller.spending());
    Some(sequence.decision(logits).ok()? ^ sequence.network().state_crc() as usize)
}

#[inline(never)]
fn probe_controller<'a>(model: &Model<'a>, budget: Budget) -> Result<Controller<'a>, ControlError> {
    Controller::new(
        model,
        model.sequence_length(),
        black_box(Setting::default()),
        Some(budget),
    )
}

#[inline(never)]
fn probe_fit(model: &Model<'_>) -> Result<(), runner::FitError<()>> {
    runner::fit(model, &mut NoSensor)
}

#[inline(never)]
fn probe_runner(network: Net<'_>, controller: &mut Controller<'_>) -> Result<(Decision<6>, Counters), Failure> {
    let mut runner = Runner::new(Sequence::new(network), NoSensor, NoClock, &black_box(Config::default()))?;
    black_box(runner.decide::<6>()?);
    black_box(runner.decide_with::<6>(controller)?);
    runner.set_cap(black_box(None))?;
    let decision = runner.decide_at_end()?;
    Ok((decision, runner.counters()))
}

const BUDGET: Budget = Budget {
    allowance_uj_per_hour: NonZeroU32::new(1_000_000).unwrap(),
    base_nj: 1000,
    update_nj: NonZeroU32::new(9000).unwrap(),
    pauses: Pauses {
        switch_nj: 50_000,
        on_nj: 12_000,
        off_from: 5,
    },
    horizon: NonZeroU16::new(100).unwrap(),
};

static QUEUE: CaptureQueue<[i16; 3], 16> = CaptureQueue::new();

#[inline(never)]
fn probe_queue(network: Net<'_>) -> Option<Counters> {
    let sensor = SwitchedSupply::new(NoSensor, NoPin).ok()?;
    let sensor = QUEUE.attach(sensor, |tick| {
        black_box(tick);
    });
    black_box(QUEUE.capture(|| black_box(Some([0; 3]))));
    let mut runner = Runner::new(Sequence::new(network), sensor, NoClock, &black_box(Config::default())).ok()?;
    runner.update().ok()?;
    Some(runner.counters())
}

#[cfg(feature = "panics")]
#[inline(never)]
fn probe_panics(values: &[u8; 4]) -> u8 {
    #[expect(clippy::indexing_slicing, reason = "this is what the check has to find")]
    values[black_box(4)]
}

fn everything() -> Option<()> {
    let model = probe_parse(black_box(&FLASH.0))
        .map_err(|error| black_box(error))
        .ok()?;
    black_box(probe_metadata(&model));
    let mut controller = probe_controller(&model, black_box(BUDGET)).ok()?;
    black_box(probe_fit(&model)).ok();
    let mut network = Net::new(model).ok()?;
    black_box(probe_sequence(
        &mut network,
        &mut controller,
        black_box(&[0; 3]),
        black_box(&mut [0; 6]),
    ));
    black_box(probe_runner(network.clone(), &mut controller)).ok();
    black_box(probe_queue(network));
    #[cfg(feature = "panics")]
    black_box(probe_panics(&[0; 4]));
    Some(())
}

#[entry]
fn main() -> ! {
    black_box(everything());
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::bkpt();
    }
}
