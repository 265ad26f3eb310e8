//! Throughput of the PPK2 readers, markers and windows included: `cargo bench -p energy --bench traces [-- SAMPLES]`.
//!
//! Writes a synthetic recording of SAMPLES (5 million; ten minutes at 100 kS/s are 60 million), measures it, and prints
//! megabytes and samples per second of one core and the peak memory of the process. To be reached: 100 MB/s in CSV, 20
//! million samples/s in `.ppk2`, under 200 MB.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use energy::trace::write::{Channel, Ppk2CsvWriter, Ppk2Sample, Ppk2Writer};
use energy::trace::{Markers, ReadOptions};
use energy::{MeasureOptions, measure};

/// A sequence of 2.56 s at 50 Hz: of each 2000 samples 60 awake, 40 of them updating, with noise in the current.
fn sample(n: u64) -> Ppk2Sample {
    let noise = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 * 1e-6;
    let mut channels = [Channel::Low; 8];
    if n % 256_000 >= 100 {
        channels[0] = Channel::High;
    }
    let current_ua = match n % 2000 {
        0..40 => {
            channels[2] = Channel::High;
            5000.0
        }
        40..60 => 3000.0,
        _ => 3.0,
    };
    if n % 2000 < 60 {
        channels[1] = Channel::High;
    }
    Ppk2Sample {
        current_ua: current_ua * (1.0 + 0.001 * noise),
        channels,
    }
}

fn timed(path: &Path) {
    let markers = Markers {
        seq: "D0".into(),
        awake: Some("D1".into()),
        update: Some("D2".into()),
    };
    let read = ReadOptions {
        voltage_v: Some(3.0),
        markers: Some(markers),
        ..ReadOptions::default()
    };
    let options = MeasureOptions {
        read,
        ..MeasureOptions::default()
    };
    let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    let (start, processor_s) = (Instant::now(), processor_s());
    match measure(path, &options) {
        Ok(m) => {
            let wall_s = start.elapsed().as_secs_f64();
            let s = processor_s
                .and_then(|before| Some(self::processor_s()? - before))
                .unwrap_or(wall_s);
            println!(
                "{:<9} {} samples, {} windows: {s:.2} s of processor time ({wall_s:.2} s passed), \
                 {:.0} MB/s of file, {:.1} million samples/s",
                m.format.to_string(),
                m.samples,
                m.windows.len(),
                bytes as f64 / s * 1e-6,
                m.samples as f64 / s * 1e-6
            );
        }
        Err(e) => println!("{e}"),
    }
}

/// Time that this process has spent on a processor: what counts on a machine that is busy with other work. `None` where
/// the system does not say.
fn processor_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
}

fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_string())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let samples: u64 = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(5_000_000);
    let folder = tempfile::tempdir()?;
    let session = folder.path().join("t.ppk2");
    let mut writer = Ppk2Writer::create(&session, 100_000)?;
    (0..samples).try_for_each(|n| writer.push(&sample(n)))?;
    writer.finish()?;
    timed(&session);
    let csv = folder.path().join("t.csv");
    let mut writer = Ppk2CsvWriter::new(BufWriter::new(File::create(&csv)?), 100_000)?;
    (0..samples).try_for_each(|n| writer.push(&sample(n)))?;
    writer.finish()?;
    timed(&csv);
    println!(
        "peak memory {}",
        peak_memory().unwrap_or_else(|| "not known on this system".into())
    );
    Ok(())
}
