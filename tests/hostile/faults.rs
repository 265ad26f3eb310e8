//! Files that once ended the program, or took its memory or time, in their smallest form.

use super::{
    common::{Folder, fails, skiprnn},
    files::{self, write},
};
use skiprnn_nostd::format;
use std::{fs, path::Path};

/// A blob of six channels with one of its sections emptied.
fn emptied(kind: u16) -> Vec<u8> {
    let mut blob = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/activity/model.srnn")).unwrap();
    let count = usize::from(u16::from_le_bytes([blob[6], blob[7]]));
    let of_kind = |at: &usize| u16::from_le_bytes([blob[*at], blob[*at + 1]]) == kind;
    let at = (56..)
        .step_by(12)
        .take(count)
        .find(of_kind)
        .expect("the section is there");
    blob[at + 8..at + 12].fill(0);
    files::sealed(blob)
}

#[test]
fn a_blob_without_channels_is_refused_by_name_where_it_is_to_run() {
    let f = Folder::new();
    write(&f.path("m.srnn"), emptied(format::kind::CHANNEL_TEXT));
    write(&f.path("x.npy"), files::sequences(3, 128, 6));
    write(&f.path("y.npy"), files::labels(3));
    write(&f.path("image.elf"), files::elf("nrf52840-dk"));
    let (m, x, elf) = (f.at("m.srnn"), f.at("x.npy"), f.at("image.elf"));
    for line in [
        format!("simulate {m} --x {x}"),
        format!("leak {m} --x {x} --y {}", f.at("y.npy")),
        format!(
            "energy predict {m} --board nrf52840 --x {x} --compare --report {}",
            f.at("r.html")
        ),
        format!("energy front {m} --board nrf52840 --x {x}"),
        format!("energy cycles {m} --x {x} --firmware {elf}"),
        format!("emulate {m} --x {x} --firmware {elf}"),
        format!("flash {m} --board nrf52840-dk --x {x} --firmware {elf} --dry-run"),
    ] {
        fails(
            &line,
            1,
            &["m.srnn: invalid blob: ChannelText: 0 lines, 6 needed", "quantize"],
        );
    }
    assert!(!skiprnn(["inspect", &m]).status.success());
}

#[test]
fn a_blob_without_a_dial_curve_gets_no_budget() {
    let f = Folder::new();
    write(&f.path("m.srnn"), emptied(format::kind::DIAL));
    write(&f.path("x.npy"), files::sequences(3, 128, 6));
    write(&f.path("image.elf"), files::elf("nrf52840-dk"));
    let (m, x, elf) = (f.at("m.srnn"), f.at("x.npy"), f.at("image.elf"));
    let budget = "--sensor none --budget-uj-per-hour 6000000";
    for line in [
        format!("simulate {m} --x {x} --board nrf52840 {budget}"),
        format!("emulate {m} --x {x} --firmware {elf} --board nrf52840 {budget}"),
        format!("flash {m} --board nrf52840-dk --x {x} --firmware {elf} --dry-run {budget}"),
    ] {
        fails(
            &line,
            1,
            &[
                "m.srnn: invalid blob: Dial: no point of the curve is for dial 0",
                "quantize",
            ],
        );
    }
}

/// Runs a line with so much address space, in KiB, that it must end with this exit code and say the words.
#[cfg(target_os = "linux")]
fn within(kib: u64, line: &str, code: i32, words: &[&str]) {
    let words_of: Vec<std::ffi::OsString> = line.split(' ').map(Into::into).collect();
    let out = super::commands::limited(&words_of, kib, 60.0).expect("it ends");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{line}\n{said}");
    for word in words {
        assert!(said.contains(word), "{line}: does not say '{word}'\n{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn long_and_short_sequences_in_one_table_take_no_padding() {
    let f = Folder::new();
    // Padded, the samples would take 1.6 GB.
    let mut text = String::from("sequence,label,a\n");
    (0..100_000).for_each(|_| text += "L,0,1\n");
    (0..4000).for_each(|k| text += &format!("s{k},1,1\n"));
    write(&f.path("r.csv"), text);
    within(600_000, &format!("data describe {}", f.at("r.csv")), 0, &[]);
}

#[test]
fn as_many_words_as_samples_are_no_classes() {
    let f = Folder::new();
    let rows: String = (0..20_000).map(|k| format!("s{k},w{k},1\n")).collect();
    write(&f.path("w.csv"), format!("sequence,label,a\n{rows}"));
    fails(
        &format!("data describe {}", f.at("w.csv")),
        1,
        &["w.csv", "20000 different words", "at most 4096 classes"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn as_many_sequences_as_samples_are_row_numbers() {
    let f = Folder::new();
    let rows: String = (0..160_000).map(|k| format!("{k},{},1\n", k % 2)).collect();
    write(&f.path("s.csv"), format!("sequence,label,a\n{rows}"));
    let words = [
        "s.csv: line 150002",
        "150001 different sequences",
        "row number",
        "--columns ignore=sequence",
    ];
    within(400_000, &format!("data describe {}", f.at("s.csv")), 1, &words);
}

#[test]
fn rates_of_a_description_do_not_make_samples() {
    let f = Folder::new();
    for n in 0..4 {
        let rows: String = (0..20).map(|t| format!("{:.2},{}\n", t as f64 * 0.02, t % 7)).collect();
        write(&f.path(&format!("d/s{n}.csv")), format!("time,ax\n{rows}"));
    }
    let list: String = (0..4).map(|n| format!("s{n}.csv,{}\n", n % 2)).collect();
    write(&f.path("d/labels.csv"), format!("file,label\n{list}"));
    for rate in ["1e18", "18446744073709551615", "99999999", "1e-300", "inf", "nan", "-1"] {
        write(&f.path("d/channels.toml"), format!("sample_rate_hz = {rate}\n"));
        fails(
            &format!("data describe {}", f.at("d")),
            1,
            &["channels.toml", "sample_rate_hz"],
        );
    }
}

#[test]
fn a_gap_that_no_number_holds_is_no_period() {
    let f = Folder::new();
    let row = |t: &str| format!("0,0,{t},1\n");
    let rows: String = ["0", "1e-18", "2e-18", "3e-18", "1e300"].map(row).concat();
    write(&f.path("g.csv"), format!("sequence,label,timestamp,a\n{rows}"));
    fails(&format!("data describe {}", f.at("g.csv")), 1, &["g.csv", "time"]);
}
