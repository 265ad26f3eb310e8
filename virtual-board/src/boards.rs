//! The boards: a chip, how it is wired, and the rules that hold on it.

pub mod nrf52840_dk;
pub mod pico2;
pub mod stm32l4_iot01a;
pub mod stm32u5_nucleo;
