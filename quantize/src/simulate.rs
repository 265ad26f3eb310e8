//! The host simulator: the chip's arithmetic on the host, with the same crate and the same bits.

use crate::Error;
use fixed::types::I16F16;
use float_model::{Schedule, Sequences};
use skiprnn_nostd::{
    CellKind, Instance, MAX_LAYERS, Model, Network, OutputAt, Sequence, State, Step, format::CELL_FRACTION,
};
use std::{num::NonZeroU32, path::Path};
use zerocopy::IntoBytes;

/// Hidden units and inputs of the largest model that the simulator runs; more than fits a microcontroller.
const ROOM: usize = 1024;
type HostState = State<ROOM, MAX_LAYERS, ROOM>;
type HostInstance<'a> = Instance<'a, ROOM, MAX_LAYERS, ROOM>;

/// A blob in memory, aligned as in flash.
#[derive(Debug, Clone)]
pub struct Blob {
    words: Vec<u32>,
    length: usize,
    file: String,
}

impl Blob {
    /// Takes the bytes of a blob; `file` is what errors name.
    ///
    /// # Errors
    /// The bytes are not a valid blob.
    pub fn new(file: impl Into<String>, bytes: &[u8]) -> Result<Blob, Error> {
        let mut words = vec![0u32; bytes.len().div_ceil(4)];
        words.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
        let blob = Blob {
            words,
            length: bytes.len(),
            file: file.into(),
        };
        blob.parse()?;
        Ok(blob)
    }

    /// Reads a blob from a file.
    ///
    /// # Errors
    /// The file cannot be read or is not a valid blob.
    pub fn read(path: &Path) -> Result<Blob, Error> {
        let bytes = std::fs::read(path).map_err(|source| float_model::Error::Io {
            path: path.into(),
            source,
        })?;
        Blob::new(path.display().to_string(), &bytes)
    }

    fn parse(&self) -> Result<Model<'_>, Error> {
        Model::parse(self.bytes()).map_err(|source| Error::Blob {
            file: self.file.clone(),
            source,
        })
    }

    /// The parsed model.
    pub fn model(&self) -> Model<'_> {
        self.parse().expect("checked when the blob was made")
    }

    /// The bytes as in the file.
    pub fn bytes(&self) -> &[u8] {
        &self.words.as_bytes()[..self.length]
    }
}

/// What one sequence gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Samples used, in order; the first is 0.
    pub updates: Vec<u32>,
    /// (A, O) raw logits, a row for each answer: one at the end, or where the blob is asked at every step T of them, or one for
    /// each block of samples that [`Simulator::with_answers`] asks for. A row is that after the last update before the end of its
    /// block.
    pub logits: Vec<i32>,
    /// CRC-32 of the final state.
    pub state_crc: u32,
    /// Index of the largest of the last logits.
    pub decision: usize,
}

/// One update, with the network after it.
pub(crate) struct Observed<'s> {
    pub(crate) sample: u32,
    pub(crate) step: Step,
    pub(crate) model: &'s Model<'s>,
    pub(crate) state: &'s HostState,
}

impl<'s> Observed<'s> {
    fn of(network: &'s HostInstance<'s>, sample: u32, step: Step) -> Self {
        Observed {
            sample,
            step,
            model: network.model(),
            state: network.state(),
        }
    }
}

/// (O) raw logits of the present state.
fn head(network: &HostInstance<'_>) -> Vec<i32> {
    let mut logits = vec![0; network.outputs()];
    network.logits(&mut logits).expect(FITS);
    logits
}

/// Why the calls cannot fail: the simulator has checked it.
const FITS: &str = "the sample, the output and the state fit the model";

/// One update in real units.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// Index of the sample used.
    pub sample: u32,
    /// Δũ; 1 for a model without a skip gate.
    pub delta: f64,
    /// (L, H): hidden states, from the input up.
    pub h: Vec<f32>,
    /// (L, H): cell states; empty for a GRU.
    pub c: Vec<f32>,
}

/// Runs sequences through a blob.
#[derive(Debug)]
pub struct Simulator<'a> {
    model: &'a Model<'a>,
    dial: I16F16,
    cap: Option<NonZeroU32>,
    /// Samples from one answer to the next; `None` for one at the end.
    every: Option<NonZeroU32>,
}

/// The state of a stream, which persists from window to window.
#[derive(Debug)]
pub struct Stream<'a>(Box<HostInstance<'a>>);

impl<'a> Simulator<'a> {
    /// Prepares a parsed model, dial at 0.
    ///
    /// # Errors
    /// The model is larger than any board's.
    pub fn new(model: &'a Model<'a>) -> Result<Self, Error> {
        HostState::new(model).map_err(|e| Error::Data {
            file: "blob".into(),
            problem: format!("{e}; use a smaller model"),
        })?;
        Ok(Simulator {
            model,
            dial: I16F16::ZERO,
            cap: None,
            every: match model.output_at() {
                OutputAt::Step => Some(NonZeroU32::MIN),
                OutputAt::End => None,
            },
        })
    }

    /// Asks for an answer after every `every` samples, and after the last one; `None` changes nothing: the model says when.
    #[must_use]
    pub fn with_answers(mut self, every: Option<NonZeroU32>) -> Self {
        self.every = every.or(self.every);
        self
    }

    /// Samples from one answer to the next; `None` for one at the end.
    pub fn answers(&self) -> Option<NonZeroU32> {
        self.every
    }

    /// A state at the start of a stream.
    pub fn stream(&self) -> Stream<'a> {
        let instance = HostInstance::new(self.model.clone()).expect("checked when the simulator was made");
        Stream(Box::new(instance))
    }

    /// Sets the gate's offset.
    #[must_use]
    pub fn with_dial(mut self, dial: f64) -> Self {
        self.dial = I16F16::saturating_from_num(dial);
        self
    }

    /// Sets a cap: the largest number of updates in a sequence; `None` for no cap.
    #[must_use]
    pub fn with_cap(mut self, cap: Option<NonZeroU32>) -> Self {
        self.cap = cap;
        self
    }

    /// Runs one sequence of counts, (T, I).
    pub fn run(&self, counts: &[i16]) -> Run {
        self.run_in(&mut self.stream(), counts)
    }

    /// Runs the next window of a stream, (T, I) counts, from the state that the one before it left.
    pub fn run_in(&self, stream: &mut Stream<'_>, counts: &[i16]) -> Run {
        self.run_over(&mut stream.0, counts, Schedule::Learned { dial: 0.0 }, |_| ())
    }

    /// Runs one sequence of counts, (T, I), and gives every update in real units.
    pub fn trace(&self, counts: &[i16], schedule: Schedule<'_>) -> Vec<Traced> {
        let mut updates = Vec::new();
        self.run_observed(counts, schedule, |seen| {
            let model = seen.model;
            let h_step = 1.0 / f32::from(1u16 << model.fractions().h);
            let c_step = 1.0 / (1u32 << CELL_FRACTION) as f32;
            let layers = 0..model.layers();
            let h = |k: usize| seen.state.hidden(model, k).iter().map(|v| f32::from(*v) * h_step);
            let c = |k: usize| seen.state.cell(model, k).iter().map(|v| *v as f32 * c_step);
            updates.push(Traced {
                sample: seen.sample,
                delta: seen.step.delta.to_num(),
                h: layers.clone().flat_map(h).collect(),
                c: match model.cell() {
                    CellKind::Lstm => layers.flat_map(c).collect(),
                    CellKind::Gru => Vec::new(),
                },
            });
        });
        updates
    }

    /// Runs one sequence on a given schedule and shows every update. The dial is the simulator's.
    pub(crate) fn run_observed(
        &self,
        counts: &[i16],
        schedule: Schedule<'_>,
        observe: impl FnMut(Observed<'_>),
    ) -> Run {
        self.run_over(&mut self.stream().0, counts, schedule, observe)
    }

    fn run_over(
        &self,
        network: &mut HostInstance<'_>,
        counts: &[i16],
        schedule: Schedule<'_>,
        mut observe: impl FnMut(Observed<'_>),
    ) -> Run {
        let model = self.model;
        let inputs = model.inputs();
        network.set_dial(self.dial);
        let length = (counts.len() / inputs) as u32;
        let sample = |t: u32| &counts[t as usize * inputs..][..inputs];
        let mut updates = Vec::new();
        let mut logits = Vec::new();
        // Lets the logits of the present state stand for all blocks that end before `t` and have none.
        let mut stand = |network: &HostInstance<'_>, t: u32| {
            let ended = self.every.map_or(0, |every| (t / every) as usize);
            let blocks = ended - (logits.len() / model.outputs()).min(ended);
            if blocks > 0 {
                logits.extend(head(network).repeat(blocks));
            }
        };
        match schedule {
            Schedule::Imposed(samples) => {
                for t in samples {
                    stand(network, *t);
                    let step = network.step(sample(*t)).expect(FITS);
                    updates.push(*t);
                    observe(Observed::of(network, *t, step));
                }
            }
            Schedule::Learned { .. } => {
                let mut sequence = Sequence::new(&mut *network).with_length(length).with_cap(self.cap);
                while let Some(t) = sequence.due() {
                    let t = t as u32;
                    stand(sequence.network(), t);
                    let step = sequence.step(sample(t)).expect(FITS).step;
                    updates.push(t);
                    observe(Observed::of(sequence.network(), t, step));
                }
            }
        }
        stand(network, length);
        let last = head(network);
        let decision = network.decide(&last);
        // The last answer, where no block ends with the sequence.
        if self.every.is_none_or(|every| length % every != 0 || length == 0) {
            logits.extend(&last);
        }
        Run {
            updates,
            state_crc: network.state_crc(),
            decision,
            logits,
        }
    }

    /// Runs (N, T, I) counts on `threads` threads; the results are in order.
    pub fn run_all(&self, counts: &[i16], length: usize, threads: usize) -> Vec<Run> {
        let size = length * self.model.inputs();
        let count = counts.len() / size;
        let share = count.div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            let handles: Vec<_> = counts
                .chunks(share * size)
                .map(|part| scope.spawn(move || part.chunks_exact(size).map(|c| self.run(c)).collect::<Vec<_>>()))
                .collect();
            handles
                .into_iter()
                .flat_map(|h| h.join().expect("a worker panicked"))
                .collect()
        })
    }

    /// Logits in real units, (A, O).
    pub fn outputs(&self, run: &Run) -> Vec<f32> {
        run.logits
            .iter()
            .map(|v| *v as f32 * self.model.logit_scale())
            .collect()
    }
}

/// Real samples as the sensor's 16-bit counts: round(x / full scale · 32768), saturated. Shape (N, T, I) as given.
///
/// # Errors
/// `x` has other channels or another length than the blob; `file` is what the error names.
pub fn counts(model: &Model<'_>, file: &str, x: &Sequences) -> Result<Vec<i16>, Error> {
    if x.channels != model.inputs() {
        return Err(Error::Data {
            file: file.into(),
            problem: format!("channels: {} a sample, the model takes {}", x.channels, model.inputs()),
        });
    }
    if !x.lengths.is_empty() {
        return Err(Error::Data {
            file: file.into(),
            problem:
                "lengths: the sequences are of unequal length, integers run on equal ones; give windows of one length"
                    .into(),
        });
    }
    let length = model.sequence_length() as usize;
    if length != 0 && x.length != length {
        return Err(Error::Data {
            file: file.into(),
            problem: format!(
                "length: sequences of {} samples, the model was made for {length}; cut or pad them",
                x.length
            ),
        });
    }
    let full_scales: Vec<f64> = model.channels().map(|c| f64::from(c.full_scale)).collect();
    let count = |(k, v): (usize, &f32)| {
        let counts = f64::from(*v) / full_scales[k % x.channels] * 32_768.0;
        (counts + 0.5).floor().clamp(-32_768.0, 32_767.0) as i16
    };
    Ok(x.values.iter().enumerate().map(count).collect())
}
