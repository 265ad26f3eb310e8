//! Text tables of samples: columns, units, times.

use crate::common::{Folder, fails, json};
use serde_json::Value;
use std::fs;

/// A folder of `files` recordings of two classes, labelled in labels.csv; `text` makes the text of the n-th.
fn recordings(files: usize, text: impl Fn(usize) -> String) -> (Folder, String) {
    bytes(files, |n| text(n).into_bytes())
}

fn bytes(files: usize, content: impl Fn(usize) -> Vec<u8>) -> (Folder, String) {
    let f = Folder::new();
    let mut labels = String::from("file,label\n");
    for n in 0..files {
        fs::write(f.path(&format!("s{n}.csv")), content(n)).unwrap();
        labels += &format!("s{n}.csv,{}\n", ["a", "b"][n % 2]);
    }
    fs::write(f.path("labels.csv"), labels).unwrap();
    let dir = f.at("");
    (f, dir)
}

/// A value that differs between samples, recordings and channels, and does not rise.
fn value(n: usize, t: usize, channel: usize) -> f64 {
    ((t * 7 + n * 3 + channel * 5) % 11) as f64 / 10.0 - 0.5
}

/// `rows` lines: what `stamp` says of the t-th sample, then two channels.
fn table(header: &str, n: usize, rows: usize, stamp: impl Fn(usize) -> String) -> String {
    let line = |t: usize| format!("{},{},{}\n", stamp(t), value(n, t, 0), value(n, t, 1));
    format!("{header}\n{}", (0..rows).map(line).collect::<String>())
}

fn describe(dir: &str) -> Value {
    json(&format!("data describe {dir}"))
}

/// Lines of one kind (`readings`, `warnings`, `doubts`) as one text.
fn said(described: &Value, kind: &str) -> String {
    described[kind]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| format!("{line}\n"))
        .collect()
}

fn rate(described: &Value) -> String {
    format!("{:.3}", 1.0 / described["sample_period_s"].as_f64().unwrap())
}

fn channels(described: &Value) -> Vec<&str> {
    let list = described["channels"].as_array().unwrap();
    list.iter().map(|c| c["name"].as_str().unwrap()).collect()
}

fn train(dir: &str, more: &str) -> String {
    format!("train dataset --data {dir} --cell gru --hidden 2 --steps 2 --eval-every 1 --batch 2 --threads 1 {more}")
}

#[test]
fn a01_milliseconds_without_a_unit_are_asked_for() {
    let (f, dir) = recordings(6, |n| table("timestamp,accX,accY", n, 62, |t| (16 * t).to_string()));
    let described = describe(&dir);
    // Read as milliseconds, and said to be uncertain: more than the warning that was asked for.
    assert_eq!(rate(&described), "62.500");
    let doubt = said(&described, "doubts");
    assert!(
        doubt.contains("steps of 16") && doubt.contains("--columns time=timestamp:ms"),
        "{doubt}"
    );
    let out = f.at("run");
    fails(
        &train(&dir, &format!("--out {out}")),
        1,
        &["timestamp", "16 s between samples", "--columns time=timestamp:ms"],
    );
    let sure = json(&format!("data describe {dir} --columns time=timestamp:ms"));
    assert!(sure["doubts"].as_array().unwrap().is_empty(), "{sure}");
    let seconds = json(&format!("data describe {dir} --columns time=timestamp:s"));
    assert_eq!(seconds["sample_period_s"], 16.0);
}

#[test]
fn a02_nanoseconds_beside_seconds_are_one_time() {
    let stamp = |t: usize| {
        format!(
            "{},{:.6}",
            1_718_030_736_872_695_300u64 + 10_000_000 * t as u64,
            0.07 + 0.01 * t as f64
        )
    };
    let (_f, dir) = recordings(4, |n| table("time,seconds_elapsed,z,y", n, 20, stamp));
    let described = describe(&dir);
    assert_eq!(
        (rate(&described).as_str(), channels(&described)),
        ("100.000", vec!["z", "y"])
    );
    assert!(said(&described, "readings").contains("column time is left out: column seconds_elapsed is the time"));
    // Without the seconds, the nanoseconds since 1970 are known by their size.
    let (_f, dir) = recordings(4, |n| {
        table("time,z,y", n, 20, |t| {
            (1_718_030_736_872_695_300 + 10_000_000 * t as u64).to_string()
        })
    });
    let described = describe(&dir);
    assert_eq!(rate(&described), "100.000");
    assert!(said(&described, "readings").contains("ns since 1970"), "{described}");
}

#[test]
fn a03_times_and_row_numbers_are_no_channels() {
    for (name, step, wanted) in [
        ("Time (s)", 0.01, "100.000"),
        ("timestamp_ms", 10.0, "100.000"),
        ("seconds", 0.01, "100.000"),
        ("millis", 10.0, "100.000"),
        ("Time[s]", 0.01, "100.000"),
        ("Timestamp (ms)", 10.0, "100.000"),
        ("elapsed (s)", 0.01, "100.000"),
        ("relative_time_ms", 10.0, "100.000"),
        ("t", 0.01, "100.000"),
    ] {
        let (_f, dir) = recordings(4, |n| {
            table(&format!("\"{name}\",x,y"), n, 20, |t| format!("{:.2}", step * t as f64))
        });
        let described = describe(&dir);
        assert_eq!(
            (rate(&described).as_str(), channels(&described)),
            (wanted, vec!["x", "y"]),
            "{name}"
        );
        assert!(
            described["doubts"].as_array().unwrap().is_empty(),
            "{name}: {described}"
        );
    }
    for name in ["", "index", "sample", "frame", "Unnamed: 0"] {
        let (_f, dir) = recordings(4, |n| table(&format!("{name},x,y"), n, 20, |t| t.to_string()));
        let described = describe(&dir);
        assert_eq!(channels(&described), ["x", "y"], "{name}");
        assert!(
            said(&described, "warnings").contains("numbers the samples and is left out"),
            "{name}: {described}"
        );
    }
    // A column of another name that rises evenly in every file is asked for.
    let (f, dir) = recordings(4, |n| table("foo,x,y", n, 20, |t| (t + 100 * n).to_string()));
    let doubt = said(&describe(&dir), "doubts");
    assert!(
        doubt.contains("column foo") && doubt.contains("row number or a time") && doubt.contains("ignore=foo"),
        "{doubt}"
    );
    fails(
        &train(&dir, &format!("--out {}", f.at("run"))),
        1,
        &["column foo", "--columns ignore=foo"],
    );
    let described = json(&format!("data describe {dir} --columns ignore=foo"));
    assert_eq!(channels(&described), ["x", "y"]);
}

#[test]
fn a07_rounded_stamps_give_the_rate_of_the_sensor() {
    for (hz, wanted) in [
        (80.0, "80.000"),
        (60.0, "60.000"),
        (30.0, "30.000"),
        (52.0, "52.000"),
        (952.0, "952.000"),
    ] {
        let stamp = |t: usize| ((t as f64 * 1000.0 / hz + 1e-9).floor() as u64).to_string();
        let (_f, dir) = recordings(4, |n| table("time_ms,ax,ay", n, 200, stamp));
        let described = describe(&dir);
        assert_eq!(rate(&described), wanted);
        assert!(!said(&described, "warnings").contains("resampled"), "{hz}: {described}");
    }
}

#[test]
fn a11_a_first_line_with_an_empty_cell_is_refused() {
    for (first, shown) in [("", "an empty cell"), ("N/A", "'N/A'")] {
        let (_f, dir) = recordings(4, |_| format!("{first},0.2\n0.7,0.5\n0.3,0.3\n1.0,0.1\n"));
        fails(
            &format!("data describe {dir}"),
            1,
            &["s0.csv: line 1", &format!("a number beside {shown}"), "header"],
        );
    }
}

#[test]
fn a14_a_class_column_is_never_a_silent_channel() {
    for name in ["class", "activity", "target"] {
        let (_f, dir) = recordings(4, |n| {
            let line = |t: usize| format!("{},{},{}\n", value(n, t, 0), value(n, t, 1), n % 2);
            format!("ax,ay,{name}\n{}", (0..12).map(line).collect::<String>())
        });
        let described = describe(&dir);
        assert_eq!(channels(&described), ["ax", "ay"], "{name}");
        assert!(
            said(&described, "doubts").contains(&format!("--columns label={name}")),
            "{described}"
        );
    }
}

#[test]
fn a17_a_sample_period_that_contradicts_the_stamps_is_refused() {
    let (_f, dir) = recordings(4, |n| table("time_s,ax,ay", n, 62, |t| (16 * t).to_string()));
    let both = [
        "sample_period_s",
        "62.500000 Hz",
        "0.062500 Hz",
        "--columns time=NAME:ms",
        "ignore=NAME",
    ];
    fails(&format!("data describe {dir} --sample-period-s 0.016"), 1, &both);
    // The stamps are left out, and the option is the rate.
    let described = json(&format!(
        "data describe {dir} --sample-period-s 0.016 --columns ignore=time_s"
    ));
    assert_eq!(
        (rate(&described).as_str(), channels(&described)),
        ("62.500", vec!["ax", "ay"])
    );
    // Where the unit was open, the option settles it.
    let (_f, dir) = recordings(4, |n| table("timestamp,ax,ay", n, 62, |t| (16 * t).to_string()));
    let described = json(&format!("data describe {dir} --sample-period-s 0.016"));
    assert_eq!(rate(&described), "62.500");
    assert!(described["doubts"].as_array().unwrap().is_empty(), "{described}");
}

#[test]
fn b01_a_clock_jump_is_refused_by_line() {
    for jump in [1.7e9, 3e6, -1e6, 60.0] {
        let stamp = |t: usize| format!("{:.2}", 1e7 + 0.02 * t as f64 + if t >= 40 { jump } else { 0.0 });
        let (_f, dir) = recordings(4, |n| table("time,ax,ay", n, 60, stamp));
        fails(
            &format!("data describe {dir}"),
            1,
            &["s0.csv: line 42", "the clock", "after sample 39", "ut the file there"],
        );
    }
}

#[test]
fn b02_a_sample_period_against_nanoseconds_is_no_crash() {
    let stamp = |t: usize| (1_718_030_736_872_695_300 + 10_000_000 * t as u64).to_string();
    let (_f, dir) = recordings(4, |n| table("time,z,y", n, 40, stamp));
    // The stamps are known to be nanoseconds now, so the option is simply right.
    assert_eq!(
        rate(&json(&format!("data describe {dir} --sample-period-s 0.01"))),
        "100.000"
    );
    let seconds = format!("data describe {dir} --sample-period-s 0.01 --columns time=time:s");
    fails(&seconds, 1, &["between samples", "--columns time=NAME:ms"]);
}

#[test]
fn d06_other_encodings_are_read() {
    let text = |n| {
        table("time (s),a (m/s²),b (m/s²)", n, 20, |t| {
            format!("{:.2}", 0.01 * t as f64)
        })
    };
    let latin = |n| text(n).chars().map(|c| c as u8).collect::<Vec<u8>>();
    let utf16 = |n| text(n).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let marked = |n| [vec![0xff, 0xfe], utf16(n)].concat();
    for (content, wanted) in [
        (&latin as &dyn Fn(usize) -> Vec<u8>, "Windows-1252"),
        (&utf16, "UTF-16LE"),
        (&marked, "UTF-16LE"),
    ] {
        let (_f, dir) = bytes(4, content);
        let described = describe(&dir);
        assert_eq!(
            (rate(&described).as_str(), channels(&described)),
            ("100.000", vec!["a", "b"])
        );
        assert_eq!(described["channels"][0]["unit"], "g");
        assert!(said(&described, "readings").contains(wanted), "{described}");
    }
    let (_f, dir) = bytes(4, |_| b"PK\x03\x04\x14\0\x06\0workbook".to_vec());
    fails(
        &format!("data describe {dir}"),
        1,
        &["s0.csv", "Excel workbook", "save the sheet as CSV"],
    );
}

/// Also E2.
#[test]
fn d07_separators_and_decimal_commas_are_read() {
    let comma = |n: usize| table("t_ms,ax,ay", n, 20, |t| (10 * t).to_string());
    let wanted = {
        let (_f, dir) = recordings(4, comma);
        describe(&dir)["channels"].clone()
    };
    for (separator, decimal) in [
        (";", "."),
        (";", ","),
        ("\t", "."),
        ("\t", ","),
        ("|", "."),
        ("   ", "."),
    ] {
        let (_f, dir) = recordings(4, |n| {
            comma(n).replace('.', "P").replace(',', separator).replace('P', decimal)
        });
        let described = describe(&dir);
        assert_eq!(
            (rate(&described).as_str(), &described["channels"]),
            ("100.000", &wanted),
            "'{separator}' '{decimal}'"
        );
    }
    // A decimal comma between commas is never guessed.
    let (_f, dir) = recordings(4, |_| "ax\n0,5\n0,7\n0,1\n".to_owned());
    fails(
        &format!("data describe {dir}"),
        1,
        &["s0.csv: line 1", "decimal commas", "semicolons"],
    );
}

#[test]
fn d15_a_column_of_words_names_the_option() {
    let text = |n: usize| {
        let line = |t: usize| {
            format!(
                "{},{},{}\n",
                value(n, t, 0),
                ["Jogging", "Walking"][t % 2],
                value(n, t, 1)
            )
        };
        format!("ax,mode,ay\n{}", (0..12).map(line).collect::<String>())
    };
    let (_f, dir) = recordings(4, text);
    let words = [
        "s0.csv: column mode",
        "'Jogging', 'Walking'",
        "--columns label=mode",
        "ignore=mode",
    ];
    fails(&format!("data describe {dir}"), 1, &words);
    let described = json(&format!("data describe {dir} --columns ignore=mode"));
    assert_eq!(channels(&described), ["ax", "ay"]);
}

#[test]
fn e02_excel_of_a_country_with_decimal_commas() {
    let (_f, dir) = recordings(4, |n| {
        let line = |t: usize| {
            format!(
                "{},5;{}\r\n",
                10 * t,
                format!("{:.2}", value(n, t, 0)).replace('.', ",")
            )
        };
        format!(
            "sep=;\r\nZeit [ms];ax [mg]\r\n{}",
            (0..20).map(line).collect::<String>()
        )
    });
    let described = describe(&dir);
    assert_eq!(
        (rate(&described).as_str(), channels(&described)),
        ("100.000", vec!["ax"])
    );
    let readings = said(&described, "readings");
    assert!(
        readings.contains("decimal commas") && readings.contains("mg becomes g"),
        "{readings}"
    );
}

#[test]
fn e06_dates_doubled_and_unsorted_stamps_are_put_right() {
    let iso = |t: usize| format!("2024-01-02T10:00:{:06.3}Z", 0.02 * t as f64);
    let of_day = |t: usize| format!("23:59:{:06.3}", 0.02 * t as f64);
    for stamp in [&iso as &dyn Fn(usize) -> String, &of_day] {
        let (_f, dir) = recordings(4, |n| table("datetime,ax,ay", n, 50, stamp));
        assert_eq!(rate(&describe(&dir)), "50.000");
    }
    // Two samples that share a rounded time are both real; one that stands twice is one.
    let doubled = |t: usize| (10 * if t == 31 { 30 } else { t }).to_string();
    let (_f, dir) = recordings(4, |n| table("time_ms,ax,ay", n, 60, doubled));
    let warnings = said(&describe(&dir), "warnings");
    assert!(
        warnings.contains("4 samples with the time of the one before were spread evenly"),
        "{warnings}"
    );
    let (_f, dir) = recordings(4, |n| {
        let text = table("time_ms,ax,ay", n, 60, |t| (10 * t).to_string());
        let line = text.lines().nth(30).unwrap();
        text.replacen(line, &format!("{line}\n{line}"), 1)
    });
    let described = describe(&dir);
    assert!(
        said(&described, "warnings").contains("4 samples that repeat the one before"),
        "{described}"
    );
    assert_eq!(
        (rate(&described).as_str(), &described["parts"][0]["length_most"]),
        ("100.000", &Value::from(60))
    );
    let (_f, dir) = recordings(4, |n| table("time_ms,ax,ay", n, 60, |t| (10 * (t ^ 1)).to_string()));
    let described = describe(&dir);
    assert!(
        said(&described, "warnings").contains("120 samples were out of order"),
        "{described}"
    );
    assert_eq!(rate(&described), "100.000");
}

#[test]
fn e10_comments_units_and_empty_cells() {
    let (_f, dir) = recordings(4, |n| {
        let text = table("time,ax,ay\nms,mg,mg", n, 20, |t| (10 * t).to_string());
        format!(
            "# made by a logger\n% rate: 100\nA title of the file\n{},,\n\n",
            text.replace('\n', ",\n")
        )
    });
    let described = describe(&dir);
    assert_eq!(
        (rate(&described).as_str(), channels(&described)),
        ("100.000", vec!["ax", "ay"])
    );
    assert_eq!(described["channels"][1]["unit"], "g");
    let readings = said(&described, "readings");
    assert!(
        readings.contains("units: line 5") && readings.contains("a title above the table: line 3"),
        "{readings}"
    );
    assert!(
        said(&described, "warnings").contains("4 lines of empty cells were left out"),
        "{described}"
    );
    for (cell, shown) in [("", "the cell is empty"), ("NaN", "'NaN'"), ("N/A", "'N/A'")] {
        let (_f, dir) = recordings(4, |n| {
            table("time_ms,ax,ay", n, 20, |t| (10 * t).to_string()) + &format!("200,{cell},1\n210,1,1\n")
        });
        let words = ["s0.csv: line 22, column ax", shown, "fill it in", "--columns ignore=ax"];
        fails(&format!("data describe {dir}"), 1, &words);
    }
}

/// The exports of phone apps and of board tools, with the headers that they write.
#[test]
fn e10_logger_formats_are_read_as_they_come() {
    let seconds = |t: usize| format!("{:.9E}", 0.0031 + 0.01 * t as f64);
    let (_f, dir) = recordings(4, |n| {
        table(
            "\"Time (s)\",\"Acceleration x (m/s^2)\",\"Gyroscope x (rad/s)\"",
            n,
            20,
            seconds,
        )
    });
    let described = describe(&dir);
    let units = |d: &Value| format!("{} {}", d["channels"][0]["unit"], d["channels"][1]["unit"]);
    assert_eq!(
        (rate(&described).as_str(), units(&described)),
        ("100.000", "\"g\" \"rad/s\"".into())
    );
    let mems = |n| {
        format!(
            "MEMS Studio\nLSM6DSV16X\n{}",
            table("time[us],acc_x[mg],gyro_x[mdps]", n, 100, |t| (t * 1_000_000 / 104)
                .to_string())
        )
    };
    let (_f, dir) = recordings(4, mems);
    let described = describe(&dir);
    assert_eq!(
        (rate(&described).as_str(), units(&described)),
        ("104.000", "\"g\" \"rad/s\"".into())
    );
    let metawear = |t: usize| {
        format!(
            "{},2018-01-01T12.34.{:06.3},{:.3}",
            1_514_800_000_000u64 + 20 * t as u64,
            0.02 * t as f64,
            0.02 * t as f64
        )
    };
    let (_f, dir) = recordings(4, |n| {
        table(
            "epoc (ms),timestamp (-0700),elapsed (s),x-axis (g),y-axis (deg/s)",
            n,
            20,
            metawear,
        )
    });
    let described = describe(&dir);
    assert_eq!(
        (rate(&described).as_str(), channels(&described)),
        ("50.000", vec!["x-axis", "y-axis"])
    );
}
