//! The options that say where recordings are, and what they are.

use crate::{
    args::{CHANNELS, ChannelArgs, parsed},
    output::Usage,
};
use anyhow::Context;
use clap::Args;
use dataset::{Audio, Axes, ChannelConfig, Columns, DatasetConfig, Origin, Window};
use float_model::OutputAt;
use std::path::{Path, PathBuf};

/// Where recordings lie.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Data")]
pub struct SourceArgs {
    /// Everything: a folder (train_x.npy, x.npy, train/, CSV or WAV files with labels.csv or with a folder for each class or
    /// person, IDX files) or a file (.npz, .csv).
    #[arg(long, conflicts_with_all = ["train_x", "test_x"])]
    pub data: Option<PathBuf>,
    /// Training sequences, f32 (N, T, I) as .npy, .npz, .csv, IDX, or a folder of CSV or WAV files with labels.csv.
    #[arg(long)]
    pub train_x: Option<PathBuf>,
    /// Answers as .npy, where they do not lie beside or in --train-x. Integers (N): classes; integers (N, C): labels of
    /// 0 or 1; floats (N, O): real targets; (N, T, 1), (N, T, C) or (N, T, O): the same at every step.
    #[arg(long)]
    pub train_y: Option<PathBuf>,
    /// Test sequences, read by `eval` only.
    #[arg(long)]
    pub test_x: Option<PathBuf>,
    /// Test labels or targets.
    #[arg(long)]
    pub test_y: Option<PathBuf>,
}

/// How recordings are read, and what the sensor is.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Recordings")]
pub struct RecordingArgs {
    /// Whose each sequence is (subject, speaker, session), integers (N) as .npy; parts never share a group.
    /// [default: groups.npy beside x.npy, a column group or subject, folders of persons]
    #[arg(long)]
    pub groups: Option<PathBuf>,
    /// Cut recordings into windows of LENGTH samples, one every STRIDE; the class is the majority of the samples'.
    /// [default stride: LENGTH]
    #[arg(long, value_name = "LENGTH[:STRIDE]", value_parser = parse_window)]
    pub window: Option<Window>,
    /// Use samples 0, K, 2K, ... of each sequence alone, in training and wherever the run's data are read.
    #[arg(long, value_name = "K")]
    pub every: Option<usize>,
    /// `step` asks for the answer of a sequence at every one of its samples. [default: as the answers are]
    #[arg(long, value_name = "step", value_parser = parse_output_at)]
    pub output_at: Option<OutputAt>,
    /// Hold this share of the sequences out as the test part, whole groups where groups are known.
    #[arg(long)]
    pub test_share: Option<f64>,
    /// What columns of text files are, by name or by number from 1: time=NAME[:s|ms|us|ns], label=NAME, group=NAME,
    /// sequence=NAME, channel=NAME, ignore=NAME, separated by commas. [default: as their names say]
    #[arg(long, value_name = "KEY=NAME,...", value_parser = parsed::<Columns>)]
    pub columns: Option<Columns>,
    /// Where the class of a recording is written: folder (that holds the file), folder:N (of level N, from 1 at the top),
    /// file-name or file-name:N (word N of its name) or column. [default: as the files and folders look]
    #[arg(long, value_name = "folder[:N]|file-name[:N]|column", value_parser = parsed::<Origin>)]
    pub label_from: Option<Origin>,
    /// Where it is written whose a recording is, in the same way; none: recordings have no groups.
    /// [default: as the files and folders look]
    #[arg(long, value_name = "folder[:N]|file-name[:N]|column|none", value_parser = parsed::<Origin>)]
    pub group_from: Option<Origin>,
    /// The order of the axes of arrays: channels-last is (N, T, I), channels-first (N, I, T). [default: channels-last]
    #[arg(long, value_name = "ORDER", value_parser = parsed::<Axes>)]
    pub axes: Option<Axes>,
    /// What WAV files become: log-mel, raw (amplitude by amplitude) or raw:N (N amplitudes a step). [default:
    /// log-mel]
    #[arg(help_heading = "Sound", long, value_name = "log-mel|raw[:N]", value_parser = parse_audio)]
    pub audio: Option<Audio>,
    /// Length of a log-mel frame in seconds. [default: 0.032]
    #[arg(help_heading = "Sound", long)]
    pub frame_s: Option<f64>,
    /// Time from one log-mel frame to the next, in seconds. [default: 0.02]
    #[arg(help_heading = "Sound", long)]
    pub hop_s: Option<f64>,
    /// Bands of a log-mel frame. [default: 16]
    #[arg(help_heading = "Sound", long)]
    pub mel_bands: Option<usize>,
    /// A TOML file with channel names, units, full scales and the sample rate.
    #[arg(long, help_heading = CHANNELS)]
    pub channels_file: Option<PathBuf>,
    /// The channels, and the classes.
    #[command(flatten)]
    pub channels: ChannelArgs,
}

/// The only choice there is where the answers do not say it: `end` is what other answers are.
fn parse_output_at(text: &str) -> Result<OutputAt, String> {
    match text {
        "step" => Ok(OutputAt::Step),
        _ => Err("expected step".into()),
    }
}

fn parse_window(text: &str) -> Result<Window, String> {
    let (length, stride) = text.split_once(':').unwrap_or((text, text));
    let number = |n: &str| {
        n.parse::<usize>()
            .map_err(|_| "expected LENGTH[:STRIDE] in samples, for example 128:64".to_owned())
    };
    Ok(Window {
        length: number(length)?,
        stride: number(stride)?,
    })
}

fn parse_audio(text: &str) -> Result<Audio, String> {
    let samples_per_step = match text {
        "log-mel" => return Ok(Audio::default()),
        "raw" => Some(1),
        _ => text.strip_prefix("raw:").and_then(|n| n.parse().ok()),
    };
    match samples_per_step {
        Some(samples_per_step @ 1..) => Ok(Audio::Raw { samples_per_step }),
        _ => Err("expected log-mel, raw or raw:N, N from 1".into()),
    }
}

/// What the options say of a dataset.
pub fn config(
    source: &SourceArgs,
    args: &RecordingArgs,
    sample_period_s: Option<f64>,
) -> anyhow::Result<DatasetConfig> {
    let parts = match (&source.data, &source.train_x) {
        (Some(data), _) => dataset::parts(data)?,
        (None, Some(train)) => dataset::Parts {
            train: train.clone(),
            test: source.test_x.clone(),
        },
        (None, None) => {
            return Err(Usage::error(
                "--data: missing; give a folder or a file of recordings, or --train-x and --train-y",
            ));
        }
    };
    let optional = |path: &Option<PathBuf>| path.as_deref().map(absolute).transpose();
    Ok(DatasetConfig {
        train_x: absolute(&parts.train)?,
        train_y: optional(&source.train_y)?.unwrap_or_default(),
        test_x: optional(&parts.test)?,
        test_y: optional(&source.test_y)?,
        test_share: args.test_share.unwrap_or(0.0),
        groups: optional(&args.groups)?,
        window: args.window,
        every: args.every.filter(|k| *k != 1),
        answers_at_steps: args.output_at.is_some(),
        columns: args.columns.clone().unwrap_or_default(),
        label_from: args.label_from,
        group_from: args.group_from,
        axes: args.axes,
        audio: audio(args)?,
        loss: None,
        sample_period_s: sample_period_s.unwrap_or(0.0),
        channels: channels(args)?,
        channels_file: optional(&args.channels_file)?,
        class_names: args.channels.class_names.clone(),
    })
}

fn audio(args: &RecordingArgs) -> anyhow::Result<Option<Audio>> {
    let frames = args.frame_s.is_some() || args.hop_s.is_some() || args.mel_bands.is_some();
    Ok(match (args.audio, frames) {
        (audio, false) => audio,
        (Some(Audio::Raw { .. }), true) => {
            return Err(Usage::error(
                "--frame-s, --hop-s, --mel-bands: belong to --audio log-mel; leave them out",
            ));
        }
        (_, true) => {
            let Audio::LogMel { frame_s, hop_s, bands } = Audio::default() else {
                return Ok(None);
            };
            Some(Audio::LogMel {
                frame_s: args.frame_s.unwrap_or(frame_s),
                hop_s: args.hop_s.unwrap_or(hop_s),
                bands: args.mel_bands.unwrap_or(bands),
            })
        }
    })
}

fn channels(args: &RecordingArgs) -> anyhow::Result<Vec<ChannelConfig>> {
    let given = [
        ("--channel-names", args.channels.channel_names.len()),
        ("--channel-units", args.channels.channel_units.len()),
        ("--full-scale", args.channels.full_scale.len()),
    ];
    let mut given = given.into_iter().filter(|(_, n)| *n != 0);
    let Some((first, count)) = given.next() else {
        return Ok(Vec::new());
    };
    if let Some((option, n)) = given.find(|(_, n)| *n != count) {
        return Err(Usage::error(format!(
            "{option}: {n} given for {count} {first}; give one each"
        )));
    }
    // What is not given is as the data say.
    let channel = |k: usize| ChannelConfig {
        name: args.channels.channel_names.get(k).cloned().unwrap_or_default(),
        unit: args.channels.channel_units.get(k).cloned().unwrap_or_default(),
        full_scale: args.channels.full_scale.get(k).copied(),
    };
    Ok((0..count).map(channel).collect())
}

/// Paths go into config.toml, which is read from anywhere later, and is UTF-8.
pub fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let whole = std::path::absolute(path).with_context(|| format!("{}: not a usable path", path.display()))?;
    if whole.to_str().is_none() {
        let problem = "is not written in UTF-8, as a path must be here; rename it, or reach it through a link";
        return Err(Usage::error(format!("{}: {problem}", whole.display())));
    }
    Ok(whole)
}
