//! The images of the boards that have a model, as `skiprnn flash` would write them, on models of their chips and of the sensors on
//! their buses.

#[path = "../common/mod.rs"]
mod common;

mod charge;
mod command;
mod days;
mod faults;
mod faulty_images;
mod host;
mod pico2;
mod replay;
mod sensors;
mod st_boards;
mod wiring;

use board_host::{
    boards,
    on_board::{BoardOptions, Observed},
};

/// A program of the nRF52840-DK, built from the source tree.
fn program(name: &'static str) -> BoardOptions {
    BoardOptions::new(boards::find("nrf52840-dk").unwrap(), name)
}

/// No rule of silicon was broken, and the rules were there to be broken.
fn assert_sound(what: &str, observed: &Observed) {
    assert!(observed.rules.len() >= 11, "{what}: {:?}", observed.rules);
    let findings: Vec<String> = observed.findings.iter().map(|found| found.first.to_string()).collect();
    assert!(findings.is_empty(), "{what}: {findings:#?}");
}
