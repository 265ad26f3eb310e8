//! Steps of the optimiser on the device, and its memory.

use super::*;
use crate::adam;

/// The same step as the processor's, h0 and the weights moved back within their limits.
#[test]
fn a_step_is_the_cpus() {
    let limit = 0.2;
    for device in devices() {
        for (cell, layers) in [(Cell::SkipLstm, 2), (Cell::SkipGru, 1)] {
            let shape = network(cell, layers);
            let (batch, values) = (batch(PLAIN, 0, false), values(&shape, 0.4));
            let cost = cost_of(1e-3);
            let cpu = Differentiator::new(Engine::Fused, Device::Cpu, 1, LENGTH).unwrap();
            let mut g = cpu.gradient(&shape, &values, &batch, cost).unwrap();
            adam::clip(&mut g.gradients, 1.0);
            let mut expected = Parameters {
                shape,
                values: values.clone(),
            };
            Adam::new(&values).update(&mut expected.values, &g.gradients, 0.05);
            expected.project(Some(limit));
            let limited = TrainConfig {
                input_weight_limit: Some(limit),
                ..config()
            };
            let mut accelerator = open(device, shape, &limited);
            accelerator.load(&values, &Adam::new(&values)).unwrap();
            accelerator.step(StepData::Given(&batch), cost, 1.0, 0.05, 1).unwrap();
            let (mut found, mut adam) = (Vec::new(), Adam::new(&[]));
            accelerator.store(&mut found, &mut adam).unwrap();
            for (e, (found, expected)) in shape.layout().iter().zip(found.iter().zip(&expected.values)) {
                assert!(relative(found, expected) < 1e-3, "{device} {cell} {e}");
                if (e.kind, e.layer) == (Kind::WeightIh, 0) {
                    let largest = found.iter().fold(0.0, |m: f32, v| m.max(v.abs()));
                    assert_eq!(largest, limit, "{device} {cell} {e}");
                }
            }
        }
    }
}

/// A gradient that is not finite changes nothing.
#[test]
fn a_gradient_that_is_not_finite_leaves_the_state() {
    for device in devices() {
        let shape = network(Cell::SkipLstm, 1);
        let mut accelerator = open(device, shape, &config());
        let (batch, mut values) = (batch(PLAIN, 0, false), values(&shape, 0.4));
        let head = shape.layout().iter().position(|e| e.kind == Kind::HeadWeight).unwrap();
        values[head][1] = f32::INFINITY;
        accelerator.load(&values, &Adam::new(&values)).unwrap();
        let cost = cost_of(1e-3);
        let f = accelerator.step(StepData::Given(&batch), cost, 1.0, 0.1, 1).unwrap();
        assert!(!f.norm.is_finite());
        let (mut after, mut adam) = (Vec::new(), Adam::new(&[]));
        accelerator.store(&mut after, &mut adam).unwrap();
        assert!(after == values && adam.mean.iter().flatten().all(|m| *m == 0.0));
    }
}

#[test]
fn memory_is_given_back() {
    if Emulated::is_possible() {
        let emulated = Emulated::start(3, 4000).unwrap();
        let live = emulated.live();
        let shape = network(Cell::SkipGru, 2);
        let mut training = Training::new(emulated, shape, &config()).unwrap();
        let values = values(&shape, 0.4);
        let cost = cost_of(1e-3);
        let source = batch(PLAIN, 0, true);
        gradient(&mut training, &values, StepData::Given(&source), cost);
        let during = live();
        // Other sizes take the place of the old ones, and an evaluation leaves nothing behind.
        let other = batch(PLAIN, 1, false);
        gradient(&mut training, &values, StepData::Given(&other), cost);
        let how = EvaluationSchedule::Rule { dial: 0.0 };
        training.run(&values, &samples(false), OutputAt::Step, how).unwrap();
        assert_eq!(live(), during);
        drop(training);
        assert_eq!(live(), 0);
    }
    #[cfg(feature = "cuda")]
    if crate::cuda::Gpu::count() > 0 {
        let gpu = crate::cuda::Gpu::open(0).unwrap();
        let before = gpu.free_bytes();
        for _ in 0..3 {
            let shape = network(Cell::SkipGru, 2);
            let mut training = Training::new(crate::cuda::Gpu::open(0).unwrap(), shape, &config()).unwrap();
            let (source, values) = (batch(PLAIN, 0, true), values(&shape, 0.4));
            let cost = cost_of(1e-3);
            gradient(&mut training, &values, StepData::Given(&source), cost);
        }
        // The driver keeps what it needs for itself, a few MiB; three runs of leaks would be more.
        let lost = before.saturating_sub(gpu.free_bytes());
        assert!(lost < 64 << 20, "{lost} bytes are not given back");
    }
}
