//! The handler of the bus's interrupt, which the macro binds by `unsafe`.
#![allow(unsafe_code)]

use embassy_nrf::{bind_interrupts, peripherals::TWISPI0, twim::InterruptHandler};

bind_interrupts!(pub struct Interrupts {
    TWISPI0 => InterruptHandler<TWISPI0>;
});
