//! A chain of layers, from the inputs up, into a model: the one place that knows what a model can hold.

use float_model::{Affine, Cell, Description, Family, FloatModel, Head, Layer, Objective, OutputAt};

/// A recurrent layer in this project's order of gates.
pub(crate) struct Recurrent {
    pub(crate) family: Family,
    pub(crate) input: usize,
    pub(crate) hidden: usize,
    pub(crate) parameters: Layer,
}

/// What stands behind the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Softmax or its logarithm.
    Softmax,
    /// Sigmoid of each output.
    Sigmoid,
}

/// What a program says that its outputs mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Squared,
    CrossEntropy,
    BinaryCrossEntropy,
}

/// The layers so far.
pub(crate) struct Network {
    input: usize,
    before: Affine,
    layers: Vec<Recurrent>,
    /// What has yet to be folded into what comes next.
    pending: Affine,
    head: Option<Head>,
    end: Option<End>,
    /// What was understood, folded and assumed.
    pub(crate) notes: Vec<String>,
}

impl Network {
    pub(crate) fn new(input: usize) -> Self {
        Network {
            input,
            before: Affine::identity(input),
            layers: Vec::new(),
            pending: Affine::identity(input),
            head: None,
            end: None,
            notes: Vec::new(),
        }
    }

    /// Features of what comes out so far.
    pub(crate) fn width(&self) -> usize {
        match &self.head {
            Some(head) => head.bias.len(),
            None => self.pending.scale.len(),
        }
    }

    /// Recurrent layers so far.
    pub(crate) fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Whether the head is there.
    pub(crate) fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// A scale and an offset of each feature.
    ///
    /// # Errors
    /// It stands where it folds into nothing, or has another number of features.
    pub(crate) fn affine(&mut self, affine: &Affine) -> Result<(), String> {
        let features = affine.scale.len();
        if features != self.width() {
            return Err(format!("is of {features} features, and {} come to it", self.width()));
        }
        if self.end.is_some() {
            return Err("stands behind the activation of the outputs, where it folds into nothing".into());
        }
        match &mut self.head {
            None => self.pending = self.pending.then(affine),
            Some(head) => {
                let columns = head.weight.len() / features;
                for (o, row) in head.weight.chunks_exact_mut(columns).enumerate() {
                    row.iter_mut()
                        .for_each(|w| *w = (f64::from(*w) * affine.scale[o]) as f32);
                    head.bias[o] = (f64::from(head.bias[o]) * affine.scale[o] + affine.offset[o]) as f32;
                }
            }
        }
        Ok(())
    }

    /// A recurrent layer above what is there.
    ///
    /// # Errors
    /// It stands above the head, or is of another cell or size than those below.
    pub(crate) fn recurrent(&mut self, mut layer: Recurrent) -> Result<(), String> {
        if self.head.is_some() {
            return Err("stands above a linear layer; a model is recurrent layers and then one linear layer".into());
        }
        if layer.input != self.width() {
            return Err(format!(
                "takes {} features, and {} come to it",
                layer.input,
                self.width()
            ));
        }
        if let Some(below) = self.layers.first() {
            if layer.family != below.family {
                return Err(
                    "is of another cell than the layer below; all layers of a model are LSTMs or all are GRUs".into(),
                );
            }
            if layer.hidden != below.hidden {
                return Err(format!(
                    "has {} units, and the layer below {}; all layers of a model have as many",
                    layer.hidden, below.hidden
                ));
            }
            let p = &mut layer.parameters;
            self.pending.into_matrix(&mut p.weight_ih, &mut p.bias_ih);
        } else {
            self.before = self.pending.clone();
        }
        self.pending = Affine::identity(layer.hidden);
        self.layers.push(layer);
        Ok(())
    }

    /// The head: a matrix (O, H) and an offset (O).
    ///
    /// # Errors
    /// There is one already, or no recurrent layer below it.
    pub(crate) fn linear(&mut self, weight: Vec<f32>, bias: Vec<f32>) -> Result<(), String> {
        if self.head.is_some() {
            return Err("is a second linear layer; a model has one, the head".into());
        }
        if self.layers.is_empty() {
            return Err("is a linear layer before the recurrent layers; a model has one linear layer, the head".into());
        }
        if weight.len() != bias.len() * self.width() || bias.is_empty() {
            return Err(format!(
                "has {} weights, which are no matrix of {} columns",
                weight.len(),
                self.width()
            ));
        }
        let mut head = Head { weight, bias };
        self.pending.into_matrix(&mut head.weight, &mut head.bias);
        self.head = Some(head);
        Ok(())
    }

    /// A softmax or sigmoid.
    ///
    /// # Errors
    /// It does not stand behind the head.
    pub(crate) fn end(&mut self, end: End) -> Result<(), String> {
        if self.head.is_none() || self.end.is_some() {
            return Err("is an activation between layers, which a model does not have".into());
        }
        self.end = Some(end);
        Ok(())
    }

    /// The model.
    ///
    /// # Errors
    /// A part of it is missing.
    pub(crate) fn finish(self, output_at: OutputAt, loss: Option<Loss>) -> Result<(FloatModel, Vec<String>), String> {
        let (Some(first), Some(head)) = (self.layers.first(), self.head) else {
            return Err(match self.layers.is_empty() {
                true => "no LSTM or GRU".into(),
                false => "no linear layer on the last h, which is the head of a model".into(),
            });
        };
        let (family, hidden, outputs) = (first.family, first.hidden, head.bias.len());
        let mut notes = self.notes;
        let objective = objective(self.end, loss, outputs, &mut notes);
        let mut model = FloatModel {
            cell: match family {
                Family::Lstm => Cell::Lstm,
                Family::Gru => Cell::Gru,
            },
            input: self.input,
            hidden,
            outputs,
            layers: self.layers.into_iter().map(|l| l.parameters).collect(),
            gate: None,
            head,
            input_mean: vec![0.0; self.input],
            input_std: vec![1.0; self.input],
            description: Description {
                objective,
                output_at,
                ..Description::default()
            },
        };
        model.fold_before_input(&self.before);
        Ok((model, notes))
    }
}

fn objective(end: Option<End>, loss: Option<Loss>, outputs: usize, notes: &mut Vec<String>) -> Objective {
    let (objective, why) = match (end, loss) {
        (Some(End::Softmax), _) => (
            Objective::Classification,
            "the softmax at the end is left out: the largest output stays the largest, and outputs are logits",
        ),
        (Some(End::Sigmoid), _) => (
            Objective::Multilabel,
            "the sigmoid at the end is left out: outputs are logits, and a label is given above 0",
        ),
        (None, Some(Loss::Squared)) => (Objective::Regression, "by the loss that it was trained with"),
        (None, Some(Loss::CrossEntropy)) => (Objective::Classification, "by the loss that it was trained with"),
        (None, Some(Loss::BinaryCrossEntropy)) => (Objective::Multilabel, "by the loss that it was trained with"),
        (None, None) if outputs == 1 => (
            Objective::Regression,
            "assumed, as there is one output; --objective says otherwise",
        ),
        (None, None) => (
            Objective::Classification,
            "assumed, as there are several outputs; --objective says otherwise",
        ),
    };
    notes.push(format!("objective: {objective}: {why}"));
    objective
}

/// The blocks of H rows of a matrix (or of a vector: one column) in another order; `order[k]` is the block that becomes block k.
pub(crate) fn reordered(values: &[f32], order: &[usize]) -> Vec<f32> {
    let block = values.len() / order.len();
    order
        .iter()
        .flat_map(|k| values[k * block..][..block].iter().copied())
        .collect()
}

/// A matrix (rows, columns) with rows and columns exchanged.
pub(crate) fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|c| values.iter().skip(c).step_by(columns).copied())
        .collect()
}
