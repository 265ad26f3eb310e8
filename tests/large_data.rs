//! More recordings than memory holds.
#![cfg(target_os = "linux")]

mod common;

use common::Folder;
use std::{fs::File, io::Write, os::unix::fs::FileExt, process::Command};

/// Sequences of 128 samples of 6 channels: 20 GB of f32.
const COUNT: usize = 6_510_417;
const SHAPE: (usize, usize) = (128, 6);
/// Bytes of address space that training may have, as `ulimit -v` counts them, in KiB.
const LIMIT_KIB: u64 = 2_000_000;

fn header(descr: &str, shape: &str) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    while (11 + text.len()) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

/// A file of 20 GB that takes a few megabytes of the disk: most of it is a hole, which reads as 0.
#[test]
fn twenty_gigabytes_train_within_two() {
    let folder = Folder::new();
    let (length, channels) = SHAPE;
    let row = length * channels * 4;
    let x = File::create(folder.path("x.npy")).unwrap();
    let head = header("<f4", &format!("{COUNT}, {length}, {channels}"));
    x.write_all_at(&head, 0).unwrap();
    x.set_len((head.len() + COUNT * row) as u64).unwrap();
    assert!(x.metadata().unwrap().len() > 20_000_000_000);
    for n in (0..COUNT).step_by(COUNT / 400) {
        let sign = if n % 2 == 0 { 1.0f32 } else { -1.0 };
        let values: Vec<u8> = (0..length * channels)
            .flat_map(|k| (sign * (1.0 + (k % 7) as f32)).to_le_bytes())
            .collect();
        x.write_all_at(&values, (head.len() + n * row) as u64).unwrap();
    }
    let mut y = File::create(folder.path("y.npy")).unwrap();
    y.write_all(&header("|u1", &format!("{COUNT},"))).unwrap();
    let labels: Vec<u8> = (0..COUNT).map(|n| (n % 2) as u8).collect();
    y.write_all(&labels).unwrap();

    let line = format!(
        "ulimit -v {LIMIT_KIB} && exec {} train dataset --data {} --hidden 4 --steps 6 --eval-every 3 --batch 64 --threads 2 --json --out {}",
        env!("CARGO_BIN_EXE_skiprnn"),
        folder.at(""),
        folder.at("run")
    );
    let out = Command::new("sh").args(["-c", &line]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    let trained: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(trained["metric_name"], "accuracy", "{trained}");
    let validation = common::json(&format!("data describe {}", folder.at("")));
    assert_eq!(validation["parts"][1]["sequences"], 10_000);
    assert_eq!(
        validation["parts"][0]["sequences"].as_u64().unwrap() as usize,
        COUNT - 10_000
    );
    // The largest value is 7, and all channels are alike but for rounding.
    assert_eq!(validation["channels"][5]["most"], 7.0);
}
