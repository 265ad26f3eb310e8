//! `replay` on the virtual board equals the simulator, for every model of `models/`.

use crate::{assert_sound, common::held_out, program};
use board_host::{Load, on_board::replay};

const SEQUENCES: usize = 50;

#[test]
fn every_model_replays_as_the_simulator_does() {
    let options = program("replay");
    for name in held_out::names() {
        let blob = held_out::blob(&name);
        let model = blob.model();
        let (length, inputs) = (model.sequence_length() as usize, model.inputs());
        let counts = held_out::held_out(&name, &model, SEQUENCES);
        let expected = held_out::simulated(&model, &counts);
        let replay = replay(&options, &Load::new(blob.bytes(), &counts, (SEQUENCES, length, inputs)))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(replay.records == expected, "{name}: schedules, logits or states differ");
        assert_sound(&name, &replay.observed);
        // One reset at the first start, which writes UICR.
        assert_eq!(replay.observed.resets, 1, "{name}");
        println!(
            "{name}: {:.0} cycles an update, {} late, stack {:?} (simulated)",
            replay.cycles_per_update, replay.late_updates, replay.observed.stack
        );
    }
}
