//! The sensor that a board records: which one, its ranges, and what its channels are called.

use crate::output::Usage;
use board_host::{
    boards::{self, Board},
    sensors::{Channels, Sensor},
};

/// Two full scales or rates that differ by less than this are one.
pub(super) const TOLERANCE: f64 = 1e-3;

/// The sensor that a board records, where it is only one.
pub(super) fn only_sensor(board: &Board) -> anyhow::Result<(&'static str, Sensor)> {
    let of = |program: &&'static str| board_host::sensors::of_program(program).map(|sensor| (*program, sensor));
    let mut found = board
        .programs
        .iter()
        .filter(|program| boards::records(program))
        .filter_map(of);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (first, second) => {
            let names: Vec<&str> = first
                .into_iter()
                .chain(second)
                .chain(found)
                .map(|(_, sensor)| sensor.name)
                .collect();
            Err(Usage::error(format!(
                "--sensor: {} records {}; give one of them",
                board.name,
                names.join(" and ")
            )))
        }
    }
}

/// The full scale of each group of channels: those given, for each group or each channel, or the second of each.
pub(super) fn full_scales(given: &[f32], sensor: &Sensor) -> anyhow::Result<Vec<f32>> {
    let groups = sensor.channels;
    let of_group: Vec<Vec<f32>> = if given.is_empty() {
        let second = |group: &Channels| {
            group
                .full_scales
                .get(1)
                .or(group.full_scales.first())
                .copied()
                .into_iter()
                .collect()
        };
        groups.iter().map(second).collect()
    } else if given.len() == groups.len() {
        given.iter().map(|full_scale| vec![*full_scale]).collect()
    } else if given.len() == sensor.inputs() {
        let mut rest = given;
        let each = groups.iter().map(|group| {
            let (own, others) = rest.split_at(group.count);
            rest = others;
            own.to_vec()
        });
        each.collect()
    } else {
        return Err(Usage::error(format!(
            "--full-scale: {} of them; the {} has {} channels of {} units",
            given.len(),
            sensor.name,
            sensor.inputs(),
            groups.len()
        )));
    };
    let choose = |(group, wanted): (&Channels, &Vec<f32>)| {
        let first = wanted.first().copied().unwrap_or_default();
        let near = |full_scale: &&f32| f64::from((**full_scale - first).abs()) < TOLERANCE * f64::from(**full_scale);
        let known = group
            .full_scales
            .iter()
            .find(near)
            .filter(|_| wanted.iter().all(|other| *other == first));
        known
            .copied()
            .or((group.full_scales.is_empty() && wanted.is_empty()).then_some(0.0))
            .ok_or_else(|| {
                Usage::error(format!(
                    "--full-scale: the {} has no range of {wanted:?} {}; it has {}",
                    sensor.name,
                    group.unit,
                    sensor.full_scales()
                ))
            })
    };
    groups.iter().zip(&of_group).map(choose).collect()
}

/// The name of each channel of a sensor: what is measured, and along which axis.
pub(super) fn names(sensor: &Sensor) -> impl Iterator<Item = (String, &'static str)> + '_ {
    sensor.channels.iter().flat_map(|group| {
        let quantity = match group.unit {
            "g" => "acceleration",
            "rad/s" => "angular rate",
            _ => sensor.name,
        };
        (0..group.count).map(move |index| {
            let name = match (group.count, ["x", "y", "z"].get(index)) {
                (1, _) => quantity.to_owned(),
                (3, Some(axis)) => format!("{quantity} {axis}"),
                _ => format!("{quantity} {index}"),
            };
            (name, group.unit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use board_host::sensors::{LIS3DH, LSM6DS};

    #[test]
    fn ranges_are_given_by_unit_or_by_channel() {
        assert_eq!(full_scales(&[], &LSM6DS).unwrap(), [4.0, 10.0084]);
        assert_eq!(full_scales(&[8.0, 5.0], &LSM6DS).unwrap(), [8.0, 5.0042]);
        assert_eq!(
            full_scales(&[2.0, 2.0, 2.0, 40.0337, 40.0337, 40.0337], &LSM6DS).unwrap(),
            [2.0, 40.0337]
        );
        assert_eq!(full_scales(&[8.0], &LIS3DH).unwrap(), [8.0]);
        let error = |given: &[f32]| full_scales(given, &LIS3DH).unwrap_err().to_string();
        assert!(error(&[16.0]).contains("no range of [16.0] g; it has 2, 4, 8 g"));
        assert!(error(&[4.0, 4.0, 8.0]).contains("no range of [4.0, 4.0, 8.0] g"));
        assert!(error(&[4.0, 4.0]).contains("2 of them; the lis3dh has 3 channels of 1 units"));
        assert!(error(&[f32::NAN]).contains("no range"));
    }

    #[test]
    fn channels_are_named_as_the_models_are() {
        let named: Vec<String> = names(&LSM6DS).map(|(name, unit)| format!("{name} ({unit})")).collect();
        assert_eq!(named[0], "acceleration x (g)");
        assert_eq!(named[5], "angular rate z (rad/s)");
    }
}
