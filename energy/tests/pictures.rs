//! The pictures hold what they are to show, and are well-formed.

use charts::{DEFAULT_STYLE, Drawing, palette_style};
use energy::picture::{self, OperatingPoint};
use energy::trace::{Markers, ReadOptions};
use energy::{Interval, MeasureOptions, UpdateCost, Workload, board, compare, measure, sensor};

/// As the command writes it.
fn file(drawing: &Drawing) -> String {
    drawing.to_file(&format!("{DEFAULT_STYLE}{}", palette_style()))
}

/// Every tag that is opened is closed, in order.
fn well_formed(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "a figure is no number");
}

#[test]
fn a_bar_for_each_scheme_with_its_parts() {
    let cost = UpdateCost::Counted { instructions: 20_000 };
    let work = Workload {
        sequence_length: 128,
        sample_period_s: 0.02,
        updates_mean: 32.0,
        schedules: None,
        update: cost,
        dense_update: cost,
        head_macs: 192,
        channels: 3,
    };
    let c = compare(&board("nrf52840").unwrap(), &sensor("lis3dh").unwrap(), &work).unwrap();
    let svg = file(&picture::comparison(&c));
    well_formed(&svg);
    for word in [
        "dense-fifo",
        "skip-sleep",
        "subsampled",
        "predicted",
        "sensor: ",
        "nrf52840",
    ] {
        assert!(svg.contains(word), "{word}");
    }
    assert_eq!(
        svg.matches("<rect class=\"p0\"").count(),
        c.scenarios.len() + 1,
        "the bars and the legend"
    );
}

#[test]
fn a_point_for_each_model() {
    let point = |name: &str, accuracy, mid: f64| OperatingPoint {
        name: name.into(),
        accuracy,
        uj_per_sequence: Interval {
            low: mid / 2.0,
            mid,
            high: mid * 2.0,
        },
    };
    let points = [point("a & b", 0.91, 200.0), point("c", 0.88, 90.0)];
    let svg = file(&picture::energy_accuracy(&points, "predicted"));
    well_formed(&svg);
    assert_eq!(svg.matches("<circle").count(), 2);
    assert!(svg.contains("a &amp; b"));
    assert_eq!(svg.matches("<line class=\"whisker\"").count(), 2);
    well_formed(&file(&picture::energy_accuracy(&[], "predicted")));
}

#[test]
fn a_trace_with_its_windows_and_states() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let row = |n: u32| {
        let (seq, update) = (n % 500 >= 100, n % 500 >= 100 && n % 50 < 5);
        let missing = n == 1300;
        let current = if missing {
            "NaN".into()
        } else if update {
            "5000".to_string()
        } else {
            "3".into()
        };
        format!("{n},{current},{},{}\n", u8::from(seq), u8::from(update))
    };
    let text = String::from("t (ms),i (uA),SEQ,UPD\n") + &(0..2100).map(row).collect::<String>();
    std::fs::write(&path, text).unwrap();
    let markers = Some(Markers {
        seq: "SEQ".into(),
        awake: None,
        update: Some("UPD".into()),
    });
    let read = ReadOptions {
        voltage_v: Some(3.0),
        markers,
        ..ReadOptions::default()
    };
    let m = measure(
        &path,
        &MeasureOptions {
            read: read.clone(),
            ..MeasureOptions::default()
        },
    )
    .unwrap();
    assert_eq!((m.windows.len(), m.excluded.len()), (3, 1));
    let svg = file(&picture::trace(&path, &read, &m.windows).unwrap());
    well_formed(&svg);
    assert_eq!(svg.matches("<rect class=\"window\"").count(), 3);
    assert_eq!(svg.matches("<circle class=\"missing\"").count(), 1);
    assert!(svg.contains(">UPD: share of the time</text>") && !svg.contains("AWAKE"));
    assert!(picture::trace(&path, &read, &[]).is_err());
}
