//! Order, doubles and jumps of stamps.

use super::{jump_s, median, place};
use crate::{Error, Notes, track::Track};

/// Fewer samples in a row are late ones, however late.
const FEWEST: usize = 5;
/// Where more than this share of all steps goes back, the lines are in no order, and only sorting makes sense of them.
const NO_ORDER: f64 = 0.1;

/// The median of the steps that go forward.
fn forward(times: &[f64]) -> f64 {
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    median(&mut steps)
}

/// Sorts samples by time. A way back is explained where the samples in between have room: a clock that was set back, or a second
/// recording behind the first, puts twice as many samples there.
pub(super) fn sort(track: &mut Track, channels: usize, notes: &mut Notes) -> Result<(), Error> {
    let times = &track.times;
    let back: Vec<usize> = (1..times.len()).filter(|k| times[*k] < times[*k - 1]).collect();
    if back.is_empty() {
        return Ok(());
    }
    let period = forward(times);
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
    let sorted: Vec<f64> = order.iter().map(|k| times[*k]).collect();
    if back.len() as f64 <= NO_ORDER * times.len() as f64 || back.len() == 1 {
        for (place_of_next, k) in back.iter().enumerate() {
            let (from, to) = (times[*k], times[*k - 1]);
            let end = back.get(place_of_next + 1).copied().unwrap_or(times.len());
            let run = &times[*k..end];
            let run = &run[..run.iter().take_while(|t| **t <= to).count()];
            if run.len() < FEWEST {
                continue;
            }
            let last = run[run.len() - 1];
            // Sorted, the run must lie among the others: one that lies far before them is no packet that came late.
            let after = sorted
                .get(sorted.partition_point(|t| *t <= last))
                .copied()
                .unwrap_or(last);
            let far = after - last > jump_s(period);
            let held = sorted.partition_point(|t| *t <= last) - sorted.partition_point(|t| *t < from);
            if far || held as f64 > 1.5 * run.len() as f64 {
                let problem = format!(
                    "the clock goes back by {:.6} s after sample {}: was it set, or does another recording begin here? Cut the file there",
                    to - from,
                    k - 1
                );
                return Err(Error::data(&track.path, place(track, *k), problem));
            }
        }
    }
    // A line is out of order where an earlier one has a later time.
    let mut latest = f64::NEG_INFINITY;
    let late = times.iter().filter(|t| {
        let is_late = **t < latest;
        latest = latest.max(**t);
        is_late
    });
    notes.count(
        late.count() as u64,
        "samples were out of order and were sorted by time",
        &track.path,
    );
    keep(track, channels, &order);
    Ok(())
}

/// Keeps the samples at `indices`, in that order.
fn keep(track: &mut Track, channels: usize, indices: &[usize]) {
    let sample = |k: &usize| &track.values[k * channels..(k + 1) * channels];
    track.values = indices.iter().flat_map(sample).copied().collect();
    track.times = indices.iter().map(|k| track.times[*k]).collect();
    if !track.labels.is_empty() {
        track.labels = track.labels.select(indices.iter().copied());
    }
    track.places = track.places.select(indices.iter().copied());
}

/// Leaves out samples that repeat the one before: stamp, values and label. Where most stamps stand several times (whole seconds, say),
/// equal neighbours are two samples of a sensor at rest, and stay.
pub(super) fn drop_repeated(track: &mut Track, channels: usize, notes: &mut Notes) {
    let times = &track.times;
    let doubled: Vec<usize> = (1..times.len()).filter(|k| times[*k] == times[*k - 1]).collect();
    if doubled.is_empty() || 3 * doubled.len() > times.len() {
        return;
    }
    let sample = |k: usize| &track.values[k * channels..(k + 1) * channels];
    let label = |k: usize| (!track.labels.is_empty()).then(|| track.labels.get(k));
    let same = |k: &usize| sample(*k) == sample(*k - 1) && label(*k) == label(*k - 1);
    let repeated: Vec<usize> = doubled.into_iter().filter(same).collect();
    if repeated.is_empty() {
        return;
    }
    let mut left_out = repeated.iter().peekable();
    let kept: Vec<usize> = (0..times.len())
        .filter(|k| left_out.next_if(|r| *r == k).is_none())
        .collect();
    notes.count(
        repeated.len() as u64,
        "samples that repeat the one before, with its time, were left out",
        &track.path,
    );
    keep(track, channels, &kept);
}

/// Distinct stamps of a recording, and how many samples stand at each.
pub(super) struct Spread {
    /// First sample of each run of equal stamps.
    pub(super) starts: Vec<usize>,
    /// Usual distance of samples: the median step of distinct stamps, by the samples that share it.
    pub(super) period_s: f64,
    /// The median step of distinct stamps.
    pub(super) step_s: f64,
}

impl Spread {
    pub(super) fn of(track: &Track) -> Result<Self, Error> {
        let times = &track.times;
        let starts: Vec<usize> = (0..times.len())
            .filter(|k| *k == 0 || times[*k] > times[*k - 1])
            .collect();
        if starts.len() < 2 {
            let problem = format!(
                "all {} samples have the same time; leave the column out with --columns ignore=NAME and give --sample-period-s",
                times.len()
            );
            return Err(Error::data(&track.path, "time", problem));
        }
        let mut steps: Vec<f64> = starts.windows(2).map(|w| times[w[1]] - times[w[0]]).collect();
        let step_s = median(&mut steps);
        Ok(Spread {
            period_s: step_s * starts.len() as f64 / times.len() as f64,
            step_s,
            starts,
        })
    }

    /// Whether several samples stand at one stamp.
    pub(super) fn has_doubles(&self, samples: usize) -> bool {
        self.starts.len() < samples
    }

    /// Times of all samples, those of one stamp being spread evenly to the next one.
    pub(super) fn times(&self, track: &Track) -> Vec<f64> {
        let times = &track.times;
        let stamp = |run: usize| times[self.starts[run]];
        let size = |run: usize| self.starts.get(run + 1).copied().unwrap_or(times.len()) - self.starts[run];
        let runs = self.starts.len();
        // Beyond a gap there is nothing to spread into.
        let step = |run: usize| {
            ((stamp(run + 1) - stamp(run)) / size(run) as f64)
                .min(2.0 * self.period_s.max(self.step_s / size(run) as f64))
        };
        let mut spread = Vec::with_capacity(times.len());
        for run in 0..runs {
            let own = match run + 1 < runs {
                true => step(run),
                false => step(run - 1),
            };
            // The first run may have begun in the middle of its stamp: it ends where the second one begins.
            let first = match run == 0 && size(0) < size(1) {
                true => {
                    let own = if runs > 2 { step(1) } else { own };
                    spread.extend((0..size(0)).map(|k| stamp(1) - (size(0) - k) as f64 * own));
                    continue;
                }
                false => stamp(run),
            };
            spread.extend((0..size(run)).map(|k| first + k as f64 * own));
        }
        spread
    }
}

/// Refuses gaps that are none of a recording.
pub(super) fn refuse_jumps(track: &Track, period_s: f64) -> Result<(), Error> {
    let limit = jump_s(period_s);
    let jump = track.times.windows(2).position(|w| w[1] - w[0] > limit);
    let Some(sample) = jump else { return Ok(()) };
    let gap = track.times[sample + 1] - track.times[sample];
    let problem =
        format!("the clock jumps by {gap:.6e} s after sample {sample}; cut the file there, or correct the time");
    Err(Error::data(&track.path, place(track, sample + 1), problem))
}
