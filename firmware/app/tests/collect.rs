//! Recording a mock sensor whose clock is not the board's: every sample once, what a slow log and a slow board lose, and what
//! becomes of a sensor that fails.

use app::{
    Markers,
    collect::{BLOCK_COUNTS, Block, Collect, CollectError, Collection, Outlet, QUEUED, Queue, Totals, sensors::LIS3DH},
    sensor::{ChannelScale, Described},
};
use skiprnn_nostd::runner::{Clock, Profile, Sensor};
use std::{
    cell::RefCell,
    convert::Infallible,
    num::{NonZeroU32, NonZeroU64},
    rc::Rc,
    task::Poll,
    time::Duration,
};

/// Ticks in a second, as most boards have them.
const HZ: f64 = 32_768.0;

#[derive(Default)]
struct World {
    now: u64,
    /// Extra ticks that the next sleep takes, as when something else runs.
    late: u64,
    /// Looks that found nothing.
    in_vain: usize,
    power: Vec<bool>,
    ranges: Vec<f32>,
}

type Shared = Rc<RefCell<World>>;

struct MockClock(Shared);

impl Clock for MockClock {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        HZ as u32
    }

    fn now(&mut self) -> u64 {
        self.0.borrow().now
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        let mut world = self.0.borrow_mut();
        world.now = world.now.max(tick) + std::mem::take(&mut world.late);
        Ok(())
    }
}

/// A sensor that makes sample k at `phase + k / rate_hz`; its counts tell k.
struct MockSensor {
    world: Shared,
    rate_hz: f64,
    phase_s: f64,
    /// The last sample that was read.
    read: Option<u64>,
    /// Numbers of reads, from 0, that fail.
    fails: std::ops::Range<usize>,
    reads: usize,
    /// No sample from this one on.
    silent_from: u64,
}

fn counts_of(sample: u64) -> [i16; 3] {
    [sample as i16, (sample >> 15) as i16, !(sample as i16)]
}

impl Sensor for MockSensor {
    type Error = &'static str;
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: Duration::from_micros(4600),
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), &'static str> {
        self.world.borrow_mut().power.push(true);
        Ok(())
    }

    fn power_down(&mut self) -> Result<(), &'static str> {
        self.world.borrow_mut().power.push(false);
        Ok(())
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 3], &'static str>> {
        self.reads += 1;
        if self.fails.contains(&(self.reads - 1)) {
            return Poll::Ready(Err("no answer"));
        }
        let mut world = self.world.borrow_mut();
        let newest = ((world.now as f64 / HZ - self.phase_s) * self.rate_hz).floor();
        let newest = (newest.max(0.0) as u64).min(self.silent_from);
        if newest == 0 || self.read == Some(newest) {
            world.in_vain += 1;
            return Poll::Pending;
        }
        self.read = Some(newest);
        Poll::Ready(Ok(counts_of(newest)))
    }
}

impl Described for MockSensor {
    fn channels(&self) -> &[ChannelScale] {
        &[ChannelScale {
            unit: "g",
            full_scale: 4.0,
        }; 3]
    }

    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), &'static str> {
        self.world.borrow_mut().ranges = full_scales.to_vec();
        Ok(())
    }

    fn rate_hz(&self) -> u32 {
        400
    }
}

/// A log that takes a block whenever `room` says so.
struct Log<F> {
    room: F,
    blocks: Vec<Block>,
}

impl<F: FnMut() -> bool> Outlet for Log<F> {
    fn offer(&mut self, block: &Block) -> bool {
        let room = (self.room)();
        if room {
            self.blocks.push(block.clone());
        }
        room
    }
}

fn sensor(world: &Shared, rate_hz: f64, phase_s: f64) -> MockSensor {
    MockSensor {
        world: world.clone(),
        rate_hz,
        phase_s,
        read: None,
        fails: 0..0,
        reads: 0,
        silent_from: u64::MAX,
    }
}

fn asked(samples: u32) -> Collection {
    Collection {
        samples: NonZeroU32::new(samples),
        full_scales: [4.0, 0.0],
        ..Collection::default()
    }
}

type Ended = Result<Totals, CollectError<&'static str, Infallible>>;

/// Records to the end; `each` is called before each sample with its number.
fn record(
    sensor: MockSensor,
    asked: &Collection,
    room: impl FnMut() -> bool,
    mut each: impl FnMut(&mut World, u64),
) -> (Ended, Vec<Block>) {
    let world = sensor.world.clone();
    let mut queue = Queue::new();
    let mut log = Log {
        room,
        blocks: Vec::new(),
    };
    let mut collect = match Collect::new(
        sensor,
        MockClock(world.clone()),
        Markers::NONE,
        &LIS3DH,
        asked,
        &mut queue,
    ) {
        Ok(collect) => collect,
        Err(error) => return (Err(error), Vec::new()),
    };
    let mut sample = 0;
    let ended = loop {
        each(&mut world.borrow_mut(), sample);
        sample += 1;
        match collect.step(&mut log) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let finished = collect.finish(&mut log);
    (ended.and(finished), log.blocks)
}

/// The sensor's own numbers of the samples of all blocks.
fn numbers(blocks: &[Block]) -> Vec<u64> {
    blocks
        .iter()
        .flat_map(|block| block.counts.as_chunks::<3>().0)
        .map(|[low, high, not]| {
            assert_eq!(*not, !*low);
            (*high as u64) << 15 | (*low as u64 & 0x7fff)
        })
        .collect()
}

/// Every block says by its index which samples it has.
fn assert_indices(blocks: &[Block]) {
    let first = numbers(blocks)[0];
    for block in blocks {
        let has = numbers(std::slice::from_ref(block));
        let expected: Vec<u64> = (first + block.first..).take(has.len()).collect();
        assert_eq!(has, expected, "the block that begins at {}", block.first);
    }
}

#[test]
fn every_sample_is_recorded_once_whatever_the_sensors_clock_and_phase() {
    for error in [-0.1, -0.031, -0.004, -0.0005, 0.0, 0.0005, 0.004, 0.03, 0.1] {
        for phase in [0.0, 0.2, 0.45, 0.7, 0.99] {
            let world = Shared::default();
            let sensor = sensor(&world, 400.0 * (1.0 + error), phase / 400.0);
            let (ended, blocks) = record(sensor, &asked(20_000), || true, |_, _| {});
            let expected = Totals {
                samples: 20_000,
                ..Totals::default()
            };
            assert_eq!(ended, Ok(expected), "error {error}, phase {phase}");
            let has = numbers(&blocks);
            let whole: Vec<u64> = (has[0]..).take(20_000).collect();
            assert_eq!(has, whole, "error {error}, phase {phase}");
            assert_indices(&blocks);
            // Looks in vain cost a wake-up each.
            let in_vain = world.borrow().in_vain;
            assert!(in_vain < 2_000, "error {error}, phase {phase}: {in_vain} looks in vain");
            // The times tell the sensor's rate.
            let last = blocks.last().unwrap();
            let rate = last.first as f64 / ((last.at - blocks[0].at) as f64 / HZ);
            let wrong = rate / (400.0 * (1.0 + error)) - 1.0;
            assert!(wrong.abs() < 1e-4, "error {error}, phase {phase}: rate off by {wrong}");
        }
    }
}

#[test]
fn a_clock_that_drifts_is_followed() {
    let world = Shared::default();
    let drifting = sensor(&world, 400.0, 0.0);
    // The board's clock seems to lose a tick in every 300 samples, 0.004 %, and in the second half a tick in 30.
    let (ended, blocks) = record(
        drifting,
        &asked(60_000),
        || true,
        |world, sample| {
            let every = if sample < 30_000 { 300 } else { 30 };
            world.late = u64::from(sample % every == 0);
        },
    );
    assert_eq!(ended.unwrap().samples, 60_000);
    assert_indices(&blocks);
}

#[test]
fn a_log_that_is_read_too_slowly_loses_blocks_and_says_how_many() {
    let world = Shared::default();
    let offers = RefCell::new(0);
    // Nothing is read for six seconds in the middle.
    let room = || {
        *offers.borrow_mut() += 1;
        !(100..2_500).contains(&*offers.borrow())
    };
    let (ended, blocks) = record(sensor(&world, 400.0, 0.0), &asked(8_000), room, |_, _| {});
    let totals = ended.unwrap();
    let per_block = (BLOCK_COUNTS / 3) as u64;
    assert!(
        totals.dropped > 0 && totals.dropped.is_multiple_of(per_block),
        "{totals:?}"
    );
    assert_eq!((totals.samples + totals.dropped, totals.missed), (8_000, 0));
    assert_indices(&blocks);
    // As many samples are missing in the indices as the block behind the gap says.
    let gaps = blocks.windows(2).map(|pair| {
        let gap = pair[1].first - pair[0].first - (pair[0].counts.len() / 3) as u64;
        assert_eq!(pair[1].dropped - pair[0].dropped, gap);
        gap
    });
    assert_eq!(gaps.sum::<u64>(), totals.dropped);
    // What the queue holds is kept.
    assert!(totals.dropped <= 2_400 - (QUEUED as u64 - 1) * per_block, "{totals:?}");
}

#[test]
fn samples_that_a_late_board_misses_leave_a_gap() {
    let world = Shared::default();
    let (ended, blocks) = record(
        sensor(&world, 404.0, 0.0),
        &asked(4_000),
        || true,
        |world, sample| {
            // 10 ms, four samples of the sensor.
            world.late = if sample == 1_000 { 328 } else { 0 };
        },
    );
    let totals = ended.unwrap();
    assert!((3..=5).contains(&totals.missed), "{totals:?}");
    assert_eq!(totals.samples + totals.missed, 4_000);
    assert_indices(&blocks);
    let behind = blocks.iter().find(|block| block.missed > 0).unwrap();
    assert_eq!(behind.missed, totals.missed);
}

#[test]
fn a_period_of_the_boards_clock_is_kept_to_the_tick() {
    let world = Shared::default();
    let asked = Collection {
        period_ns: NonZeroU64::new(20_000_000),
        ..asked(500)
    };
    let (ended, blocks) = record(sensor(&world, 390.0, 0.0), &asked, || true, |_, _| {});
    assert_eq!(ended.unwrap().samples, 500);
    for block in &blocks {
        let due = (block.first as f64 * 0.02 * HZ).floor() as u64;
        assert_eq!(block.at - blocks[0].at, due);
    }
    // The newest sample at each instant: 7 or 8 of the sensor's further on.
    let numbers = numbers(&blocks);
    assert!(numbers.windows(2).all(|pair| (7..=8).contains(&(pair[1] - pair[0]))));
    // A sensor hardly faster than the period has no new sample at some instants.
    let too_fast = Collection {
        period_ns: NonZeroU64::new(2_600_000),
        ..asked
    };
    let (ended, _) = record(sensor(&world, 400.0, 0.0), &too_fast, || true, |_, _| {});
    assert_eq!(ended, Err(CollectError::Period));
}

#[test]
fn ranges_are_set_and_the_sensor_is_switched_off_at_the_end() {
    let world = Shared::default();
    record(sensor(&world, 400.0, 0.0), &asked(10), || true, |_, _| {})
        .0
        .unwrap();
    assert_eq!(world.borrow().ranges, [4.0; 3]);
    assert_eq!(world.borrow().power, [true, false]);
}

#[test]
fn a_read_that_fails_is_repeated_and_sixteen_in_a_row_end_it() {
    let world = Shared::default();
    let with_failures = |fails| MockSensor {
        fails,
        ..sensor(&world, 400.0, 0.0)
    };
    let (ended, blocks) = record(with_failures(500..510), &asked(2_000), || true, |_, _| {});
    let totals = ended.unwrap();
    assert_eq!((totals.failures, totals.samples + totals.missed), (10, 2_000));
    assert_indices(&blocks);
    let (ended, blocks) = record(with_failures(500..600), &asked(2_000), || true, |_, _| {});
    assert_eq!(ended, Err(CollectError::Sensor("no answer")));
    assert!(numbers(&blocks).len() > 300, "what was recorded before is kept");
}

#[test]
fn a_sensor_that_makes_no_more_samples_is_told_from_one_that_is_slow() {
    let world = Shared::default();
    let quiet = MockSensor {
        silent_from: 300,
        ..sensor(&world, 400.0, 0.0)
    };
    let (ended, blocks) = record(quiet, &asked(2_000), || true, |_, _| {});
    assert_eq!(ended, Err(CollectError::Silent));
    assert_eq!(numbers(&blocks).last(), Some(&300));
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_the_board_at_the_end() {
    let world = Shared::default();
    let (ended, blocks) = record(sensor(&world, 400.0, 0.0), &asked(100), || false, |_, _| {});
    let expected = Totals {
        dropped: 100,
        ..Totals::default()
    };
    assert_eq!((ended, blocks), (Ok(expected), vec![]));
    let seconds = world.borrow().now as f64 / HZ;
    assert!((2.0..3.0).contains(&seconds), "{seconds}");
}
