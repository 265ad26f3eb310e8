//! Everything that touches addresses: registers, and the memory that the loader fills.
#![allow(unsafe_code)]

#[cfg(not(feature = "microbit"))]
mod cmsdk;
#[cfg(feature = "microbit")]
mod nrf51;

/// Addresses of the chosen machine.
pub mod machine {
    #![allow(missing_docs, reason = "named in build.rs, where they are made")]
    include!(concat!(env!("OUT_DIR"), "/machine.rs"));
}

#[cfg(not(feature = "microbit"))]
pub use cmsdk::{Alarm, Base, Led};
#[cfg(feature = "microbit")]
pub use nrf51::{Alarm, Base, Led};

use core::{arch::naked_asm, ptr};
use cortex_m::{interrupt::InterruptNumber, peripheral::NVIC};

/// Interrupt of the alarm.
#[derive(Clone, Copy)]
struct WakeUp;

// SAFETY: the interrupt exists on this machine, and the number is always the same.
unsafe impl InterruptNumber for WakeUp {
    fn number(self) -> u16 {
        machine::WAKE_UP
    }
}

/// Lets the alarm's interrupt wake the core. Its handler never runs: sleeping happens with interrupts masked, where a
/// pending one ends the sleep all the same.
fn enable_wake_up() {
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe { NVIC::unmask(WakeUp) }
}

/// Forgets a pending interrupt of the alarm.
fn unpend_wake_up() {
    NVIC::unpend(WakeUp);
}

/// Reads a register.
///
/// # Safety
/// `address` is an aligned register of the chosen machine that may be read.
unsafe fn read(address: usize) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { ptr::read_volatile(address as *const u32) }
}

/// Writes a register.
///
/// # Safety
/// `address` is an aligned register of the chosen machine that touches no memory, owned by the caller.
unsafe fn write(address: usize, value: u32) {
    // SAFETY: the caller's promise.
    unsafe { ptr::write_volatile(address as *mut u32, value) }
}

/// Everything that exists once on a board.
pub struct Board {
    /// The time base.
    pub base: Base,
    /// What ends a sleep.
    pub alarm: Alarm,
    /// The marker pins SEQ, AWAKE and UPDATE.
    pub leds: [Led; 4],
}

impl Board {
    /// Takes it: whoever has the core's peripherals, which exist once, has the board.
    pub fn new(_: &cortex_m::Peripherals) -> Self {
        Self {
            base: Base::new(),
            alarm: Alarm::new(),
            leds: Led::take(),
        }
    }
}

/// Does nothing: what a call and a return cost.
#[unsafe(naked)]
pub extern "C" fn nothing() {
    naked_asm!("bx lr")
}

/// Executes 1,000 instructions that do nothing, and returns.
#[unsafe(naked)]
pub extern "C" fn thousand_nops() {
    naked_asm!(".rept 1000", "nop", ".endr", "bx lr")
}
