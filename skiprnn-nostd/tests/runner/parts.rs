//! The parts around a runner: a clock made of a delay, a sensor behind a supply pin, and what comes back out.

use super::{PROFILE, fits, mock::*, runner};
use embedded_hal::{
    delay::DelayNs,
    digital::{ErrorKind, ErrorType, OutputPin},
};
use skiprnn_nostd::{
    Sequence,
    runner::{Clock, DelayClock, Runner, RunnerError, Sensor, SupplyError, SwitchedSupply},
};
use std::{cell::RefCell, rc::Rc};

/// The nanoseconds that a delay was asked for, one entry a call.
type Asked = Rc<RefCell<Vec<u32>>>;

/// A delay that takes a tick longer than it should, and remembers what it was asked for.
struct Slow {
    shared: Shared,
    ns_per_tick: u32,
    asked_ns: Asked,
}

impl DelayNs for Slow {
    fn delay_ns(&mut self, ns: u32) {
        self.asked_ns.borrow_mut().push(ns);
        let ticks = u64::from(ns.div_ceil(self.ns_per_tick)) + 1;
        self.shared.world.borrow_mut().now += ticks;
    }
}

/// A clock over [`Slow`], and what its delay was asked for.
fn delay_clock(shared: &Shared, rate: u32) -> (DelayClock<Slow, impl FnMut() -> u64 + use<>>, Asked) {
    let asked_ns = Asked::default();
    let delay = Slow {
        shared: shared.clone(),
        ns_per_tick: 1_000_000_000 / rate,
        asked_ns: asked_ns.clone(),
    };
    let world = shared.world.clone();
    (DelayClock::new(delay, move || world.borrow().now, rate), asked_ns)
}

#[test]
fn a_delay_is_asked_for_what_is_left_and_at_most_a_second() {
    let shared = Shared::at(100);
    let (mut clock, asked_ns) = delay_clock(&shared, 1000);
    assert_eq!((clock.ticks_per_second(), clock.now()), (1000, 100));
    clock.sleep_until(120).unwrap();
    assert_eq!((clock.now(), asked_ns.take()), (121, vec![20_000_000]));
    clock.sleep_until(121).unwrap();
    clock.sleep_until(7).unwrap();
    assert_eq!((clock.now(), asked_ns.take()), (121, vec![]), "the tick has come");
    // Each step aims at the tick again, so that the second step makes up for what the first one took too long.
    clock.sleep_until(121 + 1500).unwrap();
    assert_eq!((clock.now(), asked_ns.take()), (1622, vec![1_000_000_000, 499_000_000]));
    // A third of a second is no whole number of nanoseconds: rounded up, or it would wake too early.
    let (mut thirds, asked_ns) = delay_clock(&Shared::at(0), 3);
    thirds.sleep_until(1).unwrap();
    assert_eq!(asked_ns.take(), [333_333_334]);
}

#[test]
fn a_runner_keeps_its_grid_on_a_delay_that_takes_too_long() {
    let shared = Shared::at(0);
    let network = MockNetwork::new(&shared, 8, &[3, 9]);
    let (clock, _) = delay_clock(&shared, 1000);
    let mut runner = Runner::new(
        Sequence::new(network),
        MockSensor::new(&shared, PROFILE),
        clock,
        &fits(),
    )
    .unwrap();
    for _ in 0..50 {
        runner.decide::<2>().unwrap();
    }
    // Switched on a tick late and so ready a tick late, and read a tick after that; it never adds up.
    assert!(
        shared.reads().iter().all(|(_, at)| at % 20 == 2),
        "{:?}",
        shared.reads()
    );
    assert_eq!(runner.counters().missed, 0);
}

#[cfg(feature = "async")]
#[test]
fn an_async_delay_is_asked_for_the_same() {
    use skiprnn_nostd::runner::asynch;
    struct Ready(Slow);
    impl embedded_hal_async::delay::DelayNs for Ready {
        async fn delay_ns(&mut self, ns: u32) {
            DelayNs::delay_ns(&mut self.0, ns);
        }
    }
    let shared = Shared::at(0);
    let asked_ns = Asked::default();
    let delay = Ready(Slow {
        shared: shared.clone(),
        ns_per_tick: 1_000_000,
        asked_ns: asked_ns.clone(),
    });
    let world = shared.world.clone();
    let mut clock = DelayClock::new(delay, move || world.borrow().now, 1000);
    assert_eq!(asynch::Clock::ticks_per_second(&clock), 1000);
    block_on(asynch::Clock::sleep_until(&mut clock, 1500)).unwrap();
    assert_eq!(asynch::Clock::now(&mut clock), 1501);
    assert_eq!(asked_ns.take(), [1_000_000_000, 499_000_000]);
}

/// A supply pin that notes its levels.
struct Pin {
    levels: Rc<RefCell<Vec<&'static str>>>,
    stuck: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Stuck;

impl embedded_hal::digital::Error for Stuck {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Pin {
    type Error = Stuck;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Stuck> {
        self.levels.borrow_mut().push("low");
        if self.stuck { Err(Stuck) } else { Ok(()) }
    }

    fn set_high(&mut self) -> Result<(), Stuck> {
        self.levels.borrow_mut().push("high");
        if self.stuck { Err(Stuck) } else { Ok(()) }
    }
}

fn pin(stuck: bool) -> (Pin, Rc<RefCell<Vec<&'static str>>>) {
    let levels = Rc::new(RefCell::new(Vec::new()));
    let pin = Pin {
        levels: levels.clone(),
        stuck,
    };
    (pin, levels)
}

#[test]
fn a_supply_is_on_before_its_sensor_and_off_after_it() {
    let shared = Shared::at(0);
    let (pin, levels) = pin(false);
    let sensor = MockSensor::new(&shared, PROFILE);
    let mut supplied = SwitchedSupply::new(sensor, pin).unwrap();
    assert_eq!(levels.take(), ["low"], "off at first");
    assert_eq!(supplied.profile(), PROFILE);
    let network = MockNetwork::new(&shared, 8, &[9]);
    supplied.power_up().unwrap();
    supplied.power_down().unwrap();
    assert_eq!(levels.take(), ["high", "low"]);
    let mut runner = Runner::new(Sequence::new(network), supplied, MockClock::new(&shared), &fits()).unwrap();
    runner.decide::<2>().unwrap();
    assert_eq!((levels.take(), shared.reads().len()), (vec!["high", "low"], 1));
}

#[test]
fn a_supply_goes_off_where_its_sensor_fails_and_says_which_failed() {
    let shared = Shared::at(0);
    let (good, levels) = pin(false);
    let mut sensor = MockSensor::new(&shared, PROFILE);
    sensor.dead_for = 3;
    let supplied = SwitchedSupply::new(sensor, good).unwrap();
    let network = MockNetwork::new(&shared, 8, &[9]);
    let mut runner = Runner::new(Sequence::new(network), supplied, MockClock::new(&shared), &fits()).unwrap();
    let error = runner.update().unwrap_err();
    let expected = SupplyError::Sensor("no answer");
    assert_eq!(
        error,
        RunnerError::Sensor {
            sample: 0,
            error: expected
        }
    );
    assert_eq!(expected.to_string(), "\"no answer\"");
    assert_eq!(levels.take().last(), Some(&"low"));
    let (bad, _) = pin(true);
    assert_eq!(
        SwitchedSupply::new(MockSensor::new(&shared, PROFILE), bad).map(|_| ()),
        Err(Stuck)
    );
    assert_eq!(SupplyError::<(), _>::Pin(Stuck).to_string(), "supply pin: Stuck");
}

/// Samples wait in the FIFO of the sensor behind the pin.
#[test]
fn a_supply_hands_captured_samples_on() {
    let shared = Shared::at(5);
    let mut sensor = MockSensor::new(&shared, PROFILE);
    sensor.fifo = 32;
    let supplied = SwitchedSupply::new(sensor, pin(false).0).unwrap();
    let mut network = MockNetwork::new(&shared, 50, &[]);
    network.takes = super::SLOW.to_vec();
    let mut runner = Runner::new(
        Sequence::new(network),
        supplied,
        MockClock::new(&shared),
        &super::unknown(),
    )
    .unwrap();
    for _ in 0..200 {
        runner.update().unwrap();
    }
    let counters = runner.counters();
    assert!(counters.captured > 20 && counters.missed == 0, "{counters:?}");
}

#[test]
fn a_runner_gives_its_parts_back() {
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 8, &[3, 9]);
    runner.decide::<2>().unwrap();
    let (sensor, mut clock, sequence) = runner.into_parts();
    assert_eq!((sensor.profile(), clock.now()), (PROFILE, shared.now()));
    assert_eq!((sequence.timeline().updates(), sequence.network().ever), (2, 2));
    #[cfg(feature = "async")]
    {
        use skiprnn_nostd::runner::asynch;
        let mut runner = asynch::Runner::new(sequence, sensor, clock, &fits()).unwrap();
        block_on(runner.decide::<2>()).unwrap();
        assert_eq!(runner.into_parts().2.network().ever, 4);
    }
}

/// A wrapper around a part converts the errors of the runner, and may keep one of its own.
#[test]
fn an_error_of_a_part_is_converted_and_the_others_stay() {
    type Error = RunnerError<u8, u16, u32>;
    let plain: [Error; 6] = [
        RunnerError::SamplePeriod {
            sample_period_ns: 1,
            ticks_per_second: 2,
        },
        RunnerError::CappedStream,
        RunnerError::Timeout { sample: 3 },
        RunnerError::Overflow { sample: 4 },
        RunnerError::Missed {
            sample: 5,
            late_ticks: 6,
        },
        RunnerError::Outputs { needed: 7, capacity: 6 },
    ];
    let converted = |error: Error| {
        error.try_map(
            |s| if s == 0 { Err("pin") } else { Ok(u64::from(s)) },
            |c| Ok(u64::from(c) + 100),
            |n| Ok(u64::from(n) + 1000),
        )
    };
    for error in plain {
        assert_eq!(converted(error).unwrap().to_string(), error.to_string());
    }
    assert_eq!(converted(RunnerError::Sensor { sample: 9, error: 0 }), Err("pin"));
    assert_eq!(
        converted(RunnerError::Sensor { sample: 9, error: 1 }),
        Ok(RunnerError::Sensor { sample: 9, error: 1 })
    );
    assert_eq!(converted(RunnerError::Clock(2)), Ok(RunnerError::Clock(102)));
    assert_eq!(converted(RunnerError::Network(3)), Ok(RunnerError::Network(1003)));
}
