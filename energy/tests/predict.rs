//! The prediction against figures worked out by hand, and the properties an interval must have.

use energy::{
    ActiveWorkload, Board, Corner, Error, Evidence, Figure, Interval, Prices, Sensor, UpdateCost, Workload, board,
    boards, predict, prices, sensor, sensors,
};

fn workload() -> Workload {
    Workload {
        sequence_length: 128,
        sample_period_s: 0.02,
        updates_mean: 32.0,
        schedules: None,
        update: UpdateCost::Counted { instructions: 20_000 },
        dense_update: UpdateCost::Counted { instructions: 19_000 },
        head_macs: 32 * 6,
        channels: 3,
    }
}

fn exact(value: f64) -> Figure {
    Figure {
        low: value,
        mid: value,
        high: value,
        evidence: Evidence::Assumed,
        source: "test".into(),
    }
}

/// 1 V, 1 MHz, 1000 uA/MHz (1 nJ for each cycle, 1 mW awake), 10 uW asleep, 100 us and 0.1 uJ for a wake-up.
fn plain_board() -> Board {
    let mut plain = board("nrf52840").unwrap();
    plain.supply_v = exact(1.0);
    plain.clock_hz = exact(1e6);
    plain.active_workload = ActiveWorkload::NeuralNetwork;
    plain.active_current_ua_per_mhz = Some(exact(1000.0));
    plain.memory_cycle_factor = exact(1.0);
    plain.sleep_current_ua = exact(10.0);
    plain.wake_time_us = exact(100.0);
    plain.wake_current_ma = None;
    plain.wake_energy_uj = None;
    plain
}

/// 100 uW on, 1 uW off, 30 ms to turn on, 50 us to read.
fn plain_sensor() -> Sensor {
    let mut plain = sensor("lis3dh").unwrap();
    plain.supply_v = exact(1.0);
    plain.off_current_ua = exact(1.0);
    plain.turn_on_time_ms = exact(30.0);
    plain.turn_on_periods = exact(0.0);
    plain.read_time_us = exact(50.0);
    for rate in &mut plain.rates {
        rate.current_ua = exact(100.0);
    }
    plain
}

/// The sum of the prices over a schedule, by the middle figures.
fn priced(prices: &Prices, schedule: &[u32]) -> f64 {
    let ends = schedule[1..].iter().copied().chain([prices.sequence_length as u32]);
    let pauses = schedule.iter().zip(ends).map(|(from, to)| f64::from(to - from));
    let pauses: f64 = pauses.map(|samples| prices.pause_uj(samples)).sum();
    prices.base_uj.mid + schedule.len() as f64 * prices.update_uj.mid + pauses
}

/// Base, updates and pauses add up to the prediction for every schedule, whether the sensor is switched off in it or not.
#[test]
fn the_prices_of_a_schedule_give_its_prediction() {
    let schedules: [&[u32]; 5] = [
        &[0],
        &[0, 1, 2, 3],
        &[0, 3, 7, 12, 100],
        &[0, 5, 10, 20, 30, 127],
        &(0..128).collect::<Vec<_>>(),
    ];
    for (board_name, sensor_name) in [
        ("nrf52840", "lis3dh"),
        ("nrf52840", "lsm6dso-driver"),
        ("stm32l476", "bmi270"),
        ("rp2040", "none"),
    ] {
        let (board, sensor) = (board(board_name).unwrap(), sensor(sensor_name).unwrap());
        for schedule in schedules {
            let work = Workload {
                updates_mean: schedule.len() as f64,
                schedules: Some(vec![schedule.to_vec()]),
                ..workload()
            };
            let prices = prices(&board, &sensor, &work).unwrap();
            assert_eq!(prices.off_from_samples.is_some(), sensor_name != "none");
            let sum = priced(&prices, schedule);
            let predicted = predict(&board, &sensor, &work).unwrap().uj_per_sequence.mid;
            assert!(
                (sum - predicted).abs() < 1e-9 * predicted,
                "{board_name} {sensor_name} {schedule:?}: {sum} is not {predicted}"
            );
        }
    }
}

/// A budget of exactly what so many updates at equal distances cost pays for exactly that many.
#[test]
fn a_budget_pays_for_the_updates_that_cost_it() {
    for (board_name, sensor_name) in [("nrf52840", "lis3dh"), ("stm32l476", "bmi270"), ("rp2040", "none")] {
        let (board, sensor) = (board(board_name).unwrap(), sensor(sensor_name).unwrap());
        let prices = prices(&board, &sensor, &workload()).unwrap();
        for updates_mean in [1.0, 2.5, 13.0, 60.0, 128.0] {
            let work = Workload {
                updates_mean,
                ..workload()
            };
            let predicted = predict(&board, &sensor, &work).unwrap().uj_per_sequence.mid;
            let paid = prices.updates(predicted);
            assert!(
                (paid - updates_mean).abs() < 1e-6 * updates_mean,
                "{board_name} {sensor_name}: {paid} is not {updates_mean}"
            );
            assert!(prices.least_uj_per_hour() <= predicted * 3600.0 / prices.sequence_s * (1.0 + 1e-9));
        }
        assert_eq!(prices.updates(0.0), 0.0);
    }
}

/// A sensor that takes longer to start than a sequence lasts is on all the time, and the base has it.
#[test]
fn a_sensor_that_no_pause_is_long_enough_for_is_in_the_base() {
    let mut slow = plain_sensor();
    slow.turn_on_time_ms = exact(3000.0);
    let prices = prices(&plain_board(), &slow, &workload()).unwrap();
    assert_eq!(prices.off_from_samples, None);
    assert_eq!(
        (prices.switch_uj.mid, prices.on_uj.mid, prices.pause_uj(128.0)),
        (0.0, 0.0, 0.0)
    );
    let work = Workload {
        schedules: Some(vec![vec![0, 9]]),
        updates_mean: 2.0,
        ..workload()
    };
    let predicted = predict(&plain_board(), &slow, &work).unwrap().uj_per_sequence.mid;
    assert!((priced(&prices, &[0, 9]) - predicted).abs() < 1e-9 * predicted);
}

#[test]
fn the_sum_is_that_of_a_hand_calculation() {
    let cycles = UpdateCost::Cycles {
        cycles: Interval::exact(2000.0),
    };
    let work = Workload {
        sequence_length: 10,
        sample_period_s: 0.02,
        updates_mean: 3.0,
        schedules: Some(vec![vec![0, 1, 3]]),
        update: cycles,
        dense_update: cycles,
        head_macs: 0,
        channels: 3,
    };
    let p = predict(&plain_board(), &plain_sensor(), &work).unwrap();
    // Gaps 1, 2 and 7 samples. Switching costs 0.1 + 0.05 uJ, gained back at 99 uW in 1.515 ms: off from 31.5 ms, so
    // from 2 samples.
    assert_eq!(p.sensor_off_from_samples, Some(2));
    // On: 20 ms; gap of 40 ms: 30 ms on, 10 ms off; gap of 140 ms: 30 ms on, 110 ms off; two switchings.
    let sensor_uj = 100.0 * (0.02 + 0.03 + 0.03) + 1.0 * (0.01 + 0.11) + 2.0 * 0.15;
    // Awake: three updates of 2 ms with 0.1 ms of waking and 0.05 ms of reading, two switchings of 0.15 ms.
    let awake_s = 3.0 * (0.002 + 0.00015) + 2.0 * 0.00015;
    let sleep_uj = 10.0 * (0.2 - awake_s);
    let total = 3.0 * (2.0 + 0.1 + 0.05) + sleep_uj + sensor_uj;
    for part in [p.uj_per_sequence.low, p.uj_per_sequence.mid, p.uj_per_sequence.high] {
        assert!((part - total).abs() < 1e-9, "{part} is not {total}");
    }
    // Every sample: ten updates, the sensor always on.
    let dense = 10.0 * 2.15 + 10.0 * (0.2 - 10.0 * 0.00215) + 100.0 * 0.2;
    assert!((p.dense_uj_per_sequence.mid - dense).abs() < 1e-9);
}

#[test]
fn every_pair_of_profiles_gives_an_ordered_interval_and_parts_that_add_up() {
    for name in boards() {
        for part in sensors() {
            let p = predict(&board(name).unwrap(), &sensor(part).unwrap(), &workload()).unwrap();
            for total in [p.uj_per_sequence, p.dense_uj_per_sequence] {
                assert!(
                    0.0 < total.low && total.low <= total.mid && total.mid <= total.high,
                    "{name} {part}"
                );
            }
            let mid: f64 = p.parts.named().iter().map(|(_, i)| i.mid).sum();
            assert!((mid / p.uj_per_sequence.mid - 1.0).abs() < 1e-12, "{name} {part}");
            assert!(p.uj_per_sequence.mid < p.dense_uj_per_sequence.mid, "{name} {part}");
        }
    }
}

#[test]
fn wider_figures_never_narrow_the_interval() {
    let (mcu, accelerometer) = (board("stm32u575").unwrap(), sensor("lis3dh").unwrap());
    let narrow = predict(&mcu, &accelerometer, &workload()).unwrap().uj_per_sequence;
    let widen: [fn(&mut Board) -> &mut Figure; 4] = [
        |b| &mut b.supply_v,
        |b| b.active_energy_pj_per_cycle.as_mut().unwrap(),
        |b| &mut b.sleep_current_ua,
        |b| &mut b.wake_time_us,
    ];
    for field in widen {
        let mut wide = mcu.clone();
        let figure = field(&mut wide);
        (figure.low, figure.high) = (figure.low * 0.9, figure.high * 1.1);
        let wide = predict(&wide, &accelerometer, &workload()).unwrap().uj_per_sequence;
        assert!(wide.low <= narrow.low && wide.high >= narrow.high);
    }
}

#[test]
fn known_schedules_lie_between_the_bounds_for_unknown_ones() {
    let (mcu, gyroscope) = (board("nrf52840").unwrap(), sensor("lsm6dso").unwrap());
    let unknown = predict(&mcu, &gyroscope, &workload()).unwrap().uj_per_sequence;
    let even: Vec<u32> = (0..32).map(|i| i * 4).collect();
    let burst: Vec<u32> = (0..32).collect();
    let mixed: Vec<u32> = (0..16).chain((16..32).map(|i| 16 + (i - 16) * 7)).collect();
    for schedule in [even, burst, mixed] {
        let known = Workload {
            schedules: Some(vec![schedule]),
            ..workload()
        };
        let known = predict(&mcu, &gyroscope, &known).unwrap().uj_per_sequence;
        assert!(
            unknown.low <= known.low + 1e-9 && known.high <= unknown.high + 1e-9,
            "{known:?} {unknown:?}"
        );
    }
}

#[test]
fn the_survey_s_update_energies_lie_in_the_intervals() {
    // A 20,000-cycle update: nRF52840 3.1 uJ, nRF54L15 1.2, L4R5 7.5, U575 2.8 (energy per cycle without the workload
    // factor).
    let cycles = UpdateCost::Cycles {
        cycles: Interval::exact(20_000.0),
    };
    let cases = [
        ("nrf52840", 3.1),
        ("nrf54l15", 1.2),
        ("stm32l4r5", 7.5),
        ("stm32u575", 2.8),
    ];
    for (name, uj) in cases {
        let mcu = board(name).unwrap();
        let work = Workload {
            update: cycles,
            updates_mean: 1.0,
            ..workload()
        };
        let update = predict(&mcu, &sensor("none").unwrap(), &work).unwrap().parts.update;
        assert!(update.low <= uj * 1.02 && uj <= update.high, "{name}: {update:?}");
        let plain = mcu.cycle_energy_uj(Corner::Mid) / mcu.effective_workload_factor().mid * 20_000.0;
        assert!((plain / uj - 1.0).abs() < 0.05, "{name}: {plain}");
    }
}

#[test]
fn json_has_the_agreed_keys() {
    let p = predict(&board("nrf52840").unwrap(), &sensor("lis3dh").unwrap(), &workload()).unwrap();
    let json = serde_json::to_value(&p).unwrap();
    assert_eq!(json["board"], "nrf52840");
    assert_eq!(json["sensor"], "lis3dh");
    assert_eq!(json["label"], "predicted");
    for key in ["uj_per_sequence", "dense_uj_per_sequence"] {
        for end in ["low", "mid", "high"] {
            assert!(json[key][end].is_f64(), "{key}.{end}");
        }
    }
}

#[test]
fn an_update_longer_than_the_sample_period_is_flagged_and_longer_than_the_sequence_refused() {
    let (mcu, replay) = (board("nrf52840").unwrap(), sensor("none").unwrap());
    let slow = Workload {
        update: UpdateCost::Counted {
            instructions: 1_500_000,
        },
        ..workload()
    };
    let p = predict(&mcu, &replay, &slow).unwrap();
    assert!(!p.update_fits && p.dense_update_fits);
    assert!(
        p.notes
            .iter()
            .any(|note| note.contains("does not fit into the sample period"))
    );
    let slower = Workload {
        update: UpdateCost::Counted {
            instructions: 15_000_000,
        },
        ..workload()
    };
    assert!(matches!(predict(&mcu, &replay, &slower), Err(Error::Mismatch(_))));
}

#[test]
fn impossible_workloads_name_field_and_fix() {
    let (mcu, replay) = (board("nrf52840").unwrap(), sensor("none").unwrap());
    let cases = [
        (
            Workload {
                sequence_length: 0,
                ..workload()
            },
            "sequence_length",
        ),
        (
            Workload {
                sample_period_s: f64::NAN,
                ..workload()
            },
            "sample_period_s",
        ),
        (
            Workload {
                sample_period_s: -0.1,
                ..workload()
            },
            "sample_period_s",
        ),
        (
            Workload {
                updates_mean: 0.5,
                ..workload()
            },
            "updates_mean",
        ),
        (
            Workload {
                updates_mean: 129.0,
                ..workload()
            },
            "updates_mean",
        ),
        (
            Workload {
                updates_mean: f64::NAN,
                ..workload()
            },
            "updates_mean",
        ),
        (
            Workload {
                channels: 0,
                ..workload()
            },
            "channels",
        ),
        (
            Workload {
                update: UpdateCost::Counted { instructions: 0 },
                ..workload()
            },
            "update",
        ),
        (
            Workload {
                schedules: Some(vec![]),
                ..workload()
            },
            "schedules",
        ),
        (
            Workload {
                schedules: Some(vec![vec![1, 2]]),
                ..workload()
            },
            "does not begin with sample 0",
        ),
        (
            Workload {
                schedules: Some(vec![vec![0, 2, 2]]),
                ..workload()
            },
            "do not rise",
        ),
        (
            Workload {
                schedules: Some(vec![vec![0, 128]]),
                ..workload()
            },
            "beyond the 128",
        ),
        (
            Workload {
                schedules: Some(vec![vec![0, 5]]),
                ..workload()
            },
            "updates_mean is 32",
        ),
    ];
    for (work, expected) in cases {
        let message = predict(&mcu, &replay, &work).expect_err(expected).to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_profile_of_the_users_own_is_read_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let own = toml::to_string(&Board {
        name: "mine".into(),
        ..plain_board()
    })
    .unwrap();
    std::fs::write(&path, own).unwrap();
    assert_eq!(board(path.to_str().unwrap()).unwrap().name, "mine");
}

/// A board whose core halts at the bus pays its idle power there; another one its active power.
#[test]
fn a_core_that_sleeps_at_the_bus_pays_less_for_a_read() {
    let mut part = plain_sensor();
    part.bus_time_us = Some(exact(200.0));
    let mut waits = plain_board();
    waits.idle_power_mw = Some(exact(0.1));
    waits.sleeps_at_bus = false;
    let mut sleeps = waits.clone();
    sleeps.sleeps_at_bus = true;
    let prices_of = |board: &Board| prices(board, &part, &workload()).unwrap();
    let (waiting, sleeping) = (prices_of(&waits), prices_of(&sleeps));
    // 1 mW against 0.1 mW for 200 us, once to read, and once for the commands that switch.
    for (what, saved) in [
        ("reading", waiting.update_uj.mid - sleeping.update_uj.mid),
        ("switching", waiting.switch_uj.mid - sleeping.switch_uj.mid),
    ] {
        assert!((saved - 0.9 * 0.2).abs() < 1e-9, "{what}: {saved}");
    }
    // Without a time of its own the bus is part of the reading, awake.
    part.bus_time_us = None;
    let update_uj = |board: &Board| prices(board, &part, &workload()).unwrap().update_uj.mid;
    assert_eq!(update_uj(&waits), update_uj(&sleeps));
}
