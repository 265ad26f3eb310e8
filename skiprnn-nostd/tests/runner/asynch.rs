//! The async runner beside the blocking one.

use super::{
    PROFILE, SLOW, fits,
    mock::{Answer, MockClock, MockNetwork, MockSensor, Shared, block_on},
    unknown,
};
use skiprnn_nostd::{
    Sequence,
    runner::{Config, Runner, RunnerError, asynch},
};
use std::num::NonZeroU32;

/// Every scenario once more through the async runner, event by event.
#[test]
fn async_is_the_same() {
    /// Script of skips, ticks of the updates, answers of the sensor, depth of its FIFO.
    type Scenario = (&'static [u32], &'static [u64], &'static [Answer], usize, Config);
    let scenarios: [Scenario; 5] = [
        (&[2, 0, 0], &[3], &[], 0, fits()),
        (&[], &SLOW, &[], 32, unknown()),
        (&[], &SLOW, &[], 2, unknown()),
        (&[0; 50], &[3, 45], &[], 0, fits()),
        (
            &[3, 9],
            &[3],
            &[Answer::Good, Answer::Bad, Answer::Bad, Answer::Good, Answer::Bad],
            0,
            fits(),
        ),
    ];
    for (script, takes, answers, fifo, config) in scenarios {
        let parts = || {
            let shared = Shared::at(5);
            let mut sensor = MockSensor::new(&shared, PROFILE);
            sensor.fifo = fifo;
            sensor.answers.borrow_mut().extend(answers);
            let mut network = MockNetwork::new(&shared, 50, script);
            network.takes = takes.to_vec();
            (Sequence::new(network), sensor, MockClock::new(&shared), shared)
        };
        let (sequence, sensor, clock, blocking_world) = parts();
        let mut blocking = Runner::new(sequence, sensor, clock, &config).unwrap();
        let (sequence, sensor, clock, async_world) = parts();
        let mut asynchronous = asynch::Runner::new(sequence, sensor, clock, &config).unwrap();
        for update in 0..300 {
            // From some update on, with a cap.
            if update == 150 {
                let cap = NonZeroU32::new(2);
                assert_eq!((asynchronous.set_cap(cap), blocking.set_cap(cap)), (Ok(()), Ok(())));
            }
            assert_eq!(block_on(asynchronous.update()), blocking.update());
        }
        assert_eq!(async_world.events(), blocking_world.events());
        assert_eq!(asynchronous.counters(), blocking.counters());
    }
}

#[test]
fn an_async_read_that_hangs_is_dropped() {
    let shared = Shared::at(0);
    let sensor = MockSensor::new(&shared, PROFILE);
    let answers = sensor.answers.clone();
    let sequence = Sequence::new(MockNetwork::new(&shared, 0, &[0; 9]));
    let mut runner = asynch::Runner::new(sequence, sensor, MockClock::new(&shared), &fits()).unwrap();
    answers.borrow_mut().extend([Answer::Pending, Answer::Pending]);
    let update = block_on(runner.update()).unwrap();
    // Two attempts of 5 ticks, each followed by a tick of patience.
    assert_eq!((update.sample, shared.now()), (0, 20 + 2 * 6 + 3));
    answers.borrow_mut().extend([Answer::Pending; 3]);
    assert_eq!(block_on(runner.update()), Err(RunnerError::Timeout { sample: 1 }));
    let counters = runner.counters();
    assert_eq!((counters.retries, counters.failures), (4, 1));
}
