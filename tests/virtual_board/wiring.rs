//! The pins that an image drives are those that the README of its board wires, in the order in which it names them.

use crate::{assert_sound, common::held_out, sensors::run};
use board_host::{
    boards,
    on_board::{BoardOptions, Classification},
};
use std::path::Path;

/// The pins of the row of a board's table that speaks of this, as the chip names them.
fn wired(board: &str, of: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("firmware/boards/{board}/README.md"));
    let readme = std::fs::read_to_string(path).unwrap();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| ")).collect();
    let cells = rows.iter().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let found: Vec<_> = cells.filter(|cells| cells[2].starts_with(of)).collect();
    assert_eq!(found.len(), 1, "{board}: a row of {of} in {rows:?}");
    found[0][1].split(", ").map(chips_name).collect()
}

/// "D8 (PB2)" is PB2 to the chip, "GP16" GPIO16.
fn chips_name(pin: &str) -> String {
    let pin = pin.split(" (on the board)").next().unwrap();
    let inner = pin
        .split_once('(')
        .map_or(pin, |(_, inner)| inner.trim_end_matches(')'));
    match inner.strip_prefix("GP") {
        Some(number) => format!("GPIO{number}"),
        None => inner.to_owned(),
    }
}

#[test]
fn an_image_drives_the_pins_that_its_readme_wires_and_no_others() {
    for (board, program, model) in [
        ("nrf52840-dk", "classify-lis3dh", "activity-accelerometer"),
        ("nrf52840-dk", "classify-lsm6ds", "activity"),
        ("stm32l4-iot01a", "classify-lsm6ds", "activity"),
        ("stm32u5-nucleo", "classify-lis3dh", "activity-accelerometer"),
        ("rp2350-pico2", "classify-lis3dh", "activity-accelerometer"),
    ] {
        const SEQUENCES: usize = 4;
        let what = format!("{board}, {program}");
        let options = BoardOptions::new(boards::find(board).unwrap(), program);
        let run = run(&options, &held_out::blob(model), model, SEQUENCES);
        assert_sound(&what, &run.observed);
        let rises = |pin: &String| {
            let driven = run.observed.pins.get(pin);
            *driven.unwrap_or_else(|| panic!("{what}: {pin} is not driven, {:?} are", run.observed.pins))
        };
        let markers = wired(board, "markers SEQ, AWAKE, UPDATE");
        let [seq, awake, update] = [0, 1, 2].map(|index| rises(&markers[index]));
        assert!(
            (SEQUENCES as u64..=SEQUENCES as u64 + 1).contains(&seq),
            "{what}: {seq} sequences"
        );
        let updates = updates(&run);
        assert!(
            (updates..=updates + 128).contains(&update),
            "{what}: {update} of {updates} updates"
        );
        assert!(awake >= update, "{what}: awake {awake} times");
        let decision = wired(board, "decision of");
        assert_eq!(decision.len(), 1, "{what}");
        assert!(rises(&decision[0]) <= seq, "{what}");
        let bus = wired(board, "SCL, SDA");
        let wired = [markers, decision, bus].concat();
        let strange: Vec<_> = run.observed.pins.keys().filter(|pin| !wired.contains(pin)).collect();
        assert!(
            strange.is_empty(),
            "{what}: {strange:?} are driven, and the README wires {wired:?}"
        );
    }
}

/// The updates of the sequences that were decided.
fn updates(run: &Classification) -> u64 {
    run.decisions().map(|decision| u64::from(decision.updates)).sum()
}
