//! Power traces.

use crate::common::{Folder, fails, json, skiprnn};
use serde_json::Value;

/// Writes a file into a folder and measures it with these options.
fn measured(f: &Folder, name: &str, bytes: impl AsRef<[u8]>, options: &str) -> Value {
    json(&line(f, name, bytes, options))
}

/// The line that measures a file, for a measurement that fails or whose options hold spaces.
fn line(f: &Folder, name: &str, bytes: impl AsRef<[u8]>, options: &str) -> String {
    std::fs::write(f.path(name), bytes).unwrap();
    format!("energy measure {} {options}", f.at(name)).trim_end().to_owned()
}

fn uj(measured: &Value) -> f64 {
    measured["uj_per_sequence"]["median"].as_f64().unwrap()
}

fn close(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found}, expected {expected}");
}

fn notes(measured: &Value) -> String {
    let notes = measured["notes"].as_array().unwrap().iter();
    notes.map(|note| note.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

fn says(measured: &Value, words: &[&str]) {
    for word in words {
        assert!(notes(measured).contains(word), "no '{word}' in\n{}", notes(measured));
    }
}

/// A header, and the rows of `count` samples.
fn table(header: &str, count: usize, row: impl Fn(usize) -> String) -> String {
    (0..count).fold(format!("{header}\n"), |text, n| text + &row(n) + "\n")
}

/// Monsoon's Python library: the header says ms, the stamps are seconds; several samples on a stamp, as they came over USB.
fn monsoon(count: usize, per_stamp: usize) -> String {
    table("Time(ms),Main(mA),Main Voltage(V),", count, |n| {
        let stamp = n / per_stamp * per_stamp;
        // USB is late by up to 0.4 ms.
        let late_s = if per_stamp > 1 {
            1e-4 * (stamp / per_stamp % 5) as f64
        } else {
            0.0
        };
        format!("{},{},3.0,", stamp as f64 * 2e-4 + late_s, 1 + n % 5)
    })
}

#[test]
fn a09_a_unit_that_is_given_overrules_the_header_and_a_doubtful_rate_is_noted() {
    let f = Folder::new();
    let doubtful = measured(&f, "m.csv", monsoon(5000, 1), "");
    assert_eq!(doubtful["format"], "monsoon-csv");
    says(
        &doubtful,
        &[
            "5000000 samples a second are more than the 5000 of a Monsoon",
            "--columns time=NAME:UNIT",
        ],
    );
    // 1 s at 3 mA and 3 V.
    let given = measured(&f, "m.csv", monsoon(5000, 1), "--columns time=Time(ms):s");
    close(uj(&given), 9000.0, 1e-3);
    assert!(!notes(&given).contains("samples a second"), "{}", notes(&given));
    let slow = measured(
        &f,
        "slow.csv",
        table("time (s),current (mA)", 100, |n| format!("{},1", n * 100)),
        "--voltage 3",
    );
    says(&slow, &["0.0100 samples a second are few"]);
}

#[test]
fn a12_voltage_sign_zero_and_markers_that_look_wrong_are_noted() {
    let f = Folder::new();
    let rows = |ma: &dyn Fn(bool) -> f64| {
        table("time (ms),current (mA),seq", 4000, |n| {
            let inside = n % 1000 >= 300;
            format!("{n},{},{}", ma(inside), u8::from(inside))
        })
    };
    let normal = rows(&|inside| if inside { 5.0 } else { 0.005 });
    let clean = measured(&f, "t.csv", &normal, "--voltage 3 --markers seq=seq");
    assert_eq!(notes(&clean), "");
    says(
        &measured(&f, "t.csv", &normal, "--voltage 3000 --markers seq=seq"),
        &["3000 V", "millivolts?"],
    );
    says(
        &measured(&f, "t.csv", &normal, "--voltage 0.003 --markers seq=seq"),
        &["0.00300 V"],
    );
    let negative = measured(&f, "n.csv", rows(&|_| -5.0), "--voltage 3 --markers seq=seq");
    says(&negative, &["leads swapped?"]);
    assert_eq!(negative["spread"], 0.0);
    let zero = line(&f, "z.csv", rows(&|_| 0.0), "--voltage 3 --markers seq=seq");
    let out = skiprnn(zero.split(' '));
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        out.status.success() && text.contains("every sample reads 0") && !text.contains("NaN"),
        "{text}"
    );
    let inverted = rows(&|inside| if inside { 0.005 } else { 5.0 });
    says(
        &measured(&f, "i.csv", inverted, "--voltage 3 --markers seq=seq"),
        &["is the marker inverted"],
    );
}

#[test]
fn d06_latin_1_and_utf_16_are_read() {
    let f = Folder::new();
    let text = table("Zeit (ms);Strom (µA);Spannung (V)", 100, |n| format!("{n};2000;3"));
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf16 = |big: bool, mark: bool| -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    };
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for bytes in [
        latin,
        utf16(false, true),
        utf16(true, true),
        utf16(false, false),
        marked,
    ] {
        let found = measured(&f, "t.csv", bytes, "");
        close(uj(&found), 600.0, 1e-9);
        assert_eq!(found["samples"], 100);
    }
}

#[test]
fn d07_semicolons_tabs_and_decimal_commas_are_read() {
    let f = Folder::new();
    // A PPK2 export that a German spreadsheet saved: 5 uA, and 5 mA in half of the rows of each window.
    let german = table("Timestamp(ms);Current(uA);D0-D7", 1000, |n| {
        let (ua, bits) = if n % 100 < 50 {
            ("5,000", "00000000")
        } else {
            ("5000,000", "10000000")
        };
        format!("{},{:02};{ua};{bits}", n / 100, n % 100)
    });
    let found = measured(&f, "t.csv", german, "--voltage 3 --markers seq=D0");
    assert_eq!(
        (&found["format"], found["windows"].as_array().unwrap().len()),
        (&"ppk2-csv".into(), 9)
    );
    close(uj(&found), 50.0 * 1e-5 * 5000.0 * 3.0, 1e-6);
    for (name, header, separator) in [
        ("s.csv", "t (ms);i (mA)", ';'),
        ("t.tsv", "t (ms)\ti (mA)", '\t'),
        ("b.txt", "t (ms)|i (mA)", '|'),
    ] {
        let rows = table(header, 100, |n| format!("{},5{separator}1,5", n));
        close(uj(&measured(&f, name, rows, "--voltage 2")), 300.0, 1e-9);
    }
    let quoted = table("\"t (ms)\",\"i (mA)\"", 100, |n| format!("\"{n},0\",\"1,5\""));
    close(uj(&measured(&f, "q.csv", quoted, "--voltage 2")), 300.0, 1e-9);
}

#[test]
fn d08_samples_on_one_stamp_are_spread_evenly() {
    let f = Folder::new();
    let found = measured(&f, "m.csv", monsoon(5000, 14), "--columns time=Time(ms):s");
    assert_eq!(found["missing_share"], 0.0);
    close(uj(&found), 9000.0, 5e-3);
    says(
        &found,
        &["4642 samples have the time stamp of the sample before", "--rate HZ"],
    );
    // The rate of the instrument in place of the stamps, which say about the same in seconds, and 1000 times that in ms.
    let rate = measured(&f, "m.csv", monsoon(5000, 14), "--columns time=Time(ms):s --rate 5000");
    close(uj(&rate), 9000.0, 1e-9);
    fails(
        &line(&f, "m.csv", monsoon(5000, 14), "--rate 5000"),
        1,
        &["the time stamps say", "--columns time=none"],
    );
    close(
        uj(&measured(
            &f,
            "m.csv",
            monsoon(5000, 14),
            "--rate 5000 --columns time=none",
        )),
        9000.0,
        1e-9,
    );
}

#[test]
fn d08_late_stamps_are_counted_and_real_gaps_are_told() {
    let f = Folder::new();
    let late = |at: usize| {
        table("time (ms),current (mA),bus (V)", 6000, |n| {
            format!("{},2,3.0", 10 * n + usize::from(n == at))
        })
    };
    for at in [20, 100, 5000] {
        let found = measured(&f, "t.csv", late(at), "");
        close(uj(&found), 360_000.0, 1e-9);
        assert_eq!(
            (&found["samples"], &found["missing_share"]),
            (&6000.into(), &0.0.into()),
            "{at}"
        );
        says(&found, &["2 time stamps are early or late"]);
    }
    let gap = table("time (ms),current (mA),bus (V)", 6000, |n| {
        format!("{},2,3.0", if n < 4000 { 10 * n } else { 10 * n + 500 })
    });
    fails(&line(&f, "gap.csv", gap, ""), 1, &["more than 0.1 % of it is missing"]);
    let back = table("time (ms),current (mA),bus (V)", 100, |n| {
        format!("{},2,3.0", if n == 50 { 0 } else { n })
    });
    fails(
        &line(&f, "back.csv", back, ""),
        1,
        &[
            "back.csv: line 52: time goes from 0.049 s to 0 s",
            "--columns time=none",
            "--rate",
        ],
    );
}

#[test]
fn d08_rounded_stamps_are_no_loss() {
    let f = Folder::new();
    for rate_hz in [976.0, 700.0, 60.0, 1600.0] {
        let count = (4.0 * rate_hz) as usize;
        let rows = table("time (ms),current (mA),bus (V),seq", count, |n| {
            let inside = n % (count / 4) >= count / 16;
            format!(
                "{},{},3.0,{}",
                (n as f64 * 1e3 / rate_hz).round(),
                1 + n % 5,
                u8::from(inside)
            )
        });
        let found = measured(&f, "t.csv", rows, "--markers seq=seq");
        assert_eq!(
            (&found["samples"], &found["missing_share"]),
            (&count.into(), &0.0.into()),
            "{rate_hz} Hz"
        );
        let samples = (count / 4 - count / 16) as f64;
        close(uj(&found), samples / rate_hz * 9000.0, 0.01);
    }
    // A column that counts samples, some of them lost: the count is the time, in samples.
    let counted = table("count,current (mA)", 5000, |n| {
        format!("{},2", n + usize::from(n > 2500))
    });
    let found = measured(
        &f,
        "c.csv",
        counted,
        "--columns time=count:samples --rate 1000 --voltage 3",
    );
    close(uj(&found), 5001.0 * 6.0, 1e-6);
    assert_eq!(found["samples"], 5001);
    close(found["missing_share"].as_f64().unwrap(), 1.0 / 5001.0, 1e-9);
}

#[test]
fn d13_files_without_a_time_column_take_a_rate() {
    let f = Folder::new();
    let one = table("current (mA)", 1000, |_| "2".into());
    fails(
        &line(&f, "one.csv", &one, "--voltage 3"),
        1,
        &["no column holds time", "--columns time=NAME:UNIT", "--rate HZ"],
    );
    close(
        uj(&measured(&f, "one.csv", &one, "--voltage 3 --rate 1000")),
        6000.0,
        1e-9,
    );
    let bare: String = (0..1000).map(|_| "2.0\n").collect();
    fails(
        &line(&f, "bare.csv", &bare, "--voltage 3 --rate 1000"),
        1,
        &["no column holds current", "--columns current=NAME:UNIT"],
    );
    close(
        uj(&measured(
            &f,
            "bare.csv",
            &bare,
            "--voltage 3 --rate 1000 --columns current=1:mA",
        )),
        6000.0,
        1e-9,
    );
    // `jls export`: one signal, without its name.
    let export = table("t,value", 1000, |n| format!("{:.18e},{:.18e}", n as f64 * 1e-3, 0.002));
    fails(
        &line(&f, "jls.csv", &export, "--voltage 3"),
        1,
        &["--columns \"time=t:UNIT\""],
    );
    close(
        uj(&measured(
            &f,
            "jls.csv",
            export,
            "--voltage 3 --columns time=t:s,current=value:A",
        )),
        6000.0,
        1e-9,
    );
    fails(&line(&f, "rate.csv", one, "--voltage 3 --rate 0"), 2, &["--rate"]);
}

#[test]
fn d13_comments_titles_and_rows_of_units_are_read() {
    let f = Folder::new();
    let row = |n: usize| format!("{n},2,3.0");
    let heads = [
        "# device: INA226\n# date: 2024-05-01\ntime (ms),current (mA),bus (V)",
        "% made by hand\n\ntime (ms),current (mA),bus (V)\n# begin",
        "Power of a board\nModel,X1,,\nSerial,0042\n\ntime (ms),current (mA),bus (V)",
        "time,current,bus\nms,mA,V",
        "time,current,bus\n(ms),(mA),(V)",
        "time_ms,current_mA,bus_V",
        "t/ms,I/mA,U/V",
    ];
    for head in heads {
        let found = measured(&f, "t.csv", table(head, 100, row), "");
        close(uj(&found), 600.0, 1e-9);
        assert_eq!(found["samples"], 100, "{head}");
    }
    let commented = table(heads[0], 50, row) + "# pause\n" + &table("# again", 50, |n| row(n + 50));
    close(uj(&measured(&f, "c.csv", commented, "")), 600.0, 1e-9);
    fails(
        &line(&f, "none.csv", "a,b\nc,d\n", ""),
        1,
        &["none.csv: header: no rows of numbers"],
    );
}

#[test]
fn e06_dates_and_times_of_day_are_times() {
    let f = Folder::new();
    let stamps: [&dyn Fn(usize) -> String; 4] = [
        &|n| format!("2024-05-01T12:00:0{}.{:03}Z", n / 1000, n % 1000),
        &|n| format!("2024-05-01 12:00:0{}.{:03}", n / 1000, n % 1000),
        &|n| format!("12:00:0{}.{:03}", n / 1000, n % 1000),
        // Over midnight.
        &|n| {
            let ms = (86_399_500 + n) % 86_400_000;
            format!(
                "{:02}:{:02}:{:02}.{:03}",
                ms / 3_600_000,
                ms / 60_000 % 60,
                ms / 1000 % 60,
                ms % 1000
            )
        },
    ];
    for (n, stamp) in stamps.iter().enumerate() {
        let rows = table("datetime,current (mA),bus (V)", 2000, |n| format!("{},2,3.0", stamp(n)));
        let found = measured(&f, "t.csv", rows, "");
        close(uj(&found), 12_000.0, 1e-6);
        assert_eq!(found["samples"], 2000, "form {n}");
    }
    let rows = table("time,current (mA),bus (V)", 1000, |n| {
        format!("2024-05-01T12:00:00.{n:03}+02:00,2,3.0")
    });
    close(uj(&measured(&f, "z.csv", rows, "")), 6000.0, 1e-6);
}
