//! Timer and pins of the nRF51: TIMER0, the only one of 32 bits, is time base and alarm at once, at 16 MHz.

use super::{enable_wake_up, machine, read, unpend_wake_up, write};

const TASKS_START: usize = 0x000;
/// Copies the counter to a compare register.
const TASKS_CAPTURE_0: usize = 0x040;
const EVENTS_COMPARE_1: usize = 0x144;
const INTENSET: usize = 0x304;
const INTENCLR: usize = 0x308;
const BITMODE: usize = 0x508;
const PRESCALER: usize = 0x510;
const CC_0: usize = 0x540;
const CC_1: usize = 0x544;

const BITS_32: u32 = 3;
const COMPARE_1: u32 = 1 << 17;

const OUTSET: usize = 0x08;
const OUTCLR: usize = 0x0c;
const DIRSET: usize = 0x18;

/// Compare register 0 reads the counter.
pub struct Base(());

impl Base {
    pub(super) fn new() -> Self {
        // SAFETY: registers of TIMER0, which exists and is owned by the one that is made here.
        unsafe {
            write(machine::BASE_TIMER + BITMODE, BITS_32);
            write(machine::BASE_TIMER + PRESCALER, 0);
            write(machine::BASE_TIMER + TASKS_START, 1);
        }
        Self(())
    }

    /// Ticks since the start, modulo 2^32.
    pub fn ticks(&mut self) -> u32 {
        // SAFETY: registers of TIMER0; compare register 0 belongs to `self`.
        unsafe {
            write(machine::BASE_TIMER + TASKS_CAPTURE_0, 1);
            read(machine::BASE_TIMER + CC_0)
        }
    }
}

/// Compare register 1 wakes the core.
pub struct Alarm(());

impl Alarm {
    pub(super) fn new() -> Self {
        enable_wake_up();
        Self(())
    }

    fn write(&mut self, register: usize, value: u32) {
        // SAFETY: a register of TIMER0 that concerns compare register 1 only, owned through `&mut self`.
        unsafe { write(machine::ALARM_TIMER + register, value) }
    }

    /// Sleeps for this many ticks, at least one. With interrupts masked the alarm cannot slip in between its start and
    /// the sleep: it stays pending, and a pending interrupt ends the sleep, or keeps it from beginning.
    pub fn sleep(&mut self, base: &mut Base, ticks: u32) {
        let start = base.ticks();
        self.write(EVENTS_COMPARE_1, 0);
        unpend_wake_up();
        cortex_m::interrupt::free(|_| {
            self.write(CC_1, start.wrapping_add(ticks));
            self.write(INTENSET, COMPARE_1);
            // The counter may have passed the register before that was written; then nothing would wake the core.
            if base.ticks().wrapping_sub(start) < ticks {
                cortex_m::asm::dsb();
                cortex_m::asm::wfi();
            }
            self.write(INTENCLR, COMPARE_1);
            self.write(EVENTS_COMPARE_1, 0);
            unpend_wake_up();
        });
    }
}

/// A pin of port 0, by its bit.
pub struct Led(u32);

impl Led {
    /// P0.01 to P0.03, as outputs.
    pub(super) fn take() -> [Self; 4] {
        // SAFETY: a register that exists; setting a bit concerns no other pin.
        unsafe { write(machine::LEDS + DIRSET, 0b1_1110) };
        [Self(1 << 1), Self(1 << 2), Self(1 << 3), Self(1 << 4)]
    }

    /// Switches it.
    pub fn set(&mut self, on: bool) {
        // SAFETY: registers that exist; setting a bit concerns no other pin.
        unsafe { write(machine::LEDS + if on { OUTSET } else { OUTCLR }, self.0) }
    }
}
