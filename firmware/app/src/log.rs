//! The lines that a replay logs, and that the host reads back word by word.
//!
//! Each line is a word that says what it is, then `name=value` pairs. Schedules go as bits ([`crate::schedule`]), the
//! densest form, because a line costs time: the emulator takes a few microseconds for each byte. The lines are
//! unconditional (`defmt::println!`), so that no log level set at build time can silence them.

use crate::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, MAX_OUTPUTS, MAX_SAMPLES, SequenceHeader, SequenceRecord, Summary};
use skiprnn_nostd::{
    Model,
    runner::{Counters, Decision},
};

/// Version of these lines; the host refuses another.
pub const VERSION: u32 = 2;

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

/// A decision from a live sensor.
pub fn decision(decision: &Decision<MAX_OUTPUTS>, counters: &Counters) {
    defmt::println!(
        "decision seq={=u64} class={=usize} sample={=u64} updates={=u32} logits={=[?]} samples={=u64} power_ups={=u64} \
         asleep={=u64} late={=u64}",
        decision.sequence,
        decision.class,
        decision.sample,
        decision.updates,
        *decision.logits,
        counters.samples,
        counters.power_ups,
        counters.asleep_ticks,
        counters.late_wakes
    );
}

/// The end: last line.
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
