//! Traces of known energy.

use crate::common::Folder;
use energy::trace::write::{Channel, Ppk2CsvWriter, Ppk2Sample, Ppk2Writer};

/// Sequences of 1000 samples at 100 kS/s, 3 mW asleep; in each, two updates of 100 samples at 30 mW with 50 samples
/// awake before them at 15 mW.
pub fn samples(sequences: usize) -> Vec<Ppk2Sample> {
    let sequence = (0..1000).map(|n| {
        let (current_ua, awake, update) = match n % 500 {
            100..150 => (5000.0, true, false),
            150..250 => (10_000.0, true, true),
            _ => (1000.0, false, false),
        };
        (current_ua, [true, awake, update])
    });
    let pause = (0..200).map(|_| (1000.0, [false; 3]));
    let all: Vec<_> = pause.clone().chain(sequence).collect();
    let ends: Vec<_> = pause.collect();
    let cycle = all.iter().cycle().take(all.len() * sequences).chain(&ends);
    cycle
        .map(|(current_ua, high)| {
            let mut channels = [Channel::Low; 8];
            for (channel, high) in channels.iter_mut().zip(high) {
                *channel = if *high { Channel::High } else { Channel::Low };
            }
            Ppk2Sample {
                current_ua: *current_ua,
                channels,
            }
        })
        .collect()
}

pub fn write_csv(f: &Folder, name: &str, samples: &[Ppk2Sample]) -> String {
    let mut writer = Ppk2CsvWriter::new(Vec::new(), 100_000).unwrap();
    samples.iter().for_each(|sample| writer.push(sample).unwrap());
    std::fs::write(f.path(name), writer.finish().unwrap()).unwrap();
    f.at(name)
}

pub fn write_session(f: &Folder, name: &str, samples: &[Ppk2Sample]) -> String {
    let mut writer = Ppk2Writer::create(&f.path(name), 100_000).unwrap();
    samples.iter().for_each(|sample| writer.push(sample).unwrap());
    writer.finish().unwrap();
    f.at(name)
}

/// The options that read them.
pub const MARKERS: &str = "--voltage 3 --markers seq=D0,awake=D1,update=D2";
