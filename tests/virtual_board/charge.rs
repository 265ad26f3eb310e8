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

#[test]
fn a_decision_costs_what_was_predicted_and_no_state_is_without_a_figure() {
    for (sensor, name, channels) in [("lis3dh", "activity-accelerometer", 3), ("lsm6ds", "activity", 6)] {
        let f = Folder::new();
        let (blob, x) = (model(name), recording(&f, 4, channels));
        let run = json(&format!(
            "emulate {blob} --board nrf52840-dk --app classify --sensor {sensor} --x {x}"
        ));
        let charge = &run["charge"];
        assert_eq!(
            (charge["label"].as_str(), charge["profile"].as_str()),
            (Some("simulated"), Some("nrf52840"))
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
            assert!(uj(charge, account) > 0.0, "{sensor}: {account}");
        }
        assert_eq!(uj(charge, "LEDs"), 0.0);
        let predicted = json(&format!(
            "energy predict {blob} --board nrf52840-dk --sensor {sensor} --x {x}"
        ));
        let of = |end: &str| predicted["uj_per_sequence"][end].as_f64().unwrap();
        let simulated = charge["uj_per_decision"].as_f64().unwrap();
        println!(
            "{sensor}: {simulated} uJ of {} (simulated and predicted)",
            predicted["uj_per_sequence"]
        );
        assert!(
            (of("low")..=of("high")).contains(&simulated),
            "{sensor}: {simulated} uJ, predicted {}; {charge}",
            predicted["uj_per_sequence"]
        );
    }
}

#[test]
fn energy_measure_finds_the_ledgers_sum_in_both_traces_and_says_that_they_are_simulated() {
    let f = Folder::new();
    let (blob, x) = (model("activity-accelerometer"), recording(&f, 1, 3));
    for (name, options) in [
        ("run.csv", "--markers seq=SEQ,awake=AWAKE,update=UPDATE"),
        ("run.ppk2", "--voltage 3 --markers seq=D0,awake=D1,update=D2"),
    ] {
        let (trace, svg) = (f.at(name), f.at("where.svg"));
        let run = json(&format!(
            "emulate {blob} --board nrf52840-dk --app classify --sensor lis3dh --x {x} --power-trace {trace} --power-svg {svg}"
        ));
        let whole = if name.ends_with("ppk2") { "--voltage 3" } else { "" };
        let measured = json(format!("energy measure {trace} {whole}").trim_end());
        assert_eq!(measured["label"], "simulated");
        let ratio = measured["windows"][0]["gross_uj"].as_f64().unwrap() / run["charge"]["uj"].as_f64().unwrap();
        assert!((ratio - 1.0).abs() < 1e-6, "{name}: {ratio}");
        let picture = std::fs::read_to_string(&svg).unwrap();
        assert!(picture.contains("asleep at the bus") && picture.contains("(simulated)"));
        let refused = format!(
            "energy calibrate {trace} {options} --voltage 3 --cycles-per-update 9000 --out {}",
            f.at("c.toml")
        );
        let refused = refused.replacen("--voltage 3 --markers", "--markers", 1);
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
        ("--board stm32l4-iot01a", "--power-trace"),
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
