//! The model straight from its equations, one number at a time, over f64 or over a tape that differentiates it.
//!
//! Straight-through differentiates a surrogate: u_t = ũ_t + constant, with the constant (0 or 1) - ũ_t. The reference
//! computes just that, and eq. (3) as it stands, so that a tape gives the gradient without any derivation by hand, and
//! finite differences with the constants and the branches of the minimum frozen give it without a tape.

use super::super::forward::{Batch, Schedule};
use super::super::shape::{Family, OutputAt, Shape};
use std::cell::RefCell;
use std::ops::{Add, Mul, Sub};

/// What the reference computes with.
pub trait Number: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    fn constant(value: f64) -> Self;
    fn value(self) -> f64;
    fn sigmoid(self) -> Self;
    fn tanh(self) -> Self;
}

impl Number for f64 {
    fn constant(value: f64) -> f64 {
        value
    }
    fn value(self) -> f64 {
        self
    }
    fn sigmoid(self) -> f64 {
        1.0 / (1.0 + (-self).exp())
    }
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }
}

/// Every operation with up to two operands: their places and the derivatives by them.
#[derive(Default)]
pub struct Tape(RefCell<Vec<[(usize, f64); 2]>>);

/// A number on a tape, or a constant.
#[derive(Clone, Copy)]
pub struct Var<'t> {
    value: f64,
    place: Option<(&'t Tape, usize)>,
}

impl Tape {
    pub fn variable(&self, value: f64) -> Var<'_> {
        self.push(value, [(0, 0.0); 2])
    }

    fn push(&self, value: f64, operands: [(usize, f64); 2]) -> Var<'_> {
        let mut nodes = self.0.borrow_mut();
        nodes.push(operands);
        Var {
            value,
            place: Some((self, nodes.len() - 1)),
        }
    }

    /// The gradient by everything on the tape of Σ seed·var.
    pub fn gradient<'t>(&'t self, seeds: impl Iterator<Item = (Var<'t>, f64)>) -> Vec<f64> {
        let nodes = self.0.borrow();
        let mut grad = vec![0.0; nodes.len()];
        for (var, seed) in seeds {
            if let Some((_, place)) = var.place {
                grad[place] += seed;
            }
        }
        for (place, operands) in nodes.iter().enumerate().rev() {
            for (operand, derivative) in operands {
                let d = grad[place] * derivative;
                grad[*operand] += d;
            }
        }
        grad
    }
}

impl<'t> Var<'t> {
    fn combine(self, other: Var<'t>, value: f64, by_self: f64, by_other: f64) -> Var<'t> {
        let Some((tape, _)) = self.place.or(other.place) else {
            return Var::constant(value);
        };
        let operand = |v: Var<'t>, d: f64| v.place.map_or((0, 0.0), |(_, place)| (place, d));
        tape.push(value, [operand(self, by_self), operand(other, by_other)])
    }
}

impl Add for Var<'_> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.combine(other, self.value + other.value, 1.0, 1.0)
    }
}

impl Sub for Var<'_> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.combine(other, self.value - other.value, 1.0, -1.0)
    }
}

impl Mul for Var<'_> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.combine(other, self.value * other.value, other.value, self.value)
    }
}

impl Number for Var<'_> {
    fn constant(value: f64) -> Self {
        Var { value, place: None }
    }
    fn value(self) -> f64 {
        self.value
    }
    fn sigmoid(self) -> Self {
        let s = self.value.sigmoid();
        self.combine(Var::constant(0.0), s, s * (1.0 - s), 0.0)
    }
    fn tanh(self) -> Self {
        let t = self.value.tanh();
        self.combine(Var::constant(0.0), t, 1.0 - t * t, 0.0)
    }
}

/// The decisions of one pass, at place b·T + t.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    /// u_t - ũ_t, or u_t where it was imposed.
    pub constants: Vec<f64>,
    /// Whether min(Δũ_t, 1 - ũ_t) is Δũ_t.
    pub is_delta: Vec<bool>,
    /// ũ_t.
    pub u_tilde: Vec<f64>,
}

/// The outputs, laid out as those of the fused pass.
pub struct Outcome<N> {
    pub h: Vec<N>,
    pub u: Vec<N>,
    pub decisions: Decisions,
}

struct Named<'a, N> {
    shape: &'a Shape,
    params: &'a [N],
}

impl<'a, N: Number> Named<'a, N> {
    fn get(&self, name: &str) -> &'a [N] {
        let tensors = self.shape.tensors();
        let tensor = tensors.iter().find(|t| t.name == name).expect("a tensor of this name");
        &self.params[tensor.range()]
    }
}

/// W_row·v + b.
fn affine<N: Number>(weight: &[N], bias: &[N], row: usize, v: &[N]) -> N {
    let row_of_weight = weight[row * v.len()..(row + 1) * v.len()].iter();
    row_of_weight.zip(v).fold(bias[row], |sum, (w, v)| sum + *w * *v)
}

/// S for one layer: (h', c').
fn cell<N: Number>(params: &Named<'_, N>, layer: usize, x: &[N], h: &[N], c: &[N]) -> (Vec<N>, Vec<N>) {
    let n = h.len();
    let of = |kind: &str| params.get(&format!("{kind}_l{layer}"));
    let (w_ih, w_hh, b_ih, b_hh) = (of("weight_ih"), of("weight_hh"), of("bias_ih"), of("bias_hh"));
    let from_x = |gate: usize, k: usize| affine(w_ih, b_ih, gate * n + k, x);
    let from_h = |gate: usize, k: usize| affine(w_hh, b_hh, gate * n + k, h);
    let both = |gate: usize, k: usize| from_x(gate, k) + from_h(gate, k);
    let one = N::constant(1.0);
    match params.shape.family {
        Family::Lstm => (0..n)
            .map(|k| {
                let (i, f) = (both(0, k).sigmoid(), both(1, k).sigmoid());
                let (g, o) = (both(2, k).tanh(), both(3, k).sigmoid());
                let c = f * c[k] + i * g;
                (o * c.tanh(), c)
            })
            .unzip(),
        Family::Gru => {
            let h = (0..n).map(|k| {
                let (r, z) = (both(0, k).sigmoid(), both(1, k).sigmoid());
                let n = (from_x(2, k) + r * from_h(2, k)).tanh();
                (one - z) * n + z * h[k]
            });
            (h.collect(), Vec::new())
        }
    }
}

/// u·new + (1 - u)·old, eq. (3).
fn select<N: Number>(u: N, new: &[N], old: &[N]) -> Vec<N> {
    let mix = |(new, old): (&N, &N)| u * *new + (N::constant(1.0) - u) * *old;
    new.iter().zip(old).map(mix).collect()
}

/// Runs a batch. With `frozen`, the decisions are those, and u_t the surrogate's real number.
pub fn run<N: Number>(shape: &Shape, params: &[N], batch: Batch<'_, f64>, frozen: Option<&Decisions>) -> Outcome<N> {
    let Batch {
        x,
        schedule,
        dial,
        lengths,
    } = batch;
    let named = Named { shape, params };
    let (hidden, one) = (shape.hidden, N::constant(1.0));
    let mut out = Outcome {
        h: Vec::new(),
        u: Vec::new(),
        decisions: Decisions::default(),
    };
    let initial = |name: &str| -> Vec<Vec<N>> { named.get(name).chunks(hidden).map(<[N]>::to_vec).collect() };
    for b in 0..shape.batch {
        let mut h = initial("h0");
        let mut c = match shape.family {
            Family::Lstm => initial("c0"),
            Family::Gru => vec![Vec::new(); shape.layers],
        };
        let (mut u_tilde, mut delta) = (one, N::constant(0.0));
        for t in 0..shape.length {
            let place = b * shape.length + t;
            let inside = lengths.is_none_or(|lengths| t < lengths[b] as usize);
            let hard = match schedule {
                _ if !inside => false,
                Schedule::Every => true,
                Schedule::Gate => u_tilde.value() >= 0.5,
                Schedule::Bernoulli(v) => v[place] < u_tilde.value(),
                Schedule::Imposed(mask) => mask[place],
            };
            let hard = f64::from(u8::from(hard));
            let learned = inside && matches!(schedule, Schedule::Gate | Schedule::Bernoulli(_));
            let constant = match frozen {
                Some(frozen) => frozen.constants[place],
                None if learned => hard - u_tilde.value(),
                None => hard,
            };
            let u = N::constant(constant) + if learned { u_tilde } else { N::constant(0.0) };

            let start = place * shape.input;
            let mut input: Vec<N> = x[start..start + shape.input].iter().map(|&x| N::constant(x)).collect();
            let (mut new_h, mut new_c) = (Vec::new(), Vec::new());
            for layer in 0..shape.layers {
                let (h, c) = cell(&named, layer, &input, &h[layer], &c[layer]);
                input.clone_from(&h);
                new_h.push(h);
                new_c.push(c);
            }
            let mut is_delta = true;
            out.decisions.u_tilde.push(u_tilde.value());
            if learned {
                let top = match shape.family {
                    Family::Lstm => new_c.last(),
                    Family::Gru => new_h.last(),
                };
                let top = top.expect("at least one layer");
                let dial = N::constant(dial.map_or(0.0, |dial| dial[b]));
                let fresh = (affine(named.get("gate.weight"), named.get("gate.bias"), 0, top) + dial).sigmoid();
                delta = u * fresh + (one - u) * delta;
                let room = one - u_tilde;
                is_delta = match frozen {
                    Some(frozen) => frozen.is_delta[place],
                    None => delta.value() <= room.value(),
                };
                let increment = if is_delta { delta } else { room };
                u_tilde = u * delta + (one - u) * (u_tilde + increment);
            }
            for layer in 0..shape.layers {
                h[layer] = select(u, &new_h[layer], &h[layer]);
                c[layer] = select(u, &new_c[layer], &c[layer]);
            }
            out.decisions.constants.push(constant);
            out.decisions.is_delta.push(is_delta);
            out.u.push(u);
            if shape.output_at == OutputAt::Step || t + 1 == shape.length {
                out.h.extend(&h[shape.layers - 1]);
            }
        }
    }
    out
}
