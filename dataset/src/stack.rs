//! Many recordings as one store.

use crate::{
    Error, Notes, Store, resample,
    strays::{Samples, warn_of_counts, warn_of_single_samples, warn_of_strays},
    track::{Header, Labels, Track},
};
use std::path::Path;

/// Recordings at one rate.
#[derive(Debug)]
pub(crate) struct Stacked {
    pub(crate) x: Store,
    /// (N) of (T_n); empty where the recordings have none.
    pub(crate) labels: Vec<Labels>,
    /// From their times; 0 where they have none.
    pub(crate) sample_period_s: f64,
    pub(crate) notes: Notes,
}

/// Warns of values that look wrong, before any of them is interpolated.
fn warn_of_values(tracks: &[Track], header: &Header, notes: &mut Notes) {
    let samples = Samples {
        count: tracks.len(),
        sequence: Box::new(|n| &tracks[n].values),
        channels: header.count,
        name: Box::new(|k| header.names.get(k).cloned().unwrap_or_else(|| k.to_string())),
        place: Box::new(|n, t| {
            let place = match tracks[n].places.line(t) {
                Some(line) => format!("line {line}"),
                None => format!("sample {t}"),
            };
            format!("{}, {place}", tracks[n].path.display())
        }),
    };
    warn_of_strays(&samples, notes);
    warn_of_single_samples(&samples, notes);
    warn_of_counts(&samples, |k| header.units.get(k).is_some_and(|u| !u.is_empty()), notes);
}

/// Puts tracks together, `path` being their folder or file, without padding. Those with times come onto one grid: of `period_s`
/// seconds, or, where that is 0, of the median distance of samples.
pub(crate) fn stack(path: &Path, mut tracks: Vec<Track>, header: &Header, period_s: f64) -> Result<Stacked, Error> {
    let channels = header.count;
    let mut notes = Notes::default();
    warn_of_values(&tracks, header, &mut notes);
    let sample_period_s = resample::to_one_rate(&mut tracks, channels, period_s, &mut notes)?;
    let labelled = tracks.iter().filter(|t| !t.labels.is_empty()).count();
    if labelled != 0 && labelled != tracks.len() {
        let lacks = tracks.iter().find(|t| t.labels.is_empty()).map_or(path, |t| &t.path);
        return Err(Error::data(
            lacks,
            "label",
            format!("no such column, {labelled} other files have one; add it everywhere or nowhere"),
        ));
    }
    let mut values = Vec::with_capacity(tracks.iter().map(|t| t.values.len()).sum());
    let (mut lengths, mut labels) = (Vec::new(), Vec::new());
    // Each track goes as soon as its samples are taken over.
    for track in tracks {
        let samples = track.values.len() / channels.max(1);
        if samples == 0 {
            return Err(Error::data(&track.path, "samples", "none; give at least one"));
        }
        if let Some(k) = track.values.iter().position(|v| !v.is_finite()) {
            return Err(Error::data(
                &track.path,
                format!("sample {}, channel {}", k / channels, k % channels),
                format!("is {}; remove or interpolate it", track.values[k]),
            ));
        }
        let length = u32::try_from(samples).map_err(|_| {
            Error::data(
                &track.path,
                "samples",
                format!("{samples}; cut the recording into several files"),
            )
        })?;
        lengths.push(length);
        values.extend_from_slice(&track.values);
        labels.extend((!track.labels.is_empty()).then_some(track.labels));
    }
    Ok(Stacked {
        x: Store::in_memory(values, channels, &lengths),
        labels,
        sample_period_s,
        notes,
    })
}
