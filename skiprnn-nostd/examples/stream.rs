//! A live sensor, a clock and the runner, by an energy budget: the sensor is on from a few milliseconds before a sample that
//! the network needs, and the board asleep in between. Sensor and clock are mocks here; time passes while the board sleeps.
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use core::{
    cell::Cell,
    convert::Infallible,
    num::{NonZeroU16, NonZeroU32},
    task::Poll,
    time::Duration,
};
use skiprnn_nostd::{
    Sequence,
    budget::{Budget, Controller, Pauses, Setting, Spending},
    network,
    runner::{ChannelScale, Clock, Config, Counters, Described, Profile, Runner, Sensor, fit},
};

network!(mod activity, "activity.srnn");

/// Example figures, which pay for about 30 updates a sequence of 2.56 s: `skiprnn energy predict` gives those of a board and a
/// sensor.
const BUDGET: Budget = Budget {
    allowance_uj_per_hour: NonZeroU32::new(400_000).unwrap(),
    base_nj: 20_000,
    update_nj: NonZeroU32::new(9_000).unwrap(),
    pauses: Pauses::NONE,
    horizon: NonZeroU16::new(10).unwrap(),
};

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

/// An accelerometer that is tilted back and forth every second, and does not answer for 50 ms every ten seconds.
struct Tilting<'a> {
    now: &'a Cell<u64>,
    on: bool,
    channels: [ChannelScale; 3],
}

/// Read while switched off, or out of order.
#[derive(Debug)]
struct NoAnswer;

impl Described for Tilting<'_> {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    /// It has every range.
    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), NoAnswer> {
        for (channel, full_scale) in self.channels.iter_mut().zip(full_scales) {
            channel.full_scale = *full_scale;
        }
        Ok(())
    }

    fn rate_hz(&self) -> u32 {
        100
    }
}

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
        let in_order = self.now.get() % 327_680 > 1638;
        Poll::Ready(if self.on && in_order {
            Ok([8192 - tilt, tilt, 100])
        } else {
            Err(NoAnswer)
        })
    }
}

/// What became of the sequences.
#[cfg_attr(target_os = "none", allow(dead_code, reason = "read where it is printed"))]
struct Outcome {
    decided: u32,
    lost: u32,
    /// The class of the last decision.
    class: Option<usize>,
    spending: Spending,
    counters: Counters,
}

/// Runs a hundred sequences.
fn run() -> Option<Outcome> {
    let now = Cell::new(0);
    let network = activity::network().ok()?;
    let model = network.model().clone();
    let channel = ChannelScale {
        unit: "g",
        full_scale: 2.0,
    };
    let mut sensor = Tilting {
        now: &now,
        on: false,
        channels: [channel; 3],
    };
    fit(&model, &mut sensor).ok()?;
    let mut config = Config::default();
    // Known from the emulator: a millisecond at 64 MHz, so that nothing need be captured meanwhile.
    config.longest_update = Some(Duration::from_millis(1));
    let mut controller = Controller::new(
        &model,
        activity::SIZES.sequence_length,
        Setting::default(),
        Some(BUDGET),
    )
    .ok()?;
    let mut runner = Runner::new(Sequence::new(network), sensor, SleepingClock(&now), &config).ok()?;
    let (mut decided, mut lost, mut class) = (0, 0, None);
    for _ in 0..100 {
        let result: Result<activity::Decision, _> = runner.decide_with(&mut controller);
        match result {
            Ok(decision) => {
                decided += 1;
                class = Some(decision.class);
            }
            // The sequence was booked; the next call begins a new one.
            Err(_) => lost += 1,
        }
    }
    let spending = controller.spending()?;
    Some(Outcome {
        decided,
        lost,
        class,
        spending,
        counters: runner.counters(),
    })
}

#[cfg(not(target_os = "none"))]
fn main() {
    let outcome = run().expect("the blob is sound and fits");
    println!(
        "{} decided, {} lost, the last of class {:?}",
        outcome.decided, outcome.lost, outcome.class
    );
    let Spending {
        booked_nj, allowed_nj, ..
    } = outcome.spending;
    println!("{booked_nj} nJ booked, {allowed_nj} nJ allowed");
    println!("{:?}", outcome.counters);
}

// On a chip: kept in the image, started by nobody.
#[cfg(target_os = "none")]
#[used]
static KEPT: fn() -> Option<Outcome> = run;
