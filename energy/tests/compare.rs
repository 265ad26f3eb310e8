//! Schemes, break-even times and battery life against figures worked out by hand.

use energy::{
    Battery, Interval, Scheme, UpdateCost, Workload, battery_life, board, break_even, compare, predict, sensor,
};

fn workload() -> Workload {
    Workload {
        sequence_length: 128,
        sample_period_s: 0.02,
        updates_mean: 32.0,
        schedules: None,
        update: UpdateCost::Cycles {
            cycles: Interval::exact(20_000.0),
        },
        dense_update: UpdateCost::Cycles {
            cycles: Interval::exact(19_000.0),
        },
        head_macs: 32 * 6,
        channels: 3,
    }
}

#[test]
fn the_schemes_count_updates_wakes_and_reads() {
    let (mcu, accelerometer) = (board("nrf52840").unwrap(), sensor("lis3dh").unwrap());
    let c = compare(&mcu, &accelerometer, &workload()).unwrap();
    let counts: Vec<_> = c
        .scenarios
        .iter()
        .map(|s| (s.scheme, s.updates, s.wakes, s.reads))
        .collect();
    let expected = [
        (Scheme::Dense, 128.0, 128.0, 128.0),
        (Scheme::DenseFifo, 128.0, 4.0, 128.0),
        (Scheme::SkipPoll, 32.0, 128.0, 32.0),
        (Scheme::SkipSleep, 32.0, 32.0, 32.0),
        (Scheme::Subsampled, 32.0, 32.0, 32.0),
    ];
    assert_eq!(counts, expected);
    let p = predict(&mcu, &accelerometer, &workload()).unwrap();
    assert_eq!(c.scenarios[0].uj_per_sequence, p.dense_uj_per_sequence);
    assert_eq!(c.scenarios[3].uj_per_sequence, p.uj_per_sequence);
    let mid = |n: usize| c.scenarios[n].uj_per_sequence.mid;
    assert!(mid(3) < mid(2) && mid(2) < mid(1) && mid(1) < mid(0), "{c}");
    assert_eq!(c.scenarios[4].note.as_deref(), Some("sensor at 25 Hz"));
    for s in &c.scenarios {
        let sum: f64 = s.parts.named().iter().map(|(_, part)| part.mid).sum();
        assert!((sum / s.uj_per_sequence.mid - 1.0).abs() < 1e-12);
    }
    let without = compare(&mcu, &sensor("none").unwrap(), &workload()).unwrap();
    assert_eq!(without.scenarios.len(), 4);
}

#[test]
fn sleeping_pays_from_the_times_of_the_survey() {
    // About 0.18 ms on the U575 and 70 us on the L4R5.
    for (name, expected_s) in [("stm32u575", 0.18e-3), ("stm32l4r5", 70e-6)] {
        let b = break_even(&board(name).unwrap(), &sensor("none").unwrap(), &workload()).unwrap();
        let sleep = b.sleep_s.unwrap();
        assert!((sleep.mid / expected_s - 1.0).abs() < 0.1, "{name}: {sleep:?}");
        assert!(sleep.low < sleep.mid && sleep.mid < sleep.high);
        assert!(b.sensor_off_s.is_none() && b.sensor_off_from_samples.is_none());
    }
    let b = break_even(&board("stm32f411").unwrap(), &sensor("none").unwrap(), &workload()).unwrap();
    assert!(b.sleep_s.is_none());
}

#[test]
fn switching_the_sensor_off_pays_as_in_the_survey() {
    // Without the processor's share a gyroscope pays from 2 samples of 20 ms and an ADXL362 from more than 4; the
    // processor's wake-up and commands put that off, for the ADXL362 by much more than its 72 nJ per sample.
    let from = |part: &str| {
        let b = break_even(&board("nrf52840").unwrap(), &sensor(part).unwrap(), &workload()).unwrap();
        (b.sensor_off_from_samples.unwrap(), b.sensor_off_s.unwrap())
    };
    let (gyroscope, time_s) = from("lsm6dso");
    assert!(
        (2..=3).contains(&gyroscope) && time_s.low > 0.035,
        "{gyroscope} {time_s}"
    );
    assert!(from("adxl362").0 > 4);
    assert!(from("lis3dh").0 <= 3);
}

#[test]
fn a_battery_lasts_its_energy_over_the_average_power() {
    let (mcu, replay) = (board("nrf52840").unwrap(), sensor("none").unwrap());
    let p = predict(&mcu, &replay, &workload()).unwrap();
    // As many decisions as fit: the average power is the prediction's.
    let always = Battery {
        capacity_mah: 220.0,
        voltage_v: 3.0,
        usable_share: 0.8,
        decisions_per_hour: 3600.0 / p.sequence_s,
    };
    let days = battery_life(&always, &p, &mcu, &replay).unwrap().days;
    let expected = 220.0 * 3.0 * 0.8 * 3.6e6 / p.average_power_uw.mid / 86_400.0;
    assert!((days.mid / expected - 1.0).abs() < 1e-9);
    assert!(days.low < days.mid && days.mid < days.high);
    let seldom = battery_life(
        &Battery {
            decisions_per_hour: 1.0,
            ..always
        },
        &p,
        &mcu,
        &replay,
    )
    .unwrap()
    .days;
    assert!(seldom.mid > days.mid);
    let bad = [
        Battery {
            decisions_per_hour: 1e6,
            ..always
        },
        Battery {
            capacity_mah: 0.0,
            ..always
        },
        Battery {
            usable_share: 1.5,
            ..always
        },
    ];
    assert!(
        bad.iter()
            .all(|battery| battery_life(battery, &p, &mcu, &replay).is_err())
    );
}

#[test]
fn the_measured_skip_rnn_of_an_msp430_comes_out_of_the_model() {
    // n * 117.1 + (T - n) * 0.026 uJ: 244.8 ms at 1 MHz and 0.478 mW are 117.0 uJ an update; the decision is 54 cycles.
    let mut mcu = board("nrf52840").unwrap();
    let exact = |figure: &mut energy::Figure, value: f64| (figure.low, figure.mid, figure.high) = (value, value, value);
    exact(&mut mcu.supply_v, 3.29);
    exact(&mut mcu.clock_hz, 1e6);
    exact(&mut mcu.memory_cycle_factor, 1.0);
    exact(mcu.active_current_ua_per_mhz.as_mut().unwrap(), 478.0 / 3.29);
    mcu.active_workload = energy::ActiveWorkload::NeuralNetwork;
    let cycles = UpdateCost::Cycles {
        cycles: Interval::exact(244_800.0),
    };
    let work = Workload {
        update: cycles,
        dense_update: cycles,
        sample_period_s: 2.0,
        head_macs: 0,
        ..workload()
    };
    let c = compare(&mcu, &sensor("none").unwrap(), &work).unwrap();
    let update_uj = c.scenarios[1].parts.update.mid;
    let expected = 32.0 * 117.1 + 96.0 * 0.026;
    assert!((update_uj / expected - 1.0).abs() < 2e-3, "{update_uj} {expected}");
}
