//! Units in the names of columns: what they are called, and what makes them the units in which the sensors of this project deliver.

use crate::{ChannelConfig, Notes, names::shown};
use std::f64::consts::PI;

/// Standard gravity in m/s2 (CGPM 1901): what one g is.
const G_M_S2: f64 = 9.806_65;

/// A unit of a quantity that is converted: the unit's spellings, without blanks and signs of powers, and its factor to the
/// quantity's own unit.
struct Scale {
    to: &'static str,
    factor: f64,
    spellings: &'static [&'static str],
}

/// Acceleration to g, angular rate to rad/s and voltage to V, which is what `skiprnn boards` says that the sensors deliver.
const SCALES: [Scale; 13] = [
    Scale {
        to: "g",
        factor: 1.0,
        spellings: &["g", "gn", "g0", "gee"],
    },
    Scale {
        to: "g",
        factor: 1e-3,
        spellings: &["mg", "milli-g", "millig"],
    },
    Scale {
        to: "g",
        factor: 1e-6,
        spellings: &["ug", "micro-g"],
    },
    Scale {
        to: "g",
        factor: 1.0 / G_M_S2,
        spellings: &[
            "m/s2",
            "m/s/s",
            "m/sec2",
            "ms-2",
            "m.s-2",
            "mps2",
            "meter/sec2",
            "m/(s2)",
            "m/ss",
        ],
    },
    Scale {
        to: "g",
        factor: 1e-2 / G_M_S2,
        spellings: &["cm/s2", "gal"],
    },
    Scale {
        to: "rad/s",
        factor: 1.0,
        spellings: &[
            "rad/s",
            "rad/sec",
            "rads-1",
            "rad.s-1",
            "radians/s",
            "radian/second",
            "rad/second",
            "rps",
        ],
    },
    Scale {
        to: "rad/s",
        factor: 1e-3,
        spellings: &["mrad/s"],
    },
    Scale {
        to: "rad/s",
        factor: PI / 180.0,
        spellings: &[
            "deg/s",
            "deg/sec",
            "dps",
            "deg/second",
            "degree/s",
            "degrees/s",
            "degree/second",
            "degrees/second",
            "degs-1",
            "deg.s-1",
        ],
    },
    Scale {
        to: "rad/s",
        factor: PI / 180e3,
        spellings: &["mdps", "mdeg/s"],
    },
    Scale {
        to: "V",
        factor: 1.0,
        spellings: &["v", "volt", "volts"],
    },
    Scale {
        to: "V",
        factor: 1e-3,
        spellings: &["mv", "millivolt", "millivolts"],
    },
    Scale {
        to: "V",
        factor: 1e-6,
        spellings: &["uv", "microvolt", "microvolts"],
    },
    Scale {
        to: "V",
        factor: 1e-9,
        spellings: &["nv"],
    },
];

/// Units that are known as such, and stay as they are: a row of them under a header is a row of units.
const OTHERS: [&str; 44] = [
    "ut", "mt", "nt", "t", "gauss", "mgauss", "pa", "hpa", "kpa", "mbar", "bar", "psi", "degc", "degf", "c", "k", "lx",
    "lux", "%", "%rh", "db", "dba", "hz", "khz", "bpm", "a", "ma", "ua", "na", "w", "mw", "uw", "m", "mm", "cm", "m/s",
    "deg", "rad", "ohm", "n", "nm", "ppm", "lsb", "counts",
];

/// What ends a name without brackets, `acc_x_mg`, and can be nothing else than a unit.
const ENDINGS: [(&str, &str); 16] = [
    ("mg", "mg"),
    ("ug", "ug"),
    ("ms2", "m/s2"),
    ("mps2", "m/s2"),
    ("m_s2", "m/s2"),
    ("m_s_2", "m/s2"),
    ("m/s2", "m/s2"),
    ("m/s^2", "m/s2"),
    ("dps", "dps"),
    ("mdps", "mdps"),
    ("deg_s", "deg/s"),
    ("degs", "deg/s"),
    ("rads", "rad/s"),
    ("rad_s", "rad/s"),
    ("mv", "mV"),
    ("uv", "uV"),
];

/// Units of time and how many seconds each is.
const TIMES: [(&str, f64, &[&str]); 5] = [
    ("s", 1.0, &["s", "sec", "secs", "second", "seconds"]),
    (
        "ms",
        1e-3,
        &[
            "ms",
            "msec",
            "msecs",
            "milli",
            "millis",
            "millisec",
            "millisecond",
            "milliseconds",
        ],
    ),
    (
        "us",
        1e-6,
        &[
            "us",
            "usec",
            "usecs",
            "micro",
            "micros",
            "microsec",
            "microsecond",
            "microseconds",
        ],
    ),
    (
        "ns",
        1e-9,
        &["ns", "nsec", "nsecs", "nano", "nanos", "nanosecond", "nanoseconds"],
    ),
    ("min", 60.0, &["min", "mins", "minute", "minutes"]),
];

/// A unit of time: its short name, and how many seconds it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeUnit {
    pub(crate) name: &'static str,
    pub(crate) seconds: f64,
}

/// The unit of time that a word is.
pub(crate) fn time(word: &str) -> Option<TimeUnit> {
    let word = plain(word);
    let found = TIMES
        .iter()
        .find(|(_, _, spellings)| spellings.contains(&word.as_str()));
    found.map(|(name, seconds, _)| TimeUnit {
        name,
        seconds: *seconds,
    })
}

/// A unit in one spelling: small letters, no blanks, no signs of powers.
fn plain(unit: &str) -> String {
    let mut plain = String::new();
    for c in unit.trim().chars().flat_map(char::to_lowercase) {
        match c {
            '²' => plain.push('2'),
            '⁻' => plain.push('-'),
            '¹' => plain.push('1'),
            'µ' | 'μ' => plain.push('u'),
            '°' | 'º' => plain.push_str("deg"),
            '·' | '⋅' => plain.push('.'),
            '^' | '*' | ' ' | '\u{a0}' | '_' | '{' | '}' | '$' | '\\' => {}
            c => plain.push(c),
        }
    }
    plain
}

/// A unit as it is read, and what makes it the one that the sensors have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// As it stands in the file.
    pub(crate) written: String,
    /// The unit of the values after `factor`.
    pub(crate) to: String,
    /// 1 where nothing is converted.
    pub(crate) factor: f64,
}

/// Whether a name is that of a magnetometer, where G and mG are gauss.
fn is_magnetic(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with("mag")
        || name.contains("_mag")
        || name.contains(" mag")
        || name.contains("magn")
        || name.starts_with("m_")
}

/// What a unit of the column `name` is; of an unknown one the values stay as they are.
pub(crate) fn of(written: &str, name: &str) -> Unit {
    let word = plain(written);
    let magnetic = is_magnetic(name) && ["g", "mg", "ug"].contains(&word.as_str());
    let scale = SCALES
        .iter()
        .find(|s| !magnetic && s.spellings.contains(&word.as_str()));
    let (to, factor) = scale.map_or((written.trim(), 1.0), |s| (s.to, s.factor));
    Unit {
        written: written.trim().to_owned(),
        to: to.to_owned(),
        factor,
    }
}

/// What a value in the unit `from` is multiplied by to be one in `to`; `None` where the two are not known to be of one quantity.
/// `name` is that of the channel: the `G` of a magnetometer is no acceleration.
///
/// # Examples
/// ```
/// assert_eq!(dataset::unit_factor("mg", "g", "ax"), Some(1e-3));
/// assert_eq!(dataset::unit_factor("deg/s", "g", "ax"), None);
/// ```
#[must_use]
pub fn factor(from: &str, to: &str, name: &str) -> Option<f64> {
    let (from, to) = (of(from, name), of(to, name));
    (from.to == to.to).then_some(from.factor / to.factor)
}

/// Puts values (T, I) into the units that the sensors have, and names these in `units`, (I). A channel of which the user says a
/// unit or a full scale stays as it is.
pub(crate) fn convert(
    values: &mut [f32],
    names: &[String],
    units: &mut [String],
    told: &[ChannelConfig],
    notes: &mut Notes,
) {
    let count = names.len().max(1);
    for (k, (name, own)) in names.iter().zip(units).enumerate() {
        let unit = of(own, name);
        if told
            .get(k)
            .is_some_and(|c| !c.unit.is_empty() || c.full_scale.is_some())
            || unit.factor == 1.0
        {
            continue;
        }
        values
            .iter_mut()
            .skip(k)
            .step_by(count)
            .for_each(|v| *v = (f64::from(*v) * unit.factor) as f32);
        notes.understood(format!(
            "unit: {} becomes {}, values are multiplied by {:.6}",
            shown(own),
            unit.to,
            unit.factor
        ));
        *own = unit.to;
    }
}

/// Whether a cell of a row under the header is a unit, in brackets or not.
pub(crate) fn is_unit(cell: &str) -> bool {
    let inner = cell.trim().trim_matches(['[', ']', '(', ')']);
    let word = plain(inner);
    time(&word).is_some()
        || OTHERS.contains(&word.as_str())
        || SCALES.iter().any(|s| s.spellings.contains(&word.as_str()))
}

/// A name and the unit in brackets at its end: `Time (s)`, `ax [g]`.
pub(crate) fn bracketed(name: &str) -> Option<(&str, &str)> {
    let name = name.trim();
    [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')]
        .iter()
        .find_map(|(open, close)| {
            let (base, unit) = name.strip_suffix(*close)?.rsplit_once(*open)?;
            // `m/(s)` and `sin(x)` are no units in brackets of a name; neither is a name that is all bracket.
            (!base.trim().is_empty() && !unit.trim().is_empty()).then_some((base.trim(), unit.trim()))
        })
}

/// A channel's name without its unit, and the unit.
pub(crate) fn of_channel(name: &str) -> (String, Option<Unit>) {
    if let Some((base, unit)) = bracketed(name) {
        return (base.to_owned(), Some(of(unit, base)));
    }
    let lower = name.to_lowercase();
    let ending = |(end, unit): &(&str, &str)| {
        let base = lower.strip_suffix(end)?.strip_suffix(['_', ' ', '-', '.'])?;
        let known = !base.is_empty() && !is_magnetic(base) && name.is_char_boundary(base.len());
        known.then(|| (name[..base.len()].to_owned(), Some(of(unit, base))))
    };
    let longest_first = |list: &[(&'static str, &'static str)]| {
        let mut list = list.to_vec();
        list.sort_by_key(|(end, _)| std::cmp::Reverse(end.len()));
        list
    };
    if let Some(found) = longest_first(&ENDINGS).iter().find_map(ending) {
        return found;
    }
    // A `_g` may be a gyroscope too: it is a unit beside the name of an acceleration alone.
    match lower.strip_suffix("_g") {
        Some(base) if base.contains("acc") => (name[..name.len() - 2].to_owned(), Some(of("g", base))),
        _ => (name.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_units_are_read_and_scaled() {
        for (name, base, to, factor) in [
            ("Acceleration x (m/s^2)", "Acceleration x", "g", 0.101_971_6),
            ("acc [m/s²]", "acc", "g", 0.101_971_6),
            ("acc_x[mg]", "acc_x", "g", 1e-3),
            ("ax [g]", "ax", "g", 1.0),
            ("acc_x_mg", "acc_x", "g", 1e-3),
            ("acc_x_g", "acc_x", "g", 1.0),
            ("gyro_dps", "gyro", "rad/s", 0.017_453_29),
            ("gyro_x[mdps]", "gyro_x", "rad/s", 1.745_329e-5),
            ("x-axis (deg/s)", "x-axis", "rad/s", 0.017_453_29),
            ("gyro (°/s)", "gyro", "rad/s", 0.017_453_29),
            ("motionRotationRateX(rad/s)", "motionRotationRateX", "rad/s", 1.0),
            ("ECG (µV)", "ECG", "V", 1e-6),
            ("mag_x (mG)", "mag_x", "mG", 1.0),
            ("temperature (°C)", "temperature", "°C", 1.0),
        ] {
            let (found, unit) = of_channel(name);
            let unit = unit.unwrap_or_else(|| panic!("{name}"));
            assert_eq!((found.as_str(), unit.to.as_str()), (base, to), "{name}");
            assert!((unit.factor / factor - 1.0).abs() < 1e-6, "{name}: {}", unit.factor);
        }
        for name in ["x_g", "mag_mg", "ax", "flags", "mg"] {
            assert_eq!(of_channel(name), (name.to_owned(), None));
        }
    }

    #[test]
    fn rows_of_units_are_known() {
        for cell in ["s", "[ms]", "(m/s^2)", "g", "dps", "°C", "%"] {
            assert!(is_unit(cell), "{cell}");
        }
        for cell in ["ax", "time", "0.5", "walk"] {
            assert!(!is_unit(cell), "{cell}");
        }
        assert_eq!(time("Seconds").map(|u| u.name), Some("s"));
        assert_eq!(time("µs").map(|u| u.name), Some("us"));
    }
}
