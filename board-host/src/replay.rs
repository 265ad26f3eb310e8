//! The application `replay` on an emulated board: recorded sequences through a model, back as decisions, schedules and
//! instructions.

use crate::{
    Error, Image, Load, Options, Spending,
    instructions::InstructionCounter,
    log::{self, pick},
    memory::Loads,
};
use board_link::log::{Line, Sequence};

/// What the board made of one sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Index of the largest logit, the first of equals.
    pub decision: u32,
    /// Raw outputs of the head.
    pub logits: Vec<i32>,
    /// CRC-32/ISO-HDLC of the final state, as `skiprnn_nostd::State::crc`.
    pub state_crc: u32,
    /// The samples used, in order.
    pub updates: Vec<u32>,
    /// Answers within the sequence, before the one at its end: the last sample used, and the raw outputs of the head.
    pub answers: Vec<(u64, Vec<i32>)>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Emulation {
    /// One for each sequence, in the order given.
    pub records: Vec<Record>,
    /// Instructions of one updating `step`, head excluded: the mean over all updates.
    pub instructions_per_update: f64,
    /// Instructions of the cheapest update.
    pub instructions_min: u64,
    /// Instructions of the most expensive update.
    pub instructions_max: u64,
    /// Virtual seconds asleep, the waits between sequences included.
    pub seconds_asleep: f64,
    /// Virtual seconds from the first sample of the first sequence to the end of the last one.
    pub seconds_total: f64,
    /// Updates whose sample had fallen due while an earlier update still ran.
    pub late_updates: u64,
    /// Virtual seconds by which the latest wake-up missed its instant.
    pub wake_delay_max_s: f64,
    /// What was booked on a budget, where there is one.
    pub spending: Option<Spending>,
    /// The log, decoded line by line.
    pub log: Vec<String>,
    /// The emulated board's name.
    pub machine: String,
}

/// Replays sequences through a model on the emulated board.
///
/// # Errors
/// Where a tool is missing, the image cannot be built, or it refuses what it was given; [`Error`] says which, and how to
/// fix it.
pub fn run(load: &Load<'_>, options: &Options) -> Result<Emulation, Error> {
    let image = Image::open(options)?;
    let loads = Loads::new(&image.regions, load, &options.settings)?;
    let lines = image.run(&loads, options)?;
    let replayed = Replayed::parse(&lines, options.machine.name())?;
    replayed.expect(load.blob.len(), load.shape)?;
    replayed.emulation(lines, options)
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
    /// What the cheapest and the most expensive update took.
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
        log::ended(lines)?;
        let ticks_per_second = log::ticks_per_second(lines, board)?;
        let model = log::first(lines, "model", pick!(Model))?;
        let records = records(lines)?;
        let summary = log::first(lines, "summary", pick!(Replayed))?;
        let updates = summary.updates as usize;
        let listed: usize = records.iter().map(|record| record.updates.len()).sum();
        if updates != listed {
            return Err(Error::Mismatch(format!(
                "{updates} updates counted, {listed} in the schedules"
            )));
        }
        let seconds = |ticks: u64| ticks as f64 / ticks_per_second;
        Ok(Self {
            blob_bytes: model.bytes,
            samples: model.samples as usize,
            inputs: model.inputs,
            records,
            meter: summary.meter as f64,
            meter_range: [summary.meter_min, summary.meter_max].map(f64::from),
            updates,
            seconds_asleep: seconds(summary.asleep),
            seconds_total: seconds(summary.total),
            late_updates: summary.late,
            wake_delay_max_s: seconds(summary.wake_delay),
            spending: log::spending(lines)?,
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
        let counter = InstructionCounter::parse(&lines, options)?;
        let whole = |ticks| counter.instructions(ticks).round() as u64;
        let [least, most] = self.meter_range;
        Ok(Emulation {
            instructions_per_update: counter.instructions(self.meter / self.updates as f64),
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

/// All sequences, each with the answers that came before its own line.
fn records(lines: &[String]) -> Result<Vec<Record>, Error> {
    let (mut records, mut answers) = (Vec::new(), Vec::new());
    for line in lines {
        match Line::read(line)? {
            Line::Answer(answer) if answer.seq == records.len() as u64 => {
                answers.push((answer.sample, answer.logits.iter().collect()));
            }
            Line::Answer(answer) => {
                let due = records.len();
                return Err(Error::Mismatch(format!(
                    "an answer in sequence {} where {due} runs",
                    answer.seq
                )));
            }
            Line::Sequence(line) => {
                let answers = std::mem::take(&mut answers);
                records.push(record(records.len(), &line, answers)?);
            }
            _ => {}
        }
    }
    Ok(records)
}

/// One sequence.
fn record(index: usize, line: &Sequence<'_>, answers: Vec<(u64, Vec<i32>)>) -> Result<Record, Error> {
    if line.seq as usize != index {
        return Err(Error::Mismatch(format!("sequence {} where {index} was due", line.seq)));
    }
    let updates: Vec<u32> = (0..)
        .zip(line.schedule.iter())
        .flat_map(|(byte, bits)| samples(byte, bits))
        .collect();
    if updates.len() as u64 != line.updates {
        return Err(Error::Mismatch(format!(
            "sequence {index}: {} updates counted, {} in its schedule",
            line.updates,
            updates.len()
        )));
    }
    Ok(Record {
        decision: line.decision,
        logits: line.logits.iter().collect(),
        state_crc: line.crc,
        updates,
        answers,
    })
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
        let lines: Vec<String> = lines.join("\n").split('\n').map(str::to_owned).collect();
        let options = Options::default();
        let replayed = Replayed::parse(&lines, options.machine.name())?;
        assert_eq!((replayed.blob_bytes, replayed.samples, replayed.inputs), (1234, 24, 3));
        replayed.emulation(lines, &options)
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
                updates: vec![0, 15, 16],
                answers: Vec::new(),
            }
        );
        assert_eq!(emulation.records[1].updates, [0]);
        let answers =
            "answer seq=1 sample=0 at=50 class=1 logits=[-7, 12]\nanswer seq=1 sample=4 at=90 class=0 logits=[3, 1]";
        let emulation_with_answers = with(4, &format!("{answers}\n{}", LINES[4])).unwrap();
        assert_eq!(
            emulation_with_answers.records[1].answers,
            [(0, vec![-7, 12]), (4, vec![3, 1])]
        );
        assert!(emulation_with_answers.records[0].answers.is_empty());
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
        let answer = "answer seq=1 sample=7 at=50 class=1 logits=[-7, 12]";
        assert!(refusal(2, &format!("{}\n{answer}", LINES[2])).contains("an answer in sequence 1 where 0 runs"));
        assert!(
            refusal(3, &LINES[3].replace("updates=3", "updates=4")).contains("4 updates counted, 3 in its schedule")
        );
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
