//! What the commands of the experiments share: progress bars on standard error, and errors in the words that were typed.

use crate::{
    output::{Usage, progress_bar},
    train,
};
use experiments::jobs::Event;
use indicatif::{MultiProgress, ProgressBar};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// A bar for each job that runs.
#[derive(Default)]
pub struct Bars {
    all: MultiProgress,
    open: Mutex<HashMap<String, Bar>>,
}

struct Bar {
    bar: ProgressBar,
    /// The last evaluation in words.
    last: String,
}

impl Bars {
    /// Shows what happens to a job.
    pub fn show(&self, event: &Event<'_>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { label, steps } => {
                let bar = self.all.add(progress_bar(label, *steps));
                let last = String::new();
                open.insert((*label).to_owned(), Bar { bar, last });
            }
            Event::Step { label, progress } => {
                if let Some(Bar { bar, last }) = open.get_mut(*label) {
                    train::show(bar, &format!("{label}: "), progress, last);
                }
            }
            Event::Finished { label, summary } => {
                close(&mut open, label);
                self.all.suspend(|| eprintln!("{label}: {summary}"));
            }
            Event::Failed { label, error } => {
                close(&mut open, label);
                self.all.suspend(|| eprintln!("{label}: {}", error.chain()));
            }
        }
    }
}

fn close(open: &mut HashMap<String, Bar>, label: &str) {
    if let Some(Bar { bar, .. }) = open.remove(label) {
        bar.finish_and_clear();
    }
}

/// An error of an experiment, with the option that was typed in place of the field.
pub fn as_typed(error: experiments::Error) -> anyhow::Error {
    match error {
        experiments::Error::Option { option, problem } => {
            Usage::error(format!("--{}: {problem}", option.replace('_', "-")))
        }
        experiments::Error::Train(error) => error.into(),
        other if other.is_usage() => Usage::error(other.chain()),
        other => other.into(),
    }
}

/// The error of a command some of whose runs failed.
pub fn check_failed(failed: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(failed.is_empty(), "{} runs failed; all others are kept", failed.len());
    Ok(())
}
