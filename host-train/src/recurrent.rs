//! The fused recurrence ([`fused`]) as one operation of candle's autograd.
//!
//! A candle operation takes up to three tensors and returns one, so the parameters are one flat tensor (the layout of
//! [`fused::Shape::tensors`]) and the two outputs, h and u, are one flat tensor too: first the top layer's h, then u_t.

use crate::{
    Error,
    batch::Updates,
    fused::{self, Batch, Schedule, Workspace},
    params::{Kind, Shape},
};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Storage, Tensor};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

impl Updates {
    fn schedule(&self) -> Schedule<'_, f32> {
        match self {
            Updates::Every => Schedule::Every,
            Updates::Gate => Schedule::Gate,
            Updates::Bernoulli(v) => Schedule::Bernoulli(v),
            Updates::Imposed(u) => Schedule::Imposed(u),
        }
    }
}

/// The memory of the fused passes, and the number of the pass that it holds.
struct LastPass {
    workspace: Workspace<f32>,
    pass: u64,
}

/// The recurrence, with memory that is reused from pass to pass.
#[derive(Clone)]
pub struct Recurrent {
    last: Arc<Mutex<LastPass>>,
}

/// Options of one pass.
#[derive(Debug, Clone)]
pub struct PassOptions {
    /// Where u comes from.
    pub updates: Updates,
    /// (B): samples of each sequence, after which u is 0; empty where all have T.
    pub lengths: Vec<u32>,
    /// (B): offsets on the gate's pre-activation; empty for none.
    pub dial: Vec<f32>,
    /// [`fused::Incoming::u_most`].
    pub u_most: Option<f32>,
}

/// The result of a pass; gradients flow through both.
pub struct States {
    /// (B, H), or (B, T, H) with an output at every step: the top layer's h.
    pub h: Tensor,
    /// (B, T): u_t.
    pub u: Tensor,
}

impl Recurrent {
    /// A recurrence that splits the batch over `threads` threads.
    ///
    /// # Errors
    /// The system gives no such number of threads.
    pub fn new(threads: usize) -> std::result::Result<Self, Error> {
        let workspace = Workspace::new(threads)
            .map_err(|e| Error::usage("threads", format!("cannot be started ({e}); give fewer")))?;
        Ok(Recurrent {
            last: Arc::new(Mutex::new(LastPass { workspace, pass: 0 })),
        })
    }

    /// Runs a batch: `parameters` is flat, `x` is (B, T, I) and normalised; both f32 on the CPU.
    ///
    /// Only the last pass can be differentiated: its intermediate values are the ones in memory.
    ///
    /// # Errors
    /// Tensors of another type, size or device.
    pub fn apply(&self, shape: fused::Shape, parameters: &Tensor, x: &Tensor, options: PassOptions) -> Result<States> {
        let op = Op {
            last: self.last.clone(),
            pass: AtomicU64::new(0),
            shape,
            options,
        };
        let (b, t, h) = (shape.batch, shape.length, shape.hidden);
        let both = parameters.apply_op2(x, op)?;
        let size = shape.output_count();
        let states = both.narrow(0, 0, size)?;
        Ok(States {
            h: match shape.output_at {
                fused::OutputAt::End => states.reshape((b, h))?,
                fused::OutputAt::Step => states.reshape((b, t, h))?,
            },
            u: both.narrow(0, size, b * t)?.reshape((b, t))?,
        })
    }
}

struct Op {
    last: Arc<Mutex<LastPass>>,
    pass: AtomicU64,
    shape: fused::Shape,
    options: PassOptions,
}

impl Op {
    /// A pass overwrites all that it reads, so what a panicking one has left in it does no harm.
    fn lock(&self) -> MutexGuard<'_, LastPass> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (from, to) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::RequiresContiguous { op: NAME }.bt())?;
    Ok(&storage.as_slice::<f32>()?[from..to])
}

/// Shows the values of a tensor to `work`.
fn with_values<R>(t: &Tensor, work: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let t = t.contiguous()?;
    let (storage, layout) = t.storage_and_layout();
    match &*storage {
        Storage::Cpu(cpu) => Ok(work(slice(cpu, layout)?)),
        _ => candle_core::bail!("{NAME} runs on the CPU"),
    }
}

const NAME: &str = "fused recurrence";

impl CustomOp2 for Op {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        parameters: &CpuStorage,
        parameters_layout: &Layout,
        x: &CpuStorage,
        x_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let (parameters, x) = (slice(parameters, parameters_layout)?, slice(x, x_layout)?);
        let size = self.shape.output_count();
        let mut out = vec![0.0; size + self.shape.batch * self.shape.length];
        let (h, u) = out.split_at_mut(size);
        let batch = Batch {
            x,
            schedule: self.options.updates.schedule(),
            dial: Some(&self.options.dial[..]).filter(|d| !d.is_empty()),
            lengths: Some(&self.options.lengths[..]).filter(|l| !l.is_empty()),
        };
        let mut last = self.lock();
        fused::forward(&self.shape, parameters, batch, &mut last.workspace, h, u);
        last.pass += 1;
        self.pass.store(last.pass, Ordering::Relaxed);
        let length = out.len();
        Ok((CpuStorage::F32(out), length.into()))
    }

    fn bwd(
        &self,
        parameters: &Tensor,
        x: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut last = self.lock();
        if last.pass != self.pass.load(Ordering::Relaxed) {
            candle_core::bail!("{NAME}: another pass has used its memory since");
        }
        let mut out = vec![0.0; parameters.elem_count()];
        let size = self.shape.output_count();
        with_values(gradient, |gradient| {
            let (h, u) = gradient.split_at(size);
            let u_most = self.options.u_most;
            let d = fused::Incoming { h, u, u_most };
            with_values(x, |x| {
                fused::backward(&self.shape, x, d, &mut last.workspace, &mut out);
            })
        })??;
        let gradient = Tensor::from_vec(out, parameters.shape(), parameters.device())?;
        Ok((Some(gradient), None))
    }
}

/// The sizes of a pass over `batch` sequences of `length` samples.
pub fn pass_shape(shape: &Shape, batch: usize, length: usize, output_at: fused::OutputAt) -> fused::Shape {
    fused::Shape {
        family: shape.cell.family(),
        skips: shape.cell.skips(),
        input: shape.input,
        hidden: shape.hidden,
        layers: shape.layers,
        batch,
        length,
        output_at,
    }
}

/// Where an array of [`Shape::layout`] lies in the flat parameters; `None` for those of the head. The elements of
/// `bias_hh` that belong to no array are 0: one bias acts on them.
fn place(shape: &Shape, flat: &[fused::Tensor], kind: Kind, layer: usize) -> Option<std::ops::Range<usize>> {
    let h = shape.hidden;
    let find = |name: &str| {
        let tensor = flat.iter().find(|t| t.name == name);
        tensor.expect("the flat layout has every tensor of the cell").range()
    };
    let of_layer = |name: &str| {
        let start = find(name).start + layer * h;
        start..start + h
    };
    Some(match kind {
        Kind::WeightIh => find(&format!("weight_ih_l{layer}")),
        Kind::WeightHh => find(&format!("weight_hh_l{layer}")),
        Kind::Bias => find(&format!("bias_ih_l{layer}")),
        Kind::BiasHn => {
            let end = find(&format!("bias_hh_l{layer}")).end;
            end - h..end
        }
        Kind::H0 => of_layer("h0"),
        Kind::C0 => of_layer("c0"),
        Kind::GateWeight => find("gate.weight"),
        Kind::GateBias => find("gate.bias"),
        Kind::HeadWeight | Kind::HeadBias => return None,
    })
}

/// The arrays of [`Shape::layout`], without the head's, as the flat parameters of the recurrence.
pub fn pack(shape: &Shape, values: &[Vec<f32>]) -> Vec<f32> {
    let sizes = pass_shape(shape, 1, 1, fused::OutputAt::End);
    let tensors = sizes.tensors();
    let mut flat = vec![0.0; sizes.parameter_count()];
    for (e, v) in shape.layout().iter().zip(values) {
        if let Some(range) = place(shape, &tensors, e.kind, e.layer) {
            flat[range].copy_from_slice(v);
        }
    }
    flat
}

/// The reverse of [`pack`], for gradients: the head's arrays are left as they are.
pub fn unpack(shape: &Shape, flat: &[f32], values: &mut [Vec<f32>]) {
    let tensors = pass_shape(shape, 1, 1, fused::OutputAt::End).tensors();
    for (e, v) in shape.layout().iter().zip(values) {
        if let Some(range) = place(shape, &tensors, e.kind, e.layer) {
            v.copy_from_slice(&flat[range]);
        }
    }
}
