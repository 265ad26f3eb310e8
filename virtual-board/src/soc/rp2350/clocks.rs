//! CLOCKS: which clock is made of which source, and which ones run in the SLEEP state (RP2350 data sheet, 8.1 Overview of clocks).
//!
//! The reference clock, the system clock and the gates of WAKE_EN and SLEEP_EN are modelled. Resuscitation, the frequency counter
//! and clocks on pins are not. The clocks of the other peripherals are kept, and feed nothing that is modelled.

use super::sources::Sources;
use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, Bank, Register},
    time::Time,
};

const REF_CTRL: u32 = 0x30;
const REF_DIV: u32 = 0x34;
const REF_SELECTED: u32 = 0x38;
const SYS_CTRL: u32 = 0x3c;
const SYS_DIV: u32 = 0x40;
const SYS_SELECTED: u32 = 0x44;
const WAKE_EN0: u32 = 0xac;
const SLEEP_EN0: u32 = 0xb4;
/// The other clocks' control registers; DIV and SELECTED are behind each.
const PERI_CTRL: u32 = 0x48;
const USB_CTRL: u32 = 0x60;
const ADC_CTRL: u32 = 0x6c;
/// In their control register: it is enabled, and that it runs.
const ENABLE: u32 = 1 << 11;
const ENABLED: u32 = 1 << 28;
/// Their source.
const AUXSRC: u32 = 0b111 << 5;

const TABLE: &[Register] = &[
    Register::new(REF_CTRL, 0, 0x63),
    Register::new(REF_DIV, 1 << 16, 0xff << 16),
    // After a reset the system clock is the ring oscillator.
    Register::new(SYS_CTRL, 0x41, 0xe1),
    Register::whole(SYS_DIV, 1 << 16),
    Register::new(PERI_CTRL, 0, ENABLE | AUXSRC),
    Register::new(PERI_CTRL + 4, 1 << 16, 3 << 16),
    Register::new(USB_CTRL, 0, ENABLE | AUXSRC),
    Register::new(USB_CTRL + 4, 1 << 16, 0xf << 16),
    Register::new(ADC_CTRL, 0, ENABLE | AUXSRC),
    Register::new(ADC_CTRL + 4, 1 << 16, 0xf << 16),
    // CLK_SYS_RESUS_CTRL: its timeout. It cannot be enabled here.
    Register::new(0x84, 0xff, 0xff),
    Register::whole(WAKE_EN0, u32::MAX),
    Register::new(WAKE_EN0 + 4, 0x7fff_ffff, 0x7fff_ffff),
    Register::whole(SLEEP_EN0, u32::MAX),
    Register::new(SLEEP_EN0 + 4, 0x7fff_ffff, 0x7fff_ffff),
];

/// A gate of WAKE_EN and SLEEP_EN: the register of the two, and the bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gate(u32, u32);

/// The gates of what is modelled.
pub(super) const I2C: [Gate; 2] = [Gate(0, 1 << 11), Gate(0, 1 << 12)];
pub(super) const REF_TICKS: Gate = Gate(4, 1 << 17);
pub(super) const TIMER0: Gate = Gate(4, 1 << 19);
pub(super) const WATCHDOG: Gate = Gate(4, 1 << 28);

/// The clocks.
#[derive(Debug)]
pub(super) struct Clocks {
    bank: Bank,
    /// The SLEEP state: SLEEP_EN decides, not WAKE_EN.
    asleep: bool,
}

impl Clocks {
    pub(super) fn new() -> Self {
        Self {
            bank: Bank::new(TABLE),
            asleep: false,
        }
    }

    /// The SLEEP state begins or ends.
    pub(super) fn sleep(&mut self, asleep: bool) {
        self.asleep = asleep;
    }

    /// Whether the clock behind a gate runs.
    pub(super) fn runs(&self, Gate(register, bit): Gate) -> bool {
        let first = if self.asleep { SLEEP_EN0 } else { WAKE_EN0 };
        self.bank.bits(first + register, bit) != 0
    }

    /// How many gates are open in the state that the chip is in.
    pub(super) fn open(&self) -> u32 {
        let first = if self.asleep { SLEEP_EN0 } else { WAKE_EN0 };
        let open = |register: u32| self.bank.bits(register, u32::MAX).count_ones();
        open(first) + open(first + 4)
    }

    /// The reference clock, in hertz, if its source runs.
    pub(super) fn ref_hz(&self, sources: &Sources, now: Time) -> Option<u64> {
        let control = self.bank.bits(REF_CTRL, u32::MAX);
        let source = match (control & 3, control >> 5 & 3) {
            (0, _) => Some(sources.rosc.hz()),
            (1, 0) => sources.pll_hz(1, now),
            (2, _) => sources.xosc.hz(now),
            // Pins, and the low-power oscillator.
            _ => None,
        };
        let divider = u64::from(self.bank.bits(REF_DIV, u32::MAX) >> 16);
        Some(source? / if divider == 0 { 256 } else { divider })
    }

    /// The system clock, in hertz, if its source runs.
    pub(super) fn sys_hz(&self, sources: &Sources, now: Time) -> Option<u64> {
        let control = self.bank.bits(SYS_CTRL, u32::MAX);
        let source = match (control & 1, control >> 5 & 7) {
            (0, _) => self.ref_hz(sources, now),
            (_, index @ (0 | 1)) => sources.pll_hz(index as usize, now),
            (_, 2) => Some(sources.rosc.hz()),
            (_, 3) => sources.xosc.hz(now),
            _ => None,
        };
        // 16 bits of fraction.
        let divider = u64::from(self.bank.bits(SYS_DIV, u32::MAX)).max(1 << 16);
        Some((source? << 16) / divider)
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        match offset {
            REF_SELECTED => Ok(1 << self.bank.bits(REF_CTRL, 3)),
            SYS_SELECTED => Ok(1 << self.bank.bits(SYS_CTRL, 1)),
            PERI_CTRL | USB_CTRL | ADC_CTRL => {
                let control = self.bank.read(offset)?;
                Ok(control | if control & ENABLE == 0 { 0 } else { ENABLED })
            }
            // Their SELECTED: they have one source without glitches.
            0x50 | 0x68 | 0x74 => Ok(1),
            _ => self.bank.read(offset),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        let value = match offset {
            PERI_CTRL | USB_CTRL | ADC_CTRL => value & !ENABLED,
            _ => value,
        };
        // An auxiliary source in use may not be changed, and no whole part of a divider means 65,536, which nobody needs.
        let old = self.bank.bits(offset, u32::MAX);
        let in_use = match offset {
            REF_CTRL => old & 3 == 1 && value & 3 == 1,
            SYS_CTRL => old & 1 == 1 && value & 1 == 1,
            _ => false,
        };
        if in_use && (old ^ value) & AUXSRC != 0 || offset == SYS_DIV && value >> 16 == 0 {
            return Err(Refused::Unknown);
        }
        self.bank.write(offset, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_come_from_their_sources_and_dividers() {
        let (mut clocks, mut sources) = (Clocks::new(), Sources::new());
        let now = Time::from_ms(1);
        assert_eq!(clocks.sys_hz(&sources, now), Some(11_000_000));
        assert_eq!(clocks.write(SYS_CTRL, 0x40), Ok(()));
        assert_eq!(clocks.read(SYS_SELECTED), Ok(1));
        assert_eq!(clocks.write(REF_CTRL, 2), Ok(()));
        assert_eq!(clocks.sys_hz(&sources, now), None, "the crystal does not run");
        assert_eq!(sources.xosc.write(0x00, 0xfab_aa0, now), Ok(()));
        assert_eq!(clocks.sys_hz(&sources, now), Some(12_000_000));
        assert_eq!(clocks.write(REF_DIV, 3 << 16), Ok(()));
        assert_eq!(clocks.write(SYS_DIV, 1 << 16 | 1 << 15), Ok(()));
        assert_eq!(clocks.ref_hz(&sources, now), Some(4_000_000));
        assert_eq!(clocks.sys_hz(&sources, now), Some(2_666_666));
        assert_eq!(clocks.read(REF_SELECTED), Ok(4));
    }

    #[test]
    fn a_source_in_use_is_not_changed() {
        let mut clocks = Clocks::new();
        assert_eq!(
            clocks.write(SYS_CTRL, 0x01),
            Err(Refused::Unknown),
            "from the ring oscillator to the PLL"
        );
        assert_eq!(clocks.write(SYS_CTRL, 0x40), Ok(()));
        assert_eq!(clocks.write(SYS_CTRL, 0x01), Ok(()));
        assert_eq!(clocks.write(0x84, 1 << 8), Err(Refused::Unknown), "resuscitation");
    }

    #[test]
    fn the_sleep_state_has_gates_of_its_own() {
        let mut clocks = Clocks::new();
        assert_eq!(clocks.write(SLEEP_EN0 + 4, 1 << 19), Ok(()));
        assert!(clocks.runs(WATCHDOG));
        clocks.sleep(true);
        assert!(clocks.runs(TIMER0) && !clocks.runs(WATCHDOG));
        clocks.sleep(false);
        assert!(clocks.runs(WATCHDOG));
    }
}
