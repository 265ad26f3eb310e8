//! The teacher of fine-tuning is the original model: the samples that it uses, its gate there, and its outputs.

use float_model::{FloatModel, Forward, OutputAt, Schedule, Sequences};

/// What the original model does with one sequence.
pub(super) struct TeacherRun {
    /// (updates, I): the samples used.
    pub(super) x: Vec<f32>,
    /// (updates): the gate's pre-activation; empty without a gate.
    pub(super) gate: Vec<f32>,
    /// (updates): samples by which the next update moves for each unit of error in the pre-activation.
    pub(super) weight: Vec<f32>,
    /// (O), or (updates, O) where the model is asked at every step.
    pub(super) outputs: Vec<f32>,
}

/// Runs every sequence of `x`.
pub(super) fn teacher_runs(model: &FloatModel, x: &Sequences, threads: usize) -> Vec<TeacherRun> {
    let forward = Forward::new(model);
    let share = x.count.div_ceil(threads.max(1)).max(1);
    let work = |from: usize| -> Vec<TeacherRun> {
        (from..(from + share).min(x.count))
            .map(|n| teacher_run(&forward, model, x.sequence(n)))
            .collect()
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..x.count)
            .step_by(share)
            .map(|from| scope.spawn(move || work(from)))
            .collect();
        handles
            .into_iter()
            .flat_map(|h| h.join().expect("a worker panicked"))
            .collect()
    })
}

fn teacher_run(forward: &Forward<'_>, model: &FloatModel, x: &[f32]) -> TeacherRun {
    let length = (x.len() / model.input) as f32;
    let (mut used, mut gate, mut weight) = (Vec::new(), Vec::new(), Vec::new());
    let outcome = forward.run_observed(x, Schedule::Learned { dial: 0.0 }, |u| {
        let at = u.sample as usize * model.input;
        used.extend_from_slice(&x[at..at + model.input]);
        if model.gate.is_some() {
            // N = 1 / 2Δũ samples until the next update, at most those that are left; dN/dz = -N (1 - Δũ).
            let delta = u.delta.clamp(1e-6, 1.0 - 1e-6);
            gate.push((delta / (1.0 - delta)).ln());
            weight.push((0.5 / delta).min(length - u.sample as f32) * (1.0 - delta));
        }
    });
    let outputs = match model.description.output_at {
        OutputAt::End => outcome.output,
        OutputAt::Step => {
            let row = |t: &u32| &outcome.output[*t as usize * model.outputs..][..model.outputs];
            outcome.updates.iter().flat_map(row).copied().collect()
        }
    };
    TeacherRun {
        x: used,
        gate,
        weight,
        outputs,
    }
}
