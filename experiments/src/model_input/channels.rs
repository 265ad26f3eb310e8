//! Channels of recordings in a model's order and units.

use crate::Error;
use dataset::{ChannelConfig, Places, unit_factor};
use float_model::{Channel, Sequences, printable};
use std::path::Path;

/// Puts the channels of `x` into the order and the units of `wanted`. `found` describes them; where it or the model names none,
/// they stay as they are.
///
/// # Errors
/// Named channels that are missing or too many; a unit that cannot be converted.
pub(super) fn fit(
    wanted: &[Channel],
    file: &Path,
    found: &[ChannelConfig],
    x: &mut Sequences,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    if found.is_empty() || wanted.is_empty() || found.len() != x.channels {
        return Ok(());
    }
    let own: Vec<&str> = wanted.iter().map(|c| c.name.as_str()).collect();
    let theirs: Vec<&str> = found.iter().map(|c| c.name.as_str()).collect();
    let order = match dataset::places(&own, &theirs) {
        Places::At(order) => order,
        Places::Differ { missing, more } => return Err(refused(wanted, file, found, (&missing, &more))),
        Places::Unnamed if found.len() == wanted.len() => (0..found.len()).collect(),
        Places::Unnamed => return Ok(()), // whoever runs the model refuses another number of channels
    };
    if order.iter().enumerate().any(|(k, from)| k != *from) {
        let names: Vec<String> = found.iter().map(|c| printable(&c.name)).collect();
        notes.push(format!("channels {} were put into the model's order", names.join(", ")));
    }
    let mut factors = Vec::new();
    for (channel, from) in wanted.iter().zip(&order) {
        factors.push(factor(channel, &found[*from], file, notes)?);
    }
    let plain = order.iter().enumerate().all(|(k, from)| k == *from) && factors.iter().all(|f| *f == 1.0);
    if !plain {
        let mut moved = vec![0.0; order.len()];
        for sample in x.values.chunks_exact_mut(order.len()) {
            for ((to, from), factor) in moved.iter_mut().zip(&order).zip(&factors) {
                *to = (f64::from(sample[*from]) * factor) as f32;
            }
            sample.copy_from_slice(&moved);
        }
    }
    Ok(())
}

/// The refusal of channels of other names.
fn refused(wanted: &[Channel], file: &Path, found: &[ChannelConfig], (missing, more): (&[usize], &[usize])) -> Error {
    let missing: Vec<String> = missing.iter().map(|k| printable(&wanted[*k].name)).collect();
    let more: Vec<String> = more.iter().map(|k| printable(&found[*k].name)).collect();
    let list = |what: &str, names: &[String]| match names.is_empty() {
        true => String::new(),
        false => format!("{what} {}, ", names.join(", ")),
    };
    let names: Vec<String> = wanted.iter().map(|c| printable(&c.name)).collect();
    Error::data(
        file.display(),
        format!(
            "channels: {}{}and the model takes {}; name the columns so, or leave the header row away where they are in this order",
            list("without", &missing),
            list("with", &more),
            names.join(", ")
        ),
    )
}

fn factor(wanted: &Channel, found: &ChannelConfig, file: &Path, notes: &mut Vec<String>) -> Result<f64, Error> {
    if wanted.unit.is_empty() || found.unit.is_empty() {
        return Ok(1.0);
    }
    let Some(factor) = unit_factor(&found.unit, &wanted.unit, &wanted.name) else {
        let problem = format!(
            "unit of {}: {}, and the model takes {}; convert it",
            printable(&wanted.name),
            printable(&found.unit),
            printable(&wanted.unit)
        );
        return Err(Error::data(file.display(), problem));
    };
    if factor != 1.0 {
        let note = format!(
            "{} was converted to {}",
            printable(&found.unit),
            printable(&wanted.unit)
        );
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Ok(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Vec<Channel> {
        let channel = |name: &str| Channel {
            name: name.into(),
            unit: "g".into(),
            full_scale: 8.0,
        };
        ["acceleration x", "acceleration y"].map(channel).into()
    }

    fn recorded(names: &[&str], unit: &str) -> Vec<ChannelConfig> {
        let channel = |name: &&str| ChannelConfig {
            name: (*name).into(),
            unit: unit.into(),
            full_scale: None,
        };
        names.iter().map(channel).collect()
    }

    fn fitted(found: &[ChannelConfig]) -> Result<(Vec<f32>, Vec<String>), String> {
        let width = found.len();
        let values = (0..2 * width).map(|k| k as f32 * 1000.0).collect();
        let mut x = Sequences::new("x", values, 1, 2, width).unwrap();
        let mut notes = Vec::new();
        let result = fit(&model(), Path::new("d"), found, &mut x, &mut notes);
        result.map(|()| (x.values, notes)).map_err(|e| e.to_string())
    }

    #[test]
    fn named_columns_are_put_into_the_models_order_and_units() {
        let (values, notes) = fitted(&recorded(&["Acceleration_Y", "acceleration x"], "mg")).unwrap();
        assert_eq!(values, [1.0, 0.0, 3.0, 2.0]);
        assert!(
            notes[0].contains("the model's order") && notes[1].contains("mg was converted to g"),
            "{notes:?}"
        );
        for found in [
            recorded(&["acceleration x", "acceleration y"], "g"),
            recorded(&["", ""], ""),
            Vec::new(),
        ] {
            let width = found.len();
            if width > 0 {
                assert_eq!(fitted(&found).unwrap(), (vec![0.0, 1000.0, 2000.0, 3000.0], Vec::new()));
            }
        }
    }

    #[test]
    fn missing_and_additional_channels_are_named() {
        let said = fitted(&recorded(&["acceleration x", "n", "acceleration y"], "")).unwrap_err();
        assert!(said.contains("d: channels: with n, and the model takes"), "{said}");
        let said = fitted(&recorded(&["acceleration x", "gyro"], "")).unwrap_err();
        assert!(said.contains("without acceleration y, with gyro"), "{said}");
        let said = fitted(&recorded(&["acceleration x", "acceleration y"], "rad/s")).unwrap_err();
        assert!(said.contains("rad/s, and the model takes g"), "{said}");
    }
}
