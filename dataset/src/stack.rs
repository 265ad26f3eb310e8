//! Many recordings as one array.

use crate::{
    Error, Notes, resample,
    track::{Labels, Track},
};
use float_model::Sequences;
use std::path::Path;

/// Recordings at one rate.
#[derive(Debug)]
pub(crate) struct Stacked {
    pub(crate) x: Sequences,
    /// (N) of (T_n); empty where the recordings have none.
    pub(crate) labels: Vec<Labels>,
    /// From their times; 0 where they have none.
    pub(crate) sample_period_s: f64,
    pub(crate) notes: Notes,
}

/// Pads tracks to one array, `path` being their folder or file. Those with times come onto one grid: of `period_s`
/// seconds, or, where that is 0, of the median distance of samples.
pub(crate) fn stack(path: &Path, mut tracks: Vec<Track>, channels: usize, period_s: f64) -> Result<Stacked, Error> {
    let mut notes = Notes::default();
    let sample_period_s = resample::to_one_rate(&mut tracks, channels, period_s, &mut notes)?;
    let lengths: Vec<u32> = tracks.iter().map(|t| (t.values.len() / channels) as u32).collect();
    let length = lengths.iter().copied().max().unwrap_or(0) as usize;
    let mut values = Vec::with_capacity(tracks.len() * length * channels);
    for (n, track) in tracks.iter().enumerate() {
        values.extend_from_slice(&track.values);
        values.resize((n + 1) * length * channels, 0.0);
    }
    let labelled = tracks.iter().filter(|t| !t.labels.is_empty()).count();
    if labelled != 0 && labelled != tracks.len() {
        let lacks = tracks.iter().find(|t| t.labels.is_empty()).map_or(path, |t| &t.path);
        return Err(Error::data(
            lacks,
            "label",
            format!("no such column, {labelled} other files have one; add it everywhere or nowhere"),
        ));
    }
    let file = path.display().to_string();
    Ok(Stacked {
        x: Sequences::ragged(&file, values, (tracks.len(), length, channels), lengths)?,
        labels: tracks.into_iter().map(|t| t.labels).filter(|l| !l.is_empty()).collect(),
        sample_period_s,
        notes,
    })
}
