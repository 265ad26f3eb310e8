//! Cutting a stream of steps into windows.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::trace::Step;

const SEQ: u8 = 1;
const AWAKE: u8 = 2;
const UPDATE: u8 = 4;

/// A window of more missing time than this is refused (the limit of MLPerf's runner).
pub(crate) const MISSING_LIMIT: f64 = 1e-3;
/// Sums of times are known to this share.
const ROUNDING: f64 = 1e-6;
/// A window of fewer samples is refused.
pub(crate) const LEAST_SAMPLES: u64 = 3;

/// Where a window's energy went by the markers, in microjoules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct States {
    /// While UPD was high.
    pub update_uj: f64,
    /// While AWAKE was high and UPD low.
    pub awake_uj: f64,
    /// While AWAKE was low.
    pub sleep_uj: f64,
    /// Time of UPD high, missing samples shared out.
    pub update_s: f64,
    /// Time of AWAKE high and UPD low.
    pub awake_s: f64,
    /// Time of AWAKE low.
    pub sleep_s: f64,
    /// Rising edges of UPD.
    pub updates: u64,
    /// Rising edges of AWAKE.
    pub wakes: u64,
}

/// One window that counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// Start.
    pub start_s: f64,
    /// End.
    pub end_s: f64,
    /// Energy, baseline included. Where samples are missing, their time is taken at the window's mean power.
    pub gross_uj: f64,
    /// Energy less the baseline over the window's time; null without a baseline.
    pub net_uj: Option<f64>,
    /// Sequences in the window.
    pub sequences: u64,
    /// Samples in the window.
    pub samples: u64,
    /// Share of its time that is missing.
    pub missing_share: f64,
    /// Energy of the first and the last sample: what a marker one sample off would change.
    pub fence_uj: f64,
    /// By marker; null where only SEQ is known.
    pub states: Option<States>,
}

/// How a trace is cut.
#[derive(Debug, Clone)]
pub(crate) enum Cut {
    /// All of it is one window.
    Whole,
    /// SEQ high.
    Markers { states: bool },
    /// Given times, in order, with their sequences.
    Times(Vec<(f64, f64, u64)>),
    /// Power above a threshold; the windows of most net energy are kept.
    Above { threshold_uw: f64, keep: Option<usize> },
}

/// A window while it is being read.
#[derive(Debug, Clone, Default)]
struct Open {
    start_s: f64,
    end_s: f64,
    energy_uj: f64,
    seconds: f64,
    missing_s: f64,
    samples: u64,
    first_uj: f64,
    last_uj: f64,
    states: States,
    levels: u8,
    /// Samples since UPD and AWAKE rose.
    update_run: u64,
    awake_run: u64,
    short_pulses: u64,
    /// It was open when the trace began.
    early: bool,
}

impl Open {
    fn add(&mut self, step: &Step, share: f64) {
        let energy_uj = step.energy_uj * share;
        let duration_s = step.duration_s() * share;
        self.samples += 1;
        self.energy_uj += energy_uj;
        self.last_uj = energy_uj;
        let rising = step.levels & !self.levels;
        let falling = self.levels & !step.levels;
        self.levels = step.levels;
        for (marker, run) in [(UPDATE, &mut self.update_run), (AWAKE, &mut self.awake_run)] {
            self.short_pulses += u64::from(falling & marker != 0 && *run < LEAST_SAMPLES);
            *run = if step.levels & marker != 0 { *run + 1 } else { 0 };
        }
        self.states.updates += u64::from(rising & UPDATE != 0);
        self.states.wakes += u64::from(rising & AWAKE != 0);
        let (state_uj, state_s) = match step.levels {
            levels if levels & UPDATE != 0 => (&mut self.states.update_uj, &mut self.states.update_s),
            levels if levels & AWAKE != 0 => (&mut self.states.awake_uj, &mut self.states.awake_s),
            _ => (&mut self.states.sleep_uj, &mut self.states.sleep_s),
        };
        *state_uj += energy_uj;
        if step.missing {
            self.missing_s += duration_s;
        } else {
            *state_s += duration_s;
            self.seconds += duration_s;
        }
    }
}

/// Windows that do not count, by reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Excluded {
    /// Why.
    pub reason: &'static str,
    /// How many.
    pub windows: u64,
    /// Start of the first of them.
    pub first_start_s: f64,
}

/// Energy and time of samples that are not lost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub uj: f64,
    pub seconds: f64,
}

/// The state of cutting.
pub(crate) struct Cutter {
    cut: Cut,
    count: u64,
    baseline_uw: Option<f64>,
    open: Option<Open>,
    next_time: usize,
    started: bool,
    within: bool,
    pub last_end_s: f64,
    /// Of the whole trace, and of its windows, those that do not count included.
    all: Sum,
    pub inside: Sum,
    /// Whether no sample so far had any power.
    pub all_zero: bool,
    /// A window of fewer samples is refused.
    least_samples: u64,
    /// Pulses of UPD and AWAKE shorter than three samples.
    pub short_pulses: u64,
    pub windows: Vec<Window>,
    excluded: BTreeMap<&'static str, (u64, f64)>,
}

impl Cutter {
    pub(crate) fn new(cut: Cut, count: u64, baseline_uw: Option<f64>, least_samples: u64) -> Self {
        Self {
            cut,
            count,
            baseline_uw,
            open: None,
            next_time: 0,
            started: false,
            within: false,
            last_end_s: 0.0,
            all: Sum::default(),
            inside: Sum::default(),
            all_zero: true,
            least_samples,
            short_pulses: 0,
            windows: Vec::new(),
            excluded: BTreeMap::new(),
        }
    }

    #[inline]
    pub(crate) fn step(&mut self, step: &Step) {
        self.last_end_s = step.end_s;
        if !step.missing {
            self.all.uj += step.energy_uj;
            self.all.seconds += step.duration_s();
            self.all_zero &= step.power_uw == 0.0;
        }
        let inside = match self.cut {
            Cut::Whole => true,
            Cut::Markers { .. } => step.levels & SEQ != 0,
            // A lost sample tells nothing of its power: it belongs where the one before did.
            Cut::Above { .. } if step.missing => self.within,
            Cut::Above { threshold_uw, .. } => step.power_uw > threshold_uw,
            Cut::Times(_) => return self.timed(step),
        };
        if inside != self.within {
            if inside {
                self.begin(step, step.start_s, !self.started);
            } else {
                self.end(step.start_s);
            }
        }
        self.within = inside;
        self.started = true;
        if let Some(open) = &mut self.open {
            if open.samples == 0 {
                open.first_uj = step.energy_uj;
            }
            open.end_s = step.end_s;
            open.add(step, 1.0);
        }
    }

    fn begin(&mut self, step: &Step, start_s: f64, early: bool) {
        // Levels before the window: an AWAKE that rises together with SEQ counts as a wake-up.
        let levels = if early { step.levels } else { SEQ };
        self.open = Some(Open {
            start_s,
            early,
            levels,
            ..Open::default()
        });
    }

    /// Steps that lie partly in a window count with their share of it.
    fn timed(&mut self, step: &Step) {
        loop {
            let Cut::Times(times) = &self.cut else { return };
            let Some(&(start_s, end_s, sequences)) = times.get(self.next_time) else {
                return;
            };
            if step.end_s <= start_s {
                return;
            }
            let overlap_s = step.end_s.min(end_s) - step.start_s.max(start_s);
            let share = (overlap_s / step.duration_s()).clamp(0.0, 1.0);
            // Rounding of a time stamp is no part of a sample.
            if share > ROUNDING {
                let open = self.open.get_or_insert_with(|| Open {
                    start_s,
                    levels: SEQ,
                    ..Open::default()
                });
                if open.samples == 0 {
                    open.first_uj = step.energy_uj;
                }
                open.add(step, share);
            }
            if step.end_s < end_s {
                return;
            }
            self.next_time += 1;
            if let Some(open) = self.open.take() {
                self.close(Open { end_s, ..open }, sequences);
            }
        }
    }

    fn end(&mut self, end_s: f64) {
        if let Some(open) = self.open.take() {
            self.close(Open { end_s, ..open }, self.count);
        }
    }

    /// What lies in no window.
    pub(crate) fn outside(&self) -> Sum {
        Sum {
            uj: self.all.uj - self.inside.uj,
            seconds: self.all.seconds - self.inside.seconds,
        }
    }

    fn count_inside(&mut self, open: &Open) {
        self.inside.uj += open.energy_uj;
        self.inside.seconds += open.seconds;
    }

    fn close(&mut self, open: Open, sequences: u64) {
        self.short_pulses += open.short_pulses;
        self.count_inside(&open);
        let duration_s = open.end_s - open.start_s;
        let missing_share = open.missing_s / duration_s;
        let reason = match () {
            () if open.early && !matches!(self.cut, Cut::Whole) => Some("already open when the trace begins"),
            () if open.samples < self.least_samples => Some("shorter than three samples"),
            () if missing_share > MISSING_LIMIT * (1.0 + ROUNDING) => Some("more than 0.1 % of it is missing"),
            () => None,
        };
        if let Some(reason) = reason {
            return self.exclude(reason, open.start_s);
        }
        let scale = if open.missing_s > 0.0 {
            duration_s / (duration_s - open.missing_s)
        } else {
            1.0
        };
        let gross_uj = open.energy_uj * scale;
        let states = matches!(self.cut, Cut::Markers { states: true }).then(|| States {
            update_uj: open.states.update_uj * scale,
            awake_uj: open.states.awake_uj * scale,
            sleep_uj: open.states.sleep_uj * scale,
            update_s: open.states.update_s * scale,
            awake_s: open.states.awake_s * scale,
            sleep_s: open.states.sleep_s * scale,
            ..open.states
        });
        self.windows.push(Window {
            start_s: open.start_s,
            end_s: open.end_s,
            gross_uj,
            net_uj: self.baseline_uw.map(|uw| gross_uj - uw * duration_s),
            sequences,
            samples: open.samples,
            missing_share,
            fence_uj: open.first_uj + open.last_uj,
            states,
        });
        if let Cut::Above { keep: Some(keep), .. } = self.cut
            && self.windows.len() > keep.saturating_mul(4).saturating_add(1024)
        {
            self.keep_most(keep);
        }
    }

    fn exclude(&mut self, reason: &'static str, start_s: f64) {
        let (count, first_s) = self.excluded.entry(reason).or_insert((0, start_s));
        *count += 1;
        *first_s = first_s.min(start_s);
    }

    /// Keeps the windows of most net energy.
    fn keep_most(&mut self, keep: usize) {
        let net = |window: &Window| window.net_uj.unwrap_or(window.gross_uj);
        self.windows.sort_by(|a, b| net(b).total_cmp(&net(a)));
        for window in self.windows.split_off(keep.min(self.windows.len())) {
            self.exclude(
                "not among the windows of most energy that were to be kept",
                window.start_s,
            );
        }
    }

    /// A window that ends with the trace, but for rounding, is whole; later ones are not in the trace.
    fn finish_timed(&mut self) {
        let Cut::Times(times) = &self.cut else { return };
        let rest: Vec<_> = times.iter().skip(self.next_time).copied().collect();
        for (start_s, end_s, sequences) in rest {
            match self.open.take() {
                Some(open) if end_s - self.last_end_s <= ROUNDING * (end_s - start_s) => {
                    self.close(Open { end_s, ..open }, sequences);
                }
                Some(open) => {
                    self.count_inside(&open);
                    self.exclude("still open when the trace ends", open.start_s);
                }
                None => self.exclude("not within the trace", start_s),
            }
        }
    }

    /// Ends the trace; windows come out in order of time.
    pub(crate) fn finish(&mut self) -> Vec<Excluded> {
        if matches!(self.cut, Cut::Whole) {
            self.end(self.last_end_s);
        }
        self.finish_timed();
        if let Some(open) = self.open.take() {
            self.count_inside(&open);
            self.exclude("still open when the trace ends", open.start_s);
        }
        if let Cut::Above { keep: Some(keep), .. } = self.cut {
            self.keep_most(keep);
        }
        self.windows.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        let entry = |(&reason, &(windows, first_start_s))| Excluded {
            reason,
            windows,
            first_start_s,
        };
        self.excluded.iter().map(entry).collect()
    }
}
