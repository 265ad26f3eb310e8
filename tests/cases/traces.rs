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

/// 1000 samples of 1 ms at 2 mA and 3 V, as `row` writes them, are 6000 uJ in a file that is recognised.
fn recognised(f: &Folder, format: &str, header: &str, options: &str, row: impl Fn(usize) -> String) {
    let found = measured(f, "t.csv", table(header, 1000, row), options);
    assert_eq!(found["format"], format, "{header}");
    close(uj(&found), 6000.0, 1e-6);
}

#[test]
fn e09_instruments_are_recognised_by_their_headers() {
    let f = Folder::new();
    let s = |n: usize| n as f64 * 1e-3;
    let js = "joulescope-csv";
    recognised(&f, js, "# timestamp,JS220-1.current,JS220-1.voltage", "", |n| {
        format!("{:.18e},2e-3,3", s(n))
    });
    recognised(&f, js, "#time (s),current (A),voltage (V)", "", |n| {
        format!("{:.6},2.0e-3,3.0", s(n))
    });
    let statistics = "#time,current,voltage,power,charge,energy";
    recognised(&f, js, statistics, "", |n| {
        format!("{:.3},0.002,3.0,0.006,0.1,0.2", s(n))
    });
    let otii = "\"Wall-clock time (UTC)\",\"Arc Main Current (A)\",\"Arc Main Voltage (V)\",\"Arc Main Energy (J)\"";
    recognised(&f, "otii-csv", otii, "", |n| {
        format!("\"2024-05-01 12:00:00.{n:03}\",\"0.002\",\"3.0\",\"0.1\"")
    });
    let otii = "\"Relative time (s)\",\"Main Current (A)\",\"Main Voltage (V)\",\"ADC Current (A)\"";
    recognised(&f, "otii-csv", otii, "", |n| {
        format!("\"{:.3}\",\"0.002\",\"3.0\",\"5\"", s(n))
    });
    let monsoon = "Time(ms),Main(mA),USB(mA),Aux(mA),Main Voltage(V),USB Voltage(V),";
    recognised(&f, "monsoon-csv", monsoon, "", |n| {
        format!("np.float64({n}.0),np.float64(2.0),7,8,3.0,5.0,")
    });
    recognised(
        &f,
        "monsoon-csv",
        "Time (s),Main Avg Current (mA),Main Avg Voltage (V)",
        "",
        |n| format!("{},2,3.0", s(n)),
    );
    let buffer =
        "Index,Reading,Unit,Range Digits,Disp Digits,Math,Start Group,Terminal,Questionable,Origin,Relative Time";
    let preamble = format!("Model,DMM6500\nSerial,04123456\n\nBuffer,defbuffer1\n{buffer}");
    recognised(&f, "keithley-csv", &preamble, "--voltage 3", |n| {
        format!("{},2.0E-03,Amp DC,6,6,F,T,Front,F,Main,{:.6}", n + 1, s(n))
    });
    let meter = "Index,Reading,Unit,Digits,Value,Unit,Digits,Date,Time,Fractional Seconds";
    recognised(&f, "keithley-csv", meter, "", |n| {
        format!("{n},2.0E-03,Amp DC,6,3.0,Volt,6,05/01/2024,12:00:00,{:.6}", s(n))
    });
    let sigrok = "; CSV generated by libsigrok 0.5.2\n; from Demo on Wed May 1\n; Channels (2/2): I, U\n; Samplerate: 1 kHz\nmilliseconds,mA,V";
    recognised(&f, "sigrok-csv", sigrok, "", |n| format!("{},2,3", n + 1));
    // 400 Hz: its period of 2.5 ms is written as 2 ms.
    let truncated = sigrok.replace("1 kHz", "400 Hz");
    let found = measured(&f, "s.csv", table(&truncated, 400, |n| format!("{},2,3", 2 * n)), "");
    close(uj(&found), 6000.0, 1e-6);
}

#[test]
fn e09_lists_of_ppk2_api_are_read_with_a_rate() {
    let f = Folder::new();
    let list = |count: usize| format!("[{}]\n", vec!["2000.5"; count].join(", "));
    let text = list(60_000) + "Average of 60000 samples is: 2000.5uA\n" + &list(40_000);
    fails(&line(&f, "ppk.txt", &text, "--voltage 3"), 2, &["--rate", "100000"]);
    let found = measured(&f, "ppk.txt", &text, "--voltage 3 --rate 100000");
    assert_eq!(
        (&found["format"], &found["samples"]),
        (&"numbers".into(), &100_000.into())
    );
    close(uj(&found), 6001.5, 1e-9);
    says(
        &found,
        &[
            "taken for microamperes",
            "1 lines of text between the lists are left out",
        ],
    );
    let milliamperes = measured(
        &f,
        "l.json",
        "[2, 2, 2, 2]",
        "--voltage 3 --rate 1000 --columns current=1:mA",
    );
    close(uj(&milliamperes), 24.0, 1e-9);
    let cut = &text[..text.len() - 50];
    says(
        &measured(&f, "cut.txt", cut, "--voltage 3 --rate 100000"),
        &["was cut off"],
    );
    fails(
        &line(&f, "w.txt", "[1, 2, three]", "--voltage 3 --rate 1000"),
        1,
        &["w.txt: sample 2: 'three' is no number"],
    );
}

#[test]
fn e09_files_of_other_programs_are_refused_with_a_way_to_export_them() {
    let f = Folder::new();
    for (name, bytes, words) in [
        (
            "a.jls",
            b"jlsfmt\r\n \n \x1a  \xb2\x1c".as_slice(),
            ["Joulescope recording", "jls csv"],
        ),
        (
            "renamed.csv",
            b"jlsfmt\r\n \n \x1a  \xb2\x1c",
            ["Joulescope recording", "jls csv"],
        ),
        ("a.ppk", b"{}", ["first Power Profiler", "export CSV"]),
        ("a.otii3", b"PK\x03\x04", ["Otii project", "as CSV"]),
        ("a.xlsx", b"PK\x03\x04", ["workbook", "CSV"]),
    ] {
        std::fs::write(f.path(name), bytes).unwrap();
        fails(
            &format!("energy measure {}", f.at(name)),
            1,
            &[name, words[0], words[1]],
        );
    }
}

#[test]
fn e09_a_voltage_across_a_resistor_is_a_current() {
    let f = Folder::new();
    let scope = table("Time (s),Channel A (mV)", 1000, |n| format!("{},2", n as f64 * 1e-3));
    fails(
        &line(&f, "t.csv", &scope, "--voltage 3"),
        1,
        &["no column holds current", "--shunt OHM"],
    );
    // A uCurrent in its range of 1 mV a milliampere.
    close(
        uj(&measured(&f, "t.csv", &scope, "--voltage 3 --shunt 1")),
        6000.0,
        1e-9,
    );
    let logger = table("time_ms,shunt_mV,bus_V", 1000, |n| format!("{n},0.2,3"));
    fails(
        &line(&f, "ina.csv", &logger, ""),
        2,
        &["--columns voltage", "--shunt OHM"],
    );
    close(uj(&measured(&f, "ina.csv", logger, "--shunt 0.1")), 6000.0, 1e-9);
    let unclear = table("t (ms),A (V),B (V)", 1000, |n| format!("{n},0.002,3"));
    fails(
        &line(&f, "ab.csv", &unclear, "--shunt 1"),
        2,
        &["--shunt", "--columns shunt=NAME:UNIT"],
    );
    close(
        uj(&measured(&f, "ab.csv", unclear, "--shunt 1 --columns shunt=A")),
        6000.0,
        1e-9,
    );
    fails(&line(&f, "o.csv", scope, "--voltage 3 --shunt 0"), 2, &["--shunt"]);
}

#[test]
fn values_that_no_instrument_delivers_are_refused() {
    let f = Folder::new();
    let svg = f.at("r.svg");
    let huge = table("t (ms),I (mA)", 50, |n| {
        format!("{n},{}", if n == 27 { "1e308" } else { "1" })
    });
    fails(
        &line(&f, "t.csv", huge, &format!("--voltage 3 --svg {svg}")),
        1,
        &["t.csv: line 29", "--columns current=NAME:UNIT"],
    );
    let power = table("#timestamp,0.current,0.voltage,0.power", 5, |n| {
        format!("0.{n},1,1,{}", if n == 3 { "1e308" } else { "1" })
    });
    fails(
        &line(&f, "p.csv", power, &format!("--svg {svg}")),
        1,
        &["p.csv: line 5", "power"],
    );
    let late = table("t (ms),I (mA)", 50, |n| format!("{n}e30,1"));
    fails(
        &line(&f, "l.csv", late, "--voltage 3"),
        1,
        &["l.csv: line 3: a time of", "--columns time=NAME:UNIT"],
    );
    // What is small is drawn, in a bounded number of decades.
    let small = table("t (ms),P (W)", 50, |n| {
        format!("{n},{}", if n == 27 { "1" } else { "1e-300" })
    });
    measured(&f, "s.csv", small, &format!("--svg {svg}"));
    assert!(std::fs::metadata(f.path("r.svg")).unwrap().len() < 100_000);
    let run = |iterations: &str| {
        let samples = vec!["1e-6"; 30].join(",");
        format!(
            "[{{\"power\":{{\"samples\":[{samples}],\"timestamps\":[[\"a\",5],[\"b\",25]]}},\"infer\":{{\"iterations\":{iterations}}}}}]"
        )
    };
    fails(
        &line(&f, "i.json", run("18446744073709551615"), ""),
        1,
        &["run 0", "18446744073709551615 iterations"],
    );
    fails(
        &line(&f, "c.json", run("1"), "--count 18446744073709551615"),
        2,
        &["--count"],
    );
    std::fs::write(f.path("long.csv"), vec![b'1'; 3 << 20]).unwrap();
    fails(
        &format!("energy measure {}", f.at("long.csv")),
        1,
        &["longer than 1 MiB"],
    );
}

#[test]
fn a_last_line_that_was_cut_is_left_out_and_told() {
    let f = Folder::new();
    let whole = table("time (ms),current (mA),bus (V)", 1000, |n| format!("{n},2,3.0"));
    let cut = measured(&f, "t.csv", &whole[..whole.len() - 6], "");
    assert_eq!(cut["samples"], 999);
    says(&cut, &["was cut off: the last line is no whole row"]);
    let ppk = table("Timestamp(ms),Current(uA),D0-D7", 1000, |n| {
        format!("{},2000.000,00000000", n as f64 * 0.01)
    });
    let cut = measured(&f, "p.csv", &ppk[..ppk.len() - 4], "--voltage 3");
    assert_eq!(cut["samples"], 999);
    says(&cut, &["was cut off"]);
}
