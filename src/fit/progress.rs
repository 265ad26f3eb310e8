//! How far a fit is, on standard error: a bar with the time that is left, or, where that is no terminal, a line for every tenth.

use crate::{
    interrupt,
    output::{progress_bar, tell},
};
use experiments::fit::Event;
use indicatif::ProgressBar;
use std::{
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

/// Parts of the bar.
const PARTS: u64 = 1000;
/// Lines for the whole of the trainings.
const LINES: f64 = 10.0;

/// The bar of the trainings.
pub struct Progress {
    bar: ProgressBar,
    /// Lines told.
    told: Mutex<f64>,
}

impl Progress {
    /// Nothing is done yet.
    pub fn new() -> Self {
        Progress {
            bar: progress_bar("trainings", PARTS),
            told: Mutex::new(0.0),
        }
    }

    /// Shows what happens, and says whether the work goes on.
    pub fn show(&self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Stage(stage) => self.line(stage),
            Event::Trained(what) => self.line(what),
            Event::Progress { share, left_s } => self.at(*share, *left_s),
        }
        interrupt::flow()
    }

    fn line(&self, line: &str) {
        self.bar.suspend(|| tell(line));
    }

    fn at(&self, share: f64, left_s: Option<f64>) {
        let left = left_s.map_or_else(String::new, |s| format!("about {} left", time(s)));
        self.bar.set_position((share * PARTS as f64) as u64);
        self.bar.set_message(left.clone());
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (share * LINES).floor();
        if self.bar.is_hidden() && now > *told {
            *told = now;
            tell(format_args!("{:.0} % of the trainings done, {left}", 100.0 * share));
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Seconds as people say them.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_unit() {
        assert_eq!(
            (time(12.4), time(89.0), time(150.0)),
            ("12 s".into(), "89 s".into(), "2 min".into())
        );
    }
}
