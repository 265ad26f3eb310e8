//! What a board records from its sensor, as it comes: from a real board by a debug probe ([`follow`]), from a virtual one
//! ([`crate::on_board::collect`]).

mod probe;

pub use probe::{Ending, Watch, follow};

use crate::{
    Error, log,
    sensors::{self, Sensor},
};
use board_link::log::Line;
use std::time::Duration;

/// What a board is about to record.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The sensor.
    pub sensor: Sensor,
    /// Samples that the sensor makes in a second, nominally.
    pub rate_hz: u32,
    /// Nanoseconds from one sample to the next by the board's clock; none where every sample of the sensor is recorded.
    pub period_ns: Option<u64>,
    /// Unit of each channel, and its magnitude at 32,768 counts.
    pub channels: Vec<(&'static str, f32)>,
}

impl Source {
    /// Seconds from one sample to the next, nominally.
    #[must_use]
    pub fn period_s(&self) -> f64 {
        match self.period_ns {
            Some(period_ns) => period_ns as f64 * 1e-9,
            None => 1.0 / f64::from(self.rate_hz.max(1)),
        }
    }
}

/// Samples one after the other, without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Index of its first sample since the start of the recording; lost samples count.
    pub first: u64,
    /// Seconds of the board's clock at which the sensor made that sample.
    pub at_s: f64,
    /// Samples before this block that the board did not read in time.
    pub missed: u64,
    /// Samples before this block that the board dropped because its log was not read in time.
    pub dropped: u64,
    /// Raw counts, (n, channels).
    pub counts: Vec<i16>,
}

/// What the board says of a recording that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Samples that were logged.
    pub samples: u64,
    /// Samples that the board did not read in time.
    pub missed: u64,
    /// Samples that the board dropped because its log was not read in time.
    pub dropped: u64,
    /// Reads of the sensor that failed and were repeated.
    pub failures: u64,
}

/// What a board says while it records.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// What it is about to record; before everything else.
    Begun(Source),
    /// Recorded samples.
    Block(Block),
    /// A line of recorded samples that was garbled on its way: its samples are missing, as the index of the next block says.
    Garbled,
    /// The end.
    Ended(Totals),
}

/// Understands the log of a board that records, line by line.
#[derive(Debug)]
pub struct Listener {
    board: &'static str,
    ticks_per_second: Option<f64>,
    source: Option<Source>,
    /// Channels of a sample, by the line that announces them.
    expected: usize,
    /// What the board said of its sensor.
    complaint: Option<String>,
    complete: bool,
}

/// Beginnings of lines that matter here, some of which a debug probe's program may have put something before.
const STARTS: [&str; 9] = [
    "image machine=",
    "collecting sensor=",
    "channel index=",
    "block first=",
    "summary samples=",
    "refused: ",
    "sensor: ",
    "fault ",
    "parked: ",
];

impl Listener {
    /// For the log of this board, from its first line on.
    #[must_use]
    pub const fn new(board: &'static str) -> Self {
        Self {
            board,
            ticks_per_second: None,
            source: None,
            expected: 0,
            complaint: None,
            complete: false,
        }
    }

    /// The board said that it has recorded all that was asked for.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.complete
    }

    /// Takes the next line of the log.
    ///
    /// # Errors
    /// The board refuses to record, or its sensor or program failed; or the image is another board's, or of another version.
    pub fn line(&mut self, text: &str) -> Result<Option<Heard>, Error> {
        // A line that is none of these is not the image's.
        let at = STARTS.iter().filter_map(|start| {
            let at = text.find(start)?;
            (at == 0 || text[..at].ends_with(' ')).then_some(at)
        });
        let Some(line) = at.min().and_then(|at| text.get(at..)) else {
            return Ok(None);
        };
        if line.starts_with("block ") {
            return self.block(line).map(Some);
        }
        match Line::read(line)? {
            Line::Image(_) => {
                if self.source.is_some() {
                    return Err(Error::Fault(
                        "the board began again in the middle of the recording".into(),
                    ));
                }
                self.ticks_per_second = Some(log::ticks_per_second(&[line.to_owned()], self.board)?);
                Ok(None)
            }
            Line::Collecting(line) => {
                let unknown = || Error::Mismatch(format!("it records an unknown sensor, {}", line.sensor));
                let sensor = sensors::find(line.sensor).ok_or_else(unknown)?;
                if line.channels != sensor.inputs() || line.bits != sensor.bits {
                    return Err(Error::Mismatch(format!(
                        "its {} has {} channels of {} bits, not {} of {}",
                        sensor.name,
                        line.channels,
                        line.bits,
                        sensor.inputs(),
                        sensor.bits
                    )));
                }
                self.expected = line.channels;
                self.source = Some(Source {
                    sensor,
                    rate_hz: line.rate_hz,
                    period_ns: Some(line.period_ns).filter(|period| *period > 0),
                    channels: Vec::new(),
                });
                Ok(None)
            }
            Line::Channel(line) => Ok(self.channel(line.index, line.unit, line.full_scale)?.map(Heard::Begun)),
            Line::Collected(line) => {
                self.complete = true;
                Ok(Some(Heard::Ended(Totals {
                    samples: line.samples,
                    missed: line.missed,
                    dropped: line.dropped,
                    failures: line.failures,
                })))
            }
            Line::Sensor(why) => {
                self.complaint = Some(why.to_owned());
                Ok(None)
            }
            Line::Refused(why) => Err(Error::Refused(match self.complaint.take() {
                Some(complaint) => format!("{why}: {complaint}"),
                None => why.to_owned(),
            })),
            Line::Fault(why) | Line::Parked(why) => Err(Error::Fault(why.to_owned())),
            _ => Ok(None),
        }
    }

    /// The next channel; the source where it is the last one.
    fn channel(&mut self, index: usize, unit: &str, full_scale: f32) -> Result<Option<Source>, Error> {
        let Some(source) = &mut self.source else {
            return Err(Error::Mismatch("a channel before what is recorded".into()));
        };
        let units = source
            .sensor
            .channels
            .iter()
            .flat_map(|group| std::iter::repeat_n(group.unit, group.count));
        let known = units.clone().nth(index).filter(|known| *known == unit);
        match known.filter(|_| index == source.channels.len() && full_scale > 0.0 && full_scale.is_finite()) {
            Some(unit) => source.channels.push((unit, full_scale)),
            None => {
                return Err(Error::Mismatch(format!(
                    "channel {index} in {unit} with full scale {full_scale}, which is none of {}",
                    source.sensor.name
                )));
            }
        }
        Ok((source.channels.len() == self.expected).then(|| source.clone()))
    }

    fn block(&self, line: &str) -> Result<Heard, Error> {
        let (Some(hz), Some(source)) = (self.ticks_per_second, &self.source) else {
            return Err(Error::Mismatch("samples before what is recorded".into()));
        };
        let channels = source.channels.len();
        if channels != self.expected {
            return Err(Error::Mismatch(format!(
                "samples before all channels are told: {channels} of {}",
                self.expected
            )));
        }
        let Ok(block) = board_link::log::Block::read(line) else {
            return Ok(Heard::Garbled);
        };
        let counts: Vec<i16> = block.counts.iter().collect();
        if counts.is_empty() || !counts.len().is_multiple_of(channels.max(1)) {
            return Ok(Heard::Garbled);
        }
        Ok(Heard::Block(Block {
            first: block.first,
            at_s: block.at as f64 / hz,
            missed: block.missed,
            dropped: block.dropped,
            counts,
        }))
    }
}

/// How long a board may be silent before it counts as gone, while it fills blocks with samples of this period: three blocks of
/// 16 samples.
fn patience(source: &Source) -> Duration {
    Duration::from_secs_f64((3.0 * 16.0 * source.period_s()).clamp(0.0, 1e6))
}

#[cfg(test)]
mod tests;
