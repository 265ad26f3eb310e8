//! `skiprnn energy break-even`

use super::{args::BreakEvenArgs, parts};
use crate::{
    blob,
    output::{Output, Usage, merge},
};
use energy::{BreakEven, Core, UpdateCost, Workload};
use serde_json::json;

/// Sample period where neither option nor blob tells.
const SAMPLE_PERIOD_S: f64 = 0.02;
/// The network where there is no blob: (gate rows, MACs) of a GRU with 32 units and 6 inputs.
const NETWORK: (usize, usize) = (3 * 32, 3 * 32 * (6 + 32));

/// Runs the command.
pub fn run(args: &BreakEvenArgs, out: Output) -> anyhow::Result<()> {
    let (board, sensor) = parts::load(&args.parts)?;
    let cost = parts::update_cost(&args.cost, &board)?;
    let mut workload = match &args.blob {
        Some(path) => parts::workload(board.core, &blob::read(path)?.model(), 1.0, None, cost)?,
        None => plain(board.core, cost),
    };
    if let Some(period_s) = args.sample_period_s {
        if !(period_s.is_finite() && period_s > 0.0) {
            return Err(Usage::error("--sample-period-s: give seconds above 0"));
        }
        workload.sample_period_s = period_s;
    }
    let asked = energy::break_even(&board, &sensor, &workload)?;
    // The turn-on time of many sensors is counted in their own periods, so that it differs by rate.
    let rates: Vec<(f64, BreakEven)> = sensor
        .rates
        .iter()
        .map(|rate| {
            let workload = Workload {
                sample_period_s: 1.0 / rate.odr_hz,
                ..workload.clone()
            };
            Ok((rate.odr_hz, energy::break_even(&board, &sensor, &workload)?))
        })
        .collect::<Result<_, energy::Error>>()?;
    let table: Vec<_> = rates
        .iter()
        .map(|(rate_hz, b)| {
            json!({
                "rate_hz": rate_hz, "sensor_off_s": b.sensor_off_s,
                "sensor_off_from_samples": b.sensor_off_from_samples,
            })
        })
        .collect();
    let mut value = serde_json::to_value(&asked)?;
    merge(
        &mut value,
        json!({ "sample_period_s": workload.sample_period_s, "update": workload.update, "by_rate": table }),
    );
    out.print(&value, || {
        let update = if args.blob.is_none() && cost.is_none() {
            format!("{}: a GRU with 32 units and 6 inputs", workload.update.provenance())
        } else {
            workload.update.provenance()
        };
        let mut lines = vec![
            asked.to_string().trim_end().to_owned(),
            format!(
                "  at a sample period of {} s; one update: {update}",
                workload.sample_period_s
            ),
        ];
        if !rates.is_empty() {
            lines.push("Switching the sensor off, by its rate".into());
        }
        lines.extend(rates.iter().map(|(rate_hz, b)| by_rate(*rate_hz, b)));
        lines.join("\n")
    });
    Ok(())
}

fn by_rate(rate_hz: f64, b: &BreakEven) -> String {
    match (b.sensor_off_s, b.sensor_off_from_samples) {
        (Some(s), Some(n)) => format!("  {rate_hz:>8} Hz   from {} ms, {n} samples and more", s.scaled(1e3)),
        _ => format!("  {rate_hz:>8} Hz   never pays"),
    }
}

fn plain(core: Core, cost: Option<UpdateCost>) -> Workload {
    let update = cost.unwrap_or(UpdateCost::Predicted {
        instructions: energy::predicted_instructions(core, NETWORK.0, NETWORK.1),
    });
    Workload {
        sequence_length: 1,
        sample_period_s: SAMPLE_PERIOD_S,
        updates_mean: 1.0,
        schedules: None,
        update,
        dense_update: update,
        head_macs: 0,
        channels: 1,
    }
}
