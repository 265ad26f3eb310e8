//! `skiprnn energy fit`

use super::args::FitArgs;
use crate::output::{Output, Usage};
use energy::{DutyPoint, MOST_MW, fit_two_states};
use serde_json::json;

/// Runs the command.
pub fn run(args: &FitArgs, out: Output) -> anyhow::Result<()> {
    if args.active_mw.is_some_and(|mw| !(mw > 0.0 && mw <= MOST_MW)) {
        return Err(Usage::error("--active-mw: give milliwatts above 0, at most 1e12"));
    }
    if !args.points.iter().all(DutyPoint::is_sound) {
        return Err(Usage::error(
            "--point: give DUTY:MILLIWATTS with a duty in [0, 1] and a power from 0 to 1e12 mW",
        ));
    }
    let fit = fit_two_states(&args.points, args.active_mw)?;
    let value = json!({
        "label": "derived", "active_mw": fit.active_mw, "idle_mw": fit.idle_mw, "residual_mw": fit.residual_mw,
        "points": args.points.len(),
    });
    let active = if args.active_mw.is_some() { "as given" } else { "fitted" };
    out.print(&value, || {
        format!(
            "idle {:.3} mW, active {:.3} mW ({active}); {} points, {:.4} mW left over (root mean square)",
            fit.idle_mw,
            fit.active_mw,
            args.points.len(),
            fit.residual_mw
        )
    });
    Ok(())
}
