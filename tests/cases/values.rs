//! Recordings that a person brings who has never seen the program: names, values, units and times that are not what they look like.

use crate::common::{Folder, fails, json, skiprnn};
use serde_json::Value;
use std::fs;

/// A folder of a class each (`sit`, `walk`), `files` recordings in both; `text` makes the text of the n-th.
fn classes(files: usize, text: impl Fn(usize) -> String) -> Folder {
    let f = Folder::new();
    for (k, class) in ["sit", "walk"].into_iter().enumerate() {
        fs::create_dir(f.path(class)).unwrap();
        for n in 0..files {
            fs::write(f.path(&format!("{class}/{n}.csv")), text(2 * n + k)).unwrap();
        }
    }
    f
}

/// A value that differs between samples, recordings and channels, and does not rise.
fn value(n: usize, t: usize, channel: usize) -> f64 {
    ((t * 7 + n * 3 + channel * 5) % 11) as f64 / 10.0 - 0.55
}

/// `rows` lines of a time and two channels below a header.
fn table(header: &str, n: usize, rows: usize, stamp: impl Fn(usize) -> String) -> String {
    let line = |t: usize| format!("{},{},{}\n", stamp(t), value(n, t, 0), value(n, t, 1));
    format!("{header}\n{}", (0..rows).map(line).collect::<String>())
}

/// Recordings without a time, of two channels in g.
fn plain(n: usize) -> String {
    let line = |t: usize| format!("{},{}\n", value(n, t, 0), value(n, t, 1));
    format!("ax (g),ay (g)\n{}", (0..30).map(line).collect::<String>())
}

fn describe(f: &Folder) -> Value {
    json(&format!("data describe {}", f.at("")))
}

/// Lines of one kind (`readings`, `warnings`, `doubts`) as one text.
fn said(described: &Value, kind: &str) -> String {
    let lines = described[kind].as_array().unwrap().iter();
    lines.map(|line| format!("{line}\n")).collect()
}

fn train(f: &Folder, more: &str) -> String {
    format!(
        "train dataset --data {} --cell gru --hidden 2 --steps 2 --eval-every 1 --batch 2 --threads 1 {more}",
        f.at("")
    )
}

fn told(out: &std::process::Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(out.status.success(), "{}", text(&out.stderr));
    (text(&out.stdout), text(&out.stderr))
}

#[test]
fn two_columns_of_one_name_are_refused_until_one_is_left_out() {
    let twice = |n: usize| table("ax,ay, AX ", n, 20, |t| value(n, t, 2).to_string());
    let f = classes(4, twice);
    let line = format!("data describe {}", f.at(""));
    fails(
        &line,
        1,
        &[
            "0.csv: line 1, column AX",
            "columns 1 and 3 have the same name",
            "ignore=3",
        ],
    );
    let described = json(&format!("{line} --columns ignore=3"));
    assert_eq!(described["channels"].as_array().unwrap().len(), 2);
    // The unit is no part of the name, and the other readers know the rule too.
    let units = classes(4, |n| {
        table("t (s),ax (g),ax (mg)", n, 20, |t| format!("{}", 0.01 * t as f64))
    });
    fails(
        &format!("data describe {}", units.at("")),
        1,
        &["line 1", "columns 2 and 3"],
    );
    let plain = classes(4, plain);
    fails(
        &format!("data describe {} --channel-names a,A", plain.at("")),
        1,
        &["channel name A", "two channels"],
    );
}

#[test]
fn a_value_absurdly_far_from_the_others_is_told_with_its_line() {
    let f = classes(4, |n| match n {
        3 => plain(n).replacen(&format!("\n{},", value(n, 4, 0)), "\n1e30,", 1),
        _ => plain(n),
    });
    let text = fs::read_to_string(f.path("walk/1.csv")).unwrap();
    let line = text.lines().position(|l| l.starts_with("1e30")).unwrap() + 1;
    let described = describe(&f);
    let warnings = said(&described, "warnings");
    let place = format!("1e30 in {}, line {line}", f.at("walk/1.csv"));
    assert!(
        warnings.contains("channel ax: 1 of 240 values lies") && warnings.contains(&place),
        "{warnings}"
    );
    let trained = json(&train(&f, &format!("--out {}", f.at("run"))));
    assert!(trained["warnings"].to_string().contains(&place), "{trained}");
    assert!(!said(&describe(&classes(4, plain)), "warnings").contains("far from the median"));
}

#[test]
fn channels_without_a_unit_are_told_once_and_refused_for_a_sensor() {
    let line = |n: usize, t: usize| format!("{},{},{}\n", value(n, t, 0), value(n, t, 1), value(n, t, 2));
    let text = |n: usize| format!("x,y,z\n{}", (0..30).map(|t| line(n, t)).collect::<String>());
    let f = classes(4, text);
    let warnings = said(&describe(&f), "warnings");
    assert_eq!(warnings.matches("no unit").count(), 1, "{warnings}");
    assert!(
        warnings.contains("channels x, y, z have no unit") && warnings.contains("channels.toml"),
        "{warnings}"
    );
    let out = Folder::new();
    let (run, blob) = (out.at("run"), out.at("m.srnn"));
    let trained = json(&train(&f, &format!("--sample-period-s 0.02 --out {run}")));
    assert_eq!(
        trained["warnings"].to_string().matches("no unit").count(),
        1,
        "{trained}"
    );
    json(&format!("quantize {run} --out {blob}"));
    let needles = [
        "m.srnn: channel x of the model has no unit",
        "classify-lis3dh delivers",
        "--channel-units g,g,g",
    ];
    fails(
        &format!("flash {blob} --board nrf52840-dk --app classify-lis3dh --dry-run"),
        1,
        &needles,
    );
    let play = format!(
        "emulate {blob} --board nrf52840-dk --app classify --sensor lis3dh --x {} --n 1",
        f.at("")
    );
    fails(&play, 1, &needles);
    // Units and ranges alone are enough: the names are the header's.
    let described = json(&format!(
        "data describe {} --channel-units g,g,g --full-scale 4,4,2",
        f.at("")
    ));
    let channels = described["channels"].as_array().unwrap();
    let third = (
        channels[2]["name"].as_str(),
        channels[2]["unit"].as_str(),
        channels[2]["full_scale"].as_f64(),
    );
    assert_eq!(third, (Some("z"), Some("g"), Some(2.0)));
    assert!(!said(&described, "warnings").contains("no unit"), "{described}");
    fails(
        &format!("data describe {} --channel-units g,g,g --full-scale 4,4", f.at("")),
        2,
        &["--full-scale: 2 given for 3 --channel-units"],
    );
}

#[test]
fn one_recording_is_described_and_training_names_the_windows() {
    let f = Folder::new();
    let data = f.at("only.csv");
    let labelled = plain(0).replace("ay (g)", "ay (g),label");
    let lines = labelled.lines().enumerate();
    let text: String = lines
        .map(|(t, line)| {
            if t == 0 {
                format!("{line}\n")
            } else {
                format!("{line},walk\n")
            }
        })
        .collect();
    fs::write(&data, text).unwrap();
    let described = json(&format!("data describe {data}"));
    let parts = described["parts"].as_array().unwrap();
    assert_eq!(
        (parts.len(), parts[0]["part"].as_str()),
        (1, Some("all")),
        "{described}"
    );
    assert_eq!(described["channels"][0]["name"], "ax");
    let warnings = said(&described, "warnings");
    assert!(
        warnings.contains("training would refuse this") && warnings.contains("--window LENGTH:STRIDE"),
        "{warnings}"
    );
    let (text, _) = told(&skiprnn(["data", "describe", &data]));
    assert!(text.contains("all                  1  30"), "{text}");
}

#[test]
fn recordings_of_one_sample_and_counts_of_a_converter_are_told() {
    let f = classes(4, plain);
    fs::write(f.path("walk/short.csv"), "ax (g),ay (g)\n0.1,0.2\n").unwrap();
    let warnings = said(&describe(&f), "warnings");
    assert!(
        warnings.contains("1 of 9 recordings hold one sample") && warnings.contains("short.csv"),
        "{warnings}"
    );
    let raw = |n: usize| {
        let line = |t: usize| format!("{},{}\n", (n * 37 + t * 911) % 32_768, (n * 51 + t * 577) % 4096);
        format!("ax,ay\n{}", (0..30).map(line).collect::<String>())
    };
    let warnings = said(&describe(&classes(4, raw)), "warnings");
    assert!(warnings.contains("whole numbers alone in ax, ay"), "{warnings}");
    let told = classes(4, raw);
    let described = json(&format!("data describe {} --channel-units LSB,LSB", told.at("")));
    assert!(!said(&described, "warnings").contains("whole numbers"), "{described}");
}

#[test]
fn folders_and_files_that_are_no_recordings_are_named() {
    let f = classes(4, plain);
    fs::write(f.path("walk/9.xlsx"), "PK").unwrap();
    fs::write(f.path("sit/9.MAT"), "MATLAB").unwrap();
    let warnings = said(&describe(&f), "warnings");
    assert!(
        warnings.contains("1 spreadsheets") && warnings.contains("9.xlsx"),
        "{warnings}"
    );
    assert!(warnings.contains("MATLAB") && warnings.contains("9.MAT"), "{warnings}");
    fs::create_dir(f.path("x.csv")).unwrap();
    fs::write(f.path("x.csv/1.csv"), plain(1)).unwrap();
    fails(
        &format!("data describe {}", f.at("")),
        1,
        &["x.csv: folder: is a folder", "name of its class"],
    );
    let foreign = Folder::new();
    fs::create_dir(foreign.path("walk")).unwrap();
    fs::write(foreign.path("walk/1.parquet"), "PAR1").unwrap();
    fails(
        &format!("data describe {}", foreign.at("")),
        1,
        &[
            "holds neither labels.csv nor",
            "Parquet",
            "save them as CSV",
            "1.parquet",
        ],
    );
}

#[test]
fn the_column_of_groups_is_named_and_the_next_step_runs_as_it_stands() {
    let f = classes(6, |n| {
        let line = |t: usize| format!("{},{},p{}\n", value(n, t, 0), value(n, t, 1), n / 2);
        format!("ax (g),ay (g),user\n{}", (0..30).map(line).collect::<String>())
    });
    assert!(said(&describe(&f), "readings").contains("group: column user"));
    let listed = Folder::new();
    let mut list = String::from("file,label,volunteer\n");
    for n in 0..8 {
        fs::write(listed.path(&format!("{n}.csv")), plain(n)).unwrap();
        list += &format!("{n}.csv,{},v{}\n", ["a", "b"][n % 2], n / 2);
    }
    fs::write(listed.path("labels.csv"), list).unwrap();
    assert!(said(&describe(&listed), "readings").contains("groups: column volunteer of labels.csv"));
    let out = Folder::new();
    let run = out.at("run");
    let (text, _) = told(&skiprnn(train(&f, &format!("--out {run}")).split(' ')));
    let next = text.lines().find(|l| l.starts_with("next: ")).unwrap();
    assert!(next.contains("--x PATH") && !next.contains("--y"), "{next}");
    let command = next.split('`').nth(1).unwrap().strip_prefix("skiprnn ").unwrap();
    told(&skiprnn(command.split(' ')));
}

/// What was put right in the run's own recordings was said when it was trained: commands on its test part say it in one line.
#[test]
fn what_was_resampled_is_told_once_and_counted() {
    let irregular = |n: usize| {
        table("time_s,ax (g),ay (g)", n, 40, |t| {
            format!("{:.4}", 0.01 * t as f64 + 0.004 * value(n, t, 3))
        })
    };
    let f = classes(10, irregular);
    let out = Folder::new();
    let run = out.at("run");
    let trained = json(&train(&f, &format!("--test-share 0.3 --out {run}")));
    let warnings = trained["warnings"].to_string();
    assert_eq!(warnings.matches("resampled to").count(), 1, "{warnings}");
    let notes = json(&format!("eval {run}"))["notes"].to_string();
    assert!(notes.matches("resampled to").count() <= 1, "{notes}");
}

#[test]
fn separators_of_thousands_are_refused_with_the_number_to_write() {
    let semicolons = |n: usize| {
        let line = |t: usize| {
            format!(
                "{};{}\n",
                if t == 7 { "1.234,5" } else { "0,5" },
                value(n, t, 0).to_string().replace('.', ",")
            )
        };
        format!("p;q\n{}", (0..30).map(line).collect::<String>())
    };
    let f = classes(4, semicolons);
    fails(
        &format!("data describe {}", f.at("")),
        1,
        &[
            "line 9, column p",
            "'1.234,5' has separators of thousands; write 1234.5",
        ],
    );
    let quoted = |n: usize| {
        let line = |t: usize| format!("\"{},{:03}.5\",{}\n", 1 + t % 7, (n * 31 + t) % 1000, value(n, t, 0));
        format!("p,q\n{}", (0..30).map(line).collect::<String>())
    };
    let f = classes(4, quoted);
    fails(
        &format!("data describe {}", f.at("")),
        1,
        &["column p", "has separators of thousands"],
    );
    // 999 and 1.000 in one column: either reading is possible.
    let mixed = |n: usize| {
        let pressure = |t: usize| match 990 + (t * 7 + n) % 20 {
            p if p > 999 => format!("1.{:03}", p - 1000),
            p => p.to_string(),
        };
        let line = |t: usize| format!("{};{}\n", pressure(t), value(n, t, 0));
        format!("p;q\n{}", (0..60).map(line).collect::<String>())
    };
    let f = classes(4, mixed);
    assert!(said(&describe(&f), "doubts").contains("could separate thousands"));
    fails(
        &train(&f, &format!("--out {}", f.at("run"))),
        1,
        &["column p", "thousands"],
    );
}

#[test]
fn day_numbers_of_excel_and_counters_that_go_over_are_times() {
    let excel = |t: usize| format!("{:.9}", 45_000.5 + 0.02 * t as f64 / 86_400.0);
    let described = describe(&classes(4, |n| table("time,ax (g),ay (g)", n, 200, excel)));
    assert!(
        said(&described, "readings").contains("as Excel counts them"),
        "{described}"
    );
    let rate = 1.0 / described["sample_period_s"].as_f64().unwrap();
    assert!((rate - 50.0).abs() < 0.5, "{rate}");
    let millis = |t: usize| ((u64::from(u32::MAX) - 300 + 20 * t as u64) & 0xffff_ffff).to_string();
    let described = describe(&classes(4, |n| table("millis,ax (g),ay (g)", n, 40, millis)));
    let rate = 1.0 / described["sample_period_s"].as_f64().unwrap();
    assert!((rate - 50.0).abs() < 1e-6, "{rate}");
    let warnings = said(&described, "warnings");
    assert!(warnings.contains("8 counters of 32 bits went over"), "{warnings}");
    assert!(!warnings.contains("out of order"), "{warnings}");
}

#[test]
fn names_of_files_and_columns_are_printed_without_control_characters() {
    let f = classes(4, |n| plain(n).replace("ax", "a\u{1b}[2Jx"));
    fs::write(f.path("walk/\u{1b}[31mred.csv"), "ax,ay,az\n1,2,3\n").unwrap();
    let out = skiprnn(["data", "describe", &f.at("")]);
    let text = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
    assert!(!out.status.success() && text.contains("\\u{1b}[31mred.csv"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
