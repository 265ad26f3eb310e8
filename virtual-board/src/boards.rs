//! The boards: a chip, how it is wired, and the rules that hold on it.

pub mod nrf52840_dk;
