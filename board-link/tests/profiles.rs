//! The table of boards and sensors against the profiles of `energy/`: what a driver does is what is priced.

use board_link::{
    boards::BOARDS,
    sensors::{ANALOG, LIS3DH, LIS3DH_OFF_PAYS_ASLEEP_AT_BUS, LSM6DS, SENSORS, Sensor},
};
use std::{collections::BTreeSet, time::Duration};

/// Checks every figure that the table and a profile have in common, but for the current.
fn figures_agree(sensor: &Sensor, profile: &energy::Sensor) {
    let name = &profile.name;
    assert_eq!(profile.channels, sensor.inputs(), "{name}: channels");
    assert!(
        profile.part.contains(sensor.mode),
        "{name}: {} is not {}",
        profile.part,
        sensor.mode
    );
    let rate_hz = f64::from(sensor.rate_hz);
    assert!(
        profile.rates.iter().any(|rate| rate.odr_hz == rate_hz),
        "{name}: no rate of {rate_hz} Hz"
    );
    let turn_on_s = profile.turn_on_time_ms.mid * 1e-3 + profile.turn_on_periods.mid / rate_hz;
    let waited_s = sensor.turn_on.as_secs_f64();
    assert!(
        (turn_on_s - waited_s).abs() < 1e-9,
        "{name}: {turn_on_s} s to turn on, the driver waits {waited_s} s"
    );
}

/// What a profile says of the current at a rate, in microamperes.
fn current_ua(profile: &energy::Sensor, rate_hz: u32) -> f64 {
    let rate = profile.rates.iter().find(|rate| rate.odr_hz == f64::from(rate_hz));
    rate.unwrap().current_ua.mid
}

#[test]
fn a_sensor_has_one_figure_for_rate_turn_on_channels_mode_and_current() {
    for sensor in SENSORS.iter().filter(|sensor| **sensor != ANALOG) {
        let profile = energy::sensor(sensor.profile).unwrap();
        figures_agree(sensor, &profile);
        let priced = current_ua(&profile, sensor.rate_hz);
        assert_eq!(priced, f64::from(sensor.on_ua), "{}: microamperes", sensor.name);
    }
}

#[test]
fn a_part_on_a_board_differs_from_its_family_in_its_current_alone() {
    for board in BOARDS {
        for (name, profile) in board.parts {
            let sensor = board_link::sensors::find(name).unwrap();
            figures_agree(&sensor, &energy::sensor(profile).unwrap());
        }
    }
}

/// The converter is the chip's own, and the board's circuit decides about the rest: nothing is priced.
#[test]
fn a_voltage_is_priced_as_no_sensor() {
    assert!(energy::sensor(ANALOG.profile).unwrap().is_none());
}

#[test]
fn every_profile_of_a_board_exists() {
    for profile in BOARDS.map(|board| board.profile) {
        assert!(energy::boards().contains(&profile), "{profile}");
    }
}

/// A profile of what a driver does runs at the driver's rate alone: there is no cheaper one that a prediction could take.
#[test]
fn a_drivers_profile_has_the_drivers_rate_alone() {
    let is_drivers = |name: &&str| name.ends_with("-driver");
    let of_table = SENSORS.iter().map(|sensor| sensor.profile);
    let of_boards = BOARDS
        .iter()
        .flat_map(|board| board.parts.iter().map(|(_, profile)| *profile));
    let named: BTreeSet<&str> = of_table.chain(of_boards).filter(is_drivers).collect();
    let profiles: BTreeSet<&str> = energy::sensors().into_iter().filter(is_drivers).collect();
    assert_eq!(profiles, named, "profiles, and those that a driver names");
    assert!(profiles.len() >= 3, "{profiles:?}");
    for name in profiles {
        assert_eq!(energy::sensor(name).unwrap().rates.len(), 1, "{name}");
    }
}

/// From which pause on it pays to switch a sensor off on a board, in milliseconds, by the profiles.
fn off_pays_ms(board: &str, sensor: &Sensor) -> energy::Interval {
    let update = energy::UpdateCost::Counted { instructions: 8_000 };
    let workload = energy::Workload {
        sequence_length: 128,
        sample_period_s: 0.02,
        updates_mean: 17.0,
        schedules: None,
        update,
        dense_update: update,
        head_macs: 0,
        channels: sensor.inputs(),
    };
    let board = energy::board(board).unwrap();
    let sensor = energy::sensor(sensor.profile).unwrap();
    let found = energy::break_even(&board, &sensor, &workload).unwrap();
    found.sensor_off_s.unwrap().scaled(1e3)
}

#[test]
fn a_sensor_is_switched_off_from_the_pause_on_that_pays_by_the_profiles() {
    let pays = |board: &str, sensor: &Sensor, from: Duration| {
        let (predicted, from) = (off_pays_ms(board, sensor), from.as_secs_f64() * 1e3);
        assert!(
            (predicted.low..=predicted.high).contains(&from),
            "{board}, {}: off from {from} ms, pays from {predicted}",
            sensor.name
        );
    };
    for board in BOARDS {
        let reads = |sensor: &Sensor| board.program("classify", sensor.inputs()).is_ok();
        // Its images say so; the others keep the driver's own.
        let accelerometer = match board.name {
            "nrf52840-dk" | "stm32u5-nucleo" => LIS3DH_OFF_PAYS_ASLEEP_AT_BUS,
            _ => LIS3DH.off_pays,
        };
        for (sensor, from) in [(&LIS3DH, accelerometer), (&LSM6DS, LSM6DS.off_pays)] {
            if reads(sensor) {
                pays(board.profile, sensor, from);
            }
        }
    }
}

/// At 50 samples a second a budget books a pause as one in which the sensor is off where the driver's runner has it off: the
/// pause is `off_pays` long, after what it takes to read and to update.
#[test]
fn a_budget_has_the_lsm6ds_off_in_the_pauses_in_which_its_driver_has_it_off() {
    /// Longer than a read and an update take, in seconds.
    const AWAKE_S: f64 = 0.003;
    let workload = energy::Workload {
        sequence_length: 128,
        sample_period_s: 0.02,
        updates_mean: 1.0,
        schedules: None,
        update: energy::UpdateCost::Counted { instructions: 20_000 },
        dense_update: energy::UpdateCost::Counted { instructions: 20_000 },
        head_macs: 100,
        channels: 3,
    };
    for board in BOARDS {
        let hardware = energy::board(board.profile).unwrap();
        let sensor = LSM6DS;
        let part = energy::sensor(board.profile_of(&sensor)).unwrap();
        let prices = energy::prices(&hardware, &part, &workload).unwrap();
        let least_s = sensor.off_pays.as_secs_f64() + AWAKE_S;
        let from = (least_s / workload.sample_period_s).ceil() as u32;
        assert_eq!(prices.off_from_samples, Some(from), "{}: {}", board.name, sensor.name);
    }
}
