//! A blob given to `skiprnn_nostd` and to the page: the same verdict, the same proofs, and the same bits in every update.

use super::{
    draw::{LARGEST, Noise},
    exact::Exact,
    read::{Network, read},
};
use fixed::types::I16F16;
use skiprnn_nostd::{Instance, Model, Network as _, ParseError, Sequence};
use std::collections::BTreeMap;

/// Updates on one blob, at most.
const UPDATES: usize = 6;

/// How many there were of what.
#[derive(Debug, Default)]
pub struct Tally {
    pub drawn: u64,
    pub accepted: u64,
    pub updates: u64,
    /// By the page's reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// By cell, kernel, layers and whether there is a skip gate.
    pub kinds: BTreeMap<(&'static str, u8, usize, bool), u64>,
    /// Accepted blobs of which an accumulator reached 99 % of 2^31 - 1.
    pub full: u64,
}

impl Tally {
    /// Holds the crate to the page on these bytes; samples and dials come from `noise`. Returns whether they are a blob.
    ///
    /// # Panics
    /// Where they differ.
    pub fn check(&mut self, bytes: &[u8], noise: &mut Noise) -> bool {
        self.drawn += 1;
        let lying = Aligned::new(bytes);
        let bytes = lying.bytes(bytes.len());
        let (page, parsed) = (read(bytes), Model::parse(bytes));
        let (network, model) = match (&page, parsed) {
            (Ok(network), Ok(model)) if network.proven() => (network, model),
            (Ok(network), Err(error)) if !network.proven() => {
                proof_is_refused(network, error);
                *self.refused.entry("a proof").or_default() += 1;
                return false;
            }
            (Err(reason), Err(error)) => {
                assert!(!error.to_string().is_empty());
                *self.refused.entry(reason).or_default() += 1;
                return false;
            }
            (page, parsed) => panic!(
                "the page says {:?}, the crate {:?}",
                page.as_ref().map(Network::proven),
                parsed.map(|_| ())
            ),
        };
        self.accepted += 1;
        proofs_agree(network, &model);
        *self.kinds.entry(kind(network, &model)).or_default() += 1;
        self.full += u64::from(self.run(network, model, noise) > 0.99);
        true
    }

    /// Both run on the same samples, where the network fits the state of this test; returns the largest share of 2^31 - 1 that an accumulator reached.
    fn run(&mut self, network: &Network, model: Model<'_>, noise: &mut Noise) -> f64 {
        // A drawn blob fits; one of a fuzzer need not.
        let Ok(instance) = Instance::<LARGEST, 4, LARGEST>::new(model) else {
            return 0.0;
        };
        let mut instance = Box::new(instance);
        let mut exact = Exact::new(network);
        logits_agree(&exact, &instance);
        let dial = match noise.next() % 4 {
            0 => noise.next() as i32,
            1 => noise.between(-(1 << 18), 1 << 18) as i32,
            2 => network.dials[noise.next() as usize % network.dials.len()],
            _ => 0,
        };
        instance.set_dial(I16F16::from_bits(dial));
        let mut sequence = Sequence::new(&mut *instance);
        let mut due = 0;
        for update in 0..UPDATES {
            assert_eq!(sequence.due().map(i128::from), Some(due));
            let counts = match update {
                0 => fullest(network, noise),
                _ => (0..network.inputs).map(|_| noise.count()).collect(),
            };
            let progress = sequence.step(&counts).expect("a sample is due");
            let (delta, skip) = exact.step(&counts, dial);
            assert_eq!(
                i128::from(progress.step.delta.to_bits()),
                delta,
                "Δũ of update {update}"
            );
            assert_eq!(i128::from(progress.step.skip), skip, "N_skip of update {update}");
            let (network_of, state) = (sequence.network().model(), sequence.network().state());
            for k in 0..network.layers.len() {
                assert_eq!(
                    wide(state.hidden(network_of, k)),
                    exact.h[k],
                    "h of layer {k}, update {update}"
                );
                if network.lstm {
                    assert_eq!(
                        wide(state.cell(network_of, k)),
                        exact.c[k],
                        "c of layer {k}, update {update}"
                    );
                }
            }
            logits_agree(&exact, sequence.network());
            self.updates += 1;
            due += 1 + skip;
            if network.sequence_length > 0 && due >= network.sequence_length {
                assert_eq!(progress.next, None);
                break;
            }
        }
        exact.fullest
    }
}

/// The counts with which one accumulator of the lowest layer is as large as it gets, where counts are x.
fn fullest(network: &Network, noise: &mut Noise) -> Vec<i16> {
    let (layer, up) = (&network.layers[0], noise.one_in(2));
    let row = &layer.weight_ih[noise.next() as usize % layer.weight_ih.len()];
    let count = |w: &i128| if (*w > 0) == up { i16::MAX } else { i16::MIN };
    row.iter().map(count).collect()
}

fn wide<T: Copy + Into<i128>>(values: &[T]) -> Vec<i128> {
    values.iter().map(|v| (*v).into()).collect()
}

fn logits_agree(exact: &Exact<'_>, instance: &Instance<'_, LARGEST, 4, LARGEST>) {
    let mut logits = vec![0; instance.outputs()];
    instance.logits(&mut logits).expect("of the right length");
    let expected = exact.logits();
    assert_eq!(wide(&logits), expected, "logits");
    let largest = expected.iter().max().expect("there is an output");
    let first = expected.iter().position(|logit| logit == largest);
    assert_eq!(Some(instance.decide(&logits)), first);
}

/// Bytes at a multiple of 4, where a blob may lie: one of the four starts in a vector of bytes is.
struct Aligned {
    room: Vec<u8>,
    start: usize,
}

impl Aligned {
    fn new(bytes: &[u8]) -> Self {
        let mut room = vec![0; bytes.len() + 4];
        let start = room.as_ptr().align_offset(4);
        room[start..][..bytes.len()].copy_from_slice(bytes);
        Self { room, start }
    }

    fn bytes(&self, length: usize) -> &[u8] {
        &self.room[self.start..][..length]
    }
}

/// What is proven is proven alike, accumulator by accumulator.
fn proofs_agree(network: &Network, model: &Model<'_>) {
    for k in 0..network.layers.len() {
        let expected: Vec<i128> = network.bounds(k).iter().map(|bound| bound.all).collect();
        let bounds: Vec<u64> = model.row_bounds(k).collect();
        assert_eq!(wide(&bounds), expected, "the bounds of layer {k}");
    }
    assert_eq!(model.channels().count(), network.inputs);
    let dials: Vec<i32> = model.dial_curve().map(|point| point.dial.to_bits()).collect();
    assert_eq!(dials, network.dials);
    let names = model.class_names().count();
    assert!(names == 0 || names == network.outputs, "{names} class names");
}

/// The accumulator that the crate names is one that the page does not prove, with the same bound.
fn proof_is_refused(network: &Network, error: ParseError) {
    let ParseError::Unproven {
        layer,
        row,
        bound,
        limit,
    } = error
    else {
        panic!("the page finds no proof, the crate says {error:?}");
    };
    let bound = i128::from(bound);
    assert!(bound > i128::from(limit));
    match layer == network.layers.len() {
        true => assert_eq!(network.head_bounds()[row], bound),
        false => {
            let expected = network.bounds(layer)[row];
            assert!(
                [expected.all, expected.plane].contains(&bound),
                "{bound} of {expected:?}"
            );
        }
    }
}

fn kind(network: &Network, model: &Model<'_>) -> (&'static str, u8, usize, bool) {
    let cell = if network.lstm { "LSTM" } else { "GRU" };
    (cell, model.kernel().layout, network.layers.len(), model.skips())
}
