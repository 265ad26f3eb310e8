//! Files with bytes changed, cut out or doubled, in every format: an error or a measurement, and no panic.

use std::path::Path;

use energy::trace::write::{Channel, Ppk2CsvWriter, Ppk2Sample, Ppk2Writer, SimulatedWriter};
use energy::trace::{Format, ReadOptions};
use energy::{MeasureOptions, Windowing, board, measure, sensor};

/// A linear congruential generator (Knuth's MMIX constants): the damage is the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let until = (at + random.below(20)).min(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..until)),
            2 => bytes.extend_from_within(at..until),
            3 => bytes[at..until].fill(b"0129-.,eN\n\"\xff"[random.below(12)]),
            _ => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1 << random.below(8)),
        }
        if bytes.is_empty() {
            bytes.push(b'\n');
        }
    }
    bytes
}

fn originals(folder: &Path) -> Vec<(Format, Vec<u8>)> {
    let samples: Vec<Ppk2Sample> = (0..300)
        .map(|n| {
            let level = if n % 60 >= 30 { Channel::High } else { Channel::Low };
            Ppk2Sample {
                current_ua: n as f32,
                channels: [level; 8],
            }
        })
        .collect();
    let session = folder.join("t.ppk2");
    let mut writer = Ppk2Writer::create(&session, 100_000).unwrap();
    samples.iter().for_each(|sample| writer.push(sample).unwrap());
    writer.finish().unwrap();
    let mut simulated = SimulatedWriter::new(Vec::new(), 3_000_000).unwrap();
    for n in 0..300 {
        let levels = [n % 60 >= 30, n % 20 >= 10, n % 20 >= 15];
        simulated.push(n * 1_000_000, n * 1_000_000, levels).unwrap();
    }
    let mut csv = Ppk2CsvWriter::new(Vec::new(), 100_000).unwrap();
    samples.iter().for_each(|sample| csv.push(sample).unwrap());
    let energytrace: String = (0..300)
        .map(|n| format!("\"{}\",\"{}\",\"3000\",\"{n}\"\n", n * 400_000, n * 7))
        .collect();
    let columns: String = (0..300).map(|n| format!("{n},{}\n", n % 7)).collect();
    let mut energyrunner = vec![0xf1];
    energyrunner.extend(1000.0_f32.to_le_bytes());
    (0..300).for_each(|n| energyrunner.extend((n as f32).to_le_bytes()));
    let run = serde_json::json!({
        "power": {"samples": vec![1e-6; 100], "timestamps": [["00", 10], ["01", 90]], "voltage": 1.8},
        "infer": {"iterations": 5},
    });
    vec![
        (Format::Ppk2, std::fs::read(session).unwrap()),
        (Format::Ppk2Csv, csv.finish().unwrap()),
        (
            Format::EnergyTrace,
            format!("Time (ns),Current (nA),Voltage (mV),Energy (uJ)\n{energytrace}").into_bytes(),
        ),
        (Format::EnergyRunner, energyrunner),
        (
            Format::EnergyRunnerJson,
            serde_json::json!([run]).to_string().into_bytes(),
        ),
        (Format::Simulated, simulated.finish().unwrap()),
        (Format::Csv, format!("t (ms),i (mA)\n{columns}").into_bytes()),
    ]
}

#[test]
fn damaged_traces_are_refused_or_measured() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(1);
    let path = folder.path().join("damaged");
    let above = Windowing::Threshold {
        factor: 2.0,
        keep: Some(3),
    };
    for (format, bytes) in originals(folder.path()) {
        let (mut measured, mut refused) = (0, 0);
        for n in 0..400 {
            std::fs::write(
                &path,
                if n == 0 {
                    bytes.clone()
                } else {
                    damaged(&bytes, &mut random)
                },
            )
            .unwrap();
            let read = ReadOptions {
                format: Some(format),
                voltage_v: Some(3.0),
                ..ReadOptions::default()
            };
            let windowing = if n % 2 == 0 { Windowing::Auto } else { above.clone() };
            match measure(
                &path,
                &MeasureOptions {
                    read,
                    windowing,
                    ..MeasureOptions::default()
                },
            ) {
                Ok(m) => measured += usize::from(!m.to_string().is_empty()),
                Err(e) => refused += usize::from(!e.to_string().is_empty()),
            }
        }
        assert!(
            measured > 0 && refused > 0,
            "{format}: {measured} measured, {refused} refused"
        );
    }
}

#[test]
fn damaged_profiles_are_refused_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(2);
    let path = folder.path().join("damaged.toml");
    let name = path.to_str().unwrap();
    for text in [
        include_bytes!("../profiles/boards/nrf52840.toml").as_slice(),
        include_bytes!("../profiles/sensors/lis3dh.toml").as_slice(),
    ] {
        for _ in 0..400 {
            std::fs::write(&path, damaged(text, &mut random)).unwrap();
            for message in [
                board(name).map_err(|e| e.to_string()).err(),
                sensor(name).map_err(|e| e.to_string()).err(),
            ] {
                assert!(message.is_none_or(|message| message.contains("damaged.toml")));
            }
        }
    }
}
