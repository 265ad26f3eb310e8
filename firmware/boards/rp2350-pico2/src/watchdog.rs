//! The watchdog, which counts microseconds down (RP2350 data sheet, 12.9; its tick, 8.5; what it resets, 7.4).

use embassy_rp::pac::{PSM, TICKS, WATCHDOG, psm::regs::Wdsel, watchdog::regs::Load};

/// Within the 16.7 s that the counter holds.
const PATIENCE_US: u32 = 12_000_000;

/// Everything but the two oscillators, bits 2 and 3 of 25: without a clock nobody would end the reset.
const RESETS: u32 = 0x01ff_fff3;

/// Ticks of the reference clock in a microsecond, as long as it is the ring oscillator of about 11 MHz. embassy sets it again
/// when the crystal runs.
const RING_MHZ: u32 = 11;

/// Starts it, on the ring oscillator that the boot ROM leaves running: it has to be there before the crystal is waited for.
pub fn start() {
    TICKS.watchdog_cycles().write(|w| w.0 = RING_MHZ);
    TICKS.watchdog_ctrl().write(|w| w.set_enable(true));
    WATCHDOG.ctrl().modify(|w| w.set_enable(false));
    PSM.wdsel().write_value(Wdsel(RESETS));
    feed();
    WATCHDOG.ctrl().modify(|w| {
        // A debugger that halts a core does not lose it.
        w.set_pause_dbg0(true);
        w.set_pause_dbg1(true);
        w.set_pause_jtag(true);
        w.set_enable(true);
    });
}

/// Feeds it, whether it runs or not.
pub fn feed() {
    WATCHDOG.load().write_value(Load(PATIENCE_US));
}

/// Stops it.
pub fn stop() {
    WATCHDOG.ctrl().modify(|w| w.set_enable(false));
}
