//! `skiprnn-nostd/docs/blob-format.md` and the code say the same: its example, written and read.

mod common;

use common::{Folder, fails};
use float_model::{Sequences, with_causes};
use quantize::Blob;
use skiprnn_nostd::{CellKind, FractionBits, Model, ParseError, State, WeightBits, format};

/// The bytes of the example in the document.
fn documented() -> Vec<u8> {
    let text = include_str!("../skiprnn-nostd/docs/blob-format.md");
    let block = text
        .split("```hex\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the example is there");
    let bytes = block
        .lines()
        .flat_map(|line| line.split("  ").nth(1).unwrap_or("").split(' '));
    bytes
        .map(|byte| u8::from_str_radix(byte, 16).expect("two hexadecimal digits"))
        .collect()
}

#[test]
fn the_example_is_what_the_writer_writes() {
    assert_eq!(
        quantize::example_blob().bytes(),
        documented(),
        "print it again: cargo run -p quantize --example golden_blob"
    );
}

#[test]
fn the_example_is_what_the_reader_reads() {
    let blob = Blob::new("docs/blob-format.md", &documented()).unwrap();
    let model = blob.model();
    assert_eq!(
        (model.cell(), model.skips(), model.name()),
        (CellKind::Gru, true, "example")
    );
    assert_eq!(
        (model.inputs(), model.hidden(), model.layers(), model.outputs()),
        (1, 1, 1, 1)
    );
    assert_eq!(
        (model.sequence_length(), model.max_skip(), model.sample_period_ns()),
        (8, u32::MAX, 20_000_000)
    );
    let fractions = FractionBits {
        x: 14,
        h: 15,
        pre_activation: 16,
    };
    assert_eq!(model.fractions(), fractions);
    assert_eq!(
        (model.kernel().layout, model.kernel().h_drop),
        (format::kernel::BLOCK_8, 0)
    );
    assert_eq!(model.weight_bits(0), Some(WeightBits { ih: 16, hh: 8 }));
    assert_eq!(model.weight_bits(1), None);
    let channel = model.channels().next().unwrap();
    assert_eq!(
        (channel.name, channel.unit, channel.full_scale),
        ("acceleration x", "g", 2.0)
    );
    assert_eq!(model.dial_curve().count(), 1);

    // One update by hand, with 0.75 g = 12288 counts, so x = 1.0.
    let mut state = State::<1, 1, 1>::new(&model).unwrap();
    assert_eq!(state.hidden(&model, 0), [0x4000]);
    let step = model.step(&mut state, &[12_288]).unwrap();
    let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
    let (r, z) = (sigmoid(0.5 + 0.25 * 0.5 + 1.0), sigmoid(-0.25 + 0.5 * 0.5 + 1.0));
    let n = (1.0 + 0.125 + r * (-0.5 - 0.125)).tanh();
    let h = (1.0 - z) * n + z * 0.5;
    assert!(
        (f64::from(state.hidden(&model, 0)[0]) / 32_768.0 - h).abs() < 0.005,
        "{h}"
    );
    let delta = sigmoid(0.75 * h - 1.5);
    assert!((step.delta.to_num::<f64>() - delta).abs() < 0.002);
    assert_eq!(f64::from(step.skip), (0.5 / delta).ceil() - 1.0, "equation (6)");
    let mut logits = [0];
    model.logits(&state, &mut logits).unwrap();
    assert!((f64::from(logits[0]) * f64::from(model.logit_scale()) - (2.0 * h - 0.25)).abs() < 0.01);
}

#[test]
fn every_flipped_bit_is_refused() {
    let good = documented();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(Blob::new("blob", &bad).is_err(), "bit {bit} went unnoticed");
    }
}

#[test]
fn every_truncation_is_refused() {
    let good = documented();
    for length in 0..good.len() {
        let error = with_causes(&Blob::new("blob", &good[..length]).unwrap_err());
        assert!(error.contains("truncated"), "{length}: {error}");
    }
    // Flash behind the blob is no part of it.
    let mut longer = good;
    longer.extend([0xff; 12]);
    assert!(Blob::new("blob", &longer).is_ok());
}

/// Changes bytes and makes the checksum right again, so that what is wrong is the value itself.
fn with(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut blob = documented();
    blob[offset..offset + bytes.len()].copy_from_slice(bytes);
    let mut digest = format::CRC.digest();
    digest.update(&blob[..12]);
    digest.update(&blob[16..]);
    let crc = digest.finalize().to_le_bytes();
    blob[12..16].copy_from_slice(&crc);
    blob
}

#[test]
fn every_bad_field_is_named() {
    let cases: [(usize, &[u8], &str); 43] = [
        (0, b"ELF!", "magic"),
        (4, &[2, 0], "version: 2"),
        (6, &[200, 0], "Sections"),
        (16, &[7], "Cell: 7"),
        (17, &[2], "Flags"),
        (18, &[9], "Objective"),
        (19, &[9], "OutputAt"),
        (20, &[0, 0], "Inputs: 0"),
        (22, &[0, 0], "Hidden: 0"),
        (22, &[2, 0], "Units"),
        (24, &[9, 0], "Layers: 9"),
        (26, &[0, 0], "Outputs"),
        (28, &[0, 0, 0, 0], "MaxSkip: 4294967295"),
        (44, &[16], "Fractions"),
        (46, &[1], "Fractions"),
        (47, &[0], "Kernel: 0"),
        (48, &[90], "GateFraction"),
        (
            52,
            &[0, 0, 0xc0, 0x7f],
            "LogitScale: entry 0, an f32 of the bits 0x7fc00000, is not",
        ),
        (0x38 + 8, &[0xff, 0xff, 0xff, 0xff], "Name"),
        (0xbc, &[0xff], "Name: byte 0 is not UTF-8"),
        (0xd4, &[0], "ChannelShift: entry 0 of layer 0 is 0, out of range"),
        (
            0xc4,
            &[0, 0, 0, 0xc0],
            "FullScale: entry 0, an f32 of the bits 0xc0000000",
        ),
        (0xc8 + 3, &[0x80], "ChannelMultiplier: entry 0 of layer 0 is -"),
        (0xfc + 7, &[0x7f], "GateBias: 9"),
        (0x10e, &[1], "WeightIh: the padding of layer 0, unit 0, row"),
        (0x119, &[1], "WeightHh: the padding of layer 0, unit 0, row"),
        (0x134 + 3, &[0x80], "Multiplier: entry 0 of layer 0 is -"),
        (0x124, &[0xff, 0xff, 0xff, 0x7f], "beyond 2147483647"),
        (46, &[1, 2], "WeightHh"),
        (17, &[0], "section table: entry 5, of kind 6"),
        (0x38, &[8], "section table: entry 0, of kind 8"),
        (0x44, &[1], "section table: entry 1, of kind 1"),
        (0xb2, &[1], "section table: entry 10, of kind 21 and layer 1"),
        (0x44, &[16], "section table: entry 7, of kind 17"),
        (0xbc, &[0x1b], "Name: byte 0 is a control character"),
        (0xbc, b"\n", "Name: byte 0 is a control character"),
        (0xbd, b"\xc2\x9b", "Name: byte 2 is a control character"),
        (
            0x5c + 8,
            &[0],
            "ChannelText: 0 lines, 1 needed; quantize the model again",
        ),
        (0xe6, b"-", "ChannelText: byte 16 is a control character"),
        (
            0x68 + 8,
            &[0],
            "Dial: no point of the curve is for dial 0; quantize the model again",
        ),
        (0xec, &[1], "Dial: no point of the curve is for dial 0"),
        (
            0xf2,
            &[0x10, 0x41],
            "UpdatesMean: entry 0, an f32 of the bits 0x41100000",
        ),
        (
            0xf2,
            &[0xc0, 0x7f],
            "UpdatesMean: entry 0, an f32 of the bits 0x7fc00000",
        ),
    ];
    for (offset, bytes, needle) in cases {
        let error = with_causes(&Blob::new("f.srnn", &with(offset, bytes)).unwrap_err());
        assert!(
            error.contains("f.srnn") && error.contains(needle),
            "at {offset}: {error}"
        );
    }
}

#[test]
fn a_misaligned_blob_is_refused() {
    let bytes = documented();
    let mut words = vec![0u32; bytes.len() / 4 + 2];
    let room: &mut [u8] = zerocopy::IntoBytes::as_mut_bytes(words.as_mut_slice());
    room[1..=bytes.len()].copy_from_slice(&bytes);
    assert_eq!(
        Model::parse(&room[1..=bytes.len()]).unwrap_err(),
        ParseError::Misaligned
    );
}

#[test]
fn what_a_program_asks_a_parsed_blob_for_is_there() {
    let blob = Blob::new("blob", &documented()).unwrap();
    let model = blob.model();
    assert_eq!(model.channels().count(), model.inputs());
    assert!(model.dial_curve().any(|point| point.dial == 0));
    assert_eq!(model.class_names().count(), 0);
}

#[test]
fn a_blob_without_channels_or_a_curve_is_refused_by_every_command() {
    let f = Folder::new();
    let x = Sequences::new("x", vec![0.5; 3 * 8], 3, 8, 1).unwrap();
    dataset::save_sequences(&f.path("x.npy"), &x).unwrap();
    let x = f.at("x.npy");
    for (name, bytes, why) in [
        ("channels.srnn", with(0x5c + 8, &[0]), "ChannelText"),
        ("curve.srnn", with(0x68 + 8, &[0]), "Dial"),
    ] {
        std::fs::write(f.path(name), bytes).unwrap();
        let m = f.at(name);
        let on = format!("{m} --board nrf52840 --sensor none");
        for line in [
            format!("inspect {m}"),
            format!("simulate {m} --x {x}"),
            format!("simulate {on} --x {x} --budget-uj-per-hour 60000"),
            format!("leak {m} --x {x} --y {x}"),
            format!("emulate {m} --x {x}"),
            format!("flash {m} --board nrf52840-dk --x {x} --dry-run"),
            format!("energy predict {on} --x {x}"),
            format!("energy front {on} --x {x} --y {x}"),
            format!("energy cycles {m} --x {x}"),
        ] {
            fails(&line, 1, &[name, why, "quantize the model again"]);
        }
    }
}
