//! `skiprnn energy calibrate`

use super::{args::CalibrateArgs, measure};
use crate::output::{Output, Usage, merge, write_atomically};
use energy::Calibration;
use serde_json::json;

/// Runs the command.
pub fn run(args: &CalibrateArgs, out: Output) -> anyhow::Result<()> {
    let Some(voltage_v) = args.trace.voltage else {
        return Err(Usage::error(
            "--voltage: the sleep current is power over voltage; give the volts at the pin of the board",
        ));
    };
    let markers = args.trace.markers.as_ref();
    if markers.is_none_or(|m| m.awake.is_none() || m.update.is_none()) {
        return Err(Usage::error(
            "--markers: states are told by markers; give seq=.., awake=.. and update=..",
        ));
    }
    if args.trace.format.is_none() {
        Calibration::check_trace(&args.trace.trace)?;
    }
    let measurement = measure::measured(&args.trace, &measure::options(&args.trace)?)?;
    let calibration = Calibration::from_measurement(&measurement, args.cycles_per_update, voltage_v)?;
    let toml = calibration.to_toml()?;
    write_atomically(&args.out, toml.as_bytes())?;
    let mut value = serde_json::to_value(&calibration)?;
    merge(
        &mut value,
        json!({ "label": "measured", "windows": measurement.windows.len(), "out": args.out }),
    );
    out.print(&value, || {
        let file = args.out.display();
        format!(
            "{}\n\n{file} is written; predict with --calibration {file}",
            toml.trim_end()
        )
    });
    Ok(())
}
