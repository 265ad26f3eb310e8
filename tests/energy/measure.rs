//! `energy measure`

use crate::common::{Folder, fails, json, skiprnn};
use crate::synthetic::{MARKERS, samples, write_csv, write_session};
use crate::{close, has, number};
use energy::trace::write::Ppk2Sample;
use serde_json::Value;
use std::path::PathBuf;

/// Recordings that are not part of this repository; where they are absent, a line says so.
fn recordings() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/traces");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is absent", folder.display());
    None
}

/// The first number behind each `label` of a text.
fn numbers(text: &str, label: &str) -> Vec<f64> {
    text.split(label)
        .skip(1)
        .map(|rest| rest.trim_start_matches([' ', ':']))
        .map(|rest| rest.split_whitespace().next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn published_energies_per_inference() {
    let Some(folder) = recordings() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("energyrunner")).unwrap() {
        let at = |name: &str| entry.as_ref().unwrap().path().join(name).display().to_string();
        let text = std::fs::read_to_string(at("results.txt")).unwrap();
        let count = numbers(&text, "# Inferences")[0];
        let measured = json(&format!(
            "energy measure {} --timestamps {} --count {count}",
            at("trace1-energy.bin"),
            at("trace1-timestamps.json")
        ));
        let median = number(&measured, "/uj_per_sequence/median");
        let published = numbers(&text, "Median energy cost is")[0];
        assert!((median / published - 1.0).abs() < 1e-3, "{median}, {published}");
        let windows = numbers(&text, "Energy/Inf.");
        assert_eq!(
            (measured["windows"].as_array().map(Vec::len), windows.len()),
            (Some(5), 5)
        );
        for (n, published) in windows.iter().enumerate() {
            let uj = number(&measured, &format!("/windows/{n}/gross_uj")) / count;
            assert!((uj / published - 1.0).abs() < 1e-3, "window {n}: {uj}, {published}");
        }
        assert!(measured["net_uj_per_sequence"].is_null(), "no baseline is stated");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn published_energies_of_a_skip_rnn() {
    let Some(folder) = recordings() else { return };
    let at = |name: &str| folder.join("energytrace").join(name);
    let text = std::fs::read_to_string(at("skip_rnn_update_energy.json")).unwrap();
    let published: Value = serde_json::from_str(&text).unwrap();
    let trace = at("skip_rnn_update_trial_0.csv.gz").display().to_string();
    let measured = json(&format!("energy measure {trace} --threshold 1.05 --keep 7 --count 2"));
    assert_eq!(measured["windows"].as_array().map(Vec::len), Some(7));
    for n in 0..7 {
        let mj = number(&measured, &format!("/windows/{n}/net_uj")) / 2.0 * 1e-3;
        assert!((mj - number(&published, &format!("/energy/{n}"))).abs() < 1e-9);
    }
}

#[test]
fn a_marked_trace_of_known_energy() {
    let f = Folder::new();
    let samples = samples(5);
    for trace in [write_csv(&f, "t.csv", &samples), write_session(&f, "t.ppk2", &samples)] {
        let measured = json(&format!("energy measure {trace} {MARKERS} --baseline 3000"));
        has(
            &measured,
            "format samples missing_share windows uj_per_sequence net_uj_per_sequence",
        );
        has(&measured["windows"][0], "start_s end_s gross_uj net_uj sequences");
        has(&measured["uj_per_sequence"], "median mean low high");
        assert_eq!(measured["windows"].as_array().map(Vec::len), Some(5));
        // 200 samples of 10 us at 30 mW, 100 at 15 mW, 700 at 3 mW; net of 3 mW throughout.
        close(number(&measured, "/uj_per_sequence/median"), 60.0 + 15.0 + 21.0);
        close(number(&measured, "/net_uj_per_sequence/mean"), 54.0 + 12.0);
        close(number(&measured, "/states_per_sequence/update_uj"), 60.0);
        close(number(&measured, "/states_per_sequence/sleep_uj"), 21.0);
        close(number(&measured, "/states_per_sequence/updates"), 2.0);
        assert_eq!(measured["setup"]["temperature"], "not stated");
    }
    let (trace, setup, report, svg) = (f.at("t.csv"), f.at("setup.toml"), f.at("r.html"), f.at("r.svg"));
    std::fs::write(f.path("setup.toml"), "temperature = \"22 degC\"\nclock = \"64 MHz\"\n").unwrap();
    let line = format!("energy measure {trace} {MARKERS} --setup {setup} --report {report} --svg {svg}");
    let text = String::from_utf8(skiprnn(line.split(' ')).stdout).unwrap();
    for part in [
        "ambient temperature: 22 degC",
        "regulator mode: not stated",
        "net    not stated",
        "Excluded\n  nothing",
    ] {
        assert!(text.contains(part), "no '{part}' in:\n{text}");
    }
    let report = std::fs::read_to_string(f.path("r.html")).unwrap();
    assert!(report.contains("<svg") && report.contains("22 degC") && !report.contains("src="));
    assert!(std::fs::read_to_string(f.path("r.svg")).unwrap().contains("AWAKE"));
    assert_eq!(
        f.names(),
        ["r.html", "r.svg", "setup.toml", "t.csv", "t.ppk2"],
        "nothing else is left"
    );
}

#[test]
fn columns_times_and_files_of_other_formats() {
    let f = Folder::new();
    let row = |n: u32| format!("{n};{}\n", if (300..600).contains(&n) { 4.0 } else { 1.0 });
    let text: String = "t;I\n".to_owned() + &(0..1000).map(row).collect::<String>();
    std::fs::write(f.path("scope.csv"), text).unwrap();
    std::fs::write(f.path("times.json"), "[[0.3, 0.45], [0.45, 0.6]]").unwrap();
    std::fs::write(f.path("flat.json"), "[0.1, 0.3, 0.45, 0.45, 0.6]").unwrap();
    let scope = format!(
        "energy measure {} --columns time=t:ms,current=I:mA --voltage 2",
        f.at("scope.csv")
    );
    for times in ["times.json", "flat.json"] {
        let measured = json(&format!("{scope} --timestamps {} --count 3", f.at(times)));
        assert_eq!(measured["format"], "csv");
        assert!((number(&measured, "/uj_per_sequence/median") - 400.0).abs() < 5.0);
    }
    let measured = json(&format!("{scope} --threshold 2 --format csv"));
    assert!((number(&measured, "/net_uj_per_sequence/median") - 1800.0).abs() < 10.0);
    assert!(
        measured["uj_per_sequence"]["low"].is_null(),
        "one window has no interval"
    );
    let power: String = "{\"power\":{\"samples\":[".to_owned()
        + &vec!["0.00001"; 100].join(",")
        + "],\"timestamps\":[[\"a\",10],[\"b\",90]],\"voltage\":1.8},\"infer\":{\"iterations\":4}}";
    std::fs::write(f.path("results.json"), format!("[{power}]")).unwrap();
    let measured = json(&format!("energy measure {}", f.at("results.json")));
    close(number(&measured, "/uj_per_sequence/median"), 80.0 * 10.0 / 4.0);
}

#[test]
fn bad_traces_and_wrong_options() {
    let f = Folder::new();
    let good = samples(3);
    let trace = write_csv(&f, "t.csv", &good);
    let measure = |rest: &str| format!("energy measure {rest}");
    fails(&measure(&trace), 2, &["--voltage", "give the volts"]);
    fails(&measure(&format!("{trace} --voltage 0")), 2, &["--voltage"]);
    fails(
        &measure(&format!("{trace} --voltage 3 --markers awake=D1")),
        2,
        &["seq=CHANNEL"],
    );
    fails(&measure(&format!("{trace} --voltage 3 --markers seq=D9")), 2, &["D9"]);
    fails(
        &measure(&format!("{trace} --voltage 3 --threshold 0.9")),
        2,
        &["--threshold"],
    );
    fails(&measure(&format!("{trace} --voltage 3 --keep 3")), 2, &["--threshold"]);
    fails(
        &measure(&format!("{trace} {MARKERS} --threshold 2")),
        2,
        &["--threshold", "--markers"],
    );
    fails(&measure(&format!("{trace} {MARKERS} --count 0")), 2, &["--count"]);
    fails(
        &measure(&format!("{trace} {MARKERS} --format jls")),
        2,
        &["jls", "ppk2-csv"],
    );
    fails(
        &measure(&format!("{trace} --voltage 3 --columns colour=x")),
        2,
        &["colour"],
    );
    fails(&measure(&f.at("nowhere.csv")), 1, &["nowhere.csv", "No such file"]);

    let text = std::fs::read_to_string(f.path("t.csv")).unwrap();
    let changed = |name: &str, from: &str, to: &str| {
        std::fs::write(f.path(name), text.replacen(from, to, 1)).unwrap();
        measure(&format!("{} {MARKERS}", f.at(name)))
    };
    fails(&changed("back.csv", "\n10,", "\n9.5,"), 1, &["back.csv", "line"]);
    fails(&changed("word.csv", ",5000.000,", ",much,"), 1, &["word.csv", "line"]);
    std::fs::copy(f.path("t.csv"), f.path("t.ppk2")).unwrap();
    fails(
        &measure(&format!("{} {MARKERS}", f.at("t.ppk2"))),
        1,
        &["t.ppk2", "extension", "ppk2-csv"],
    );
    let session = write_session(&f, "whole.ppk2", &good);
    let bytes = std::fs::read(&session).unwrap();
    std::fs::write(f.path("cut.ppk2"), &bytes[..40]).unwrap();
    fails(
        &measure(&format!("{} {MARKERS}", f.at("cut.ppk2"))),
        1,
        &["cut.ppk2", "cut off"],
    );
    std::fs::write(f.path("units.csv"), "t (s),I (mA)\n0,1\n1,1\n2,1\n3,1\n").unwrap();
    let units = format!("{} --voltage 3 --columns current=I:kg", f.at("units.csv"));
    fails(&measure(&units), 2, &["--columns current", "no unit of this quantity"]);

    let mut open = good.clone();
    open.truncate(900);
    let open = write_csv(&f, "open.csv", &open);
    fails(
        &measure(&format!("{open} {MARKERS}")),
        1,
        &["open.csv", "no window counts"],
    );
    let mut short: Vec<Ppk2Sample> = good.iter().take(200).cloned().collect();
    short.extend(good[200..202].iter().cloned().chain(good[..200].iter().cloned()));
    let short = write_csv(&f, "short.csv", &short);
    fails(
        &measure(&format!("{short} {MARKERS}")),
        1,
        &["shorter than three samples"],
    );

    // Ten samples lost in the second sequence: its window is refused and counted, the others stay.
    let mut lost = good;
    lost[1700..1710].fill(Ppk2Sample::LOST);
    let measured = json(&measure(&format!("{} {MARKERS}", write_csv(&f, "lost.csv", &lost))));
    assert_eq!(measured["windows"].as_array().map(Vec::len), Some(2));
    assert_eq!(measured["excluded"][0]["windows"], 1);
    assert!(number(&measured, "/missing_share") > 0.0);
}
