//! The options that say where recordings are, and what they are.

use crate::output::Usage;
use anyhow::Context;
use clap::{Args, ValueEnum};
use dataset::{Audio, ChannelConfig, DatasetConfig, Window};
use std::path::{Path, PathBuf};

/// Where recordings lie.
#[derive(Args, Debug, Clone, Default)]
pub struct SourceArgs {
    /// dataset, mnist: all of it, a folder (train_x.npy, x.npy, train/, labels.csv with CSV or WAV files, IDX files) or a
    /// file (.npz, .csv).
    #[arg(long, conflicts_with_all = ["train_x", "test_x"])]
    pub data: Option<PathBuf>,
    /// dataset: training sequences, f32 (N, T, I) as .npy, .npz, .csv, IDX, or a folder of CSV or WAV files with labels.csv.
    #[arg(long)]
    pub train_x: Option<PathBuf>,
    /// dataset: answers as .npy, where they do not lie beside or in --train-x. Integers (N): classes; integers (N, C): labels of
    /// 0 or 1; floats (N, O): real targets; (N, T, 1), (N, T, C) or (N, T, O): the same at every step.
    #[arg(long)]
    pub train_y: Option<PathBuf>,
    /// dataset: test sequences, read by `eval` only.
    #[arg(long)]
    pub test_x: Option<PathBuf>,
    /// dataset: test labels or targets.
    #[arg(long)]
    pub test_y: Option<PathBuf>,
}

/// How recordings are read, and what the sensor is.
#[derive(Args, Debug, Clone, Default)]
pub struct RecordingArgs {
    /// dataset: whose each sequence is (subject, speaker, session), integers (N) as .npy; parts never share a group.
    /// [default: groups.npy beside x.npy, a column group or subject]
    #[arg(long)]
    pub groups: Option<PathBuf>,
    /// dataset: cut recordings into windows of LENGTH samples, one every STRIDE; the class is the majority of the samples'.
    /// [default stride: LENGTH]
    #[arg(long, value_name = "LENGTH[:STRIDE]", value_parser = parse_window)]
    pub window: Option<Window>,
    /// dataset: use samples 0, K, 2K, ... of each sequence alone, in training and wherever the run's data are read.
    #[arg(long, value_name = "K")]
    pub every: Option<usize>,
    /// dataset: `step` asks for the answer of a sequence at every one of its samples. [default: as the answers are]
    #[arg(long, value_enum)]
    pub output_at: Option<OutputAtName>,
    /// dataset: hold this share of the sequences out as the test part, whole groups where groups are known.
    #[arg(long)]
    pub test_share: Option<f64>,
    /// dataset: what WAV files become: log-mel, raw (amplitude by amplitude) or raw:N (N amplitudes a step). [default:
    /// log-mel]
    #[arg(long, value_name = "log-mel|raw[:N]", value_parser = parse_audio)]
    pub audio: Option<Audio>,
    /// dataset: length of a log-mel frame in seconds. [default: 0.032]
    #[arg(long)]
    pub frame_s: Option<f64>,
    /// dataset: from one log-mel frame to the next, in seconds. [default: 0.02]
    #[arg(long)]
    pub hop_s: Option<f64>,
    /// dataset: bands of a log-mel frame. [default: 16]
    #[arg(long)]
    pub mel_bands: Option<usize>,
    /// dataset: a TOML file with channel names, units, full scales and the sample rate.
    #[arg(long)]
    pub channels_file: Option<PathBuf>,
    /// dataset: channel names, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub channel_names: Vec<String>,
    /// dataset: channel units, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub channel_units: Vec<String>,
    /// dataset: magnitude at which each channel's 16-bit sample saturates, in its unit. [default: from the data]
    #[arg(long, value_delimiter = ',')]
    pub full_scale: Vec<f32>,
    /// dataset: class names, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub class_names: Vec<String>,
}

/// When an answer is asked for.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputAtName {
    /// At every sample.
    Step,
}

fn parse_window(text: &str) -> Result<Window, String> {
    let (length, stride) = text.split_once(':').unwrap_or((text, text));
    let number = |n: &str| {
        n.parse::<usize>()
            .map_err(|_| format!("'{text}' is no LENGTH[:STRIDE]; give samples"))
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
        _ => Err(format!("'{text}' is none; give log-mel, raw or raw:N")),
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
        audio: audio(args)?,
        loss: None,
        sample_period_s: sample_period_s.unwrap_or(0.0),
        channels: channels(args)?,
        channels_file: optional(&args.channels_file)?,
        class_names: args.class_names.clone(),
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
    let named = args.channel_names.len();
    for (option, n) in [
        ("--channel-units", args.channel_units.len()),
        ("--full-scale", args.full_scale.len()),
    ] {
        if n != 0 && n != named {
            return Err(Usage::error(format!(
                "{option}: {n} given for {named} --channel-names; give one each"
            )));
        }
    }
    let channel = |(k, name): (usize, &String)| ChannelConfig {
        name: name.clone(),
        unit: args.channel_units.get(k).cloned().unwrap_or_default(),
        full_scale: args.full_scale.get(k).copied(),
    };
    Ok(args.channel_names.iter().enumerate().map(channel).collect())
}

/// Paths go into config.toml, which is read from anywhere later.
pub fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{}: not a usable path", path.display()))
}
