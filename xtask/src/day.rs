//! `cargo xtask day`: a day of board time on the virtual nRF52840-DK, with a budget.

use crate::{
    charges::{number, recording},
    program::Build,
    shell,
};
use anyhow::{Context, ensure};
use dataset::save_sequences;
use serde_json::Value;
use std::time::Instant;

/// Sequences of 2.56 s: 86,400 s.
const SEQUENCES: usize = 33_750;
/// A sequence's duration.
const SEQUENCE_S: f64 = 2.56;
/// An hour's allowance: 150 uJ a sequence, in the middle of what the dial reaches.
const ALLOWANCE_UJ_PER_HOUR: f64 = 210_938.0;
/// By how much of the allowance the simulated charge may miss it.
const MISS: f64 = 0.05;
/// A sample falls due at a whole tick of 32,768 Hz; the debug probe reads the log within a tenth of a millisecond, and a decision
/// takes a little longer after a long line than after a short one.
const OFF_GRID_S: f64 = 500e-6;
/// The real time that it may take.
const MINUTES: f64 = 15.0;

/// Runs it, and fails where a decision is lost, late or another than the simulator's, a rule of silicon is broken, counters disagree,
/// or the budget is missed.
pub fn run() -> anyhow::Result<()> {
    shell::run("", Build::Development.line())?;
    let folder = tempfile::tempdir()?;
    save_sequences(&folder.path().join("x.npy"), &recording(SEQUENCES, 3)?)?;
    let blob = shell::root()
        .join("models/activity-accelerometer/model.srnn")
        .display()
        .to_string();
    let allowance = ALLOWANCE_UJ_PER_HOUR.to_string();
    tell!("a day of classify-lis3dh on the virtual nRF52840-DK, {SEQUENCES} sequences");
    let started = Instant::now();
    let run = Build::Development.json(
        folder.path(),
        &[
            "emulate",
            &blob,
            "--board",
            "nrf52840-dk",
            "--app",
            "classify",
            "--sensor",
            "lis3dh",
            "--x",
            "x.npy",
            "--budget-uj-per-hour",
            &allowance,
        ],
    )?;
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    let day = Day::of(&run)?;
    day.check()?;
    tell!(
        "{:.0} s of board time in {minutes:.1} minutes (measured): {} decisions, none lost, all as simulated; {} updates; at most {:.0} us off \
         the grid; {:.0} uJ an hour of {ALLOWANCE_UJ_PER_HOUR} allowed (simulated)",
        day.seconds,
        day.decisions,
        day.updates,
        day.off_grid_s * 1e6,
        day.uj_per_hour
    );
    ensure!(minutes < MINUTES, "it took {minutes:.1} minutes, more than {MINUTES}");
    Ok(())
}

/// What the day showed.
#[derive(Debug, Clone)]
struct Day {
    seconds: f64,
    decisions: usize,
    lost: usize,
    findings: usize,
    identical: bool,
    /// Counted by the decisions, by the marker pin and by the samples that the sensor delivered.
    updates: u64,
    marked: u64,
    delivered: u64,
    /// The most by which a decision came earlier or later than the first one, on its grid.
    off_grid_s: f64,
    uj_per_hour: f64,
}

impl Day {
    fn of(run: &Value) -> anyhow::Result<Self> {
        let list = |name: &str| run[name].as_array().with_context(|| format!("no {name}"));
        let count = |value: &Value| value.as_u64().with_context(|| format!("no count: {value}"));
        let decided = list("decided")?;
        let mut updates = 0;
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for decision in decided {
            updates += count(&decision["updates"])?;
            let on_grid = number(&decision["sequence"])? * SEQUENCE_S + number(&decision["time_s"])?;
            let off = number(&decision["board_time_s"])? - on_grid;
            (least, most) = (least.min(off), most.max(off));
        }
        Ok(Self {
            seconds: number(&run["seconds"])?,
            decisions: decided.len(),
            lost: list("lost")?.len(),
            findings: list("findings")?.len(),
            identical: run["identical_to_simulator"] == true,
            updates,
            marked: count(&run["charge"]["updates"])?,
            delivered: count(&run["samples_delivered"])?,
            off_grid_s: most - least,
            uj_per_hour: number(&run["charge"]["uj_per_decision"])? * 3600.0 / SEQUENCE_S,
        })
    }

    fn check(&self) -> anyhow::Result<()> {
        let within = |uj: f64| (uj / ALLOWANCE_UJ_PER_HOUR - 1.0).abs() <= MISS;
        ensure!(self.seconds > 86_390.0, "it ran for {} s", self.seconds);
        ensure!(
            self.decisions == SEQUENCES,
            "{} decisions of {SEQUENCES}",
            self.decisions
        );
        ensure!(self.lost == 0, "{} sequences were lost", self.lost);
        ensure!(self.findings == 0, "{} rules of silicon are broken", self.findings);
        ensure!(self.identical, "the board does not decide as the simulator does");
        ensure!(
            self.updates == self.marked && self.updates == self.delivered,
            "{} updates by the decisions, {} by the marker, {} samples",
            self.updates,
            self.marked,
            self.delivered
        );
        ensure!(
            self.off_grid_s <= OFF_GRID_S,
            "decisions drift by {:.0} us",
            self.off_grid_s * 1e6
        );
        ensure!(
            within(self.uj_per_hour),
            "the charge is {} uJ an hour of {ALLOWANCE_UJ_PER_HOUR}",
            self.uj_per_hour
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Day = Day {
        seconds: 86_400.0,
        decisions: SEQUENCES,
        lost: 0,
        findings: 0,
        identical: true,
        updates: 600_000,
        marked: 600_000,
        delivered: 600_000,
        off_grid_s: 40e-6,
        uj_per_hour: ALLOWANCE_UJ_PER_HOUR,
    };

    #[test]
    fn a_day_that_went_wrong_is_refused_by_what_went_wrong() {
        assert!(GOOD.check().is_ok());
        let changed = |change: &dyn Fn(&mut Day)| {
            let mut day = GOOD;
            change(&mut day);
            day.check().unwrap_err().to_string()
        };
        let wrong = [
            (changed(&|day| day.decisions -= 1), "decisions of"),
            (changed(&|day| day.lost = 1), "lost"),
            (changed(&|day| day.findings = 1), "rules of silicon"),
            (changed(&|day| day.identical = false), "as the simulator"),
            (changed(&|day| day.marked -= 1), "by the marker"),
            (changed(&|day| day.off_grid_s = 1e-3), "drift by 1000 us"),
            (changed(&|day| day.uj_per_hour *= 1.06), "the charge is"),
            (changed(&|day| day.uj_per_hour *= 0.94), "the charge is"),
        ];
        for (error, words) in wrong {
            assert!(error.contains(words), "{error}");
        }
    }
}
