//! `skiprnn emulate --app measure`: the same sequences dense, polled and asleep, counted in instructions.

use super::args::EmulateArgs;
use crate::{
    blob::Prepared,
    output::{Output, Usage},
    settings,
};
use board_host::{Load, Options, measure::Mode};
use quantize::Blob;
use serde_json::json;

/// Runs the command.
pub fn run(args: &EmulateArgs, blob: &Blob, prepared: &Prepared, options: &Options, out: Output) -> anyhow::Result<()> {
    if args.target.firmware.is_some() {
        return Err(Usage::error(
            "--firmware: measure runs three images, one for each way; leave it out",
        ));
    }
    let x = &prepared.data.x;
    let shape = (x.count, x.length, x.channels);
    let (mut rows, mut text) = (Vec::new(), String::new());
    for mode in Mode::ALL {
        let window = board_host::measure::run(mode, &Load::new(blob.bytes(), &prepared.counts, shape), options)?;
        let per_sequence = |instructions: u64| instructions as f64 / window.sequences as f64;
        let asleep = window.seconds_asleep / window.seconds_total;
        rows.push(json!({
            "way": mode.name(),
            "sequences": window.sequences,
            "updates": window.updates,
            "wakes": window.wakes,
            "instructions_awake": window.instructions_awake,
            "instructions_updating": window.instructions_updating,
            "seconds_total": window.seconds_total,
            "seconds_asleep": window.seconds_asleep,
        }));
        text += &format!(
            "\n{:<10} {:>9} updates {:>9} wakes {:>12.0} instructions a sequence, {:.0} of them in updates; asleep {:.2} %",
            mode.name(),
            window.updates,
            window.wakes,
            per_sequence(window.instructions_awake),
            per_sequence(window.instructions_updating),
            100.0 * asleep,
        );
    }
    let value = json!({ "machine": options.machine.name(), "blob": args.blob, "ways": rows, "settings": settings::json(&options.settings, None) });
    out.print(&value, || {
        format!(
            "{}: {} sequences of {} samples, counted{text}",
            options.machine, x.count, x.length
        )
    });
    Ok(())
}
