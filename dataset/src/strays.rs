//! Channels that look wrong by their values: single ones absurdly far from the others, and counts of a converter.

use crate::{Notes, Store, names};
use std::path::Path;

/// Values of a channel by which the usual ones are told, at most.
const LOOKED_AT: usize = 10_000;
/// Of all channels together.
const LOOKED_AT_IN_ALL: usize = 1 << 22;
/// A value is absurdly far from the median at this many times the distance that values usually have: of the 32,768 counts of a 16-bit
/// input that it fills, three are left to the others.
pub(crate) const FAR: f64 = 10_000.0;
/// More than one value in so many is no stray one.
const FEW: usize = 4;
/// Channels that warnings name.
const NAMED: usize = 12;
/// Whole numbers up to here may be anything: classes of a switch, degrees, percents.
const SMALL: f32 = 100.0;

/// Sequences (T_n, I) in memory, with what messages call their channels and samples.
pub(crate) struct Samples<'a> {
    /// N.
    pub(crate) count: usize,
    /// (T_n, I) of sequence `n`.
    pub(crate) sequence: Box<dyn Fn(usize) -> &'a [f32] + 'a>,
    /// I.
    pub(crate) channels: usize,
    /// What channel `k` is called.
    pub(crate) name: Box<dyn Fn(usize) -> String + 'a>,
    /// Where sample `t` of sequence `n` stands.
    pub(crate) place: Box<dyn Fn(usize, usize) -> String + 'a>,
}

impl<'a> Samples<'a> {
    /// Of an array or a file of sequences by their numbers, where its samples are in memory.
    pub(crate) fn of_store(store: &'a Store, path: &'a Path) -> Self {
        Samples {
            count: if store.is_in_file() { 0 } else { store.count() },
            sequence: Box::new(|n| store.samples_of(n)),
            channels: store.channels(),
            name: Box::new(|k| k.to_string()),
            place: Box::new(|n, t| format!("{}, sequence {n}, sample {t}", path.display())),
        }
    }

    /// The samples of all sequences in order.
    fn each(&self) -> impl Iterator<Item = &'a [f32]> {
        (0..self.count).flat_map(|n| (self.sequence)(n).chunks_exact(self.channels.max(1)))
    }
}

/// Every how many samples one is looked at.
pub(crate) fn stride(samples: usize, channels: usize) -> usize {
    let most = (LOOKED_AT_IN_ALL / channels.max(1)).clamp(64, LOOKED_AT);
    // An odd number meets both halves of what alternates.
    samples.div_ceil(most).max(1) | 1
}

/// What most values of a channel are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usual {
    pub(crate) median: f64,
    /// The median distance from the median, of the values that differ from it.
    pub(crate) distance: f64,
}

impl Usual {
    /// Of some values of a channel; `None` where all are the same.
    pub(crate) fn of(values: &mut [f32]) -> Option<Self> {
        let median = f64::from(middle(values)?);
        let apart = values.iter().map(|v| (f64::from(*v) - median).abs() as f32);
        let mut apart: Vec<f32> = apart.filter(|d| *d > 0.0).collect();
        let distance = f64::from(middle(&mut apart)?);
        Some(Usual { median, distance })
    }

    /// Whether a value lies absurdly far from the others.
    pub(crate) fn is_far(&self, value: f32) -> bool {
        (f64::from(value) - self.median).abs() > FAR * self.distance
    }

    /// The warning of `count` values of `all`.
    pub(crate) fn warning(&self, name: &str, (count, all): (usize, usize), first: &str) -> String {
        let lie = if count == 1 { "lies" } else { "lie" };
        format!(
            "channel {name}: {count} of {all} values {lie} more than {FAR} times as far from the median ({:.4e}) as is usual ({:.4e}): \
             {first}. Normalised, and on a board, the others are nearly one value; correct it, or remove the sample",
            self.median, self.distance
        )
    }

    /// Whether so many values of all are stray ones.
    pub(crate) fn are_few(count: usize, all: usize) -> bool {
        count > 0 && FEW * count <= all
    }
}

fn middle(values: &mut [f32]) -> Option<f32> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// Warns of channels in which a few values lie absurdly far from the others, with the first of them.
pub(crate) fn warn_of_strays(x: &Samples<'_>, notes: &mut Notes) {
    let channels = x.channels.max(1);
    let all = (0..x.count).map(|n| (x.sequence)(n).len() / channels).sum::<usize>();
    let step = stride(all, channels);
    let mut some = vec![Vec::new(); channels];
    for sample in x.each().step_by(step) {
        some.iter_mut().zip(sample).for_each(|(list, v)| list.push(*v));
    }
    let usual: Vec<Option<Usual>> = some.iter_mut().map(|list| Usual::of(list)).collect();
    drop(some);
    // How many, and the sequence and the sample of the first.
    let mut found: Vec<(usize, (usize, usize))> = vec![(0, (0, 0)); channels];
    for n in 0..x.count {
        for (t, sample) in (x.sequence)(n).chunks_exact(channels).enumerate() {
            for ((value, usual), (count, first)) in sample.iter().zip(&usual).zip(&mut found) {
                if usual.is_some_and(|u| u.is_far(*value)) {
                    if *count == 0 {
                        *first = (n, t);
                    }
                    *count += 1;
                }
            }
        }
    }
    let strays = usual.iter().zip(found).enumerate();
    let strays = strays.filter_map(|(k, (usual, found))| Some((k, (*usual)?, found)));
    for (k, usual, (count, (n, t))) in strays
        .filter(|(.., (count, _))| Usual::are_few(*count, all))
        .take(NAMED)
    {
        let value = (x.sequence)(n)[t * channels + k];
        let first = format!("{value:e} in {}", (x.place)(n, t));
        notes.warn(usual.warning(&(x.name)(k), (count, all), &first));
    }
}

/// Warns of sequences of one sample beside longer ones.
pub(crate) fn warn_of_single_samples(x: &Samples<'_>, notes: &mut Notes) {
    let is_single = |n: &usize| (x.sequence)(*n).len() <= x.channels;
    let single = (0..x.count).filter(is_single).count();
    if let Some(first) = (0..x.count).find(is_single).filter(|_| single < x.count) {
        notes.warn(format!(
            "{} of {} recordings hold one sample, beside longer ones: {}; a recurrent network learns nothing from one sample: remove them",
            single,
            x.count,
            (x.place)(first, 0)
        ));
    }
}

/// Warns of channels without a unit that hold whole numbers alone, some of them large: counts of a converter are nobody's unit.
pub(crate) fn warn_of_counts(x: &Samples<'_>, has_unit: impl Fn(usize) -> bool, notes: &mut Notes) {
    let channels = x.channels.max(1);
    let mut open: Vec<usize> = (0..channels).filter(|k| !has_unit(*k)).collect();
    let mut large = vec![false; channels];
    for sample in x.each() {
        open.retain(|k| sample[*k].fract() == 0.0);
        if open.is_empty() {
            return;
        }
        open.iter().for_each(|k| large[*k] |= sample[*k].abs() > SMALL);
    }
    open.retain(|k| large[*k]);
    if !open.is_empty() {
        let list: Vec<String> = open.iter().map(|k| (x.name)(*k)).collect();
        notes.warn(format!(
            "whole numbers alone in {}; if they are counts of a converter, name that as the channels' unit, or save values in the \
             sensor's unit",
            names::list(&list)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(values: &[f32], channels: usize) -> String {
        let mut notes = Notes::default();
        let half = values.len() / 2;
        let x = Samples {
            count: 2,
            sequence: Box::new(|n| &values[n * half..][..half]),
            channels,
            name: Box::new(|k| format!("c{k}")),
            place: Box::new(|n, t| format!("sequence {n}, sample {t}")),
        };
        warn_of_strays(&x, &mut notes);
        warn_of_counts(&x, |k| k == 0, &mut notes);
        notes.warnings().join("\n")
    }

    #[test]
    fn a_few_absurd_values_are_named_and_counted() {
        let mut values: Vec<f32> = (0..2000).map(|k| (k % 17) as f32 / 16.0).collect();
        assert_eq!(warned(&values, 2), "");
        values[1203] = 1e30;
        values[1999] = -1e30;
        let said = warned(&values, 2);
        assert!(said.starts_with("channel c1: 2 of 1000 values lie"), "{said}");
        assert!(said.contains("1e30 in sequence 1, sample 101"), "{said}");
    }

    #[test]
    fn rare_events_and_two_levels_are_no_strays() {
        // A switch that is on once, a strong blow, and a quantity that is large for half of the time.
        for value in [
            |k: usize| if k == 500 { 1.0 } else { 0.0 },
            |k: usize| if k == 500 { 16.0 } else { (k % 7) as f32 / 1000.0 },
            |k: usize| if k % 1000 > 500 { 1e6 } else { (k % 7) as f32 / 100.0 },
            |_: usize| 3.0,
        ] {
            let values: Vec<f32> = (0..2000).map(value).collect();
            assert_eq!(warned(&values, 1), "");
        }
    }

    #[test]
    fn recordings_of_one_sample_are_told_beside_longer_ones() {
        let warned = |sequences: Vec<&[f32]>| {
            let mut notes = Notes::default();
            let x = Samples {
                count: sequences.len(),
                sequence: Box::new(|n| sequences[n]),
                channels: 2,
                name: Box::new(|k| k.to_string()),
                place: Box::new(|n, _| format!("recording {n}")),
            };
            warn_of_single_samples(&x, &mut notes);
            notes.warnings().join("")
        };
        assert!(
            warned(vec![&[0.0; 8], &[0.0; 2]])
                .starts_with("1 of 2 recordings hold one sample, beside longer ones: recording 1;")
        );
        assert_eq!(warned(vec![&[0.0; 2], &[0.0; 2]]), "", "refused elsewhere");
    }

    #[test]
    fn counts_of_a_converter_are_told_by_their_size() {
        let of = |scale: f32| -> Vec<f32> { (0..200).map(|k| (k % 9) as f32 * scale).collect() };
        assert!(warned(&of(2000.0), 2).starts_with("whole numbers alone in c1;"));
        assert_eq!(warned(&of(3.0), 2), "", "small whole numbers");
        assert_eq!(warned(&of(2000.25), 2), "");
        assert_eq!(warned(&of(2000.0), 1), "", "a unit is known");
    }
}
