//! What the fuzzer runs, and a stable test on the corpus: whatever the bytes are, parsing them either fails with a named
//! reason or yields a model whose updates keep to their bounds.

use skiprnn_nostd::{CellKind, Instance, Model, Network, Sequence, format};

/// Updates on one input.
const UPDATES: usize = 8;

/// Takes `data` as a blob, and what lies behind its length as samples. The checksum is made right first: a fuzzer does
/// not guess it. Returns whether there was a model.
pub fn check(data: &[u8]) -> bool {
    let mut words = vec![0u32; data.len().div_ceil(4)];
    for (word, bytes) in words.iter_mut().zip(data.chunks(4)) {
        let mut four = [0; 4];
        four[..bytes.len()].copy_from_slice(bytes);
        *word = u32::from_le_bytes(four);
    }
    let length = words.get(2).map_or(0, |w| *w as usize);
    if (16..=data.len()).contains(&length) {
        let mut digest = format::CRC.digest();
        digest.update(&data[..format::CRC_OFFSET]);
        digest.update(&data[format::CRC_OFFSET + 4..length]);
        words[format::CRC_OFFSET / 4] = digest.finalize();
    }
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
    // A vector of bytes need not be aligned to 4: one of the four starts is.
    let mut room = vec![0u8; bytes.len() + 4];
    let start = room.as_ptr().align_offset(4);
    room[start..][..bytes.len()].copy_from_slice(&bytes);
    let model = match Model::parse(&room[start..][..data.len()]) {
        Ok(model) => model,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    for layer in 0..model.layers() {
        assert!(model.row_bounds(layer).all(|bound| bound <= i32::MAX as u64));
    }
    assert!(model.channels().count() <= model.inputs() && model.size() == length);
    let _ = (
        model.class_names().count(),
        model.dial_curve().count(),
        model.name().len(),
    );

    let (lstm, limit) = (model.cell() == CellKind::Lstm, format::CELL_LIMIT);
    let (inputs, outputs, max_skip) = (model.inputs(), model.outputs(), model.max_skip());
    let Ok(network) = Instance::<64, 4, 64>::new(model) else {
        return true;
    };
    let mut samples = data[length..]
        .as_chunks()
        .0
        .iter()
        .map(|b| i16::from_le_bytes(*b))
        .cycle();
    let mut sequence = Sequence::new(network);
    for _ in 0..UPDATES {
        let counts: Vec<i16> = (0..inputs).map(|k| samples.next().unwrap_or(k as i16)).collect();
        let Some(due) = sequence.due() else {
            break;
        };
        let progress = sequence.step(&counts).expect("one was due, of the right length");
        assert!(progress.sample == due && progress.step.skip <= max_skip);
        assert!(progress.next.is_none_or(|next| next > due));
        let network = sequence.network();
        for layer in 0..network.model().layers() {
            let c = network.state().cell(network.model(), layer);
            assert!(!lstm || c.iter().all(|c| (-limit..limit).contains(c)));
        }
    }
    let mut logits = vec![0; outputs];
    sequence.outputs(&mut logits).expect("of the right length");
    assert!(sequence.network().decide(&logits) < outputs);
    true
}
