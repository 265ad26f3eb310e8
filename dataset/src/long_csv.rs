//! Many recordings in one table: one line a sample, with a column `sequence` that tells them apart, or columns that say whose each
//! sample is and of which class.

use crate::{
    Error, Notes, ReadOptions, Recordings,
    answers::{self, Answers, Written},
    channels::named,
    names, stack,
    table::{self, Table, TableOptions},
    track::{Header, Labels, Track},
};
use std::{collections::HashMap, path::Path};

/// The clock has jumped where samples are further apart than this many times their median distance, and than a second.
const JUMP: f64 = 20.0;
const JUMP_S: f64 = 1.0;

/// Reads a file. A label that is the same over a recording is the recording's; labels that change belong to the samples.
pub(crate) fn read(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let mut notes = Notes::default();
    let beside = crate::channels::load_beside(path)?.unwrap_or_default();
    let told = TableOptions {
        columns: options.columns,
        channels: match options.channels.is_empty() {
            true => &beside.channel,
            false => options.channels,
        },
        period_s: options.sample_period_s,
        many: true,
    };
    let table = table::read(path, told, &mut notes)?;
    if table.labels.is_empty() && options.y.is_none() {
        let names = match table.names.is_empty() {
            true => "...".into(),
            false => names::list(&table.names),
        };
        let problem = format!("no such column; name one in the header row: sequence,label,{names}");
        return Err(Error::data(path, "label", problem));
    }
    let (tracks, groups): (Vec<_>, Vec<_>) = tracks(&table, path, &mut notes)?.into_iter().unzip();
    let header = Header {
        count: table.channels,
        names: table.names,
        units: table.units,
    };
    collect(path, tracks, groups, header, options, notes)
}

/// Makes one set of the recordings of one file.
pub(crate) fn collect(
    path: &Path,
    tracks: Vec<Track>,
    groups: Vec<Option<String>>,
    header: Header,
    options: &ReadOptions<'_>,
    mut notes: Notes,
) -> Result<Recordings<Option<Answers>>, Error> {
    let places: Vec<String> = tracks.iter().map(|t| t.path.display().to_string()).collect();
    let whole: Option<Vec<String>> = tracks.iter().map(|t| t.labels.same().map(str::to_owned)).collect();
    let file = crate::channels::load_beside(path)?.unwrap_or_default();
    let wanted = options.wanted(&file.class_names);
    let stacked = stack::stack(path, tracks, &header, options.sample_period_s)?;
    let (y, class_names) = match whole {
        _ if stacked.labels.is_empty() => (None, Vec::new()),
        Some(labels) => {
            let written = places.into_iter().zip(labels).map(|(place, label)| Written {
                place,
                cells: vec![label],
            });
            let (y, names) = answers::parse(path, &written.collect::<Vec<_>>(), wanted, &mut notes)?;
            (Some(y.into()), names)
        }
        None => {
            let (y, names) = answers::parse_samples(path, &stacked.labels, wanted, &mut notes)?;
            (Some(y), names)
        }
    };
    notes.merge(stacked.notes);
    let groups: Option<Vec<String>> = groups.into_iter().collect();
    Ok(Recordings {
        x: stacked.x,
        y,
        y_path: path.into(),
        groups: groups.unwrap_or_default().iter().map(String::as_str).collect(),
        channels: named(&[], header),
        class_names,
        sample_period_s: stacked.sample_period_s,
        format: "CSV in long form",
        notes,
    })
}

/// The recordings of a table, with the group of each where the table says it: the lines of each `sequence`; without that column the
/// lines between changes of the group or of the class and jumps of the clock, where there are several groups; else all lines.
pub(crate) fn tracks(table: &Table, path: &Path, notes: &mut Notes) -> Result<Vec<(Track, Option<String>)>, Error> {
    let several = !table.groups.is_empty() && table.groups.same().is_none();
    let ranges = match (table.sequences.is_empty(), several) {
        (false, _) => sequences(table),
        (true, true) => {
            let runs = runs(&table.times, table.length, &[&table.groups, &table.labels]);
            notes.recordings(runs.len(), path);
            let named = |lines: Vec<usize>| (format!(", samples {} to {}", lines[0], lines[lines.len() - 1]), lines);
            runs.into_iter().map(named).collect()
        }
        (true, false) => vec![(String::new(), (0..table.length).collect())],
    };
    ranges
        .into_iter()
        .map(|(name, lines)| track(table, path, &name, &lines))
        .collect()
}

fn track(table: &Table, path: &Path, name: &str, lines: &[usize]) -> Result<(Track, Option<String>), Error> {
    let pick = |column: &Labels| match column.is_empty() {
        true => Labels::default(),
        false => column.select(lines.iter().copied()),
    };
    let groups = pick(&table.groups);
    let group = match groups.is_empty() {
        true => None,
        false => {
            let first = groups.get(0);
            if let Some(other) = groups.iter().find(|g| *g != first) {
                let name = name.trim_start_matches(", ");
                let problem = format!(
                    "{name} is of {} and of {}; give it one group",
                    names::shown(first),
                    names::shown(other)
                );
                return Err(Error::data(path, "group", problem));
            }
            Some(first.to_owned())
        }
    };
    let c = table.channels;
    let track = Track {
        path: format!("{}{}", path.display(), names::shown(name)).into(),
        values: lines
            .iter()
            .flat_map(|n| &table.values[n * c..(n + 1) * c])
            .copied()
            .collect(),
        times: match table.times.is_empty() {
            true => Vec::new(),
            false => lines.iter().map(|n| table.times[*n]).collect(),
        },
        resolution_s: table.resolution_s,
        places: table.places.select(lines.iter().copied()),
        labels: pick(&table.labels),
    };
    Ok((track, group))
}

/// The lines of every sequence, in the order of their first lines; they need not follow each other.
fn sequences(table: &Table) -> Vec<(String, Vec<usize>)> {
    let mut list: Vec<(String, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (n, name) in table.sequences.iter().enumerate() {
        let k = *places.entry(name).or_insert_with(|| {
            list.push((format!(", sequence {name}"), Vec::new()));
            list.len() - 1
        });
        list[k].1.push(n);
    }
    list
}

/// Lines that belong together: a new run begins where one of the columns changes, and where the clock goes back or jumps.
pub(crate) fn runs(times: &[f64], length: usize, columns: &[&Labels]) -> Vec<Vec<usize>> {
    let mut distances: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    distances.sort_by(f64::total_cmp);
    let median = distances.get(distances.len() / 2).copied().unwrap_or(0.0);
    let most = (JUMP * median).max(JUMP_S);
    let mut list: Vec<Vec<usize>> = Vec::new();
    for n in 0..length {
        let differs = |c: &&Labels| !c.is_empty() && c.ids()[n] != c.ids()[n - 1];
        let jumps = |n: usize| !times.is_empty() && !(0.0..=most).contains(&(times[n] - times[n - 1]));
        match list.last_mut() {
            Some(run) if !columns.iter().any(differs) && !jumps(n) => run.push(n),
            _ => list.push(vec![n]),
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_at_changes_and_jumps() {
        let column = |text: &str| -> Labels { text.split(' ').collect() };
        let (users, classes) = (column("1 1 1 1 2 2 2 2"), column("a a b b b b b b"));
        let times = [0.0, 0.1, 0.2, 0.3, 9.0, 9.1, 9.0, 19.0];
        let found = runs(&times, 8, &[&users, &classes]);
        assert_eq!(found, [vec![0, 1], vec![2, 3], vec![4, 5], vec![6], vec![7]]);
        assert_eq!(runs(&[], 8, &[&users]).len(), 2);
    }
}
