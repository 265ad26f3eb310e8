//! Where the charge of a run goes, and that prediction, trace and ledger agree.

use crate::{
    command::{model, recording},
    common::{Folder, fails, json},
};
use serde_json::Value;

/// The energy of an account, in microjoules.
fn uj(charge: &Value, account: &str) -> f64 {
    let accounts = charge["accounts"].as_array().unwrap();
    let found = accounts.iter().find(|booked| booked["account"] == account);
    found.unwrap_or_else(|| panic!("no account {account}"))["uj"]
        .as_f64()
        .unwrap()
}

/// Boards, the profiles of their chips, and sensors with models that have as many channels.
const BENCHES: [(&str, &str, &str, &str, usize); 5] = [
    ("nrf52840-dk", "nrf52840", "lis3dh", "activity-accelerometer", 3),
    ("nrf52840-dk", "nrf52840", "lsm6ds", "activity", 6),
    ("stm32l4-iot01a", "stm32l475", "lsm6ds", "activity", 6),
    (
        "stm32u5-nucleo",
        "stm32u575-12mhz",
        "lis3dh",
        "activity-accelerometer",
        3,
    ),
    ("rp2350-pico2", "rp2350", "lis3dh", "activity-accelerometer", 3),
];

#[test]
fn a_decision_costs_what_was_predicted_and_no_state_is_without_a_figure() {
    for (board, profile, sensor, name, channels) in BENCHES {
        let f = Folder::new();
        let (blob, x) = (model(name), recording(&f, 4, channels));
        let run = json(&format!(
            "emulate {blob} --board {board} --app classify --sensor {sensor} --x {x}"
        ));
        let charge = &run["charge"];
        assert_eq!(
            (charge["label"].as_str(), charge["profile"].as_str()),
            (Some("simulated"), Some(profile))
        );
        assert_eq!(charge["without_figure"].as_array().map(Vec::len), Some(0), "{charge}");
        let all = charge["uj"].as_f64().unwrap();
        let accounts = charge["accounts"].as_array().unwrap();
        let sum: f64 = accounts.iter().map(|booked| booked["uj"].as_f64().unwrap()).sum();
        assert!((sum / all - 1.0).abs() < 1e-9, "{sum} of {all}");
        for account in [
            "updates",
            "core awake",
            "asleep",
            "asleep at the bus",
            "wake-ups",
            "sensor on",
            "sensor off",
            "pulls",
        ] {
            assert!(uj(charge, account) > 0.0, "{board}, {sensor}: {account}");
        }
        assert_eq!(uj(charge, "LEDs"), 0.0);
        let predicted = json(&format!(
            "energy predict {blob} --board {board} --sensor {sensor} --x {x}"
        ));
        let of = |end: &str| predicted["uj_per_sequence"][end].as_f64().unwrap();
        let simulated = charge["uj_per_decision"].as_f64().unwrap();
        println!(
            "{board}, {sensor}: {simulated} uJ of {} (simulated and predicted)",
            predicted["uj_per_sequence"]
        );
        assert!(
            (of("low")..=of("high")).contains(&simulated),
            "{board}, {sensor}: {simulated} uJ, predicted {}; {charge}",
            predicted["uj_per_sequence"]
        );
    }
}

/// What the crystal, the RAM and the waits of a start cost once, or all the time, and no sample shows.
#[test]
fn a_start_and_a_sleep_of_the_nrf52840_cost_what_they_must() {
    let f = Folder::new();
    let (blob, x, trace) = (model("activity-accelerometer"), recording(&f, 1, 3), f.at("run.csv"));
    json(&format!(
        "emulate {blob} --board nrf52840-dk --app classify --sensor lis3dh --x {x} --power-trace {trace}"
    ));
    let text = std::fs::read_to_string(&trace).unwrap();
    let number = |field: Option<&str>| field.and_then(|text| text.parse::<u64>().ok());
    let rows: Vec<(u64, u64, bool)> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(',');
            Some((number(fields.next())?, number(fields.next())?, fields.next()? == "1"))
        })
        .collect();
    // Until the first sequence: 3 V times the current, without the sensor's pull-up of 75 uA.
    let before = rows.windows(2).take_while(|rows| !rows[0].2);
    let charge: u128 = before
        .map(|rows| u128::from(rows[0].1) * u128::from(rows[1].0 - rows[0].0))
        .sum();
    let start_uj = charge as f64 * 3e-18;
    assert!(start_uj < 250.0, "{start_uj} uJ before the first sequence");
    // Chip and sensor in the longest sleep: 0.97 uA, 0.53 of LFCLK, 20 KB of RAM, 0.5 of the sensor.
    let asleep = rows.windows(2).max_by_key(|rows| rows[1].0 - rows[0].0).unwrap()[0].1;
    assert!(asleep < 2_200_000, "{asleep} pA asleep");
}

#[test]
fn energy_measure_finds_the_ledgers_sum_in_both_traces_and_says_that_they_are_simulated() {
    let f = Folder::new();
    let csv = ("run.csv", "--markers seq=SEQ,awake=AWAKE,update=UPDATE");
    let ppk2 = ("run.ppk2", "--markers seq=D0,awake=D1,update=D2");
    for ((board, _, sensor, model_name, channels), voltage, (name, options)) in [
        (BENCHES[0], "3", csv),
        (BENCHES[0], "3", ppk2),
        (BENCHES[2], "3.3", csv),
        (BENCHES[3], "3.3", csv),
        (BENCHES[4], "3.3", csv),
        (BENCHES[4], "3.3", ppk2),
    ] {
        let (blob, x) = (model(model_name), recording(&f, 1, channels));
        let (trace, svg) = (f.at(name), f.at("where.svg"));
        let run = json(&format!(
            "emulate {blob} --board {board} --app classify --sensor {sensor} --x {x} --power-trace {trace} --power-svg {svg}"
        ));
        let supply = match name.ends_with("ppk2") {
            true => format!("--voltage {voltage}"),
            false => String::new(),
        };
        let measured = json(format!("energy measure {trace} {supply}").trim_end());
        assert_eq!(measured["label"], "simulated");
        let ratio = measured["windows"][0]["gross_uj"].as_f64().unwrap() / run["charge"]["uj"].as_f64().unwrap();
        assert!((ratio - 1.0).abs() < 1e-6, "{board}, {name}: {ratio}");
        let picture = std::fs::read_to_string(&svg).unwrap();
        assert!(picture.contains("asleep at the bus") && picture.contains("(simulated)"));
        let refused = format!(
            "energy calibrate {trace} {options} --voltage {voltage} --cycles-per-update 9000 --out {}",
            f.at("c.toml")
        );
        fails(&refused, 1, &["simulated", "real board"]);
        assert!(!f.path("c.toml").exists());
    }
}

#[test]
fn what_is_not_modelled_has_no_trace() {
    let f = Folder::new();
    let (blob, x, trace) = (model("activity-accelerometer"), recording(&f, 1, 3), f.at("t.csv"));
    let line = format!("emulate {blob} --x {x}");
    for (target, option) in [
        ("--machine mps2-an386", "--power-trace"),
        ("--machine mps2-an386", "--power-svg"),
    ] {
        fails(
            &format!("{line} {target} {option} {trace}"),
            2,
            &[option, "not modelled", "nrf52840-dk"],
        );
    }
    assert!(!f.path("t.csv").exists());
}

/// What the board books is what the ledger says, whether the sensor is switched off in most pauses or stays on in them.
#[test]
fn a_budget_is_kept_in_simulated_charge() {
    for (sensor, name, channels, allowance) in [
        ("lis3dh", "activity-accelerometer", 3, 300_000.0),
        ("lsm6ds", "activity", 6, 1_687_500.0),
        ("lsm6ds", "activity", 6, 2_500_000.0),
    ] {
        let f = Folder::new();
        let (blob, x) = (model(name), recording(&f, 60, channels));
        let run = json(&format!(
            "emulate {blob} --board nrf52840-dk --app classify --sensor {sensor} --x {x} --horizon 10 \
             --budget-uj-per-hour {allowance}"
        ));
        assert_eq!(run["identical_to_simulator"], true, "{sensor}");
        // Sequences of 2.56 s.
        let spent = run["charge"]["uj_per_decision"].as_f64().unwrap() * 3600.0 / 2.56;
        assert!(
            (spent / allowance - 1.0).abs() < 0.05,
            "{sensor}: {spent} uJ an hour of {allowance} (simulated)"
        );
    }
}
