//! A model, which is a view of a parsed blob, and the update.

use crate::{
    Capacity, MAX_LAYERS, State, Step, StepError,
    cell::{CellKind, Fractions, Layer, gru, lstm},
    format,
    kernel::dot,
    padded::Padded,
    proof::{self, Maxima},
    update::{self, Gate},
};
use fixed::types::{I16F16, U0F32};
use format::{ChannelRecord, DialRecord};

/// The meaning of the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Objective {
    /// O logits; the decision is the largest.
    Classification,
    /// O real values.
    Regression,
    /// O independent logits.
    Multilabel,
}

/// When an output is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OutputAt {
    /// Once, when no update is left before the end of the sequence.
    End,
    /// At every sample; while samples are skipped the last output holds.
    Step,
}

/// The head, in place: logits = weight · h + bias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    /// (O, H).
    pub(crate) weight: &'a [i16],
    /// (O).
    pub(crate) bias: &'a [i32],
}

/// One input channel as a sensor delivers it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Channel<'a> {
    /// The quantity, for example `acceleration x`.
    pub name: &'a str,
    /// The unit, for example `g`; empty where there is none.
    pub unit: &'a str,
    /// The magnitude at 32,768 counts, in that unit.
    pub full_scale: f32,
}

/// The number of fractional bits of each kind of 16-bit value, and of the 32-bit pre-activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FractionBits {
    /// The inputs x: 8 to 15.
    pub x: u8,
    /// The hidden state h: 13 to 15.
    pub h: u8,
    /// The pre-activations: [`format::PRE_FRACTION`].
    pub pre_activation: u8,
}

/// How the recurrent weights of a model are stored and multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel {
    /// The layout in memory, one of [`format::kernel`].
    pub layout: u8,
    /// The number of bits that are dropped, rounded, from the h that the recurrent weights multiply: 1 to 8 for
    /// [`format::kernel::BYTE_PLANE`], else 0.
    pub h_drop: u8,
}

/// The widths of a layer's weights in bits, 8 or 16.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WeightBits {
    /// The weights over the layer's inputs, weight_ih.
    pub ih: u8,
    /// The recurrent weights, weight_hh.
    pub hh: u8,
}

/// One point of the trade-off curve that was measured on calibration data when the model was quantized.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct DialPoint {
    /// The offset of the skip gate's pre-activation.
    pub dial: I16F16,
    /// The mean number of updates in a sequence.
    pub updates_mean: f32,
    /// The accuracy, or the mean squared error of a regression; NaN where it is unknown.
    pub metric: f32,
}

/// A network whose weights stay where the blob lies. Made by [`Model::parse`], which proves everything that the
/// methods here rely on.
#[derive(Debug, Clone)]
pub struct Model<'a> {
    pub(crate) cell: CellKind,
    pub(crate) objective: Objective,
    pub(crate) output_at: OutputAt,
    pub(crate) inputs: usize,
    pub(crate) hidden: usize,
    pub(crate) outputs: usize,
    pub(crate) sequence_length: u32,
    pub(crate) max_skip: u32,
    pub(crate) sample_period_ns: u64,
    pub(crate) logit_scale: f32,
    pub(crate) fractions: Fractions,
    pub(crate) kernel: u8,
    pub(crate) layers: heapless::Vec<Layer<'a>, MAX_LAYERS>,
    pub(crate) gate: Option<Gate<'a>>,
    pub(crate) head: Head<'a>,
    pub(crate) channels: &'a [ChannelRecord],
    pub(crate) channel_text: &'a str,
    pub(crate) name: &'a str,
    pub(crate) class_names: &'a str,
    pub(crate) dial_curve: &'a [DialRecord],
    pub(crate) size: usize,
}

impl<'a> Model<'a> {
    /// Uses one sample: converts the sensor's `counts` (I values), updates every layer, and evaluates the skip gate.
    ///
    /// After `Ok`, the next update falls due `1 + skip` samples later (equation 6).
    ///
    /// # Errors
    /// `counts` has another length than the model has inputs, or the state was made for another model. The state is
    /// then as before.
    #[inline]
    pub fn step<const H: usize, const L: usize, const I: usize>(
        &self,
        state: &mut State<H, L, I>,
        counts: &[i16],
    ) -> Result<Step, StepError> {
        if counts.len() != self.inputs {
            return Err(StepError::Length {
                expected: self.inputs,
                found: counts.len(),
            });
        }
        state.holds(self).map_err(StepError::State)?;
        update::convert(&mut state.x.values, counts, self.channels);
        for (k, (layer, c)) in self.layers.iter().zip(state.c.iter_mut()).enumerate() {
            let (below, own) = state.h.split_at_mut_checked(k).unwrap_or((&mut [], &mut []));
            let (Some(h), Some(c)) = (own.first_mut(), c.get_mut(..self.hidden)) else {
                return Err(self.mismatch::<I>());
            };
            let x = below.last().map_or(state.x.words(), Padded::words);
            let pairs = self.hidden.div_ceil(2);
            update::narrow(
                state.last.words_mut().get_mut(..pairs).unwrap_or(&mut []),
                h.words(),
                self.fractions.drop,
            );
            let Some(h) = h.values.get_mut(..self.hidden) else {
                return Err(self.mismatch::<I>());
            };
            match self.cell {
                CellKind::Lstm => lstm(layer, self.fractions, x, state.last.words(), c, h),
                CellKind::Gru => gru(layer, self.fractions, x, state.last.words(), h),
            }
        }
        let Some(gate) = &self.gate else {
            return Ok(Step {
                delta: U0F32::MAX,
                skip: 0,
            });
        };
        let top = self.layers.len().wrapping_sub(1);
        let c = state.c.get(top).map_or(&[][..], |c| c);
        let h = state.h.get(top).map_or(&[][..], |h| &h.values);
        Ok(update::decide(gate, self.cell, c, h, state.dial, self.max_skip))
    }

    /// The error for a state that cannot be sliced; [`State::holds`] has ruled it out before.
    #[cold]
    fn mismatch<const I: usize>(&self) -> StepError {
        StepError::State(Capacity::Inputs {
            needed: self.inputs,
            capacity: I,
        })
    }

    /// Computes the O raw outputs from the top layer's h; multiplied by [`Model::logit_scale`] they are the real ones.
    ///
    /// # Errors
    /// `out` has another length than the model has outputs, or the state was made for another model.
    pub fn logits<const H: usize, const L: usize, const I: usize>(
        &self,
        state: &State<H, L, I>,
        out: &mut [i32],
    ) -> Result<(), StepError> {
        if out.len() != self.outputs {
            return Err(StepError::Length {
                expected: self.outputs,
                found: out.len(),
            });
        }
        state.holds(self).map_err(StepError::State)?;
        let top = state.hidden(self, self.layers.len().wrapping_sub(1));
        let rows = self.head.weight.chunks_exact(self.hidden.max(1));
        for ((out, bias), row) in out.iter_mut().zip(self.head.bias).zip(rows) {
            *out = dot(*bias, row, top);
        }
        Ok(())
    }

    /// The index of the largest logit, the first of equals; 0 where there are none.
    #[must_use]
    pub fn decide(&self, logits: &[i32]) -> usize {
        let mut best = (0, i32::MIN);
        for (k, v) in logits.iter().enumerate() {
            if *v > best.1 {
                best = (k, *v);
            }
        }
        best.0
    }

    /// The kind of cell, LSTM or GRU.
    #[must_use]
    pub const fn cell(&self) -> CellKind {
        self.cell
    }

    /// Whether the model has a skip gate; without one, every sample is used.
    #[must_use]
    pub const fn skips(&self) -> bool {
        self.gate.is_some()
    }

    pub(crate) const fn has_cell_state(&self) -> bool {
        matches!(self.cell, CellKind::Lstm)
    }

    pub(crate) fn layers_in_place(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// The meaning of the outputs.
    #[must_use]
    pub const fn objective(&self) -> Objective {
        self.objective
    }

    /// When an output is to be read.
    #[must_use]
    pub const fn output_at(&self) -> OutputAt {
        self.output_at
    }

    /// I, the channels of a sample.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// H, the hidden units of a layer.
    #[must_use]
    pub const fn hidden(&self) -> usize {
        self.hidden
    }

    /// L, the layers.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// O, the outputs of the head.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// T, the samples of a sequence; 0 is an endless stream.
    #[must_use]
    pub const fn sequence_length(&self) -> u32 {
        self.sequence_length
    }

    /// The largest number of samples ever skipped at a time.
    #[must_use]
    pub const fn max_skip(&self) -> u32 {
        self.max_skip
    }

    /// T_s, the nanoseconds between samples; 0 where unknown.
    #[must_use]
    pub const fn sample_period_ns(&self) -> u64 {
        self.sample_period_ns
    }

    /// The factor from a raw logit to the real output.
    #[must_use]
    pub const fn logit_scale(&self) -> f32 {
        self.logit_scale
    }

    /// Where the binary point of each kind of value lies.
    #[must_use]
    pub const fn fractions(&self) -> FractionBits {
        FractionBits {
            x: self.fractions.x,
            h: self.fractions.h,
            pre_activation: format::PRE_FRACTION as u8,
        }
    }

    /// Bits by which the recurrent weights of a row are finer than its weights on x; 0 but for byte planes.
    #[must_use]
    pub const fn recurrent_gain(&self) -> u8 {
        self.fractions.drop.wrapping_sub(self.fractions.shift)
    }

    /// How the recurrent weights lie in memory, and how narrow the h is that they multiply.
    #[must_use]
    pub const fn kernel(&self) -> Kernel {
        Kernel {
            layout: self.kernel,
            h_drop: self.fractions.drop,
        }
    }

    /// The widths of a layer's weights; `None` where there is no such layer.
    #[must_use]
    pub fn weight_bits(&self, layer: usize) -> Option<WeightBits> {
        self.layers.get(layer).map(|l| WeightBits {
            ih: l.weight_ih.bits(),
            hh: l.weight_hh.bits(),
        })
    }

    /// The proven bound of every accumulator of a layer, in the order of its scales: for an LSTM i, f, g, o of unit
    /// 0, then of unit 1 and so on; for a GRU r, z, n over x, n over h.
    pub fn row_bounds(&self, layer: usize) -> impl Iterator<Item = u64> + '_ {
        let below = layer.checked_sub(1).and_then(|k| self.layers.get(k));
        let x_max = below.map_or(proof::X_MAX, |l| proof::h_max(l.h0, self.fractions.h));
        self.layers.get(layer).into_iter().flat_map(move |l| {
            let maxima = Maxima::new(x_max, proof::h_max(l.h0, self.fractions.h), self.fractions);
            proof::bounds(self.cell, *l, maxima).map(|(bound, _)| bound)
        })
    }

    /// The multiplier of every accumulator of a layer, in the order of [`Model::row_bounds`]: one step of the accumulator
    /// is multiplier / 2^48 of a pre-activation.
    pub fn multipliers(&self, layer: usize) -> impl Iterator<Item = i32> + '_ {
        let units = self.layers.get(layer).map_or(&[][..], |l| l.units);
        units.iter().flat_map(|u| u.multiplier)
    }

    /// The weights of a layer over its inputs, or over its hidden state (`recurrent`), unit by unit and row by row.
    pub fn weights(&self, layer: usize, recurrent: bool) -> impl Iterator<Item = i32> + '_ {
        let matrix = self
            .layers
            .get(layer)
            .map(|l| if recurrent { l.weight_hh } else { l.weight_ih });
        matrix.into_iter().flat_map(|m| m.weights(self.hidden))
    }

    /// The learned initial h of a layer, (H); empty where there is no such layer.
    #[must_use]
    pub fn initial_hidden(&self, layer: usize) -> &'a [i16] {
        self.layers.get(layer).map_or(&[], |l| l.h0)
    }

    /// The model's name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The class names, exactly O of them or none.
    pub fn class_names(&self) -> impl Iterator<Item = &'a str> {
        let names = if self.class_names.is_empty() { 0 } else { self.outputs };
        lines(self.class_names).take(names)
    }

    /// The input channels, exactly I of them.
    pub fn channels(&self) -> impl Iterator<Item = Channel<'a>> + '_ {
        lines(self.channel_text).zip(self.channels).map(|(text, record)| {
            let (name, unit) = text.split_once(['\t']).unwrap_or((text, ""));
            Channel {
                name,
                unit,
                full_scale: record.full_scale.get(),
            }
        })
    }

    /// The trade-off curve of updates against accuracy, by rising dial; one of its points, at least, is that of dial 0.
    pub fn dial_curve(&self) -> impl Iterator<Item = DialPoint> + '_ {
        self.dial_curve.iter().map(|record| DialPoint {
            dial: I16F16::from_bits(record.dial.get()),
            updates_mean: record.updates_mean.get(),
            metric: record.metric.get(),
        })
    }

    /// The curve's records, at least one.
    pub(crate) fn dial_records(&self) -> &'a [DialRecord] {
        self.dial_curve
    }

    /// The multiply-accumulates of one update: G·H·(I + H) for each layer, and H for the gate.
    #[must_use]
    pub fn macs_per_update(&self) -> usize {
        let gates = self.cell.rows();
        let recurrent = gates * self.hidden * self.hidden;
        let above = self.layers.len().saturating_sub(1) * recurrent;
        let gate = if self.skips() { self.hidden } else { 0 };
        self.layers.len() * recurrent + above + gates * self.hidden * self.inputs + gate
    }

    /// The size of the blob in bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }
}

/// The lines of a text. By an array, because the search for a single character slices in a way that could panic, as far
/// as the compiler can see.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n'])
}
