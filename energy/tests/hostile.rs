//! Files that no instrument writes and no person means: each is refused, with file, place and fix, before it costs memory or time.

mod common;

use std::path::Path;

use common::{at, fails, file, whole};
use energy::trace::{Markers, ReadOptions};
use energy::{
    Calibration, Core, MeasureOptions, Setup, UpdateCost, Windowing, Workload, board, measure, predict, sensor,
};

fn run(samples: &str, events: &str, rest: &str) -> Vec<u8> {
    format!("[{{\"power\":{{\"samples\":[{samples}],\"timestamps\":{events}{rest}}},\"infer\":{{\"iterations\":5}}}}]")
        .into_bytes()
}

#[test]
fn counts_of_a_results_json_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let twenty = vec!["1e-6"; 20].join(",");
    let good = run(&twenty, "[[\"a\",2],[\"b\",12]]", ",\"voltage\":1.8");
    let measured = measure(&file(&folder, "good.json", &good), &whole()).unwrap();
    assert_eq!((measured.samples, measured.windows.len()), (20, 1));
    assert!((measured.windows[0].gross_uj - 10.0).abs() < 1e-9);
    let text = String::from_utf8(good).unwrap();
    for (from, to, expected) in [
        (
            "\"iterations\":5",
            "\"iterations\":18446744073709551615",
            "run 0: has 18446744073709551615 iterations",
        ),
        ("\"iterations\":5", "\"iterations\":18446744073709551616", "content:"),
        ("\"iterations\":5", "\"iterations\":0", "has 0 iterations"),
        ("\"iterations\":5", "\"iterations\":-1", "content:"),
        ("[\"b\",12]", "[\"b\",18446744073709551615]", "beyond its samples"),
        ("[\"a\",2],", "", "fewer than two time stamps"),
        ("1e-6,", "1e300,", "is beyond 1e5 W"),
        ("\"voltage\":1.8", "\"voltage\":1e300", "a voltage of 1e300 V"),
        (
            "\"samples\":",
            "\"samples\":[1],\"samples\":",
            "samples or timestamps twice",
        ),
        (
            "\"infer\":{\"iterations\":5}",
            "\"other\":[[[{}]]]",
            "missing field `infer`",
        ),
        ("\"samples\"", "\"sampels\"", "missing field `samples`"),
    ] {
        let hostile = text.replacen(from, to, 1);
        assert_ne!(hostile, text, "{expected}");
        fails(&file(&folder, "r.json", hostile.as_bytes()), &whole(), expected);
    }
    let nested = "[".repeat(200_000);
    fails(
        &file(&folder, "nested.json", nested.as_bytes()),
        &whole(),
        "nested.json: content: ",
    );
}

#[test]
fn a_marker_that_flickers_does_not_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("time (ms),i (mA),seq\n");
    for n in 0..4 * 100_001 + 1 {
        text += &format!("{n},1,{}\n", u8::from(n % 4 != 0));
    }
    let path = file(&folder, "flicker.csv", text.as_bytes());
    let markers = Some(Markers {
        seq: "seq".into(),
        awake: None,
        update: None,
    });
    let read = ReadOptions {
        voltage_v: Some(3.0),
        markers,
        ..ReadOptions::default()
    };
    fails(
        &path,
        &MeasureOptions { read, ..whole() },
        "more than 100000 windows end before it",
    );
    let times = format!("[{}]", vec!["1,2"; 2_000_000].join(","));
    let timed = |text: &str| MeasureOptions {
        windowing: Windowing::Timestamps(file(&folder, "times.json", text.as_bytes())),
        ..at(3.0)
    };
    fails(&path, &timed(&times), "times.json: content: is longer than 4096 KiB");
    let times: Vec<String> = (0..100_001).map(|n| format!("{n},{n}.5")).collect();
    fails(
        &path,
        &timed(&format!("[{}]", times.join(","))),
        "--timestamps: hold more than 100000 windows",
    );
    for hostile in [
        "[1e400,2]",
        "[\"a\",2]",
        "[[1,2,3]]",
        "{}",
        "[[[[1,2]]]]",
        "[]",
        "[1e308,1e309]",
    ] {
        assert!(measure(&path, &timed(hostile)).is_err(), "{hostile}");
    }
}

#[test]
fn times_that_no_recording_has_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (rows, expected) in [
        (
            "0,1\n1e-300,1\n2e-300,1\n3e-300,1\n",
            "time: its time stamps say 1.00e300 samples a second",
        ),
        ("0,1\n1e300,1\n2e300,1\n", "line 3: a time of"),
        ("0,1\n0.1,1e300\n0.2,1\n", "line 3: a current of"),
        ("0,1\n0.1,inf\n0.2,NaN\n0.3,1\n", "missing"),
        ("0,1\n0,1\n0,1\n", "one time stamp"),
    ] {
        let path = file(&folder, "t.csv", format!("time (s),i (A)\n{rows}").as_bytes());
        fails(&path, &at(3.0), expected);
    }
    // A gap costs neither time nor memory, however long it is.
    let mut rows: String = (0..100).map(|n| format!("{n}e-3,1\n")).collect();
    rows += "9e10,1\n90000000000.001,1\n";
    let path = file(&folder, "gap.csv", format!("time (s),i (mA)\n{rows}").as_bytes());
    fails(&path, &at(3.0), "more than 0.1 % of it is missing");
}

#[test]
fn names_in_a_header_are_shown_without_control_characters() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "t.csv",
        "time (s),\u{9b}2J evil,b\n0,1,2\n1,1,2\n2,1,2\n".as_bytes(),
    );
    let message = measure(&path, &at(3.0)).unwrap_err().to_string();
    assert!(
        message.contains("evil") && !message.chars().any(char::is_control),
        "{message:?}"
    );
}

#[test]
fn profiles_and_calibrations_with_impossible_figures_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = include_str!("../profiles/boards/nrf52840.toml");
    let at_clock = good.find("[clock_hz]").unwrap();
    let clock = |figure: &str| {
        let (head, tail) = good.split_at(at_clock);
        let end = tail[1..].find("\n[").map_or(tail.len(), |end| end + 1);
        format!(
            "{head}[clock_hz]\n{figure}evidence = \"assumed\"\nsource = \"x\"\n{}",
            &tail[end..]
        )
    };
    for (text, expected) in [
        (
            clock("low = 1e308\nmid = 1e308\nhigh = 1e308\n"),
            "clock_hz: high is 1e308, more than 1e12",
        ),
        (
            clock("low = 1e-300\nmid = 1\nhigh = 2\n"),
            "clock_hz: low is 1e-300, less than 1e-12",
        ),
        (
            clock("low = nan\nmid = nan\nhigh = nan\n"),
            "clock_hz: write finite numbers",
        ),
        (
            clock("low = inf\nmid = inf\nhigh = inf\n"),
            "clock_hz: write finite numbers",
        ),
        (clock("low = 1\nmid = 2\nhigh = 99999999999999999999999\n"), "line "),
        (
            good.replacen("part = \"", "part = \"\\u001B[2J", 1),
            "part: holds line ends or other control characters",
        ),
        (
            good.replacen("source = \"", "source = \"\\n", 1),
            "holds line ends or other control characters",
        ),
        (format!("\"\\u001b[2J\" = 1\n{good}"), "unknown field"),
        (format!("a = {}", "[".repeat(100_000)), "line 1"),
        (" ".repeat(2 << 20), "is longer than 1024 KiB"),
    ] {
        let path = file(&folder, "my.toml", text.as_bytes());
        let message = board(path.to_str().unwrap()).expect_err(expected).to_string();
        assert!(message.contains("my.toml") && message.contains(expected), "{message}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
    let part = include_str!("../profiles/sensors/lis3dh.toml").replacen("odr_hz = ", "odr_hz = 1e300 #", 1);
    let path = file(&folder, "part.toml", part.as_bytes());
    let message = sensor(path.to_str().unwrap()).unwrap_err().to_string();
    assert!(message.contains("rate[0].odr_hz: is 1e300"), "{message}");
    let figure = |low: &str| {
        format!("[sleep_current_ua]\nlow = {low}\nmid = 1e300\nhigh = 1e300\nevidence = \"measured\"\nsource = \"x\"\n")
    };
    for text in [figure("1"), figure("-1"), figure("nan"), "colour = 1".into()] {
        let path = file(&folder, "calibration.toml", text.as_bytes());
        let message = Calibration::from_file(&path).unwrap_err().to_string();
        assert!(message.contains("calibration.toml: "), "{message}");
    }
    let path = file(&folder, "setup.toml", b"clock = \"\\u001b[2J\"");
    assert!(
        Setup::from_file(&path)
            .unwrap_err()
            .to_string()
            .contains("setup.toml: clock: holds line ends")
    );
    // Whatever a file is, no more of it is read than the limit.
    if Path::new("/dev/zero").exists() {
        let message = board("/dev/zero").unwrap_err().to_string();
        assert!(message.contains("is longer than 1024 KiB"), "{message}");
    }
}

#[test]
fn counts_of_cycles_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let nrf = board("nrf52840").unwrap();
    let cycles = |instructions: &str, low: &str| {
        let text = format!(
            "{{\"instructions_per_update\":{instructions},\"cycles_per_update\":{{\"cortex-m4\":{{\"low\":{low},\"mid\":2e3,\"high\":3e3}}}}}}"
        );
        energy::update_cost(&file(&folder, "cycles.json", text.as_bytes()), &nrf)
    };
    assert!(matches!(cycles("1e3", "1e3"), Ok(UpdateCost::Cycles { .. })));
    for (instructions, low) in [
        ("-5", "1e3"),
        ("1e30", "1e3"),
        ("0", "1e3"),
        ("1e3", "-1"),
        ("1e3", "1e300"),
        ("1e3", "4e3"),
    ] {
        let message = cycles(instructions, low).unwrap_err().to_string();
        assert!(
            message.contains("cycles.json: ") && message.contains("is no count of an update"),
            "{message}"
        );
    }
}

#[test]
fn a_sensor_with_fewer_channels_than_the_model_is_a_warning_before_the_figures() {
    let workload = Workload {
        sequence_length: 128,
        sample_period_s: 0.02,
        updates_mean: 32.0,
        schedules: None,
        update: UpdateCost::Counted { instructions: 20_000 },
        dense_update: UpdateCost::Counted { instructions: 19_500 },
        head_macs: 32 * 6,
        channels: 6,
    };
    let board = board("nrf52840").unwrap();
    assert_eq!(board.core, Core::CortexM4);
    let predicted = predict(&board, &sensor("lis3dh").unwrap(), &workload).unwrap();
    let text = predicted.to_string();
    let line = text.lines().nth(1).unwrap();
    assert!(
        line.starts_with("Warning: the sensor lis3dh gives 3 channels, the model reads 6"),
        "{text}"
    );
    assert_eq!(
        predict(&board, &sensor("lsm6dso").unwrap(), &workload)
            .unwrap()
            .warnings
            .len(),
        0
    );
}

#[test]
fn one_window_has_no_spread_and_a_column_that_looks_like_a_marker_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..100)
        .map(|n| format!("{n},{},{}\n", 1 + n % 2, n / 25 % 2))
        .collect();
    for (header, expected) in [
        ("time (ms),i (mA),seq", Some("--markers seq=seq where")),
        ("time (ms),i (mA),Trigger", Some("--markers seq=Trigger where")),
        ("time (ms),i (mA),GPIO 0", Some("--markers seq=GPIO 0 where")),
        ("time (ms),i (mA),temperature", None),
    ] {
        let path = file(&folder, "t.csv", format!("{header}\n{rows}").as_bytes());
        let measured = measure(&path, &at(3.0)).unwrap();
        assert_eq!(measured.spread, None);
        assert!(
            measured
                .to_string()
                .contains("spread over windows not stated: one window has none")
        );
        let found = measured.notes.iter().find(|note| note.contains("--markers"));
        match expected {
            Some(expected) => assert!(found.is_some_and(|note| note.contains(expected)), "{header}: {found:?}"),
            None => assert_eq!(found, None),
        }
    }
}
