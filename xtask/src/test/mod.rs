//! `cargo xtask test`: every step runs, failures are collected and reported together.

mod steps;

use crate::{
    needs::{self, Need, System, ThisMachine},
    shell,
};
use anyhow::bail;
use std::time::Instant;
use steps::{Lack, SLOW, Step, Workspace, steps};

/// What the quick tier may take where everything is compiled.
const QUICK_SECONDS: f64 = 180.0;

/// Runs the suite, or its quick tier.
pub fn run(quick: bool) -> anyhow::Result<()> {
    let workspace = Workspace::read()?;
    let tests = &workspace.tests;
    if let Some((gone, _)) = SLOW.iter().find(|(slow, _)| !tests.iter().any(|test| test == slow)) {
        bail!(
            "the list of slow tests names '{gone}', which is no test any more; remove it from xtask/src/test/steps.rs"
        );
    }
    let started = Instant::now();
    let outcome = Outcome::of(&steps(quick, &workspace), &ThisMachine, shell::run);
    let seconds = started.elapsed().as_secs_f64();
    tell!("\n{}\n{} in {seconds:.0} s", outcome.table(), outcome.summary());
    if quick && seconds > QUICK_SECONDS {
        tell!(
            "the quick tier took more than {QUICK_SECONDS:.0} s: either something was compiled, or a test belongs in the list of \
             slow tests in xtask/src/test/steps.rs"
        );
    }
    let failures = outcome.failures();
    match failures.is_empty() {
        true => Ok(()),
        false => bail!("{} steps failed:\n  {}", failures.len(), failures.join("\n  ")),
    }
}

/// Installs what the whole suite needs and what fuzzing and Miri need, and names what it cannot install.
pub fn setup() -> anyhow::Result<()> {
    let mut wanted: Vec<Need> = steps(false, &Workspace::read()?)
        .into_iter()
        .flat_map(|step| step.needs)
        .collect();
    wanted.push(Need::nightly(&["miri", "rust-src"]));
    let missing = needs::supply(&ThisMachine, &wanted);
    for need in &missing {
        let why = if need.is_optional() {
            " (what needs it is skipped)"
        } else {
            ""
        };
        say!("{}{why}", needs::missing_message(need));
    }
    match missing.iter().all(Need::is_optional) {
        true => Ok(()),
        false => bail!("something is missing that cannot be installed here; see above"),
    }
}

/// What `cargo xtask test --help` says after the options: the steps of each tier.
pub fn tiers() -> String {
    let list = |quick: bool| {
        let mut lines: Vec<String> = Vec::new();
        for step in steps(quick, &Workspace::default()) {
            let line = format!("  - {}", step.what);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines.join("\n")
    };
    let slow: String = SLOW.iter().map(|(test, why)| format!("\n  - {test}: {why}")).collect();
    format!(
        "Steps with --quick; under three minutes where everything is compiled, no images for boards:\n{}\n\n\
         Steps without --quick:\n{}\n\n\
         Integration tests that --quick skips:{slow}\n\n\
         Not part of the suite, because each takes minutes: cargo xtask fuzz, cargo xtask miri, and cargo xtask identical with 10,000 \
         networks.\n\n\
         A table at the end shows how long each step took. What is missing on this machine is installed first, where this user may \
         do that (cargo xtask setup).",
        list(true),
        list(false),
    )
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed(String),
    /// It was not run: something that is optional is missing.
    Skipped,
}

/// What came of the steps.
#[derive(Default)]
struct Outcome {
    /// Every step with the seconds that it took, in order.
    steps: Vec<(String, f64, Verdict)>,
}

impl Outcome {
    /// Installs what the steps need, and runs each by `run`, which gets folder and command. A step that lacks something fails
    /// without being run, or is skipped where that is allowed.
    fn of(steps: &[Step], system: &dyn System, run: impl Fn(&str, &str) -> anyhow::Result<()>) -> Self {
        let wanted: Vec<Need> = steps.iter().flat_map(|step| step.needs.clone()).collect();
        let missing = needs::supply(system, &wanted);
        for need in missing.iter().filter(|need| need.is_optional()) {
            say!("{}; what needs it is skipped", needs::missing_message(need));
        }
        let mut outcome = Self::default();
        for step in steps {
            let started = Instant::now();
            let verdict = match step.lacks(&missing) {
                Some(Lack::Needed(need)) => {
                    Verdict::Failed(format!("not run: {}; {}", step.line, needs::missing_message(need)))
                }
                Some(Lack::Skipped) => Verdict::Skipped,
                None => match run(step.folder, &step.line) {
                    Ok(()) => Verdict::Passed,
                    Err(error) => Verdict::Failed(format!("{error:#}")),
                },
            };
            if let Verdict::Failed(why) = &verdict {
                tell!("{why}");
            }
            let seconds = started.elapsed().as_secs_f64();
            tell!("{seconds:.1} s");
            let place = if step.folder.is_empty() { "" } else { " in " };
            outcome
                .steps
                .push((format!("{}{place}{}", step.line, step.folder), seconds, verdict));
        }
        outcome
    }

    fn failures(&self) -> Vec<&str> {
        let verdicts = self.steps.iter().map(|(.., verdict)| verdict);
        verdicts
            .filter_map(|verdict| match verdict {
                Verdict::Failed(why) => Some(why.as_str()),
                _ => None,
            })
            .collect()
    }

    /// What each step took, so that a step that has grown is seen.
    fn table(&self) -> String {
        let row = |(name, seconds, verdict): &(String, f64, Verdict)| {
            let verdict = match verdict {
                Verdict::Passed => "  ",
                Verdict::Failed(_) => "  FAILED  ",
                Verdict::Skipped => "  skipped  ",
            };
            format!("{seconds:>7.1} s{verdict}{name}")
        };
        self.steps.iter().map(row).collect::<Vec<_>>().join("\n")
    }

    fn summary(&self) -> String {
        let skipped = |(.., verdict): &&(String, f64, Verdict)| matches!(verdict, Verdict::Skipped);
        let skipped = self.steps.iter().filter(skipped).count();
        let passed = self.steps.len() - self.failures().len() - skipped;
        let more = match skipped {
            0 => String::new(),
            n => format!(", {n} skipped"),
        };
        format!("{passed} of {} steps passed{more}", self.steps.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A machine that has nothing and gets nothing.
    struct Bare;

    impl System for Bare {
        fn output(&self, _: &str) -> Option<String> {
            None
        }
        fn run(&self, _: &str) -> bool {
            false
        }
        fn exists(&self, _: &str) -> bool {
            false
        }
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }

    fn step(folder: &'static str, line: &str) -> Step {
        Step::new(steps::Tier::Both, "a check", folder, line)
    }

    #[test]
    fn a_step_that_fails_is_reported_with_its_time_and_the_next_one_runs() {
        let outcome = Outcome::of(&[step("", "false"), step("xtask", "true")], &Bare, shell::run);
        assert_eq!(outcome.failures(), ["failed: false"]);
        let table = outcome.table();
        let rows: Vec<_> = table.lines().collect();
        assert!(rows[0].ends_with(" s  FAILED  false"), "{table}");
        assert!(rows[1].ends_with(" s  true in xtask"), "{table}");
        assert_eq!(outcome.summary(), "1 of 2 steps passed");
    }

    #[test]
    fn a_step_that_lacks_something_is_not_run_and_fails_with_the_line_to_type() {
        let ran = RefCell::new(Vec::new());
        let run = |_: &str, line: &str| {
            ran.borrow_mut().push(line.to_owned());
            Ok(())
        };
        let steps = [
            step("", "image").needing([Need::target("thumbv6m-none-eabi"), Need::Qemu]),
            step("", "compare").needing([Need::Qemu]),
            step("", "old compiler").skipped_without(Need::Qemu),
        ];
        let outcome = Outcome::of(&steps, &Bare, run);
        assert_eq!(*ran.borrow(), ["compare"]);
        let line = "rustup target add thumbv6m-none-eabi";
        assert!(outcome.failures()[0].starts_with("not run: image; ") && outcome.failures()[0].ends_with(line));
        assert_eq!(outcome.steps[2].2, Verdict::Skipped);
        assert_eq!(outcome.summary(), "1 of 3 steps passed, 1 skipped");
    }

    #[test]
    fn the_help_names_every_step_in_its_tier() {
        let text = tiers();
        let (quick, full) = text.split_once("Steps without --quick").unwrap();
        for (tier, other, named) in [
            (quick, full, "integration tests without images"),
            (full, quick, "use of flash and RAM of every image"),
        ] {
            assert!(tier.contains(named) && !other.contains(named), "{text}");
        }
        assert!(quick.contains("format of the firmware") && full.contains("format of the firmware"));
        assert_eq!(full.matches("builds for every target").count(), 1);
    }
}
