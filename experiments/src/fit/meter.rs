//! How much of the trainings of a fit is done, and how long the rest will take.

use super::Event;
use crate::jobs;
use std::time::Instant;

/// How much of the trainings is done, each by the time that it is expected to take.
#[derive(Default)]
pub(super) struct Meter {
    /// Label, expected seconds, share done.
    parts: Vec<(String, f64, f64)>,
    begun: Option<(Instant, f64)>,
}

impl Meter {
    pub(super) fn add(&mut self, label: String, seconds: f64, done: f64) {
        self.parts.push((label, seconds, done));
    }

    pub(super) fn share(&self) -> f64 {
        let all: f64 = self.parts.iter().map(|(_, s, _)| s).sum();
        let done: f64 = self.parts.iter().map(|(_, s, d)| s * d).sum();
        done / all.max(f64::MIN_POSITIVE)
    }

    pub(super) fn begin(&mut self) {
        self.begun = Some((Instant::now(), self.share()));
    }

    /// What is to be shown of an event.
    pub(super) fn see(&mut self, event: &jobs::Event<'_>) -> Vec<Event<'static>> {
        let (label, done) = match event {
            jobs::Event::Started { label, .. } => (*label, 0.0),
            jobs::Event::Step { label, progress } => (*label, progress.step as f64 / progress.steps.max(1) as f64),
            jobs::Event::Finished { label, .. } | jobs::Event::Failed { label, .. } => (*label, 1.0),
        };
        if let Some(part) = self.parts.iter_mut().find(|(l, ..)| l == label) {
            part.2 = f64::max(part.2, done);
        }
        let share = self.share();
        // A resumed training jumps to its checkpoint at its first step; what was done before is no speed.
        let left_s = self.begun.and_then(|(begun, from)| {
            let gained = share - from;
            (gained > 0.005).then(|| begun.elapsed().as_secs_f64() * (1.0 - share) / gained)
        });
        let mut said = Vec::new();
        match event {
            jobs::Event::Finished { label, summary } => said.push(Event::Trained(format!("{label}: {summary}"))),
            jobs::Event::Failed { label, error } => said.push(Event::Trained(format!("{label}: {}", error.chain()))),
            _ => {}
        }
        said.push(Event::Progress { share, left_s });
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_what_was_done_since_it_began() {
        let mut meter = Meter::default();
        meter.add("a 1".into(), 30.0, 1.0);
        meter.add("b 1".into(), 90.0, 0.0);
        assert_eq!(meter.share(), 0.25);
        let begun = Instant::now().checked_sub(std::time::Duration::from_secs(10)).unwrap();
        meter.begun = Some((begun, 0.25));
        let said = meter.see(&jobs::Event::Finished {
            label: "b 1",
            summary: "accuracy 0.9".into(),
        });
        assert!(matches!(&said[0], Event::Trained(text) if text == "b 1: accuracy 0.9"));
        assert!(matches!(
            said[1],
            Event::Progress {
                share: 1.0,
                left_s: Some(0.0)
            }
        ));
    }
}
