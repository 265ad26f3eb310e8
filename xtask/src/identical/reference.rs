//! What the host makes of a pair, with the inference crate's portable kernels.

use anyhow::Context;
use board_host::identical::Pair;
use quantize::Blob;
use skiprnn_nostd::{MAX_LAYERS, State, format::CRC};

/// CRC-32/ISO-HDLC over every step, the logits and the final state's CRC.
pub fn digest(pair: &Pair) -> anyhow::Result<u32> {
    let blob = Blob::new("pair", &pair.blob)?;
    let model = blob.model();
    let mut state = Box::new(State::<128, MAX_LAYERS, 16>::new(&model)?);
    let mut digest = CRC.digest();
    for sample in pair.counts.chunks_exact(model.inputs()) {
        let step = model.step(&mut state, sample).context("a sample")?;
        digest.update(&step.delta.to_bits().to_le_bytes());
        digest.update(&step.skip.to_le_bytes());
    }
    let mut logits = vec![0; model.outputs()];
    model.logits(&state, &mut logits).context("the logits")?;
    logits.iter().for_each(|logit| digest.update(&logit.to_le_bytes()));
    digest.update(&state.crc(&model).to_le_bytes());
    Ok(digest.finalize())
}
