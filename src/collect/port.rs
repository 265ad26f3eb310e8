//! A recording from a serial port.

use super::{CollectArgs, Origin, Rate, Session, finish, folder::Folder, timing};
use crate::{
    interrupt,
    output::{Output, Usage},
};
use anyhow::bail;
use board_host::serial::{self, BAUD, Line};
use dataset::{ChannelConfig, ChannelsFile};
use std::{fmt::Write, path::Path};

/// How long lines are listened to until their rate is taken as known.
const DETECT_S: f64 = 2.0;
/// A rate that differs from that of the folder by less than this of it is the same, beside what a short recording leaves open.
const TOLERANCE: f64 = 0.02;
/// A rate that may be off by more than this of it does not become that of the folder.
const KNOWN: f64 = 0.02;
/// A given rate that differs from that of the lines by more than this of it is another's. Their times are late by varying amounts.
const WRONG: f64 = 0.25;

/// Runs the command.
pub fn run(args: &CollectArgs, port: &Path, out: Output) -> anyhow::Result<()> {
    let silence = args.silence()?;
    let mut listener = Listener {
        args,
        given_s: args.period_s()?,
        folder: Some(Folder::check(args)?),
        waiting: Vec::new(),
        index: 0,
        first_s: None,
        arrivals: timing::Arrivals::default(),
        started: None,
        failed: None,
    };
    let _keeping = interrupt::keep();
    let ended = serial::listen(
        port,
        args.baud.unwrap_or(BAUD),
        interrupt::flag(),
        silence,
        &mut |line| {
            listener.take(line).unwrap_or_else(|error| {
                listener.failed.get_or_insert(error);
                true
            })
        },
    );
    // What came before the rate was known is kept too.
    if listener.started.is_none()
        && listener.failed.is_none()
        && let Err(error) = listener.start()
    {
        listener.failed = Some(error);
    }
    let origin = Origin {
        board: None,
        sensor: None,
        port: Some(port.to_owned()),
        simulated: false,
    };
    let Some(mut started) = listener.started else {
        return Err(match (listener.failed, ended) {
            (Some(error), _) => error,
            (None, Err(error)) => error.into(),
            (None, Ok(ending)) => anyhow::anyhow!(
                "nothing was recorded: {}",
                super::why(&ending, &port.display().to_string()).unwrap_or_else(|| "it was stopped".to_owned())
            ),
        });
    };
    started.session.rate = listener.arrivals.rate();
    if let Some(error) = listener.failed {
        started.session.fail(error);
    }
    if let Some(rate) = started.session.rate.filter(|_| listener.given_s.is_none()) {
        // The recording has its times; a later one that is longer is not to be measured by what a short one seemed to be.
        let known = listener.arrivals.doubt().max(rate.uncertainty_hz / rate.hz) < KNOWN;
        started.channels.sample_rate_hz = known.then(|| rounded(rate));
    }
    if let Err(error) = started.session.folder.describe(&started.channels) {
        started.session.fail(error);
    }
    finish(started.session, args, &origin, ended.map_err(Into::into), out)
}

/// A rate, to the first digit of what it may be off by.
fn rounded(rate: Rate) -> f64 {
    let unit = 10f64.powf(rate.uncertainty_hz.max(rate.hz * 1e-6).log10().floor());
    let digits = (-unit.log10()).max(0.0).round() as usize;
    format!("{:.digits$}", (rate.hz / unit).round() * unit)
        .parse()
        .unwrap_or(rate.hz)
}

/// What has come, before and after the rate is known.
struct Listener<'a> {
    args: &'a CollectArgs,
    /// The period that was given.
    given_s: Option<f64>,
    folder: Option<Folder>,
    /// Index, date in seconds and values of the samples that came before the rate was known.
    waiting: Vec<(u64, f64, Vec<f64>)>,
    /// Index of the next line; one that is no sample is a sample that was lost.
    index: u64,
    first_s: Option<f64>,
    arrivals: timing::Arrivals,
    started: Option<Started>,
    failed: Option<anyhow::Error>,
}

/// A recording under way.
struct Started {
    session: Session,
    times: timing::TimeLine,
    channels: ChannelsFile,
}

impl Listener<'_> {
    /// Takes a line; whether there is enough.
    fn take(&mut self, line: Line) -> anyhow::Result<bool> {
        let at_s = line.at.as_secs_f64();
        let Some(values) = line.values else {
            // Before the first sample, it may be a line of names.
            if self.first_s.is_some() {
                self.index += 1;
                self.bad_line();
            }
            return Ok(false);
        };
        let first_s = *self.first_s.get_or_insert(at_s);
        if self.args.seconds.is_some_and(|seconds| at_s - first_s >= seconds) {
            return Ok(true);
        }
        self.arrivals.push(self.index, at_s);
        let sample = (self.index, at_s, values);
        self.index += 1;
        match &mut self.started {
            Some(started) => {
                started.session.rate = self.arrivals.rate();
                started.write(&sample)?;
            }
            None => {
                self.waiting.push(sample);
                if at_s - first_s >= DETECT_S {
                    self.start()?;
                }
            }
        }
        Ok(false)
    }

    fn bad_line(&mut self) {
        if let Some(started) = &mut self.started {
            started.session.losses.bad_lines += 1;
            started.session.losses.lost += 1;
        }
    }

    /// The rate is known as well as it will be: begins the recording with what has come.
    fn start(&mut self) -> anyhow::Result<()> {
        let Some((last, _, values)) = self.waiting.last() else {
            return Ok(());
        };
        let measured = self.arrivals.rate();
        let doubt = |rate: Rate| self.arrivals.doubt().max(rate.uncertainty_hz / rate.hz);
        if let (Some(period_s), Some(rate)) = (self.given_s, measured) {
            let given_hz = 1.0 / period_s;
            if (given_hz / rate.hz - 1.0).abs() > WRONG + doubt(rate) {
                bail!(
                    "--rate: {given_hz} samples a second are given, {:.2} (+- {:.2}) come; leave it out, and let a model use every K-th \
                     sample with train --every K",
                    rate.hz,
                    rate.uncertainty_hz
                );
            }
        }
        let (period_s, uncertainty) = match (self.given_s, measured) {
            (Some(period_s), _) => (period_s, 0.0),
            (None, Some(rate)) => (1.0 / rate.hz, doubt(rate)),
            (None, None) => bail!(
                "{} samples in {:.1} s are too few to know their rate; record for longer, or give --rate",
                self.waiting.len(),
                self.arrivals.span_s()
            ),
        };
        let channels = channels(self.args, values.len(), period_s)?;
        let Some(mut folder) = self.folder.take() else {
            return Ok(());
        };
        folder.expect(&channels, TOLERANCE + uncertainty)?;
        let bad_lines = last + 1 - self.waiting.len() as u64;
        let samples = self.args.seconds.map(|seconds| (seconds / period_s).round() as u64);
        let mut session = Session::new(folder, samples);
        session.rate = measured;
        (session.losses.bad_lines, session.losses.lost) = (bad_lines, bad_lines);
        if let Some(rate) = measured.filter(|_| self.given_s.is_none()) {
            session.bar.println(format!(
                "{:.2} samples a second (+- {:.2})",
                rate.hz, rate.uncertainty_hz
            ));
        }
        let mut started = Started {
            session,
            times: match self.given_s {
                Some(period_s) => timing::TimeLine::exact(period_s),
                None => timing::TimeLine::new(period_s),
            },
            channels,
        };
        let waiting = std::mem::take(&mut self.waiting);
        let written = waiting.iter().try_for_each(|sample| started.write(sample));
        self.started = Some(started);
        written
    }
}

impl Started {
    fn write(&mut self, (index, at_s, values): &(u64, f64, Vec<f64>)) -> anyhow::Result<()> {
        self.times.dated(*index, *at_s);
        let mut row = format!("{:.6}", self.times.next_s());
        for value in values {
            // Writing to text does not fail.
            let _ = write!(row, ",{value}");
        }
        row.push('\n');
        self.session.write(&row, 1)
    }
}

/// What the folder says of the recording.
fn channels(args: &CollectArgs, count: usize, period_s: f64) -> anyhow::Result<ChannelsFile> {
    for (option, given) in [
        ("--channel-names", args.channel_names.len()),
        ("--channel-units", args.channel_units.len()),
        ("--full-scale", args.full_scale.len()),
    ] {
        if given != 0 && given != count {
            return Err(Usage::error(format!(
                "{option}: {given} of them; the port sends {count} numbers a line"
            )));
        }
    }
    let channel = |index: usize| ChannelConfig {
        name: args
            .channel_names
            .get(index)
            .cloned()
            .unwrap_or_else(|| format!("channel {index}")),
        unit: args.channel_units.get(index).cloned().unwrap_or_default(),
        full_scale: args.full_scale.get(index).copied(),
    };
    Ok(ChannelsFile {
        sample_rate_hz: Some(1.0 / period_s),
        channel: (0..count).map(channel).collect(),
        ..ChannelsFile::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_with_the_digits_that_are_known() {
        let of = |hz, uncertainty_hz| rounded(Rate { hz, uncertainty_hz });
        assert_eq!(of(99.9871, 0.031), 99.99);
        assert_eq!(of(62.4973, 0.2), 62.5);
        assert_eq!(of(1043.0, 20.0), 1040.0);
    }
}
