//! Synthetic tables with known energy: any CSV with named columns and units, and the Joulescope's.

mod common;

use common::{at, close, fails, file, whole};
use energy::trace::{ColumnOptions, Format, Markers, ReadOptions};
use energy::{Error, MeasureOptions, measure};
use tempfile::TempDir;

#[test]
fn columns_are_found_by_their_units() {
    let folder = TempDir::new().unwrap();
    // 100 samples of 1 ms at 2 mA and 3 V, whatever the units.
    let table = |header: &str, row: &dyn Fn(u32) -> String| {
        let rows: String = (0..100).map(|n| row(n) + "\n").collect();
        format!("{header}\n{rows}")
    };
    let cases = [
        (
            table("Time (s),Current (A)", &|n| format!("{},0.002", f64::from(n) * 1e-3)),
            Some(3.0),
        ),
        (table("t [ms];i [mA];v [mV]", &|n| format!("{n};2;3000")), None),
        (table("power (uW)\ttime (us)", &|n| format!("6000\t{}", n * 1000)), None),
        (
            table("Time (ns),Current (µA),note", &|n| format!("{},2000,7", n * 1_000_000)),
            Some(3.0),
        ),
    ];
    for (text, volts) in cases {
        let read = ReadOptions {
            voltage_v: volts,
            ..ReadOptions::default()
        };
        let m = measure(
            &file(&folder, "t.csv", text.as_bytes()),
            &MeasureOptions { read, ..whole() },
        )
        .unwrap();
        assert_eq!((m.format, m.samples), (Format::Csv, 100));
        close(m.windows[0].gross_uj, 600.0);
    }
}

fn columns(time: &str, current: &str) -> MeasureOptions {
    let columns = ColumnOptions {
        time: Some(time.parse().unwrap()),
        current: Some(current.parse().unwrap()),
        ..ColumnOptions::default()
    };
    MeasureOptions {
        read: ReadOptions {
            columns,
            voltage_v: Some(3.0),
            ..ReadOptions::default()
        },
        ..whole()
    }
}

#[test]
fn columns_are_named_where_the_header_has_no_units() {
    let folder = TempDir::new().unwrap();
    let rows: String = (0..100).map(|n| format!("{n},2,9\n")).collect();
    let named = file(&folder, "named.csv", format!("when,what,other\n{rows}").as_bytes());
    close(
        measure(&named, &columns("when:ms", "what:mA")).unwrap().windows[0].gross_uj,
        600.0,
    );
    let bare = file(&folder, "bare.csv", rows.as_bytes());
    close(
        measure(&bare, &columns("1:ms", "2:mA")).unwrap().windows[0].gross_uj,
        600.0,
    );
    fails(&named, &columns("when", "what:mA"), "write when:UNIT");
    fails(&named, &columns("when:mA", "what:mA"), "no unit of this quantity");
    fails(&named, &columns("time:ms", "what:mA"), "it has when, what, other");
    fails(&named, &at(3.0), "no column holds time");
    let united = file(
        &folder,
        "united.csv",
        format!("when (ms),what (mA),other (A)\n{rows}").as_bytes(),
    );
    close(
        measure(&united, &columns("when", "what:mA")).unwrap().windows[0].gross_uj,
        600.0,
    );
    // What is given overrules the header.
    let overruled = measure(&united, &columns("when", "what:uA")).unwrap();
    close(overruled.windows[0].gross_uj, 0.6);
    fails(&united, &at(3.0), "two columns hold this quantity");
    let no_volts = MeasureOptions {
        read: ReadOptions {
            voltage_v: None,
            ..columns("when", "what").read
        },
        ..whole()
    };
    assert!(matches!(
        measure(&united, &no_volts),
        Err(Error::Option {
            option: "--voltage",
            ..
        })
    ));
}

#[test]
fn irregular_rows_are_joined_by_straight_lines() {
    let folder = TempDir::new().unwrap();
    // P = 1000 t at irregular times: the trapezoid rule is exact, E = 500 t^2.
    let mut text = String::from("time (s),power (uW)\n");
    let mut time_s = 0.0;
    for n in 0..200 {
        text += &format!("{time_s},{}\n", 1000.0 * time_s);
        time_s += 0.01 + 0.003 * f64::from(n % 4) + 0.0007 * f64::from(n % 3);
    }
    let end_s: f64 = text.lines().last().unwrap().split(',').next().unwrap().parse().unwrap();
    let m = measure(&file(&folder, "t.csv", text.as_bytes()), &whole()).unwrap();
    close(m.windows[0].gross_uj, 500.0 * end_s * end_s);
    assert_eq!(m.samples, 200);
    let gap: String = text
        .lines()
        .enumerate()
        .filter(|(n, _)| !(80..130).contains(n))
        .map(|(_, l)| format!("{l}\n"))
        .collect();
    fails(
        &file(&folder, "gap.csv", gap.as_bytes()),
        &whole(),
        "more than 0.1 % of it is missing",
    );
}

#[test]
fn nan_rows_and_gaps_are_missing_and_counted() {
    let folder = TempDir::new().unwrap();
    let table = |lost: &dyn Fn(usize) -> bool, left_out: bool| -> String {
        let row = |n: usize| match (lost(n), left_out) {
            (true, true) => String::new(),
            (true, false) => format!("{n},NaN,1\n"),
            _ => format!("{n},2,1\n"),
        };
        String::from("t (ms),i (mA),seq\n") + &(0..4000).map(row).collect::<String>()
    };
    for left_out in [true, false] {
        let few = file(&folder, "few.csv", table(&|n| n % 1000 == 500, left_out).as_bytes());
        let m = measure(&few, &at(3.0)).unwrap();
        assert_eq!(m.samples, 4000);
        close(m.missing_share, 1e-3);
        close(m.windows[0].gross_uj, 24_000.0);
        let many = file(&folder, "many.csv", table(&|n| n % 500 == 250, left_out).as_bytes());
        fails(&many, &at(3.0), "more than 0.1 % of it is missing");
    }
}

#[test]
fn bad_rows_name_their_line() {
    let folder = TempDir::new().unwrap();
    let table = |n: usize, row: &str| {
        let row = |i: usize| if i == n { format!("{row}\n") } else { format!("{i},2\n") };
        String::from("t (ms),i (mA)\n") + &(0..200).map(row).collect::<String>()
    };
    let cases = [
        ("100,2 mA", "line 102: is not a row of numbers; units belong"),
        ("100", "line 102: is not a row"),
        ("98,2", "line 102: time goes from"),
        ("nan,2", "line 102: is not a row"),
        ("100,2e9", "line 102: a current of 2e6 A is beyond"),
        ("1e18,2", "line 102: a time of 1e15 s is beyond"),
    ];
    for (row, expected) in cases {
        fails(&file(&folder, "t.csv", table(100, row).as_bytes()), &at(3.0), expected);
    }
    fails(
        &file(&folder, "back.csv", table(10, "8,2").as_bytes()),
        &at(3.0),
        "line 12: time goes from",
    );
    fails(
        &file(&folder, "utf.csv", b"t (ms),i (mA)\n0,1\n1,\xff\n2,2\n"),
        &at(3.0),
        "line 3: is not a row",
    );
}

#[test]
fn markers_may_be_columns() {
    let folder = TempDir::new().unwrap();
    let rows: String = (0..100)
        .map(|n| format!("{n},{},{}\n", 2 + n / 50, u8::from(n % 20 >= 10)))
        .collect();
    let path = file(&folder, "t.csv", format!("t (ms),i (mA),SEQ\n{rows}").as_bytes());
    let markers = |name: &str| {
        let markers = Some(Markers {
            seq: name.into(),
            awake: None,
            update: None,
        });
        MeasureOptions {
            read: ReadOptions {
                markers,
                voltage_v: Some(3.0),
                ..ReadOptions::default()
            },
            ..whole()
        }
    };
    let m = measure(&path, &markers("SEQ")).unwrap();
    // The fifth window, samples 90 to 99, is still open when the trace ends.
    let each: Vec<f64> = m.windows.iter().map(|w| w.gross_uj).collect();
    each.iter()
        .zip([60.0, 60.0, 90.0, 90.0])
        .for_each(|(uj, expected)| close(*uj, expected));
    assert_eq!((each.len(), m.excluded[0].windows, m.states_per_sequence), (4, 1, None));
    fails(&path, &markers("seq"), "it has t (ms), i (mA), SEQ");
}

#[test]
fn joulescope_signals_are_in_base_units() {
    let folder = TempDir::new().unwrap();
    let rows: String = (0..100)
        .map(|n| format!("{:.18e},2.0e-3,3.0,0\n", f64::from(n) * 1e-3))
        .collect();
    let header = "# timestamp,JS220-001.current,JS220-001.voltage,JS220-001.gpi[0]";
    let m = measure(
        &file(&folder, "js.csv", format!("{header}\n{rows}").as_bytes()),
        &whole(),
    )
    .unwrap();
    assert_eq!(m.format, Format::Joulescope);
    close(m.windows[0].gross_uj, 600.0);
}
