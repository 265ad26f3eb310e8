//! WAV files, mono and 16 bit, as raw frames or as frames of log-mel energies.

use crate::{
    Error, Notes,
    mel::{self, LogMel},
    resample,
    track::{Header, Track, Tracks},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How sound becomes samples of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, tag = "features")]
pub enum Audio {
    /// `samples_per_step` amplitudes in [-1, 1), one after the other, are the channels of one step.
    Raw {
        /// Channels; 1: amplitude by amplitude.
        samples_per_step: usize,
    },
    /// Logarithms of the energies of frames in mel bands.
    LogMel {
        /// Length of a frame in seconds.
        frame_s: f64,
        /// From the start of one frame to that of the next, in seconds: the sample period of the sequence.
        hop_s: f64,
        /// Bands: channels.
        bands: usize,
    },
}

impl Default for Audio {
    /// Frames of 32 ms every 20 ms in 16 bands.
    fn default() -> Self {
        Audio::LogMel {
            frame_s: 0.032,
            hop_s: 0.02,
            bands: 16,
        }
    }
}

/// Reads files at the first one's rate; others are resampled, with a warning.
pub(crate) fn read_all(files: &[PathBuf], audio: Audio) -> Result<(Tracks, Header), Error> {
    let (mut rate, mut list, mut others) = (0, Vec::new(), Vec::new());
    let mut front_end = None;
    for file in files {
        let (mut amplitudes, own) = read(file)?;
        if rate == 0 {
            rate = own;
        }
        if own != rate {
            amplitudes = resample::at_rate(&amplitudes, f64::from(own), f64::from(rate));
            others.push(format!("{} ({own} Hz)", file.display()));
        }
        let count = amplitudes.len();
        let values = match audio {
            Audio::Raw { samples_per_step } => {
                let steps = samples_per_step.max(1);
                amplitudes.truncate(amplitudes.len() / steps * steps);
                amplitudes
            }
            Audio::LogMel { frame_s, hop_s, bands } => {
                let front_end = match &mut front_end {
                    Some(f) => f,
                    None => front_end.insert(LogMel::new(f64::from(rate), frame_s, hop_s, bands)?),
                };
                front_end.frames(&amplitudes)
            }
        };
        if values.is_empty() {
            let problem = format!("{count} amplitudes are less than one frame; remove the file");
            return Err(Error::data(file, "length", problem));
        }
        list.push(Track {
            path: file.clone(),
            values,
            ..Track::default()
        });
    }
    let mut notes = Notes::default();
    if let Some(first) = others.first() {
        notes.warn(format!(
            "{} of {} files resampled to {rate} Hz by linear interpolation, for example {first}",
            others.len(),
            files.len()
        ));
    }
    let period = 1.0 / f64::from(rate.max(1));
    let (sample_period_s, names) = match audio {
        Audio::Raw { samples_per_step: 1 } => (period, vec!["amplitude".to_owned()]),
        Audio::Raw { samples_per_step: n } => (period * n as f64, (0..n).map(|k| format!("amplitude {k}")).collect()),
        Audio::LogMel { hop_s, bands, .. } => (
            mel::samples(hop_s, f64::from(rate)) as f64 * period,
            (0..bands).map(|k| format!("mel {k}")).collect(),
        ),
    };
    let tracks = Tracks {
        list,
        sample_period_s,
        notes,
    };
    let columns = Header {
        count: names.len(),
        names,
        units: Vec::new(),
    };
    Ok((tracks, columns))
}

/// Amplitudes in [-1, 1), and the rate in Hz.
fn read(path: &Path) -> Result<(Vec<f32>, u32), Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let broken = |e: hound::Error| {
        Error::data(
            path,
            "contents",
            format!("no WAV file that can be read ({e}); save 16-bit PCM"),
        )
    };
    let mut reader = hound::WavReader::new(&bytes[..]).map_err(broken)?;
    let spec = reader.spec();
    if spec.channels != 1 {
        let problem = format!("{}; mix them to one", spec.channels);
        return Err(Error::data(path, "channels", problem));
    }
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        let problem = format!(
            "{} bits {:?}; save 16-bit PCM",
            spec.bits_per_sample, spec.sample_format
        );
        return Err(Error::data(path, "sample format", problem));
    }
    if spec.sample_rate == 0 {
        return Err(Error::data(path, "sample rate", "is 0; save the file with its rate"));
    }
    let amplitude = |v: Result<i16, hound::Error>| v.map(|v| f32::from(v) / 32_768.0).map_err(broken);
    let amplitudes = reader.samples::<i16>().map(amplitude).collect::<Result<_, _>>()?;
    Ok((amplitudes, spec.sample_rate))
}
