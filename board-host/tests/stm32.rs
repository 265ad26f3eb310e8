//! Today's images of ST's boards on models of their chips, against the simulator.

mod random_model;

use board_host::{
    Load, Record, boards,
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

/// Replays an image on a board, checks everything against the simulator, and returns what the run showed.
fn replay(options: &BoardOptions) -> Replay {
    let board = options.board.name;
    let (blob, counts) = random(SHAPE);
    let model = blob.model();
    let runs = Simulator::new(&model).unwrap().run_all(&counts, SHAPE.length, 2);
    let expected = runs.into_iter().map(|run| Record {
        decision: run.decision as u32,
        logits: run.logits,
        state_crc: run.state_crc,
        updates: run.updates,
        answers: Vec::new(),
    });
    let shape = (SHAPE.sequences, SHAPE.length, SHAPE.inputs);
    let replay = on_board::replay(options, &Load::new(blob.bytes(), &counts, shape))
        .unwrap_or_else(|error| panic!("{board}: {error}"));
    assert_eq!(replay.records, expected.collect::<Vec<_>>(), "{board}");
    // The board's clock is the crystal's: four sequences of a second.
    assert_eq!((replay.late_updates, replay.seconds_total), (0, 4.0), "{board}");
    assert_eq!(replay.observed.resets, 0, "{board}");
    let asleep = replay.observed.asleep.as_s();
    assert!(
        (asleep - replay.seconds_asleep).abs() < 0.1,
        "{board}: {asleep} s asleep"
    );
    replay
}

/// Replays the two images of a board: watched, which keeps the debugger's clocks on in Stop and nothing else that a rule
/// finds, and unwatched, in which no rule finds anything.
fn check(board: &str) {
    let board = boards::find(board).unwrap();
    for watched in [true, false] {
        let options = BoardOptions {
            firmware: Some(boards::build_to_be(&board, watched, "replay").unwrap_or_else(|error| panic!("{error}"))),
            seconds: Some(60.0),
            ..BoardOptions::new(board, "replay")
        };
        let observed = replay(&options).observed;
        let rules: Vec<_> = observed.findings.iter().map(|found| found.first.rule).collect();
        let expected: &[_] = if watched { &["deep-sleep-debug"] } else { &[] };
        assert_eq!(
            rules, expected,
            "{}, watched {watched}: {:?}",
            board.name, observed.findings
        );
        for rule in ["flash-wait-states", "clock-gates", "endless-wait", "watchdog-first"] {
            assert!(observed.rules.contains(&rule), "{rule}");
        }
    }
}

#[test]
fn a_replay_on_the_b_l475e_iot01a_is_the_simulators_and_breaks_no_rule() {
    check("stm32l4-iot01a");
}

#[test]
fn a_replay_on_the_nucleo_u575zi_q_is_the_simulators_and_breaks_no_rule() {
    check("stm32u5-nucleo");
}
