//! The sums of a block in assembly for cores with 16-bit Thumb instructions only: Cortex-M0, M0+, M23.

mod sys;
