//! Sound: WAV files as recorders, telephones and pipes write them.

use crate::common::{Folder, fails, json};
use serde_json::Value;

const RATE_HZ: u32 = 8000;

/// How the samples of a file are written.
#[derive(Clone, Copy)]
struct Kind {
    tag: u16,
    bits: u16,
    channels: u16,
    extensible: bool,
}

const PCM_16: Kind = Kind {
    tag: 1,
    bits: 16,
    channels: 1,
    extensible: false,
};

/// An amplitude of the tone of sample `n`, in [-1, 1).
fn tone(n: usize) -> f64 {
    (n as f64 * 0.3).sin() * 0.5
}

fn chunk(name: &[u8; 4], body: &[u8], size: u32) -> Vec<u8> {
    [name.as_slice(), &size.to_le_bytes(), body].concat()
}

fn format(kind: Kind, rate_hz: u32) -> Vec<u8> {
    let block = kind.channels * kind.bits / 8;
    let tag = if kind.extensible { 0xfffe } else { kind.tag };
    let mut body = [tag.to_le_bytes(), kind.channels.to_le_bytes()].concat();
    body.extend(rate_hz.to_le_bytes());
    body.extend(rate_hz.wrapping_mul(u32::from(block)).to_le_bytes());
    body.extend([block.to_le_bytes(), kind.bits.to_le_bytes()].concat());
    if kind.extensible {
        body.extend([22, 0]);
        body.extend(kind.bits.to_le_bytes());
        body.extend([0; 4]);
        body.extend(kind.tag.to_le_bytes());
        body.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    }
    chunk(b"fmt ", &body, body.len() as u32)
}

/// `count` samples of the tone in every channel.
fn samples(kind: Kind, count: usize) -> Vec<u8> {
    let sample = |value: f64| match (kind.tag, kind.bits) {
        (3, 32) => (value as f32).to_le_bytes().to_vec(),
        (3, _) => value.to_le_bytes().to_vec(),
        // Silence of G.711.
        (6, _) => vec![0xd5],
        (7, _) => vec![0xff],
        (_, 8) => vec![(value * 127.0 + 128.0) as u8],
        (_, bits) => ((value * 2_147_483_648.0) as i32).to_le_bytes()[4 - usize::from(bits) / 8..].to_vec(),
    };
    (0..count)
        .flat_map(|n| vec![sample(tone(n)); kind.channels.into()].concat())
        .collect()
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [
        b"RIFF".as_slice(),
        &(body.len() as u32 + 4).to_le_bytes(),
        b"WAVE",
        &body,
    ]
    .concat()
}

/// A whole file.
fn wav(kind: Kind, count: usize) -> Vec<u8> {
    let data = samples(kind, count);
    riff(&[format(kind, RATE_HZ), chunk(b"data", &data, data.len() as u32)])
}

/// Four files `s0.wav` to `s3.wav` of two classes, all with these bytes.
fn folder(bytes: &[u8]) -> Folder {
    let f = Folder::new();
    for n in 0..4 {
        std::fs::write(f.path(&format!("s{n}.wav")), bytes).unwrap();
    }
    std::fs::write(
        f.path("labels.csv"),
        "file,label\ns0.wav,no\ns1.wav,yes\ns2.wav,no\ns3.wav,yes\n",
    )
    .unwrap();
    f
}

fn described(f: &Folder) -> Value {
    json(&format!("data describe {} --audio raw", f.at("")))
}

fn amplitude(found: &Value) -> (f64, f64) {
    let channel = &found["channels"][0];
    (channel["least"].as_f64().unwrap(), channel["most"].as_f64().unwrap())
}

fn length(found: &Value) -> u64 {
    found["parts"][0]["length_most"].as_u64().unwrap()
}

fn warnings(found: &Value) -> String {
    let warnings = found["warnings"].as_array().unwrap().iter();
    warnings.map(|w| w.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn d04_sizes_of_pipes_and_odd_chunks_are_read() {
    let data = samples(PCM_16, 800);
    let mut files: Vec<Vec<u8>> = [u32::MAX, 0x7fff_f000, 0]
        .into_iter()
        .map(|size| riff(&[format(PCM_16, RATE_HZ), chunk(b"data", &data, size)]))
        .collect();
    let list = chunk(b"LIST", b"INFOISFT\x02\0\0\0a\0\0", 15);
    let whole = chunk(b"data", &data, 1600);
    for (list, pad) in [(&list, &[0_u8][..]), (&list, &[])] {
        files.push(riff(&[
            format(PCM_16, RATE_HZ),
            list.clone(),
            pad.to_vec(),
            whole.clone(),
        ]));
        files.push(riff(&[
            format(PCM_16, RATE_HZ),
            whole.clone(),
            list.clone(),
            pad.to_vec(),
        ]));
    }
    for bytes in files {
        let found = described(&folder(&bytes));
        assert_eq!(length(&found), 800);
        assert!(!warnings(&found).contains("wav"), "{}", warnings(&found));
        assert_eq!(found["sample_period_s"], 1.0 / f64::from(RATE_HZ));
        assert!((amplitude(&found).1 - 0.5).abs() < 1e-3, "{:?}", amplitude(&found));
    }
}

#[test]
fn d04_a_file_that_was_cut_off_is_read_as_far_as_it_goes() {
    let whole = wav(PCM_16, 800);
    let found = described(&folder(&whole[..whole.len() - 401]));
    assert_eq!(length(&found), 599);
    let said = warnings(&found);
    assert!(
        said.contains("800 amplitudes that the header promises are missing") && said.contains("in 4 files"),
        "{said}"
    );
}

#[test]
fn e05_every_width_and_channel_count_is_read() {
    let kind = |tag, bits, channels| Kind {
        tag,
        bits,
        channels,
        extensible: channels == 3,
    };
    for (tag, bits) in [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8)] {
        for channels in [1, 2, 3] {
            let found = described(&folder(&wav(kind(tag, bits, channels), 800)));
            let (least, most) = amplitude(&found);
            let expected = if tag > 3 { 0.0 } else { 0.5 };
            assert!(
                (most - expected).abs() < 0.01 && (least + expected).abs() < 0.01,
                "{bits} bits of {tag}: {least} to {most}"
            );
            let mixed = format!("4 files of {channels} channels were mixed to one");
            assert_eq!(warnings(&found).contains(&mixed), channels > 1, "{}", warnings(&found));
        }
    }
    let adpcm = wav(kind(0x11, 8, 1), 800);
    let f = folder(&adpcm);
    fails(
        &format!("data describe {}", f.at("")),
        1,
        &["s0.wav", "IMA ADPCM", "ffmpeg"],
    );
    std::fs::write(f.path("s0.wav"), b"OggS\0\x02").unwrap();
    fails(&format!("data describe {}", f.at("")), 1, &["s0.wav", "Ogg", "ffmpeg"]);
}

#[test]
fn e05_amplitudes_of_floating_point_may_lie_beyond_the_full_scale_and_must_be_finite() {
    let kind = Kind {
        tag: 3,
        bits: 32,
        ..PCM_16
    };
    let file = |value: f32| {
        let mut data = samples(kind, 800);
        data[400..404].copy_from_slice(&value.to_le_bytes());
        riff(&[format(kind, RATE_HZ), chunk(b"data", &data, 3200)])
    };
    let found = described(&folder(&file(3.5)));
    assert!(
        warnings(&found).contains("4 amplitudes lie beyond the full scale of 1"),
        "{}",
        warnings(&found)
    );
    let f = folder(&file(f32::NAN));
    fails(
        &format!("data describe {}", f.at("")),
        1,
        &["s0.wav", "number 100 is not finite"],
    );
}

#[test]
fn d17_silent_files_are_one_line_with_their_number() {
    let found = described(&folder(&wav(
        Kind {
            tag: 7,
            bits: 8,
            ..PCM_16
        },
        800,
    )));
    let said = warnings(&found);
    assert_eq!(said.matches("silent").count(), 1, "{said}");
    assert!(said.contains("4 files are silent: every amplitude is 0"), "{said}");
}

#[test]
fn rates_that_no_sensor_has_are_refused_before_anything_is_resampled() {
    let data = samples(PCM_16, 4);
    let file = |rate_hz: u32| riff(&[format(PCM_16, rate_hz), chunk(b"data", &data, 8)]);
    for (rates, words) in [
        ([2_147_483_647, 1], ["s0.wav", "2147483647 Hz", "8 to 1000000 Hz"]),
        ([8000, 1], ["s1.wav", "1 Hz", "8 to 1000000 Hz"]),
        ([8000, 0], ["s1.wav", "0 Hz", "8 to 1000000 Hz"]),
        ([1_000_000, 8], ["s1.wav", "8 Hz beside 1000000 Hz", "at one rate"]),
    ] {
        let f = folder(&file(rates[0]));
        std::fs::write(f.path("s1.wav"), file(rates[1])).unwrap();
        fails(&format!("data describe {} --audio raw", f.at("")), 1, &words);
    }
    let f = folder(&file(8000));
    fails(
        &format!("data describe {} --mel-bands 1000000000", f.at("")),
        2,
        &["--mel-bands", "give fewer"],
    );
}
