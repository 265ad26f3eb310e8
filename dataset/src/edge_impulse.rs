//! Edge Impulse's exports: files in the data acquisition format, JSON or CBOR, and `info.labels`, which says what each file is.
//!
//! After the formats' documentation, "Data acquisition format" and "Edge Impulse labels". Signatures are not checked. Images,
//! bounding boxes and values in attached files are not read.

use crate::{
    Columns, Error, Notes, TimeColumn,
    folder::{
        entry::{Entry, Span},
        kinds,
        tree::{Kind, walk},
    },
    names, paths,
    table::Table,
    track::Labels,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The name of the file that says what the others are.
const INFO: &str = "info.labels";

#[derive(Deserialize)]
struct Acquisition<V> {
    payload: Payload<V>,
}

#[derive(Deserialize)]
struct Payload<V> {
    interval_ms: V,
    sensors: Vec<Sensor>,
    /// The values of one sample each; those of a single sensor may stand without brackets.
    values: Vec<V>,
}

#[derive(Deserialize)]
struct Sensor {
    name: String,
    #[serde(default)]
    units: String,
}

/// A value of JSON or of CBOR.
trait Value: DeserializeOwned {
    /// A number, written with a point or without.
    fn number(&self) -> Option<f64>;
    fn list(&self) -> Option<&[Self]>;
}

impl Value for serde_json::Value {
    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn list(&self) -> Option<&[Self]> {
        self.as_array().map(Vec::as_slice)
    }
}

impl Value for ciborium::Value {
    fn number(&self) -> Option<f64> {
        self.as_float()
            .or_else(|| self.as_integer().map(|i| i128::from(i) as f64))
    }

    fn list(&self) -> Option<&[Self]> {
        self.as_array().map(Vec::as_slice)
    }
}

/// Reads a recording in the data acquisition format.
pub(crate) fn read(path: &Path) -> Result<Table, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let broken = |e: String| {
        let problem = format!(
            "not in Edge Impulse's data acquisition format ({e}); it needs payload.interval_ms, .sensors and .values"
        );
        Error::data(path, "contents", problem)
    };
    match paths::name(path).ends_with(".cbor") {
        true => {
            let found: Acquisition<ciborium::Value> =
                ciborium::from_reader(&bytes[..]).map_err(|e| broken(e.to_string()))?;
            table(path, found.payload)
        }
        false => {
            let found: Acquisition<serde_json::Value> =
                serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
            table(path, found.payload)
        }
    }
}

fn table<V: Value>(path: &Path, payload: Payload<V>) -> Result<Table, Error> {
    let Payload { sensors, values, .. } = payload;
    let channels = sensors.len();
    if channels == 0 || values.is_empty() {
        let problem = format!("{channels} sensors, {} values; record again", values.len());
        return Err(Error::data(path, "payload", problem));
    }
    let interval_ms = payload.interval_ms.number().filter(|ms| ms.is_finite() && *ms > 0.0);
    let interval_ms = interval_ms.ok_or_else(|| {
        let problem = "is no number above 0; it is the time between samples in milliseconds";
        Error::data(path, "interval_ms", problem)
    })?;
    let length = values.len();
    let mut flat = Vec::new();
    for (n, row) in values.iter().enumerate() {
        let row = row.list().unwrap_or(std::slice::from_ref(row));
        if row.len() != channels {
            let problem = format!("has {} values for {channels} sensors", row.len());
            return Err(Error::data(path, format!("values, sample {n}"), problem));
        }
        for (value, sensor) in row.iter().zip(&sensors) {
            let value = value.number().map(|v| v as f32).filter(|v| v.is_finite());
            flat.push(value.ok_or_else(|| {
                let place = format!("values, sample {n}, {}", names::shown(&sensor.name));
                Error::data(path, place, "is no finite number; remove or interpolate it")
            })?);
        }
    }
    let unit = |s: &Sensor| match s.units.as_str() {
        "N/A" => String::new(),
        unit => unit.to_owned(),
    };
    Ok(Table {
        values: flat,
        length,
        channels,
        units: sensors.iter().map(unit).collect(),
        names: sensors.into_iter().map(|s| s.name).collect(),
        times: (0..length).map(|n| n as f64 * interval_ms / 1000.0).collect(),
        ..Table::default()
    })
}

#[derive(Deserialize)]
struct Info {
    version: u64,
    files: Vec<InfoFile>,
}

#[derive(Deserialize)]
struct InfoFile {
    path: String,
    #[serde(default)]
    category: String,
    label: Option<InfoLabel>,
}

#[derive(Deserialize)]
struct InfoLabel {
    #[serde(rename = "type", default)]
    kind: String,
    label: Option<String>,
    #[serde(default)]
    labels: Vec<InfoSpan>,
}

#[derive(Deserialize)]
struct InfoSpan {
    label: String,
    #[serde(rename = "startIndex")]
    start: f64,
    #[serde(rename = "endIndex")]
    end: f64,
}

/// The `info.labels` of a folder: in it, or, where it is one part of a set, beside it.
pub(crate) fn info_labels(dir: &Path) -> Option<PathBuf> {
    let own = dir.join(INFO);
    if own.is_file() {
        return Some(own);
    }
    let beside = dir.parent()?.join(INFO);
    (paths::is_part(&paths::name(dir)) && beside.is_file()).then_some(beside)
}

/// The files that `info.labels` names in `dir`, with their classes.
pub(crate) fn list(info: &Path, dir: &Path, notes: &mut Notes) -> Result<Vec<Entry>, Error> {
    let bytes = std::fs::read(info).map_err(Error::io(info))?;
    let found: Info = serde_json::from_slice(&bytes).map_err(|e| {
        let problem = format!("no list of files in Edge Impulse's form ({e}); export the data again");
        Error::data(info, "contents", problem)
    })?;
    if found.version != 1 {
        let problem = format!("is {}; version 1 is read", found.version);
        return Err(Error::data(info, "version", problem));
    }
    let mut entries: BTreeMap<PathBuf, Entry> = BTreeMap::new();
    let (mut categories, mut missing) = (BTreeMap::new(), None);
    for file in found.files {
        let Some(path) = resolve(info, dir, &file.path) else {
            missing.get_or_insert(file.path);
            continue;
        };
        if !path.starts_with(dir) {
            continue;
        }
        if Kind::of(&file.path).is_none() {
            let problem = format!(
                "{}: only .csv, .json, .cbor and .wav files are recordings",
                names::shown(&file.path)
            );
            return Err(Error::data(info, "path", problem));
        }
        *categories.entry(file.category).or_insert(0) += 1;
        let Some(label) = file.label.filter(|l| l.kind != "unlabeled") else {
            notes.count(1, "files without a label were left out", &path);
            continue;
        };
        let spans = label.labels.into_iter().map(|s| Span {
            start: s.start,
            end: s.end,
            label: s.label,
        });
        let relative = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
        let entry = Entry {
            file: relative.replace('\\', "/"),
            path: path.clone(),
            answer: label
                .label
                .into_iter()
                .filter(|_| label.kind != "multi-label")
                .collect(),
            group: None,
            spans: spans.collect(),
        };
        if entries.insert(path, entry).is_some() {
            return Err(Error::data(
                info,
                "path",
                format!("{} is listed twice", names::shown(&file.path)),
            ));
        }
    }
    if let (Some(file), true) = (&missing, entries.is_empty() || info.parent() == Some(dir)) {
        return Err(Error::data(
            info,
            "path",
            format!("{}: no such file; export the data again", names::shown(file)),
        ));
    }
    if categories.len() > 1 {
        let counts: Vec<String> = categories
            .iter()
            .map(|(c, n)| format!("{n} {}", names::shown(c)))
            .collect();
        notes.warn(format!(
            "{} has files of several categories ({}), all read as one set; keep them in folders training and testing",
            info.display(),
            counts.join(", ")
        ));
    }
    let mut entries: Vec<Entry> = entries.into_values().collect();
    one_form(&mut entries, info)?;
    not_listed(&entries, dir, notes)?;
    Ok(entries)
}

/// What the columns of listed tables are: the format's `timestamp` is in milliseconds.
pub(crate) fn columns(entries: &[Entry], given: Option<Columns>) -> Result<Option<Columns>, Error> {
    const TIME: &str = "timestamp";
    let table = entries.iter().find(|e| Kind::of(&e.file) == Some(Kind::Table));
    let mut columns = given.unwrap_or_default();
    if let (Some(table), None) = (table, &columns.time)
        && kinds::Columns::peek(&table.path)?.has(TIME)
    {
        columns.time = Some(TimeColumn {
            name: TIME.to_owned(),
            unit: Some("ms".to_owned()),
        });
    }
    Ok((!columns.is_empty()).then_some(columns))
}

/// Where some files have classes of stretches, a class of a whole file is that of one stretch.
fn one_form(entries: &mut [Entry], info: &Path) -> Result<(), Error> {
    if let Some(e) = entries.iter().find(|e| e.answer.is_empty() && e.spans.is_empty()) {
        return Err(Error::data(
            info,
            "label",
            format!("{} has none", names::shown(&e.file)),
        ));
    }
    if entries.iter().all(|e| e.spans.is_empty()) {
        return Ok(());
    }
    for entry in entries {
        if let Some(label) = entry.answer.pop() {
            entry.spans = vec![Span {
                start: 0.0,
                end: f64::INFINITY,
                label,
            }];
        }
    }
    Ok(())
}

fn not_listed(entries: &[Entry], dir: &Path, notes: &mut Notes) -> Result<(), Error> {
    for found in walk(dir)?.files {
        let listed = entries.binary_search_by(|e| e.path.cmp(&found.path)).is_ok();
        if !listed && found.kind != Kind::Text {
            notes.count(1, "files that info.labels does not name were left out", &found.path);
        }
    }
    Ok(())
}

/// A path in `info.labels` counts from the file's folder, or from the folder of the whole export.
fn resolve(info: &Path, dir: &Path, path: &str) -> Option<PathBuf> {
    let relative = Path::new(path);
    let plain = relative
        .components()
        .all(|c| matches!(c, std::path::Component::Normal(_)));
    let base = info.parent()?;
    let by_name = relative.file_name().map(|name| dir.join(name));
    let candidates = [Some(base.join(relative)), Some(dir.join(relative)), by_name];
    candidates.into_iter().flatten().find(|p| plain && p.is_file())
}

/// The class of every sample of a recording, from its stretches.
///
/// The documentation calls their ends milliseconds, the keys call them indices. What fits the recording's length counts; the end of
/// the last stretch is compared with the last sample and with the duration.
pub(crate) fn labels_of_spans(spans: &[Span], table: &Table, path: &Path, notes: &mut Notes) -> Result<Labels, Error> {
    let end = spans.iter().map(|s| s.end).fold(0.0, f64::max);
    let first = table.times.first().copied().unwrap_or(0.0);
    let duration_ms = table.times.last().map_or(0.0, |last| (last - first) * 1000.0);
    let samples = table.length as f64;
    let in_samples = end.is_infinite() || (end - samples).abs() <= (end - duration_ms).abs() || duration_ms == 0.0;
    if end.is_finite() {
        notes.understood(match in_samples {
            true => "classes: stretches of samples in info.labels",
            false => "classes: stretches of milliseconds in info.labels",
        });
    }
    let place = |n: usize| match in_samples {
        true => n as f64,
        false => (table.times[n] - first) * 1000.0,
    };
    let mut sorted: Vec<&Span> = spans.iter().collect();
    sorted.sort_by(|a, b| a.start.total_cmp(&b.start));
    let (mut labels, mut k) = (Labels::default(), 0);
    for n in 0..table.length {
        while k + 1 < sorted.len() && sorted[k + 1].start <= place(n) {
            k += 1;
        }
        // The last sample may lie one step behind the end of the last stretch.
        let covered = sorted[k].start <= place(n) && (n == 0 || place(n - 1) <= sorted[k].end);
        if !covered {
            let problem = format!("sample {n} is in none; the labels must cover the whole recording");
            return Err(Error::data(path, "labels", problem));
        }
        labels.push(&sorted[k].label);
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"protected":{"ver":"v1","alg":"none"},"signature":"00","payload":{"device_type":"X","interval_ms":10,
        "sensors":[{"name":"accX","units":"m/s2"},{"name":"accY","units":"N/A"}],"values":[[1,2],[3,4.5],[5,6]]}}"#;

    fn written(name: &str, bytes: &[u8]) -> Result<Table, Error> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    /// The same value in CBOR. serde_json's own writing of numbers depends on its features.
    fn as_cbor(value: &serde_json::Value) -> ciborium::Value {
        use serde_json::Value as Json;
        match value {
            Json::Null => ciborium::Value::Null,
            Json::Bool(b) => (*b).into(),
            Json::Number(n) => n.as_i64().map_or_else(|| n.as_f64().unwrap().into(), Into::into),
            Json::String(s) => s.as_str().into(),
            Json::Array(list) => ciborium::Value::Array(list.iter().map(as_cbor).collect()),
            Json::Object(map) => {
                ciborium::Value::Map(map.iter().map(|(k, v)| (k.as_str().into(), as_cbor(v))).collect())
            }
        }
    }

    #[test]
    fn json_and_cbor_hold_the_same() {
        let t = written("a.json", JSON.as_bytes()).unwrap();
        assert_eq!(
            (t.length, t.channels, &t.values[..]),
            (3, 2, &[1.0, 2.0, 3.0, 4.5, 5.0, 6.0][..])
        );
        assert_eq!(
            (t.names.join(","), t.units.join(","), t.times[2]),
            ("accX,accY".into(), "m/s2,".into(), 0.02)
        );
        let value: serde_json::Value = serde_json::from_str(JSON).unwrap();
        let mut cbor = Vec::new();
        ciborium::into_writer(&as_cbor(&value), &mut cbor).unwrap();
        assert_eq!(written("a.cbor", &cbor).unwrap().values, t.values);
        for cut in 0..cbor.len() {
            assert!(written("a.cbor", &cbor[..cut]).is_err());
        }
        let one = JSON
            .replace("[[1,2],[3,4.5],[5,6]]", "[1,2,3]")
            .replace(r#",{"name":"accY","units":"N/A"}"#, "");
        assert_eq!(written("a.json", one.as_bytes()).unwrap().values, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn defects_are_named() {
        let says = |text: String, part: &str| {
            let e = written("a.json", text.as_bytes()).unwrap_err().to_string();
            assert!(e.contains(part), "{e}");
        };
        says(
            JSON.replace("[3,4.5]", "[3]"),
            "values, sample 1: has 1 values for 2 sensors",
        );
        says(JSON.replace(":10", ":0"), "interval_ms: is no number above 0");
        says(JSON.replace("[[1,2],[3,4.5],[5,6]]", "[]"), "2 sensors, 0 values");
        says("{}".into(), "payload.interval_ms");
        // A length that no file can hold is not believed.
        let huge = [
            &[0xa1, 0x67][..],
            b"payload",
            &[0xa1, 0x66][..],
            b"values",
            &[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ]
        .concat();
        assert!(written("a.cbor", &huge).is_err());
    }

    #[test]
    fn stretches_are_milliseconds_or_samples() {
        let t = written("a.json", JSON.as_bytes()).unwrap();
        let spans = |a: f64, b: f64| {
            let span = |start, end, label: &str| Span {
                start,
                end,
                label: label.into(),
            };
            [span(0.0, a, "x"), span(a + 1.0, b, "y")]
        };
        let of = |spans: &[Span]| -> Result<Vec<String>, Error> {
            let labels = labels_of_spans(spans, &t, Path::new("a"), &mut Notes::default())?;
            Ok(labels.iter().map(str::to_owned).collect())
        };
        assert_eq!(of(&spans(0.0, 2.0)).unwrap(), ["x", "y", "y"]);
        assert_eq!(of(&spans(10.0, 20.0)).unwrap(), ["x", "x", "y"]);
        assert!(
            of(&[spans(0.0, 1.0)[1].clone()])
                .unwrap_err()
                .to_string()
                .contains("sample 0")
        );
    }
}
