//! `skiprnn energy record`

use super::args::RecordArgs;
use crate::output::Output;

/// Runs the command.
#[cfg(unix)]
pub fn run(args: &RecordArgs, out: Output) -> anyhow::Result<()> {
    use crate::output::{Usage, merge, progress_bar};
    use energy::ppk2::{Ending, RATE_HZ, RecordOptions, record_to_file};
    use serde_json::json;

    let millivolts = (args.voltage * 1e3).round();
    if !(0.0..=f64::from(u16::MAX)).contains(&millivolts) {
        return Err(Usage::error(format!(
            "--voltage: {} V; the kit knows 0.8 to 5 V",
            args.voltage
        )));
    }
    let options = RecordOptions {
        voltage_mv: millivolts as u16,
        mode: args.mode,
        seconds: args.seconds,
    };
    let wanted = (args.seconds * f64::from(RATE_HZ)) as u64;
    let bar = progress_bar("recording", wanted);
    let result = record_to_file(&args.port, &args.out, &options, &mut |samples| {
        bar.set_position(samples);
    });
    bar.finish_and_clear();
    let recording = result?;
    let mut value = serde_json::to_value(recording)?;
    merge(
        &mut value,
        json!({ "out": args.out, "voltage_v": args.voltage, "sample_rate_hz": RATE_HZ }),
    );
    out.print(&value, || {
        let ending = match recording.ending {
            Ending::Complete => "",
            Ending::Disconnected => "; the kit went away, what it sent until then is kept",
        };
        format!(
            "{}: {} samples, {} of them lost{ending}",
            args.out.display(),
            recording.samples,
            recording.lost
        )
    });
    if recording.ending == Ending::Disconnected {
        anyhow::bail!(
            "{}: the kit went away after {:.2} of {} s; check the cable and record again",
            args.port.display(),
            recording.samples as f64 / f64::from(RATE_HZ),
            args.seconds
        );
    }
    Ok(())
}

/// Runs the command.
#[cfg(not(unix))]
pub fn run(args: &RecordArgs, _: Output) -> anyhow::Result<()> {
    anyhow::bail!(
        "{}: recording needs a Unix system; record with the maker's application and measure its .ppk2",
        args.port.display()
    )
}
