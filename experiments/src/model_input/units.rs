//! Units of sensors that mean the same quantity.

use std::f64::consts::PI;

/// Names of a unit, its quantity, and its size in the quantity's first unit.
const UNITS: [(&[&str], &str, f64); 16] = [
    (
        &["m/s2", "m/s^2", "m/s²", "m/s**2", "ms-2", "m s-2"],
        "acceleration",
        1.0,
    ),
    (&["g", "g0", "gn"], "acceleration", STANDARD_GRAVITY),
    (&["mg"], "acceleration", STANDARD_GRAVITY * 1e-3),
    (&["rad/s", "rad s-1", "rads"], "angular rate", 1.0),
    (&["deg/s", "dps", "°/s", "degrees/s"], "angular rate", PI / 180.0),
    (&["mdps", "mdeg/s"], "angular rate", PI / 180.0 * 1e-3),
    (&["uT", "µT", "μT"], "magnetic field", 1.0),
    (&["nT"], "magnetic field", 1e-3),
    (&["mT"], "magnetic field", 1e3),
    (&["V"], "voltage", 1.0),
    (&["mV"], "voltage", 1e-3),
    (&["uV", "µV", "μV"], "voltage", 1e-6),
    (&["Pa"], "pressure", 1.0),
    (&["hPa", "mbar"], "pressure", 1e2),
    (&["kPa"], "pressure", 1e3),
    (&["A"], "current", 1.0),
];

/// m/s² in one g (CGPM 1901).
const STANDARD_GRAVITY: f64 = 9.806_65;

fn find(unit: &str) -> Option<(&'static str, f64)> {
    let found = UNITS.iter().find(|(names, _, _)| names.contains(&unit.trim()));
    found.map(|(_, quantity, size)| (*quantity, *size))
}

/// What a value in `from` is multiplied by to be one in `to`; `None` where they are not known to be of one quantity.
pub(super) fn factor(from: &str, to: &str) -> Option<f64> {
    if from.trim() == to.trim() {
        return Some(1.0);
    }
    let ((quantity, from), (other, to)) = (find(from)?, find(to)?);
    (quantity == other).then_some(from / to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_meaning() {
        let close = |from, to, expected: f64| {
            let found = factor(from, to).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-12, "{from} in {to}: {found}");
        };
        close("mg", "g", 1e-3);
        close("m/s²", "g", 1.0 / 9.806_65);
        close("dps", "rad/s", PI / 180.0);
        close("counts", "counts", 1.0);
        for (from, to) in [("g", "rad/s"), ("counts", "g"), ("G", "g")] {
            assert_eq!(factor(from, to), None, "{from} in {to}");
        }
    }
}
