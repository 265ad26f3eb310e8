//! From a mock sensor to decisions: set to the model's ranges, on the pin, and what becomes of a sensor that fails.

use app::{
    MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, Markers,
    classify::{Classify, ClassifyError, Event},
    markers::Unwired,
    sensor::{ChannelScale, Described, Mismatch, find},
    stored::{Budget, Settings},
};
use embedded_hal_mock::eh1::digital::{Mock as PinMock, State, Transaction};
use skiprnn_nostd::{
    Instance, Model,
    budget::{Controller, Pauses},
    runner::{Clock, Profile, Sensor},
};
use std::{
    cell::RefCell,
    convert::Infallible,
    num::{NonZeroU16, NonZeroU32},
    rc::Rc,
    task::Poll,
    time::Duration,
};

/// The three-channel activity model: 50 Hz, full scales 4, 2 and 2 g, 128 samples.
fn blob() -> Vec<u32> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/activity-accelerometer/model.srnn"
    );
    let bytes = std::fs::read(path).unwrap();
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|word| u32::from_le_bytes(*word))
        .collect()
}

/// The words as the bytes that they are in flash.
fn with_model(test: impl FnOnce(&Model<'_>)) {
    let words = blob();
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    // Wherever the allocator put them, four more bytes hold an aligned start.
    let mut padded = vec![0; bytes.len() + 4];
    let offset = padded.as_ptr().align_offset(4);
    padded[offset..][..bytes.len()].copy_from_slice(&bytes);
    test(&Model::parse(&padded[offset..][..bytes.len()]).unwrap());
}

#[derive(Default)]
struct World {
    now: u64,
    /// (tick, on).
    power: Vec<(u64, bool)>,
    /// (tick, sample).
    reads: Vec<(u64, u64)>,
    /// (tick, which, level): SEQ, AWAKE and UPDATE.
    marks: Vec<(u64, usize, bool)>,
    /// Ticks at which the sensor was looked for.
    tries: Vec<u64>,
}

type Shared = Rc<RefCell<World>>;

/// A millisecond a tick.
struct MockClock(Shared);

impl Clock for MockClock {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        1000
    }

    fn now(&mut self) -> u64 {
        self.0.borrow().now
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        let mut world = self.0.borrow_mut();
        world.now = world.now.max(tick);
        Ok(())
    }
}

struct MockSensor {
    world: Shared,
    channels: Vec<ChannelScale>,
    /// Ranges are set as they are wanted, up to this one.
    widest: f32,
    rate_hz: u32,
    /// Reads that still succeed.
    good: usize,
    /// From when on it is there, in ticks.
    boots_at: u64,
}

impl Described for MockSensor {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn find(&mut self) -> Result<(), &'static str> {
        let mut world = self.world.borrow_mut();
        let now = world.now;
        world.tries.push(now);
        if now < self.boots_at {
            return Err("still booting");
        }
        Ok(())
    }

    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), &'static str> {
        if self.good == 0 {
            return Err("no answer");
        }
        for (channel, full_scale) in self.channels.iter_mut().zip(full_scales) {
            channel.full_scale = full_scale.min(self.widest);
        }
        Ok(())
    }
}

impl Sensor for MockSensor {
    type Error = &'static str;
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: Duration::from_millis(4),
            off_pays: Duration::from_millis(8),
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), &'static str> {
        let mut world = self.world.borrow_mut();
        let now = world.now;
        world.power.push((now, true));
        Ok(())
    }

    fn power_down(&mut self) -> Result<(), &'static str> {
        let mut world = self.world.borrow_mut();
        let now = world.now;
        world.power.push((now, false));
        Ok(())
    }

    fn read(&mut self, sample: u64) -> Poll<Result<[i16; 3], &'static str>> {
        let mut world = self.world.borrow_mut();
        let now = world.now;
        if self.good == 0 {
            // Trying takes time, or the retries would never end.
            world.now += 1;
            return Poll::Ready(Err("no answer"));
        }
        self.good -= 1;
        world.reads.push((now, sample));
        let wave = (sample as i16 % 16) * 500;
        Poll::Ready(Ok([8192 + wave, -wave, wave]))
    }
}

fn sensor(world: &Shared, unit: &'static str, widest: f32) -> MockSensor {
    let channel = ChannelScale { unit, full_scale: 1.0 };
    MockSensor {
        world: world.clone(),
        channels: vec![channel; 3],
        widest,
        rate_hz: 400,
        good: usize::MAX,
        boots_at: 0,
    }
}

#[test]
fn a_sensor_that_boots_late_is_found_within_a_tenth_of_a_second() {
    for (boots_at, found, tries) in [
        (0, Ok(()), &[0][..]),
        (70, Ok(()), &[0, 50, 100]),
        (101, Err("still booting"), &[0, 50, 100]),
    ] {
        let world = Shared::default();
        let mut sensor = sensor(&world, "g", 4.0);
        sensor.boots_at = boots_at;
        assert_eq!(find(&mut sensor, &mut MockClock(world.clone())), found);
        assert_eq!(world.borrow().tries, tries);
    }
}

#[test]
fn what_refuses_says_why() {
    with_model(|model| {
        let world = Shared::default();
        let new = |sensor: MockSensor| {
            let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
            Classify::new(
                model,
                network,
                sensor,
                MockClock(world.clone()),
                Markers::NONE,
                (Unwired, 0),
                Controller::default(),
            )
            .map(|_| ())
        };
        assert_eq!(new(sensor(&world, "g", 4.0)), Ok(()));
        let mut dead = sensor(&world, "g", 4.0);
        dead.good = 0;
        let dead = new(dead).unwrap_err();
        assert_eq!(dead, ClassifyError::Sensor("no answer"));
        assert!(dead.to_string().contains("no answer"), "{dead}");
        let other = new(sensor(&world, "m/s^2", 4.0)).unwrap_err();
        assert_eq!(other, ClassifyError::Mismatch(Mismatch::Unit { channel: 0 }));
        assert!(other.to_string().contains("unit"), "{other}");
        let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
        let error = Classify::new(
            model,
            network,
            sensor(&world, "g", 4.0),
            MockClock(world.clone()),
            Markers::NONE,
            (StuckPin, 0),
            Controller::default(),
        )
        .map(|_| ())
        .unwrap_err();
        assert_eq!(error, ClassifyError::Pin);
        assert!(error.to_string().contains("pin"), "{error}");
    });
}

#[test]
fn decisions_set_the_pin_and_the_sensor_is_on_only_around_its_reads() {
    with_model(|model| {
        let world = Shared::default();
        let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
        let clock = MockClock(world.clone());
        // Low at first; what the model decides on this input, it decides twice.
        let mut probe = Classify::new(
            model,
            network,
            sensor(&world, "g", 4.0),
            clock,
            Markers::NONE,
            (Unwired, 0),
            Controller::default(),
        )
        .unwrap();
        let Event::Decided(first, ..) = probe.next_event().unwrap() else {
            panic!("no decision");
        };
        assert_eq!(first.sequence, 0);
        let class = first.class;

        let world = Shared::default();
        let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
        let mut pin = PinMock::new(&[
            Transaction::set(State::Low),
            Transaction::set(State::High),
            Transaction::set(State::High),
        ]);
        let sensor = sensor(&world, "g", 4.0);
        let mut classify = Classify::new(
            model,
            network,
            sensor,
            MockClock(world.clone()),
            Markers {
                seq: Marker(world.clone(), 0),
                awake: Marker(world.clone(), 1),
                update: Marker(world.clone(), 2),
            },
            (pin.clone(), class),
            Controller::default(),
        )
        .unwrap();
        let mut updates = 0;
        for sequence in 0..2 {
            let Event::Decided(decision, counters, _) = classify.next_event().unwrap() else {
                panic!("no decision");
            };
            assert_eq!((decision.sequence, decision.class), (sequence, class));
            updates += u64::from(decision.updates);
            assert_eq!((counters.updates, counters.failures), (updates, 0));
        }
        pin.done();
        let world = world.borrow();
        assert_eq!(world.reads.len() as u64, updates);
        let origin = world.reads[0].0;
        for (tick, sample) in &world.reads {
            // Exactly on the grid of 20 ms, and powered for at least the turn-on time.
            assert_eq!((tick - origin) % 20, 0, "sample {sample}");
            let (since, on) = *world.power.iter().rfind(|(at, _)| at < tick).unwrap();
            assert!(on && tick - since >= 4, "sample {sample} at {tick}, on since {since}");
        }
        assert!(
            world.power.iter().filter(|(_, on)| !on).count() > 2,
            "never switched off"
        );
        marks_show_what_the_board_did(&world);
    });
}

/// SEQ spans each sequence, UPDATE is high once for each read, at its tick, and AWAKE is low in between.
fn marks_show_what_the_board_did(world: &World) {
    let of = |which: usize| {
        let of = move |mark: &&(u64, usize, bool)| mark.1 == which;
        world.marks.iter().filter(of).map(|(tick, _, level)| (*tick, *level))
    };
    let seq: Vec<(u64, bool)> = of(0).collect();
    let starts = world.reads.iter().filter(|(_, sample)| *sample == 0);
    let starts: Vec<u64> = starts.map(|(tick, _)| *tick).collect();
    assert_eq!(
        seq.iter()
            .filter(|(_, level)| *level)
            .map(|(tick, _)| *tick)
            .collect::<Vec<_>>(),
        starts
    );
    // Low at first, then high and low for each sequence.
    assert_eq!(seq.len(), 1 + 2 * starts.len());
    let updates: Vec<u64> = of(2).filter(|(_, level)| *level).map(|(tick, _)| tick).collect();
    let reads: Vec<u64> = world.reads.iter().map(|(tick, _)| *tick).collect();
    assert_eq!(updates, reads);
    let awake: Vec<(u64, bool)> = of(1).collect();
    assert_eq!(awake[0], (0, true));
    let slept: u64 = awake[1..]
        .chunks_exact(2)
        .map(|sleep| {
            let [(from, false), (to, true)] = sleep else {
                panic!("{sleep:?}");
            };
            to - from
        })
        .sum();
    assert_eq!(slept, world.now, "time passes asleep only in this test");
}

/// A marker pin that notes its levels.
struct Marker(Shared, usize);

impl embedded_hal::digital::ErrorType for Marker {
    type Error = Infallible;
}

impl embedded_hal::digital::OutputPin for Marker {
    fn set_low(&mut self) -> Result<(), Infallible> {
        let mut world = self.0.borrow_mut();
        let now = world.now;
        world.marks.push((now, self.1, false));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        let mut world = self.0.borrow_mut();
        let now = world.now;
        world.marks.push((now, self.1, true));
        Ok(())
    }
}

#[test]
fn a_sensor_that_fails_costs_sequences_and_then_ends_it() {
    with_model(|model| {
        let world = Shared::default();
        let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
        let mut failing = sensor(&world, "g", 4.0);
        failing.good = 2;
        let settings = Settings {
            budget: Some(Budget {
                allowance_uj_per_hour: NonZeroU32::new(1_000_000).unwrap(),
                base_nj: 7,
                update_nj: NonZeroU32::new(1000).unwrap(),
                pauses: Pauses {
                    switch_nj: 300,
                    on_nj: 20,
                    off_from: 2,
                },
                horizon: NonZeroU16::new(9).unwrap(),
            }),
            ..Settings::default()
        };
        let control = settings.controller(model, 128).unwrap();
        let clock = MockClock(world.clone());
        let mut classify = Classify::new(model, network, failing, clock, Markers::NONE, (Unwired, 0), control).unwrap();
        for _ in 0..2 {
            assert!(matches!(classify.next_event(), Ok(Event::Lost(_))));
        }
        // The first made two updates, which are booked, with a sample between them and the switching off behind them; neither
        // lasted as long as a sequence that earns an allowance.
        let spending = classify.spending().unwrap();
        assert_eq!((spending.booked_nj, spending.allowed_nj), (2000 + 20 + 300, 0));
        let error = classify.next_event().unwrap_err();
        assert!(matches!(error, ClassifyError::Runner(_)));
        assert!(error.to_string().contains("no answer"), "{error}");
    });
}

/// A pin that takes no level.
struct StuckPin;

impl embedded_hal::digital::Error for StuckPin {
    fn kind(&self) -> embedded_hal::digital::ErrorKind {
        embedded_hal::digital::ErrorKind::Other
    }
}

impl std::fmt::Debug for StuckPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stuck")
    }
}

impl embedded_hal::digital::ErrorType for StuckPin {
    type Error = StuckPin;
}

impl embedded_hal::digital::OutputPin for StuckPin {
    fn set_low(&mut self) -> Result<(), StuckPin> {
        Err(StuckPin)
    }

    fn set_high(&mut self) -> Result<(), StuckPin> {
        Err(StuckPin)
    }
}
