//! Today's images of ST's boards on models of their chips, against the simulator.

mod random_model;

use emulator::{
    Record, boards,
    on_board::{self, BoardOptions, Replay},
};
use float_model::Cell;
use quantize::Simulator;
use random_model::{Shape, random};

const SHAPE: Shape = Shape {
    cell: Cell::SkipGru,
    inputs: 3,
    hidden: 16,
    layers: 1,
    outputs: 4,
    gate_bias: -2.0,
    sequences: 4,
    length: 50,
    sample_period_s: 0.02,
};

/// Replays on a board, checks everything against the simulator, and returns what the run showed.
fn replay(board: &str) -> Replay {
    let board = boards::find(board).unwrap();
    let (blob, counts) = random(SHAPE);
    let model = blob.model();
    let runs = Simulator::new(&model).unwrap().run_all(&counts, SHAPE.length, 2);
    let expected = runs.into_iter().map(|run| Record {
        decision: run.decision as u32,
        logits: run.logits,
        state_crc: run.state_crc,
        updates: run.updates,
    });
    let options = BoardOptions {
        seconds: Some(60.0),
        ..BoardOptions::new(board, "replay")
    };
    let shape = (SHAPE.sequences, SHAPE.length, SHAPE.inputs);
    let replay = on_board::replay(&options, blob.bytes(), &counts, shape)
        .unwrap_or_else(|error| panic!("{}: {error}", board.name));
    assert_eq!(replay.records, expected.collect::<Vec<_>>(), "{}", board.name);
    replay
}

#[test]
fn a_replay_on_the_b_l475e_iot01a_decides_as_the_simulator_does() {
    let replay = replay("stm32l4-iot01a");
    println!("{:#?}", replay);
}

#[test]
fn a_replay_on_the_nucleo_u575zi_q_decides_as_the_simulator_does() {
    let replay = replay("stm32u5-nucleo");
    println!("{:#?}", replay);
}
