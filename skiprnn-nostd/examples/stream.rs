//! A live sensor, a clock and the runner: the sensor is on from a few milliseconds before a sample that the network
//! needs, and the board asleep in between. Sensor and clock are mocks here; time passes while the board sleeps.
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use core::{cell::Cell, convert::Infallible, task::Poll, time::Duration};
use skiprnn_nostd::{
    Instance, Model, Sequence, include_blob,
    runner::{Clock, Config, Counters, Decision, Profile, Runner, Sensor},
};

static BLOB: &[u8] = include_blob!("activity.srnn");

/// A clock of 32,768 Hz that advances while somebody sleeps by it.
struct SleepingClock<'a>(&'a Cell<u64>);

impl Clock for SleepingClock<'_> {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        32_768
    }

    fn now(&mut self) -> u64 {
        self.0.get()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.0.set(self.0.get().max(tick));
        Ok(())
    }
}

/// An accelerometer that is tilted back and forth every second.
struct Tilting<'a> {
    now: &'a Cell<u64>,
    on: bool,
}

/// Read while switched off.
#[derive(Debug)]
struct NoAnswer;

impl Sensor for Tilting<'_> {
    type Error = NoAnswer;
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: Duration::from_millis(7),
            off_pays: Duration::from_millis(15),
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), NoAnswer> {
        self.on = true;
        Ok(())
    }

    fn power_down(&mut self) -> Result<(), NoAnswer> {
        self.on = false;
        Ok(())
    }

    fn read(&mut self, _sample: u64) -> Poll<Result<[i16; 3], NoAnswer>> {
        let phase = (self.now.get() % 32_768) as i32;
        let tilt = (phase.min(32_768 - phase) / 3) as i16;
        Poll::Ready(if self.on {
            Ok([8192 - tilt, tilt, 100])
        } else {
            Err(NoAnswer)
        })
    }
}

/// Returns the last of ten decisions, and what the runner counted.
fn run() -> Option<(Decision<6>, Counters)> {
    let now = Cell::new(0);
    let network = Instance::<32, 1, 3>::new(Model::parse(BLOB).ok()?).ok()?;
    let sensor = Tilting { now: &now, on: false };
    let config = Config {
        // Known from the emulator: a millisecond at 64 MHz, so that nothing need be captured meanwhile.
        longest_update: Some(Duration::from_millis(1)),
        ..Config::default()
    };
    let mut runner = Runner::new(Sequence::new(network), sensor, SleepingClock(&now), &config).ok()?;
    let mut last = runner.decide().ok()?;
    for _ in 1..10 {
        last = runner.decide().ok()?;
    }
    Some((last, runner.counters()))
}

#[cfg(not(target_os = "none"))]
fn main() {
    let (last, counters) = run().expect("the blob is sound and fits");
    println!("{last:?}\n{counters:?}");
}

// On a chip: kept in the image, started by nobody.
#[cfg(target_os = "none")]
#[used]
static KEPT: fn() -> Option<(Decision<6>, Counters)> = run;
