//! What others need for a step, as the README gives it. Where the figures come from is in `docs/peers.md`.

/// Instructions of `arm_nn_lstm_step_s8` of CMSIS-NN on an emulated Cortex-M4: (I, H) and the count. CMSIS-NN at commit 99f736a,
/// gcc 12.2 with `-Ofast`, QEMU 7.2 with `-icount`. It has no GRU.
pub const CMSIS_NN_LSTM_S8_M4: [((usize, usize), u64); 9] = [
    ((1, 16), 12_166),
    ((1, 32), 26_591),
    ((6, 16), 13_158),
    ((6, 32), 28_575),
    ((6, 64), 70_926),
    ((28, 64), 80_398),
    ((64, 128), 255_215),
    ((1, 110), 153_786),
    ((2, 110), 155_326),
];

/// Images of TensorFlow Lite Micro on a NUCLEO-L4R5ZI (Cortex-M4), int8, published by EdgeMark (arXiv 2502.01700): network,
/// thousands of bytes of flash and of RAM.
pub const TFLM_IMAGES: [(&str, u32, u32); 2] = [
    ("LSTM, 26,912 parameters", 770, 258),
    ("GRU, 20,896 parameters", 810, 295),
];
