//! The candle engine against the readable f32 forward pass, and its gradient against finite differences.

use super::*;
use crate::{
    Budget, Device, Engine,
    batch::Batch,
    gradient::Differentiator,
    loss::UpdateCost,
    params::Parameters,
    philox::{Purpose, Stream},
};
use float_model::{Cell, Description, Forward, Sequences};

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut stream = Stream::new(seed, Purpose::Training, 0, 0);
    (0..n).map(|_| stream.normal() as f32).collect()
}

/// Parameters whose biases are not zero and whose gate skips some samples and not others.
fn lively(shape: Shape) -> Parameters {
    let mut p = Parameters::initial(shape, 11);
    for (k, (e, values)) in shape.layout().iter().zip(&mut p.values).enumerate() {
        let noise = random(values.len(), 100 + k as u64);
        match e.kind {
            Kind::GateBias => values[0] = -1.2,
            Kind::GateWeight => *values = noise.iter().map(|v| 1.5 * v).collect(),
            Kind::Bias | Kind::BiasHn | Kind::HeadBias => {
                values.iter_mut().zip(&noise).for_each(|(v, n)| *v += 0.3 * n)
            }
            _ => {}
        }
    }
    p
}

fn updates_of(shape: Shape) -> Updates {
    match shape.cell.skips() {
        true => Updates::Gate,
        false => Updates::Every,
    }
}

fn pass(updates: &Updates, output_at: OutputAt) -> PassOptions<'_> {
    PassOptions {
        updates,
        lengths: &[],
        kept: &[],
        dial: &[],
        output_at,
        u_most: None,
    }
}

#[test]
fn forward_is_the_float_models() {
    let (batch, length) = (24, 30);
    let (mean, std) = ([0.25f32, -1.0], [2.0f32, 0.5]);
    for cell in Cell::ALL {
        for layers in [1, 2] {
            let shape = Shape {
                cell,
                input: 2,
                hidden: 7,
                outputs: 3,
                layers,
            };
            let p = lively(shape);
            let normalised = random(batch * length * 2, 5);
            let raw = normalised.iter().enumerate().map(|(k, v)| v * std[k % 2] + mean[k % 2]);
            let raw = Sequences::new("x", raw.collect(), batch, length, 2).unwrap();
            let mut model = p.to_model(&mean, &std, &Description::default());
            let ended = Forward::new(&model).run_all(&raw, 0.0, 1).unwrap();
            model.description.output_at = OutputAt::Step;
            let asked = Forward::new(&model).run_all(&raw, 0.0, 1).unwrap();

            let variables = variables(&shape, &p.values, DType::F32, &candle_core::Device::Cpu).unwrap();
            let parameters: Vec<Tensor> = variables.iter().map(|v| v.as_tensor().clone()).collect();
            let device = &candle_core::Device::Cpu;
            let x = Tensor::from_vec(normalised, (batch, length, 2), device).unwrap();
            for (output_at, outcomes) in [(OutputAt::End, &ended), (OutputAt::Step, &asked)] {
                let unrolled = forward(&shape, &parameters, &x, pass(&updates_of(shape), output_at)).unwrap();
                let outputs = unrolled.outputs.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let updates = unrolled.updates.to_vec1::<f32>().unwrap();
                let mut skipped = 0;
                let size = outputs.len() / batch;
                for ((outcome, output), count) in outcomes.iter().zip(outputs.chunks_exact(size)).zip(&updates) {
                    assert_eq!(outcome.updates.len() as f32, *count, "{shape:?}");
                    skipped += length - outcome.updates.len();
                    assert_eq!(outcome.output.len(), size);
                    for (a, b) in outcome.output.iter().zip(output) {
                        assert!((a - b).abs() < 1e-4, "{shape:?}: {a} {b}");
                    }
                }
                assert_eq!(skipped > 0, cell.skips(), "the case exercises the gate");
            }
        }
    }
}

/// The surrogate that the straight-through gradient belongs to, one sequence in plain f64: every u_t is ũ_t plus a
/// constant (`offsets`, taken from the first run: u_t - ũ_t). Returns outputs and Σ u_t.
fn surrogate(shape: &Shape, p: &[Vec<f64>], x: &[f64], offsets: &mut Vec<f64>, record: bool) -> (Vec<f64>, f64) {
    let (h, layout) = (shape.hidden, shape.layout());
    let get = |kind: Kind, layer: usize| {
        let k = layout.iter().position(|e| e.kind == kind && e.layer == layer);
        k.map(|k| p[k].clone()).unwrap_or_default()
    };
    let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
    let dot = |row: &[f64], v: &[f64]| row.iter().zip(v).map(|(a, b)| a * b).sum::<f64>();
    let lstm = shape.cell.family() == Family::Lstm;
    let mut hs: Vec<Vec<f64>> = (0..shape.layers).map(|k| get(Kind::H0, k)).collect();
    let mut cs: Vec<Vec<f64>> = (0..shape.layers).map(|k| get(Kind::C0, k)).collect();
    let (mut urge, mut delta, mut total) = (1.0, 0.0, 0.0);
    for (t, sample) in x.chunks_exact(shape.input).enumerate() {
        let mut below = sample.to_vec();
        let (mut new_hs, mut new_cs) = (Vec::new(), Vec::new());
        for k in 0..shape.layers {
            let (wi, wh, b) = (get(Kind::WeightIh, k), get(Kind::WeightHh, k), get(Kind::Bias, k));
            let hn = get(Kind::BiasHn, k);
            let of_x = |r: usize| dot(&wi[r * below.len()..(r + 1) * below.len()], &below) + b[r];
            let of_h = |r: usize| dot(&wh[r * h..(r + 1) * h], &hs[k]);
            let pre = |g: usize, j: usize| of_x(g * h + j) + of_h(g * h + j);
            let (mut nh, mut nc) = (vec![0.0; h], vec![0.0; if lstm { h } else { 0 }]);
            for j in 0..h {
                if lstm {
                    nc[j] = sigmoid(pre(1, j)) * cs[k][j] + sigmoid(pre(0, j)) * pre(2, j).tanh();
                    nh[j] = sigmoid(pre(3, j)) * nc[j].tanh();
                } else {
                    let (r, z) = (sigmoid(pre(0, j)), sigmoid(pre(1, j)));
                    let n = (of_x(2 * h + j) + r * (of_h(2 * h + j) + hn[j])).tanh();
                    nh[j] = (1.0 - z) * n + z * hs[k][j];
                }
            }
            below = nh.clone();
            new_hs.push(nh);
            new_cs.push(nc);
        }
        if record {
            offsets.push(f64::from(u8::from(urge >= 0.5)) - urge);
        }
        let u = if shape.cell.skips() { urge + offsets[t] } else { 1.0 };
        let mixed = |old: &Vec<f64>, new: &Vec<f64>| old.iter().zip(new).map(|(o, n)| u * n + (1.0 - u) * o).collect();
        let top = shape.layers - 1;
        let read = if lstm { &new_cs[top] } else { &new_hs[top] };
        if shape.cell.skips() {
            let proposed = sigmoid(dot(&get(Kind::GateWeight, 0), read) + get(Kind::GateBias, 0)[0]);
            delta = u * proposed + (1.0 - u) * delta;
            urge = u * delta + (1.0 - u) * (urge + f64::min(delta, 1.0 - urge));
        }
        hs = hs.iter().zip(&new_hs).map(|(o, n)| mixed(o, n)).collect();
        cs = cs.iter().zip(&new_cs).map(|(o, n)| mixed(o, n)).collect();
        total += u;
    }
    let (w, b) = (get(Kind::HeadWeight, 0), get(Kind::HeadBias, 0));
    let output = (0..shape.outputs).map(|o| dot(&w[o * h..(o + 1) * h], &hs[shape.layers - 1]) + b[o]);
    (output.collect(), total)
}

#[test]
fn gradient_is_the_surrogates() {
    let (batch, length, lambda) = (3, 9, 0.05);
    for cell in Cell::ALL {
        for layers in [1, 2] {
            let shape = Shape {
                cell,
                input: 2,
                hidden: 3,
                outputs: 2,
                layers,
            };
            let p = lively(shape);
            let x: Vec<f64> = random(batch * length * 2, 8).into_iter().map(f64::from).collect();
            let y = random(batch * 2, 9);

            let variables = variables(&shape, &p.values, DType::F64, &candle_core::Device::Cpu).unwrap();
            let parameters: Vec<Tensor> = variables.iter().map(|v| v.as_tensor().clone()).collect();
            let device = &candle_core::Device::Cpu;
            let tensor = Tensor::from_slice(&x, (batch, length, 2), device).unwrap();
            let unrolled = forward(&shape, &parameters, &tensor, pass(&updates_of(shape), OutputAt::End)).unwrap();
            let targets = float_model::Targets::Values {
                values: y.clone(),
                outputs: 2,
            };
            let task = crate::loss::task_loss(&unrolled.outputs, &targets).unwrap();
            let budget = unrolled.updates.mean(0).unwrap().affine(lambda, 0.0).unwrap();
            let loss = (task + budget).unwrap();
            let store = loss.backward().unwrap();

            let values: Vec<Vec<f64>> = p
                .values
                .iter()
                .map(|v| v.iter().map(|w| f64::from(*w)).collect())
                .collect();
            let mut offsets = vec![Vec::new(); batch];
            let mut total = |values: &[Vec<f64>], record: bool| {
                let mut sum = 0.0;
                for n in 0..batch {
                    let x = &x[n * length * 2..(n + 1) * length * 2];
                    let (output, updates) = surrogate(&shape, values, x, &mut offsets[n], record);
                    let error = output.iter().zip(&y[n * 2..]).map(|(a, b)| (a - f64::from(*b)).powi(2));
                    sum += 0.5 * error.sum::<f64>() / 2.0 + lambda * updates;
                }
                sum / batch as f64
            };
            let base = total(&values, true);
            assert!((base - loss.to_scalar::<f64>().unwrap()).abs() < 1e-12, "{shape:?}");
            let mut moved = values.clone();
            let mut largest_gate_gradient = 0.0f64;
            for (k, e) in shape.layout().iter().enumerate() {
                let gradient = store.get(&variables[k]).unwrap().flatten_all().unwrap();
                for (n, g) in gradient.to_vec1::<f64>().unwrap().into_iter().enumerate() {
                    let step = 1e-5;
                    moved[k][n] = values[k][n] + step;
                    let above = total(&moved, false);
                    moved[k][n] = values[k][n] - step;
                    let difference = (above - total(&moved, false)) / (2.0 * step);
                    moved[k][n] = values[k][n];
                    assert!(
                        (g - difference).abs() < 1e-7 * (1.0 + g.abs()),
                        "{shape:?} {e:?} {n}: {g} {difference}"
                    );
                    if e.kind == Kind::GateWeight {
                        largest_gate_gradient = largest_gate_gradient.max(g.abs());
                    }
                }
            }
            assert_eq!(largest_gate_gradient > 1e-6, cell.skips());
        }
    }
}

#[test]
fn shards_make_the_whole_batch() {
    let shape = Shape {
        cell: Cell::SkipLstm,
        input: 1,
        hidden: 4,
        outputs: 2,
        layers: 1,
    };
    let p = lively(shape);
    let (x, y) = crate::tasks::frequency(0.01, 300, 1, Purpose::Training, 0);
    let batch = Batch {
        x,
        y,
        updates: Updates::Gate,
        kept: Vec::new(),
        dials: Default::default(),
        lesson: None,
    };
    let cost = UpdateCost {
        budget: Budget::Cost,
        lambda: 1e-3,
        decision_clip: None,
    };
    let whole = crate::gradient::by_candle(&shape, &p.values, &batch, cost, &candle_core::Device::Cpu).unwrap();
    let candle = Differentiator::new(Engine::Candle, Device::Cpu, 1, 10).unwrap();
    let parts = candle.gradient(&shape, &p.values, &batch, cost).unwrap();
    assert!((whole.loss - parts.loss).abs() < 1e-6 && (whole.updates - parts.updates).abs() < 1e-4);
    for (a, b) in whole.gradients.iter().flatten().zip(parts.gradients.iter().flatten()) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

/// Training adds Δũ up in f32 (equation 5), evaluation uses the closed form (equation 6): how often do they differ?
#[test]
fn the_closed_form_differs_from_accumulation_at_ties_only() {
    use skiprnn_nostd::skip::{delta_from_f64, samples_to_skip};
    let mut stream = Stream::new(1, Purpose::Evaluation, 0, 0);
    let (n, mut differ) = (200_000, 0);
    for _ in 0..n {
        let delta = stream.between(-8.0, 0.0).exp2() as f32; // 1/256 to 1, log-uniform
        let (mut urge, mut skipped) = (delta, 0);
        while urge < 0.5 {
            urge += delta.min(1.0 - urge);
            skipped += 1;
        }
        let closed = samples_to_skip(delta_from_f64(delta.into()));
        assert!(closed.abs_diff(skipped) <= 1, "{delta}");
        differ += u32::from(closed != skipped);
    }
    println!("{differ} of {n}");
    assert!(differ < n / 10_000, "{differ} of {n}");
}
