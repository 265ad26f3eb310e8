//! The parts: which sequences are held out.
//!
//! Where groups are known (subjects, speakers, recordings), whole groups are held out, so that nothing of a person or
//! a recording is on both sides. Elsewhere contiguous blocks are, because neighbours in a recording resemble each other. Windows of too
//! few recordings are held out by time, with a gap.

use crate::{
    Error, Labels, Store, Window,
    philox::{Purpose, Stream},
};
use std::{collections::BTreeMap, path::Path};

/// One sequence in ten goes to the validation part.
const VALIDATION_SHARE: f64 = 0.1;
/// Fewer sequences than these in a validation part say little: small sets give more of them, up to a third.
const VALIDATION_LEAST: usize = 30;
/// A validation part of so many sequences decides everything; larger ones only take time.
const VALIDATION_MOST: usize = 10_000;
/// Blocks come from at most this many places of the recording.
const BLOCKS: usize = 8;
/// Choices of groups that are compared.
const CHOICES: u64 = 256;
/// Places of blocks in a recording that are compared.
const PLACES: usize = 8;
/// The share of the windows that gaps between the parts of a recording may take.
const GAPS: usize = 5;

/// Which sequences of the training files belong to which part; none belongs to two.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Split {
    pub(crate) training: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    /// Empty where the test part has files of its own, or none is asked for.
    pub(crate) test: Vec<usize>,
    /// What should be known of the parts.
    pub(crate) warnings: Vec<String>,
}

/// Sequences to make parts of.
pub(crate) struct Pool<'a> {
    /// What errors name.
    pub(crate) path: &'a Path,
    /// The sequences.
    pub(crate) x: &'a Store,
    /// (N), or empty.
    pub(crate) groups: &'a Labels,
    /// (N), or empty: classes, whose shares are kept where groups or places are held out.
    pub(crate) classes: &'a [u32],
    /// The windows that recordings were cut into, and how many recordings these are. Where they are fewer than parts, the parts are
    /// pieces of them, whatever the groups are.
    pub(crate) of_recordings: Option<(Window, usize)>,
}

/// The share that goes to the validation part of `count` sequences: a tenth; of fewer than 300 as many as 30, but no more than a
/// third; of more than 100,000 no more than 10,000.
fn validation_share(count: usize) -> f64 {
    let tenth = (count as f64 * VALIDATION_SHARE).round() as usize;
    let held = if tenth < VALIDATION_LEAST {
        VALIDATION_LEAST.min(count / 3).max(1)
    } else if tenth > VALIDATION_MOST {
        VALIDATION_MOST
    } else {
        return VALIDATION_SHARE;
    };
    held as f64 / count as f64
}

/// Holds out the test part, where a share is asked for, and then the validation part.
pub(crate) fn parts(pool: &Pool<'_>, test_share: Option<f64>) -> Result<Split, Error> {
    let count = pool.x.count();
    let needed = if test_share.is_some() { 3 } else { 2 };
    if count < needed {
        let sequences = if count == 1 { "sequence" } else { "sequences" };
        let fix = match pool.of_recordings {
            None => "cut recordings into windows, --window LENGTH:STRIDE, or record more",
            Some(_) => "give shorter windows, --window LENGTH:STRIDE, or record more",
        };
        let problem = format!("{count} {sequences}; the parts need at least {needed}: {fix}");
        return Err(Error::data(pool.path, "count", problem));
    }
    let mut warnings = Vec::new();
    let in_time = pool.of_recordings.filter(|(_, count)| *count < needed);
    let mut in_gaps = 0;
    let mut hold_out = |from: Vec<usize>, share: f64, left: usize| -> Result<(Vec<usize>, Vec<usize>), Error> {
        let held = match (in_time, pool.groups.is_empty()) {
            (Some((window, _)), _) => {
                let (held, rest) = by_time(pool, window, &from, share)?;
                in_gaps += from.len() - held.len() - rest.len();
                return Ok((held, rest));
            }
            (None, true) => blocks(
                from.len(),
                ((from.len() as f64 * share + 0.5) as usize).max(1),
                BLOCKS,
                0.5,
            ),
            (None, false) => groups(pool, &from, share, left)?,
        };
        let of = |wanted: bool| from.iter().zip(&held).filter(move |(_, h)| **h == wanted);
        Ok((
            of(true).map(|(n, _)| *n).collect(),
            of(false).map(|(n, _)| *n).collect(),
        ))
    };
    let all: Vec<usize> = (0..count).collect();
    let (test, rest) = match test_share {
        Some(share) => hold_out(all, share, 2)?,
        None => (Vec::new(), all),
    };
    let share = validation_share(rest.len());
    let (mut validation, training) = hold_out(rest, share, 1)?;
    if count > 10 * VALIDATION_MOST && validation.len() > VALIDATION_MOST {
        let held = validation.len();
        validation = (0..VALIDATION_MOST)
            .map(|k| validation[k * held / VALIDATION_MOST])
            .collect();
        warnings.push(format!(
            "{held} sequences are held out for validation, whole groups; {VALIDATION_MOST} of them, evenly spread, are the validation \
             part"
        ));
    }
    if let Some((window, recordings)) = in_time {
        warnings.push(format!(
            "{recordings} recording{}, fewer than parts: the parts are pieces of it, with gaps of {} samples in which {in_gaps} windows \
             are left out; pieces of one recording resemble each other, and figures measured on them are too optimistic. Record more, or \
             cut it into several files",
            if recordings == 1 { "" } else { "s" },
            window.length
        ));
    }
    Ok(Split {
        training,
        validation,
        test,
        warnings,
    })
}

/// Which of `n` are held: `held` of them in at most `most` contiguous blocks spread evenly, each at a share `place` of its room.
fn blocks(n: usize, held: usize, most: usize, place: f64) -> Vec<bool> {
    let blocks = held.min(most);
    let cut = |total: usize, k: usize| total * k / blocks;
    let mut mask = vec![false; n];
    for k in 0..blocks {
        let size = cut(held, k + 1) - cut(held, k);
        let room = cut(n, k + 1) - cut(n, k);
        let start = cut(n, k) + ((room - size) as f64 * place) as usize;
        mask[start..start + size].fill(true);
    }
    mask
}

/// How far the shares of what is held are from what is wanted: of all, and of every class.
struct Shares {
    share: f64,
    target: f64,
    /// Sequences of each class.
    every: Vec<f64>,
}

impl Shares {
    fn new(classes: &[u32], from: &[usize], share: f64) -> Self {
        let of = || from.iter().filter_map(|n| classes.get(*n));
        let mut every = vec![0.0; of().max().map_or(0, |c| *c as usize + 1)];
        for class in of() {
            every[*class as usize] += 1.0;
        }
        Shares {
            share,
            target: share * from.len() as f64,
            every,
        }
    }

    fn distance(&self, all: f64, counts: &[f64]) -> f64 {
        let off = |(c, e): (&f64, &f64)| (c - self.share * e).abs() / (self.share * e).max(1.0);
        let classes = counts.iter().zip(&self.every).map(off).sum::<f64>() / self.every.len().max(1) as f64;
        (all - self.target).abs() / self.target + classes
    }
}

/// Whole groups: of [`CHOICES`] random ones the one that comes nearest to `share` of the sequences and of every class. At least
/// `left` groups are left.
fn groups(pool: &Pool<'_>, from: &[usize], share: f64, left: usize) -> Result<Vec<bool>, Error> {
    let ids: Vec<u32> = pool.groups.ids().to_vec();
    let names: Vec<&str> = pool.groups.words().iter().map(String::as_str).collect();
    // Groups in the order of their names, with sequences and classes.
    let mut members: BTreeMap<&str, (u32, f64, BTreeMap<u32, f64>)> = BTreeMap::new();
    let mut sizes = vec![(0.0, BTreeMap::new()); names.len()];
    for n in from {
        let (size, classes) = &mut sizes[ids[*n] as usize];
        *size += 1.0;
        if let Some(class) = pool.classes.get(*n) {
            *classes.entry(*class).or_insert(0.0) += 1.0;
        }
    }
    for (id, (size, classes)) in (0..).zip(sizes).filter(|(_, (size, _))| *size > 0.0) {
        members.insert(names[id as usize], (id, size, classes));
    }
    if members.len() <= left {
        let problem = format!(
            "{} in all, and every part needs one of its own; record more, or remove the groups",
            members.len()
        );
        return Err(Error::data(pool.path, "groups", problem));
    }
    let members: Vec<_> = members.into_values().collect();
    let wanted = Shares::new(pool.classes, from, share);
    let mut best: Option<(f64, Vec<u32>)> = None;
    for choice in 0..CHOICES {
        let mut order: Vec<&(u32, f64, BTreeMap<u32, f64>)> = members.iter().collect();
        Stream::new(0, Purpose::Shuffle, choice, 1).shuffle(&mut order);
        let (mut held, mut now, mut counts) = (Vec::new(), 0.0f64, vec![0.0; wanted.every.len()]);
        for (id, size, classes) in &order[..order.len() - left] {
            let then = now + size;
            if held.is_empty() || (then - wanted.target).abs() < (now - wanted.target).abs() {
                held.push(*id);
                now = then;
                classes.iter().for_each(|(class, n)| counts[*class as usize] += n);
            }
        }
        let distance = wanted.distance(now, &counts);
        if best.as_ref().is_none_or(|(d, _)| distance < *d) {
            best = Some((distance, held));
        }
    }
    let mut is_held = vec![false; names.len()];
    for id in best.map(|(_, held)| held).unwrap_or_default() {
        is_held[id as usize] = true;
    }
    Ok(from.iter().map(|n| is_held[ids[*n] as usize]).collect())
}

/// Windows of few recordings, in their order: those held, and those that are left and lie at least a window away from them. Of
/// several places that are tried, those that come nearest to `share` of every class.
fn by_time(pool: &Pool<'_>, window: Window, from: &[usize], share: f64) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let held = ((from.len() as f64 * share + 0.5) as usize).max(1);
    // Windows that a block costs on both sides: those that begin less than two windows before or behind it.
    let lost = 2 * (2 * window.length).div_ceil(window.stride);
    let most = (from.len() / GAPS / lost).clamp(1, BLOCKS);
    let wanted = Shares::new(pool.classes, from, share);
    let mut best: Option<(f64, Vec<bool>)> = None;
    for count in 1..=most {
        for place in 0..PLACES {
            let place = (2 * place + 1) as f64 / (2 * PLACES) as f64;
            let mask = blocks(from.len(), held, count, place);
            let mut counts = vec![0.0; wanted.every.len()];
            for (n, _) in from.iter().zip(&mask).filter(|(_, held)| **held) {
                if let Some(class) = pool.classes.get(*n) {
                    counts[*class as usize] += 1.0;
                }
            }
            let distance = wanted.distance(held as f64, &counts);
            if best.as_ref().is_none_or(|(d, _)| distance < *d) {
                best = Some((distance, mask));
            }
        }
    }
    let mask = best.map(|(_, mask)| mask).unwrap_or_default();
    let start = |k: usize| pool.x.piece(from[k]).start;
    let reach = 2 * window.length as u64;
    let mut near = vec![false; from.len()];
    let mut look = |order: &mut dyn Iterator<Item = usize>| {
        let mut last = None;
        for k in order {
            if mask[k] {
                last = Some(start(k));
            }
            near[k] |= last.is_some_and(|held: u64| held.abs_diff(start(k)) < reach);
        }
    };
    look(&mut (0..from.len()));
    look(&mut (0..from.len()).rev());
    let of = |wanted: &dyn Fn(usize) -> bool| {
        (0..from.len())
            .filter(|k| wanted(*k))
            .map(|k| from[k])
            .collect::<Vec<_>>()
    };
    let (held, rest) = (of(&|k| mask[k]), of(&|k| !near[k]));
    match rest.len() {
        0 | 1 => {
            let problem = format!(
                "one recording of {} windows, too few for parts with a gap of a window between them; record more, cut it into several \
                 files, or give shorter windows",
                from.len()
            );
            Err(Error::data(pool.path, "recordings", problem))
        }
        _ => Ok((held, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use float_model::Sequences;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Sequences of one sample.
    fn short(count: usize) -> Store {
        Store::in_memory(vec![0.0; count], 1, &vec![1; count])
    }

    fn pool<'a>(x: &'a Store, groups: &'a Labels, classes: &'a [u32]) -> Pool<'a> {
        Pool {
            path: Path::new("x"),
            x,
            groups,
            classes,
            of_recordings: None,
        }
    }

    #[test]
    fn blocks_are_a_tenth_and_spread() {
        for n in 300..2000 {
            let found = parts(&pool(&short(n), &Labels::default(), &[]), None).unwrap();
            assert_eq!(found.validation.len(), (n + 5) / 10, "{n}");
            assert_eq!(found.training.len(), n - (n + 5) / 10, "{n}");
        }
        let held = parts(&pool(&short(800), &Labels::default(), &[]), None)
            .unwrap()
            .validation;
        let jumps = held.windows(2).filter(|w| w[1] != w[0] + 1).count();
        assert_eq!((held.len(), jumps), (80, 7));
    }

    #[test]
    fn small_sets_give_more_and_large_ones_no_more_than_is_needed() {
        let validation = |n: usize| {
            let found = parts(&pool(&short(n), &Labels::default(), &[]), None).unwrap();
            assert_eq!(found.training.len() + found.validation.len(), n);
            found.validation.len()
        };
        for (n, held) in [
            (2, 1),
            (5, 1),
            (40, 13),
            (89, 29),
            (90, 30),
            (299, 30),
            (300, 30),
            (100_000, 10_000),
            (250_000, 10_000),
        ] {
            assert_eq!(validation(n), held, "of {n}");
        }
        // Whole groups stay whole: what is held out beyond the bound belongs to no part.
        let groups: Labels = (0..120_000).map(|n| format!("{}", n / 30_000)).collect();
        let x = short(120_000);
        let found = parts(&pool(&x, &groups, &[]), None).unwrap();
        assert_eq!((found.training.len(), found.validation.len()), (90_000, 10_000));
        assert!(
            found.warnings[0].starts_with("30000 sequences are held out"),
            "{:?}",
            found.warnings
        );
    }

    #[test]
    fn groups_keep_the_classes_where_they_can() {
        // Twenty subjects of 10 sequences: every second one knows only class 1.
        let names: Labels = (0..200).map(|n| format!("s{}", n / 10)).collect();
        let classes: Vec<u32> = (0..200).map(|n| if n / 10 % 2 == 1 { 1 } else { 0 }).collect();
        let x = short(200);
        let all: Vec<usize> = (0..200).collect();
        let held = groups(&pool(&x, &names, &classes), &all, 0.2, 1).unwrap();
        let held: Vec<usize> = all.into_iter().filter(|n| held[*n]).collect();
        let ones = held.iter().filter(|n| classes[**n] == 1).count();
        assert_eq!((held.len(), ones), (40, 20));
        let one: Labels = ["a"; 5].into_iter().collect();
        let e = parts(&pool(&short(5), &one, &[]), None).unwrap_err().to_string();
        assert!(e.contains("x: groups: 1 in all"), "{e}");
    }

    #[test]
    fn windows_of_one_recording_are_held_out_by_time_with_gaps() {
        // 2,000 samples of which each knows its place; the class changes every 250 samples.
        let values: Vec<f32> = (0..2000).map(|t| t as f32).collect();
        let recording = Store::of(Sequences::new("x", values, 1, 2000, 1).unwrap());
        let window = Window { length: 20, stride: 5 };
        let starts: Vec<u64> = (0..=1980).step_by(5).collect();
        let piece = |start: &u64| crate::store::Piece {
            start: *start,
            length: 20,
        };
        let x = recording.with_pieces(starts.iter().map(piece).collect());
        let classes: Vec<u32> = starts.iter().map(|s| (*s / 250 % 2) as u32).collect();
        let groups: Labels = starts.iter().map(|_| "recording 0".to_owned()).collect();
        let set = Pool {
            of_recordings: Some((window, 1)),
            ..pool(&x, &groups, &classes)
        };
        let found = parts(&set, Some(0.2)).unwrap();
        assert!(
            found.warnings[0].contains("resemble each other"),
            "{:?}",
            found.warnings
        );
        let samples =
            |part: &[usize]| -> BTreeSet<u64> { part.iter().flat_map(|n| starts[*n]..starts[*n] + 20).collect() };
        let all = [&found.training, &found.validation, &found.test].map(|p| samples(p));
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            assert!(!all[a].is_empty() && !all[b].is_empty());
            for t in &all[a] {
                assert!(
                    all[b].range(t.saturating_sub(20)..t + 20).next().is_none(),
                    "{t} is near the other part"
                );
            }
        }
        assert!(found.training.len() > starts.len() / 3, "{}", found.training.len());
        for part in [&found.training, &found.validation, &found.test] {
            let ones = part.iter().filter(|n| classes[**n] == 1).count() as f64 / part.len() as f64;
            assert!((0.2..0.8).contains(&ones), "{ones}");
        }
        let few = Pool {
            x: &x.take(6),
            groups: &groups.select(0..6),
            ..set
        };
        let e = parts(&few, None).unwrap_err().to_string();
        assert!(e.contains("x: recordings: one recording of 6 windows"), "{e}");
    }

    proptest! {
        /// No group is on both sides, and both sides have something.
        #[test]
        fn no_group_is_on_both_sides(
            members in proptest::collection::vec(0u8..12, 2..200),
            share in 0.05f64..0.5,
        ) {
            let names: Labels = members.iter().map(|g| format!("g{g}")).collect();
            let classes: Vec<u32> = members.iter().map(|g| u32::from(g % 3)).collect();
            prop_assume!(members.iter().any(|g| *g != members[0]));
            let x = short(members.len());
            let all: Vec<usize> = (0..members.len()).collect();
            let held = groups(&pool(&x, &names, &classes), &all, share, 1).unwrap();
            let (inside, outside): (Vec<_>, Vec<_>) = all.into_iter().partition(|n| held[*n]);
            prop_assert!(!inside.is_empty() && !outside.is_empty());
            let of = |side: &[usize]| -> BTreeSet<u8> { side.iter().map(|n| members[*n]).collect() };
            prop_assert!(of(&inside).is_disjoint(&of(&outside)));
        }
    }
}
