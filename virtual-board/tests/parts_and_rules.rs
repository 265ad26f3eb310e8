//! What drivers do with the parts, as the rules see it: the transfers of a driver, byte by byte at 400 kHz, without a
//! chip.

use std::sync::Arc;
use virtual_board::{
    event::Events,
    part::{
        Adxl362, GYROSCOPE_TURN_ON, GYROSCOPE_TURN_ON_SLOW, I2cPart, Lis3dh, Lsm6ds, Lsm6dsSettings, Lsm6dsVariant,
        SpiPart, Still,
    },
    rules::{Checks, EarlyLook, PullAgainstLevel, RepeatedSample, RunEnd, UnsettledSample},
    time::Time,
};

/// A byte with its acknowledgement at 400 kHz.
const BYTE: Time = Time::from_ns(22_500);
/// Sample period of the models.
const PERIOD: Time = Time::from_ms(20);
/// How long a program waits before it looks again.
const POLL: Time = Time::from_us(600);

/// A part, a controller's time, and the rules that watch.
struct Bench<P> {
    part: P,
    now: Time,
    events: Events,
    checks: Checks,
}

impl<P> Bench<P> {
    fn new(part: P) -> Self {
        let checks = Checks::new(vec![
            Box::new(PullAgainstLevel),
            Box::new(UnsettledSample::default()),
            Box::new(RepeatedSample::default()),
            Box::new(EarlyLook::default()),
        ]);
        Self {
            part,
            now: Time::ZERO,
            events: Events::default(),
            checks,
        }
    }

    fn watch(&mut self) {
        for event in self.events.take() {
            self.checks.observe(&event);
        }
    }

    /// The names of the rules that were broken.
    fn found(mut self) -> Vec<&'static str> {
        self.checks.finish(&RunEnd {
            now: self.now,
            lowest_sp: 0,
            stack: 0..0,
        });
        self.checks.found().iter().map(|found| found.first.rule).collect()
    }
}

impl<P: I2cPart> Bench<P> {
    fn tick(&mut self) -> Time {
        self.now += BYTE;
        self.now
    }

    fn write(&mut self, bytes: &[u8]) {
        let now = self.tick();
        assert!(self.part.start(false, now, &mut self.events));
        for byte in bytes {
            let now = self.tick();
            assert!(self.part.write(*byte, now, &mut self.events));
        }
        self.stop();
    }

    fn read<const N: usize>(&mut self, subaddress: u8) -> [u8; N] {
        let now = self.tick();
        assert!(self.part.start(false, now, &mut self.events));
        let now = self.tick();
        assert!(self.part.write(subaddress, now, &mut self.events));
        let now = self.tick();
        assert!(self.part.start(true, now, &mut self.events));
        let bytes = [(); N].map(|()| {
            let now = self.tick();
            self.part.read(now, &mut self.events)
        });
        self.stop();
        bytes
    }

    fn stop(&mut self) {
        self.part.stop(self.now, &mut self.events);
        assert_eq!(self.part.take_stop(), None);
        self.watch();
    }
}

fn still() -> Arc<Still> {
    Arc::new(Still {
        acceleration_g: [0.1, 0.2, 0.9],
        rate_rad_s: [0.3, 0.2, 0.1],
    })
}

/// How a LIS3DH is driven: what switches it on, and how long before a sample.
#[derive(Clone, Copy)]
struct Lis3dhUse {
    disconnect_pull_up: bool,
    /// It reads the register before it changes it.
    reads_first: bool,
    on: u8,
    turn_on: Time,
}

/// Twenty samples, the part off in between; the rules that were broken.
fn lis3dh(usage: Lis3dhUse, rate_error_ppm: i32) -> Vec<&'static str> {
    let mut bench = Bench::new(Lis3dh::new(still(), false, rate_error_ppm));
    bench.write(&[0x20, 0x07]);
    bench.write(&[0x23, 0x80]);
    if usage.disconnect_pull_up {
        bench.write(&[0x1e, 0x90]);
    }
    for sample in 1..=20 {
        let due = Time::from_ps(PERIOD.ps() * sample);
        bench.now = due - usage.turn_on;
        if usage.reads_first {
            bench.read::<1>(0x20);
        }
        bench.write(&[0x20, usage.on]);
        bench.now = due;
        while bench.read::<7>(0x80 | 0x27)[0] & 0x08 == 0 {
            bench.now += POLL;
        }
        bench.write(&[0x20, 0x07]);
    }
    bench.found()
}

#[test]
fn a_lis3dh_without_slack_and_with_its_pull_up_is_found() {
    let usage = Lis3dhUse {
        disconnect_pull_up: false,
        reads_first: true,
        on: 0x7f,
        turn_on: Time::from_us(3_500),
    };
    assert_eq!(lis3dh(usage, 0), ["pull-against-level", "early-look"]);
}

#[test]
fn a_lis3dh_with_slack_and_without_its_pull_up_is_not() {
    let usage = Lis3dhUse {
        disconnect_pull_up: true,
        reads_first: false,
        on: 0x77,
        turn_on: Time::from_us(4_600),
    };
    for rate_error_ppm in [-100_000, -30_000, 0, 30_000, 100_000] {
        assert!(lis3dh(usage, rate_error_ppm).is_empty(), "{rate_error_ppm} ppm");
    }
}

/// Both sensors on at 208 Hz, one sample read after `turn_on`, ten times; the rules that were broken.
fn lsm6ds(turn_on: Time, settles: Time, rate_error_ppm: i32) -> Vec<&'static str> {
    let settings = Lsm6dsSettings {
        rate_error_ppm,
        gyroscope_turn_on: settles,
        ..Lsm6dsSettings::typical(Lsm6dsVariant::Dsl)
    };
    let mut bench = Bench::new(Lsm6ds::new(still(), settings));
    bench.write(&[0x12, 0x44]);
    for sample in 1..=10 {
        let due = Time::from_ms(300 * sample);
        bench.now = due - turn_on;
        bench.write(&[0x10, 0x50]);
        bench.write(&[0x11, 0x50]);
        bench.now = due;
        while bench.read::<1>(0x1e)[0] & 3 != 3 {
            bench.now += POLL;
        }
        bench.read::<12>(0x22);
        bench.write(&[0x11, 0x00]);
        bench.write(&[0x10, 0x00]);
    }
    bench.found()
}

#[test]
fn forty_milliseconds_are_too_few_for_a_slow_gyroscope() {
    assert_eq!(
        lsm6ds(Time::from_ms(40), GYROSCOPE_TURN_ON_SLOW, 0),
        ["unsettled-sample"]
    );
    assert!(lsm6ds(Time::from_ms(40), GYROSCOPE_TURN_ON, 0).is_empty());
}

#[test]
fn the_last_sample_before_the_look_must_have_settled_too() {
    // A sample may be a whole period of 208 Hz old when it is read.
    assert_eq!(
        lsm6ds(Time::from_ms(80), GYROSCOPE_TURN_ON_SLOW, 0),
        ["unsettled-sample"]
    );
    for rate_error_ppm in [-100_000, 0, 100_000] {
        assert!(lsm6ds(Time::from_ms(86), GYROSCOPE_TURN_ON_SLOW, rate_error_ppm).is_empty());
    }
}

/// A sample at 400 Hz after `turn_on`, ten times; the rules that were broken.
fn adxl362(turn_on: Time, rate_error_ppm: i32) -> Vec<&'static str> {
    fn exchange<const N: usize>(bench: &mut Bench<Adxl362>, bytes: [u8; N]) -> [u8; N] {
        bench.part.select(true, bench.now, &mut bench.events);
        let answer = bytes.map(|byte| bench.part.exchange(byte, bench.now, &mut bench.events));
        bench.part.select(false, bench.now, &mut bench.events);
        assert_eq!(bench.part.take_stop(), None);
        bench.watch();
        answer
    }
    let mut bench = Bench::new(Adxl362::new(still(), rate_error_ppm));
    exchange(&mut bench, [0x0a, 0x2c, 0x15]);
    for sample in 1..=10 {
        let due = Time::from_ms(100 * sample);
        bench.now = due - turn_on;
        exchange(&mut bench, [0x0a, 0x2d, 0x02]);
        bench.now = due;
        while exchange(&mut bench, [0x0b, 0x0b, 0])[2] & 1 == 0 {
            bench.now += POLL;
        }
        exchange(&mut bench, [0x0b, 0x0e, 0, 0, 0, 0, 0, 0]);
        exchange(&mut bench, [0x0a, 0x2d, 0x00]);
    }
    bench.found()
}

#[test]
fn four_periods_of_a_slow_clock_are_more_than_ten_milliseconds() {
    assert_eq!(adxl362(Time::from_ms(10), -50_000), ["early-look"]);
    for rate_error_ppm in [-100_000, 0, 100_000] {
        assert!(
            adxl362(Time::from_us(11_200), rate_error_ppm).is_empty(),
            "{rate_error_ppm} ppm"
        );
    }
}
