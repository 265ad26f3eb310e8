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
/// What with.
const PAINT: u32 = 0x5a5a_a5a5;

/// The region that the loader fills.
pub fn blob() -> &'static [u8] {
    let (start, length) = BLOB;
    // SAFETY: the region is memory outside everything that memory.x gives to the linker, aligned to 4; nothing writes
    // to it while the program runs.
    unsafe { core::slice::from_raw_parts(start as *const u8, length) }
}

/// Where the lowest painted word lies. Interrupts are off, so that nothing but calls writes below the stack pointer.
static mut LOWEST: usize = 0;

/// Paints the stack below the caller's frame, with a loop that needs none of its own.
#[inline(always)]
pub fn paint() {
    // SAFETY: between the end of the static data and the stack pointer lies nothing; PAINTED bytes are there on every
    // machine. The loop writes just these, and calls nothing. The program has one thread.
    unsafe {
        let lowest;
        asm!(
            "mov {lowest}, sp",
            "mov {to}, {lowest}",
            "subs {lowest}, {lowest}, {painted}",
            "2:",
            "subs {to}, {to}, #4",
            "str {paint}, [{to}]",
            "cmp {to}, {lowest}",
            "bne 2b",
            lowest = out(reg) lowest,
            to = out(reg) _,
            paint = in(reg) PAINT,
            painted = in(reg) PAINTED,
        );
        LOWEST = lowest;
    }
}

/// Bytes of the painted stack from its top down to the lowest that was written to since.
#[inline(never)]
pub fn painted_over() -> usize {
    // SAFETY: as for `paint`; the words were written by it.
    unsafe {
        let mut address = LOWEST;
        while address < LOWEST + PAINTED && ptr::read_volatile(address as *const u32) == PAINT {
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
