//! One update of one layer in assembly for cores with Thumb-2: Cortex-M3, M4, M7, M33 and above.
//!
//! `sys` holds the passes over a layer's units. The products of a column group are in `smlad` for cores with DSP
//! instructions and in `mla` for cores without.

mod sys;

pub(crate) use sys::{gru, lstm};
