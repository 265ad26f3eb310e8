//! Random networks on random samples: is the arithmetic here the same as on the host, bit for bit?
//!
//! The loader leaves pairs of a blob and samples, one behind the other, in the region that otherwise holds a blob:
//!
//! ```text
//! u32 bytes of the blob, u32 bytes of the counts, the blob, i16 counts (samples, I), padding to 4 bytes
//! ```
//!
//! The image parses each blob in place, makes an update with every sample, and logs one line for each pair: the
//! CRC-32/ISO-HDLC of all steps (Δũ and N_skip, u32 each), of the logits, and of the final state's own CRC.
#![no_std]
#![no_main]

use app::{
    MAX_HIDDEN, MAX_INPUTS, MAX_OUTPUTS,
    log::{Pair, Pairs},
};
use cortex_m_rt::entry;
use qemu::{Board, Refusal, blob_region};
use skiprnn_nostd::{Model, State, format::CRC};

/// Layers of the largest network.
const LAYERS: usize = 3;

#[entry]
fn main() -> ! {
    qemu::start(identical)
}

fn identical(_: cortex_m::Peripherals, _: Board) -> Result<(), Refusal> {
    let mut rest = blob_region();
    let mut pairs = 0u32;
    while let Some((blob, samples, behind)) = next(rest) {
        let digest = digest(blob, samples)?;
        Pair { index: pairs, digest }.log();
        pairs = pairs.wrapping_add(1);
        rest = behind;
    }
    Pairs { pairs }.log();
    Ok(())
}

/// The blob and the samples at the start of `bytes`, and what lies behind them; nothing where there are no more.
fn next(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, bytes) = bytes
        .split_first_chunk()
        .map(|(b, rest)| (u32::from_le_bytes(*b), rest))?;
    let (samples, bytes) = bytes
        .split_first_chunk()
        .map(|(b, rest)| (u32::from_le_bytes(*b), rest))?;
    // Where nothing was loaded there are zeros, or ones in flash.
    if length == 0 || length == u32::MAX {
        return None;
    }
    let (blob, bytes) = bytes.split_at_checked(length as usize)?;
    let (padded, behind) = bytes.split_at_checked((samples as usize).checked_next_multiple_of(4)?)?;
    Some((blob, padded.get(..samples as usize)?, behind))
}

/// What the network makes of the samples. A call of its own, so that its frame is the only large one.
#[inline(never)]
fn digest(blob: &[u8], samples: &[u8]) -> Result<u32, Refusal> {
    let model = Model::parse(blob)?;
    let mut state = State::<MAX_HIDDEN, LAYERS, MAX_INPUTS>::new(&model)?;
    let mut digest = CRC.digest();
    let mut counts = [0; MAX_INPUTS];
    let counts = counts.get_mut(..model.inputs()).unwrap_or_default();
    for sample in samples.chunks_exact((model.inputs() * 2).max(1)) {
        for (count, bytes) in counts.iter_mut().zip(sample.as_chunks().0) {
            *count = i16::from_le_bytes(*bytes);
        }
        let step = model.step(&mut state, counts)?;
        digest.update(&step.delta.to_bits().to_le_bytes());
        digest.update(&step.skip.to_le_bytes());
    }
    let mut logits = [0; MAX_OUTPUTS];
    let logits = logits.get_mut(..model.outputs()).unwrap_or_default();
    model.logits(&state, logits)?;
    for logit in logits.iter() {
        digest.update(&logit.to_le_bytes());
    }
    digest.update(&state.crc(&model).to_le_bytes());
    Ok(digest.finalize())
}
