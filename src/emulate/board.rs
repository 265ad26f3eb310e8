//! `skiprnn emulate --board NAME`: the image of a real board, as `flash` would write it, on a model of its chip and its sensor.

use super::{
    args::{App, EmulateArgs},
    check_output,
};
use crate::{
    blob::Prepared,
    flash,
    output::{self, Output, Usage, merge},
    settings::{self, Priced},
    simulate,
};
use anyhow::bail;
use board_host::{
    Load, Settings,
    boards::Board,
    capacity::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS},
    on_board::{self, BoardOptions, Classification, Delivered, Observed, Outcome, Recorded},
};
use quantize::Blob;
use serde_json::{Value, json};
use skiprnn_nostd::{Instance, Model, Network, Sequence};
use std::io::Write;

/// A network on the host with an image's room.
type Host<'a> = Instance<'a, MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>;

/// What is run where.
pub struct Job<'a> {
    /// The command line.
    pub args: &'a EmulateArgs,
    /// The board.
    pub board: Board,
    /// The blob.
    pub blob: &'a Blob,
    /// The same, read.
    pub model: &'a Model<'a>,
    /// The data.
    pub prepared: &'a Prepared,
    /// How the board is to run the sequences.
    pub settings: Settings,
    /// With a budget, its prices.
    pub priced: Option<&'a Priced>,
}

impl Job<'_> {
    /// Runs the application.
    pub fn run(&self, out: Output) -> anyhow::Result<()> {
        match self.args.app {
            App::Replay => self.replay(out),
            App::Classify => self.classify(out),
            App::Measure => Err(Usage::error(
                "--app measure: its windows are for a power analyser, which a virtual board does not have; leave --board out",
            )),
        }
    }

    fn options(&self) -> anyhow::Result<BoardOptions> {
        let app = match (self.args.app, &self.args.settings.settings.sensor) {
            (App::Replay, _) => "replay".to_owned(),
            (_, Some(sensor)) => format!("classify-{sensor}"),
            (_, None) => "classify".to_owned(),
        };
        let program = self.board.program(&app, self.model.inputs()).map_err(|why| {
            Usage::error(format!(
                "--sensor: {why}; the sensors of a board are named as its programs are"
            ))
        })?;
        flash::fits(&self.args.blob, self.model, program)?;
        Ok(BoardOptions {
            settings: self.settings,
            firmware: self.args.target.firmware.clone(),
            seconds: self.args.seconds,
            ..BoardOptions::new(self.board, program)
        })
    }

    fn replay(&self, out: Output) -> anyhow::Result<()> {
        if self.args.settings.settings.sensor.is_some() && self.priced.is_none() {
            return Err(Usage::error("--sensor: replay reads none; take --app classify"));
        }
        check_output(self.model)?;
        let x = &self.prepared.data.x;
        let shape = (x.count, x.length, x.channels);
        let load = Load::new(self.blob.bytes(), &self.prepared.counts, shape);
        let spinner = output::progress_bar("running the board's image", 0);
        let replay = on_board::replay(&self.options()?, &load);
        spinner.finish_and_clear();
        let replay = replay?;
        let expected = settings::simulate(self.model, self.prepared, &self.settings)?;
        let runs = super::runs(&replay.records);
        let different = expected.runs.iter().zip(&runs).position(|(a, b)| a != b);
        let same = different.is_none() && replay.spending == expected.spending;
        let mut value = simulate::summarize(self.model, self.prepared, &runs, &self.args.result)?;
        merge(
            &mut value,
            json!({
                "identical_to_simulator": same,
                "first_difference": different,
                "cycles_per_update": replay.cycles_per_update,
                "late_updates": replay.late_updates,
            }),
        );
        merge(&mut value, json(&self.board, &replay.observed));
        let budget = settings::add(&mut value, self.model, &self.settings, self.priced, &expected)?;
        self.log(&replay.observed);
        out.print(&value, || {
            format!(
                "{}: {}\n{} the simulator (schedules, logits, final states); {:.0} cycles per update (simulated), {} late\n{}{budget}",
                self.board.name,
                simulate::text(&value, self.model),
                verdict(same),
                replay.cycles_per_update,
                replay.late_updates,
                text(&replay.observed),
            )
        });
        self.judge(same.then_some(()).ok_or(different), &replay.observed)
    }

    fn classify(&self, out: Output) -> anyhow::Result<()> {
        self.may_classify()?;
        let (model, x) = (self.model, &self.prepared.data.x);
        let channels: Vec<(&str, f32)> = model
            .channels()
            .map(|channel| (channel.unit, channel.full_scale))
            .collect();
        let recorded = Recorded {
            counts: &self.prepared.counts,
            shape: (x.count, x.length, x.channels),
            channels: &channels,
            period_ns: model.sample_period_ns(),
        };
        let run = on_board::classify(&self.options()?, self.blob.bytes(), &recorded, &mut |decision| {
            if !out.json {
                // A reader that leaves early is no failure.
                let _ = writeln!(std::io::stdout().lock(), "{}", super::classify::line(model, decision));
            }
        })?;
        self.log(&run.observed);
        let different = first_difference(model, &run)?;
        let mut value = json!({
            "sequences": run.outcomes.len(),
            "decided": run.decisions().map(|decision| super::classify::json(model, decision)).collect::<Vec<_>>(),
            "lost": run.lost().collect::<Vec<_>>(),
            "refused": run.refused,
            "identical_to_simulator": different.is_none(),
            "first_difference": different,
        });
        merge(&mut value, json(&self.board, &run.observed));
        merge(
            &mut value,
            json!({ "settings": settings::json(&self.settings, self.priced.map(Priced::json)) }),
        );
        out.print(&value, || {
            format!(
                "{}: {} decisions, {} sequences lost\n{} the simulator on the samples that the sensor delivered\n{}",
                self.board.name,
                run.decisions().count(),
                run.lost().count(),
                verdict(different.is_none()),
                text(&run.observed),
            )
        });
        if let Some(why) = &run.refused {
            bail!("{}: the board came to its error state: {why}", self.args.blob.display());
        }
        self.judge(different.map_or(Ok(()), |sequence| Err(Some(sequence))), &run.observed)
    }

    /// Refuses what has no decisions or no time.
    fn may_classify(&self) -> anyhow::Result<()> {
        super::classify::check(self.args, self.model)
    }

    fn log(&self, observed: &Observed) {
        if self.args.log {
            for line in &observed.log {
                eprintln!("{:>12.6} {}", line.at.as_s(), line.text);
            }
        }
    }

    /// Fails where board and simulator differ, or a rule was broken.
    fn judge(&self, same: Result<(), Option<usize>>, observed: &Observed) -> anyhow::Result<()> {
        let file = self.args.blob.display();
        match same {
            Ok(()) => {}
            Err(Some(sequence)) => {
                bail!("{file}: the virtual board and the simulator differ, first at sequence {sequence}")
            }
            Err(None) => bail!("{file}: the virtual board books another energy than the simulator"),
        }
        match observed.findings.len() {
            0 => Ok(()),
            broken => bail!("{file}: {broken} rules of silicon are broken on {}", self.board.name),
        }
    }
}

const fn verdict(same: bool) -> &'static str {
    if same { "identical to" } else { "NOT identical to" }
}

/// The first sequence that ended otherwise than the simulator ends on the samples that the sensor delivered for it.
fn first_difference(model: &Model<'_>, run: &Classification) -> anyhow::Result<Option<usize>> {
    for (index, (outcome, delivered)) in run.outcomes.iter().enumerate() {
        if let Outcome::Decided(decision) = outcome {
            let mut network = Host::new(model.clone())?;
            network.set_dial(decision.dial);
            let mut sequence = Sequence::new(network).with_cap(decision.cap);
            let same = decided(&mut sequence, delivered).is_some_and(|(sample, updates, class, logits)| {
                (sample, updates, class) == (decision.sample, decision.updates, decision.class)
                    && logits == decision.logits
            });
            if !same {
                return Ok(Some(index));
            }
        }
    }
    Ok(None)
}

/// What a network decides on samples, each used as it comes: the last sample's index, updates, class and logits. None where it
/// asks for another number of samples.
fn decided(sequence: &mut Sequence<Host<'_>>, delivered: &[Delivered]) -> Option<(u64, u32, usize, Vec<i32>)> {
    sequence.restart().ok()?;
    let mut last = None;
    for sample in delivered {
        last = Some(sequence.step(&sample.counts()).ok()?);
    }
    let last = last.filter(|progress| progress.next.is_none())?;
    let mut logits = vec![0; sequence.network().outputs()];
    sequence.outputs(&mut logits).ok()?;
    let class = sequence.network().decide(&logits);
    Some((last.sample, sequence.timeline().updates(), class, logits))
}

/// What every run on a virtual board shows, for machines. All of it is simulated.
fn json(board: &Board, observed: &Observed) -> Value {
    let findings: Vec<Value> = observed
        .findings
        .iter()
        .map(|found| {
            json!({
                "rule": found.first.rule,
                "count": found.count,
                "at_s": found.first.at.as_s(),
                "pc": found.first.pc,
                "what": found.first.what,
                "fix": found.first.mend,
            })
        })
        .collect();
    let per_sample = observed.per_sample();
    json!({
        "board": board.name,
        "label": "simulated",
        "seconds": observed.time.as_s(),
        "seconds_asleep": observed.asleep.as_s(),
        "instructions": observed.instructions,
        "cycles": { "low": observed.cycles.0, "high": observed.cycles.1 },
        "sleeps": observed.sleeps.len(),
        "resets": observed.resets,
        "stack": { "used_bytes": observed.stack.used, "bytes": observed.stack.bytes },
        "samples_delivered": observed.delivered.len(),
        "transfers": observed.transfers.len(),
        "per_sample": per_sample.map(|p| json!({
            "transfers": p.transfers, "bus_us": p.bus_us, "awake_us": p.awake_us, "asleep_at_bus_us": p.asleep_at_bus_us,
        })),
        "rules_checked": observed.rules,
        "findings": findings,
    })
}

/// The same for people.
fn text(observed: &Observed) -> String {
    let mut text = format!(
        "{:.3} s of board time, asleep {:.2} %; {} instructions; stack {} of {} bytes (simulated)\n",
        observed.time.as_s(),
        100.0 * observed.asleep.as_s() / observed.time.as_s().max(f64::MIN_POSITIVE),
        observed.instructions,
        observed.stack.used,
        observed.stack.bytes,
    );
    if let Some(p) = observed.per_sample() {
        text += &format!(
            "for each used sample {:.2} transfers, {:.0} us on the bus, core awake for {:.0} us, asleep at the bus for {:.0} us (simulated)\n",
            p.transfers, p.bus_us, p.awake_us, p.asleep_at_bus_us
        );
    }
    match observed.findings.len() {
        0 => text += &format!("no rule of silicon broken, {} checked", observed.rules.len()),
        _ => {
            text += "rules of silicon broken:";
            for found in &observed.findings {
                text += &format!("\n  {} times: {}", found.count, found.first);
            }
        }
    }
    text
}
