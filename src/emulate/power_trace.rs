//! The current of a simulated run over time, as a file that `energy measure` reads and calls simulated.

use crate::output::{Usage, write_atomically};
use anyhow::Context;
use board_host::on_board::power::{Balance, Markers, Step, Trace};
use energy::trace::write::{Channel, Ppk2Sample, Ppk2Writer, SimulatedWriter};
use std::{
    io::{Read, Seek},
    path::Path,
};

/// Samples a second of a session: those of the kit.
const RATE_HZ: u32 = 100_000;
/// From one sample of a session to the next, in picoseconds.
const PERIOD_PS: u64 = 1_000_000_000_000 / RATE_HZ as u64;
/// The longest session that is written, in seconds.
const MOST_SESSION_S: f64 = 1_800.0;

/// Writes the trace of a run: as a session of a PPK2 where the name ends in `.ppk2`, else as steps.
pub fn write(path: &Path, balance: &Balance) -> anyhow::Result<()> {
    let Some(trace) = &balance.trace else { return Ok(()) };
    let bytes = match path.extension().is_some_and(|extension| extension == "ppk2") {
        true => session(path, trace)?,
        false => steps(trace, balance.supply_uv)?,
    };
    write_atomically(path, &bytes)
}

const fn levels(markers: Markers) -> [bool; 3] {
    [markers.sequence, markers.awake, markers.update]
}

fn steps(trace: &Trace, supply_uv: u64) -> std::io::Result<Vec<u8>> {
    let mut writer = SimulatedWriter::new(Vec::new(), supply_uv)?;
    for step in &trace.steps {
        writer.push(step.from.ps(), step.current_pa, levels(step.markers))?;
    }
    writer.push(trace.end.ps(), 0, [false; 3])?;
    writer.finish()
}

/// The mean current of each sample; what rounding leaves over goes into the next one, so that nothing is lost in the sum.
fn session(path: &Path, trace: &Trace) -> anyhow::Result<Vec<u8>> {
    if trace.end.as_s() > MOST_SESSION_S {
        return Err(Usage::error(format!(
            "--power-trace: a session of {:.0} s is longer than {MOST_SESSION_S} s; give fewer --seconds, or a .csv",
            trace.end.as_s()
        )));
    }
    let mut file = tempfile::tempfile().context("a temporary file for the session cannot be made")?;
    let mut writer = Ppk2Writer::simulated(file.try_clone()?, path, RATE_HZ)?;
    let mut steps = trace.steps.iter().peekable();
    let mut step: Option<&Step> = None;
    let (mut now_ps, mut left_over) = (0, 0.0);
    while now_ps < trace.end.ps() {
        let end_ps = now_ps + PERIOD_PS;
        let mut charge = left_over;
        let mut channels = [Channel::Low; 8];
        for (channel, high) in channels
            .iter_mut()
            .zip(step.map_or([false; 3], |step| levels(step.markers)))
        {
            *channel = if high { Channel::High } else { Channel::Low };
        }
        while now_ps < end_ps {
            while let Some(next) = steps.next_if(|next| next.from.ps() <= now_ps) {
                step = Some(next);
            }
            let next_ps = steps.peek().map_or(u64::MAX, |next| next.from.ps());
            let until_ps = next_ps.min(end_ps);
            let flows_ps = until_ps.min(trace.end.ps()).saturating_sub(now_ps);
            charge += step.map_or(0.0, |step| step.current_pa as f64) * flows_ps as f64;
            now_ps = until_ps;
        }
        let current_ua = (charge / PERIOD_PS as f64 * 1e-6) as f32;
        left_over = charge - f64::from(current_ua) * 1e6 * PERIOD_PS as f64;
        let mut sample = Ppk2Sample { current_ua, channels };
        if sample == Ppk2Sample::LOST {
            // What a lost sample looks like; the next number is none.
            sample.current_ua = current_ua.next_up();
        }
        writer.push(&sample)?;
    }
    writer.finish()?;
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use board_host::on_board::Time;
    use energy::{MeasureOptions, measure, trace::ReadOptions};

    #[test]
    fn both_files_hold_the_charge_of_the_trace() {
        let step = |us: u64, current_pa, update| Step {
            from: Time::from_us(us) + Time::from_ps(7),
            current_pa,
            markers: Markers {
                sequence: us > 100,
                awake: true,
                update,
            },
        };
        let trace = Trace {
            steps: vec![
                Step {
                    from: Time::ZERO,
                    ..step(0, 200_000, false)
                },
                step(33, 3_302_400_017, true),
                step(35, 200_000, false),
                step(1_234, 590_000_003, false),
            ],
            end: Time::from_us(2_000_003),
        };
        let ends = trace.steps.iter().skip(1).map(|step| step.from).chain([trace.end]);
        let charge = |(step, end): (&Step, Time)| u128::from(step.current_pa) * u128::from(end.since(step.from).ps());
        let sum: u128 = trace.steps.iter().zip(ends).map(charge).sum();
        let balance = Balance {
            trace: Some(trace.clone()),
            ..board_host::on_board::power::Ledger::new(
                board_host::on_board::power::Figures {
                    supply_uv: 3_000_000,
                    ..Default::default()
                },
                board_host::on_board::power::PowerPins {
                    markers: [""; 3],
                    leds: &[],
                    held: &[],
                },
                false,
            )
            .finish(trace.end)
        };
        let folder = tempfile::tempdir().unwrap();
        for (name, voltage_v) in [("t.csv", None), ("t.ppk2", Some(3.0))] {
            let path = folder.path().join(name);
            write(&path, &balance).unwrap();
            let options = MeasureOptions {
                read: ReadOptions {
                    voltage_v,
                    ..ReadOptions::default()
                },
                ..MeasureOptions::default()
            };
            let m = measure(&path, &options).unwrap();
            let ratio = m.windows[0].gross_uj / balance.uj(sum);
            assert_eq!(m.label, "simulated", "{name}");
            assert!((ratio - 1.0).abs() < 1e-6, "{name}: {ratio}");
        }
    }
}
