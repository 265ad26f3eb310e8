//! Long recordings cut into windows.

use crate::{Error, Recordings};
use float_model::{Sequences, Targets};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// Windows of a recording: the samples [k·stride, k·stride + length) that lie in it as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Samples of a window.
    pub length: usize,
    /// Samples from the start of one window to that of the next; `length` for windows that follow each other.
    pub stride: usize,
}

/// The most frequent label, the smallest of equally frequent ones.
fn majority(labels: &[u32]) -> u32 {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    labels.iter().for_each(|l| *counts.entry(*l).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    counts
        .into_iter()
        .find(|(_, n)| *n == most)
        .map_or(0, |(label, _)| label)
}

/// Cuts every recording. A window's class is the majority of its samples' where the samples have labels of their own, else
/// its recording's answer; its group is the recording's, or, where those are unknown, the recording itself.
pub(crate) fn cut(path: &Path, window: Window, recordings: Recordings) -> Result<Recordings, Error> {
    let Window { length, stride } = window;
    if length < 2 || stride == 0 {
        let problem = format!("{length} samples every {stride}; a window has at least 2 samples, a stride at least 1");
        return Err(Error::usage("window", problem));
    }
    let x = &recordings.x;
    let (mut values, mut from, mut short) = (Vec::new(), Vec::new(), 0);
    for (n, sequence) in x.iter().enumerate() {
        let windows = sequence.windows(length * x.channels).step_by(stride * x.channels);
        let before = from.len();
        for (k, samples) in windows.enumerate() {
            values.extend_from_slice(samples);
            from.push((n, k * stride));
        }
        short += usize::from(from.len() == before);
    }
    if from.is_empty() {
        let problem = format!(
            "the longest recording has {} samples, a window {length}; give shorter windows",
            x.length
        );
        return Err(Error::data(path, "length", problem));
    }
    let mut notes = recordings.notes;
    if short > 0 {
        notes.warn(format!(
            "{short} of {} recordings are shorter than a window and left out",
            x.count
        ));
    }
    let y = match &recordings.y {
        Some(Targets::PerStep { answers, length: steps }) => {
            let Targets::Labels(labels) = &**answers else {
                let problem = "a window has one answer; labels of single samples must be classes";
                return Err(Error::data(&recordings.y_path, "labels", problem));
            };
            let of_window = |(n, start): &(usize, usize)| majority(&labels[n * steps + start..][..length]);
            Some(Targets::Labels(from.iter().map(of_window).collect()))
        }
        Some(y) => Some(y.select(from.iter().map(|(n, _)| *n))),
        None => None,
    };
    let group = |(n, _): &(usize, usize)| match recordings.groups.get(*n) {
        Some(group) => group.clone(),
        None => format!("recording {n}"),
    };
    Ok(Recordings {
        x: Sequences::new(&path.display().to_string(), values, from.len(), length, x.channels)?,
        y,
        groups: from.iter().map(group).collect(),
        notes,
        ..recordings
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recordings() -> Recordings {
        let values = (0..2 * 7).map(|v| v as f32).collect();
        Recordings {
            x: Sequences::ragged("x", values, (2, 7, 1), vec![7, 5]).unwrap(),
            y: Some(Targets::PerStep {
                answers: Box::new(Targets::Labels(vec![0, 0, 1, 1, 1, 2, 0, 1, 1, 0, 0, 0, 9, 9])),
                length: 7,
            }),
            ..Recordings::of("test")
        }
    }

    #[test]
    fn windows_lie_inside_and_take_the_majority() {
        let cut = |length, stride| cut(Path::new("x"), Window { length, stride }, recordings()).unwrap();
        let w = cut(3, 2);
        let expected: [&[f32]; 5] = [
            &[0., 1., 2.],
            &[2., 3., 4.],
            &[4., 5., 6.],
            &[7., 8., 9.],
            &[9., 10., 11.],
        ];
        assert_eq!(w.x.iter().collect::<Vec<_>>(), expected);
        assert_eq!(
            w.y,
            Some(Targets::Labels(vec![0, 1, 0, 1, 0])),
            "a tie goes to the smallest"
        );
        assert_eq!(
            w.groups,
            [
                "recording 0",
                "recording 0",
                "recording 0",
                "recording 1",
                "recording 1"
            ]
        );
        let w = cut(6, 6);
        assert_eq!((w.x.count, w.notes.warnings().len()), (1, 1));
        assert!(w.notes.warnings()[0].contains("1 of 2"), "{:?}", w.notes);
    }

    #[test]
    fn an_answer_and_a_group_are_those_of_the_recording() {
        let mut r = recordings();
        r.y = Some(Targets::Labels(vec![4, 6]));
        r.groups = vec!["anna".into(), "bo".into()];
        let w = cut(Path::new("x"), Window { length: 5, stride: 1 }, r).unwrap();
        assert_eq!(w.y, Some(Targets::Labels(vec![4, 4, 4, 6])));
        assert_eq!(w.groups, ["anna", "anna", "anna", "bo"]);
    }

    #[test]
    fn impossible_windows_are_refused() {
        let says = |length, stride, part: &str| {
            let e = cut(Path::new("x.npy"), Window { length, stride }, recordings())
                .unwrap_err()
                .to_string();
            assert!(e.contains(part), "{e}");
        };
        says(8, 1, "x.npy: length: the longest recording has 7 samples");
        says(1, 1, "window: 1 samples");
        says(3, 0, "every 0");
        let mut r = recordings();
        r.y = Some(Targets::PerStep {
            answers: Box::new(Targets::Values {
                values: vec![0.0; 14],
                outputs: 1,
            }),
            length: 7,
        });
        let e = cut(Path::new("x"), Window { length: 2, stride: 1 }, r)
            .unwrap_err()
            .to_string();
        assert!(e.contains("must be classes"), "{e}");
    }
}
