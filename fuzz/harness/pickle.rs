//! A small pickle, made by hand: what the fuzz target starts from, and what tests damage.

/// The pickle of a GRU of one unit, as `torch.save` writes it; with a key, of a checkpoint that holds it.
pub fn state_dict(key: &[u8]) -> Vec<u8> {
    let mut p = b"\x80\x02".to_vec();
    if !key.is_empty() {
        p.push(b'}');
        p.extend(key);
    }
    p.extend(b"ccollections\nOrderedDict\n)R(");
    for (name, shape) in [
        ("weight_ih_l0", &[3u8, 1][..]),
        ("weight_hh_l0", &[3, 1]),
        ("bias_ih_l0", &[3]),
        ("bias_hh_l0", &[3]),
        ("fc.weight", &[2, 1]),
        ("fc.bias", &[2]),
    ] {
        p.extend([b"X", &(name.len() as u32).to_le_bytes()[..], name.as_bytes()].concat());
        p.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK@tQK\0");
        for axes in [shape, &[1, 1][..shape.len()]] {
            axes.iter().for_each(|n| p.extend([b'K', *n]));
            p.push(0x84 + axes.len() as u8);
        }
        p.extend(b"\x89NtR");
    }
    p.push(b'u');
    if !key.is_empty() {
        p.push(b's');
    }
    p.push(b'.');
    p
}
