//! Everything that touches addresses: the linker's symbols, the memory that keeps faults, the core's guards and handlers.
#![allow(unsafe_code)]

use app::fault::{Fault, Retained, WORDS};
#[cfg(feature = "rtt")]
use core::sync::atomic::AtomicU32;
use core::{
    arch::naked_asm,
    mem::MaybeUninit,
    ptr,
    sync::atomic::{AtomicBool, Ordering},
};
use cortex_m_rt::exception;

/// Bytes at the end of the stack that nothing may touch.
const GUARD: usize = 256;

unsafe extern "C" {
    static _stack_start: u8;
    static _stack_end: u8;
    static _blob_start: u8;
    static _sequences_start: u8;
}

/// The lowest address of the stack.
fn stack_end() -> usize {
    (&raw const _stack_end).addr()
}

/// What unused words of the stack hold.
const UNUSED: u32 = 0x5ca1_ab1e;

/// Fills the unused part of the stack with a pattern, by which [`stack_use`] tells how much was ever used. To be called
/// before any interrupt is on and before the guard is.
#[inline(never)]
pub fn paint_stack() {
    /// More than this function pushes; it may read the stack pointer before it does.
    const FRAME: u32 = 64;
    let top = cortex_m::register::msp::read().saturating_sub(FRAME);
    let mut address = (stack_end() + GUARD) as u32;
    while address < top {
        // SAFETY: an aligned word between the guard and the stack pointer, which nothing uses: this function's frame
        // and its callers' lie above `top`.
        unsafe { ptr::write_volatile(address as *mut u32, UNUSED) }
        address += 4;
    }
}

/// Bytes of the stack that were in use when most were, as far as they were written to, and its size.
pub fn stack_use() -> (u32, u32) {
    let (top, mut address) = ((&raw const _stack_start).addr(), stack_end() + GUARD);
    // SAFETY: aligned words of the stack above the guard; what they hold does not matter.
    while address < top && unsafe { ptr::read_volatile(address as *const u32) } == UNUSED {
        address += 4;
    }
    ((top - address) as u32, (top - stack_end()) as u32)
}

/// The stack pointer may not pass the end of the stack.
#[cfg(stack_limit)]
pub fn guard_stack(_: &mut cortex_m::Peripherals) {
    // SAFETY: the stack pointer is far above; nothing but the stack lies there.
    unsafe { cortex_m::register::msplim::write((stack_end() + GUARD) as u32) }
}

/// The core stopped at the stack's limit (CFSR.STKOF, Armv8-M ARM D1.2.25). The stack pointer stays above the limit then,
/// and the core may have found room for its own frame.
#[cfg(stack_limit)]
fn at_limit() -> bool {
    const STKOF: u32 = 1 << 20;
    // SAFETY: reads one register of the system control block, which does nothing.
    unsafe { (*cortex_m::peripheral::SCB::PTR).cfsr.read() & STKOF != 0 }
}

/// Memory protection region 0: nobody may touch the end of the stack.
#[cfg(memory_protection)]
pub fn guard_stack(core: &mut cortex_m::Peripherals) {
    const ENABLE: u32 = 1;
    const PRIVILEGED_DEFAULT: u32 = 1 << 2;
    const EXECUTE_NEVER: u32 = 1 << 28;
    let size_field = GUARD.trailing_zeros() - 1;
    // SAFETY: the stack pointer is far above the region, which is aligned to its size; every other address keeps the
    // default map. No access permission bit is set, so that every access faults.
    unsafe {
        core.MPU.rnr.write(0);
        core.MPU.rbar.write(stack_end() as u32);
        core.MPU.rasr.write(EXECUTE_NEVER | size_field << 1 | ENABLE);
        core.MPU.ctrl.write(PRIVILEGED_DEFAULT | ENABLE);
    }
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

/// The stack pointer says it all.
#[cfg(not(stack_limit))]
fn at_limit() -> bool {
    false
}

/// Below the stack lies no memory, and an access there faults: a Cortex-M0 has nothing better.
#[cfg(armv6m)]
pub fn guard_stack(_: &mut cortex_m::Peripherals) {}

/// The value of a symbol that is a number. Not its address as a static's: the compiler takes that for never 0.
macro_rules! number {
    ($name:ident, $symbol:literal) => {
        #[unsafe(naked)]
        extern "C" fn $name() -> usize {
            naked_asm!(concat!("ldr r0, =", $symbol), "bx lr", ".pool")
        }
    };
}

number!(blob_size, "_blob_size");
number!(sequences_size, "_sequences_size");

/// The flash in which the blob lies, whatever it holds.
pub fn blob_region() -> &'static [u8] {
    // SAFETY: the symbols are a region of memory outside everything that the linker gives to the image, so that nothing
    // else refers to it and nothing writes to it while the program runs; every byte is initialised, by erasing flash or
    // by a loader.
    unsafe { core::slice::from_raw_parts(&raw const _blob_start, blob_size()) }
}

/// The memory in which recorded sequences lie, whatever it holds; empty where the board has no room for them.
pub fn sequence_region() -> &'static [u8] {
    match sequences_size() {
        0 => &[],
        // SAFETY: as for the blob.
        bytes => unsafe { core::slice::from_raw_parts(&raw const _sequences_start, bytes) },
    }
}

/// SEGGER's control block with one channel (UM08001, "RTT Control Block"): its first words, as `defmt-rtt` defines it.
#[cfg(feature = "rtt")]
#[repr(C)]
struct RttControl {
    id: [u8; 16],
    channels: [u32; 2],
    name: u32,
    buffer: u32,
    size: u32,
    /// Where the program writes next.
    write: AtomicU32,
    /// Where the host reads next.
    read: AtomicU32,
}

#[cfg(feature = "rtt")]
unsafe extern "C" {
    static _SEGGER_RTT: RttControl;
}

/// Bytes that the log's buffer takes at present without waiting for the host.
#[cfg(feature = "rtt")]
pub fn log_room() -> usize {
    // SAFETY: `defmt-rtt` defines the symbol, with this layout, which the host relies on too. Nothing changes but the two
    // offsets, which are atomic.
    let control = unsafe { &_SEGGER_RTT };
    let (write, read) = (
        control.write.load(Ordering::Relaxed),
        control.read.load(Ordering::Relaxed),
    );
    let used = if write >= read {
        write - read
    } else {
        control.size - read + write
    };
    // One byte stays free, or a full buffer would look like an empty one.
    control.size.saturating_sub(used).saturating_sub(1) as usize
}

/// Survives a reset: startup code clears other sections only.
#[unsafe(link_section = ".uninit.RETAINED")]
static mut RETAINED: MaybeUninit<[u32; WORDS]> = MaybeUninit::uninit();

/// A fault was recorded since the start of the application.
static RECORDED: AtomicBool = AtomicBool::new(false);

/// What is remembered of faults.
pub fn retained() -> Retained {
    // SAFETY: RAM that holds some number or other, read past the compiler's knowledge; the program has one thread, and
    // no reference to it is ever made.
    let words = unsafe { ptr::read_volatile((&raw const RETAINED).cast::<[u32; WORDS]>()) };
    Retained::from_words(words)
}

fn retain(retained: Retained) {
    // SAFETY: as for `retained`.
    unsafe { ptr::write_volatile((&raw mut RETAINED).cast::<[u32; WORDS]>(), retained.words()) }
}

/// Remembers a fault; a second one comes from handling the first, and resets at once.
pub fn record(fault: Fault) {
    if RECORDED.load(Ordering::Relaxed) {
        cortex_m::peripheral::SCB::sys_reset()
    }
    RECORDED.store(true, Ordering::Relaxed);
    let mut retained = retained();
    retained.record(fault);
    retain(retained);
}

/// The next fault is a new one.
pub fn armed() {
    RECORDED.store(false, Ordering::Relaxed);
}

/// The board has delivered a result: forgets earlier faults.
pub fn settle() {
    let mut retained = retained();
    retained.settle();
    retain(retained);
}

/// The core's fault handler: hands on the stack pointer, and starts on a fresh stack, because the old one may be the
/// fault.
///
/// # Safety
/// Only the core calls it.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() -> ! {
    naked_asm!(
        "mrs r0, MSP",
        "ldr r1, =_stack_start",
        "msr MSP, r1",
        "ldr r1, ={handler}",
        "bx r1",
        ".pool",
        handler = sym hard_fault
    )
}

extern "C" fn hard_fault(stack_pointer: usize) -> ! {
    /// Index of the program counter in what the core leaves on the stack.
    const PC: usize = 24;
    let top = (&raw const _stack_start).addr();
    let fault = if !at_limit() && (stack_end() + GUARD + 1..top - PC).contains(&stack_pointer) {
        // SAFETY: an aligned word of the old stack, which the core has just written.
        let pc = unsafe { ptr::read_volatile((stack_pointer + PC) as *const u32) };
        Fault::HardFault { pc }
    } else {
        Fault::StackOverflow {
            sp: stack_pointer as u32,
        }
    };
    crate::fault(fault)
}

#[exception]
unsafe fn DefaultHandler(irqn: i16) {
    crate::fault(Fault::Interrupt {
        number: i32::from(irqn).cast_unsigned(),
    })
}
