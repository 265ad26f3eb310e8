//! Runs on a device, as far as there is one, and runs that move.

use super::*;
use crate::Device;

/// What there is to test on besides the processor.
fn devices() -> Vec<Device> {
    let mut list: Vec<Device> = Vec::new();
    #[cfg(unix)]
    if crate::cuda::Emulated::is_possible() {
        list.push(Device::Emulated);
    }
    #[cfg(feature = "cuda")]
    match crate::cuda::Gpu::count() {
        0 => eprintln!("skipped on a GPU: none, or no driver, or no NVRTC"),
        _ => list.push(Device::Cuda(0)),
    }
    list
}

/// The losses of all steps, and what the run said.
fn watched(config: &TrainConfig, out: &Path, resume: bool) -> (TrainReport, Vec<f64>, String) {
    let (mut losses, mut said) = (Vec::new(), String::new());
    let report = train(config, out, resume, &mut |p| match &p.message {
        Some(message) => said.push_str(message),
        None => losses.push(p.loss),
    });
    (report.unwrap(), losses, said)
}

fn config() -> TrainConfig {
    TrainConfig {
        cell: Cell::SkipLstm,
        hidden: 6,
        ..tiny()
    }
}

/// Ten steps without an evaluation: the losses, and the parameters after them.
fn ten_steps(config: &TrainConfig) -> (Vec<f64>, Vec<Vec<f32>>) {
    let dir = tempfile::tempdir().unwrap();
    let (sender, listener) = mpsc::channel();
    let batches = BatchSource::new(config).unwrap();
    let there = compute(config, &batches).unwrap();
    let mut run = Run::new(config, dir.path(), Existing::Nothing, batches, there, sender).unwrap();
    for _ in 0..10 {
        run.advance().unwrap();
    }
    run.fetch().unwrap();
    let values = run.state.parameters.values.clone();
    drop(run);
    (listener.iter().map(|p| p.loss).collect(), values)
}

#[test]
fn the_first_ten_losses_are_the_cpus_and_the_same_again() {
    let plain = TrainConfig {
        hidden: 16,
        eval_every: 1000,
        data: DataSource::Frequency { sample_period_s: 5e-3 },
        ..config()
    };
    let adding = TrainConfig {
        cell: Cell::SkipGru,
        layers: 2,
        binarize: Binarize::Bernoulli,
        dropout: 0.2,
        data: DataSource::Adding { length: 20 },
        ..plain.clone()
    };
    for device in devices() {
        for (n, config) in [plain.clone(), adding.clone()].into_iter().enumerate() {
            let (expected, values) = ten_steps(&config);
            let there = TrainConfig { device, ..config };
            let (found, moved) = ten_steps(&there);
            assert_eq!(found.len(), 10);
            for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let error = (found / expected - 1.0).abs();
                assert!(error <= 1e-4, "{device} {n}: step {} is off by {error:e}", step + 1);
            }
            let apart = |(a, b): (&f32, &f32)| (a - b).abs();
            let far = moved.iter().flatten().zip(values.iter().flatten()).map(apart);
            // Adam's first steps have the size of the learning rate, whatever the gradient's.
            assert!(far.fold(0.0, f32::max) < 1e-3, "{device} {n}");
            assert!(ten_steps(&there) == (found, moved), "{device} {n}: other bits");
        }
    }
}

#[test]
fn a_run_moves_between_devices_at_a_checkpoint() {
    for device in devices() {
        let dir = tempfile::tempdir().unwrap();
        let here = TrainConfig {
            eval_every: 1000,
            data: DataSource::Adding { length: 2 },
            ..config()
        };
        let straight = watched(&here, &dir.path().join("straight"), false);
        for (name, first, then) in [("to", Device::Cpu, device), ("from", device, Device::Cpu)] {
            let out = dir.path().join(name);
            let part = TrainConfig {
                steps: 5,
                device: first,
                ..here.clone()
            };
            watched(&part, &out, false);
            let rest = TrainConfig {
                device: then,
                ..here.clone()
            };
            let (report, losses, said) = watched(&rest, &out, true);
            assert!(said.contains(&format!("on {then} instead of {first}")), "{said}");
            assert_eq!((report.steps, losses.len()), (12, 7));
            for (found, expected) in losses.iter().zip(&straight.1[5..]) {
                assert!((found / expected - 1.0).abs() <= 1e-4, "{name}: {found} {expected}");
            }
        }
    }
}

#[test]
fn the_guard_takes_a_device_back_too() {
    for device in devices() {
        let dir = tempfile::tempdir().unwrap();
        let config = TrainConfig { device, ..config() };
        let (sender, _listener) = mpsc::channel();
        let batches = BatchSource::new(&config).unwrap();
        let there = compute(&config, &batches).unwrap();
        let mut part = Run::new(&config, dir.path(), Existing::Nothing, batches, there, sender).unwrap();
        for _ in 0..5 {
            part.advance().unwrap();
        }
        let best = part.state.best.clone().unwrap();
        // The gate dies.
        let layout = part.state.parameters.shape.layout();
        let gate = layout
            .iter()
            .position(|e| e.kind == crate::params::Kind::GateBias)
            .unwrap();
        part.state.parameters.values[gate][0] = -20.0;
        part.upload().unwrap();
        for _ in 0..5 {
            part.advance().unwrap();
        }
        assert_eq!(part.state.guard.returns, 1);
        part.fetch().unwrap();
        assert!(part.state.parameters.values == best.values && part.state.adam.mean == best.mean);
    }
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_gpu_needs_a_build_with_its_code() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let config = TrainConfig {
        device: Device::Cuda(0),
        ..tiny()
    };
    let error = run(&config, &out, false).unwrap_err();
    let text = error.to_string();
    assert!(error.is_usage() && text.contains("--features cuda"), "{text}");
    assert!(!out.exists(), "nothing is left behind");
}

#[test]
#[cfg(feature = "cuda")]
fn a_missing_gpu_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let config = TrainConfig {
        device: Device::Cuda(1000),
        ..tiny()
    };
    let error = run(&config, &out, false).unwrap_err();
    let text = error.to_string();
    assert!(!error.is_usage() && text.starts_with("cuda:1000: "), "{text}");
    assert!(
        ["driver", "NVRTC", "GPUs"].iter().any(|part| text.contains(part)),
        "{text}"
    );
    assert!(!out.exists(), "nothing is left behind");
}
