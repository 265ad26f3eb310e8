//! Traces of EEMBC's EnergyRunner: `trace1-energy.bin` (byte 0xF1, f32 little-endian samples per second, then f32
//! little-endian microjoules for each sample).

use std::io::{BufRead, Read};
use std::path::Path;

use super::source::{open, read_error};
use super::{Sink, Step, Summary, fault};
use crate::error::Error;

const MAGIC: u8 = 0xf1;
pub(super) fn read(path: &Path, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let mut reader = open(path)?;
    let mut head = [0_u8; 5];
    reader
        .read_exact(&mut head)
        .map_err(|e| fault(path, "header", format!("{e}; 5 bytes are expected")))?;
    let [magic, rate @ ..] = head;
    let rate_hz = f64::from(f32::from_le_bytes(rate));
    if magic != MAGIC || !(1e-3..=1e9).contains(&rate_hz) {
        let problem = "is not the byte 0xF1 and a sample rate of 0.001 to 1e9 a second; take trace1-energy.bin";
        return Err(fault(path, "header", problem));
    }
    let mut steps = Steps::new(rate_hz);
    while let Some(energy_uj) = next_f32(path, &mut reader, steps.samples)? {
        steps.push(f64::from(energy_uj), sink)?;
    }
    Ok(steps.summary())
}

fn next_f32(path: &Path, reader: &mut dyn BufRead, sample: u64) -> Result<Option<f32>, Error> {
    let mut bytes = [0_u8; 4];
    let mut filled = 0;
    while filled < 4 {
        let got = reader.read(&mut bytes[filled..]).map_err(read_error(path))?;
        if got == 0 && filled == 0 {
            return Ok(None);
        }
        if got == 0 {
            return Err(fault(
                path,
                format!("sample {sample}"),
                "is cut off; copy the file again",
            ));
        }
        filled += got;
    }
    Ok(Some(f32::from_le_bytes(bytes)))
}

/// Samples of one period each, in microjoules.
pub(super) struct Steps {
    pub period_s: f64,
    pub samples: u64,
    missing: u64,
}

impl Steps {
    pub(super) fn new(rate_hz: f64) -> Self {
        Self {
            period_s: 1.0 / rate_hz,
            samples: 0,
            missing: 0,
        }
    }

    fn time_s(&self) -> f64 {
        self.samples as f64 * self.period_s
    }

    pub(super) fn push(&mut self, energy_uj: f64, sink: &mut Sink<'_>) -> Result<(), Error> {
        let start_s = self.time_s();
        self.samples += 1;
        let missing = !energy_uj.is_finite();
        self.missing += u64::from(missing);
        let energy_uj = if missing { 0.0 } else { energy_uj };
        let power_uw = energy_uj / self.period_s;
        sink(&Step {
            start_s,
            end_s: self.time_s(),
            power_uw,
            energy_uj,
            levels: 0,
            missing,
        })
    }

    pub(super) fn summary(&self) -> Summary {
        let sample_rate_hz = Some(1.0 / self.period_s);
        Summary {
            samples: self.samples,
            missing: self.missing,
            sample_rate_hz,
            mean_rate_hz: sample_rate_hz,
            ..Summary::default()
        }
    }
}
