//! `skiprnn energy record`

use super::args::RecordArgs;
use crate::{
    interrupt,
    output::{Output, Usage, merge, progress_bar},
};
use board_host::serial;
use energy::ppk2::{Ending, RATE_HZ, RecordOptions, record_to_file};
use serde_json::json;

/// Runs the command.
pub fn run(args: &RecordArgs, out: Output) -> anyhow::Result<()> {
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
    let _keeping = interrupt::keep();
    let result = record_to_file(&args.port, &args.out, &options, &mut |samples| {
        bar.set_position(samples);
        interrupt::flow()
    });
    bar.finish_and_clear();
    let recording = result.map_err(|error| match error {
        energy::Error::Read { path, source } if path == args.port => serial::not_opened(&path, source).into(),
        other => anyhow::Error::from(other),
    })?;
    let mut value = serde_json::to_value(recording)?;
    merge(
        &mut value,
        json!({ "out": args.out, "voltage_v": args.voltage, "sample_rate_hz": RATE_HZ }),
    );
    out.print(&value, || {
        let ending = match recording.ending {
            Ending::Complete => "",
            Ending::Disconnected => "; the kit went away, what it sent until then is kept",
            Ending::Stopped => "; stopped, what was recorded until then is kept",
        };
        format!(
            "{}: {} samples, {} of them lost{ending}",
            args.out.display(),
            recording.samples,
            recording.lost
        )
    });
    let recorded_s = recording.samples as f64 / f64::from(RATE_HZ);
    match recording.ending {
        Ending::Complete => Ok(()),
        Ending::Disconnected => anyhow::bail!(
            "{}: the kit went away after {recorded_s:.2} of {} s; check the cable and record again",
            args.port.display(),
            args.seconds
        ),
        Ending::Stopped => anyhow::bail!("stopped after {recorded_s:.2} of {} s", args.seconds),
    }
}
