//! The image's log: from bytes to lines by the table in its ELF, from lines to records.
//!
//! `firmware/app/src/log.rs` writes the lines: a word that says what a line is, then `name=value` pairs.

use crate::{Emulation, Error, Options, Record, Spending};
use defmt_decoder::{DecodeError, StreamDecoder, Table};
use std::{path::Path, str::FromStr};

/// Version of the lines that this reads.
const VERSION: u32 = 4;

/// The table that turns the image's log back into text.
pub fn table(elf: &[u8], path: &Path) -> Result<Table, Error> {
    let image = |why: String| Error::Image {
        path: path.to_owned(),
        why,
    };
    Table::parse(elf)
        .map_err(|error| image(error.to_string()))?
        .ok_or_else(|| image("the ELF has no table of log lines (section .defmt)".into()))
}

/// Turns a log into lines as it comes.
pub struct Decoder<'t> {
    stream: Box<dyn StreamDecoder + 't>,
    /// The lines so far.
    pub lines: Vec<String>,
    malformed: bool,
}

impl<'t> Decoder<'t> {
    /// A decoder by this table.
    pub fn new(table: &'t Table) -> Self {
        Self {
            stream: table.new_stream_decoder(),
            lines: Vec::new(),
            malformed: false,
        }
    }

    /// Takes bytes of the log; `sink` takes each line that they complete.
    pub fn take(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&str)) {
        self.stream.received(bytes);
        while !self.malformed {
            match self.stream.decode() {
                Ok(frame) => {
                    let line = frame.display_message().to_string();
                    sink(&line);
                    self.lines.push(line);
                }
                Err(DecodeError::UnexpectedEof) => return,
                Err(DecodeError::Malformed) => self.malformed = true,
            }
        }
    }

    /// All lines. One that the table does not explain means that image and table differ.
    pub fn finish(self, path: &Path) -> Result<Vec<String>, Error> {
        match self.malformed {
            false => Ok(self.lines),
            true => Err(Error::Image {
                path: path.to_owned(),
                why: format!("its log cannot be decoded after line {}", self.lines.len()),
            }),
        }
    }
}

/// The value of `name` in a line: up to the next space, or within brackets.
pub fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = line.match_indices(name).find_map(|(at, _)| {
        let before = line[..at].ends_with(' ');
        let rest = &line[at + name.len()..];
        rest.strip_prefix('=').filter(|_| before)
    })?;
    match start.strip_prefix('[') {
        Some(list) => list.split(']').next(),
        None => start.split(' ').next(),
    }
}

/// A number in a line.
pub fn number<T: FromStr>(line: &str, name: &str) -> Result<T, Error> {
    value(line, name)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| unreadable(line, name))
}

/// The items of a list in a line.
pub fn list<T>(line: &str, name: &str, item: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Error> {
    let text = value(line, name).ok_or_else(|| unreadable(line, name))?;
    text.split(", ")
        .filter(|text| !text.is_empty())
        .map(|text| item(text).ok_or_else(|| unreadable(line, name)))
        .collect()
}

fn unreadable(line: &str, name: &str) -> Error {
    Error::Mismatch(format!("no readable {name} in the line: {line}"))
}

/// The line that begins with this word.
pub fn line<'a>(lines: &'a [String], word: &str) -> Result<&'a str, Error> {
    lines
        .iter()
        .find(|line| line.split(' ').next() == Some(word))
        .map(String::as_str)
        .ok_or_else(|| Error::Mismatch(format!("it has no line: {word}")))
}

/// Whether the image came to its end: an error where it says why not.
pub fn ended(lines: &[String]) -> Result<(), Error> {
    for line in lines {
        if let Some(why) = line.strip_prefix("refused: ") {
            return Err(Error::Refused(why.to_owned()));
        }
        if let Some(why) = line.strip_prefix("fault ") {
            return Err(Error::Fault(why.to_owned()));
        }
    }
    line(lines, "summary").map(|_| ())
}

/// Whether this is a line after which an image says nothing more.
pub fn is_last(line: &str) -> bool {
    ["summary ", "refused: ", "parked: "]
        .iter()
        .any(|word| line.starts_with(word))
}

/// Why an image refused to go on, with what it said of its sensor, where it did.
pub fn refusal(lines: &[String]) -> Option<String> {
    let after = |word: &str| {
        lines
            .iter()
            .rev()
            .find_map(|line| line.strip_prefix(word).map(str::to_owned))
    };
    let refused = after("refused: ")?;
    Some(match after("sensor: ") {
        Some(sensor) => format!("{refused}: {sensor}"),
        None => refused,
    })
}

/// The first fault of an image, where there was one.
pub fn fault(lines: &[String]) -> Option<String> {
    lines
        .iter()
        .find_map(|line| line.strip_prefix("fault ").map(str::to_owned))
}

/// Checks that the image is one for the board or machine of this name and for this program; returns the ticks of its clock in a second.
pub fn ticks_per_second(lines: &[String], board: &str) -> Result<f64, Error> {
    let image = line(lines, "image")?;
    let version: u32 = number(image, "log")?;
    if version != VERSION {
        return Err(Error::Mismatch(format!(
            "version {version} of the log, this program reads {VERSION}"
        )));
    }
    let machine = value(image, "machine").unwrap_or_default();
    if machine != board {
        return Err(Error::Mismatch(format!("an image for {machine}, not for {board}")));
    }
    number(image, "ticks_per_second")
}

/// How the image's counter of instructions counts.
pub struct Calibration {
    /// Instructions of an empty measurement.
    pub overhead: f64,
    /// What it counts for a thousand instructions.
    pub thousand: f64,
    /// Instructions of a tick.
    per_tick: f64,
}

impl Calibration {
    /// Reads it, and checks it: an emulator that does not advance its counter with the instructions counts nothing.
    pub fn parse(lines: &[String], options: &Options) -> Result<Self, Error> {
        ticks_per_second(lines, options.machine.name())?;
        let line = line(lines, "calibration")?;
        let runs: f64 = number(line, "runs")?;
        let instructions: f64 = number(line, "instructions")?;
        let (empty, nops): (f64, f64) = (number(line, "empty")?, number(line, "nops")?);
        let call: f64 = number(line, "call")?;
        let meter_hz: f64 = number(line, "meter_hz")?;
        let per_tick = 1e9 / meter_hz / f64::from(1u32 << options.icount_shift.min(31));
        let counted = (nops - empty) / runs * per_tick;
        // A reading is a whole number of ticks.
        let tolerance = per_tick.max(0.5);
        if (counted - instructions).abs() > tolerance {
            return Err(Error::Mismatch(format!(
                "{instructions} instructions are counted as {counted:.1}"
            )));
        }
        Ok(Self {
            overhead: empty / runs * per_tick - call,
            thousand: counted / instructions * 1000.0,
            per_tick,
        })
    }

    /// The instructions of so many measurements, from the sum of their ticks.
    pub fn sum(&self, ticks: f64, measurements: u64) -> u64 {
        (ticks * self.per_tick - self.overhead * measurements as f64)
            .max(0.0)
            .round() as u64
    }

    /// The instructions of one measurement, or of the mean of several.
    fn instructions(&self, ticks: f64) -> f64 {
        (ticks * self.per_tick - self.overhead).max(0.0)
    }
}

/// A whole replay, read back.
pub struct Replayed {
    /// Bytes of the blob that was replayed.
    pub blob_bytes: usize,
    /// T.
    pub samples: usize,
    /// I.
    pub inputs: usize,
    /// One for each sequence, in the order given.
    pub records: Vec<Record>,
    /// What all updates took by the board's meter, in its ticks.
    pub meter: f64,
    /// What the cheapest and the dearest update took.
    pub meter_range: [f64; 2],
    /// Updates of all sequences.
    pub updates: usize,
    /// Seconds asleep, the waits between sequences included.
    pub seconds_asleep: f64,
    /// Seconds from the first sample of the first sequence to the end of the last one.
    pub seconds_total: f64,
    /// Updates whose sample had fallen due while an earlier update still ran.
    pub late_updates: u64,
    /// Seconds by which the latest wake-up missed its instant.
    pub wake_delay_max_s: f64,
    /// What was booked on a budget, where there is one.
    pub spending: Option<Spending>,
}

impl Replayed {
    /// Reads the lines of a whole replay on the board of this name.
    pub fn parse(lines: &[String], board: &str) -> Result<Self, Error> {
        ended(lines)?;
        let ticks_per_second = ticks_per_second(lines, board)?;
        let model = line(lines, "model")?;
        let records = lines
            .iter()
            .filter(|line| line.starts_with("sequence "))
            .enumerate()
            .map(|(index, line)| record(index, line))
            .collect::<Result<Vec<_>, _>>()?;
        let summary = line(lines, "summary")?;
        let updates: usize = number(summary, "updates")?;
        let listed: usize = records.iter().map(|record| record.updates.len()).sum();
        if updates != listed {
            return Err(Error::Mismatch(format!(
                "{updates} updates counted, {listed} in the schedules"
            )));
        }
        let seconds = |name| number::<f64>(summary, name).map(|ticks| ticks / ticks_per_second);
        Ok(Self {
            blob_bytes: number(model, "bytes")?,
            samples: number(model, "samples")?,
            inputs: number(model, "inputs")?,
            records,
            meter: number(summary, "meter")?,
            meter_range: [number(summary, "meter_min")?, number(summary, "meter_max")?],
            updates,
            seconds_asleep: seconds("asleep")?,
            seconds_total: seconds("total")?,
            late_updates: number(summary, "late")?,
            wake_delay_max_s: seconds("wake_delay")?,
            spending: Spending::parse(lines)?,
        })
    }

    /// Whether it replayed what it was given: bytes of the blob, and sequences of samples of channels.
    pub fn expect(&self, blob_bytes: usize, (n, t, i): (usize, usize, usize)) -> Result<(), Error> {
        for (what, given, replayed) in [
            ("bytes of the blob", blob_bytes, self.blob_bytes),
            ("sequences", n, self.records.len()),
            ("samples of a sequence", t, self.samples),
            ("channels", i, self.inputs),
        ] {
            if given != replayed {
                return Err(Error::Mismatch(format!("{given} {what} given, {replayed} replayed")));
            }
        }
        Ok(())
    }

    /// What an emulation on a machine that counts instructions is of it.
    pub fn emulation(self, lines: Vec<String>, options: &Options) -> Result<Emulation, Error> {
        let calibration = Calibration::parse(&lines, options)?;
        let whole = |ticks| calibration.instructions(ticks).round() as u64;
        let [least, most] = self.meter_range;
        Ok(Emulation {
            instructions_per_update: calibration.instructions(self.meter / self.updates as f64),
            instructions_min: whole(least),
            instructions_max: whole(most),
            seconds_asleep: self.seconds_asleep,
            seconds_total: self.seconds_total,
            late_updates: self.late_updates,
            wake_delay_max_s: self.wake_delay_max_s,
            spending: self.spending,
            machine: options.machine.name().to_owned(),
            records: self.records,
            log: lines,
        })
    }
}

/// One sequence.
fn record(index: usize, line: &str) -> Result<Record, Error> {
    let sequence: usize = number(line, "seq")?;
    if sequence != index {
        return Err(Error::Mismatch(format!("sequence {sequence} where {index} was due")));
    }
    let crc = value(line, "crc").and_then(|text| u32::from_str_radix(text, 16).ok());
    let schedule = list(line, "schedule", |text| u8::from_str_radix(text, 16).ok())?;
    let updates: Vec<u32> = (0..)
        .zip(&schedule)
        .flat_map(|(byte, bits)| samples(byte, *bits))
        .collect();
    if updates.len() != number::<usize>(line, "updates")? {
        return Err(unreadable(line, "schedule"));
    }
    Ok(Record {
        decision: number(line, "decision")?,
        logits: list(line, "logits", |text| text.parse().ok())?,
        state_crc: crc.ok_or_else(|| unreadable(line, "crc"))?,
        updates,
    })
}

/// The digests of a run over random networks.
pub fn pairs(lines: &[String]) -> Result<Vec<u32>, Error> {
    ended(lines)?;
    lines
        .iter()
        .filter(|line| line.starts_with("pair "))
        .map(|line| {
            value(line, "digest")
                .and_then(|text| u32::from_str_radix(text, 16).ok())
                .ok_or_else(|| unreadable(line, "digest"))
        })
        .collect()
}

/// The samples that one byte of a schedule stands for.
fn samples(byte: u32, bits: u8) -> impl Iterator<Item = u32> {
    (0..8)
        .filter(move |bit| bits >> bit & 1 == 1)
        .map(move |bit| byte * 8 + bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 6] = [
        "image machine=mps2-an386 log=4 ticks_per_second=25000000 max_hidden=128 max_layers=2 max_inputs=16 \
         max_outputs=32 max_samples=4096",
        "calibration runs=25 instructions=1000 call=0 empty=200 nops=40200 meter_hz=25000000",
        "model bytes=1234 hidden=32 layers=1 inputs=3 outputs=2 period_ns=20000000 sequences=2 samples=24",
        "sequence seq=0 decision=1 crc=00c0ffee updates=3 asleep=1000 late=0 logits=[-7, 12] schedule=[01, 80, 01]",
        "sequence seq=1 decision=0 crc=12345678 updates=1 asleep=0 late=0 logits=[5, -5] schedule=[01]",
        "summary sequences=2 updates=4 meter=6432 meter_min=1600 meter_max=1616 asleep=12500000 total=25000000 late=1 wake_delay=25",
    ];

    fn with(index: usize, line: &str) -> Result<Emulation, Error> {
        let mut lines = LINES.map(str::to_owned);
        lines[index] = line.to_owned();
        let options = Options::default();
        let replayed = Replayed::parse(&lines, options.machine.name())?;
        assert_eq!((replayed.blob_bytes, replayed.samples, replayed.inputs), (1234, 24, 3));
        replayed.emulation(lines.to_vec(), &options)
    }

    fn refusal(index: usize, line: &str) -> String {
        with(index, line).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_replay_is_read_back() {
        let emulation = with(0, LINES[0]).unwrap();
        assert_eq!(
            emulation.records[0],
            Record {
                decision: 1,
                logits: vec![-7, 12],
                state_crc: 0x00c0_ffee,
                updates: vec![0, 15, 16]
            }
        );
        assert_eq!(emulation.records[1].updates, [0]);
        // 8 ticks of overhead are 5 instructions.
        assert_eq!(emulation.instructions_per_update, 1000.0);
        assert_eq!((emulation.instructions_min, emulation.instructions_max), (995, 1005));
        assert_eq!(
            (
                emulation.seconds_asleep,
                emulation.seconds_total,
                emulation.late_updates
            ),
            (0.5, 1.0, 1)
        );
        assert_eq!(emulation.wake_delay_max_s, 1e-6);
        assert_eq!(emulation.log.len(), LINES.len());
    }

    #[test]
    fn digests_of_random_networks() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let whole = lines("pair index=0 digest=00c0ffee\npair index=1 digest=ffffffff\nsummary pairs=2");
        assert_eq!(pairs(&whole).unwrap(), [0x00c0_ffee, u32::MAX]);
        assert!(pairs(&whole[..2]).is_err());
        assert!(pairs(&lines("pair index=0 digest=x\nsummary pairs=1")).is_err());
    }

    #[test]
    fn contradictions_are_found() {
        assert!(refusal(0, "image machine=mps2-an386 log=9").contains("version 9 of the log"));
        assert!(refusal(0, "image machine=mps2-an500 log=4").contains("an image for mps2-an500"));
        assert!(
            refusal(
                1,
                "calibration runs=25 instructions=1000 call=0 empty=0 nops=41000 meter_hz=25000000"
            )
            .contains("counted as 1025.0")
        );
        assert!(refusal(2, "").contains("no line: model"));
        assert!(refusal(3, LINES[4]).contains("sequence 1 where 0 was due"));
        assert!(refusal(3, &LINES[3].replace("updates=3", "updates=4")).contains("no readable schedule"));
        assert!(refusal(3, &LINES[3].replace("crc=00", "crc=xy")).contains("no readable crc"));
        assert!(refusal(4, "").contains("4 updates counted, 3 in the schedules"));
        assert!(refusal(5, "").contains("no line: summary"));
        assert_eq!(
            refusal(5, "refused: no blob loaded"),
            "the firmware refused: no blob loaded"
        );
        assert!(refusal(5, "fault HardFault at 0x00000000").starts_with("the firmware failed"));
    }
}
