//! What needs `unsafe`: the memory that the bus's DMA uses, and the handlers of three interrupts.
#![allow(unsafe_code)]

use core::{cell::UnsafeCell, ptr};
use embassy_nrf::{
    bind_interrupts,
    interrupt::{self, InterruptExt, typelevel},
    pac,
};

/// Bytes of the longest transfer in each direction.
pub const ROOM: usize = 16;

/// What goes out, then what comes in.
#[repr(align(4))]
struct Memory(UnsafeCell<[u8; 2 * ROOM]>);

// SAFETY: only the functions below touch it, byte by byte past the compiler's knowledge, and the program has one thread.
unsafe impl Sync for Memory {}

/// In a RAM block of its own, where nothing else lies: `memory.x`.
#[unsafe(link_section = ".dma")]
static MEMORY: Memory = Memory(UnsafeCell::new([0; 2 * ROOM]));

/// Where the bytes that go out begin, and those that come in.
pub fn addresses() -> (u32, u32) {
    let out = MEMORY.0.get().addr() as u32;
    (out, out + ROOM as u32)
}

/// Puts bytes where they go out from, at most [`ROOM`] of them.
pub fn put(bytes: &[u8]) {
    let first = MEMORY.0.get().cast::<u8>();
    for (offset, byte) in bytes.iter().take(ROOM).enumerate() {
        // SAFETY: within the memory; no transfer is under way.
        unsafe { ptr::write_volatile(first.add(offset), *byte) }
    }
}

/// Takes the bytes that came in, at most [`ROOM`] of them.
pub fn take(bytes: &mut [u8]) {
    let first = MEMORY.0.get().cast::<u8>();
    for (offset, byte) in bytes.iter_mut().take(ROOM).enumerate() {
        // SAFETY: within the memory; no transfer is under way.
        *byte = unsafe { ptr::read_volatile(first.add(ROOM + offset)) };
    }
}

/// Ends a wait for the bus: masks the interrupt, whose event stands until the one who waits has seen it.
pub struct BusWake;

impl typelevel::Handler<typelevel::TWISPI0> for BusWake {
    unsafe fn on_interrupt() {
        pac::TWIM0.intenclr().write(|w| w.0 = u32::MAX);
    }
}

/// Ends a wait for the bus at its time limit: masks the interrupt, whose event stands until the one who waits has seen it.
pub struct LimitWake;

impl typelevel::Handler<typelevel::RTC2> for LimitWake {
    unsafe fn on_interrupt() {
        pac::RTC2.intenclr().write(|w| w.0 = u32::MAX);
    }
}

/// Ends the wait for the crystal: masks the interrupt, whose event stands until the one who waits has seen it.
pub struct CrystalWake;

impl typelevel::Handler<typelevel::CLOCK_POWER> for CrystalWake {
    unsafe fn on_interrupt() {
        pac::CLOCK.intenclr().write(|w| w.0 = u32::MAX);
    }
}

bind_interrupts!(struct Handlers {
    CLOCK_POWER => CrystalWake;
    TWISPI0 => BusWake;
    RTC2 => LimitWake;
});

/// Lets the interrupt of the crystal's start reach the core.
pub fn enable_crystal_wake() {
    interrupt::CLOCK_POWER.unpend();
    // SAFETY: no critical section relies on it; its handler is bound above.
    unsafe { interrupt::CLOCK_POWER.enable() }
}

/// Keeps the interrupt of the crystal's start from the core.
pub fn disable_crystal_wake() {
    interrupt::CLOCK_POWER.disable();
}

/// Lets the bus's two interrupts reach the core.
pub fn enable_wakes() {
    let _ = Handlers;
    for interrupt in [interrupt::TWISPI0, interrupt::RTC2] {
        interrupt.unpend();
        // SAFETY: no critical section relies on them; their handlers are bound above.
        unsafe { interrupt.enable() }
    }
}
