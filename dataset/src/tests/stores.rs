//! Sequences that stay in their file, against the same ones in memory.

use crate::*;
use float_model::Sequences;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Nine sequences of 7 samples of 3 channels; value k of (N, T, I) is k.
const SHAPE: [usize; 3] = [9, 7, 3];

fn value(n: usize, t: usize, i: usize) -> f64 {
    ((n * SHAPE[1] + t) * SHAPE[2] + i) as f64
}

/// Writes the values with the axes in `order`, as elements of a type.
fn write(dir: &Path, descr: &str, is_fortran: bool, order: [usize; 3], element: impl Fn(f64) -> Vec<u8>) -> PathBuf {
    let shape = order.map(|axis| SHAPE[axis]);
    let mut text = format!(
        "{{'descr': '{descr}', 'fortran_order': {}, 'shape': {:?}, }}\n",
        if is_fortran { "True" } else { "False" },
        (shape[0], shape[1], shape[2])
    );
    // The end of the header need not be aligned.
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(std::mem::take(&mut text).into_bytes());
    for k in 0..shape.iter().product() {
        let mut place = [0; 3];
        let mut rest: usize = k;
        let axes: Vec<usize> = if is_fortran {
            (0..3).collect()
        } else {
            (0..3).rev().collect()
        };
        for axis in axes {
            place[order[axis]] = rest % shape[axis];
            rest /= shape[axis];
        }
        bytes.extend(element(value(place[0], place[1], place[2])));
    }
    let path = dir.join("x.npy");
    fs::write(&path, bytes).unwrap();
    path
}

fn open(most: usize, path: &Path, lengths: Option<Vec<i64>>, axes: Option<Axes>) -> Result<Store, Error> {
    arrays::read_within(most, path, lengths, axes, &mut Notes::default())
}

fn expected() -> Sequences {
    let values = (0..SHAPE.iter().product()).map(|k: usize| k as f32).collect();
    Sequences::new("x", values, SHAPE[0], SHAPE[1], SHAPE[2]).unwrap()
}

#[test]
fn every_type_and_order_reads_the_same_from_memory_and_from_the_file() {
    type Element = fn(f64) -> Vec<u8>;
    let types: [(&str, Element); 7] = [
        ("<f4", |v| (v as f32).to_le_bytes().to_vec()),
        (">f4", |v| (v as f32).to_be_bytes().to_vec()),
        (">f8", |v| v.to_be_bytes().to_vec()),
        ("<f2", |v| half::f16::from_f64(v).to_le_bytes().to_vec()),
        (">i2", |v| (v as i16).to_be_bytes().to_vec()),
        ("|u1", |v| vec![v as u8]),
        ("<u8", |v| (v as u64).to_le_bytes().to_vec()),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (descr, element) in types {
        for (order, axes) in [([0, 1, 2], Axes::ChannelsLast), ([0, 2, 1], Axes::ChannelsFirst)] {
            let path = write(dir.path(), descr, false, order, element);
            let file = open(0, &path, None, Some(axes)).unwrap();
            let memory = open(usize::MAX, &path, None, Some(axes)).unwrap();
            assert!(file.is_in_file() && !memory.is_in_file());
            assert_eq!(file.all().unwrap(), expected(), "{descr}, {axes}");
            assert_eq!(memory.all().unwrap(), expected(), "{descr}, {axes}");
            let path = write(dir.path(), descr, true, order, element);
            assert_eq!(
                open(usize::MAX, &path, None, Some(axes)).unwrap().all().unwrap(),
                expected()
            );
            let refused = open(0, &path, None, Some(axes)).unwrap_err().to_string();
            assert!(refused.contains("ascontiguousarray"), "{refused}");
        }
    }
}

#[test]
fn views_of_a_file_are_those_of_memory() {
    let dir = tempfile::tempdir().unwrap();
    let lengths = vec![7, 3, 5, 7, 1, 2, 7, 7, 6];
    for (order, axes) in [([0, 1, 2], Axes::ChannelsLast), ([0, 2, 1], Axes::ChannelsFirst)] {
        let path = write(dir.path(), "<f4", false, order, |v| {
            // What follows the end of a sequence may be anything.
            let beyond = v as usize / 3 % 7 >= lengths[v as usize / 21] as usize;
            let v = if beyond { f32::NAN } else { v as f32 };
            v.to_le_bytes().to_vec()
        });
        let stores = [0, usize::MAX].map(|most| open(most, &path, Some(lengths.clone()), Some(axes)).unwrap());
        for store in &stores {
            assert_eq!((store.count(), store.longest(), store.samples()), (9, 7, 45));
            assert!(!store.has_one_length());
            let picked = store.gather(&[5, 1, 1]).unwrap();
            assert_eq!(
                (picked.length, picked.lengths.as_slice()),
                (3, &[2, 3, 3][..]),
                "padded to its longest"
            );
            assert_eq!(
                picked.sequence(0)[3..],
                [value(5, 1, 0), value(5, 1, 1), value(5, 1, 2)].map(|v| v as f32)
            );
            let seen = store.every_kth(3);
            assert_eq!((seen.longest(), seen.length_of(8)), (3, 2));
            assert_eq!(seen.gather(&[8]).unwrap().values[3], value(8, 3, 0) as f32);
            let chunks: Vec<_> = seen.chunks().map(|c| c.unwrap().0).collect();
            assert_eq!(chunks, [0]);
            let mut visited = 0;
            seen.visit(|samples| visited += samples.len() / 3).unwrap();
            assert_eq!(visited, seen.samples());
        }
        assert_eq!(stores[0], stores[1]);
        assert_eq!(stores[0].every_kth(2), stores[1].every_kth(2));
        assert_eq!(stores[0].select([8, 0, 3]), stores[1].select([8, 0, 3]));
        let part = normalise::statistics(&stores[0]).unwrap();
        assert_eq!(part, normalise::statistics(&stores[1]).unwrap());
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_when_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "<f4", false, [0, 1, 2], |v| {
        let v = if v == value(4, 2, 1) { f32::NAN } else { v as f32 };
        v.to_le_bytes().to_vec()
    });
    let store = open(0, &path, None, None).unwrap();
    let says = |found: Result<Sequences, Error>, part: &str| {
        let text = float_model::with_causes(&found.unwrap_err());
        assert!(text.contains("x.npy") && text.contains(part), "{text}");
    };
    says(store.gather(&[0, 4]), "sequence 4, sample 2, channel 1: is NaN");
    says(store.every_kth(2).all(), "sequence 4, sample 2, channel 1");
    assert_eq!(store.every_kth(3).all().unwrap().length, 3, "a sample that nobody sees");
    assert_eq!(store.gather(&[8]).unwrap().values[0], value(8, 0, 0) as f32);
    let bytes = fs::read(&path).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(bytes.len() as u64 - 1)
        .unwrap();
    says(store.gather(&[8]), "shorter than when it was opened");
    says(open(0, &path, None, None).and_then(|s| s.all()), "truncated");
}
