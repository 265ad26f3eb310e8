//! The teacher of a run: the model that it starts from, whose outputs the network learns beside the answers.

use crate::{
    Distill, Error, Start,
    batch_source::BatchSource,
    fused::{self, Schedule, Workspace},
    lesson::Lesson,
    params::{Kind, Parameters},
    recurrent,
    start::Fitted,
};
use float_model::{OutputAt, Sequences};

/// Outputs of a training part that are kept, at most, in f32 values: 256 MiB. Beyond, every batch is taught anew.
const MOST_KEPT: usize = 64 << 20;
/// Sequences that are run at a time for the outputs that are kept.
const AT_ONCE: usize = 256;

/// A model that is run through the kernels of training. Without a gate it sees every sample, else those that its gate chooses.
pub(crate) struct Teacher {
    parameters: Parameters,
    flat: Vec<f32>,
    workspace: Workspace<f32>,
    output_at: OutputAt,
    places: Vec<u32>,
    /// For each row of the lesson the teacher's output.
    rows: Vec<usize>,
    distill: Distill,
    /// The outputs of the whole training part, where its sequences are always seen as they are.
    kept: Option<Vec<f32>>,
}

impl Teacher {
    /// The teacher that a run asks for, if any, of the model that it starts from.
    pub(crate) fn new(
        from: Option<&Start>,
        threads: usize,
        start: &Fitted,
        output_at: OutputAt,
    ) -> Result<Option<Self>, Error> {
        let Some(distill) = from.and_then(|from| from.distill) else {
            return Ok(None);
        };
        let workspace = Workspace::new(threads)
            .map_err(|e| Error::usage("threads", format!("cannot be started ({e}); give fewer")))?;
        let known = start
            .rows
            .iter()
            .enumerate()
            .filter_map(|(k, row)| Some((k as u32, (*row)?)));
        let (places, rows) = known.unzip();
        let parameters = Parameters::of_model(&start.model);
        Ok(Some(Teacher {
            flat: recurrent::pack(&parameters.shape, &parameters.values),
            parameters,
            workspace,
            output_at,
            places,
            rows,
            distill,
            kept: None,
        }))
    }

    /// The lesson on the batch `x` (normalised) of a step, counted from 0.
    pub(crate) fn lesson(&mut self, batches: &mut BatchSource, step: u64, x: &Sequences) -> Result<Lesson, Error> {
        self.keep(batches)?;
        let outputs = match (&self.kept, batches.indices(step)) {
            (Some(kept), Some(indices)) => {
                let width = self.width(x.length);
                let of = |n: usize| kept[n * width..(n + 1) * width].iter().copied();
                indices.into_iter().flat_map(of).collect()
            }
            _ => self.outputs(x),
        };
        Ok(Lesson {
            outputs,
            places: self.places.clone(),
            distill: self.distill,
        })
    }

    /// Values of a sequence of `length` samples.
    fn width(&self, length: usize) -> usize {
        self.rows.len()
            * match self.output_at {
                OutputAt::End => 1,
                OutputAt::Step => length,
            }
    }

    /// Runs the training part once, before the first lesson, where its sequences are always seen as they are. It is cut in the same
    /// way in every run, so that a continued run has the same bits.
    fn keep(&mut self, batches: &BatchSource) -> Result<(), Error> {
        let Some((x, true)) = batches.training() else {
            return Ok(());
        };
        let size = x.count().saturating_mul(self.width(x.longest()));
        let whole = self.output_at == OutputAt::End || x.has_one_length();
        if self.kept.is_some() || size > MOST_KEPT || !whole {
            return Ok(());
        }
        let mut kept = Vec::with_capacity(size);
        for first in (0..x.count()).step_by(AT_ONCE) {
            let indices: Vec<usize> = (first..x.count().min(first + AT_ONCE)).collect();
            kept.extend(self.outputs(&batches.normalised(x.gather(&indices)?)));
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// What the model says of sequences (B, T, I), normalised: (B, O'), or (B, T, O') with an output at every step.
    fn outputs(&mut self, x: &Sequences) -> Vec<f32> {
        let shape = &self.parameters.shape;
        let pass = recurrent::pass_shape(shape, x.count, x.length, self.output_at);
        let (mut h, mut u) = (vec![0.0; pass.output_count()], vec![0.0; x.count * x.length]);
        let batch = fused::Batch {
            x: &x.values,
            schedule: match shape.cell.skips() {
                true => Schedule::Gate,
                false => Schedule::Every,
            },
            dial: None,
            lengths: Some(&x.lengths[..]).filter(|l| !l.is_empty()),
        };
        fused::forward(&pass, &self.flat, batch, &mut self.workspace, &mut h, &mut u);
        let array = |kind| self.parameters.array(kind, 0).expect("every network has a head");
        let (weight, bias) = (array(Kind::HeadWeight), array(Kind::HeadBias));
        let of_state = |h: &[f32], row: usize| {
            let weights = &weight[row * shape.hidden..(row + 1) * shape.hidden];
            bias[row] + weights.iter().zip(h).map(|(w, h)| w * h).sum::<f32>()
        };
        let states = h.chunks_exact(shape.hidden);
        states
            .flat_map(|h| self.rows.iter().map(move |row| of_state(h, *row)))
            .collect()
    }
}
