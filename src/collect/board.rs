//! A recording from a board's sensor: by a debug probe, or from the model of a board.

use super::{
    CollectArgs, Origin, Session, finish,
    folder::Folder,
    sensor::{TOLERANCE, full_scales, names, only_sensor},
    timing,
};
use crate::{
    flash, interrupt,
    output::{Output, Usage},
};
use anyhow::{Context, anyhow, bail};
use board_host::{
    Backend, Collection, Error,
    boards::{self, Board},
    collect::{Block, Ending, Heard, Source, Watch, follow},
    on_board::{self, BoardOptions, Recorded},
    probe_rs::{BoardImage, Flashing, Section},
    sensors::Sensor,
};
use dataset::{ChannelConfig, ChannelsFile, ReadOptions};
use float_model::printable;
use std::{
    fmt::Write,
    num::{NonZeroU32, NonZeroU64},
    path::Path,
    process::Command,
    time::Duration,
};

/// How long probe-rs may take to write the board's flash.
const START: Duration = Duration::from_secs(120);

/// What is to be recorded, and how.
struct Plan {
    board: Board,
    program: &'static str,
    sensor: Sensor,
    asked: Collection,
    /// Of each channel.
    full_scales: Vec<f32>,
    /// Seconds from one sample to the next, nominally.
    period_s: f64,
}

/// Runs the command.
pub fn run(args: &CollectArgs, name: &str, out: Output) -> anyhow::Result<()> {
    let board = boards::resolve(name).map_err(|e| Usage::error(format!("--board: {e}")))?;
    if args.with.is_some_and(|with| with != Backend::VirtualBoard) {
        return Err(Usage::error(
            "--with: QEMU has no model of a real board; give virtual-board, or leave --with out",
        ));
    }
    let mut plan = plan(args, board)?;
    let world = args.x.as_deref().map(|x| World::read(x, &plan)).transpose()?;
    if let (Some(world), None) = (&world, plan.asked.samples) {
        let whole = world.counts.len() / plan.sensor.inputs();
        let samples = (whole as f64 * world.period_ns as f64 * 1e-9 / plan.period_s).ceil();
        plan.asked.samples = NonZeroU32::new(samples as u32);
    }
    let channels = plan.channels();
    let silence = args.silence()?;
    let mut folder = Folder::check(args)?;
    folder.expect(&channels, TOLERANCE)?;
    let image = match &world {
        // The virtual board builds its own.
        Some(_) => None,
        None => Some(plan.image(args)?),
    };
    let _keeping = interrupt::keep();
    let samples = plan.asked.samples.map(|samples| u64::from(samples.get()));
    let mut taker = Taker {
        session: Session::new(folder, samples),
        plan: &plan,
        channels,
        times: timing::TimeLine::new(plan.period_s),
        arrivals: timing::Arrivals::default(),
        next: 0,
    };
    let ended = match (world, image) {
        (Some(world), _) => plan.on_virtual_board(args, &world, &mut |heard| taker.hear(heard)),
        (None, Some(image)) => plan.on_board(args, image, silence, &mut |heard| taker.hear(heard)),
        (None, None) => Err(anyhow!("there is no image")),
    };
    let origin = Origin {
        board: Some(plan.board.name),
        sensor: Some(plan.sensor.name),
        port: None,
        simulated: args.with.is_some(),
    };
    finish(taker.session, args, &origin, ended, out)
}

/// Checks the options against the board and its sensor.
fn plan(args: &CollectArgs, board: Board) -> anyhow::Result<Plan> {
    let (program, sensor) = match &args.sensor {
        Some(sensor) => board
            .recorder(sensor)
            .map_err(|error| Usage::error(format!("--sensor: {error}")))?,
        None => only_sensor(&board)?,
    };
    let every_s = 1.0 / f64::from(sensor.rate_hz);
    let period_s = args
        .period_s()?
        .filter(|period_s| (period_s / every_s - 1.0).abs() > TOLERANCE);
    if period_s.is_some_and(|period_s| period_s < 1.1 * every_s) {
        return Err(Usage::error(format!(
            "--rate: the {} makes {} samples a second; give {} for every sample, or at most {:.0}",
            sensor.name,
            sensor.rate_hz,
            sensor.rate_hz,
            (f64::from(sensor.rate_hz) / 1.1).floor()
        )));
    }
    let chosen = full_scales(&args.full_scale, &sensor)?;
    let mut by_group = [0.0; board_host::GROUPS];
    for (slot, full_scale) in by_group.iter_mut().zip(&chosen) {
        *slot = *full_scale;
    }
    let period_or_every_s = period_s.unwrap_or(every_s);
    let samples = args
        .seconds
        .map(|seconds| (seconds / period_or_every_s).round().clamp(1.0, f64::from(u32::MAX)) as u32);
    let asked = Collection {
        samples: samples.and_then(NonZeroU32::new),
        period_ns: period_s.and_then(|period_s| NonZeroU64::new((period_s * 1e9).round() as u64)),
        full_scales: by_group,
    };
    Ok(Plan {
        full_scales: asked.full_scales_of(&sensor).collect(),
        board,
        program,
        sensor,
        asked,
        period_s: period_or_every_s,
    })
}

impl Plan {
    /// What the folder says of the recording.
    fn channels(&self) -> ChannelsFile {
        let channel = |((name, unit), full_scale): ((String, &str), &f32)| ChannelConfig {
            name,
            unit: unit.to_owned(),
            full_scale: Some(*full_scale),
        };
        ChannelsFile {
            sensor: Some(self.sensor.name.to_owned()),
            sample_rate_hz: Some(((1.0 / self.period_s) * 1e6).round() / 1e6),
            channel: names(&self.sensor).zip(&self.full_scales).map(channel).collect(),
            ..ChannelsFile::default()
        }
    }

    /// The image that records, watched: its log is what it is run for.
    fn image(&self, args: &CollectArgs) -> anyhow::Result<BoardImage> {
        let path = match &args.firmware {
            Some(path) => path.clone(),
            None => boards::build_to_be(&self.board, true, self.program)?,
        };
        Ok(BoardImage::read(&path, &self.board)?)
    }

    /// Writes the image and what is asked for to the board, and listens to it.
    fn on_board(
        &self,
        args: &CollectArgs,
        image: BoardImage,
        silence: Duration,
        sink: &mut dyn FnMut(Heard) -> bool,
    ) -> anyhow::Result<Ending> {
        if !image.identity.watched {
            bail!(
                "{}: an image without a log that a probe can read; give one that was built without the feature unwatched",
                image.path.display()
            );
        }
        let flashing = Flashing {
            board: self.board,
            program: self.program,
            sections: vec![Section {
                name: "collection",
                region: image.regions.blob,
                bytes: self.asked.to_bytes().to_vec(),
            }],
            image,
        };
        let folder = flash::temporary_folder(&self.board)?;
        let commands = flashing.commands(&args.probe.probe(), folder.path())?;
        let (last, downloads) = commands.split_last().context("there is a command")?;
        for download in downloads {
            // It speaks to the terminal, not into the result.
            flash::run_probe_rs(download, Output { json: true })?;
        }
        let mut command = Command::new(flash::PROBE_RS);
        command.args(last);
        let watch = Watch {
            stop: interrupt::flag(),
            start: START,
            silence,
        };
        match follow(command, self.board.name, &watch, sink) {
            Err(Error::Start { source, .. }) => Err(flash::not_started(source)),
            ended => Ok(ended?),
        }
    }

    /// Runs the image on the model of the board, whose sensor plays `world`.
    fn on_virtual_board(
        &self,
        args: &CollectArgs,
        world: &World,
        sink: &mut dyn FnMut(Heard) -> bool,
    ) -> anyhow::Result<Ending> {
        let options = BoardOptions {
            firmware: args.firmware.clone(),
            timeout_s: u64::MAX,
            ..BoardOptions::new(self.board, self.program)
        };
        let units: Vec<(&str, f32)> = names(&self.sensor)
            .map(|(_, unit)| unit)
            .zip(self.full_scales.iter().copied())
            .collect();
        let inputs = self.sensor.inputs();
        let recorded = Recorded {
            counts: &world.counts,
            shape: (1, world.counts.len() / inputs, inputs),
            channels: &units,
            period_ns: world.period_ns,
        };
        let collected = on_board::collect(&options, &self.asked, &recorded, sink)?;
        if let Some(found) = collected.observed.findings.first() {
            bail!("a rule of silicon is broken on {}: {}", self.board.name, found.first);
        }
        Ok(match collected.complete {
            true => Ending::Complete,
            false => Ending::Stopped,
        })
    }
}

/// What the sensor of a virtual board plays.
struct World {
    /// (T, I), as the sensor's full scales count them in 16 bits.
    counts: Vec<i16>,
    period_ns: u64,
}

impl World {
    /// Reads recordings, which play one after the other. Where they have no rate, each sample is played for one that is recorded.
    fn read(path: &Path, plan: &Plan) -> anyhow::Result<Self> {
        let found = dataset::read(path, &ReadOptions::default())?;
        let (x, inputs) = (&found.x, plan.sensor.inputs());
        if x.channels() != inputs {
            bail!(
                "{}: {} channels; the {} senses {inputs}",
                path.display(),
                x.channels(),
                plan.sensor.name
            );
        }
        for (channel, (name, unit)) in found.channels.iter().zip(names(&plan.sensor)) {
            if !channel.unit.is_empty() && channel.unit != unit {
                bail!(
                    "{}: channel {} is in {}; the {} senses {name} in {unit}",
                    path.display(),
                    printable(&channel.name),
                    printable(&channel.unit),
                    plan.sensor.name
                );
            }
        }
        let count = |(value, full_scale): (&f32, &f32)| {
            (value / full_scale * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
        };
        let mut counts = Vec::new();
        for chunk in x.chunks() {
            for sample in chunk?.1.iter().flat_map(|sequence| sequence.chunks_exact(inputs)) {
                counts.extend(sample.iter().zip(&plan.full_scales).map(count));
            }
        }
        let period_s = if found.sample_period_s > 0.0 {
            found.sample_period_s
        } else {
            plan.period_s
        };
        Ok(Self {
            counts,
            period_ns: ((period_s * 1e9).round() as u64).max(1),
        })
    }
}

/// Takes what a board says into the recording.
struct Taker<'a> {
    session: Session,
    plan: &'a Plan,
    channels: ChannelsFile,
    times: timing::TimeLine,
    arrivals: timing::Arrivals,
    /// Index of the sample that should come next.
    next: u64,
}

impl Taker<'_> {
    /// Whether there is nothing more to hear.
    fn hear(&mut self, heard: Heard) -> bool {
        let taken = match heard {
            Heard::Begun(source) => self.begin(&source),
            Heard::Block(block) => self.take(&block),
            Heard::Garbled => {
                self.session.losses.bad_lines += 1;
                Ok(())
            }
            Heard::Ended(totals) => {
                let losses = &mut self.session.losses;
                (losses.missed, losses.dropped) = (totals.missed, totals.dropped);
                let made = totals.samples + totals.missed + totals.dropped;
                losses.lost += made.saturating_sub(self.next);
                Ok(())
            }
        };
        if let Err(error) = taken {
            self.session.fail(error);
        }
        self.session.failed.is_some() || interrupt::asked()
    }

    /// Checks that the board records what was asked for.
    fn begin(&self, source: &Source) -> anyhow::Result<()> {
        let full_scales: Vec<f32> = source.channels.iter().map(|(_, full_scale)| *full_scale).collect();
        if source.sensor.name != self.plan.sensor.name || full_scales != self.plan.full_scales {
            bail!(
                "the image records {} with full scales {full_scales:?}, not {} with {:?}",
                source.sensor.name,
                self.plan.sensor.name,
                self.plan.full_scales
            );
        }
        self.session.folder.describe(&self.channels)
    }

    fn take(&mut self, block: &Block) -> anyhow::Result<()> {
        if block.first < self.next {
            bail!(
                "the board repeats sample {}; it was expected to go on at {}",
                block.first,
                self.next
            );
        }
        let losses = &mut self.session.losses;
        losses.lost += block.first - self.next;
        (losses.missed, losses.dropped) = (block.missed, block.dropped);
        self.times.dated(block.first, block.at_s);
        // The date of the first sample is off by up to a period: it may have waited before the first look.
        if block.first > 0 {
            self.arrivals.push(block.first, block.at_s);
        }
        self.session.rate = self.arrivals.rate();
        let (rows, samples, clipped) = self.rows(&block.counts);
        self.session.clipped += clipped;
        self.next = block.first + samples;
        self.session.write(&rows, samples)
    }

    /// The rows of a block, how many they are, and how many values lie at the end of the range.
    fn rows(&mut self, counts: &[i16]) -> (String, u64, u64) {
        let channels = self.plan.full_scales.len().max(1);
        // The largest count of a sensor of fewer bits.
        let top = i16::MAX & !((1i32 << (16 - i32::from(self.plan.sensor.bits.clamp(1, 16)))) - 1) as i16;
        let (mut text, mut samples, mut clipped) = (String::new(), 0, 0);
        for sample in counts.chunks_exact(channels) {
            // Writing to text does not fail.
            let _ = write!(text, "{:.6}", self.times.next_s());
            for (count, full_scale) in sample.iter().zip(&self.plan.full_scales) {
                let _ = write!(text, ",{}", value(*count, *full_scale));
                clipped += u64::from(*count >= top || *count == i16::MIN);
            }
            text.push('\n');
            samples += 1;
        }
        (text, samples, clipped)
    }
}

/// A count in its channel's unit, with so many digits that it is the only count that they can mean.
fn value(count: i16, full_scale: f32) -> String {
    let step = f64::from(full_scale) / 32_768.0;
    let decimals = (-step.log10()).ceil().clamp(0.0, 20.0) as usize + 1;
    format!("{:.decimals$}", f64::from(count) * step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use board_host::sensors::{ADXL362, LIS3DH, LSM6DS};

    #[test]
    fn counts_come_back_from_their_digits() {
        for sensor in [LIS3DH, LSM6DS, ADXL362] {
            for full_scale in sensor.channels.iter().flat_map(|group| group.full_scales) {
                for count in i16::MIN..=i16::MAX {
                    let read: f32 = value(count, *full_scale).parse().unwrap();
                    let back = (read / full_scale * 32_768.0).round() as i16;
                    assert_eq!(back, count, "{full_scale}: {}", value(count, *full_scale));
                }
            }
        }
    }
}
