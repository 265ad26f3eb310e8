//! What the applications log: their records as lines of [`board_link::log`].

use crate::{
    MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, MAX_OUTPUTS, MAX_SAMPLES, SequenceHeader, SequenceRecord, Summary,
    collect::{Block, Collection, Totals, sensors::Sensor},
    measure::{Calibration, Mode, Window},
    sensor::Described,
    stored::Settings,
};
use board_link::log::{self, List};
use core::num::{NonZeroU32, NonZeroU64};
use skiprnn_nostd::{
    Model,
    budget::{Setting, Spending},
    runner::{Counters, Decision},
};

pub use board_link::log::{
    MeterCalibration, Pair, Pairs, bus, bus_freed, fault, fault_in_panic, lost, parked, refused, restart, sensor,
    sensor_not_found,
};

/// What the image is: first line.
pub fn image(machine: &'static str, ticks_per_second: u32) {
    log::Image {
        machine,
        log: log::VERSION,
        ticks_per_second,
        max_hidden: MAX_HIDDEN,
        max_layers: MAX_LAYERS,
        max_inputs: MAX_INPUTS,
        max_outputs: MAX_OUTPUTS,
        max_samples: MAX_SAMPLES,
    }
    .log();
}

/// What is about to be replayed.
pub fn model(model: &Model<'_>, recording: SequenceHeader) {
    log::Model {
        bytes: model.size(),
        hidden: model.hidden(),
        layers: model.layers(),
        inputs: model.inputs(),
        outputs: model.outputs(),
        period_ns: model.sample_period_ns(),
        sequences: recording.sequences,
        samples: recording.length,
    }
    .log();
}

/// What the loader asked for.
pub fn settings(settings: &Settings) {
    let budget = settings.budget.as_ref();
    log::Settings {
        dial: settings.dial.to_bits(),
        cap: settings.cap.map_or(0, NonZeroU32::get),
        allowance_uj_per_hour: budget.map_or(0, |budget| budget.allowance_uj_per_hour.get()),
        base_nj: budget.map_or(0, |budget| budget.base_nj),
        update_nj: budget.map_or(0, |budget| budget.update_nj.get()),
        horizon: budget.map_or(0, |budget| budget.horizon.get()),
        answer_every: settings.answer_every.map_or(0, NonZeroU32::get),
        keep_state: settings.keep_state.into(),
    }
    .log();
    if let Some(budget) = budget {
        let pauses = budget.pauses;
        log::Pauses {
            switch_nj: pauses.switch_nj,
            on_nj: pauses.on_nj,
            off_from: pauses.off_from,
        }
        .log();
    }
}

/// What was booked on a budget.
pub fn budget(spending: &Spending) {
    log::Spending::from(*spending).log();
}

/// One sequence.
pub fn sequence(record: &SequenceRecord) {
    log::Sequence {
        seq: record.sequence,
        decision: record.decision,
        crc: record.state_crc,
        updates: record.update_ticks.count,
        asleep: record.asleep_ticks,
        late: record.late_updates,
        logits: List::new(&record.logits),
        schedule: List::new(record.schedule.as_bytes()),
    }
    .log();
}

/// An answer within a sequence, complete at tick `at` of the clock.
pub fn answer(answer: &Decision<MAX_OUTPUTS>, at: u64) {
    log::Answer {
        seq: answer.sequence,
        sample: answer.sample,
        at,
        class: answer.class,
        logits: List::new(&answer.logits),
    }
    .log();
}

/// A decision from a live sensor, which fell at tick `at` of the clock, and how its sequence was run.
pub fn decision(decision: &Decision<MAX_OUTPUTS>, counters: &Counters, setting: &Setting, at: u64) {
    log::Decision {
        seq: decision.sequence,
        class: decision.class,
        sample: decision.sample,
        at,
        updates: decision.updates,
        dial: setting.dial.to_bits(),
        cap: setting.cap.map_or(0, NonZeroU32::get),
        logits: List::new(&decision.logits),
        asleep: counters.asleep_ticks,
    }
    .log();
}

/// The end of a classification that ends: last line.
pub fn classified(counters: &Counters) {
    log::Classified {
        sequences: counters.sequences,
        decisions: counters.decisions,
        updates: counters.updates,
        samples: counters.samples,
        captured: counters.captured,
        queued: counters.queue_high_water,
        overflows: counters.overflows,
        missed: counters.missed,
        failures: counters.failures,
        power_ups: counters.power_ups,
        powered: counters.powered_ticks,
        asleep: counters.asleep_ticks,
        late: counters.late_wakes,
        wake_delay: counters.latest_wake_ticks,
    }
    .log();
}

/// What is about to be recorded from a sensor that is set to its ranges: this one of the table.
pub fn collecting(part: &Sensor, sensor: &impl Described, asked: &Collection) {
    log::Collecting {
        sensor: part.name,
        channels: sensor.channels().len(),
        bits: part.bits,
        rate_hz: sensor.rate_hz(),
        period_ns: asked.period_ns.map_or(0, NonZeroU64::get),
        samples: asked.samples.map_or(0, NonZeroU32::get),
    }
    .log();
    for (index, channel) in sensor.channels().iter().enumerate() {
        log::Channel {
            index,
            unit: channel.unit,
            full_scale: channel.full_scale,
        }
        .log();
    }
}

/// Bytes of the log that a block takes at most: its frame has 2 bytes of its kind, four numbers of 8, 6 for the list and
/// 96 of counts, which defmt's encoding lengthens by a seventh at most.
pub const BLOCK_BYTES: usize = 160;

/// Recorded samples.
pub fn block(block: &Block) {
    log::Block {
        first: block.first,
        at: block.at,
        missed: block.missed,
        dropped: block.dropped,
        counts: List::new(&block.counts),
    }
    .log();
}

/// The end of a recording: last line.
pub fn collected(totals: &Totals) {
    log::Collected {
        samples: totals.samples,
        missed: totals.missed,
        dropped: totals.dropped,
        failures: totals.failures,
    }
    .log();
}

/// Bytes of the stack that were in use when most were, and its size.
pub fn stack((used, bytes): (u32, u32)) {
    log::Stack { used, bytes }.log();
}

/// A window of a measurement, when SEQ is low again.
pub fn window(mode: Mode, window: &Window) {
    log::Window {
        mode,
        sequences: window.sequences,
        updates: window.updates.count,
        meter: window.updates.sum,
        wakes: window.wakes,
        ticks: window.ticks,
        asleep: window.asleep_ticks,
    }
    .log();
}

/// A calibration, when SEQ is low again.
pub fn calibration(calibration: Calibration, window: &Window) {
    log::Calibrated {
        calibration,
        sequences: window.sequences,
        updates: window.updates.count,
        meter: window.updates.sum,
        wakes: window.wakes,
        ticks: window.ticks,
        asleep: window.asleep_ticks,
    }
    .log();
}

/// The end of a measurement: last line.
pub fn measured(windows: u32) {
    log::Measured { windows }.log();
}

/// The end of a replay: last line.
pub fn summary(summary: &Summary) {
    log::Replayed {
        sequences: summary.sequences,
        updates: summary.update_ticks.count,
        meter: summary.update_ticks.sum,
        meter_min: summary.update_ticks.min,
        meter_max: summary.update_ticks.max,
        asleep: summary.asleep_ticks,
        total: summary.total_ticks,
        late: summary.late_updates,
        wake_delay: summary.wake_delay_ticks,
    }
    .log();
}
