//! The same network, board and sensor under five schemes.

use std::fmt;

use serde::Serialize;

use crate::error::Error;
use crate::gaps::GapModel;
use crate::interval::{Interval, significant};
use crate::model::{Model, Split, Work, interval_of};
use crate::predict::Parts;
use crate::profile::{Board, Sensor};
use crate::workload::Workload;

/// How the samples of a sequence are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// A wake-up, a read and an update for each sample.
    Dense,
    /// As dense, but the sensor's buffer collects samples and wakes the processor when it is full.
    DenseFifo,
    /// The network skips, but a timer wakes the processor at each sample to find out; the sensor stays on.
    SkipPoll,
    /// The processor sleeps through the skipped samples, the sensor off where that pays.
    SkipSleep,
    /// As many samples as the network uses, at equal distances, the sensor at the rate that this needs, no gate.
    Subsampled,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dense => "dense",
            Self::DenseFifo => "dense-fifo",
            Self::SkipPoll => "skip-poll",
            Self::SkipSleep => "skip-sleep",
            Self::Subsampled => "subsampled",
        })
    }
}

/// One scheme's energy and counts per sequence.
#[derive(Debug, Clone, Serialize)]
pub struct Scenario {
    /// The scheme.
    pub scheme: Scheme,
    /// Energy of one sequence.
    pub uj_per_sequence: Interval,
    /// Where it goes.
    pub parts: Parts,
    /// Updates.
    pub updates: f64,
    /// Wake-ups for samples, those to switch the sensor on not counted.
    pub wakes: f64,
    /// Samples read over the bus.
    pub reads: f64,
    /// Bus energy of one read.
    pub read_uj: Interval,
    /// What to know when reading the figures.
    pub note: Option<String>,
}

/// Five schemes of one workload. Predicted, not measured.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// Name of the board's profile.
    pub board: String,
    /// Name of the sensor's profile.
    pub sensor: String,
    /// Always "predicted".
    pub label: &'static str,
    /// The schemes, in the order of [`Scheme`]; without dense-fifo where the sensor has no buffer.
    pub scenarios: Vec<Scenario>,
}

/// Compares the schemes with the model of [`predict`](crate::predict()).
///
/// Dense and subsampled take `dense_update`, the skipping ones `update`. A burst read from the buffer costs as much for
/// each sample as a single read.
///
/// # Errors
/// Those of [`predict`](crate::predict()), but that the updates need not fit into the sequence.
pub fn compare(board: &Board, sensor: &Sensor, workload: &Workload) -> Result<Comparison, Error> {
    let model = Model::new(board, sensor, workload)?;
    let gaps = GapModel::of(workload);
    let length = workload.sequence_length as f64;
    let updates = workload.updates_mean;
    let every = GapModel::dense(workload.sequence_length).even;
    let dense = Work::gated(&every);
    let scenario = |model: &Model<'_>, scheme, splits: &[Split; 3], work: &Work<'_>, note| Scenario {
        scheme,
        uj_per_sequence: interval_of(splits, Split::total),
        parts: Parts::of(splits),
        updates: work.updates,
        wakes: work.wakes,
        reads: work.reads,
        read_uj: Interval::from_corners(|corner| model.read_energy_uj(corner)),
        note,
    };
    let mut scenarios = vec![scenario(
        &model,
        Scheme::Dense,
        &model.known(&workload.dense_update, &dense),
        &dense,
        None,
    )];
    if let Some(fifo) = &sensor.fifo {
        let depth = f64::from(fifo.samples).min(length);
        let work = Work {
            wakes: (length / depth).ceil(),
            gate: false,
            ..Work::gated(&every)
        };
        let splits = model.known(&workload.dense_update, &work);
        let note = format!("the answer waits for up to {depth} samples in the buffer");
        scenarios.push(scenario(&model, Scheme::DenseFifo, &splits, &work, Some(note)));
    }
    let poll = Work {
        updates,
        wakes: length,
        reads: updates,
        polls: length - updates,
        gaps: &every,
        gate: false,
    };
    scenarios.push(scenario(
        &model,
        Scheme::SkipPoll,
        &model.known(&workload.update, &poll),
        &poll,
        None,
    ));
    let splits = model.corners(&workload.update, &gaps);
    scenarios.push(scenario(
        &model,
        Scheme::SkipSleep,
        &splits,
        &Work::gated(&gaps.even),
        None,
    ));
    scenarios.push(subsampled(board, sensor, workload, scenario)?);
    Ok(Comparison {
        board: board.name.clone(),
        sensor: sensor.name.clone(),
        label: "predicted",
        scenarios,
    })
}

/// As many samples at equal distances: another workload, whose sample period is the distance.
fn subsampled(
    board: &Board,
    sensor: &Sensor,
    workload: &Workload,
    scenario: impl Fn(&Model<'_>, Scheme, &[Split; 3], &Work<'_>, Option<String>) -> Scenario,
) -> Result<Scenario, Error> {
    let samples = workload.updates_mean.round().max(1.0);
    let thinned = Workload {
        sequence_length: samples as usize,
        sample_period_s: workload.duration_s() / samples,
        updates_mean: samples,
        schedules: None,
        ..workload.clone()
    };
    let model = Model::new(board, sensor, &thinned)?;
    let every = GapModel::dense(thinned.sequence_length).even;
    let work = Work::gated(&every);
    let splits = model.known(&thinned.dense_update, &work);
    let note = model.rate.map(|rate| format!("sensor at {} Hz", rate.odr_hz));
    Ok(scenario(&model, Scheme::Subsampled, &splits, &work, note))
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Schemes, predicted: board {}, sensor {}; uJ per sequence",
            self.board, self.sensor
        )?;
        writeln!(
            f,
            "  {:<11} {:<28} {:>8} {:>8} {:>8} {:>8}",
            "", "energy", "updates", "wakes", "reads", "bus uJ"
        )?;
        for s in &self.scenarios {
            let energy = s.uj_per_sequence.to_string();
            write!(
                f,
                "  {:<11} {energy:<28} {:>8.1} {:>8.1} {:>8.1} {:>8}",
                s.scheme,
                s.updates,
                s.wakes,
                s.reads,
                significant(s.parts.sample.mid)
            )?;
            writeln!(
                f,
                "{}",
                s.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default()
            )?;
        }
        Ok(())
    }
}
