//! Updates that take longer than the sample period: what captures the samples meanwhile, and what happens without capture.

use super::{
    PERIOD, PROFILE, SLOW,
    mock::{MockClock, MockNetwork, MockSensor, Shared, measured_at},
    runner, samples, unknown,
};
use skiprnn_nostd::{
    Sequence,
    runner::{CaptureQueue, Runner, RunnerError, Update},
};

/// The schedule of every sequence, as a simulator without time gives it.
fn simulated(runner_updates: &[Update], length: u32) -> Vec<(u64, u64)> {
    let shared = Shared::at(0);
    let mut network = MockNetwork::new(&shared, length, &[]);
    network.takes = vec![0];
    let mut schedule = Vec::new();
    let mut sequence = Sequence::new(network);
    for first in runner_updates.iter().filter(|u| u.sample == 0) {
        sequence.restart().unwrap();
        while let Some(sample) = sequence.due() {
            // All at the instants of this sequence.
            let tick = first.due + sample * PERIOD;
            sequence.step(&measured_at(tick)).unwrap();
            schedule.push((first.sequence, sample));
        }
    }
    schedule
}

fn slow(shared: &Shared) -> Sequence<MockNetwork> {
    let mut network = MockNetwork::new(shared, 50, &[]);
    network.takes = SLOW.to_vec();
    Sequence::new(network)
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes under Miri")]
fn slow_updates_keep_the_simulators_schedule_through_the_fifo() {
    let shared = Shared::at(5);
    let mut sensor = MockSensor::new(&shared, PROFILE);
    sensor.fifo = 32;
    let mut runner = Runner::new(slow(&shared), sensor, MockClock::new(&shared), &unknown()).unwrap();
    let updates: Vec<_> = (0..2000).map(|_| runner.update().unwrap()).collect();
    let ended = updates.iter().rposition(|u| u.next.is_none()).unwrap() + 1;
    assert_eq!(samples(&updates[..ended]), simulated(&updates[..ended], 50));
    let counters = runner.counters();
    assert!(counters.captured > 500 && counters.queue_high_water > 4, "{counters:?}");
    assert_eq!((counters.overflows, counters.missed), (0, 0));
}

/// A runner whose samples an interrupt captures into a queue of this depth.
fn queued<const N: usize>(
    shared: &Shared,
) -> Runner<impl skiprnn_nostd::runner::Sensor<Error = &'static str>, MockClock, MockNetwork> {
    let queue: &'static _ = Box::leak(Box::new(CaptureQueue::<[i16; 1], N>::new()));
    let world = shared.world.clone();
    let alarm = move |tick| world.borrow_mut().alarm = tick;
    let sensor = queue.attach(MockSensor::new(shared, PROFILE), alarm);
    let world = shared.world.clone();
    let sample = move || Some(measured_at(world.borrow().now));
    *shared.interrupt.borrow_mut() = Some(Box::new(move |_| queue.capture(&sample)));
    Runner::new(slow(shared), sensor, MockClock::new(shared), &unknown()).unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes under Miri")]
fn slow_updates_keep_the_simulators_schedule_through_the_queue() {
    let shared = Shared::at(5);
    let mut runner = queued::<32>(&shared);
    let updates: Vec<_> = (0..2000).map(|_| runner.update().unwrap()).collect();
    let ended = updates.iter().rposition(|u| u.next.is_none()).unwrap() + 1;
    assert_eq!(samples(&updates[..ended]), simulated(&updates[..ended], 50));
    let counters = runner.counters();
    assert!(counters.captured > 500 && counters.queue_high_water > 4, "{counters:?}");
    // Every instant at which the sensor was read directly is that of its sample.
    assert!(shared.reads().iter().all(|(_, at)| (at - 5) % PERIOD == 0));
}

#[test]
fn a_queue_that_overflows_is_counted_and_named() {
    let shared = Shared::at(5);
    let mut runner = queued::<2>(&shared);
    let results: Vec<_> = (0..2000).map(|_| runner.update()).collect();
    let overflows = results
        .iter()
        .filter(|r| matches!(r, Err(RunnerError::Overflow { .. })))
        .count();
    assert!(overflows > 0);
    assert_eq!(runner.counters().overflows, overflows as u64);
    assert_eq!(runner.counters().queue_high_water, 2);
    // Nothing else goes wrong, and what is decided is what the simulator decides.
    assert!(
        results
            .iter()
            .all(|r| matches!(r, Ok(_) | Err(RunnerError::Overflow { .. })))
    );
    let whole: Vec<_> = results
        .split(|r| r.is_err())
        .flat_map(|good| {
            let good: Vec<Update> = good.iter().map(|r| *r.as_ref().unwrap()).collect();
            let ended = good.iter().rposition(|u| u.next.is_none()).map_or(0, |k| k + 1);
            good[..ended].to_vec()
        })
        .collect();
    assert_eq!(samples(&whole), simulated(&whole, 50));
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes under Miri")]
fn without_capture_a_slow_update_loses_samples_by_name() {
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 50, &[0; 50]);
    runner.network_mut().takes = vec![3, 45];
    runner.update().unwrap();
    runner.update().unwrap();
    let error = runner.update().unwrap_err();
    assert_eq!(
        error,
        RunnerError::Missed {
            sample: 2,
            late_ticks: 25
        }
    );
}
