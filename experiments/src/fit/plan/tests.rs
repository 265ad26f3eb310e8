use super::*;

fn planned(minutes: f64, step_s: f64) -> Plan {
    let mut plan = Plan {
        folder: "f".into(),
        trainings: Vec::new(),
        notes: Vec::new(),
        step_s: Vec::new(),
        length: 128,
    };
    let (core, more) = (Method::core(128), Method::more());
    let priced = |all: &[Method]| -> Vec<Priced> {
        let of = |method: &Method| Priced {
            method: *method,
            steps: if method.skips() { 24_000 } else { 8_000 },
            step_s,
        };
        all.iter().map(of).collect()
    };
    let wanted = Wanted {
        seed: 5,
        minutes,
        steps: None,
        threads: 2,
    };
    plan.allot(&priced(&core), &priced(&more), &wanted);
    plan
}

#[test]
fn more_time_buys_longer_trainings_then_sizes_then_seeds() {
    let core = Method::core(128);
    let names: Vec<String> = core.iter().map(Method::name).collect();
    assert_eq!(names[..2], ["gru-32", "skip-gru-32"]);
    assert_eq!(names[6..], ["gru-32-every-32", "cnn-16"]);
    // 80,000 steps of 3 ms on two threads, of which 70 % of the time is for training, take 2.86 minutes.
    let short = planned(0.99, 3e-3);
    assert_eq!(short.trainings.len(), core.len());
    assert_eq!((short.trainings[1].steps, short.trainings[0].steps), (8_310, 2_770));
    assert!(short.notes[1].contains("about 3 minutes"), "{:?}", short.notes);
    let full = planned(3.1, 3e-3);
    assert_eq!((full.trainings.len(), full.trainings[1].steps), (core.len(), 24_000));
    assert_eq!(full.notes.len(), 1);
    for (minutes, last) in [(3.8, "skip-gru-32-lambda-5e-3"), (4.1, "gru-16"), (4.9, "skip-gru-16")] {
        assert_eq!(planned(minutes, 3e-3).trainings.last().unwrap().model, last);
    }
    let hours = planned(200.0, 3e-3);
    assert_eq!(
        hours.trainings.len(),
        SEEDS as usize * (core.len() + Method::more().len())
    );
    assert_eq!(hours.trainings.last().unwrap().seed, 7);
}
