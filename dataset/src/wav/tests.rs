//! What this reader makes of WAV files, against hound, and what it does with damaged ones.

use super::{amplitudes::mono, chunks::sound};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use proptest::prelude::*;
use std::io::Cursor;

/// A file as hound writes it: 300 frames.
fn written(channels: u16, bits: u16, format: SampleFormat) -> Vec<u8> {
    let spec = WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..300 * i64::from(channels) {
        let value = (n * 7_919_777_333).wrapping_mul(n) >> 8;
        let whole = (value as i32) >> (32 - bits);
        match format {
            SampleFormat::Int => writer.write_sample(whole).unwrap(),
            SampleFormat::Float => writer.write_sample(value as i32 as f32 / 2_147_483_648.0).unwrap(),
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[test]
fn every_width_and_channel_count_is_as_hound_reads_it() {
    for (bits, format) in [8, 16, 24, 32]
        .map(|bits| (bits, SampleFormat::Int))
        .into_iter()
        .chain([(32, SampleFormat::Float)])
    {
        for channels in [1_u16, 2, 3, 6] {
            let bytes = written(channels, bits, format);
            let mut reader = WavReader::new(&bytes[..]).unwrap();
            let scale = 2_f64.powi(i32::from(bits) - 1);
            let samples: Vec<f64> = match format {
                SampleFormat::Int => reader.samples::<i32>().map(|v| f64::from(v.unwrap()) / scale).collect(),
                SampleFormat::Float => reader.samples::<f32>().map(|v| f64::from(v.unwrap())).collect(),
            };
            let means = samples
                .chunks(channels.into())
                .map(|frame| frame.iter().sum::<f64>() / f64::from(channels));
            let found = mono(&sound(&bytes).unwrap());
            assert_eq!(found.amplitudes.len(), 300, "{channels} channels of {bits} bits");
            for (ours, theirs) in found.amplitudes.iter().zip(means) {
                assert!(
                    (f64::from(*ours) - theirs).abs() < 1e-7,
                    "{bits} bits: {ours}, hound {theirs}"
                );
                assert!((-1.0..1.0).contains(ours));
            }
        }
    }
}

/// 16-bit mono, its chunks written by hand.
fn by_hand(chunks: &[(&[u8; 4], &[u8], u32)]) -> Vec<u8> {
    let mut bytes = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
    for (name, body, size) in chunks {
        bytes.extend_from_slice(*name);
        bytes.extend(size.to_le_bytes());
        bytes.extend_from_slice(body);
    }
    bytes
}

const FORMAT: (&[u8; 4], &[u8], u32) = (
    b"fmt ",
    &[1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0],
    16,
);
const SAMPLES: &[u8] = &[0, 0x40, 0, 0xc0, 0, 0x20, 0, 0xe0];

fn amplitudes(bytes: &[u8]) -> Vec<f32> {
    mono(&sound(bytes).unwrap()).amplitudes
}

#[test]
fn sizes_of_pipes_go_to_the_end_of_the_file() {
    for size in [0, u32::MAX, 0x7fff_f000, 0x7fff_ffff] {
        let bytes = by_hand(&[FORMAT, (b"data", SAMPLES, size)]);
        assert_eq!(amplitudes(&bytes), [0.5, -0.5, 0.25, -0.25], "0x{size:08x}");
        assert_eq!(sound(&bytes).unwrap().missing, 0);
    }
    let empty = by_hand(&[FORMAT, (b"data", &[], 0), (b"LIST", &[0; 6], 6)]);
    assert!(amplitudes(&empty).is_empty());
}

#[test]
fn chunks_stand_before_and_behind_with_and_without_padding() {
    let odd: &[u8] = b"INFOISFT\x02\0\0\0a\0\0";
    let (padded, plain) = ([odd, &[0]].concat(), odd);
    for list in [padded.as_slice(), plain] {
        let before = by_hand(&[
            FORMAT,
            (b"LIST", list, 15),
            (b"data", SAMPLES, 8),
            (b"bext", &[7; 4], 4),
        ]);
        assert_eq!(amplitudes(&before), [0.5, -0.5, 0.25, -0.25]);
        let behind = by_hand(&[
            FORMAT,
            (b"fact", &[4, 0, 0, 0], 4),
            (b"data", SAMPLES, 8),
            (b"LIST", list, 15),
        ]);
        assert_eq!(amplitudes(&behind), [0.5, -0.5, 0.25, -0.25]);
    }
}

#[test]
fn what_is_cut_off_is_counted() {
    let bytes = by_hand(&[FORMAT, (b"data", &SAMPLES[..5], 8)]);
    let found = sound(&bytes).unwrap();
    assert_eq!((found.data.len(), found.missing), (5, 3));
    assert_eq!(mono(&found).amplitudes, [0.5, -0.5]);
}

#[test]
fn other_kinds_are_named() {
    let said = |bytes: &[u8]| sound(bytes).unwrap_err().1;
    assert!(said(b"fLaC\0\0\0\x22").contains("FLAC"));
    assert!(said(b"OggS").contains("Ogg") && said(b"").contains("empty"));
    let tagged = |tag: u8, bits: u8| {
        let format = [tag, 0, 1, 0, 0x40, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, bits, 0];
        said(&by_hand(&[(b"fmt ", &format, 16), (b"data", SAMPLES, 8)]))
    };
    assert!(tagged(2, 4).contains("Microsoft ADPCM") && tagged(0x55, 0).contains("MP3"));
    assert!(tagged(3, 16).contains("16 bits of floating-point numbers"));
    assert!(said(&by_hand(&[(b"data", SAMPLES, 8)])).contains("does not say"));
    assert!(said(&by_hand(&[FORMAT])).contains("no samples"));
}

proptest! {
    #[test]
    fn damaged_files_are_refused_or_read(
        bits in prop::sample::select(vec![8_u16, 16, 24, 32]),
        channels in 1_u16..4,
        damage in prop::collection::vec((0_usize..1300, any::<u8>()), 1..8),
        end in 0_usize..1300,
    ) {
        let mut bytes = written(channels, bits, SampleFormat::Int);
        bytes.truncate(end.max(8));
        for (place, value) in damage {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        if let Ok(found) = sound(&bytes) {
            let count = mono(&found).amplitudes.len();
            prop_assert!(count <= bytes.len());
        }
    }
}
