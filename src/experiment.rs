//! What the commands of the experiments share: progress bars on standard error, and failed runs.

use crate::{
    interrupt,
    output::{progress_bar, tell},
    train,
};
use experiments::jobs::Event;
use indicatif::{MultiProgress, ProgressBar};
use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

/// A bar for each job that runs. While one runs, a signal ends the jobs after the step that they are in.
#[derive(Default)]
pub struct Bars {
    all: MultiProgress,
    open: Mutex<HashMap<String, Bar>>,
}

struct Bar {
    bar: ProgressBar,
    /// The last evaluation in words.
    last: String,
    /// The job has checkpoints.
    _keeping: interrupt::Keeping,
}

impl Bars {
    /// Shows what happens to a job, and says whether the jobs go on.
    pub fn show(&self, event: &Event<'_>) -> ControlFlow<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { label, steps } => {
                let bar = self.all.add(progress_bar(label, *steps));
                let last = String::new();
                let _keeping = interrupt::keep();
                open.insert((*label).to_owned(), Bar { bar, last, _keeping });
            }
            Event::Step { label, progress } => {
                if let Some(Bar { bar, last, .. }) = open.get_mut(*label) {
                    train::show(bar, &format!("{label}: "), progress, last);
                }
            }
            Event::Finished { label, summary } => {
                close(&mut open, label);
                self.all.suspend(|| tell(format_args!("{label}: {summary}")));
            }
            Event::Failed { label, error } => {
                close(&mut open, label);
                self.all.suspend(|| tell(format_args!("{label}: {}", error.chain())));
            }
        }
        interrupt::flow()
    }
}

fn close(open: &mut HashMap<String, Bar>, label: &str) {
    if let Some(Bar { bar, .. }) = open.remove(label) {
        bar.finish_and_clear();
    }
}

/// The error of a command some of whose runs failed.
pub fn check_failed(failed: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(failed.is_empty(), "{} runs failed; all others are kept", failed.len());
    Ok(())
}
