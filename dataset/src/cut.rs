//! Long recordings cut into windows.

use crate::{
    Error, Labels, Recordings, Window,
    answers::Answers,
    store::{MOST, Piece},
};
use float_model::Targets;
use std::{collections::BTreeMap, path::Path};

/// The most frequent label, the smallest of equally frequent ones.
fn majority(labels: &[u32]) -> u32 {
    if labels.iter().all(|l| *l == labels[0]) {
        return labels[0];
    }
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    labels.iter().for_each(|l| *counts.entry(*l).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    counts
        .into_iter()
        .find(|(_, n)| *n == most)
        .map_or(0, |(label, _)| label)
}

/// Cuts every recording, as views. A window's class is the majority of its samples' where the samples have labels of their own,
/// else its recording's answer; its group is the recording's, or, where those are unknown, the recording itself.
pub(crate) fn windows(
    path: &Path,
    window: Window,
    recordings: Recordings<Option<Answers>>,
) -> Result<Recordings, Error> {
    let Window { length, stride } = window;
    if length < 2 || stride == 0 {
        let problem = format!("{length} samples every {stride}; a window has at least 2 samples, a stride at least 1");
        return Err(Error::usage("window", problem));
    }
    let x = &recordings.x;
    let windows_of = |n: usize| (x.length_of(n) + 1).saturating_sub(length).div_ceil(stride);
    let count: usize = (0..x.count()).map(windows_of).sum();
    if count == 0 {
        let problem = format!(
            "the longest recording has {} samples, a window {length}; give shorter windows",
            x.longest()
        );
        return Err(Error::data(path, "length", problem));
    }
    if count > MOST {
        let problem =
            format!("{length} samples every {stride} are {count} windows, more than {MOST}; give a larger stride");
        return Err(Error::usage("window", problem));
    }
    let mut notes = recordings.notes;
    let short = (0..x.count()).filter(|n| windows_of(*n) == 0).count();
    if short > 0 {
        notes.warn(format!(
            "{short} of {} recordings are shorter than a window and left out",
            x.count()
        ));
    }
    let (mut pieces, mut groups) = (Vec::with_capacity(count), Labels::default());
    for n in 0..x.count() {
        let start = x.piece(n).start;
        let piece = |k: usize| Piece {
            start: start + (k * stride) as u64,
            length: length as u32,
        };
        pieces.extend((0..windows_of(n)).map(piece));
        match recordings.groups.is_empty() {
            true => groups.push_many(&format!("recording {n}"), windows_of(n)),
            false => groups.push_many(recordings.groups.get(n), windows_of(n)),
        }
    }
    let starts = |n: usize| (0..windows_of(n)).map(move |k| k * stride);
    let y = match recordings.y {
        Some(Answers::Samples(labels)) => {
            let mut first = 0;
            let mut classes = Vec::with_capacity(count);
            for n in 0..x.count() {
                classes.extend(starts(n).map(|start| majority(&labels[first + start..][..length])));
                first += x.length_of(n);
            }
            Some(Targets::Labels(classes))
        }
        Some(Answers::Whole(Targets::PerStep { answers, length: steps })) => {
            let Targets::Labels(labels) = *answers else {
                let problem = "a window has one answer; labels of single samples must be classes";
                return Err(Error::data(&recordings.y_path, "labels", problem));
            };
            if steps < x.longest() {
                let problem = format!("answers at {steps} steps, the sequences have {} samples", x.longest());
                return Err(Error::data(&recordings.y_path, "shape", problem));
            }
            let of_recording = |n: usize| {
                let labels = &labels;
                starts(n).map(move |start| majority(&labels[n * steps + start..][..length]))
            };
            Some(Targets::Labels((0..x.count()).flat_map(of_recording).collect()))
        }
        Some(Answers::Whole(y)) => Some(y.select((0..x.count()).flat_map(|n| starts(n).map(move |_| n)))),
        None => None,
    };
    Ok(Recordings {
        x: x.with_pieces(pieces),
        y,
        y_path: recordings.y_path,
        groups,
        channels: recordings.channels,
        class_names: recordings.class_names,
        sample_period_s: recordings.sample_period_s,
        format: recordings.format,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use float_model::Sequences;

    fn recordings() -> Recordings<Option<Answers>> {
        let values = (0..2 * 7).map(|v| v as f32).collect();
        Recordings {
            x: Store::of(Sequences::ragged("x", values, (2, 7, 1), vec![7, 5]).unwrap()),
            y: Some(Answers::Samples(vec![0, 0, 1, 1, 1, 2, 0, 1, 1, 0, 0, 0])),
            ..Recordings::of("test")
        }
    }

    #[test]
    fn windows_lie_inside_and_take_the_majority() {
        let cut = |length, stride| windows(Path::new("x"), Window { length, stride }, recordings()).unwrap();
        let w = cut(3, 2);
        let expected: [&[f32]; 5] = [
            &[0., 1., 2.],
            &[2., 3., 4.],
            &[4., 5., 6.],
            &[7., 8., 9.],
            &[9., 10., 11.],
        ];
        assert_eq!(w.x.all().unwrap().iter().collect::<Vec<_>>(), expected);
        assert_eq!(
            w.y,
            Some(Targets::Labels(vec![0, 1, 0, 1, 0])),
            "a tie goes to the smallest"
        );
        assert_eq!(
            w.groups.iter().collect::<Vec<_>>(),
            [
                "recording 0",
                "recording 0",
                "recording 0",
                "recording 1",
                "recording 1"
            ]
        );
        let w = cut(6, 6);
        assert_eq!((w.x.count(), w.notes.warnings().len()), (1, 1));
        assert!(w.notes.warnings()[0].contains("1 of 2"), "{:?}", w.notes);
    }

    #[test]
    fn an_answer_and_a_group_are_those_of_the_recording() {
        let mut r = recordings();
        r.y = Some(Targets::Labels(vec![4, 6]).into());
        r.groups = ["anna", "bo"].into_iter().collect();
        let w = windows(Path::new("x"), Window { length: 5, stride: 1 }, r).unwrap();
        assert_eq!(w.y, Some(Targets::Labels(vec![4, 4, 4, 6])));
        assert_eq!(w.groups.iter().collect::<Vec<_>>(), ["anna", "anna", "anna", "bo"]);
    }

    #[test]
    fn impossible_windows_are_refused() {
        let says = |length, stride, part: &str| {
            let e = windows(Path::new("x.npy"), Window { length, stride }, recordings())
                .unwrap_err()
                .to_string();
            assert!(e.contains(part), "{e}");
        };
        says(8, 1, "x.npy: length: the longest recording has 7 samples");
        says(1, 1, "window: 1 samples");
        says(3, 0, "every 0");
        let mut r = recordings();
        let at_steps = |answers, length| {
            let answers = Box::new(answers);
            Some(Targets::PerStep { answers, length }.into())
        };
        let values = Targets::Values {
            values: vec![0.0; 14],
            outputs: 1,
        };
        for (y, part) in [
            (at_steps(values, 7), "must be classes"),
            (
                at_steps(Targets::Labels(vec![0; 12]), 6),
                "answers at 6 steps, the sequences have 7",
            ),
        ] {
            r.y = y;
            let window = Window { length: 2, stride: 1 };
            let e = windows(Path::new("x"), window, r.clone()).unwrap_err().to_string();
            assert!(e.contains(part), "{e}");
        }
    }

    #[test]
    fn answers_at_every_step_of_an_array_are_cut_by_its_length() {
        let mut r = recordings();
        let answers = Box::new(Targets::Labels(vec![0, 0, 1, 1, 1, 2, 0, 1, 1, 0, 0, 0, 9, 9]));
        r.y = Some(Targets::PerStep { answers, length: 7 }.into());
        let w = windows(Path::new("x"), Window { length: 3, stride: 2 }, r).unwrap();
        assert_eq!(w.y, Some(Targets::Labels(vec![0, 1, 0, 1, 0])));
    }
}
