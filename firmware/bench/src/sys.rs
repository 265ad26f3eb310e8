//! Everything that touches addresses.
#![allow(unsafe_code)]

use core::{
    arch::{asm, naked_asm},
    ptr,
};
use cortex_m_rt::{ExceptionFrame, entry, exception};

include!(concat!(env!("OUT_DIR"), "/blob.rs"));

/// Bytes below the stack pointer that are painted.
const PAINTED: usize = 2048;
/// Bytes at the stack pointer that are not, because the painter's own frame lies there.
const MARGIN: usize = 64;
/// What with.
const PAINT: u32 = 0x5a5a_a5a5;

/// The region that the loader fills.
pub fn blob() -> &'static [u8] {
    let (start, length) = BLOB;
    // SAFETY: the region is memory outside everything that memory.x gives to the linker, aligned to 4; nothing writes
    // to it while the program runs.
    unsafe { core::slice::from_raw_parts(start as *const u8, length) }
}

fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reading a register changes nothing.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// Where the last painted word lies. Interrupts are off, so that nothing but calls writes below the stack pointer.
static mut LOWEST: usize = 0;

/// Paints the free stack.
#[inline(never)]
pub fn paint() {
    let top = stack_pointer() & !3;
    let lowest = top - PAINTED;
    // SAFETY: between the end of the static data and the stack pointer lies nothing; PAINTED bytes are there on every
    // machine. This function's own frame lies within the margin. The program has one thread.
    unsafe {
        LOWEST = lowest;
        for address in (lowest..top - MARGIN).step_by(4) {
            ptr::write_volatile(address as *mut u32, PAINT);
        }
    }
}

/// Bytes of the painted stack that were written to since, from the top down to the lowest of them.
#[inline(never)]
pub fn painted_over() -> usize {
    // SAFETY: as for `paint`; the words were written by it.
    unsafe {
        let mut address = LOWEST;
        while address < LOWEST + PAINTED - MARGIN && ptr::read_volatile(address as *const u32) == PAINT {
            address += 4;
        }
        LOWEST + PAINTED - address
    }
}

/// Executes 1,000 instructions, the call and the return among them, that do nothing. A function of its own, because the
/// compiler takes the repetition for three instructions, and a Cortex-M0 reaches constants only within 1 KB.
#[inline(always)]
pub fn thousand_nops() {
    #[unsafe(naked)]
    extern "C" fn nops() {
        naked_asm!(".rept 998", "nop", ".endr", "bx lr")
    }
    nops();
}

#[entry]
fn start() -> ! {
    crate::main()
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    semihosting::println!("refused a fault at {:#010x}", frame.pc());
    semihosting::process::exit(3)
}
