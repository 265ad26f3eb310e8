//! The WISDM sets as they are published: `user,activity,timestamp,x,y,z;`, the raw text of 2010 to 2012 (Kwapisz, Weiss, Moore:
//! "Activity recognition using cell phone accelerometers"), the files of 2019, and their copies as CSV with a header row.
//!
//! Records end with `;` or with the line. Some lack a value, some a comma, some have the time 0: those are left out and counted.
//! Times are nanoseconds. A recording ends where the user or the activity changes, or the clock goes back or stands still for
//! longer than a second. Acceleration is in m/s², and is converted to g as in other tables.

use crate::{
    Error, Notes, ReadOptions, Recordings,
    answers::Answers,
    folder::tree,
    long_csv, names,
    table::units,
    track::{Header, Labels, Track},
};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

const NAMES: [&str; 3] = ["x", "y", "z"];
const UNIT: &str = "m/s2";
/// Bytes that show what a file is.
const PEEKED: u64 = 4096;
/// Records without which no file is taken for one of this form.
const LOOKED_AT: usize = 3;

struct Record<'a> {
    user: &'a str,
    activity: &'a str,
    time_s: f64,
    values: [f32; 3],
}

/// A record, without the `;` at its end.
fn record(text: &str) -> Option<Record<'_>> {
    let mut cells = text.trim().trim_end_matches(',').split(',').map(str::trim);
    let [user, activity] = [cells.next()?, cells.next()?];
    let time = cells.next()?;
    let mut values = [0.0; 3];
    for value in &mut values {
        *value = cells.next()?.parse().ok().filter(|v: &f32| v.is_finite())?;
    }
    let named = user.bytes().all(|b| b.is_ascii_digit()) && !user.is_empty();
    let class = activity.chars().next().is_some_and(char::is_alphabetic) && !activity.chars().any(char::is_control);
    let nanoseconds: u64 = time.parse().ok()?;
    (named && class && nanoseconds > 0 && cells.next().is_none()).then_some(Record {
        user,
        activity,
        time_s: nanoseconds as f64 * 1e-9,
        values,
    })
}

/// A header row such as `user,activity,timestamp,x-axis,y-axis,z-axis`.
fn is_header(line: &str) -> bool {
    let cells: Vec<String> = line.split(',').map(names::plain).collect();
    let [user, activity, time, x, y, z] = &cells[..] else {
        return false;
    };
    let axis = |cell: &str, axis: &str| cell.trim_start_matches("acc_").starts_with(axis);
    names::group_rank(user).is_some()
        && names::is_label(activity)
        && time.starts_with("time")
        && axis(x, "x")
        && axis(y, "y")
        && axis(z, "z")
}

/// Whether a file begins like one of these sets.
pub(crate) fn is_one(path: &Path) -> bool {
    let name = crate::paths::name(path);
    if ![".txt", ".csv"].iter().any(|e| name.ends_with(e)) {
        return false;
    }
    let mut bytes = Vec::new();
    let Ok(file) = std::fs::File::open(path) else {
        return false;
    };
    if file.take(PEEKED).read_to_end(&mut bytes).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text
        .split([';', '\n'])
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .peekable();
    if lines.peek().is_some_and(|l| is_header(l)) {
        lines.next();
    }
    let first: Vec<&str> = lines.take(LOOKED_AT).collect();
    // The last one may be cut off.
    !first.is_empty() && first.iter().take(first.len().max(2) - 1).all(|l| record(l).is_some())
}

/// Reads files; `path` is the one file, or their folder.
pub(crate) fn read(
    path: &Path,
    files: &[PathBuf],
    options: &ReadOptions<'_>,
) -> Result<Recordings<Option<Answers>>, Error> {
    let mut notes = Notes::default();
    let (mut tracks, mut groups) = (Vec::new(), Vec::new());
    for file in files {
        read_one(file, &mut tracks, &mut groups, &mut notes)?;
    }
    if path.is_dir() {
        let others = tree::walk(path)?.files.into_iter().filter(|f| !files.contains(&f.path));
        let others: Vec<String> = others.map(|f| f.relative()).collect();
        if !others.is_empty() {
            notes.warn(format!(
                "left out, as not of the form user,activity,timestamp,x,y,z: {}",
                names::list(&others)
            ));
        }
    }
    notes.understood(format!(
        "WISDM: {} recordings, each up to a change of user or activity or a jump of the clock; times in \
         nanoseconds, values in {UNIT}",
        tracks.len()
    ));
    let mut header = Header {
        count: NAMES.len(),
        names: NAMES.map(str::to_owned).to_vec(),
        units: Vec::new(),
    };
    for track in &mut tracks {
        header.units = vec![UNIT.to_owned(); NAMES.len()];
        units::convert(
            &mut track.values,
            &header.names,
            &mut header.units,
            options.channels,
            &mut notes,
        );
    }
    let found = long_csv::collect(path, tracks, groups, header, options, notes)?;
    Ok(Recordings {
        format: "WISDM text",
        ..found
    })
}

fn read_one(
    path: &Path,
    tracks: &mut Vec<Track>,
    groups: &mut Vec<Option<String>>,
    notes: &mut Notes,
) -> Result<(), Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let text = String::from_utf8_lossy(&bytes);
    let (mut users, mut classes) = (Labels::default(), Labels::default());
    let (mut times, mut values, mut defective) = (Vec::new(), Vec::new(), 0);
    let mut records = text
        .split([';', '\n'])
        .map(str::trim)
        .filter(|r| !r.is_empty() && *r != ",")
        .peekable();
    if records.peek().is_some_and(|l| is_header(l)) {
        records.next();
    }
    for text in records {
        let Some(record) = record(text) else {
            defective += 1;
            continue;
        };
        users.push(record.user);
        classes.push(record.activity);
        times.push(record.time_s);
        values.extend(record.values);
    }
    notes.count(defective, "records that lack a value or a time were left out", path);
    let mut short = 0;
    for run in long_csv::runs(&times, times.len(), &[&users, &classes]) {
        let (first, last) = (run[0], run[run.len() - 1]);
        if run.len() < 2 {
            short += 1;
            continue;
        }
        groups.push(Some(users.get(first).to_owned()));
        tracks.push(Track {
            path: format!("{}, records {first} to {last}", path.display()).into(),
            values: values[first * 3..(last + 1) * 3].to_vec(),
            times: times[first..=last].to_vec(),
            labels: classes.select(run),
            ..Track::default()
        });
    }
    notes.count(short, "single records between jumps of the clock were left out", path);
    match times.is_empty() {
        false => Ok(()),
        true => Err(Error::data(
            path,
            "records",
            "none of the form user,activity,timestamp,x,y,z;",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_defective_ones_known() {
        let r = record("33,Jogging,49105962326000,-0.6946377,12.680544,0.50395286").unwrap();
        assert_eq!((r.user, r.activity, r.values[1]), ("33", "Jogging", 12.680544));
        assert!((r.time_s - 49105.962326).abs() < 1e-6);
        for bad in [
            "11,Walking,1867172313000,4.4,4.4,",
            "6,Walking,0,0,0,3.214402",
            "12,1,5,1,2,3",
            "",
            "33,Jogging,5,a,1,2",
        ] {
            assert!(record(bad).is_none(), "{bad}");
        }
        assert!(record("33,Jogging,5,1,2,3,").is_some(), "a comma too many");
        assert!(is_header("user,activity,timestamp,x-axis,y-axis,z-axis") && !is_header("a,b,c,d,e,f"));
    }
}
