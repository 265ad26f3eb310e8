//! Clocks as phones, loggers and programs have them.

use crate::{
    Notes,
    resample::to_one_rate,
    track::{Places, Track},
};
use proptest::prelude::*;

/// A recording whose samples are numbered, from line 2 on.
fn track(times: Vec<f64>, resolution_s: f64) -> Track {
    let mut places = Places::default();
    (0..times.len()).for_each(|k| places.push(k + 2));
    Track {
        path: "a.csv".into(),
        values: (0..times.len()).map(|k| k as f32).collect(),
        times,
        resolution_s,
        places,
        ..Track::default()
    }
}

/// `count` samples at `hz`, seen through a clock that rounds down to `unit_s`.
fn rounded(count: usize, hz: f64, unit_s: f64) -> Track {
    let stamp = |k: usize| (k as f64 / hz / unit_s + 1e-9).floor() * unit_s;
    track((0..count).map(stamp).collect(), unit_s)
}

fn hz(tracks: &mut [Track], notes: &mut Notes) -> f64 {
    1.0 / to_one_rate(tracks, 1, 0.0, notes).unwrap()
}

#[test]
fn a_rounded_clock_gives_the_rate_of_the_sensor() {
    for (rate, shown) in [
        (80.0, "80.000"),
        (60.0, "60.000"),
        (30.0, "30.000"),
        (52.0, "52.000"),
        (104.0, "104.000"),
        (119.0, "119.000"),
        (400.0, "400.000"),
        (952.0, "952.000"),
        (50.0, "50.000"),
        (62.5, "62.500"),
    ] {
        let mut tracks = [
            rounded(300, rate, 1e-3),
            rounded(280, rate, 1e-3),
            rounded(201, rate, 1e-3),
        ];
        let before = tracks[0].values.clone();
        let mut notes = Notes::default();
        assert_eq!(format!("{:.3}", hz(&mut tracks, &mut notes)), shown);
        assert_eq!(tracks[0].values, before, "{rate} Hz: nothing is interpolated");
        assert!(notes.warnings().is_empty(), "{rate} Hz: {:?}", notes.warnings());
    }
}

#[test]
fn a_crystal_that_is_off_stays_as_measured() {
    let mut tracks = [rounded(20_000, 104.17, 1e-6)];
    let found = hz(&mut tracks, &mut Notes::default());
    assert!((found - 104.17).abs() < 1e-3, "{found}");
}

#[test]
fn many_samples_on_a_whole_second_are_spread() {
    let mut tracks = [rounded(1000, 50.0, 1.0)];
    let mut notes = Notes::default();
    let found = hz(&mut tracks, &mut notes);
    assert!((found / 50.0 - 1.0).abs() < 0.002, "{found}");
    assert_eq!(tracks[0].values.len(), 1000, "every sample stays");
    assert!(
        notes.warnings()[0].contains("980 samples share the rounded time"),
        "{:?}",
        notes.warnings()
    );
}

#[test]
fn doubles_of_a_phone_are_two_samples_and_exact_ones_are_one() {
    // Two samples that were delivered in one millisecond.
    let mut times: Vec<f64> = (0..100).map(|k| f64::from(k) * 0.010).collect();
    times[50] = times[49];
    let mut notes = Notes::default();
    let mut tracks = [track(times.clone(), 1e-3)];
    let found = hz(&mut tracks, &mut notes);
    assert!((found - 100.0).abs() < 0.5, "{found}");
    assert!(
        notes.warnings()[0].starts_with("1 samples with the time of the one before"),
        "{:?}",
        notes.warnings()
    );
    // One that was written twice.
    let mut tracks = [track(times, 1e-3)];
    tracks[0].values[50] = tracks[0].values[49];
    let mut notes = Notes::default();
    hz(&mut tracks, &mut notes);
    assert!(
        notes.warnings()[0].contains("repeat the one before"),
        "{:?}",
        notes.warnings()
    );
}

#[test]
fn jumps_are_refused_by_line() {
    for (jump, words) in [
        (1.7e9, "jumps by 1.7000"),
        (3e6, "jumps by 3.0000"),
        (12.0, "jumps by 1.2"),
        (-30.0, "goes back by 29.98"),
    ] {
        let times: Vec<f64> = (0..2000)
            .map(|k| f64::from(k) * 0.02 + if k >= 1800 { jump } else { 0.0 })
            .collect();
        let error = to_one_rate(&mut [track(times, 0.0)], 1, 0.0, &mut Notes::default());
        let said = error.unwrap_err().to_string();
        assert!(
            said.contains("a.csv: line 1802") && said.contains(words) && said.contains("after sample 1799"),
            "{said}"
        );
    }
    let same = to_one_rate(&mut [track(vec![1.0; 5], 0.0)], 1, 0.0, &mut Notes::default());
    assert!(same.unwrap_err().to_string().contains("the same time"));
}

#[test]
fn late_packets_and_shuffled_lines_are_sorted() {
    let steady: Vec<f64> = (0..200).map(|k| f64::from(k) * 0.02).collect();
    let mut late = steady.clone();
    late[100..170].rotate_left(20);
    let mut shuffled = steady.clone();
    (0..200).for_each(|k| shuffled.swap(k, k * 7919 % 200));
    let reversed: Vec<f64> = steady.iter().rev().copied().collect();
    for times in [late, shuffled, reversed] {
        let mut tracks = [track(times, 0.0)];
        let mut notes = Notes::default();
        assert_eq!(format!("{:.3}", hz(&mut tracks, &mut notes)), "50.000");
        assert_eq!(tracks[0].values.len(), 200);
        assert!(notes.warnings()[0].contains("out of order"), "{:?}", notes.warnings());
    }
}

#[test]
fn small_gaps_are_filled_with_counts() {
    let times: Vec<f64> = (0..500)
        .map(|k| f64::from(k) * 0.01 + if k >= 250 { 2.0 } else { 0.0 })
        .collect();
    let mut tracks = [track(times, 0.0)];
    let mut notes = Notes::default();
    assert_eq!(format!("{:.2}", hz(&mut tracks, &mut notes)), "100.00");
    assert_eq!(tracks[0].values.len(), 700);
    let said = notes.warnings().join("\n");
    assert!(
        said.contains("1 gaps of more than 3") && said.contains("200 samples were interpolated"),
        "{said}"
    );
}

#[test]
fn a_rate_that_is_asked_for_must_fit_the_times() {
    let asked = |period: f64| to_one_rate(&mut [rounded(62, 62.5, 1e-3)], 1, period, &mut Notes::default());
    assert_eq!(asked(0.02).unwrap(), 0.02);
    for period in [0.5, 1e-4] {
        let said = asked(period).unwrap_err().to_string();
        let both = said.contains("62.500000 Hz") && said.contains(&format!("{:.6} Hz", 1.0 / period));
        assert!(
            both && said.contains("--columns time=NAME:ms") && said.contains("ignore=NAME"),
            "{said}"
        );
    }
    assert!(asked(1e-7).unwrap_err().to_string().contains("1e-6 to 86400"));
    let mut two = [
        rounded(62, 62.5, 1e-3),
        rounded(62, 0.0625, 1.0),
        rounded(62, 62.5, 1e-3),
    ];
    let said = to_one_rate(&mut two, 1, 0.0, &mut Notes::default())
        .unwrap_err()
        .to_string();
    assert!(said.contains("0.062500 Hz here, 62.500000 Hz in most"), "{said}");
    let fast: Vec<f64> = (0..50).map(|k| f64::from(k) * 1e-8).collect();
    let said = to_one_rate(&mut [track(fast, 0.0)], 1, 0.0, &mut Notes::default())
        .unwrap_err()
        .to_string();
    assert!(said.contains("beyond 1 us to a day"), "{said}");
}

proptest! {
    /// Any stamps at all: no panic, and no recording that grows beyond its bound.
    #[test]
    fn nothing_grows_by_a_difference_of_times(
        times in proptest::collection::vec(prop_oneof![-1e3..1e3f64, 0.0..1e18f64, Just(0.0), (0u8..40).prop_map(f64::from)], 2..60),
        resolution in prop_oneof![Just(0.0), Just(1.0), Just(1e-3)],
        asked in prop_oneof![Just(0.0), 1e-9..1e6f64],
    ) {
        let count = times.len();
        let mut tracks = [track(times, resolution)];
        let _ = to_one_rate(&mut tracks, 1, asked, &mut Notes::default());
        prop_assert!(tracks[0].values.len() <= 4 * count + 1000);
        prop_assert!(tracks[0].times.windows(2).all(|w| w[0] <= w[1]) || tracks[0].values.len() == count);
    }

    /// A rounded clock never gives a rate further off than its rounding leaves open.
    #[test]
    fn the_rate_is_within_its_uncertainty(hz in 1.0..900.0f64, count in 50usize..400, unit in prop_oneof![Just(1e-3), Just(1e-6)]) {
        let mut tracks = [rounded(count, hz, unit)];
        let found = 1.0 / to_one_rate(&mut tracks, 1, 0.0, &mut Notes::default()).unwrap();
        let open = 2.0 * unit * hz / (count - 1) as f64 + 1e-8;
        prop_assert!((found / hz - 1.0).abs() <= open, "{found} for {hz}");
    }
}
