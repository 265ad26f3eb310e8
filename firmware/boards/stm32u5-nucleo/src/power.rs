//! What the chip can do without: the linear regulator, fetches from flash, memory that nobody uses (RM0456, chapters PWR and
//! ICACHE).

use crate::sys;
use stm32::embassy_stm32::pac::{
    ICACHE, PWR,
    pwr::vals::{Pds, Regsel},
};

/// Pages of SRAM1, from 0x2000_0000.
const PAGE: usize = 64 * 1024;
/// Where SRAM1 begins.
const SRAM1: usize = 0x2000_0000;

/// Supplies the core by the switching regulator, which this board has the coil for, fetches through the instruction cache, and
/// keeps in Stop only the memory that the image takes. The chip's clocks are set.
pub fn save() {
    PWR.cr3().modify(|w| w.set_regsel(Regsel::SMPS));
    while PWR.svmsr().read().regs() != Regsel::SMPS {}
    // It empties itself after a reset, and is to be let alone until it has.
    while ICACHE.sr().read().busyf() {}
    ICACHE.cr().modify(|w| w.set_en(true));
    forget_in_stop();
}

/// Takes the supply, in Stop, of every memory that holds nothing. The instruction cache keeps its own, to be full again at
/// once.
fn forget_in_stop() {
    let off = Pds::LOST;
    let used = sys::end_of_data() - SRAM1;
    PWR.cr2().modify(|w| {
        if used <= PAGE {
            w.set_sram1pds2(off);
        }
        if used <= 2 * PAGE {
            w.set_sram1pds3(off);
        }
        w.set_sram2pds1(off);
        w.set_sram2pds2(off);
        w.set_sram3pds1(off);
        w.set_sram3pds2(off);
        w.set_sram3pds3(off);
        w.set_sram3pds4(off);
        w.set_sram3pds5(off);
        w.set_sram3pds6(off);
        w.set_sram3pds7(off);
        w.set_sram3pds8(off);
        w.set_sram4pds(off);
        w.set_dc1rampds(off);
        w.set_dma2drampds(off);
        w.set_prampds(off);
        w.set_pkarampds(off);
    });
}
