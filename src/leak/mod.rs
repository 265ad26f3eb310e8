//! `skiprnn leak`: what the skip pattern tells of the class.
//!
//! Which samples a network uses depends on what it sees. Whoever can tell when a board works, by its radio or by its supply
//! current, learns of the data without reading it. The command runs a blob over labelled sequences and estimates how much.

mod information;
mod watcher;

use crate::{
    args::{InputArgs, Task},
    blob, inputs,
    output::{Output, Usage, write_atomically},
};
use charts::{Axis, Chart, DEFAULT_STYLE, Series, hues};
use float_model::Targets;
use information::{Estimate, binned, entropy, mutual};
use quantize::{Run, Simulator};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Options of `leak`.
#[derive(clap::Args, Debug)]
pub struct LeakArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Sequences of a generated task.
    #[arg(long, value_enum)]
    pub task: Option<Task>,
    /// The sequences.
    #[command(flatten)]
    pub input: InputArgs,
    /// The dial.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub dial: f64,
    /// Shuffles of the classes that say what chance gives.
    #[arg(long, default_value_t = 1000)]
    pub shuffles: usize,
    /// Draw the distribution of the updates in each class.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Sequences that are run where nothing else is said.
const COUNT: usize = 4000;

/// What a watcher may see of a sequence.
struct Seen {
    name: &'static str,
    meaning: &'static str,
    values: Vec<usize>,
}

/// Runs the command.
pub fn run(args: &LeakArgs, out: Output) -> anyhow::Result<()> {
    if args.shuffles < 100 {
        return Err(Usage::error("--shuffles: too few to tell chance; give at least 100"));
    }
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let prepared = blob::prepare(&model, args.task, &args.input, COUNT)?;
    let classes = classes(prepared.data.y.as_ref())?;
    let length = prepared.data.x.length;
    let runs = Simulator::new(&model)?
        .with_dial(args.dial)
        .run_all(&prepared.counts, length, inputs::threads());
    let seed = args.input.seed;
    let of_runs = |f: &dyn Fn(&Run) -> u32| binned(&runs.iter().map(f).collect::<Vec<u32>>());
    let schedules: Vec<&[u32]> = runs.iter().map(|r| r.updates.as_slice()).collect();
    let guesses = watcher::guesses(&schedules, length, &classes, seed);
    let right = guesses.iter().zip(&classes).filter(|(g, c)| g == c).count();
    let seen = [
        Seen {
            name: "number",
            meaning: "number of updates",
            values: of_runs(&|r| r.updates.len() as u32),
        },
        Seen {
            name: "decision",
            meaning: "sample at which the decision falls",
            values: of_runs(&|r| r.updates.last().copied().unwrap_or(0)),
        },
        Seen {
            name: "pattern",
            meaning: "all updates, as far as naive Bayes reads them",
            values: guesses,
        },
    ];
    let estimates: Vec<(&Seen, Estimate)> = seen
        .iter()
        .map(|s| (s, mutual(&s.values, &classes, args.shuffles, seed)))
        .collect();
    let whole = entropy(&classes);
    let most = information_free_guess(&classes);
    if let Some(path) = &args.out {
        let names: Vec<String> = model.class_names().map(str::to_owned).collect();
        write_atomically(path, picture(&runs, &classes, &names, length).as_bytes())?;
    }
    let share = right as f64 / classes.len() as f64;
    let of = |(s, e): &(&Seen, Estimate)| {
        let value = json!({
            "bits": e.plug_in, "chance_bits": e.chance, "chance_99_bits": e.chance_99, "excess_bits": e.excess(), "p": e.p,
        });
        (s.name.to_owned(), value)
    };
    let value = json!({
        "sequences": classes.len(), "class_entropy_bits": whole, "shuffles": args.shuffles, "seed": seed,
        "seen": estimates.iter().map(of).collect::<serde_json::Map<String, Value>>(),
        "watcher_right": share, "best_guess_without": most, "out": args.out,
    });
    out.print(&value, || {
        let mut text = format!(
            "{} sequences; their class has {whole:.3} bits. What is seen, and the bits it tells of the class:\n",
            classes.len()
        );
        for (s, e) in &estimates {
            let verdict = match e.plug_in > e.chance_99 {
                true => format!("{:.3} more than chance, p = {:.4}", e.excess(), e.p),
                false => format!("no more than chance, p = {:.2}", e.p),
            };
            text += &format!(
                "  {:<46} {:.3} (shuffled classes: {:.3}): {verdict}\n",
                s.meaning, e.plug_in, e.chance
            );
        }
        text + &format!(
            "A watcher who sees every update guesses {:.1} % of the classes, without seeing any {:.1} %. A board that reports at the \
             end of every sequence (`decide_at_end`) hides when its decision falls from its radio's listeners; its supply current \
             still shows the updates.",
            100.0 * share,
            100.0 * most
        )
    });
    Ok(())
}

fn classes(y: Option<&Targets>) -> anyhow::Result<Vec<usize>> {
    match y {
        Some(Targets::Labels(labels)) if labels.iter().any(|l| *l != labels[0]) => {
            Ok(labels.iter().map(|l| *l as usize).collect())
        }
        Some(Targets::Labels(_)) => {
            anyhow::bail!("labels: all sequences are of one class, of which nothing can be learned")
        }
        Some(_) => anyhow::bail!("answers: not one class a sequence; a leak is estimated for classes alone"),
        None => Err(Usage::error("--y: missing; without classes there is nothing to leak")),
    }
}

/// How often the commonest class is right.
fn information_free_guess(classes: &[usize]) -> f64 {
    let of = |c: usize| classes.iter().filter(|k| **k == c).count();
    let most = (0..=classes.iter().copied().max().unwrap_or(0)).map(of).max();
    most.unwrap_or(0) as f64 / classes.len() as f64
}

/// For each class the share of its sequences with so many updates.
fn picture(runs: &[Run], classes: &[usize], names: &[String], length: usize) -> String {
    let count = classes.iter().max().map_or(0, |m| m + 1);
    let width = runs.iter().map(|r| r.updates.len()).max().unwrap_or(1).max(2);
    let mut lines = vec![vec![0.0f64; width + 1]; count];
    for (run, class) in runs.iter().zip(classes) {
        lines[*class][run.updates.len()] += 1.0;
    }
    let mut highest = 0.0f64;
    let points: Vec<Vec<(f64, f64)>> = lines
        .iter()
        .map(|line| {
            let members = line.iter().sum::<f64>().max(1.0);
            let shares = line.iter().map(|n| n / members);
            let points: Vec<(f64, f64)> = shares.enumerate().map(|(k, p)| (k as f64, p)).collect();
            highest = points.iter().fold(highest, |m, p| m.max(p.1));
            points
        })
        .collect();
    let labels: Vec<String> = (0..count)
        .map(|c| names.get(c).cloned().unwrap_or_else(|| format!("class {c}")))
        .collect();
    let styles: Vec<String> = (0..count).map(|c| format!("class{c}")).collect();
    let series = points
        .iter()
        .enumerate()
        .map(|(c, points)| Series::line(&styles[c], &labels[c], points))
        .collect();
    let chart = Chart {
        title: "Updates, by class",
        x_label: &format!("updates of {length}"),
        x: Axis::linear(0.0, width as f64),
        y: Axis::linear(0.0, highest),
        size: (640.0, 320.0),
        series,
    };
    chart
        .draw()
        .to_file(&format!("{DEFAULT_STYLE}{}", hues("class", count)))
}
