//! A vibration-like stream: an accelerometer on a machine, and the machine's state ten times a second. The network is a dense GRU
//! of 12 units without a skip gate; the runner reads every sample at its instant, sleeps in between, and never resets the state.
//!
//! The signal is synthetic, 100 samples a second: a machine that stands still, one that runs (a vibration of 12.5 Hz), and one
//! whose bearing is worn (the same with a knock about five times a second). It stands in for a machine, and says nothing of a real
//! one. The model was made by
//!
//! ```text
//! cargo run --package skiprnn-nostd --example vibration -- recordings/vibration      writes x.npy and y.npy
//! skiprnn train dataset --data recordings/vibration --cell gru --hidden 12 --steps 1000 --threads 1 --sample-period-s 0.01 \
//!     --out runs/vibration
//! skiprnn quantize runs/vibration --out vibration.srnn --length 0 --name vibration --class-names still,running,worn \
//!     --channel-names ax,ay,az --channel-units g,g,g --full-scale 4,4,4
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use board::Noise;
use core::{cell::Cell, convert::Infallible, num::NonZeroU32, task::Poll, time::Duration};
use skiprnn_nostd::{
    Sequence, network,
    runner::{ChannelScale, Clock, Config, Described, Profile, Runner, Sensor, fit},
};

network!(mod vibration, "vibration.srnn");

/// One g in counts: 32,768 of them are 4 g.
const G: i16 = 8192;
/// Samples from one answer to the next.
const EVERY: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Answers for which a state has to hold until it is reported.
const HOLD: u32 = 5;

/// The machine, sample by sample, with the class that is right at each.
struct Machine {
    noise: Noise,
    class: usize,
    age: u32,
    until: u32,
    knock: u32,
}

impl Machine {
    const fn new(seed: u32) -> Self {
        Machine {
            noise: Noise(seed),
            class: 0,
            age: 0,
            until: 150,
            knock: 0,
        }
    }
}

impl Iterator for Machine {
    type Item = (vibration::Sample, usize);

    fn next(&mut self) -> Option<Self::Item> {
        if self.age == self.until {
            // Another state than the one before.
            self.class = (self.class + 1 + self.noise.below(2) as usize) % 3;
            (self.age, self.until) = (0, 200 + self.noise.below(300));
        }
        let mut sample = [
            self.noise.within(G / 16),
            self.noise.within(G / 16),
            G + self.noise.within(G / 16),
        ];
        if self.class > 0 {
            // A triangle wave of eight samples, 0.4 g.
            let phase = (self.age % 8) as i16;
            sample[2] += (phase.min(8 - phase) - 2) * (G / 5);
            sample[0] += (phase.min(8 - phase) - 2) * (G / 20);
        }
        if self.class == 2 {
            self.knock = self.knock.checked_sub(1).unwrap_or(18 + self.noise.below(4));
            if self.knock == 0 {
                sample[0] += G;
                sample[1] -= G / 2;
            }
        }
        self.age += 1;
        Some((sample, self.class))
    }
}

/// A clock of 1 kHz that advances while somebody sleeps by it.
struct SleepingClock<'a>(&'a Cell<u64>);

impl Clock for SleepingClock<'_> {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        1000
    }

    fn now(&mut self) -> u64 {
        self.0.get()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.0.set(self.0.get().max(tick));
        Ok(())
    }
}

/// An accelerometer on the machine, whose range is 4 g.
struct Accelerometer<'a> {
    machine: Machine,
    /// What is right at the last sample.
    class: &'a Cell<usize>,
}

impl Described for Accelerometer<'_> {
    fn channels(&self) -> &[ChannelScale] {
        const {
            &[ChannelScale {
                unit: "g",
                full_scale: 4.0,
            }; 3]
        }
    }

    fn rate_hz(&self) -> u32 {
        200
    }
}

impl Sensor for Accelerometer<'_> {
    type Error = Infallible;
    type Sample = vibration::Sample;

    fn profile(&self) -> Profile {
        Profile {
            turn_on: Duration::from_millis(5),
            off_pays: Duration::from_millis(100),
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn power_down(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn read(&mut self, _: u64) -> Poll<Result<vibration::Sample, Infallible>> {
        let (sample, class) = self.machine.next().unwrap_or_default();
        self.class.set(class);
        Poll::Ready(Ok(sample))
    }
}

/// What became of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    answers: u32,
    right: u32,
    /// States that were reported, each when it had held.
    reports: u32,
    /// Those that were the machine's.
    true_reports: u32,
}

/// Watches the machine for ten minutes.
fn run() -> Option<Outcome> {
    let (now, class) = (Cell::new(0), Cell::new(0));
    let network = vibration::network().ok()?;
    let model = network.model().clone();
    let mut sensor = Accelerometer {
        machine: Machine::new(2),
        class: &class,
    };
    fit(&model, &mut sensor).ok()?;
    let mut config = Config::default();
    // Known from the emulator: far less than a millisecond at 64 MHz, so that nothing need be captured meanwhile.
    config.longest_update = Some(Duration::from_millis(1));
    let mut runner = Runner::new(Sequence::new(network), sensor, SleepingClock(&now), &config).ok()?;
    let mut outcome = Outcome::default();
    let (mut state, mut held, mut reported) = (0, 0, None);
    for _ in 0..6000 {
        let answer: vibration::Decision = runner.answer(Some(EVERY)).ok()?;
        outcome.answers += 1;
        outcome.right += u32::from(answer.class == class.get());
        held = if answer.class == state { held + 1 } else { 1 };
        state = answer.class;
        if held == HOLD && reported != Some(state) {
            reported = Some(state);
            outcome.reports += 1;
            outcome.true_reports += u32::from(state == class.get());
        }
    }
    Some(outcome)
}

#[cfg(not(target_os = "none"))]
fn main() -> std::io::Result<()> {
    if let Some(folder) = std::env::args_os().nth(1) {
        return board::recordings::write(folder.as_ref(), Machine::new(1), (300, 400), 1.0 / f32::from(G));
    }
    println!("{:?}", run().expect("the blob is sound"));
    Ok(())
}

#[test]
fn the_state_of_the_machine_is_reported() {
    let outcome = run().expect("the blob is sound");
    assert_eq!(outcome.answers, 6000);
    assert!(outcome.right * 10 > outcome.answers * 9, "{outcome:?}");
    assert!(
        outcome.reports > 100 && outcome.true_reports * 20 > outcome.reports * 19,
        "{outcome:?}"
    );
}

// On a chip: kept in the image, started by nobody.
#[cfg(target_os = "none")]
#[used]
static KEPT: fn() -> Option<Outcome> = run;
