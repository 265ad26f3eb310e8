//! The scripted sensor under the application `classify`, in simulated time: what it decides is what the network decides on
//! the recording, sample by sample, and whatever is read at another instant is another sample.

use app::{
    Classify, MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, Markers, Run, SequenceFile, SequenceHeader,
    classify::{ClassifyError, Event},
    markers::Unwired,
    sensor::{
        Described,
        scripted::{DEPTH, ScriptError, Scripted},
    },
    stored::{Budget, Settings, SettingsError},
};
use fixed::types::I16F16;
use skiprnn_nostd::{
    Instance, Model, Network, Sequence, Step,
    budget::{ControlError, Controller, Pauses, Setting, Spending},
    runner::{Captured, Clock, RunnerError, Sensor},
};
use std::{
    cell::Cell,
    convert::Infallible,
    num::{NonZeroU16, NonZeroU32},
    rc::Rc,
    task::Poll,
};

/// Ticks of the clock in a second.
const SECOND: u32 = 1_000_000;
/// Ticks of the model's sample period.
const PERIOD: u64 = 20_000;

/// The three-channel activity model, 50 Hz, as it would lie in flash.
fn model() -> Model<'static> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/activity-accelerometer/model.srnn"
    );
    let bytes = std::fs::read(path).unwrap();
    let padded: &'static mut [u8] = Box::leak(vec![0; bytes.len() + 4].into());
    let offset = padded.as_ptr().align_offset(4);
    let blob = &mut padded[offset..][..bytes.len()];
    blob.copy_from_slice(&bytes);
    Model::parse(blob).unwrap()
}

/// Counts (N, T, 3) that wander, from a fixed seed.
fn counts(sequences: usize) -> Vec<i16> {
    let mut state = 7u64;
    let mut at = [0i32; 3];
    (0..sequences * 128 * 3)
        .map(|index| {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            let channel = &mut at[index % 3];
            *channel = (*channel + i32::from((state >> 48) as i16 / 8)).clamp(-32_768, 32_767);
            *channel as i16
        })
        .collect()
}

/// The recording as a loader leaves it.
fn file(counts: &[i16]) -> Vec<u8> {
    let samples: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
    let sequences = counts.len() as u32 / (128 * 3);
    let header = SequenceHeader::of([sequences, 128, 3], &samples).unwrap();
    [header.to_bytes().as_slice(), &samples].concat()
}

/// A microsecond a tick; sleeping takes no other time than it should.
#[derive(Clone, Default)]
struct Time(Rc<Cell<u64>>);

impl Clock for Time {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        SECOND
    }

    fn now(&mut self) -> u64 {
        self.0.get()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.0.set(self.0.get().max(tick));
        Ok(())
    }
}

/// A network whose updates take time.
struct Slow(Instance<'static, MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>, Time, u64);

impl Network for Slow {
    type Error = skiprnn_nostd::StepError;

    fn inputs(&self) -> usize {
        self.0.inputs()
    }

    fn outputs(&self) -> usize {
        self.0.outputs()
    }

    fn sample_period_ns(&self) -> u64 {
        self.0.sample_period_ns()
    }

    fn sequence_length(&self) -> u32 {
        self.0.sequence_length()
    }

    fn set_dial(&mut self, dial: I16F16) {
        self.0.set_dial(dial);
    }

    fn reset(&mut self) -> Result<(), Self::Error> {
        self.0.reset()
    }

    fn step(&mut self, counts: &[i16]) -> Result<Step, Self::Error> {
        let step = self.0.step(counts);
        self.1.0.set(self.1.0.get() + self.2);
        step
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), Self::Error> {
        self.0.logits(out)
    }

    fn decide(&self, logits: &[i32]) -> usize {
        self.0.decide(logits)
    }
}

/// Dial 0, no cap.
const PLAIN: Setting = Setting {
    dial: I16F16::ZERO,
    cap: None,
};

/// (updates, last sample used, logits).
type Outcome = (u32, u64, Vec<i32>);

/// The outcome of a sequence, without any clock.
fn one(model: &Model<'static>, counts: &[i16], setting: Setting) -> Outcome {
    let mut network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
    network.set_dial(setting.dial);
    let mut sequence = Sequence::new(network).with_cap(setting.cap);
    let mut last = 0;
    while let Some(sample) = sequence.due() {
        sequence.step(&counts[sample as usize * 3..][..3]).unwrap();
        last = sample;
    }
    let mut logits = vec![0; model.outputs()];
    sequence.outputs(&mut logits).unwrap();
    (sequence.timeline().updates(), last, logits)
}

/// The same of each sequence.
fn expected(model: &Model<'static>, counts: &[i16], setting: Setting) -> Vec<Outcome> {
    counts
        .chunks_exact(128 * 3)
        .map(|counts| one(model, counts, setting))
        .collect()
}

/// Classifies every sequence of a recording by these settings.
fn decided(model: &Model<'static>, counts: &[i16], settings: &Settings) -> (Vec<(Setting, Outcome)>, Option<Spending>) {
    let (file, time) = (file(counts), Time::default());
    let mut now = time.clone();
    let recording = SequenceFile::find(&file).unwrap();
    let sensor = Scripted::new(model, recording, move || now.now(), SECOND).unwrap();
    let network = Slow(Instance::new(model.clone()).unwrap(), time.clone(), 1000);
    let control = settings.controller(model, model.sequence_length()).unwrap();
    let mut classify = Classify::new(model, network, sensor, time, Markers::NONE, (Unwired, 0), control).unwrap();
    let mut decisions = Vec::new();
    for _ in counts.chunks_exact(128 * 3) {
        let Event::Decided(decision, _, setting) = classify.next_event().unwrap() else {
            panic!("sequence {} was lost", decisions.len());
        };
        decisions.push((setting, (decision.updates, decision.sample, decision.logits.to_vec())));
    }
    (decisions, classify.spending())
}

#[test]
fn dial_and_cap_are_those_of_the_settings() {
    let model = model();
    let counts = counts(4);
    let settings = Settings {
        dial: I16F16::from_num(1.25),
        cap: NonZeroU32::new(12),
        ..Settings::default()
    };
    let (decisions, spending) = decided(&model, &counts, &settings);
    let setting = settings.fixed().unwrap();
    let expected: Vec<_> = expected(&model, &counts, setting)
        .into_iter()
        .map(|result| (setting, result))
        .collect();
    assert_eq!(decisions, expected);
    assert_eq!(spending, None);
    assert!(
        decisions.iter().any(|(_, (updates, ..))| *updates == 12),
        "never capped"
    );
}

/// A budget of this many uJ an hour, 20 uJ a sequence, 10 uJ an update.
fn budget(allowance: u32) -> Settings {
    Settings {
        budget: Some(Budget {
            allowance_uj_per_hour: NonZeroU32::new(allowance).unwrap(),
            base_nj: 20_000,
            update_nj: NonZeroU32::new(10_000).unwrap(),
            pauses: Pauses::NONE,
            horizon: NonZeroU16::new(10).unwrap(),
        }),
        ..Settings::default()
    }
}

#[test]
fn a_budget_turns_the_dial_and_is_kept() {
    let model = model();
    let counts = counts(200);
    let updates = |per_sequence: u32| {
        // 2.56 s a sequence.
        let settings = budget((20 + 10 * per_sequence) * 3600 * 100 / 256);
        let (decisions, spending) = decided(&model, &counts, &settings);
        for (counts, (setting, result)) in counts.chunks_exact(128 * 3).zip(&decisions) {
            assert_eq!(result, &one(&model, counts, *setting));
        }
        let total: u32 = decisions.iter().map(|(_, (updates, ..))| updates).sum();
        let spending = spending.unwrap();
        let booked = 200 * 20_000 + u64::from(total) * 10_000;
        assert_eq!(spending.booked_nj, booked);
        let share = booked as f64 / spending.allowed_nj as f64;
        assert!(
            (share - 1.0).abs() < 0.03,
            "{share} of the allowance for {per_sequence}"
        );
        let dials = decisions.iter().map(|(setting, _)| setting.dial);
        (total, dials.clone().max() > dials.min())
    };
    let ((many, turned), (few, _)) = (updates(24), updates(12));
    assert!(turned, "the dial was never turned");
    let share = f64::from(few) / f64::from(many);
    assert!(
        (share - 0.5).abs() < 0.02,
        "{few} of {many} updates on half of the energy for them"
    );
}

#[test]
fn the_tighter_of_two_caps_holds() {
    let model = model();
    // Six updates, fewer than the lowest dial makes.
    let settings = |cap| Settings {
        cap: NonZeroU32::new(cap),
        ..budget(80 * 3600 * 100 / 256)
    };
    let of = |cap| settings(cap).controller(&model, 128).unwrap().setting().cap;
    let paid = of(0).unwrap();
    assert!(paid.get() <= 6, "{paid}");
    assert_eq!(of(100), Some(paid));
    assert_eq!(of(1), NonZeroU32::new(1));
    let refused = |settings: Settings| settings.controller(&model, 0).map(|_| ()).unwrap_err();
    assert_eq!(
        refused(budget(1000)),
        SettingsError::Control(ControlError::EndlessBudget)
    );
    assert_eq!(refused(settings(3)), SettingsError::Control(ControlError::EndlessCap));
}

#[test]
fn decisions_are_the_networks_on_the_recording() {
    let model = model();
    let counts = counts(6);
    let file = file(&counts);
    let expected = expected(&model, &counts, PLAIN);
    // Updates that fit the period, and updates that outlast it, during which samples wait in the FIFO.
    for update in [0, PERIOD / 2, PERIOD + PERIOD / 3] {
        let time = Time::default();
        let mut now = time.clone();
        let recording = SequenceFile::find(&file).unwrap();
        let sensor = Scripted::new(&model, recording, move || now.now(), SECOND).unwrap();
        let network = Slow(Instance::new(model.clone()).unwrap(), time.clone(), update);
        let mut classify = Classify::new(
            &model,
            network,
            sensor,
            time.clone(),
            Markers::NONE,
            (Unwired, 0),
            Controller::default(),
        )
        .unwrap();
        let mut latest = 0;
        for (index, (updates, sample, logits)) in expected.iter().enumerate() {
            let Event::Decided(decision, ..) = classify.next_event().unwrap() else {
                panic!("sequence {index} was lost");
            };
            assert_eq!(
                (decision.sequence, decision.updates, decision.sample),
                (index as u64, *updates, *sample)
            );
            assert_eq!(
                decision.logits[..],
                logits[..],
                "sequence {index}, update of {update} us"
            );
            if update <= PERIOD {
                // The grid begins a period after the start, since the sensor is slower than nothing; one sequence lies
                // behind the other, and the update comes on top.
                let due = (1 + index as u64 * 128 + sample) * PERIOD;
                assert_eq!(classify.now(), due + update, "sequence {index}");
            }
            latest = classify.now();
        }
        let counters = classify.counters();
        assert_eq!((counters.overflows, counters.missed, counters.failures), (0, 0, 0));
        assert_eq!(counters.captured > 0, update > PERIOD);
        assert!(latest > 5 * 128 * PERIOD);
        // The recording has ended: three sequences are lost, and that is the end.
        for _ in 0..2 {
            assert!(matches!(
                classify.next_event(),
                Ok(Event::Lost(RunnerError::Sensor { .. }))
            ));
        }
        let error = classify.next_event().unwrap_err();
        assert!(matches!(
            error,
            ClassifyError::Runner(RunnerError::Sensor {
                error: ScriptError::Sample(_),
                ..
            })
        ));
    }
}

/// A sensor of one sequence, and its time.
fn script(file: &'static [u8]) -> (Time, Scripted<SequenceFile<'static>, impl FnMut() -> u64>) {
    let time = Time::default();
    let mut now = time.clone();
    let recording = SequenceFile::find(file).unwrap();
    let sensor = Scripted::new(&model(), recording, move || now.now(), SECOND).unwrap();
    (time, sensor)
}

#[test]
fn what_is_read_at_another_instant_is_another_sample() {
    let counts = counts(1);
    let (time, mut sensor) = script(Vec::leak(file(&counts)));
    let of = |sample: usize| &counts[sample * 3..][..3];
    assert_eq!(sensor.rate_hz(), u32::MAX);
    assert_eq!(sensor.read(0), Poll::Ready(Err(ScriptError::Off)));
    sensor.power_up().unwrap();
    assert_eq!(sensor.read(0), Poll::Pending, "within its turn-on time");
    time.0.set(1000);
    let mut read = |at: u64, sample: u64| {
        time.0.set(at);
        match sensor.read(sample) {
            Poll::Ready(Ok(counts)) => counts.to_vec(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(read(1000, 0), of(0));
    assert_eq!(read(1000 + 5 * PERIOD, 5), of(5));
    assert_eq!(read(1000 + 5 * PERIOD + PERIOD / 2, 5), of(5));
    assert_eq!(read(1000 + 6 * PERIOD, 5), of(6), "too late for sample 5");
    assert_eq!(read(1000 + 6 * PERIOD + PERIOD / 2, 7), of(6), "too early for sample 7");
    time.0.set(1000 + 200 * PERIOD);
    let Poll::Ready(Err(error)) = sensor.read(127) else {
        panic!("the sequence has ended");
    };
    assert!(error.to_string().contains("ends before it"), "{error}");
    sensor.power_down().unwrap();
    assert_eq!(sensor.read(1), Poll::Ready(Err(ScriptError::Off)));
    assert!(ScriptError::Off.to_string().contains("off"));
}

#[test]
fn the_fifo_keeps_the_last_samples_and_says_what_it_lost() {
    let counts = counts(1);
    let (time, mut sensor) = script(Vec::leak(file(&counts)));
    sensor.power_up().unwrap();
    time.0.set(1000);
    assert!(sensor.read(0).is_ready());
    let mut take = |at: u64, sample: u64| {
        time.0.set(1000 + at * PERIOD);
        sensor.take_captured(sample).unwrap()
    };
    assert!(matches!(take(3, 4), Captured::Empty), "not there yet");
    match take(3, 2) {
        Captured::Sample { counts: taken, queued } => {
            assert_eq!((&taken[..], queued), (&counts[6..9], 2));
        }
        _ => panic!("no sample"),
    }
    assert!(matches!(take(DEPTH, 1), Captured::Sample { .. }));
    assert!(matches!(take(DEPTH + 1, 1), Captured::Overflow));
    sensor.stop_capture().unwrap();
    time.0.set(1000 + 60 * PERIOD);
    assert!(matches!(sensor.take_captured(DEPTH + 2), Ok(Captured::Empty)));
}

/// The answers of a run over a recording by these settings, and its decisions: (sequence, sample, logits) each.
fn answered(model: &Model<'static>, counts: &[i16], settings: &Settings) -> [Vec<(u64, u64, Vec<i32>)>; 2] {
    let (file, time) = (file(counts), Time::default());
    let mut now = time.clone();
    let recording = SequenceFile::find(&file).unwrap();
    let sensor = Scripted::new(model, recording, move || now.now(), SECOND).unwrap();
    let network = Slow(Instance::new(model.clone()).unwrap(), time.clone(), 1000);
    let run = Run::new(settings, model, model.sequence_length()).unwrap();
    let mut classify = Classify::new(model, network, sensor, time, Markers::NONE, (Unwired, 0), run).unwrap();
    let (mut answers, mut decisions) = (Vec::new(), Vec::new());
    while decisions.len() < counts.len() / (128 * 3) {
        match classify.next_event().unwrap() {
            Event::Answered(answer) => answers.push((answer.sequence, answer.sample, answer.logits.to_vec())),
            Event::Decided(last, ..) => decisions.push((last.sequence, last.sample, last.logits.to_vec())),
            Event::Lost(error) => panic!("{error}"),
        }
    }
    [answers, decisions]
}

#[test]
fn answers_come_within_a_window_and_its_state_is_kept_where_the_settings_say_so() {
    let model = model();
    let counts = counts(3);
    let settings = |keep_state| Settings {
        answer_every: NonZeroU32::new(32),
        keep_state,
        ..Settings::default()
    };
    for keep_state in [false, true] {
        let [answers, decisions] = answered(&model, &counts, &settings(keep_state));
        let mut network = Instance::<MAX_HIDDEN, MAX_LAYERS, MAX_INPUTS>::new(model.clone()).unwrap();
        let (mut expected, mut last) = (Vec::new(), Vec::new());
        for (index, counts) in (0..).zip(counts.chunks_exact(128 * 3)) {
            let mut sequence = Sequence::new(&mut network);
            if !keep_state {
                sequence.restart().unwrap();
            }
            while let Some(sample) = sequence.due() {
                let next = sequence.step(&counts[sample as usize * 3..][..3]).unwrap().next;
                let mut logits = vec![0; model.outputs()];
                sequence.outputs(&mut logits).unwrap();
                match next {
                    Some(next) if next / 32 != sample / 32 => expected.push((index, sample, logits)),
                    Some(_) => {}
                    None => last.push((index, sample, logits)),
                }
            }
        }
        assert_eq!((answers, decisions), (expected, last), "{keep_state}");
    }
    // The state of the window before makes a difference.
    let [_, reset] = answered(&model, &counts, &settings(false));
    let [_, kept] = answered(&model, &counts, &settings(true));
    assert_eq!(reset[0], kept[0]);
    assert_ne!(reset[1..], kept[1..]);
}
