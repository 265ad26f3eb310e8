//! Files that list recordings with their classes, groups and targets.

use super::folders::{count, describe, groups};
use crate::common::{Folder, fails, json, skiprnn};
use serde_json::json as value;

#[test]
fn a05_a_user_column_is_a_group_and_an_unknown_column_is_refused() {
    let f = Folder::new();
    f.recordings(&["d/s0.csv", "d/s1.csv", "d/s2.csv", "d/s3.csv"]);
    for header in [
        "file,label,user",
        "File,Label,Subject ID",
        "filename,class,session",
        "path,activity,person",
    ] {
        f.write(
            "d/labels.csv",
            format!("{header}\ns0.csv,0,1\ns1.csv,1,2\ns2.csv,0,3\ns3.csv,1,4\n"),
        );
        let d = describe(&f, "d");
        assert_eq!(
            (d["objective"].as_str(), groups(&d)),
            (
                Some("classification"),
                vec!["1".into(), "2".into(), "3".into(), "4".into()]
            )
        );
    }
    let rows = "s0.csv,0,1\ns1.csv,1,2\ns2.csv,0,3\ns3.csv,1,4\n";
    f.write("d/labels.csv", format!("file,Subject,label\n{rows}"));
    assert_eq!(groups(&describe(&f, "d")), ["0", "1"]);
    f.write("d/labels.csv", format!("file,label,mood\n{rows}"));
    let line = format!("data describe {}", f.at("d"));
    fails(
        &line,
        1,
        &[
            "labels.csv: line 1",
            "'mood'",
            "known are file",
            "--columns",
            "ignore=NAME",
        ],
    );
    assert_eq!(count(&json(&format!("{line} --columns ignore=mood"))), 4);
    assert_eq!(groups(&json(&format!("{line} --columns group=mood"))).len(), 4);
    f.write("d/labels.csv", format!("file,label,class\n{rows}"));
    fails(&line, 1, &["label, class could all be the answer"]);
    // Several real targets have numbered names.
    for header in ["file,target_1,target_2", "file,y1,y2"] {
        f.write(
            "d/labels.csv",
            format!("{header}\ns0.csv,0.5,1\ns1.csv,1,2\ns2.csv,0.25,3\ns3.csv,1,4\n"),
        );
        let d = describe(&f, "d");
        assert_eq!(
            (d["objective"].as_str(), d["outputs"].as_u64()),
            (Some("regression"), Some(2))
        );
    }
}

#[test]
fn a15_a_file_listed_twice_is_refused_with_both_lines() {
    let f = Folder::new();
    f.recordings(&["d/s0.csv", "d/s1.csv"]);
    for again in ["s0.csv,no", "./s0.csv,yes"] {
        f.write("d/labels.csv", format!("file,label\ns0.csv,yes\ns1.csv,no\n{again}\n"));
        fails(
            &format!("data describe {}", f.at("d")),
            1,
            &["labels.csv", "s0.csv is listed twice (lines 2, 4)"],
        );
    }
}

#[test]
fn d05_headers_of_lists_are_headers_and_a_missing_file_is_named_with_its_line() {
    let f = Folder::new();
    f.recordings(&["d/yes/a.csv", "d/no/b.csv", "d/c.csv", "d/e.csv"]);
    let rows = "yes\\a.csv,yes\nno/b.csv,no\nc.csv,yes\ne.csv,no\n";
    for header in ["", "File,Label\n", "filename,label\n", "\u{feff}file,label\n"] {
        f.write("d/labels.csv", format!("{header}{rows}"));
        let d = describe(&f, "d");
        assert_eq!((count(&d), &d["class_names"]), (4, &value!(["no", "yes"])), "{header}");
    }
    let line = format!("data describe {}", f.at("d"));
    f.write("d/labels.csv", format!("file,label\n{rows}x.csv,no\ny.csv,no\n"));
    fails(&line, 1, &["labels.csv: line 6: x.csv: no such file (2 such lines)"]);
    let out = String::from_utf8(skiprnn(line.split(' ')).stderr).unwrap();
    assert_eq!(out.matches("no such file").count(), 1, "named once: {out}");
    for away in ["../c.csv", "/etc/hosts", "C:\\c.csv", "yes/../../c.csv"] {
        f.write("d/labels.csv", format!("file,label\n{rows}{away},no\n"));
        fails(&line, 1, &["line 6", "leads out of the folder"]);
    }
    f.write("d/labels.csv", "recordings of 2024\nc.csv,no\n");
    fails(&line, 1, &["line 1", "no known header", "file,label"]);
}

#[test]
fn d07_lists_are_separated_by_semicolons_or_tabs_too() {
    let f = Folder::new();
    f.recordings(&["d/a.csv", "d/b.csv"]);
    for separator in [";", "\t"] {
        let list = "file,label,user\na.csv,yes,anna\nb.csv,no,bo\n".replace(',', separator);
        f.write("d/labels.csv", list);
        assert_eq!(groups(&describe(&f, "d")), ["anna", "bo"]);
    }
}

#[test]
fn d14_lists_and_arrays_have_many_names() {
    let f = Folder::new();
    let names = [
        "Labels.csv",
        "LABEL.CSV",
        "annotations.csv",
        "metadata.csv",
        "Index.csv",
        "labels.tsv",
    ];
    for (k, name) in names.iter().enumerate() {
        let d = format!("d{k}");
        f.recordings(&[&format!("{d}/a.csv"), &format!("{d}/b.csv")]);
        f.write(&format!("{d}/{name}"), "file,label\na.csv,yes\nb.csv,no\n");
        assert_eq!(count(&describe(&f, &d)), 2, "{name}");
    }
    // train.csv and test.csv may be such lists.
    f.recordings(&["p/a.csv", "p/b.csv", "p/c.csv", "p/train/d.csv"]);
    f.write("p/train.csv", "file,label\na.csv,yes\nb.csv,no\n");
    f.write("p/test.csv", "file,label\nc.csv,no\n");
    let d = describe(&f, "p");
    assert_eq!(
        d["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["sequences"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [1, 1, 1]
    );
}
