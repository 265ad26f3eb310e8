//! The lines of `name=value` pairs. A field is what the key of its name holds.

use super::grammar::{List, Unreadable, lines};
use crate::measure::{Calibration, Mode};

lines! {
    /// What the image is: the first line.
    Image<'a> = "image machine={=str} log={=u32} ticks_per_second={=u32} max_hidden={=usize} max_layers={=usize} \
                 max_inputs={=usize} max_outputs={=usize} max_samples={=usize}" {
        /// Name of the board, or of the emulated machine.
        machine: &'a str,
        /// [`VERSION`](super::VERSION) of the log.
        log: u32,
        /// Ticks of the clock in a second.
        ticks_per_second: u32,
        /// Largest H that the image has room for.
        max_hidden: usize,
        /// Largest L that the image has room for.
        max_layers: usize,
        /// Largest I that the image has room for.
        max_inputs: usize,
        /// Largest O that the image has room for.
        max_outputs: usize,
        /// Largest T that the image has room for.
        max_samples: usize,
    }

    /// What the meter of an emulated board counts in two loops, from which the host turns its ticks into instructions.
    MeterCalibration = "calibration runs={=u32} instructions={=u32} call={=u32} empty={=u32} nops={=u32} meter_hz={=u32}" {
        /// Measurements of each loop.
        runs: u32,
        /// Instructions that a measurement of `nops` has more than one of `empty`.
        instructions: u32,
        /// Instructions of a measurement of `empty`: call and return.
        call: u32,
        /// Ticks of all measurements of a call that returns at once.
        empty: u32,
        /// Ticks of all measurements of a call with `instructions` more.
        nops: u32,
        /// Ticks of the meter in a second.
        meter_hz: u32,
    }

    /// What is about to be run.
    Model = "model bytes={=usize} hidden={=usize} layers={=usize} inputs={=usize} outputs={=usize} period_ns={=u64} \
             sequences={=u32} samples={=u32}" {
        /// Bytes of the blob.
        bytes: usize,
        /// H.
        hidden: usize,
        /// L.
        layers: usize,
        /// I.
        inputs: usize,
        /// O.
        outputs: usize,
        /// T_s: nanoseconds between samples; 0 where the model states none.
        period_ns: u64,
        /// N.
        sequences: u32,
        /// T.
        samples: u32,
    }

    /// The settings that the loader left.
    Settings = "settings dial={=i32} cap={=u32} allowance_uj_per_hour={=u32} base_nj={=u32} update_nj={=u32} horizon={=u16} \
                answer_every={=u32} keep_state={=u8}" {
        /// The dial with 16 fractional bits.
        dial: i32,
        /// Updates of a sequence at most; 0 for no cap.
        cap: u32,
        /// Microjoules an hour; 0 for no budget, and then the next three are 0.
        allowance_uj_per_hour: u32,
        /// What a sequence costs without its updates, in nanojoules.
        base_nj: u32,
        /// What each update adds, in nanojoules.
        update_nj: u32,
        /// Sequences over which a debt is paid back.
        horizon: u16,
        /// Samples from one answer to the next; 0 for what the model says.
        answer_every: u32,
        /// 1 where a sequence begins with the state that the one before it left, else 0.
        keep_state: u8,
    }

    /// What a budget books for the pauses between updates.
    Pauses = "pauses switch_nj={=u32} on_nj={=u32} off_from={=u32}" {
        /// A pause in which the sensor is off, in nanojoules.
        switch_nj: u32,
        /// A sample in a pause in which the sensor stays on, in nanojoules.
        on_nj: u32,
        /// The shortest pause in which the sensor is switched off, in samples; 0 for every pause.
        off_from: u32,
    }

    /// What was booked on a budget so far, in nanojoules by its prices.
    Spending = "budget allowed_nj={=u64} booked_nj={=u64}" {
        /// Allowed for the sequences that were decided.
        allowed_nj: u64,
        /// What they cost, and the updates and pauses of those that were lost.
        booked_nj: u64,
    }

    /// One replayed sequence.
    Sequence<'a> = "sequence seq={=u32} decision={=u32} crc={=u32:08x} updates={=u64} asleep={=u64} late={=u32} logits={=[?]} \
                    schedule={=[u8]:02x}" {
        /// Index of the sequence.
        seq: u32,
        /// Index of the largest logit, the first of equals.
        decision: u32,
        /// CRC-32/ISO-HDLC of the final state.
        crc: u32,
        /// Samples used.
        updates: u64,
        /// Ticks asleep from the first sample to the decision.
        asleep: u64,
        /// Updates whose sample had fallen due while an earlier update still ran.
        late: u32,
        /// Raw outputs of the head.
        logits: List<'a, i32>,
        /// The samples used: bit k % 8 of byte k / 8 for sample k, without trailing zero bytes.
        schedule: List<'a, u8>,
    }

    /// The outputs after an update, within a sequence that goes on; those after its last update are in its own line, `sequence`
    /// or `decision`.
    Answer<'a> = "answer seq={=u64} sample={=u64} at={=u64} class={=usize} logits={=[?]}" {
        /// Index of the sequence.
        seq: u64,
        /// The last sample used.
        sample: u64,
        /// The tick of the clock at which the answer was there.
        at: u64,
        /// Index of the largest logit, the first of equals.
        class: usize,
        /// Raw outputs of the head.
        logits: List<'a, i32>,
    }

    /// A decision from a live sensor, and how its sequence was run.
    Decision<'a> = "decision seq={=u64} class={=usize} sample={=u64} at={=u64} updates={=u32} dial={=i32} cap={=u32} \
                    logits={=[?]} asleep={=u64}" {
        /// Index of the sequence.
        seq: u64,
        /// Index of the largest logit, the first of equals.
        class: usize,
        /// The last sample used, after which the decision stands.
        sample: u64,
        /// The tick of the clock at which the decision was there.
        at: u64,
        /// Samples used.
        updates: u32,
        /// The dial with 16 fractional bits.
        dial: i32,
        /// Updates at most; 0 for no cap.
        cap: u32,
        /// Raw outputs of the head.
        logits: List<'a, i32>,
        /// Ticks asleep since the start.
        asleep: u64,
    }

    /// How much of the stack was in use when most was.
    Stack = "stack used={=u32} bytes={=u32}" {
        /// Bytes in use.
        used: u32,
        /// Bytes of the stack.
        bytes: u32,
    }

    /// A window of a measurement, when SEQ is low again.
    Window = "window mode={} sequences={=u32} updates={=u64} meter={=u64} wakes={=u64} ticks={=u64} asleep={=u64}" {
        /// When the core woke.
        mode: Mode,
        /// Sequences passed over.
        sequences: u32,
        /// Updates of the network.
        updates: u64,
        /// Ticks of the meter within updates.
        meter: u64,
        /// Ends of a sleep.
        wakes: u64,
        /// Ticks of the clock from the first rise of SEQ to its last fall.
        ticks: u64,
        /// The part of `ticks` that the core slept.
        asleep: u64,
    }

    /// A calibration loop, when SEQ is low again.
    Calibrated = "calibrated {} sequences={=u32} updates={=u64} meter={=u64} wakes={=u64} ticks={=u64} asleep={=u64}" {
        /// What was repeated.
        calibration: Calibration,
        /// Loops.
        sequences: u32,
        /// Updates of the network.
        updates: u64,
        /// Ticks of the meter within updates.
        meter: u64,
        /// Ends of a sleep.
        wakes: u64,
        /// Ticks of the clock from the first rise of SEQ to its last fall.
        ticks: u64,
        /// The part of `ticks` that the core slept.
        asleep: u64,
    }

    /// What the board computed for one pair of a random network and random samples.
    Pair = "pair index={=u32} digest={=u32:08x}" {
        /// Index of the pair.
        index: u32,
        /// CRC-32/ISO-HDLC of every step, the logits and the final state.
        digest: u32,
    }

    /// What is about to be recorded from a sensor; a line [`Channel`] for each of its channels follows.
    Collecting<'a> = "collecting sensor={=str} channels={=usize} bits={=u8} rate_hz={=u32} period_ns={=u64} samples={=u32}" {
        /// Name of the sensor.
        sensor: &'a str,
        /// Channels of a sample.
        channels: usize,
        /// Bits in which the sensor counts; they are the upper ones of a count of 16 bits.
        bits: u8,
        /// Samples that the sensor makes in a second, nominally.
        rate_hz: u32,
        /// Nanoseconds from one recorded sample to the next by the board's clock; 0 where every sample of the sensor is
        /// recorded, at its own instants.
        period_ns: u64,
        /// Samples after which it ends; 0 for none.
        samples: u32,
    }

    /// What the counts of one channel mean.
    Channel<'a> = "channel index={=usize} unit={=str} full_scale={=f32}" {
        /// Its place in a sample.
        index: usize,
        /// Its unit, such as `g`.
        unit: &'a str,
        /// The magnitude at 32,768 counts, in that unit.
        full_scale: f32,
    }

    /// Recorded samples, one after the other without a gap. Where a block does not begin at the index at which the last one
    /// ended, the samples between them are lost.
    Block<'a> = "block first={=u64} at={=u64} missed={=u64} dropped={=u64} counts={=[?]}" {
        /// Index of its first sample since the start of the recording; lost samples count.
        first: u64,
        /// The tick of the clock at which the sensor made that sample, as the board knows it.
        at: u64,
        /// Samples before this block that were not read in time, since the start.
        missed: u64,
        /// Samples before this block that were read and found no room, since the start.
        dropped: u64,
        /// Raw counts, (n, channels).
        counts: List<'a, i16>,
    }

    /// The end of a recording from a sensor: the last line.
    Collected = "summary samples={=u64} missed={=u64} dropped={=u64} failures={=u64}" {
        /// Samples that were recorded, the lost ones not counted.
        samples: u64,
        /// Samples that were not read in time.
        missed: u64,
        /// Samples that were read and found no room.
        dropped: u64,
        /// Reads that failed and were repeated.
        failures: u64,
    }

    /// The end of a replay: the last line.
    Replayed = "summary sequences={=u32} updates={=u64} meter={=u64} meter_min={=u32} meter_max={=u32} asleep={=u64} \
                total={=u64} late={=u64} wake_delay={=u64}" {
        /// Sequences replayed.
        sequences: u32,
        /// Updates of all sequences.
        updates: u64,
        /// Ticks of the meter within updates.
        meter: u64,
        /// Ticks of the cheapest update.
        meter_min: u32,
        /// Ticks of the most expensive update.
        meter_max: u32,
        /// Ticks of the clock asleep, the waits between sequences included.
        asleep: u64,
        /// Ticks of the clock from the first sample of the first sequence to the end of the last one.
        total: u64,
        /// Updates whose sample had fallen due while an earlier update still ran.
        late: u64,
        /// Ticks by which the latest wake-up missed its instant.
        wake_delay: u64,
    }

    /// The end of a classification that ends: the last line.
    Classified = "summary sequences={=u64} decisions={=u64} updates={=u64} samples={=u64} captured={=u64} queued={=u32} \
                  overflows={=u64} missed={=u64} failures={=u64} power_ups={=u64} powered={=u64} asleep={=u64} late={=u64} \
                  wake_delay={=u64}" {
        /// Sequences, the lost ones included.
        sequences: u64,
        /// Decisions.
        decisions: u64,
        /// Updates of all sequences.
        updates: u64,
        /// Samples read.
        samples: u64,
        /// Samples that came out of the sensor's FIFO.
        captured: u64,
        /// Most samples that ever waited there.
        queued: u32,
        /// Times that the FIFO overflowed.
        overflows: u64,
        /// Samples that were missed.
        missed: u64,
        /// Failures of the sensor.
        failures: u64,
        /// Times that the sensor was switched on.
        power_ups: u64,
        /// Ticks for which it was on.
        powered: u64,
        /// Ticks asleep.
        asleep: u64,
        /// Wake-ups behind their instant.
        late: u64,
        /// Ticks by which the latest wake-up missed its instant.
        wake_delay: u64,
    }

    /// The end of a measurement: the last line.
    Measured = "summary windows={=u32}" {
        /// Windows, or rounds of calibrations.
        windows: u32,
    }

    /// The end of a run over random networks: the last line.
    Pairs = "summary pairs={=u32}" {
        /// Pairs computed.
        pairs: u32,
    }
}

impl From<skiprnn_nostd::budget::Spending> for Spending {
    fn from(spending: skiprnn_nostd::budget::Spending) -> Self {
        Self {
            allowed_nj: spending.allowed_nj,
            booked_nj: spending.booked_nj,
        }
    }
}

impl From<Spending> for skiprnn_nostd::budget::Spending {
    fn from(line: Spending) -> Self {
        Self {
            allowed_nj: line.allowed_nj,
            booked_nj: line.booked_nj,
        }
    }
}
