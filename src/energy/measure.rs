//! `skiprnn energy measure`

use super::{
    args::{MeasureArgs, TraceArgs},
    report,
};
use crate::output::{Output, merge, progress_bar};
use energy::{MeasureOptions, Measurement, Setup, Windowing, picture, trace::ReadOptions};
use serde_json::json;
use std::time::Duration;

/// The options as the library takes them.
pub fn options(args: &TraceArgs) -> anyhow::Result<MeasureOptions> {
    let windowing = match (&args.timestamps, args.threshold) {
        (Some(file), _) => Windowing::Timestamps(file.clone()),
        (None, Some(factor)) => Windowing::Threshold {
            factor,
            keep: args.keep,
        },
        (None, None) => Windowing::Auto,
    };
    Ok(MeasureOptions {
        read: ReadOptions {
            format: args.format,
            voltage_v: args.voltage,
            markers: args.markers.clone(),
            columns: args.columns.clone().unwrap_or_default(),
            rate_hz: args.rate,
            shunt_ohm: args.shunt,
        },
        windowing,
        count: args.count,
        baseline_uw: args.baseline,
        setup: match &args.setup {
            Some(file) => Setup::from_file(file)?,
            None => Setup::default(),
        },
    })
}

/// Measures, with a sign of life on standard error while a large trace is read.
pub fn measured(args: &TraceArgs, options: &MeasureOptions) -> anyhow::Result<Measurement> {
    let spinner = progress_bar(&format!("reading {}", args.trace.display()), 0);
    spinner.enable_steady_tick(Duration::from_millis(200));
    let result = energy::measure(&args.trace, options);
    spinner.finish_and_clear();
    Ok(result?)
}

/// Runs the command.
pub fn run(args: &MeasureArgs, out: Output) -> anyhow::Result<()> {
    let options = options(&args.trace)?;
    let measurement = measured(&args.trace, &options)?;
    let text = measurement.to_string();
    if report::wanted(&args.report) {
        let drawing = picture::trace(&args.trace.trace, &options.read, &measurement.windows)?;
        let title = format!(
            "Energy per sequence, {}: {}",
            measurement.label,
            args.trace.trace.display()
        );
        let heading = match measurement.label {
            "simulated" => "A simulated trace, no measurement",
            _ => "Measurement",
        };
        let texts = [(heading, text.clone())];
        report::write(&args.report, &title, &texts, ("The trace and its windows", &drawing))?;
    }
    let mut value = serde_json::to_value(&measurement)?;
    merge(&mut value, json!({ "trace": args.trace.trace }));
    out.print(&value, || text.trim_end().to_owned());
    Ok(())
}
