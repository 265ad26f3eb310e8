//! Timers and LEDs of the MPS2 boards: two CMSDK APB timers of 32 bits, counting down, and the SCC's register of LEDs.

use super::{enable_wake_up, machine, read, unpend_wake_up, write};

/// Bit 0: counts; bit 3: interrupts at zero.
const CTRL: usize = 0x0;
/// Counts down.
const VALUE: usize = 0x4;
/// Follows after zero, where 0 stops the timer; writing sets the value as well.
const RELOAD: usize = 0x8;
/// Writing 1 forgets the interrupt.
const INT_CLEAR: usize = 0xc;

const ENABLE: u32 = 1 << 0;
const INTERRUPT: u32 = 1 << 3;

/// Timer 0, the time base.
pub struct Base(());

impl Base {
    pub(super) fn new() -> Self {
        // SAFETY: registers of timer 0, which exists and is owned by the one that is made here.
        unsafe {
            write(machine::BASE_TIMER + CTRL, 0);
            write(machine::BASE_TIMER + RELOAD, u32::MAX);
            write(machine::BASE_TIMER + CTRL, ENABLE);
        }
        Self(())
    }

    /// Ticks since the start, modulo 2^32.
    pub fn ticks(&mut self) -> u32 {
        // SAFETY: a register of timer 0; reading has no side effect.
        !unsafe { read(machine::BASE_TIMER + VALUE) }
    }
}

/// Timer 1, the alarm.
pub struct Alarm(());

impl Alarm {
    pub(super) fn new() -> Self {
        enable_wake_up();
        Self(())
    }

    fn write(&mut self, register: usize, value: u32) {
        // SAFETY: a register of timer 1, owned through `&mut self`.
        unsafe { write(machine::ALARM_TIMER + register, value) }
    }

    /// Sleeps for this many ticks, at least one. With interrupts masked the alarm cannot slip in between its start and
    /// the sleep: it stays pending, and a pending interrupt ends the sleep, or keeps it from beginning.
    pub fn sleep(&mut self, _: &mut Base, ticks: u32) {
        // Once only: with a reload value the timer would go on counting, and an emulator that leaps to the next
        // deadline while the core sleeps may leap over two of them at once.
        self.write(RELOAD, 0);
        self.write(VALUE, ticks);
        self.write(INT_CLEAR, 1);
        unpend_wake_up();
        cortex_m::interrupt::free(|_| {
            self.write(CTRL, ENABLE | INTERRUPT);
            cortex_m::asm::dsb();
            cortex_m::asm::wfi();
            self.write(CTRL, 0);
            self.write(INT_CLEAR, 1);
            unpend_wake_up();
        });
    }
}

/// One LED of the motherboard, by its bit.
pub struct Led(u32);

impl Led {
    /// The three lowest.
    pub(super) fn take() -> [Self; 4] {
        [Self(1), Self(2), Self(4), Self(8)]
    }

    /// Switches it.
    pub fn set(&mut self, on: bool) {
        // SAFETY: a register that exists. No interrupt handler touches it, so that reading, changing one bit and
        // writing back loses nothing.
        unsafe {
            let others = read(machine::LEDS) & !self.0;
            write(machine::LEDS, if on { others | self.0 } else { others });
        }
    }
}
