//! `skiprnn boards`

use crate::output::Output;
use board_host::{
    boards::{BOARDS, Board, RanOn},
    sensors::SENSORS,
};
use serde_json::{Value, json};

/// How a sensor's driver was tested.
const DRIVER_TESTED: &str = "driver run against a mock bus";

/// Runs the command.
pub fn run(out: Output) {
    let boards: Vec<Value> = BOARDS
        .iter()
        .map(|board| {
            json!({
                "name": board.name,
                "part": board.part,
                "core": board.core,
                "target": board.target,
                "chip": board.chip,
                "sleep": board.sleep,
                "energy_profile": board.profile,
                "programs": board.programs,
                "debugger_lost_asleep": board.deaf_asleep,
                "connect_under_reset": board.connect_under_reset,
                "ran_on": board.ran_on.iter().map(RanOn::to_string).collect::<Vec<_>>(),
                "hardware": board.ran_on.contains(&RanOn::Hardware),
                "tested": tested(board),
            })
        })
        .collect();
    let machines: Vec<Value> = board_host::Machine::ALL
        .iter()
        .map(|machine| {
            json!({
                "name": machine.name(),
                "core": machine.core(),
                "tested": "modelled in this program, compared with QEMU by the test suite, identical to the simulator",
            })
        })
        .collect();
    let sensors: Vec<Value> = SENSORS
        .iter()
        .map(|sensor| {
            json!({
                "name": sensor.name,
                "part": sensor.part,
                "channels": sensor.inputs(),
                "full_scales": sensor.full_scales().to_string(),
                "rate_hz": sensor.rate_hz,
                "turn_on_ms": sensor.turn_on.as_secs_f64() * 1e3,
                "energy_profile": sensor.profile,
                "tested": DRIVER_TESTED,
            })
        })
        .collect();
    let value = json!({
        "boards": boards,
        "sensors": sensors,
        "emulated": machines,
        "profiles": { "boards": energy::boards(), "sensors": energy::sensors() },
    });
    out.print(&value, text);
}

/// What was done with a board's images.
fn tested(board: &Board) -> String {
    let ran = match board.ran_on {
        ran if ran.contains(&RanOn::VirtualBoard) => "run on the virtual board",
        ran if ran.contains(&RanOn::VirtualReplay) => "replay run on the virtual board",
        _ => "built, not run",
    };
    let hardware = match board.ran_on.contains(&RanOn::Hardware) {
        true => "yes",
        false => "no",
    };
    format!("{ran}; hardware: {hardware}")
}

/// The same for people: one list of what has firmware, with its energy profile, and of the profiles that have none.
pub fn text() -> String {
    let mut text = String::from("Real boards: skiprnn flash MODEL --board NAME\n");
    for board in BOARDS {
        text += &format!(
            "  {:<15} {:<20} {:<11} {:<16} energy profile {:<11} {:<47} {}\n",
            board.name,
            board.part,
            board.core,
            board.sleep,
            board.profile,
            tested(&board),
            board.programs.join(", ")
        );
    }
    text += &format!("Sensors ({DRIVER_TESTED}): skiprnn flash MODEL --app classify; skiprnn collect --sensor NAME\n");
    for sensor in SENSORS {
        text += &format!(
            "  {:<15} {:<37} energy profile {:<16} channels: {}; full scales: {}\n",
            sensor.name,
            sensor.part,
            sensor.profile,
            sensor.inputs(),
            sensor.full_scales()
        );
    }
    text += "Emulated (run by the test suite): skiprnn emulate MODEL --machine NAME\n";
    for machine in board_host::Machine::ALL {
        text += &format!("  {:<15} {}\n", machine.name(), machine.core());
    }
    text += &format!(
        "Energy profiles, for --board and --sensor of skiprnn energy, where a board or a sensor above goes too; the figures: skiprnn \
         energy boards NAME\n  boards: {}\n  sensors: {}",
        energy::boards().join(", "),
        energy::sensors().join(", ")
    );
    text
}
