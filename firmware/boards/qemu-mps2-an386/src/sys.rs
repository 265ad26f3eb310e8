//! Everything that touches addresses: the board's registers and the memory that the loader fills.
#![allow(unsafe_code)]

use core::ptr;
use cortex_m::{interrupt::InterruptNumber, peripheral::NVIC};
use cortex_m_rt::{ExceptionFrame, entry, exception};

/// Where the loader puts the blob, behind its header.
const BLOB: (usize, usize) = (0x2100_0000, 0x40_0000);
/// Where the loader puts the sequences, behind their header.
const SEQUENCES: (usize, usize) = (0x2140_0000, 0xc0_0000);

/// First register of timer 0 and of timer 1 (CMSDK APB timer).
const TIMER: [usize; 2] = [0x4000_0000, 0x4000_1000];
/// Register CFG1 of the SCC, whose lower 8 bits are the LEDs of the motherboard.
const SCC_CFG1: usize = 0x4002_f004;

/// Interrupt of timer 1.
#[derive(Clone, Copy)]
struct Timer1;

// SAFETY: interrupt 9 exists on this board, and the number is always the same.
unsafe impl InterruptNumber for Timer1 {
    fn number(self) -> u16 {
        9
    }
}

/// A register of a CMSDK APB timer.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum TimerRegister {
    /// Bit 0: counts; bit 3: interrupts at zero.
    Ctrl = 0x0,
    /// Counts down.
    Value = 0x4,
    /// Follows after zero, where 0 stops the timer; writing sets the value as well.
    Reload = 0x8,
    /// Reads as 1 where the interrupt is pending; writing 1 clears it.
    IntClear = 0xc,
}

/// Everything that exists once on this board.
pub struct Peripherals {
    /// Timer 0, the time base.
    pub base: Timer<0>,
    /// Timer 1, the alarm.
    pub alarm: Timer<1>,
    /// The LEDs of the motherboard.
    pub leds: Leds,
}

impl Peripherals {
    /// Takes them, and with them the core's own, which `cortex_m` hands out only once.
    pub fn take() -> Option<(cortex_m::Peripherals, Self)> {
        let core = cortex_m::Peripherals::take()?;
        Some((
            core,
            Self {
                base: Timer(()),
                alarm: Timer(()),
                leds: Leds(()),
            },
        ))
    }
}

/// One of the two timers: 25 MHz, 32 bits, counting down.
pub struct Timer<const N: usize>(());

impl<const N: usize> Timer<N> {
    const BASE: usize = TIMER[N];

    /// Reads a register.
    pub fn read(&self, register: TimerRegister) -> u32 {
        // SAFETY: an aligned register of a timer that exists; reading has no side effect.
        unsafe { ptr::read_volatile((Self::BASE + register as usize) as *const u32) }
    }

    /// Writes a register.
    pub fn write(&mut self, register: TimerRegister, value: u32) {
        // SAFETY: an aligned register of a timer that exists, owned through `&mut self`; it touches no memory.
        unsafe { ptr::write_volatile((Self::BASE + register as usize) as *mut u32, value) }
    }
}

impl Timer<1> {
    /// Lets the timer's interrupt wake the core. Its handler never runs: sleeping happens with interrupts masked,
    /// where a pending one ends the sleep all the same.
    pub fn enable_wake_up(&mut self) {
        // SAFETY: no critical section relies on this interrupt being masked.
        unsafe { NVIC::unmask(Timer1) }
    }

    /// Forgets a pending interrupt, in the timer and in the interrupt controller.
    pub fn clear_wake_up(&mut self) {
        self.write(TimerRegister::IntClear, 1);
        NVIC::unpend(Timer1);
    }
}

/// The 8 LEDs of the motherboard, off at reset.
pub struct Leds(());

impl Leds {
    /// The three lowest, to be used independently of each other.
    pub fn split(self) -> [Led; 3] {
        [Led(1), Led(2), Led(4)]
    }
}

/// One LED, by its bit.
pub struct Led(u32);

impl Led {
    /// Switches it.
    pub fn set(&mut self, on: bool) {
        let register = SCC_CFG1 as *mut u32;
        // SAFETY: an aligned register that exists. No interrupt handler touches it, so that reading, changing one bit
        // and writing back loses nothing.
        unsafe {
            let others = ptr::read_volatile(register) & !self.0;
            ptr::write_volatile(register, if on { others | self.0 } else { others });
        }
    }
}

/// What the loader left in one of the two regions; zeros where it left nothing.
fn loaded((start, length): (usize, usize)) -> &'static [u8] {
    // SAFETY: the region is RAM (PSRAM) outside everything that memory.x gives to the linker, so that nothing else
    // refers to it and nothing writes to it while the program runs; every byte is initialised, by reset or the loader.
    unsafe { core::slice::from_raw_parts(start as *const u8, length) }
}

/// The region of the blob.
pub fn blob_region() -> &'static [u8] {
    loaded(BLOB)
}

/// The region of the sequences.
pub fn sequence_region() -> &'static [u8] {
    loaded(SEQUENCES)
}

/// Executes 1,000 instructions that do nothing.
#[inline(always)]
pub fn thousand_nops() {
    // SAFETY: a nop changes no register, no flag and no memory.
    unsafe { core::arch::asm!(".rept 1000", "nop", ".endr", options(nomem, nostack, preserves_flags)) }
}

#[entry]
fn start() -> ! {
    crate::main()
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    crate::exit::hard_fault(frame.pc())
}

#[exception]
unsafe fn DefaultHandler(irqn: i16) {
    crate::exit::unexpected_interrupt(irqn)
}
