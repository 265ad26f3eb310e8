//! An Arm Cortex-M core: instructions, exceptions, the system control space.

mod registers;

pub use registers::Registers;
