//! Whole files, as phones, loggers and programs write them.

use super::*;
use crate::{Error, Notes};
use proptest::prelude::*;

fn read_bytes(bytes: &[u8], columns: &str, many: bool) -> (Result<Table, Error>, Notes) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, bytes).unwrap();
    let columns: Option<Columns> = (!columns.is_empty()).then(|| columns.parse().unwrap());
    let mut notes = Notes::default();
    let options = TableOptions {
        columns: columns.as_ref(),
        many,
        ..TableOptions::default()
    };
    (read(&path, options, &mut notes), notes)
}

fn good(text: &str) -> (Table, Notes) {
    let (table, notes) = read_bytes(text.as_bytes(), "", false);
    (table.unwrap_or_else(|e| panic!("{e}\n{text}")), notes)
}

/// Refused with a message that has all of `words`.
fn bad(text: &str, columns: &str, words: &[&str]) {
    let said = read_bytes(text.as_bytes(), columns, false)
        .0
        .expect_err(text)
        .to_string();
    assert!(words.iter().all(|w| said.contains(w)), "{said} lacks one of {words:?}");
}

fn doubts(notes: &Notes) -> String {
    notes.doubts().iter().map(|d| format!("{d}\n")).collect()
}

#[test]
fn loggers_of_phones() {
    // phyphox
    let (t, notes) = good("\"Time (s)\",\"Acceleration x (m/s^2)\"\n3.100000000E-03,9.80665\n1.310000000E-02,0.0\n");
    assert_eq!(
        (t.names[0].as_str(), t.units[0].as_str(), t.values[0]),
        ("Acceleration x", "g", 1.0)
    );
    assert!((t.times[1] - 0.01).abs() < 1e-12, "{:?}", t.times);
    assert!(
        notes.readings().iter().any(|r| r.contains("0.101972")),
        "{:?}",
        notes.readings()
    );
    // Sensor Logger: nanoseconds since 1970 beside seconds.
    let (t, notes) =
        good("time,seconds_elapsed,z,y,x\n1718030736872695300,0.07,1,2,3\n1718030736882695300,0.08,1,2,4\n");
    assert_eq!((t.channels, t.names.join(",")), (3, "z,y,x".into()));
    assert!((t.times[1] - 0.01).abs() < 1e-12 && notes.readings()[0].contains("column time is left out"));
    // SensorLog
    let (t, _) = good(
        "loggingTime(txt)|loggingSample(N)|accelerometerTimestamp_sinceReboot(s)|accelerometerAccelerationX(G)|motionRotationRateX(rad/s)\n\
         2022-12-28 12:00:00.250 -0700|1|5000.01|0.5|0.1\n2022-12-28 12:00:00.260 -0700|2|5000.02|0.6|0.2\n\
         2022-12-28 12:00:00.270 -0700|3|5000.03|0.7|0.3\n",
    );
    assert_eq!((t.names.len(), t.units.join(",")), (2, "g,rad/s".into()));
    assert!((t.times[2] - 0.02).abs() < 1e-9);
    // MetaWear
    let (t, _) = good(
        "epoc (ms),timestamp (-0700),elapsed (s),x-axis (g),y-axis (deg/s)\n\
         1514800000000,2018-01-01T12.34.56.789,0.000,0.5,180\n1514800000010,2018-01-01T12.34.56.799,0.010,0.6,90\n",
    );
    assert_eq!(
        (t.units.join(","), t.times.clone()),
        ("g,rad/s".into(), vec![0.0, 0.01])
    );
    assert!((t.values[1] - std::f32::consts::PI).abs() < 1e-6);
}

#[test]
fn loggers_of_boards() {
    // MEMS Studio: two lines of title.
    let (t, notes) = good(
        "MEMS Studio\nLSM6DSV16X, 104 Hz\ntime[us],acc_x[mg],gyro_x[mdps]\n0,1000,1000\n9615,-1000,2000\n19230,500,0\n28845,500,0\n",
    );
    assert_eq!(
        (t.values[0], t.values[2], t.names.join(",")),
        (1.0, -1.0, "acc_x,gyro_x".into())
    );
    assert!((t.times[1] - 0.009615).abs() < 1e-12);
    assert!(
        notes
            .readings()
            .iter()
            .any(|r| r == "titles above the table: lines 1 to 2"),
        "{:?}",
        notes.readings()
    );
    // A row of units below the names, and blanks between the cells.
    let (t, _) = good("Time  AX  GX\n[ms] [mg] [dps]\n0 1000 180\n10 500 0\n20 500 0\n");
    assert_eq!(
        (t.times.clone(), t.values[0], t.units.join(",")),
        (vec![0.0, 0.01, 0.02], 1.0, "g,rad/s".into())
    );
    // Comments, with the names in the last one.
    let (t, _) = good("# made by a logger: 104 Hz\n# t_ms ax\n0 1\n10 2\n% rest\n20 3\n");
    assert_eq!((t.names.join(","), t.times.len()), ("ax".into(), 3));
    let (t, notes) = good("#,ax,ay\n1,5,6\n2,7,8\n3,7,9\n");
    assert_eq!((t.names.join(","), notes.warnings().len()), ("ax,ay".into(), 1));
    // R: row numbers have no name.
    let (t, notes) = good("\"ax\" \"ay\"\n\"1\" 0.5 0.6\n\"2\" 0.7 0.8\n\"3\" 0.9 1.0\n");
    assert_eq!((t.names.join(","), t.values[0]), ("ax,ay".into(), 0.5));
    assert!(
        notes.warnings()[0].contains("numbers the samples"),
        "{:?}",
        notes.warnings()
    );
}

#[test]
fn times_by_form() {
    for (text, wanted) in [
        (
            "time,ax\n2024-01-02T10:00:00.000Z,1\n2024-01-02T10:00:00.020Z,2\n",
            0.02,
        ),
        (
            "datetime,ax\n2024-01-02 10:00:00.000,1\n2024-01-02 10:00:00.020,2\n",
            0.02,
        ),
        ("time,ax\n10:00:59.5,1\n10:01:00.0,2\n", 0.5),
        ("time,ax\n23:59:59.5,1\n00:00:00.5,2\n", 1.0),
        ("date,time,ax\n2024-01-02,23:59:59,1\n2024-01-03,00:00:01,2\n", 2.0),
        ("Zeit,ax\n02.01.2024 10:00:00,1\n02.01.2024 10:00:01,2\n", 1.0),
        ("t [min],ax\n0,1\n1,2\n", 60.0),
    ] {
        let (t, _) = good(text);
        assert_eq!((t.times.len(), t.channels), (2, 1), "{text}");
        assert!((t.times[1] - wanted).abs() < 1e-9, "{text}: {:?}", t.times);
    }
    bad(
        "time,ax\n10:00:00,1\n10:00:01,2\n10:00:02,3\nsoon,4\n",
        "",
        &["line 5, column time", "'soon' is no time"],
    );
}

#[test]
fn columns_that_are_no_channels() {
    let rows = "1,0.5,10\n2,0.7,20\n3,0.6,30\n4,0.1,40\n";
    for name in [
        "index",
        "sample",
        "frame",
        "Unnamed: 0",
        "",
        "row",
        "n",
        "packet counter",
    ] {
        let (t, notes) = good(&format!("{name},ax,t_ms\n{rows}"));
        assert_eq!((t.channels, t.times.len()), (1, 4), "{name}");
        assert!(
            notes.warnings()[0].contains("numbers the samples"),
            "{name}: {:?}",
            notes.warnings()
        );
    }
    let (t, _) = good("n,ax\n3,0.5\n1,0.7\n7,0.1\n2,0.5\n");
    assert_eq!(t.channels, 2, "a column called n that does not count");
    let (t, notes) = good("ax,device\n1,watch\n2,watch\n");
    assert!(t.channels == 1 && notes.warnings()[0].contains("one word in all lines"));
    bad(
        "ax,mode\n1,a\n2,b\n",
        "",
        &["column mode", "'a', 'b'", "--columns label=mode", "ignore=mode"],
    );
    let long = format!("ax,device\n{}2,phone\n", "1,watch\n".repeat(500));
    bad(&long, "", &["line 502, column device", "'watch', 'phone'"]);
    let (t, notes) = good("ax,activity,subject\n1,walk,anna\n2,sit,anna\n");
    assert_eq!((t.labels.get(1), t.groups.same()), ("sit", Some("anna")));
    assert!(notes.readings()[0].contains("label of each sample: column activity"));
    let (t, notes) = good("ax,class\n1,0\n2,1\n");
    assert!(
        t.labels.len() == 2 && doubts(&notes).contains("--columns label=class"),
        "{}",
        doubts(&notes)
    );
    let (_, notes) = good("ax,target\n1,0.5\n2,1.5\n");
    assert!(doubts(&notes).contains("could be the answer"));
}

#[test]
fn what_the_user_says_counts() {
    let text = "a,b,c\n0,walk,5\n20,sit,6\n40,sit,7\n";
    let (t, notes) = read_bytes(text.as_bytes(), "time=A:ms,label=2", false);
    let t = t.unwrap();
    assert_eq!(
        (t.names.join(","), t.times.clone(), t.labels.get(0)),
        ("c".into(), vec![0.0, 0.02, 0.04], "walk")
    );
    assert!(notes.doubts().is_empty());
    let (t, _) = read_bytes(text.as_bytes(), "channel=c,channel=a", false);
    assert_eq!(t.unwrap().values, [5.0, 0.0, 6.0, 20.0, 7.0, 40.0]);
    let (t, _) = read_bytes(b"time,ax\n0,1\n16,2\n", "ignore=time", false);
    assert!(t.unwrap().times.is_empty());
    bad(
        text,
        "label=kind",
        &["columns", "label=kind: no such column", "a, b, c"],
    );
    bad(text, "label=b,ignore=2", &["given twice"]);
    bad("x,x\n1,2\n", "ignore=x", &["2 columns", "number"]);
}

#[test]
fn cells_without_a_value_are_refused_by_place() {
    let fix = "--columns ignore=ay";
    bad(
        "ax,ay\n1,2\n3,\n5,6\n",
        "",
        &["a.csv: line 3, column ay", "the cell is empty", fix],
    );
    bad("ax,ay\n1,2\n3,NaN\n5,6\n", "", &["line 3, column ay", "'NaN'", fix]);
    bad("ax,ay\n1,2\n3,N/A\n5,6\n", "", &["line 3, column ay", "'N/A'", fix]);
    bad(
        ",0.2\n0.7,0.5\n0.3,0.3\n",
        "",
        &["line 1 has a number beside an empty cell"],
    );
    bad("N/A,0.2\n0.7,0.5\n0.3,0.3\n", "", &["line 1 has a number beside 'N/A'"]);
    bad("ax,ay\n1,2\n3\n5,6\n", "", &["line 3: 1 cells", "have 2"]);
    bad("ax,ay\n1,2\n3,4,5\n5,6\n", "", &["line 3: 3 cells", "decimal commas"]);
    bad(
        "ax\n0,5\n0,7\n",
        "",
        &["line 1", "1 names, and 2 cells in line 2", "decimal commas"],
    );
    bad("ax;ay\n0,5;1.5\n", "", &["line 2", "both a point and a comma"]);
    bad("", "", &["samples", "none"]);
    bad("ax,ay\n", "", &["samples", "none"]);
    let (t, notes) = good("ax,ay\n1,2\n,\n3,4\n\n5");
    assert_eq!(t.values, [1.0, 2.0, 3.0, 4.0]);
    let said = notes.warnings().join("\n");
    assert!(
        said.contains("1 lines of empty cells") && said.contains("1 last lines without an end"),
        "{said}"
    );
    let (t, _) = good("ax,ay,\n1,2,\n3,4,\n");
    assert_eq!(t.channels, 2, "a separator at the end of all lines");
    // A bad sample is not taken for the header.
    bad(
        "ax,ay\n1,x\n2,3\n4,5\n6,7\n",
        "",
        &["line 2", "'x' stands beside numbers"],
    );
    bad("x,0.2\n2,3\n4,5\n6,7\n", "", &["line 1", "'x' stands beside numbers"]);
    let (t, _) = good("time,0,1\n0.0,3,4\n0.1,5,6\n0.2,5,6\n");
    assert_eq!(t.names, ["0", "1"], "columns of pandas without names");
    bad(
        "1574621345.0,1574621345.0\n32.0,32.0\n1,2\n3,4\n",
        "",
        &["lines 1 and 2", "32 Hz", "--sample-period-s 0.03125"],
    );
    let (_, notes) = good("0,5\n0,7\n");
    assert!(doubts(&notes).contains("decimal commas"));
}

#[test]
fn excel_of_other_countries() {
    let text = "sep=;\r\nZeit (ms);ax (mg)\r\n0;1000,5\r\n10;-3,25\r\n";
    let (t, notes) = good(text);
    assert_eq!((t.values, t.times), (vec![1.0005, -0.00325], vec![0.0, 0.01]));
    assert!(
        notes.readings().iter().any(|r| r.contains("decimal commas")),
        "{:?}",
        notes.readings()
    );
    let utf16: Vec<u8> = text
        .replace(';', "\t")
        .replace("sep=\t", "sep=\t")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (t, _) = read_bytes(&[b"\xff\xfe", &utf16[..]].concat(), "", false);
    assert_eq!(t.unwrap().values[0], 1.0005);
    let latin = b"time,a (m/s\xb2)\n0,9.80665\n0.1,9.80665\n";
    let (t, notes) = read_bytes(latin, "", false);
    assert_eq!(t.unwrap().values, [1.0, 1.0]);
    assert!(notes.readings()[0].contains("Windows-1252"));
}

#[test]
fn raw_files_of_wisdm() {
    let text = "33,Jogging,49105962326000,-0.6946377,12.680544,0.50395286;\n33,Jogging,49106062271000,5.012288,11.264028,0.95342433;\n\
                33,Sitting,49106112167000,4.9,10.8,-0.08,;\n33,Sitting,49106222305000,1.0,2.0,3.0;33,Sitting,49106332290000,1.0,2.0,3.5;\n";
    let (t, _) = read_bytes(text.as_bytes(), "group=1,label=2,time=3:ns", true);
    let t = t.unwrap();
    assert_eq!(
        (t.length, t.channels, t.labels.get(4), t.groups.same()),
        (5, 3, "Sitting", Some("33"))
    );
    bad(text, "", &["column 2", "Jogging", "label=2"]);
}

#[test]
fn what_the_user_says_of_units_overrules_the_header() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "ax (mg),ay (mg)\n1000,1000\n2000,1000\n").unwrap();
    let told = ["g", ""].map(|unit| ChannelConfig {
        unit: unit.into(),
        ..ChannelConfig::default()
    });
    let options = TableOptions {
        channels: &told,
        ..TableOptions::default()
    };
    let mut notes = Notes::default();
    let t = read(&path, options, &mut notes).unwrap();
    assert_eq!(
        (t.values[0], t.values[1], t.units.join(",")),
        (1000.0, 1.0, "g,g".into())
    );
    assert!(
        notes
            .readings()
            .iter()
            .any(|r| r.contains("g as told, though the header says mg")),
        "{:?}",
        notes.readings()
    );
}

/// How a table is written.
#[derive(Debug, Clone)]
struct Written {
    separator: &'static str,
    comma: bool,
    quoted: bool,
    end: &'static str,
    trailing: bool,
    title: bool,
    encoding: u8,
}

fn written() -> impl Strategy<Value = Written> {
    let separator = prop_oneof![Just(","), Just(";"), Just("\t"), Just("|"), Just("  ")];
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    (
        separator,
        any::<bool>(),
        any::<bool>(),
        end,
        any::<bool>(),
        any::<bool>(),
        0u8..4,
    )
        .prop_map(|(separator, comma, quoted, end, trailing, title, encoding)| Written {
            separator,
            comma: comma && separator != ",",
            quoted,
            end,
            trailing: trailing && separator != "  ",
            title,
            encoding,
        })
}

proptest! {
    /// A table of any dialect reads back as what was written.
    #[test]
    fn any_dialect_reads_back(
        how in written(),
        rows in (1usize..5).prop_flat_map(|c| proptest::collection::vec(proptest::collection::vec(-1000.0..1000.0f32, c), 4..40)),
    ) {
        // One column with decimal commas looks like two columns, and is refused.
        prop_assume!(!how.comma || rows[0].len() > 1);
        let cell = |text: String| match how.quoted {
            true => format!("\"{text}\""),
            false => text,
        };
        let end = if how.trailing { format!("{}{}", how.separator, how.end) } else { how.end.to_owned() };
        let names: Vec<String> = (0..rows[0].len()).map(|k| cell(format!("µ{k}"))).collect();
        let mut text = format!("{}{end}", names.join(how.separator));
        if how.title {
            text = format!("# a remark{0}A title of one line{0}{text}", how.end);
        }
        for row in &rows {
            let number = |v: &f32| if how.comma { v.to_string().replace('.', ",") } else { v.to_string() };
            let cells: Vec<String> = row.iter().map(|v| cell(number(v))).collect();
            text += &format!("{}{end}", cells.join(how.separator));
        }
        let bytes: Vec<u8> = match how.encoding {
            0 => text.clone().into_bytes(),
            1 => text.chars().map(|c| c as u8).collect(),
            2 => [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
            _ => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        };
        // A column that rises by chance in three lines is still a channel; a title of words is one cell of blanks in some dialects.
        let (table, notes) = read_bytes(&bytes, "", false);
        let table = table.map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&table.values, &rows.concat(), "{:?}\n{}", notes, text);
        prop_assert_eq!(table.names.len(), rows[0].len());
    }

    /// Any bytes at all give a table or an error, without a panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_bytes(&bytes, "", true);
    }

    /// So does any text out of the pieces of tables.
    #[test]
    fn any_pieces_are_read_or_refused(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(","), Just(";"), Just("\n"), Just("\""), Just("0.5"), Just("1"), Just("time"), Just("label"), Just("nan"), Just("sep=;"),
                Just("10:00:00"), Just("2024-01-02T10:00:00Z"), Just("#"), Just(" "), Just("\t"), Just("(ms)"), Just("é"), Just("1e300"),
            ],
            0..60,
        ),
        many in any::<bool>(),
    ) {
        let _ = read_bytes(pieces.concat().as_bytes(), "", many);
    }
}
