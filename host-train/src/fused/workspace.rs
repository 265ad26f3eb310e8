//! Everything a pass writes, allocated once and reused.

use super::buffer::{Buffer, refill};
use super::layout::Layout;
use super::packed::{Packed, Parameters};
use super::real::Real;
use super::shape::{Family, Shape};
use super::vector::{LANES, QUAD};

/// Rows of weight gradient that are gathered before they are multiplied: enough for a product at full speed, few enough
/// to stay in a second-level cache.
const CHUNK: usize = 256;

/// The memory of [`forward`](super::forward()) and [`backward`](super::backward()), and the threads they run on.
///
/// It grows to the largest pass seen and is then reused without allocation. What it holds between the two calls is
/// (T + 1, B, H') for each state of each layer, and (updates, 4·H') of activations for each layer, where H' is H padded
/// to a multiple of 16.
pub struct Workspace<F> {
    threads: usize,
    /// The threads besides the caller's, which takes a part of the batch itself.
    pool: Option<rayon::ThreadPool>,
    pub(super) params: Parameters<F>,
    pub(super) shards: Vec<Shard<F>>,
    /// The pass that the shards hold, and whether its updates came from the gate.
    pub(super) recorded: Option<(Shape, bool)>,
}

impl<F: Real> Workspace<F> {
    /// A workspace that splits the batch over `threads` threads (at least one).
    ///
    /// # Errors
    /// The operating system gives no threads.
    pub fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = match threads {
            0 | 1 => None,
            n => Some(rayon::ThreadPoolBuilder::new().num_threads(n - 1).build()?),
        };
        Ok(Workspace {
            threads: threads.max(1),
            pool,
            params: Parameters::default(),
            shards: Vec::new(),
            recorded: None,
        })
    }

    /// How many threads the batch is split over.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// One shard for each thread that gets a sequence; their sizes differ by at most one.
    pub(super) fn split(&mut self, shape: &Shape) {
        let count = self.threads.min(shape.batch);
        self.shards.resize_with(count, Shard::default);
        for (n, shard) in self.shards.iter_mut().enumerate() {
            let rows = (n + 1) * shape.batch / count - n * shape.batch / count;
            shard.prepare(shape, rows);
        }
    }

    /// Runs `work` on every shard with its task, each on a thread, the first on the caller's.
    pub(super) fn each<T: Send>(&mut self, tasks: Vec<T>, work: impl Fn(&Parameters<F>, &mut Shard<F>, T) + Sync) {
        let params = &self.params;
        let jobs = self.shards.iter_mut().zip(tasks);
        match &self.pool {
            None => jobs.for_each(|(shard, task)| work(params, shard, task)),
            Some(pool) => pool.in_place_scope(|scope| {
                let (mut jobs, work) = (jobs, &work);
                let own = jobs.next();
                for (shard, task) in jobs {
                    scope.spawn(move |_| work(params, shard, task));
                }
                if let Some((shard, task)) = own {
                    work(params, shard, task);
                }
            }),
        }
    }
}

/// What one thread holds for its b sequences. Slot 0 of the states is s_0; slot t + 1 is the candidate of step t.
#[derive(Default)]
pub struct Shard<F> {
    /// b.
    pub batch: usize,
    /// For each layer (T + 1, V, b) vectors.
    pub h: Vec<Buffer<F>>,
    /// For each layer (T + 1, V, b) vectors; empty for the GRU.
    pub c: Vec<Buffer<F>>,
    /// For each layer and step quads (V, updates): activations of the rows with u_t = 1.
    pub saved: Vec<Buffer<F>>,
    /// (T + 1): updates before each step.
    pub starts: Vec<usize>,
    /// (T, b): u_t.
    pub updated: Vec<bool>,
    /// (T, b): the slot of s_{t-1}.
    pub previous: Vec<u32>,
    /// (T, b): ũ_t.
    pub u_tilde: Vec<F>,
    /// (T, b): σ(W_p S + b_p).
    pub fresh: Vec<F>,
    /// (T, b): Δũ_{t-1}.
    pub carried: Vec<F>,
    /// (b): the slot of the last update.
    pub latest: Vec<u32>,
    /// (b): samples of each sequence; empty where all have T.
    pub lengths: Vec<u32>,
    /// Rows of a step.
    pub rows: Vec<u32>,
    /// (b): all rows.
    pub all: Vec<u32>,
    /// (b, K): rows `[x | 1 | h]`.
    pub operand: Buffer<F>,
    /// What only the backward pass needs.
    pub back: BackwardBuffers<F>,
}

/// The running gradients of a shard.
#[derive(Default)]
pub struct BackwardBuffers<F> {
    /// For each layer (V, b) vectors: dL/dh_t.
    pub d_h: Vec<Buffer<F>>,
    /// For each layer (V, b) vectors: dL/dc_t; empty for the GRU.
    pub d_c: Vec<Buffer<F>>,
    /// (b): dL/dũ_{t+1}.
    pub d_u_tilde: Vec<F>,
    /// (b): dL/dΔũ_t as carried to later steps.
    pub d_carried: Vec<F>,
    /// (b): dL/du_t.
    pub d_u: Vec<F>,
    /// (b) vectors: what the updates of a step are worth, lane by lane.
    pub value: Buffer<F>,
    /// (b): gradient of the skip gate's pre-activation.
    pub d_gate: Vec<F>,
    /// Rows gathered for the weight gradient: for each layer quads (V, chunk) and (chunk, K).
    pub d_pre: Vec<Buffer<F>>,
    /// See `d_pre`.
    pub operands: Vec<Buffer<F>>,
    /// Rows in the chunk.
    pub filled: usize,
    /// The gradient so far.
    pub grads: Packed<F>,
}

/// At least `count` elements, whatever they are.
pub fn grow<T: Copy + Default>(v: &mut Vec<T>, count: usize) {
    if v.len() < count {
        v.resize(count, T::default());
    }
}

impl<F: Real> Shard<F> {
    /// Sizes everything for a forward pass over `batch` sequences.
    fn prepare(&mut self, shape: &Shape, batch: usize) {
        let layout = Layout::new(*shape);
        let states = (shape.length + 1) * batch * layout.padded();
        let cells = if shape.family == Family::Lstm { states } else { 0 };
        self.batch = batch;
        for list in [&mut self.h, &mut self.c, &mut self.saved] {
            list.resize_with(shape.layers, Buffer::default);
        }
        self.h.iter_mut().for_each(|h| h.grow(states));
        self.c.iter_mut().for_each(|c| c.grow(cells));
        let steps = shape.length * batch;
        grow(&mut self.starts, shape.length + 1);
        grow(&mut self.updated, steps);
        grow(&mut self.previous, steps);
        for trace in [&mut self.u_tilde, &mut self.fresh, &mut self.carried] {
            grow(trace, steps);
        }
        refill(&mut self.latest, batch, 0);
        self.all.clear();
        self.all.extend(0..batch as u32);
        self.operand.grow(batch * Self::widest(shape));
    }

    /// Sizes and clears what the backward pass adds up.
    pub fn prepare_backward(&mut self, shape: &Shape) {
        let layout = Layout::new(*shape);
        let (batch, states) = (self.batch, self.batch * layout.padded());
        let cells = if shape.family == Family::Lstm { states } else { 0 };
        let chunk = CHUNK.max(batch);
        let back = &mut self.back;
        for list in [&mut back.d_h, &mut back.d_c, &mut back.d_pre, &mut back.operands] {
            list.resize_with(shape.layers, Buffer::default);
        }
        back.d_h.iter_mut().for_each(|d| d.refill(states, F::ZERO));
        back.d_c.iter_mut().for_each(|d| d.refill(cells, F::ZERO));
        for sums in [
            &mut back.d_u_tilde,
            &mut back.d_carried,
            &mut back.d_u,
            &mut back.d_gate,
        ] {
            refill(sums, batch, F::ZERO);
        }
        back.value.grow(batch * LANES);
        let gates = chunk * layout.vectors() * QUAD;
        back.d_pre.iter_mut().for_each(|d| d.grow(gates));
        for (k, rows) in back.operands.iter_mut().enumerate() {
            rows.grow(chunk * layout.stride(k));
        }
        back.filled = 0;
        back.grads.clear(shape);
    }

    /// Rows that a chunk of the weight gradient has room for.
    pub fn chunk(&self) -> usize {
        CHUNK.max(self.batch)
    }

    fn widest(shape: &Shape) -> usize {
        let layout = Layout::new(*shape);
        (0..shape.layers).map(|k| layout.stride(k)).max().unwrap_or(0)
    }
}
