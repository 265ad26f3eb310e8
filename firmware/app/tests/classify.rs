//! From a mock sensor to decisions: scaled as the model counts, on the pin, and what becomes of a sensor that fails.

use app::{
    MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS,
    classify::{Classify, ClassifyError, Event},
    sensor::{ChannelScale, Described, Mismatch, Scaled},
};
use embedded_hal_mock::eh1::digital::{Mock as PinMock, State, Transaction};
use skiprnn_nostd::{
    Instance, Model,
    runner::{Clock, Profile, Sensor},
};
use std::{cell::RefCell, convert::Infallible, rc::Rc, task::Poll, time::Duration};

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
    rate_hz: u32,
    /// Reads that still succeed.
    good: usize,
}

impl Described for MockSensor {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    fn rate_hz(&self) -> u32 {
        self.rate_hz
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

fn sensor(world: &Shared, unit: &'static str, full_scale: f32) -> MockSensor {
    let channel = ChannelScale { unit, full_scale };
    MockSensor {
        world: world.clone(),
        channels: vec![channel; 3],
        rate_hz: 400,
        good: usize::MAX,
    }
}

#[test]
fn a_model_for_another_sensor_is_refused_by_name() {
    with_model(|model| {
        let world = Shared::default();
        let refusal = |sensor: MockSensor| Scaled::new(model, sensor).map(|_| ()).unwrap_err();
        let narrow = refusal(sensor(&world, "g", 2.0));
        assert!(matches!(narrow, Mismatch::Range { channel: 0, .. }), "{narrow}");
        assert_eq!(
            narrow.to_string(),
            "channel 0: the model's full scale is 4000, the sensor's 2000 thousandths of its unit"
        );
        assert_eq!(refusal(sensor(&world, "m/s^2", 4.0)), Mismatch::Unit { channel: 0 });
        let mut slow = sensor(&world, "g", 4.0);
        slow.rate_hz = 25;
        assert_eq!(refusal(slow), Mismatch::Rate { model: 50, sensor: 25 });
        let mut few = sensor(&world, "g", 4.0);
        few.channels.pop();
        assert_eq!(refusal(few), Mismatch::Channels { model: 3, sensor: 2 });
    });
}

#[test]
fn counts_become_the_models() {
    with_model(|model| {
        let world = Shared::default();
        let mut scaled = Scaled::new(model, sensor(&world, "g", 4.0)).unwrap();
        // Full scales 4, 2 and 2 g before a sensor of 4 g.
        assert_eq!(
            scaled.read(3).map(|r| r.unwrap().to_vec()),
            Poll::Ready(vec![9692, -3000, 3000])
        );
        let mut wide = Scaled::new(model, sensor(&world, "g", 16.0)).unwrap();
        assert_eq!(wide.read(0).map(|r| r.unwrap()[0]), Poll::Ready(32_767), "saturated");
    });
}

#[test]
fn decisions_set_the_pin_and_the_sensor_is_on_only_around_its_reads() {
    with_model(|model| {
        let world = Shared::default();
        let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
        let clock = MockClock(world.clone());
        // Low at first; what the model decides on this input, it decides twice.
        let mut probe = Classify::new(model, network, sensor(&world, "g", 4.0), clock, AnyPin, 0).unwrap();
        let Event::Decided(first, _) = probe.decide().unwrap() else {
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
        let mut classify = Classify::new(model, network, sensor, MockClock(world.clone()), pin.clone(), class).unwrap();
        let mut updates = 0;
        for sequence in 0..2 {
            let Event::Decided(decision, counters) = classify.decide().unwrap() else {
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
    });
}

#[test]
fn a_sensor_that_fails_costs_sequences_and_then_ends_it() {
    with_model(|model| {
        let world = Shared::default();
        let network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
        let mut failing = sensor(&world, "g", 4.0);
        failing.good = 2;
        let mut classify = Classify::new(model, network, failing, MockClock(world.clone()), AnyPin, 0).unwrap();
        for _ in 0..2 {
            assert!(matches!(classify.decide(), Ok(Event::Lost(_))));
        }
        let error = classify.decide().unwrap_err();
        assert!(matches!(error, ClassifyError::Runner(_)));
        assert!(error.to_string().contains("no answer"), "{error}");
    });
}

/// A pin that nobody looks at.
struct AnyPin;

impl embedded_hal::digital::ErrorType for AnyPin {
    type Error = Infallible;
}

impl embedded_hal::digital::OutputPin for AnyPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
