use super::*;
use std::path::Path;

/// What `unpacked` undoes, in its simplest form: every six bytes and a zero, behind a map of the zeros among them.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let mut rest = bytes;
    // Zeros behind the values are not looked at; the first byte of a group is the first one of the frame.
    while !rest.is_empty() {
        let seven: Vec<u8> = rest.iter().copied().chain([0; 7]).take(7).collect();
        rest = rest.get(7..).unwrap_or_default();
        let mut map = 0;
        for (bit, byte) in seven.iter().enumerate() {
            match byte {
                0 => map |= 1 << bit,
                _ => frame.push(*byte),
            }
        }
        assert_ne!(map, 0, "the frames of these tests have a zero among seven bytes");
        frame.push(map);
    }
    frame.push(0);
    frame
}

const PRIM: Kind = Kind::Value;

fn lines(entries: &[(u16, Kind, &str)], frames: &[&[u8]]) -> Result<Vec<String>, String> {
    let table = Table::of(entries);
    let mut decoder = Decoder::new(&table);
    let mut seen = Vec::new();
    for frame in frames {
        decoder.take(&packed(frame), &mut |line| seen.push(line.to_owned()));
    }
    let lines = decoder.finish(Path::new("a.elf")).map_err(|error| error.to_string())?;
    assert_eq!(lines, seen);
    Ok(lines)
}

#[test]
fn values_become_text() {
    let entries = [
        (1, Kind::Line, "n={=u32} hex={=u32:08x} i={=i16} {=bool}"),
        (2, Kind::Line, "logits={=[?]} schedule={=[u8]:02x}"),
        (3, Kind::Line, "why: {} at {=str}"),
        (4, PRIM, "{=i16}"),
        (5, PRIM, "{=__internal_Display}"),
        (6, PRIM, "Dense|SkipPoll|At({=u8})"),
    ];
    let read = lines(
        &entries,
        &[
            &[1, 0, 7, 0, 0, 0, 0xab, 0, 0, 0, 0xfe, 0xff, 1],
            &[2, 0, 2, 0, 0, 0, 4, 0, 3, 0, 0xff, 0xff, 2, 0, 0, 0, 0x0a, 0xff],
            &[3, 0, 5, 0, b'o', b'k', 0xff, 1, 0, 0, 0, b'x'],
            &[3, 0, 6, 0, 1, 0, 0, 0, 0],
            &[3, 0, 6, 0, 2, 9, 1, 0, 0, 0, b'y'],
        ],
    );
    assert_eq!(
        read.unwrap(),
        [
            "n=7 hex=000000ab i=-2 true",
            "logits=[3, -1] schedule=[0a, ff]",
            "why: ok at x",
            "why: SkipPoll at ",
            "why: At(9) at y",
        ]
    );
}

#[test]
fn codes_of_long_runs_are_undone() {
    // Nine bytes and a zero behind them; 134 bytes without one.
    let nine: Vec<u8> = (1..=9).chain([0x82]).collect();
    assert_eq!(unpacked(&nine).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
    let long: Vec<u8> = std::iter::repeat_n(3, 134).chain([0xff]).collect();
    assert_eq!(unpacked(&long).unwrap(), [3; 134]);
    assert_eq!(unpacked(&[1, 0x80]), None);
    assert_eq!(unpacked(&[0]), None);
}

#[test]
fn lengths_that_the_log_states_take_no_memory() {
    let entries = [
        (1, Kind::Line, "{=[?]}"),
        (2, PRIM, ""),
        (3, Kind::Line, "{=str}"),
        (4, Kind::Line, "{=[u8]}"),
        (5, Kind::Line, "{=?}"),
        (6, PRIM, "{=?}"),
    ];
    let four_billion = [0xff, 0xff, 0xff, 0xff];
    let with = |head: [u8; 2], tail: &[u8]| [&head[..], &four_billion, tail].concat();
    // Elements of nothing, which no byte ends.
    let error = lines(&entries, &[&with([1, 0], &[2, 0])]).unwrap_err();
    assert!(error.contains("after line 0: a line of more than 1 MB"), "{error}");
    for frame in [with([3, 0], b"ab"), with([4, 0], b"ab")] {
        let error = lines(&entries, &[&frame]).unwrap_err();
        assert!(error.contains(TOO_SHORT), "{error}");
    }
    // A value in a value in a value.
    let nested: Vec<u8> = [5, 0].into_iter().chain([6, 0].repeat(20_000)).collect();
    let error = lines(&entries, &[&nested]).unwrap_err();
    assert!(error.contains("more than 8 values within each other"), "{error}");
}

#[test]
fn a_frame_without_end_is_given_up() {
    let table = Table::default();
    let mut decoder = Decoder::new(&table);
    for _ in 0..1000 {
        decoder.take(&[1; 1000], &mut |_| {});
    }
    assert!(decoder.gave_up() && decoder.frame.len() <= LONGEST_FRAME);
    let error = decoder.finish(Path::new("a.elf")).unwrap_err().to_string();
    assert!(
        error.contains("after line 0: a frame of more than 65536 bytes"),
        "{error}"
    );
}

#[test]
fn no_bytes_make_it_panic() {
    let entries = [
        (
            0,
            Kind::Line,
            "{=u8} {} {=[?]} {=[u8]} {=str} {=char} {=istr} {=__internal_FormatSequence}",
        ),
        (1, PRIM, "A|B({})|C"),
        (2, PRIM, "{=[?; 3]} {=i128:#x} {=f64:?}"),
        (3, PRIM, "{=0..8}"),
    ];
    let table = Table::of(&entries);
    let mut state = 1u64;
    for _ in 0..5000 {
        let mut decoder = Decoder::new(&table);
        let frame: Vec<u8> = (0..64)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Small numbers, so that format strings and lengths are often ones that there are.
                (state >> 61) as u8 + if state >> 40 & 7 == 0 { 0x70 } else { 0 }
            })
            .collect();
        decoder.take(&frame, &mut |_| {});
        let _ = decoder.finish(Path::new("a.elf"));
    }
}
