//! The folder of recordings: `labels.csv`, `channels.toml`, and the names of files.

use super::{CollectArgs, recording::Recording};
use crate::output::{Usage, tell, write_atomically};
use anyhow::{Context, bail};
use dataset::{ChannelConfig, ChannelsFile};
use float_model::{printable, printable_list};
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// Names every recording with its label.
const LABELS: &str = "labels.csv";
/// What stands behind a recording's name until it is complete.
const PARTIAL: &str = ".partial";
/// Two full scales that differ by less than this are one.
const TOLERANCE: f32 = 1e-3;

/// Where a recording goes: everything is checked before the first sample is.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    name: String,
    /// The line of `labels.csv` for it.
    line: String,
    label: String,
    /// `labels.csv` begins with this line where it is missing.
    first: &'static str,
    /// The header row of the recording.
    header: String,
}

impl Folder {
    /// Checks a folder that may be there already, for another recording.
    pub fn check(args: &CollectArgs) -> anyhow::Result<Self> {
        let path = args.out.clone();
        for (option, text) in [("--label", Some(&args.label)), ("--group", args.group.as_ref())] {
            if text.is_some_and(|text| text.trim().is_empty() || text.chars().any(char::is_control)) {
                return Err(Usage::error(format!("{option}: give a word")));
            }
        }
        if args.label.contains(',') {
            return Err(Usage::error(
                "--label: a comma separates names of classes in a model's file; use another sign",
            ));
        }
        if fs::metadata(&path).is_ok_and(|found| !found.is_dir()) {
            bail!("{}: is no folder; give another --out", path.display());
        }
        let labels = path.join(LABELS);
        match (labels_have_groups(&labels)?, &args.group) {
            (Some(false), Some(_)) => bail!(
                "{}: its recordings were made without --group; give another --out, leave --group out, or add the column group to its \
                 lines by hand",
                labels.display()
            ),
            (Some(true), None) => bail!(
                "{}: its recordings were made with --group; give --group too",
                labels.display()
            ),
            _ => {}
        }
        cut_off(&path);
        let name = file_name(args, &path)?;
        let mut line = format!("{},{}", quoted(&name), quoted(args.label.trim()));
        if let Some(group) = &args.group {
            line += &format!(",{}", quoted(group.trim()));
        }
        Ok(Self {
            path,
            name,
            line,
            label: args.label.trim().to_owned(),
            first: if args.group.is_some() {
                "file,label,group"
            } else {
                "file,label"
            },
            header: String::new(),
        })
    }

    /// Fails where the folder holds recordings of other channels, or of a rate that differs by more than `rate_tolerance` of it;
    /// the recording will have these channels.
    pub fn expect(&mut self, channels: &ChannelsFile, rate_tolerance: f64) -> anyhow::Result<()> {
        same_channels(&self.path, channels, &self.label, rate_tolerance)?;
        let names = channels.channel.iter().map(|channel| quoted(&channel.name));
        self.header = std::iter::once("time".to_owned())
            .chain(names)
            .collect::<Vec<_>>()
            .join(",")
            + "\n";
        Ok(())
    }

    /// The recording's file.
    pub fn path(&self) -> PathBuf {
        self.path.join(&self.name)
    }

    /// Creates the folder, if need be, and the recording under its temporary name.
    pub fn create(&self) -> anyhow::Result<Recording> {
        fs::create_dir_all(&self.path).with_context(|| format!("{}: cannot be created", self.path.display()))?;
        Recording::create(self.path.join(format!("{}{PARTIAL}", self.name)), &self.header)
    }

    /// Writes `channels.toml` where there is none.
    pub fn describe(&self, channels: &ChannelsFile) -> anyhow::Result<()> {
        let path = self.path.join(ChannelsFile::NAME);
        if path.exists() {
            return Ok(());
        }
        let text = toml::to_string(channels).context(ChannelsFile::NAME)?;
        write_atomically(&path, text.as_bytes())
    }

    /// Appends the recording's line to `labels.csv`.
    pub fn label(&self) -> anyhow::Result<()> {
        let path = self.path.join(LABELS);
        let append = || {
            let before = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(error),
            };
            let mut text = String::new();
            if before.is_empty() {
                text += self.first;
                text += "\n";
            } else if !before.ends_with(b"\n") {
                text += "\n";
            }
            text += &self.line;
            text += "\n";
            let mut file = File::options().append(true).create(true).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        append().with_context(|| format!("{}: cannot be written; add the line {}", path.display(), self.line))
    }
}

/// Says which recordings of a folder never came to their end: a run that was killed leaves its own, without a label.
fn cut_off(folder: &Path) {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    for name in names.map(|entry| entry.file_name()) {
        let name = name.to_string_lossy();
        if let Some(whole) = name.strip_suffix(PARTIAL) {
            let (name, whole) = (printable(&name), printable(whole));
            tell(format_args!(
                "note: {name} was cut off; to use it, rename it to {whole} and add it to {LABELS}"
            ));
        }
    }
}

/// Fails where the folder holds recordings of other channels.
fn same_channels(folder: &Path, wanted: &ChannelsFile, label: &str, rate_tolerance: f64) -> anyhow::Result<()> {
    let path = folder.join(ChannelsFile::NAME);
    if !path.exists() {
        return Ok(());
    }
    let found = ChannelsFile::read(&path)?;
    let shown = path.display();
    if let (Some(theirs), Some(ours)) = (&found.sensor, &wanted.sensor)
        && theirs != ours
    {
        bail!(
            "{shown}: its recordings are of the sensor {}, not of {ours}; give another --out",
            printable(theirs)
        );
    }
    let names = |file: &ChannelsFile| {
        let named = |channel: &ChannelConfig| format!("{} ({})", channel.name, channel.unit);
        printable_list(&file.channel.iter().map(named).collect::<Vec<_>>())
    };
    let same = |a: &ChannelConfig, b: &ChannelConfig| a.name == b.name && a.unit == b.unit;
    let channels = || found.channel.iter().zip(&wanted.channel);
    if found.channel.len() != wanted.channel.len() || !channels().all(|(a, b)| same(a, b)) {
        bail!(
            "{shown}: its recordings have the channels {}, not {}; give another --out",
            names(&found),
            names(wanted)
        );
    }
    for (theirs, ours) in channels() {
        if let (Some(a), Some(b)) = (theirs.full_scale, ours.full_scale)
            && (a - b).abs() > TOLERANCE * b
        {
            bail!(
                "{shown}: its recordings have {a} {unit} as full scale of {}, not {b} {unit}; give --full-scale {a}, or another --out",
                printable(&theirs.name),
                unit = printable(&theirs.unit)
            );
        }
    }
    let (theirs, ours) = (found.period(&path)?, wanted.period(&path)?);
    if theirs > 0.0 && ours > 0.0 && (theirs / ours - 1.0).abs() > rate_tolerance {
        bail!(
            "{shown}: its recordings have {:.6} samples a second, not {:.6}; give --rate, or another --out",
            1.0 / theirs,
            1.0 / ours
        );
    }
    if !found.class_names.is_empty() && !found.class_names.iter().any(|name| name == label) {
        bail!(
            "{shown}: its class_names are {}; add the class there, or give one of them as --label",
            printable_list(&found.class_names)
        );
    }
    Ok(())
}

/// Whether a `labels.csv` has a column for groups; none where there is no such file, or nothing in it.
fn labels_have_groups(path: &Path) -> anyhow::Result<Option<bool>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{}: cannot be read", path.display())),
    };
    let Some(first) = text.lines().next() else {
        return Ok(None);
    };
    match first.trim_end().trim_start_matches('\u{feff}') {
        "file,label" => Ok(Some(false)),
        "file,label,group" | "file,label,subject" => Ok(Some(true)),
        other => {
            bail!(
                "{}: begins with {}, to which no line can be added; it has to begin with file,label or file,label,group",
                path.display(),
                printable(other)
            )
        }
    }
}

/// The recording's file name: the one given, or the label with the first number that is free.
fn file_name(args: &CollectArgs, folder: &Path) -> anyhow::Result<String> {
    let taken = |name: &str| folder.join(name).exists() || folder.join(format!("{name}{PARTIAL}")).exists();
    if let Some(name) = &args.name {
        let plain = name.chars().all(|c| c.is_alphanumeric() || "-_. ".contains(c)) && !name.starts_with('.');
        if name.is_empty() || !plain {
            return Err(Usage::error(
                "--name: give the name of a file without folder, of letters, digits, - and _",
            ));
        }
        let name = format!("{}.csv", name.strip_suffix(".csv").unwrap_or(name));
        match name != LABELS && !taken(&name) {
            true => return Ok(name),
            false => bail!(
                "{}: is there already; give another --name",
                folder.join(&name).display()
            ),
        }
    }
    let safe = |c: char| {
        if c.is_alphanumeric() || "-_".contains(c) {
            c
        } else {
            '_'
        }
    };
    let stem: String = args.label.trim().chars().map(safe).collect();
    let free = (1..1_000_000)
        .map(|n| format!("{stem}-{n:03}.csv"))
        .find(|name| !taken(name));
    free.context("--out: a million recordings of this label are there already")
}

/// A cell of a CSV file.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}
