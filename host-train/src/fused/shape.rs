//! What is computed: the sizes, and where each named tensor lies in the flat parameter vector.

pub use float_model::{Family, OutputAt};

/// The sizes of one pass. All of them are at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// LSTM or GRU.
    pub family: Family,
    /// Whether there is a skip gate (`gate.weight`, `gate.bias`).
    pub skips: bool,
    /// I: channels of a sample.
    pub input: usize,
    /// H: units of each layer.
    pub hidden: usize,
    /// L: stacked layers.
    pub layers: usize,
    /// B: sequences.
    pub batch: usize,
    /// T: samples of a sequence.
    pub length: usize,
    /// Which states of the top layer are the output: the last, (B, H), or all, (B, T, H). While a sample is skipped, the last
    /// state stands.
    pub output_at: OutputAt,
}

/// A named tensor inside the flat parameter vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// As PyTorch names it: `weight_ih_l0`, ...
    pub name: String,
    /// Row-major dimensions.
    pub dims: Vec<usize>,
    /// Index of the first element.
    pub offset: usize,
}

impl Tensor {
    /// Number of elements.
    pub fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// The elements' places in the flat vector.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.count()
    }
}

impl Shape {
    /// Inputs of layer `layer`: I for the first, H above.
    pub const fn inputs(&self, layer: usize) -> usize {
        if layer == 0 { self.input } else { self.hidden }
    }

    /// The layout of the flat parameter vector, in order and without gaps: for each layer k `weight_ih_l{k}` (G·H, I_k),
    /// `weight_hh_l{k}` (G·H, H), `bias_ih_l{k}` (G·H), `bias_hh_l{k}` (G·H); then `h0` (L, H); `c0` (L, H) for the
    /// LSTM; `gate.weight` (1, H) and `gate.bias` (1) with a skip gate.
    pub fn tensors(&self) -> Vec<Tensor> {
        let (h, rows) = (self.hidden, self.family.gates() * self.hidden);
        let mut list = Vec::with_capacity(4 * self.layers + 4);
        let mut offset = 0;
        let mut push = |name: String, dims: &[usize]| {
            let tensor = Tensor {
                name,
                dims: dims.to_vec(),
                offset,
            };
            offset += tensor.count();
            list.push(tensor);
        };
        for k in 0..self.layers {
            push(format!("weight_ih_l{k}"), &[rows, self.inputs(k)]);
            push(format!("weight_hh_l{k}"), &[rows, h]);
            push(format!("bias_ih_l{k}"), &[rows]);
            push(format!("bias_hh_l{k}"), &[rows]);
        }
        push("h0".into(), &[self.layers, h]);
        if self.family == Family::Lstm {
            push("c0".into(), &[self.layers, h]);
        }
        if self.skips {
            push("gate.weight".into(), &[1, h]);
            push("gate.bias".into(), &[1]);
        }
        list
    }

    /// Length of the flat parameter vector.
    pub fn parameter_count(&self) -> usize {
        self.tensors().last().map_or(0, |t| t.range().end)
    }

    /// Elements of the output h: B·H, or B·T·H with an output at every step.
    pub const fn output_count(&self) -> usize {
        self.batch * self.output_stride()
    }

    /// Elements of the output h that belong to one sequence.
    pub(super) const fn output_stride(&self) -> usize {
        match self.output_at {
            OutputAt::End => self.hidden,
            OutputAt::Step => self.length * self.hidden,
        }
    }

    pub(super) fn check(&self) {
        let sizes = [self.input, self.hidden, self.layers, self.batch, self.length];
        assert!(sizes.iter().all(|&n| n > 0), "every size must be at least 1: {self:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_has_no_gaps_and_pytorchs_names() {
        let shape = Shape {
            family: Family::Gru,
            skips: true,
            input: 3,
            hidden: 5,
            layers: 2,
            batch: 1,
            length: 1,
            output_at: OutputAt::End,
        };
        let list = shape.tensors();
        let names: Vec<_> = list.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "weight_ih_l0",
                "weight_hh_l0",
                "bias_ih_l0",
                "bias_hh_l0",
                "weight_ih_l1",
                "weight_hh_l1",
                "bias_ih_l1",
                "bias_hh_l1",
                "h0",
                "gate.weight",
                "gate.bias"
            ]
        );
        assert_eq!(list[0].dims, [15, 3]);
        assert_eq!(list[4].dims, [15, 5]);
        for pair in list.windows(2) {
            assert_eq!(pair[0].range().end, pair[1].offset);
        }
        assert_eq!(
            shape.parameter_count(),
            15 * (3 + 5 + 2) + 15 * (5 + 5 + 2) + 10 + 5 + 1
        );
    }
}
