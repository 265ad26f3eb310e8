//! The fused passes against the reference, against finite differences, and against themselves on other threads.

mod reference;

use self::reference::{Number, Tape, run};
use super::*;

/// xorshift: numbers in [-1, 1).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / 2f64.powi(52) - 1.0
    }

    /// Rounded to f32, so that both precisions start from the same numbers.
    fn list(&mut self, count: usize, scale: f64) -> Vec<f64> {
        (0..count).map(|_| f64::from((scale * self.next()) as f32)).collect()
    }
}

fn incoming<'a, F>(h: &'a [F], u: &'a [F]) -> Incoming<'a, F> {
    Incoming { h, u, u_most: None }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Every,
    Gate,
    Bernoulli,
    Imposed,
}

/// A batch, a model and a loss Σ d_h·h + Σ d_u·u.
struct Case {
    name: String,
    shape: Shape,
    source: Source,
    params: Vec<f64>,
    x: Vec<f64>,
    d_h: Vec<f64>,
    d_u: Vec<f64>,
    uniforms: Vec<f64>,
    dial: Vec<f64>,
    mask: Vec<bool>,
    /// Empty where all have T.
    lengths: Vec<u32>,
}

impl Case {
    /// `delta`: about where Δũ lies.
    fn new(shape: Shape, source: Source, delta: f64, seed: u64) -> Self {
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15 ^ (seed << 20));
        let mut params = noise.list(shape.parameter_count(), 0.6);
        if let Some(bias) = shape.tensors().iter().find(|t| t.name == "gate.bias") {
            params[bias.offset] = f64::from((delta / (1.0 - delta)).ln() as f32);
        }
        if let Some(weight) = shape.tensors().iter().find(|t| t.name == "gate.weight") {
            params[weight.range()].iter_mut().for_each(|w| *w /= 4.0);
        }
        let steps = shape.batch * shape.length;
        Case {
            name: format!("{source:?} {shape:?} delta {delta}"),
            shape,
            source,
            params,
            x: noise.list(steps * shape.input, 1.5),
            d_h: noise.list(shape.output_count(), 1.0),
            // About the size that the paper's λ gives, relative to the rest, and not the same everywhere.
            d_u: noise.list(steps, 0.1),
            uniforms: noise.list(steps, 0.5).into_iter().map(|v| v + 0.5).collect(),
            dial: noise.list(shape.batch, 0.1),
            mask: noise
                .list(steps, 1.0)
                .into_iter()
                .map(|v| v < 2.0 * delta - 1.0)
                .collect(),
            lengths: Vec::new(),
        }
    }

    /// The same with sequences of unequal length; what lies after their ends is far from any data.
    fn ragged(mut self) -> Self {
        let (t, i) = (self.shape.length, self.shape.input);
        self.name += " ragged";
        self.lengths = (0..self.shape.batch)
            .map(|n| [t, 1, 2 * t / 3, t - 1, 7][n % 5] as u32)
            .collect();
        for (row, length) in self.x.chunks_mut(t * i).zip(&self.lengths) {
            row[*length as usize * i..].fill(1e30);
        }
        self
    }

    /// The first seed for which no decision is within 1e-4 of falling the other way.
    fn clear_cut(shape: Shape, source: Source, delta: f64) -> Self {
        let clear = |case: &Case| {
            let outcome = run(&case.shape, &case.params, case.batch(), None);
            let u_tilde = outcome.decisions.u_tilde.iter();
            u_tilde.zip(&case.uniforms).all(|(u, v)| match source {
                Source::Gate => (u - 0.5).abs() > 1e-4,
                Source::Bernoulli => (u - v).abs() > 1e-4,
                Source::Every | Source::Imposed => true,
            })
        };
        let cases = (1..50).map(|seed| Case::new(shape, source, delta, seed));
        cases.into_iter().find(clear).expect("a seed without a close decision")
    }

    fn batch(&self) -> Batch<'_, f64> {
        Batch {
            x: &self.x,
            schedule: self.schedule(),
            // The cases with an output at every step have a dial, the others none.
            dial: (self.shape.output_at == OutputAt::Step).then_some(&self.dial),
            lengths: (!self.lengths.is_empty()).then_some(&self.lengths),
        }
    }

    fn schedule(&self) -> Schedule<'_, f64> {
        match self.source {
            Source::Every => Schedule::Every,
            Source::Gate => Schedule::Gate,
            Source::Bernoulli => Schedule::Bernoulli(&self.uniforms),
            Source::Imposed => Schedule::Imposed(&self.mask),
        }
    }

    /// (h, u, gradient) by the reference on a tape.
    fn expected(&self) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let tape = Tape::default();
        let params: Vec<_> = self.params.iter().map(|&p| tape.variable(p)).collect();
        let outcome = run(&self.shape, &params, self.batch(), None);
        let seeds = outcome.h.iter().copied().zip(self.d_h.iter().copied());
        let seeds = seeds.chain(outcome.u.iter().copied().zip(self.d_u.iter().copied()));
        let mut gradient = tape.gradient(seeds);
        gradient.truncate(self.params.len());
        let values = |list: Vec<reference::Var<'_>>| list.into_iter().map(Number::value).collect::<Vec<f64>>();
        (values(outcome.h), values(outcome.u), gradient)
    }

    /// (h, u, gradient) by the fused passes in f64.
    fn fused(&self, workspace: &mut Workspace<f64>) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let (mut h, mut u) = (vec![f64::NAN; self.d_h.len()], vec![f64::NAN; self.d_u.len()]);
        let mut gradient = vec![f64::NAN; self.params.len()];
        forward(&self.shape, &self.params, self.batch(), workspace, &mut h, &mut u);
        backward(
            &self.shape,
            &self.x,
            incoming(&self.d_h, &self.d_u),
            workspace,
            &mut gradient,
        );
        (h, u, gradient)
    }

    /// The same in f32.
    fn fused_single(&self, workspace: &mut Workspace<f32>) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let single = |v: &[f64]| v.iter().map(|&v| v as f32).collect::<Vec<f32>>();
        let double = |v: Vec<f32>| v.into_iter().map(f64::from).collect::<Vec<f64>>();
        let (mut h, mut u) = (vec![f32::NAN; self.d_h.len()], vec![f32::NAN; self.d_u.len()]);
        let mut gradient = vec![f32::NAN; self.params.len()];
        let (x, uniforms, dial) = (single(&self.x), single(&self.uniforms), single(&self.dial));
        let schedule = match self.source {
            Source::Every => Schedule::Every,
            Source::Gate => Schedule::Gate,
            Source::Bernoulli => Schedule::Bernoulli(&uniforms),
            Source::Imposed => Schedule::Imposed(&self.mask),
        };
        let batch = Batch {
            x: &x,
            schedule,
            dial: self.batch().dial.map(|_| dial.as_slice()),
            lengths: self.batch().lengths,
        };
        forward(&self.shape, &single(&self.params), batch, workspace, &mut h, &mut u);
        let (d_h, d_u) = (single(&self.d_h), single(&self.d_u));
        backward(&self.shape, &x, incoming(&d_h, &d_u), workspace, &mut gradient);
        (double(h), double(u), double(gradient))
    }

    /// The norm of the difference over that of the expected tensor is at most `bound`, for every named tensor.
    fn assert_close(&self, found: &[f64], expected: &[f64], bound: f64) {
        for tensor in self.shape.tensors() {
            let error = relative(&found[tensor.range()], &expected[tensor.range()]);
            assert!(error <= bound, "{}: {} is off by {error:e}", self.name, tensor.name);
        }
    }
}

fn relative(found: &[f64], expected: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    let size = norm(&mut expected.iter().copied());
    let difference = norm(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    if difference == 0.0 { 0.0 } else { difference / size }
}

fn shape(family: Family, skips: bool, layers: usize, output_at: OutputAt) -> Shape {
    Shape {
        family,
        skips,
        input: 3,
        hidden: 18,
        layers,
        batch: 5,
        length: 33,
        output_at,
    }
}

/// Every cell, one and two layers, at about 100, 50 and 12 % updates, learned, sampled and imposed.
fn cases() -> Vec<Case> {
    let mut list = Vec::new();
    for family in [Family::Lstm, Family::Gru] {
        for layers in [1, 2] {
            for output_at in [OutputAt::End, OutputAt::Step] {
                let plain = shape(family, false, layers, output_at);
                let skipping = shape(family, true, layers, output_at);
                list.push(Case::new(plain, Source::Every, 0.5, 1));
                list.push(Case::new(plain, Source::Imposed, 0.5, 1));
                list.push(Case::new(skipping, Source::Imposed, 0.12, 1));
                list.push(Case::clear_cut(skipping, Source::Bernoulli, 0.3));
                for delta in [0.75, 0.33, 0.068] {
                    list.push(Case::clear_cut(skipping, Source::Gate, delta));
                }
                list.push(Case::new(plain, Source::Every, 0.5, 1).ragged());
                list.push(Case::new(skipping, Source::Imposed, 0.3, 1).ragged());
                list.push(Case::clear_cut(skipping, Source::Bernoulli, 0.3).ragged());
                list.push(Case::clear_cut(skipping, Source::Gate, 0.33).ragged());
            }
        }
    }
    list
}

#[test]
fn fused_equals_the_reference() {
    let mut double = Workspace::new(2).unwrap();
    let mut single = Workspace::new(2).unwrap();
    for case in cases() {
        let (h, u, gradient) = case.expected();
        let share = u.iter().sum::<f64>() / u.len() as f64;
        if case.source == Source::Gate && case.lengths.is_empty() {
            let wanted = [0.99..1.01, 0.4..0.6, 0.09..0.16];
            assert!(
                wanted.iter().any(|w| w.contains(&share)),
                "{}: {share} updates",
                case.name
            );
        }
        let found = case.fused(&mut double);
        // The surrogate's u is ũ + (u - ũ), rounded.
        assert!(
            found.1.iter().zip(&u).all(|(a, b)| (a - b).abs() < 1e-12),
            "{}: other updates",
            case.name
        );
        assert!(relative(&found.0, &h) < 1e-12, "{}: h is off", case.name);
        case.assert_close(&found.2, &gradient, 1e-10);
        let found = case.fused_single(&mut single);
        assert!(
            found.1.iter().zip(&u).all(|(a, b)| (a - b).abs() < 1e-12),
            "{}: other updates",
            case.name
        );
        assert!(relative(&found.0, &h) < 1e-5, "{}: h is off", case.name);
        case.assert_close(&found.2, &gradient, 1e-4);
    }
}

/// Central differences of the surrogate, with its constants and the branches of the minimum frozen.
#[test]
fn fused_equals_finite_differences_of_the_surrogate() {
    const STEP: f64 = 1e-5;
    let mut workspace = Workspace::new(1).unwrap();
    for (family, source, delta) in [
        (Family::Lstm, Source::Every, 0.5),
        (Family::Gru, Source::Every, 0.5),
        (Family::Lstm, Source::Gate, 0.3),
        (Family::Gru, Source::Gate, 0.3),
        (Family::Lstm, Source::Gate, 0.12),
        (Family::Gru, Source::Gate, 0.12),
        (Family::Lstm, Source::Bernoulli, 0.6),
        (Family::Gru, Source::Bernoulli, 0.6),
    ] {
        let mut shape = shape(family, source != Source::Every, 2, OutputAt::Step);
        (shape.hidden, shape.length, shape.batch) = (5, 14, 3);
        let mut case = Case::clear_cut(shape, source, delta);
        let decisions = run(&shape, &case.params, case.batch(), None).decisions;
        let (_, _, gradient) = case.fused(&mut workspace);
        let mut differences = Vec::new();
        for k in 0..case.params.len() {
            let at = case.params[k];
            let mut loss = |value: f64| {
                case.params[k] = value;
                let outcome = run(&shape, &case.params, case.batch(), Some(&decisions));
                let h = outcome.h.iter().zip(&case.d_h).map(|(h, d)| h * d).sum::<f64>();
                h + outcome.u.iter().zip(&case.d_u).map(|(u, d)| u * d).sum::<f64>()
            };
            differences.push((loss(at + STEP) - loss(at - STEP)) / (2.0 * STEP));
            case.params[k] = at;
        }
        case.assert_close(&gradient, &differences, 1e-7);
    }
}

/// In the sampled case the minimum takes its other branch too; otherwise the tests above would not reach it.
#[test]
fn both_branches_of_the_minimum_are_tested() {
    let case = Case::clear_cut(shape(Family::Gru, true, 1, OutputAt::End), Source::Bernoulli, 0.3);
    let outcome = run(&case.shape, &case.params, case.batch(), None);
    let skipped = outcome.u.iter().map(|u| *u < 0.5);
    assert!(
        skipped
            .zip(&outcome.decisions.is_delta)
            .any(|(skipped, is_delta)| skipped && !is_delta)
    );
}

#[test]
fn the_same_bits_again_and_nearly_the_same_on_other_threads() {
    for family in [Family::Lstm, Family::Gru] {
        let mut shape = shape(family, true, 2, OutputAt::End);
        // More rows than one chunk of the weight gradient.
        (shape.batch, shape.length) = (45, 40);
        let case = Case::clear_cut(shape, Source::Gate, 0.33);
        let [one, two, three] = [1, 2, 3].map(|n| case.fused_single(&mut Workspace::new(n).unwrap()));
        let mut used = Workspace::new(2).unwrap();
        for other in [0.75, 0.068] {
            Case::new(shape, Source::Gate, other, 2).fused_single(&mut used);
        }
        let again = case.fused_single(&mut used);
        assert!(again == two, "what a workspace was used for before must not show");
        assert_eq!((&one.0, &one.1), (&two.0, &two.1));
        assert_eq!((&one.0, &one.1), (&three.0, &three.1));
        case.assert_close(&two.2, &one.2, 1e-5);
        case.assert_close(&three.2, &one.2, 1e-5);
    }
}

/// A sequence's states and updates are to the bit what they are in a batch of its own, and its gradient is its share.
#[test]
fn unequal_lengths_change_nothing_of_a_sequence() {
    for (family, output_at) in [(Family::Lstm, OutputAt::End), (Family::Gru, OutputAt::End)] {
        let together = Case::clear_cut(shape(family, true, 2, output_at), Source::Gate, 0.33).ragged();
        let (h, u, gradient) = together.fused_single(&mut Workspace::new(2).unwrap());
        let (t, hidden) = (together.shape.length, together.shape.hidden);
        let mut sum = vec![0.0; gradient.len()];
        for (n, length) in together.lengths.iter().map(|l| *l as usize).enumerate() {
            let of = |values: &[f64], stride: usize, count: usize| values[n * stride..n * stride + count].to_vec();
            let (d_u, x) = (of(&together.d_u, t, length), together.shape.input);
            let mut alone = Case::new(
                Shape {
                    batch: 1,
                    length,
                    ..together.shape
                },
                Source::Gate,
                0.33,
                1,
            );
            alone.params.clone_from(&together.params);
            (alone.x, alone.d_u) = (of(&together.x, t * x, length * x), d_u);
            alone.d_h = of(&together.d_h, hidden, hidden);
            let (h_alone, u_alone, gradient_alone) = alone.fused_single(&mut Workspace::new(1).unwrap());
            assert_eq!(h[n * hidden..(n + 1) * hidden], h_alone, "{family:?}, sequence {n}");
            assert_eq!(of(&u, t, length), u_alone);
            assert!(
                u[n * t + length..(n + 1) * t].iter().all(|u| *u == 0.0),
                "an update after the end"
            );
            sum.iter_mut().zip(gradient_alone).for_each(|(s, g)| *s += g);
        }
        together.assert_close(&gradient, &sum, 1e-5);
    }
}

/// Lengths of T each are the same bits as none.
#[test]
fn equal_lengths_are_none() {
    let case = Case::clear_cut(shape(Family::Lstm, true, 1, OutputAt::Step), Source::Gate, 0.33);
    let none = case.fused_single(&mut Workspace::new(2).unwrap());
    let mut given = case;
    given.lengths = vec![given.shape.length as u32; given.shape.batch];
    assert!(given.fused_single(&mut Workspace::new(2).unwrap()) == none);
}

#[test]
fn more_threads_than_sequences() {
    let mut shape = shape(Family::Lstm, true, 1, OutputAt::Step);
    shape.batch = 2;
    let case = Case::clear_cut(shape, Source::Gate, 0.33);
    let (_, _, gradient) = case.expected();
    case.assert_close(&case.fused(&mut Workspace::new(4).unwrap()).2, &gradient, 1e-10);
}

#[test]
#[should_panic(expected = "a forward pass comes first")]
fn backward_needs_a_forward_pass() {
    let shape = shape(Family::Lstm, true, 1, OutputAt::End);
    let mut gradient = vec![0.0f32; shape.parameter_count()];
    backward(
        &shape,
        &[],
        incoming(&[], &[]),
        &mut Workspace::new(1).unwrap(),
        &mut gradient,
    );
}
