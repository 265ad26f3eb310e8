//! Streams: answers within a sequence, and the state over the windows of one stream.

use super::{Mocked, PROFILE, fits, mock::*, runner};
use skiprnn_nostd::{
    Sequence,
    budget::Controller,
    runner::{Config, Decision, Runner, RunnerError},
};
use std::num::NonZeroU32;

fn every(samples: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(samples)
}

/// A network that never skips, on windows of `length` samples between which the state is kept or not.
fn dense(shared: &Shared, length: u32, keep_state: bool) -> Mocked {
    let network = MockNetwork::new(shared, length, &[0; 1000]);
    let mut config: Config = fits();
    config.keep_state = keep_state;
    let (sensor, clock) = (MockSensor::new(shared, PROFILE), MockClock::new(shared));
    Runner::new(Sequence::new(network), sensor, clock, &config).unwrap()
}

/// (sample, raw outputs) of the next answers.
fn answers(runner: &mut Mocked, count: usize, samples: Option<NonZeroU32>) -> Vec<(u64, Vec<i32>)> {
    let mut answer = || -> Decision<2> { runner.answer(samples).unwrap() };
    (0..count)
        .map(|_| answer())
        .map(|answer| (answer.sample, answer.logits.to_vec()))
        .collect()
}

#[test]
fn windows_that_keep_the_state_are_one_endless_stream() {
    let endless = answers(&mut dense(&Shared::at(7), 0, false), 24, every(1));
    let kept = answers(&mut dense(&Shared::at(7), 6, true), 24, every(1));
    let outputs = |answers: &[(u64, Vec<i32>)]| answers.iter().map(|(_, out)| out.clone()).collect::<Vec<_>>();
    assert_eq!(outputs(&kept), outputs(&endless));
    // In a window samples are counted from its start.
    assert!(kept.iter().zip(0..).all(|((sample, _), k)| *sample == k % 6));
    assert!(endless.iter().zip(0..).all(|((sample, _), k)| *sample == k));
    let reset = answers(&mut dense(&Shared::at(7), 6, false), 24, every(1));
    assert_eq!(reset[..6], kept[..6]);
    assert_ne!(outputs(&reset)[6..], outputs(&kept)[6..]);
}

#[test]
fn an_answer_every_k_samples_is_that_of_every_kth_step() {
    let all = answers(&mut dense(&Shared::at(0), 0, false), 30, every(1));
    let tenth = answers(&mut dense(&Shared::at(0), 0, false), 3, every(10));
    assert_eq!(tenth, [all[9].clone(), all[19].clone(), all[29].clone()]);
    // At the end of a window there is an answer, whatever is left of a block.
    let samples = |runner: &mut Mocked, count, k| answers(runner, count, k).iter().map(|a| a.0).collect::<Vec<_>>();
    assert_eq!(
        samples(&mut dense(&Shared::at(0), 8, true), 6, every(3)),
        [2, 5, 7, 2, 5, 7]
    );
    assert_eq!(samples(&mut dense(&Shared::at(0), 8, true), 2, None), [7, 7]);
}

#[test]
fn an_answer_of_a_network_that_skips_holds_until_its_next_update() {
    // Updates at samples 0, 1, 5, 9, 10 and, in blocks of four, answers after 1, 5 and 10.
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 12, &[0, 3, 3, 0, 9]);
    assert_eq!(
        answers(&mut runner, 3, every(4))
            .iter()
            .map(|a| a.0)
            .collect::<Vec<_>>(),
        [1, 5, 10]
    );
    assert!(!runner.is_under_way());
}

#[test]
fn a_window_that_loses_a_sample_ends_and_its_state_goes_on() {
    let shared = Shared::at(0);
    let mut runner = dense(&shared, 6, true);
    answers(&mut runner, 8, every(1));
    let before = runner.sequence().network().state;
    let broken = runner.parts_mut().0.answers.clone();
    broken.borrow_mut().extend([Answer::Bad; 9]);
    let lost: Result<Decision<2>, _> = runner.answer_with(&mut Controller::default(), every(1));
    assert!(matches!(lost, Err(RunnerError::Sensor { sample: 2, .. })), "{lost:?}");
    assert_eq!(runner.sequence().network().state, before);
    broken.borrow_mut().clear();
    let next: Decision<2> = runner.answer_with(&mut Controller::default(), every(1)).unwrap();
    assert_eq!((next.sequence, next.sample), (2, 0));
    // One update on the state that was left.
    assert_eq!(next.logits[1] as u32, runner.sequence().network().state);
    assert_ne!(
        next.logits[1] as u32,
        answers(&mut dense(&shared, 6, false), 1, every(1))[0].1[1] as u32
    );
}
