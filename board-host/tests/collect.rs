//! `record` on the virtual nRF52840-DK: what its sensor plays comes back, to the count.

use board_host::{
    Collection, boards,
    collect::{Block, Heard, Source, Totals},
    on_board::{self, BoardOptions, Collected, Part, Recorded},
};
use std::num::{NonZeroU32, NonZeroU64};

/// What a sensor plays: counts (N, channels) at these units and full scales.
struct World {
    counts: Vec<i16>,
    channels: Vec<(&'static str, f32)>,
    period_ns: u64,
}

/// Counts that no two samples share, over the whole range, at these units and full scales.
fn world(samples: usize, channels: &[(&'static str, f32)], period_ns: u64) -> World {
    let count = |k: usize, channel: usize| (k.wrapping_mul(40_503) + channel * 9_973 + k / 3) as u16 as i16;
    World {
        counts: (0..samples)
            .flat_map(|k| (0..channels.len()).map(move |channel| count(k, channel)))
            .collect(),
        channels: channels.to_vec(),
        period_ns,
    }
}

/// What came of a run.
#[derive(Default)]
struct Run {
    source: Option<Source>,
    blocks: Vec<Block>,
    totals: Option<Totals>,
}

impl Run {
    /// All counts, after a look that no sample is lost.
    fn counts(&self) -> Vec<i16> {
        let channels = self.source.as_ref().unwrap().channels.len();
        let mut next = 0;
        for block in &self.blocks {
            assert_eq!(block.first, next, "samples are lost");
            assert_eq!((block.missed, block.dropped), (0, 0));
            next += (block.counts.len() / channels) as u64;
        }
        self.blocks.iter().flat_map(|block| block.counts.clone()).collect()
    }
}

fn run(sensor: &str, asked: &Collection, world: &World, part: Part, seconds: Option<f64>) -> (Run, Collected) {
    let board = boards::find("nrf52840-dk").unwrap();
    let (program, _) = board.recorder(sensor).unwrap();
    let options = BoardOptions {
        part,
        seconds,
        ..BoardOptions::new(board, program)
    };
    let recorded = Recorded {
        counts: &world.counts,
        shape: (1, world.counts.len() / world.channels.len(), world.channels.len()),
        channels: &world.channels,
        period_ns: world.period_ns,
    };
    let mut run = Run::default();
    let collected = on_board::collect(&options, asked, &recorded, &mut |heard| {
        match heard {
            Heard::Begun(source) => run.source = Some(source),
            Heard::Block(block) => run.blocks.push(block),
            Heard::Ended(totals) => run.totals = Some(totals),
            Heard::Garbled => panic!("a garbled block"),
        }
        false
    })
    .unwrap_or_else(|error| panic!("{sensor}: {error}"));
    (run, collected)
}

fn asked(samples: usize, full_scales: [f32; 2]) -> Collection {
    Collection {
        samples: NonZeroU32::new(samples as u32),
        period_ns: None,
        full_scales,
    }
}

/// What an LIS3DH at ±4 g makes of counts at ±4 g: steps of 8 mg in 10 bits, rounded down.
fn as_lis3dh(counts: &[i16]) -> Vec<i16> {
    let count = |count: &i16| {
        let mg = f64::from(*count) * 4000.0 / 32_768.0;
        ((mg / 8.0 + 1e-3).floor().clamp(-512.0, 511.0) as i16) << 6
    };
    counts.iter().map(count).collect()
}

fn assert_whole(run: &Run, collected: &Collected, samples: usize) {
    let expected = Totals {
        samples: samples as u64,
        missed: 0,
        dropped: 0,
        failures: 0,
    };
    assert_eq!((run.totals, collected.complete), (Some(expected), true));
    assert_eq!(collected.observed.findings, [], "rules of silicon");
    // The one that sets the chip's registers for the next start.
    assert_eq!(collected.observed.resets, 1);
}

#[test]
fn a_lis3dh_gives_back_what_it_plays_in_its_ten_bits() {
    let world = world(8_000, &[("g", 4.0); 3], 2_500_000);
    let (run, collected) = run("lis3dh", &asked(8_000, [4.0, 0.0]), &world, Part::default(), None);
    assert_whole(&run, &collected, 8_000);
    assert_eq!(run.counts(), as_lis3dh(&world.counts));
    let source = run.source.unwrap();
    assert_eq!((source.sensor.name, source.rate_hz), ("lis3dh", 400));
}

#[test]
fn an_lsm6ds_gives_back_what_it_plays_count_for_count() {
    let channels = [
        ("g", 4.0),
        ("g", 4.0),
        ("g", 4.0),
        ("rad/s", 10.0084),
        ("rad/s", 10.0084),
        ("rad/s", 10.0084),
    ];
    let world = world(4_000, &channels, 4_807_692);
    let (run, collected) = run("lsm6ds", &asked(4_000, [4.0, 10.0084]), &world, Part::default(), None);
    assert_whole(&run, &collected, 4_000);
    let (mut off, counts) = ([0usize; 2], run.counts());
    for (index, (got, played)) in counts.iter().zip(&world.counts).enumerate() {
        let distance = got.abs_diff(*played);
        assert!(
            distance <= 1,
            "sample {}, channel {}: {got}, not {played}",
            index / 6,
            index % 6
        );
        off[index % 6 / 3] += usize::from(distance);
    }
    // An angular rate is rounded twice: 10.0084 rad/s are 32,768 steps of 17.5 thousandths of a degree but for 1 in 10^5.
    assert_eq!(off[0], 0, "accelerations are off");
    assert!(off[1] * 10 < counts.len(), "{} angular rates are off by one", off[1]);
}

#[test]
fn a_sensor_whose_clock_is_off_loses_nothing_either() {
    for (sensor, ppm) in [
        ("lis3dh", -50_000),
        ("lis3dh", 50_000),
        ("lsm6ds", -30_000),
        ("lsm6ds", 30_000),
    ] {
        let channels: Vec<(&str, f32)> = match sensor {
            "lis3dh" => vec![("g", 2.0); 3],
            _ => vec![
                ("g", 2.0),
                ("g", 2.0),
                ("g", 2.0),
                ("rad/s", 5.0042),
                ("rad/s", 5.0042),
                ("rad/s", 5.0042),
            ],
        };
        let rate = if sensor == "lis3dh" { 400.0 } else { 208.0 } * (1.0 + f64::from(ppm) * 1e-6);
        let world = world(2_000, &channels, (1e9 / rate).round() as u64);
        let part = Part {
            rate_error_ppm: ppm,
            ..Part::default()
        };
        let (run, collected) = run(sensor, &asked(2_000, [0.0; 2]), &world, part, None);
        assert_whole(&run, &collected, 2_000);
        assert_eq!(run.counts().len(), 2_000 * channels.len());
        let (first, last) = (&run.blocks[0], run.blocks.last().unwrap());
        let measured = (last.first - first.first) as f64 / (last.at_s - first.at_s);
        assert!(
            (measured / rate - 1.0).abs() < 1e-3,
            "{sensor}: {measured} Hz, not {rate}"
        );
    }
}

#[test]
fn a_period_of_the_boards_clock_takes_the_newest_sample_each_time() {
    let world = world(100, &[("g", 2.0); 3], 20_000_000);
    let asked = Collection {
        period_ns: NonZeroU64::new(20_000_000),
        ..asked(100, [2.0, 0.0])
    };
    let (run, collected) = run("lis3dh", &asked, &world, Part::default(), None);
    assert_whole(&run, &collected, 100);
    let step = |count: &i16| (((f64::from(*count) * 2000.0 / 32_768.0 / 4.0) + 1e-3).floor() as i16) << 6;
    assert_eq!(run.counts(), world.counts.iter().map(step).collect::<Vec<_>>());
}

#[test]
fn ten_minutes_at_400_hz_lose_nothing() {
    const SAMPLES: usize = 240_000;
    let world = world(SAMPLES, &[("g", 4.0); 3], 2_500_000);
    let (run, collected) = run("lis3dh", &asked(SAMPLES, [4.0, 0.0]), &world, Part::default(), None);
    assert_whole(&run, &collected, SAMPLES);
    assert!(run.counts() == as_lis3dh(&world.counts), "240,000 samples differ");
}

#[test]
fn a_probe_that_is_pulled_loses_the_last_block_at_most() {
    let world = world(4_000, &[("g", 4.0); 3], 2_500_000);
    for seconds in [1.0, 1.713, 2.029] {
        let (run, collected) = run(
            "lis3dh",
            &asked(4_000, [4.0, 0.0]),
            &world,
            Part::default(),
            Some(seconds),
        );
        assert!(!collected.complete);
        let (kept, delivered) = (run.counts(), collected.observed.delivered.len());
        assert_eq!(kept, as_lis3dh(&world.counts[..kept.len()]));
        let lost = delivered - kept.len() / 3;
        assert!(lost <= 16 && delivered > 250, "{seconds} s: {lost} of {delivered} lost");
    }
}
