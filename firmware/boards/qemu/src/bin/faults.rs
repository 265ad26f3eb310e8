//! Commits a fault on request, so that what follows can be tested.
//!
//! The loader leaves one letter where the blob would lie: `p` panics, `s` exhausts the stack, `h` executes an undefined
//! instruction, `i` raises an exception that nothing handles; anything else does nothing.
#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m::{Peripherals, peripheral::SCB};
use cortex_m_rt::entry;
use qemu::{Board, Refusal, blob_region};

#[entry]
fn main() -> ! {
    qemu::start(commit)
}

fn commit(_: Peripherals, _: Board) -> Result<(), Refusal> {
    match blob_region().first() {
        Some(b'p') => panic!("on request"),
        Some(b's') => defmt::println!("recursion ended at {=u32}", deeper(0)),
        Some(b'h') => cortex_m::asm::udf(),
        Some(b'i') => SCB::set_pendsv(),
        _ => defmt::println!("no fault requested"),
    }
    Ok(())
}

/// Calls itself for ever, as far as the compiler can tell not quite.
#[inline(never)]
fn deeper(level: u32) -> u32 {
    let frame = black_box([level; 8]);
    if level == black_box(u32::MAX) {
        return level;
    }
    let below = deeper(level.wrapping_add(1));
    below.wrapping_add(black_box(frame).iter().sum())
}
