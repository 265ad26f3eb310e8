//! Predictions, and everything that is not read from a trace.

use crate::common::{Folder, fails, json, skiprnn, tiny_run};
use crate::synthetic::{MARKERS, samples, write_csv};
use crate::{close, has, number};
use serde_json::Value;

#[test]
fn predictions_and_what_narrows_them() {
    let f = Folder::new();
    let (run, blob, out) = (f.at("run"), f.at("m.srnn"), f.at("p.html"));
    tiny_run("frequency", "skip-gru", &run);
    json(&format!("quantize {run} --out {blob}"));
    let line = format!("energy predict {blob} --board nrf52840 --sensor lis3dh-low-power");
    fails(&line, 1, &["lis3dh-low-power", "highest rate"]);

    let line = format!("energy predict {blob} --board nrf52840");
    let plain = json(&line);
    has(&plain, "board sensor uj_per_sequence dense_uj_per_sequence label");
    assert_eq!(
        (plain["board"].as_str(), plain["sensor"].as_str()),
        (Some("nrf52840"), Some("none"))
    );
    let at_updates = number(&plain, "/updates_mean") * number(&plain, "/prices/update_uj/mid");
    close(
        number(&plain, "/prices/base_uj/mid") + at_updates,
        number(&plain, "/uj_per_sequence/mid"),
    );
    let exact = json(&format!(
        "{line} --task frequency --n 50 --schedules --compare --report {out}"
    ));
    assert_eq!(exact["updates_from"], "from the simulator");
    assert_eq!(exact["schedules"].as_array().map(Vec::len), Some(50));
    let schemes: Vec<&str> = exact["comparison"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|s| s["scheme"].as_str())
        .collect();
    assert_eq!(
        schemes,
        ["dense", "skip-poll", "skip-sleep", "subsampled"],
        "no sensor, no buffer"
    );
    close(
        number(&exact, "/comparison/2/uj_per_sequence/mid"),
        number(&exact, "/uj_per_sequence/mid"),
    );
    assert_eq!(number(&exact, "/comparison/1/wakes"), 100.0);
    assert!(std::fs::read_to_string(f.path("p.html")).unwrap().contains("skip-poll"));
    let simulated = json(&format!("simulate {blob} --task frequency --n 50"));
    close(number(&exact, "/updates_mean"), number(&simulated, "/updates_mean"));

    let battery = json(&format!("{line} --battery-mah 225 --decisions-per-hour 60"));
    assert!(number(&battery, "/battery/days/low") < number(&battery, "/battery/days/high"));
    fails(&format!("{line} --decisions-per-hour 60"), 2, &["--battery-mah"]);
    fails(
        &format!("{line} --battery-mah 225 --decisions-per-hour 1e9"),
        1,
        &["only", "sequences fit"],
    );
    fails(&format!("{line} --data-of {}", f.at("nowhere")), 1, &["nowhere"]);
    fails(&format!("{line} --schedules"), 2, &["--task, --x or --data-of"]);
    fails(&format!("{line} --dial 0.3"), 2, &["--updates-mean", "0.3"]);
    fails(
        &format!("{line} --updates-mean 5 --task frequency"),
        2,
        &["--updates-mean"],
    );
    fails(&format!("{line} --updates-mean 1000"), 2, &["--updates-mean"]);
    fails(
        &format!("{line} --calibration {}", f.at("none.toml")),
        1,
        &["none.toml"],
    );
    fails(&format!("{line} --cycles {}", f.at("m.srnn")), 1, &["m.srnn"]);

    // A run with markers calibrates the board: 30 mW over 100 samples of 10 us are 30 uJ an update; 3 mW asleep.
    let (trace, mine) = (write_csv(&f, "t.csv", &samples(4)), f.at("mine.toml"));
    let calibrate = format!("energy calibrate {trace} --out {mine} --cycles-per-update 100000");
    fails(&format!("{calibrate} --voltage 3 --markers seq=D0"), 2, &["awake=.."]);
    let calibrated = json(&format!("{calibrate} {MARKERS}"));
    close(number(&calibrated, "/active_energy_pj_per_cycle/mid"), 300.0);
    close(number(&calibrated, "/sleep_current_ua/mid"), 1000.0);
    let narrowed = json(&format!("{line} --calibration {mine} --cycles-per-update 8000"));
    let updates = number(&narrowed, "/updates_mean");
    close(number(&narrowed, "/parts/update/mid"), updates * 8000.0 * 300e-6);

    let front = json(&format!(
        "energy front {blob} --board nrf52840 --svg {}",
        f.at("front.svg")
    ));
    assert_eq!(
        front["points"].as_array().map(Vec::len),
        Some(9),
        "the dial curve of the blob"
    );
    let front = json(&format!(
        "energy front {blob} {blob} --board nrf52840 --task frequency --n 40 --dials -1,1"
    ));
    assert_eq!(front["points"].as_array().map(Vec::len), Some(4));
    has(&front["points"][0], "name dial metric updates_mean uj_per_sequence");
    cycles_of(&f, &blob, &line);
}

/// Counts the instructions of updates and predicts with the cycles that they take.
fn cycles_of(f: &Folder, blob: &str, predict: &str) {
    let out = f.at("cycles.json");
    let line = format!("energy cycles {blob} --task frequency --out {out} --json");
    let output = skiprnn(line.split(' '));
    let messages = String::from_utf8_lossy(&output.stderr);
    if messages.contains("no disassembler") {
        assert!(messages.contains("rustup component add llvm-tools"));
        println!("skipped: {messages}");
        return;
    }
    assert!(output.status.success(), "{messages}");
    let counted: Value = serde_json::from_slice(&output.stdout).unwrap();
    let instructions = number(&counted, "/instructions_per_update");
    // The board's timer measures the same updates, with a few instructions around the call.
    assert!(
        (number(&counted, "/instructions_by_timer") - instructions).abs() < 40.0,
        "{counted}"
    );
    assert_eq!(number(&counted, "/unknown_per_update"), 0.0);
    let histogram = counted["histogram_per_update"].as_object().unwrap();
    close(histogram.values().filter_map(Value::as_f64).sum(), instructions);
    let cycles = |end: &str| number(&counted, &format!("/cycles_per_update/cortex-m4/{end}"));
    assert!(instructions * 0.9 < cycles("low") && cycles("low") < cycles("mid") && cycles("mid") < cycles("high"));
    assert!(cycles("high") < 2.0 * instructions);
    let predicted = json(&format!("{predict} --cycles {out}"));
    close(number(&predicted, "/cycles_per_update/low"), cycles("low"));
    let other = json(&format!("{} --cycles {out}", predict.replace("nrf52840", "stm32u083")));
    assert!(
        other["notes"].to_string().contains("counted in the emulator"),
        "another core takes the count"
    );
}

#[test]
fn break_even_profiles_and_fits() {
    let table = json("energy break-even --board nrf52840 --sensor lsm6dso");
    has(
        &table,
        "board sensor label sleep_s sensor_off_s sensor_off_from_samples skipped_update_uj by_rate",
    );
    assert_eq!(number(&table, "/sensor_off_from_samples"), 3.0);
    fails(
        "energy break-even --board nrf52840 --sample-period-s 0",
        2,
        &["--sample-period-s"],
    );

    let listed = json("energy boards");
    assert!(listed["boards"].as_array().is_some_and(|b| b.len() >= 9));
    assert!(listed["sensors"].as_array().is_some_and(|s| s.len() >= 8));
    has(&listed["boards"][0]["supply_v"], "low mid high evidence source");
    let text = String::from_utf8(skiprnn(["energy", "boards", "nrf52840", "lis3dh"]).stdout).unwrap();
    assert!(text.contains("sleep_current_ua") && text.contains("current_ua at 50.0 Hz") && text.contains("datasheet:"));
    fails("energy boards toaster", 2, &["toaster", "nrf52840", "lis3dh"]);
    // A real board and a sensor with a driver stand for their profiles.
    let by_names = json("energy break-even --board nrf52840-dk --sensor lis3dh");
    assert_eq!(
        by_names,
        json("energy break-even --board nrf52840 --sensor lis3dh-driver")
    );
    // One list, whichever command prints it.
    let list = |words: &[&str]| String::from_utf8(skiprnn(words.iter().copied()).stdout).unwrap();
    let listed = list(&["boards"]);
    assert_eq!(listed, list(&["energy", "boards"]));
    for name in ["nrf52840-dk", "stm32u083", "lsm6ds", "lsm6dso-driver", "mps2-an386"] {
        assert!(listed.contains(name), "{name}");
    }

    for (point, active_mw, idle_mw) in [
        ("0.561:25.62", 32.9, 16.4),
        ("0.363:11.47", 23.1, 4.9),
        ("0.606:3.98", 5.09, 2.3),
    ] {
        let fit = json(&format!("energy fit --point {point} --active-mw {active_mw}"));
        assert!((number(&fit, "/idle_mw") / idle_mw - 1.0).abs() < 0.02, "{fit}");
    }
    fails("energy fit --point 0.5", 2, &["DUTY:MW"]);
    fails("energy fit --point 0.5:3", 1, &["two different duties"]);
}
