//! A loop over sequences by dial, cap and budget: what is set before each sequence, what is booked after it.

use super::{PERIOD, PROFILE, fit::model, fits, mock::*, runner};
use fixed::types::I16F16;
use proptest::prelude::*;
use skiprnn_nostd::{
    Network, Sequence,
    budget::{Budget, ControlError, Controller, Pauses, Setting, Spending, Usage},
    runner::{Decision, Runner, RunnerError},
};
use std::{
    collections::VecDeque,
    num::{NonZeroU16, NonZeroU32},
};

/// Pays for `updates` updates a sequence of the activity model (2.56 s): 20 uJ a sequence and 10 uJ an update.
fn budget(updates: u32) -> Budget {
    Budget {
        allowance_uj_per_hour: NonZeroU32::new((20 + 10 * updates) * 3600 * 100 / 256).unwrap(),
        base_nj: 20_000,
        update_nj: NonZeroU32::new(10_000).unwrap(),
        pauses: Pauses::NONE,
        horizon: NonZeroU16::new(10).unwrap(),
    }
}

/// A sequence that used this many samples, every second one.
fn usage(controller: &Controller<'_>, updates: u32) -> Usage {
    let mut usage = controller.usage();
    (0..updates).for_each(|k| usage.uses(u64::from(k) * 2));
    usage
}

fn setting(dial: f64, cap: u32) -> Setting {
    Setting {
        dial: I16F16::from_num(dial),
        cap: NonZeroU32::new(cap),
    }
}

#[test]
fn without_a_budget_every_sequence_has_the_same_setting() {
    let model = model();
    let mut fixed = Controller::new(&model, 128, setting(1.25, 12), None).unwrap();
    for updates in [3, 100] {
        fixed.decided(&usage(&fixed, updates));
        fixed.lost(&usage(&fixed, updates));
        fixed.measured(7);
        assert_eq!(fixed.setting(), setting(1.25, 12));
    }
    assert_eq!(fixed.spending(), None);
    assert_eq!(Controller::default().setting(), setting(0.0, 0));
}

#[test]
fn a_budget_turns_the_dial_with_what_is_left() {
    let model = model();
    let mut controller = Controller::new(&model, 128, setting(1.0, 0), Some(budget(24))).unwrap();
    let first = controller.setting().dial;
    controller.decided(&usage(&controller, 60));
    let poorer = controller.setting().dial;
    assert!(poorer < first, "36 updates too many have to be paid back");
    let allowed_nj = controller.spending().unwrap().allowed_nj;
    assert!((259_000..=260_000).contains(&allowed_nj), "{allowed_nj}");
    let booked_nj = 20_000 + 60 * 10_000;
    assert_eq!(controller.spending(), Some(Spending { allowed_nj, booked_nj }));
    // A lost sequence costs its updates and earns nothing.
    controller.lost(&usage(&controller, 5));
    let booked_nj = booked_nj + 5 * 10_000;
    assert_eq!(controller.spending(), Some(Spending { allowed_nj, booked_nj }));
    assert!(controller.setting().dial < poorer);
    // What is measured counts in place of the prices.
    controller.measured(1000);
    let (allowed_nj, booked_nj) = (2 * allowed_nj, booked_nj + 1000);
    assert_eq!(controller.spending(), Some(Spending { allowed_nj, booked_nj }));
    controller.measured(u64::MAX);
    assert_eq!(controller.spending().unwrap().booked_nj, u64::MAX, "saturates");
}

#[test]
fn the_smaller_of_two_caps_holds() {
    let model = model();
    // Six updates are fewer than the lowest dial makes.
    let cap = |cap| {
        let controller = Controller::new(&model, 128, setting(0.0, cap), Some(budget(6))).unwrap();
        controller.setting().cap.unwrap().get()
    };
    let paid = cap(0);
    assert!(paid <= 6, "{paid}");
    assert_eq!((cap(100), cap(1)), (paid, 1));
}

#[test]
fn endless_streams_are_neither_capped_nor_budgeted() {
    let model = model();
    let refused = |cap, budget| Controller::new(&model, 0, setting(0.0, cap), budget).unwrap_err();
    assert_eq!(refused(3, None), ControlError::EndlessCap);
    assert_eq!(refused(0, Some(budget(6))), ControlError::EndlessBudget);
    assert!(Controller::new(&model, 0, setting(2.0, 0), None).is_ok());
}

/// The loop of the README: a sequence that loses a sample is booked, and the next one is decided.
#[test]
fn a_loop_survives_a_lost_sample() {
    let model = model();
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 8, &[3, 9]);
    let mut controller = Controller::new(&model, 128, Setting::default(), Some(budget(24))).unwrap();
    let mut dials = Vec::new();
    // The sleeps of a sequence: to the turn-on, to sample 0, to the turn-on, to sample 4, which is a period late here.
    runner.parts_mut().1.oversleeps = VecDeque::from([0, 0, 0, PERIOD, 0]);
    let mut results = Vec::new();
    for _ in 0..3 {
        results.push(runner.decide_with::<2>(&mut controller));
        dials.push(runner.sequence().network().dial);
    }
    assert!(matches!(results[0], Err(RunnerError::Missed { sample: 4, .. })));
    assert!(results[1..].iter().all(|result| result.as_ref().unwrap().updates == 2));
    // One update was made before the loss, two in each of the other sequences.
    assert_eq!(
        controller.spending().unwrap().booked_nj,
        10_000 + 2 * (20_000 + 2 * 10_000)
    );
    assert!(dials[1] < dials[0] && dials[2] > dials[1], "{dials:?}");
}

#[test]
fn the_cap_of_the_controller_reaches_the_runner() {
    let shared = Shared::at(0);
    let network = MockNetwork::new(&shared, 100, &[0; 100]);
    let (sensor, clock) = (MockSensor::new(&shared, PROFILE), MockClock::new(&shared));
    let mut runner = Runner::new(Sequence::new(network), sensor, clock, &fits()).unwrap();
    let mut controller = Controller::new(&model(), 100, setting(-1.5, 5), None).unwrap();
    let decision: Decision<2> = runner.decide_with(&mut controller).unwrap();
    assert_eq!(
        (decision.updates, runner.sequence().network().dial),
        (5, I16F16::from_num(-1.5))
    );
    runner.set(setting(0.5, 3)).unwrap();
    assert_eq!(runner.decide::<2>().unwrap().updates, 3);
    runner.network_mut().set_dial(I16F16::ZERO);
    assert_eq!(runner.sequence().network().dial, I16F16::ZERO);
}

/// The mock sensor is off in pauses of two samples and more.
fn pausing(allowance_uj_per_hour: u32) -> Budget {
    Budget {
        allowance_uj_per_hour: NonZeroU32::new(allowance_uj_per_hour).unwrap(),
        pauses: Pauses {
            switch_nj: 7_000,
            on_nj: 300,
            off_from: 2,
        },
        ..budget(24)
    }
}

proptest! {
    /// The runner and a loop that only knows the schedule book the same, and what is booked as switched was switched.
    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn what_is_booked_is_what_the_runner_did(
        skips in proptest::collection::vec(0u32..6, 30),
        length in 2u32..30,
        allowance in 1000u32..100_000_000,
    ) {
        let shared = Shared::at(0);
        let network = MockNetwork::new(&shared, length, &skips);
        let (sensor, clock) = (MockSensor::new(&shared, PROFILE), MockClock::new(&shared));
        let mut runner = Runner::new(Sequence::new(network), sensor, clock, &fits()).unwrap();
        let model = model();
        let new = || Controller::new(&model, length, Setting::default(), Some(pausing(allowance))).unwrap();
        let (mut board, mut host) = (new(), new());
        let mut switched = 0;
        let mut due = 0;
        for _ in 0..3 {
            runner.decide_with::<2>(&mut board).unwrap();
            let mut usage = host.usage();
            let cap = host.setting().cap.map_or(30, NonZeroU32::get) as usize;
            let (mut sample, length) = (0, u64::from(length));
            for (index, skip) in skips.iter().enumerate() {
                usage.uses(sample);
                due += 1;
                let after = sample + 1 + u64::from(*skip);
                let next = if index + 1 < cap { after.min(length) } else { length };
                switched += u64::from(next - sample >= 2);
                sample = next;
                if sample == length {
                    break;
                }
            }
            host.decided(&usage);
            prop_assert_eq!(board.spending(), host.spending());
            prop_assert_eq!(board.setting(), host.setting());
        }
        prop_assert_eq!(runner.counters().updates, due);
        let offs = shared.events().iter().filter(|event| matches!(event, Event::Off(_))).count() as u64;
        prop_assert_eq!(offs, switched);
    }
}

#[test]
fn a_lost_sequence_books_its_pauses() {
    let model = model();
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 8, &[0, 2, 9]);
    let mut controller = Controller::new(&model, 8, Setting::default(), Some(pausing(100_000_000))).unwrap();
    // The sleeps: to the turn-on, to sample 0, to sample 1 with the sensor on, to the turn-on, to sample 4, a period late.
    runner.parts_mut().1.oversleeps = VecDeque::from([0, 0, 0, 0, PERIOD]);
    let lost = runner.decide_with::<2>(&mut controller);
    assert!(matches!(lost, Err(RunnerError::Missed { sample: 4, .. })), "{lost:?}");
    // A pause of one sample with the sensor on, and one that it was off in.
    let booked_nj = 2 * 10_000 + 300 + 7_000;
    assert_eq!(controller.spending().unwrap().booked_nj, booked_nj);
}
