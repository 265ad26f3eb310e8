//! The lines that a replay logs, and that the host reads back word by word.
//!
//! Each line is a word that says what it is, then `name=value` pairs. Schedules go as bits ([`crate::schedule`]), the
//! densest form, because a line costs time: the emulator takes a few microseconds for each byte. The lines are
//! unconditional (`defmt::println!`), so that no log level set at build time can silence them.

use crate::{
    MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, MAX_OUTPUTS, MAX_SAMPLES, SequenceHeader, SequenceRecord, Summary,
    measure::{Calibration, Mode, Window},
    stored::Settings,
};
use core::num::NonZeroU32;
use skiprnn_nostd::{
    Model,
    budget::{Setting, Spending},
    runner::{Counters, Decision},
};

/// Version of these lines; the host refuses another.
pub const VERSION: u32 = 4;

/// What the image is: first line.
pub fn image(machine: &'static str, ticks_per_second: u32) {
    defmt::println!(
        "image machine={=str} log={=u32} ticks_per_second={=u32} max_hidden={=usize} max_layers={=usize} \
         max_inputs={=usize} max_outputs={=usize} max_samples={=usize}",
        machine,
        VERSION,
        ticks_per_second,
        MAX_HIDDEN,
        MAX_LAYERS,
        MAX_INPUTS,
        MAX_OUTPUTS,
        MAX_SAMPLES
    );
}

/// What is about to be replayed.
pub fn model(model: &Model<'_>, recording: SequenceHeader) {
    defmt::println!(
        "model bytes={=usize} hidden={=usize} layers={=usize} inputs={=usize} outputs={=usize} period_ns={=u64} \
         sequences={=u32} samples={=u32}",
        model.size(),
        model.hidden(),
        model.layers(),
        model.inputs(),
        model.outputs(),
        model.sample_period_ns(),
        recording.sequences,
        recording.length
    );
}

/// What the loader asked for: the dial with 16 fractional bits, the cap, 0 where there is none, and the budget, zeros
/// where there is none.
pub fn settings(settings: &Settings) {
    let budget = settings.budget.as_ref();
    defmt::println!(
        "settings dial={=i32} cap={=u32} allowance_uj_per_hour={=u32} base_nj={=u32} update_nj={=u32} horizon={=u16}",
        settings.dial.to_bits(),
        settings.cap.map_or(0, NonZeroU32::get),
        budget.map_or(0, |budget| budget.allowance_uj_per_hour.get()),
        budget.map_or(0, |budget| budget.base_nj),
        budget.map_or(0, |budget| budget.update_nj.get()),
        budget.map_or(0, |budget| budget.horizon.get())
    );
}

/// What was booked on a budget.
pub fn budget(spending: &Spending) {
    defmt::println!(
        "budget allowed_nj={=u64} booked_nj={=u64}",
        spending.allowed_nj,
        spending.booked_nj
    );
}

/// One sequence.
pub fn sequence(record: &SequenceRecord) {
    defmt::println!(
        "sequence seq={=u32} decision={=u32} crc={=u32:08x} updates={=u64} asleep={=u64} late={=u32} logits={=[?]} \
         schedule={=[u8]:02x}",
        record.sequence,
        record.decision,
        record.state_crc,
        record.update_ticks.count,
        record.asleep_ticks,
        record.late_updates,
        *record.logits,
        record.schedule.as_bytes()
    );
}

/// A decision from a live sensor, which fell at tick `at` of the clock, and how its sequence was run.
pub fn decision(decision: &Decision<MAX_OUTPUTS>, counters: &Counters, setting: &Setting, at: u64) {
    defmt::println!(
        "decision seq={=u64} class={=usize} sample={=u64} at={=u64} updates={=u32} dial={=i32} cap={=u32} \
         logits={=[?]} asleep={=u64}",
        decision.sequence,
        decision.class,
        decision.sample,
        at,
        decision.updates,
        setting.dial.to_bits(),
        setting.cap.map_or(0, NonZeroU32::get),
        *decision.logits,
        counters.asleep_ticks
    );
}

/// The end of a classification that ends: last line.
pub fn classified(counters: &Counters) {
    defmt::println!(
        "summary sequences={=u64} decisions={=u64} updates={=u64} samples={=u64} captured={=u64} queued={=u32} \
         overflows={=u64} missed={=u64} failures={=u64} power_ups={=u64} powered={=u64} asleep={=u64} late={=u64} \
         wake_delay={=u64}",
        counters.sequences,
        counters.decisions,
        counters.updates,
        counters.samples,
        counters.captured,
        counters.queue_high_water,
        counters.overflows,
        counters.missed,
        counters.failures,
        counters.power_ups,
        counters.powered_ticks,
        counters.asleep_ticks,
        counters.late_wakes,
        counters.latest_wake_ticks
    );
}

/// Bytes of the stack that were in use when most were, and its size.
pub fn stack((used, bytes): (u32, u32)) {
    defmt::println!("stack used={=u32} bytes={=u32}", used, bytes);
}

/// A window of a measurement, when SEQ is low again.
pub fn window(mode: Mode, window: &Window) {
    defmt::println!("window mode={} {}", mode, Counted(window));
}

/// A calibration, when SEQ is low again.
pub fn calibration(calibration: Calibration, window: &Window) {
    defmt::println!("calibrated {} {}", calibration, Counted(window));
}

/// The end of a measurement: last line.
pub fn measured(windows: u32) {
    defmt::println!("summary windows={=u32}", windows);
}

/// A window's counts.
struct Counted<'a>(&'a Window);

impl defmt::Format for Counted<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let window = self.0;
        defmt::write!(
            f,
            "sequences={=u32} updates={=u64} meter={=u64} wakes={=u64} ticks={=u64} asleep={=u64}",
            window.sequences,
            window.updates.count,
            window.updates.sum,
            window.wakes,
            window.ticks,
            window.asleep_ticks
        );
    }
}

/// The end of a replay: last line.
pub fn summary(summary: &Summary) {
    defmt::println!(
        "summary sequences={=u32} updates={=u64} meter={=u64} meter_min={=u32} meter_max={=u32} asleep={=u64} \
         total={=u64} late={=u64} wake_delay={=u64}",
        summary.sequences,
        summary.update_ticks.count,
        summary.update_ticks.sum,
        summary.update_ticks.min,
        summary.update_ticks.max,
        summary.asleep_ticks,
        summary.total_ticks,
        summary.late_updates,
        summary.wake_delay_ticks
    );
}
