//! The split: which sequences are held out.
//!
//! Where groups are known (subjects, speakers, recordings), whole groups are held out, so that nothing of a person or
//! a recording is on both sides. Elsewhere contiguous blocks are, because neighbours in a recording resemble each other.

use crate::{
    Error,
    philox::{Purpose, Stream},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Blocks come from at most this many places of the recording.
const BLOCKS: usize = 8;
/// Choices of groups that are compared.
const CHOICES: u64 = 256;

/// Sequences to hold out of.
pub(crate) struct Pool<'a> {
    /// What errors name.
    pub(crate) path: &'a Path,
    /// N.
    pub(crate) count: usize,
    /// (N), or empty.
    pub(crate) groups: &'a [String],
    /// (N), or empty: classes, whose shares are kept where groups are held out.
    pub(crate) classes: &'a [u32],
    /// Groups that must be left, so that more can be held out of them.
    pub(crate) left: usize,
}

/// Indices of about `share` of the sequences: at least one, never all.
pub(crate) fn hold_out(pool: &Pool<'_>, share: f64) -> Result<BTreeSet<usize>, Error> {
    match pool.groups.is_empty() {
        true => Ok(blocks(pool.count, ((pool.count as f64 * share + 0.5) as usize).max(1))),
        false => groups(pool, share),
    }
}

/// `held` of `n` indices, in contiguous blocks spread evenly.
fn blocks(n: usize, held: usize) -> BTreeSet<usize> {
    let blocks = held.min(BLOCKS);
    let cut = |total: usize, k: usize| total * k / blocks;
    (0..blocks)
        .flat_map(|k| {
            let size = cut(held, k + 1) - cut(held, k);
            let room = cut(n, k + 1) - cut(n, k);
            let start = cut(n, k) + (room - size) / 2;
            start..start + size
        })
        .collect()
}

/// Whole groups: of [`CHOICES`] random ones the one that comes nearest to `share` of the sequences and of every class.
fn groups(pool: &Pool<'_>, share: f64) -> Result<BTreeSet<usize>, Error> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (n, group) in pool.groups.iter().enumerate() {
        members.entry(group).or_default().push(n);
    }
    let members: Vec<Vec<usize>> = members.into_values().collect();
    if members.len() <= pool.left {
        let problem = format!(
            "{} in all, and every part needs one of its own; record more, or remove the groups",
            members.len()
        );
        return Err(Error::data(pool.path, "groups", problem));
    }
    let classes = pool.classes.iter().copied().max().map_or(0, |c| c as usize + 1);
    let shares = |indices: &mut dyn Iterator<Item = usize>| {
        let mut counts = vec![0.0; classes];
        let mut all = 0.0;
        for n in indices {
            if let Some(c) = pool.classes.get(n) {
                counts[*c as usize] += 1.0;
            }
            all += 1.0;
        }
        (counts, all)
    };
    let (every, _) = shares(&mut (0..pool.count));
    let target = share * pool.count as f64;
    let mut best: Option<(f64, BTreeSet<usize>)> = None;
    for choice in 0..CHOICES {
        let mut order: Vec<&Vec<usize>> = members.iter().collect();
        Stream::new(0, Purpose::Shuffle, choice, 1).shuffle(&mut order);
        let mut held = BTreeSet::new();
        for group in &order[..order.len() - pool.left] {
            let (now, then) = (held.len() as f64, (held.len() + group.len()) as f64);
            if held.is_empty() || (then - target).abs() < (now - target).abs() {
                held.extend(group.iter().copied());
            }
        }
        let (counts, all) = shares(&mut held.iter().copied());
        let off = |(c, e): (&f64, &f64)| (c - share * e).abs() / (share * e).max(1.0);
        let distance =
            (all - target).abs() / target + counts.iter().zip(&every).map(off).sum::<f64>() / classes.max(1) as f64;
        if best.as_ref().is_none_or(|(d, _)| distance < *d) {
            best = Some((distance, held));
        }
    }
    Ok(best.map(|(_, held)| held).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pool<'a>(groups: &'a [String], classes: &'a [u32], count: usize) -> Pool<'a> {
        Pool {
            path: Path::new("x"),
            count,
            groups,
            classes,
            left: 1,
        }
    }

    #[test]
    fn blocks_are_a_tenth_and_spread() {
        for n in 2..2000 {
            let held = hold_out(&pool(&[], &[], n), 0.1).unwrap();
            assert!(held.iter().all(|k| *k < n) && held.len() < n, "{n}");
            assert_eq!(held.len(), ((n + 5) / 10).max(1), "{n}");
        }
        let held: Vec<usize> = hold_out(&pool(&[], &[], 800), 0.1).unwrap().into_iter().collect();
        let jumps = held.windows(2).filter(|w| w[1] != w[0] + 1).count();
        assert_eq!((held.len(), jumps), (80, 7));
    }

    #[test]
    fn groups_keep_the_classes_where_they_can() {
        // Twenty subjects of 10 sequences: every second one knows only class 1.
        let groups: Vec<String> = (0..200).map(|n| format!("s{}", n / 10)).collect();
        let classes: Vec<u32> = (0..200).map(|n| if n / 10 % 2 == 1 { 1 } else { 0 }).collect();
        let held = hold_out(&pool(&groups, &classes, 200), 0.2).unwrap();
        let ones = held.iter().filter(|n| classes[**n] == 1).count();
        assert_eq!((held.len(), ones), (40, 20));
        let one: Vec<String> = vec!["a".into(); 5];
        let e = hold_out(&pool(&one, &[], 5), 0.2).unwrap_err().to_string();
        assert!(e.contains("x: groups: 1 in all"), "{e}");
    }

    proptest! {
        /// No group is on both sides, and both sides have something.
        #[test]
        fn no_group_is_on_both_sides(
            members in proptest::collection::vec(0u8..12, 2..200),
            share in 0.05f64..0.5,
        ) {
            let groups: Vec<String> = members.iter().map(|g| format!("g{g}")).collect();
            let classes: Vec<u32> = members.iter().map(|g| u32::from(g % 3)).collect();
            prop_assume!(members.iter().any(|g| *g != members[0]));
            let held = hold_out(&pool(&groups, &classes, members.len()), share).unwrap();
            prop_assert!(!held.is_empty() && held.len() < members.len());
            let (inside, outside): (Vec<_>, Vec<_>) = (0..members.len()).partition(|n| held.contains(n));
            let of = |side: &[usize]| -> BTreeSet<u8> { side.iter().map(|n| members[*n]).collect() };
            prop_assert!(of(&inside).is_disjoint(&of(&outside)));
        }
    }
}
