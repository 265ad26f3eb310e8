use super::*;
use crate::measure::{CALIBRATIONS, Mode};
use proptest::prelude::*;

/// A line of each kind, as an image logs it.
const LINES: [&str; 21] = [
    "image machine=mps2-an386 log=4 ticks_per_second=25000000 max_hidden=128 max_layers=2 max_inputs=16 max_outputs=32 \
     max_samples=4096",
    "calibration runs=25 instructions=1000 call=0 empty=200 nops=40200 meter_hz=25000000",
    "model bytes=1234 hidden=32 layers=1 inputs=3 outputs=2 period_ns=20000000 sequences=2 samples=24",
    "settings dial=-98304 cap=20 allowance_uj_per_hour=0 base_nj=0 update_nj=0 horizon=0 answer_every=8 keep_state=1",
    "budget allowed_nj=12 booked_nj=5",
    "sequence seq=0 decision=1 crc=00c0ffee updates=3 asleep=1000 late=0 logits=[-7, 12] schedule=[01, 80, 01]",
    "decision seq=0 class=1 sample=57 at=50000000 updates=9 dial=98304 cap=20 logits=[-7, 12] asleep=40000000",
    "stack used=4496 bytes=12288",
    "window mode=SkipPoll sequences=2 updates=4 meter=6432 wakes=7 ticks=25000000 asleep=12500000",
    "calibrated Wakes(1000) sequences=2 updates=4 meter=6432 wakes=7 ticks=25000000 asleep=12500000",
    "pair index=0 digest=00c0ffee",
    "summary sequences=2 updates=4 meter=6432 meter_min=1600 meter_max=1616 asleep=12500000 total=25000000 late=1 \
     wake_delay=25",
    "summary sequences=2 decisions=1 updates=12 samples=12 captured=2 queued=3 overflows=1 missed=0 failures=0 power_ups=5 \
     powered=2500000 asleep=50000000 late=0 wake_delay=20",
    "summary windows=1",
    "summary pairs=2",
    "collecting sensor=lsm6ds channels=6 bits=16 rate_hz=208 period_ns=0 samples=6240",
    "channel index=3 unit=rad/s full_scale=10.0084",
    "block first=16 at=12345 missed=1 dropped=8 counts=[-32768, 0, 32767]",
    "summary samples=6240 missed=1 dropped=8 failures=2",
    "answer seq=0 sample=7 at=50000000 class=1 logits=[-7, 12]",
    "pauses switch_nj=50000 on_nj=12000 off_from=5",
];

/// The text of a line that was read.
fn shown(line: &Line<'_>) -> String {
    match line {
        Line::Image(line) => line.to_string(),
        Line::MeterCalibration(line) => line.to_string(),
        Line::Model(line) => line.to_string(),
        Line::Settings(line) => line.to_string(),
        Line::Pauses(line) => line.to_string(),
        Line::Spending(line) => line.to_string(),
        Line::Sequence(line) => line.to_string(),
        Line::Answer(line) => line.to_string(),
        Line::Decision(line) => line.to_string(),
        Line::Stack(line) => line.to_string(),
        Line::Window(line) => line.to_string(),
        Line::Calibrated(line) => line.to_string(),
        Line::Pair(line) => line.to_string(),
        Line::Replayed(line) => line.to_string(),
        Line::Classified(line) => line.to_string(),
        Line::Measured(line) => line.to_string(),
        Line::Pairs(line) => line.to_string(),
        Line::Collecting(line) => line.to_string(),
        Line::Channel(line) => line.to_string(),
        Line::Block(line) => line.to_string(),
        Line::Collected(line) => line.to_string(),
        other => panic!("no line of pairs: {other:?}"),
    }
}

#[test]
fn every_kind_of_line_is_read_and_written_alike() {
    let mut kinds: Vec<_> = LINES
        .iter()
        .map(|text| {
            let line = Line::read(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(shown(&line), *text);
            core::mem::discriminant(&line)
        })
        .collect();
    kinds.dedup();
    assert_eq!(kinds.len(), LINES.len(), "a line was taken for another kind");
}

#[test]
fn a_missing_or_broken_field_is_named() {
    for text in LINES {
        // The first two keys of a summary say what kind it is.
        let said = if text.starts_with("summary") { 3 } else { 1 };
        for (index, pair) in text.split(' ').enumerate().skip(said) {
            let Some((key, _)) = pair.split_once('=') else {
                continue;
            };
            let without: Vec<_> = text.split(' ').enumerate().filter(|(i, _)| *i != index).collect();
            let without = without.iter().map(|(_, pair)| *pair).collect::<Vec<_>>().join(" ");
            let error = Line::read(&without).unwrap_err();
            assert_eq!(error.field, key, "{without}");
        }
    }
    let error = Line::read("sequence seq=0 decision=x").unwrap_err().to_string();
    assert_eq!(error, "no readable decision in the line: sequence seq=0 decision=x");
    let broken = LINES[5].replace("80, ", "8x, ");
    assert_eq!(Line::read(&broken).unwrap_err().field, "schedule");
    let broken = LINES[5].replace("crc=00", "crc=xy");
    assert_eq!(Line::read(&broken).unwrap_err().field, "crc");
}

#[test]
fn texts_for_people_are_read() {
    assert_eq!(
        Line::read("refused: no blob loaded"),
        Ok(Line::Refused("no blob loaded"))
    );
    assert_eq!(Line::read("lost: sample 3"), Ok(Line::Lost("sample 3")));
    assert_eq!(
        Line::read("sensor: not found: Bus(X)"),
        Ok(Line::Sensor("not found: Bus(X)"))
    );
    assert_eq!(Line::read("parked: panic"), Ok(Line::Parked("panic")));
    let fault = "fault HardFault at 0x00000000";
    assert_eq!(Line::read(fault), Ok(Line::Fault("HardFault at 0x00000000")));
    assert_eq!(Line::read("hello"), Ok(Line::Other("hello")));
    assert_eq!(Line::read(""), Ok(Line::Other("")));
    assert!(is_last("refused: x") && is_last("parked: x") && is_last("summary pairs=1") && !is_last(fault));
}

#[test]
fn measurements_are_told_by_name() {
    for mode in Mode::ALL {
        let text = LINES[8].replace("SkipPoll", &format!("{mode:?}"));
        assert!(matches!(Line::read(&text), Ok(Line::Window(window)) if window.mode == mode));
    }
    for calibration in CALIBRATIONS {
        let text = LINES[9].replace("Wakes(1000)", &format!("{calibration:?}"));
        assert!(matches!(Line::read(&text), Ok(Line::Calibrated(line)) if line.calibration == calibration));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        (seq, decision, crc, updates) in (any::<u32>(), any::<u32>(), any::<u32>(), any::<u64>()),
        logits in proptest::collection::vec(any::<i32>(), 0..6),
        schedule in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let written = Sequence {
            seq,
            decision,
            crc,
            updates,
            asleep: updates,
            late: crc,
            logits: List::new(&logits),
            schedule: List::new(&schedule),
        };
        let text = written.to_string();
        let read = Sequence::read(&text).unwrap();
        prop_assert_eq!(read, written);
        prop_assert_eq!(read.logits.iter().collect::<Vec<_>>(), logits);
        prop_assert_eq!(read.schedule.iter().collect::<Vec<_>>(), schedule);
        prop_assert_eq!(Line::read(&text), Ok(Line::Sequence(read)));
    }

    #[test]
    fn every_count_of_a_block_is_read_back(counts in proptest::collection::vec(any::<i16>(), 0..50), first in any::<u64>()) {
        let written = Block { first, at: 1, missed: 2, dropped: 3, counts: List::new(&counts) };
        let text = written.to_string();
        prop_assert_eq!(Line::read(&text), Ok(Line::Block(written)));
        prop_assert_eq!(Block::read(&text).unwrap().counts.iter().collect::<Vec<_>>(), counts);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(image|sequence|decision|summary|window|calibrated|block|channel|[a-z]*:?) [ -~]{0,60}") {
        let _ = Line::read(&text);
    }
}
