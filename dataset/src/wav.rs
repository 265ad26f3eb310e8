//! WAV files as raw frames or as frames of log-mel energies.

mod amplitudes;
mod chunks;
#[cfg(test)]
mod tests;

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

/// No sensor takes fewer or more amplitudes a second.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8..=1_000_000;
/// Files of one set whose rates differ by more than this are not of one kind: 192 kHz are 24 times 8 kHz.
const MOST_RATIO: u32 = 64;

/// Reads files one after the other, at the rate of the first one.
pub(crate) struct Reader {
    audio: Audio,
    /// 0 before the first file.
    rate_hz: u32,
    front_end: Option<LogMel>,
    files: usize,
    /// Files of another rate, and the first of them.
    others: usize,
    other: String,
}

impl Reader {
    pub(crate) fn new(audio: Audio) -> Self {
        Reader {
            audio,
            rate_hz: 0,
            front_end: None,
            files: 0,
            others: 0,
            other: String::new(),
        }
    }

    /// The recording of one file.
    ///
    /// # Errors
    /// A file that is no WAV file, is of a coding that is not read, holds numbers that are not finite, or is shorter than a frame; a
    /// rate that no sensor has, or that is far from that of the first file; frames that cannot be.
    pub(crate) fn read_one(&mut self, file: &Path, notes: &mut Notes) -> Result<Track, Error> {
        let (mut amplitudes, own_hz) = read(file, notes)?;
        if self.rate_hz == 0 {
            self.rate_hz = own_hz;
        }
        self.files += 1;
        if own_hz != self.rate_hz {
            let (low, high) = (own_hz.min(self.rate_hz), own_hz.max(self.rate_hz));
            if high / low >= MOST_RATIO {
                let problem = format!(
                    "{own_hz} Hz beside {} Hz of the first file; save all files at one rate",
                    self.rate_hz
                );
                return Err(Error::data(file, "sample rate", problem));
            }
            amplitudes = resample::at_rate(&amplitudes, f64::from(own_hz), f64::from(self.rate_hz));
            if self.others == 0 {
                self.other = format!("{} ({own_hz} Hz)", file.display());
            }
            self.others += 1;
        }
        let count = amplitudes.len();
        let values = match self.audio {
            Audio::Raw { samples_per_step } => {
                amplitudes.truncate(count / samples_per_step.max(1) * samples_per_step.max(1));
                amplitudes
            }
            Audio::LogMel { frame_s, hop_s, bands } => {
                let front_end = match &mut self.front_end {
                    Some(f) => f,
                    None => self
                        .front_end
                        .insert(LogMel::new(f64::from(self.rate_hz), frame_s, hop_s, bands)?),
                };
                front_end.frames(&amplitudes)
            }
        };
        if values.is_empty() {
            let problem = format!("{count} amplitudes are less than one frame; remove the file");
            return Err(Error::data(file, "length", problem));
        }
        Ok(Track {
            path: file.to_owned(),
            values,
            ..Track::default()
        })
    }

    /// After the last file: the channels of a step, and the seconds from step to step.
    pub(crate) fn finish(&self, notes: &mut Notes) -> (Header, f64) {
        if self.others > 0 {
            notes.warn(format!(
                "{} of {} files resampled to {} Hz by linear interpolation, for example {}",
                self.others, self.files, self.rate_hz, self.other
            ));
        }
        let period_s = 1.0 / f64::from(self.rate_hz.max(1));
        let (sample_period_s, names) = match self.audio {
            Audio::Raw { samples_per_step: 1 } => (period_s, vec!["amplitude".to_owned()]),
            Audio::Raw { samples_per_step: n } => {
                (period_s * n as f64, (0..n).map(|k| format!("amplitude {k}")).collect())
            }
            Audio::LogMel { hop_s, bands, .. } => (
                mel::samples(hop_s, f64::from(self.rate_hz)) as f64 * period_s,
                (0..bands).map(|k| format!("mel {k}")).collect(),
            ),
        };
        let header = Header {
            count: names.len(),
            names,
            units: Vec::new(),
        };
        (header, sample_period_s)
    }
}

/// Reads files at the first one's rate; others are resampled, with a warning.
///
/// # Errors
/// Those of [`Reader::read_one`].
pub(crate) fn read_all(files: &[PathBuf], audio: Audio) -> Result<(Tracks, Header), Error> {
    let mut notes = Notes::default();
    let mut reader = Reader::new(audio);
    let list = files
        .iter()
        .map(|file| reader.read_one(file, &mut notes))
        .collect::<Result<_, _>>()?;
    let (header, sample_period_s) = reader.finish(&mut notes);
    let tracks = Tracks {
        list,
        sample_period_s,
        notes,
    };
    Ok((tracks, header))
}

/// Amplitudes in [-1, 1), the channels mixed to one, and the rate in Hz.
fn read(path: &Path, notes: &mut Notes) -> Result<(Vec<f32>, u32), Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let sound = chunks::sound(&bytes).map_err(|(field, problem)| Error::data(path, field, problem))?;
    let format = sound.format;
    if !RATES_HZ.contains(&format.rate_hz) {
        let (least, most) = (RATES_HZ.start(), RATES_HZ.end());
        let problem = format!(
            "{} Hz; {least} to {most} Hz can be: save the file with its rate",
            format.rate_hz
        );
        return Err(Error::data(path, "sample rate", problem));
    }
    let mono = amplitudes::mono(&sound);
    if let Some(n) = mono.not_finite {
        return Err(Error::data(
            path,
            "amplitudes",
            format!("number {n} is not finite; save the file again"),
        ));
    }
    if format.channels > 1 {
        let text = format!("files of {} channels were mixed to one, their mean", format.channels);
        notes.count(1, &text, path);
    }
    let frame_bytes = format.frame_bytes();
    let (missing, left) = (sound.missing / frame_bytes, sound.data.len() % frame_bytes);
    notes.count(
        missing as u64,
        "amplitudes that the header promises are missing: the file was cut off",
        path,
    );
    notes.count(left as u64, "bytes behind the last whole amplitude were left out", path);
    notes.count(
        mono.beyond,
        "amplitudes lie beyond the full scale of 1; they are kept as they are",
        path,
    );
    if !mono.amplitudes.is_empty() && mono.amplitudes.iter().all(|a| *a == 0.0) {
        notes.count(1, "files are silent: every amplitude is 0", path);
    }
    Ok((mono.amplitudes, format.rate_hz))
}
