//! The oscillators and the PLLs, from which every clock comes (RP2350 data sheet, 8.2 Crystal oscillator, 8.3 Ring oscillator and
//! 8.6 PLL).

use crate::{
    bus::Refused,
    soc::stm32::{
        oscillator::Oscillator,
        registers::{Answer, Bank, Register, within},
    },
    time::{Clock, Time},
};

/// The crystal of the Pico 2, in hertz.
pub const XOSC_HZ: u64 = 12_000_000;
/// The ring oscillator before its divider, in hertz: 11 MHz behind a divider of 8 are nominal (8.3), and between chips it differs
/// by a factor of 2 either way. Its range and its drive strengths change nothing here.
const RING_HZ: u64 = 88_000_000;
/// How long a PLL takes to lock. The data sheet has no figure: assumed.
const LOCKS: Time = Time::from_us(100);
/// What the VCO of a PLL may run at, in hertz (8.6).
const VCO_HZ: std::ops::RangeInclusive<u64> = 750_000_000..=1_600_000_000;

/// CTRL of both oscillators: the words that switch them on and off, and the range.
const ENABLE: u32 = 0xfab;
const DISABLE: u32 = 0xd1e;
/// The word that opens FREQA, FREQB and DIV of ROSC.
const PASSWORD: u32 = 0x9696;
const DIV_PASS: u32 = 0xaa00;
/// STATUS of both.
const STABLE: u32 = 1 << 31;
const ENABLED: u32 = 1 << 12;

/// XOSC, the crystal oscillator. Dormant mode is not modelled.
#[derive(Debug)]
pub(super) struct Xosc {
    control: u32,
    /// STARTUP: multiples of 256 periods until it is told to be stable.
    delay: u32,
    oscillator: Oscillator,
}

impl Xosc {
    pub(super) const fn new() -> Self {
        Self {
            control: 0,
            delay: 0,
            oscillator: Oscillator::off(Time::ZERO),
        }
    }

    /// It is switched on, stable or not.
    pub(super) const fn is_on(&self) -> bool {
        self.oscillator.is_on()
    }

    pub(super) fn hz(&self, now: Time) -> Option<u64> {
        self.oscillator.is_ready(now).then_some(XOSC_HZ)
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        match offset {
            0x00 => Ok(self.control),
            0x04 => Ok(self.oscillator.bits(ENABLED, STABLE, now)),
            0x0c => Ok(self.delay),
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        match offset {
            0x00 => {
                // FREQ_RANGE: 1 to 15 MHz, which the crystal needs.
                let on = match value >> 12 {
                    ENABLE if value & 0xfff == 0xaa0 => true,
                    DISABLE => false,
                    _ => return Err(Refused::Unknown),
                };
                self.control = value;
                if !self.oscillator.is_on() {
                    let start_up = Clock::new(XOSC_HZ).time(u64::from(self.delay) * 256);
                    self.oscillator = Oscillator::off(start_up);
                }
                self.oscillator.switch(on, now);
            }
            // Where it is on, this is for its next start.
            0x0c => self.delay = within(value, 0x3fff)?,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }
}

/// ROSC, the ring oscillator, which runs from power-on and which this model never stops.
#[derive(Debug)]
pub(super) struct Rosc {
    bank: Bank,
}

impl Rosc {
    pub(super) fn new() -> Self {
        const TABLE: &[Register] = &[
            Register::new(0x00, 0xaa0, 0x00ff_ffff),
            Register::new(0x04, 0x88, 0x77ff),
            Register::new(0x08, 0, 0x7777),
            Register::new(0x14, 8, 0x7f),
        ];
        Self { bank: Bank::new(TABLE) }
    }

    pub(super) fn hz(&self) -> u64 {
        // A divider of 0 divides by 128.
        let divider = self.bank.bits(0x14, 0x7f);
        RING_HZ / if divider == 0 { 128 } else { u64::from(divider) }
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        match offset {
            0x1c => Ok(STABLE | ENABLED),
            0x14 => Ok(self.bank.read(0x14)? | DIV_PASS),
            _ => self.bank.read(offset),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        match offset {
            0x00 if value >> 12 == ENABLE => self.bank.write(0x00, value),
            0x04 | 0x08 if value >> 16 == PASSWORD => self.bank.write(offset, value & 0xffff),
            0x14 if (DIV_PASS..=DIV_PASS + 128).contains(&value) => self.bank.write(0x14, value & 0x7f),
            _ => Err(Refused::Unknown),
        }
    }
}

/// Registers of a PLL.
const CS: u32 = 0x00;
const PWR: u32 = 0x04;
const FBDIV_INT: u32 = 0x08;
const PRIM: u32 = 0x0c;
/// CS.
const LOCK: u32 = 1 << 31;
const REFDIV: u32 = 0x3f;
/// PWR: off are the PLL, its VCO and its dividers behind it; and DSMPD, which is always set.
const PD: u32 = 1;
const DSMPD: u32 = 1 << 2;
const POSTDIVPD: u32 = 1 << 3;
const VCOPD: u32 = 1 << 5;

/// A PLL, which multiplies the crystal's frequency. Bypass is not modelled.
#[derive(Debug)]
pub(super) struct Pll {
    bank: Bank,
    /// When it has locked, if the VCO runs in its range.
    locked_at: Option<Time>,
}

impl Pll {
    pub(super) fn new() -> Self {
        const TABLE: &[Register] = &[
            Register::new(CS, 1, REFDIV),
            Register::new(PWR, 0x2d, PD | DSMPD | POSTDIVPD | VCOPD),
            Register::new(FBDIV_INT, 0, 0xfff),
            Register::new(PRIM, 0x7_7000, 0x7_7000),
        ];
        Self {
            bank: Bank::new(TABLE),
            locked_at: None,
        }
    }

    /// The VCO's frequency in hertz, if it runs, from a crystal that is stable, and may run so.
    pub(super) fn vco_hz(&self, crystal: Option<u64>) -> Option<u64> {
        let off = self.bank.bits(PWR, PD | VCOPD) != 0 || self.bank.bits(PWR, DSMPD) == 0;
        let divider = u64::from(self.bank.bits(CS, REFDIV)).max(1);
        let hz = crystal.filter(|_| !off)? / divider * u64::from(self.bank.bits(FBDIV_INT, 0xfff));
        VCO_HZ.contains(&hz).then_some(hz)
    }

    /// What comes out, in hertz.
    pub(super) fn hz(&self, crystal: Option<u64>, now: Time) -> Option<u64> {
        let locked = self.locked_at.is_some_and(|at| at <= now);
        let on = locked && self.bank.bits(PWR, POSTDIVPD) == 0;
        let dividers = self.bank.bits(PRIM, u32::MAX);
        let by = |shift: u32| u64::from(dividers >> shift & 7).max(1);
        Some(self.vco_hz(crystal).filter(|_| on)? / (by(16) * by(12)))
    }

    pub(super) fn due(&self, now: Time) -> Time {
        self.locked_at.filter(|at| *at > now).unwrap_or(Time::NEVER)
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        let lock = offset == CS && self.locked_at.is_some_and(|at| at <= now);
        Ok(self.bank.read(offset)? | if lock { LOCK } else { 0 })
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, crystal: Option<u64>, now: Time) -> Answer<()> {
        let before = self.vco_hz(crystal);
        let value = if offset == CS { value & !LOCK } else { value };
        self.bank.write(offset, value)?;
        let after = self.vco_hz(crystal);
        if after != before {
            self.locked_at = after.map(|_| now + LOCKS);
        }
        Ok(())
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) xosc: Xosc,
    pub(super) rosc: Rosc,
    /// PLL_SYS and PLL_USB.
    pub(super) plls: [Pll; 2],
}

impl Sources {
    pub(super) fn new() -> Self {
        Self {
            xosc: Xosc::new(),
            rosc: Rosc::new(),
            plls: [Pll::new(), Pll::new()],
        }
    }

    /// What comes out of a PLL, in hertz, if it runs.
    pub(super) fn pll_hz(&self, index: usize, now: Time) -> Option<u64> {
        self.plls[index].hz(self.xosc.hz(now), now)
    }

    pub(super) fn due(&self, now: Time) -> Time {
        let [sys, usb] = &self.plls;
        self.xosc.oscillator.due(now).min(sys.due(now)).min(usb.due(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crystal_is_stable_after_the_delay_that_startup_counts() {
        let mut xosc = Xosc::new();
        assert_eq!(xosc.write(0x0c, 6000, Time::ZERO), Ok(()));
        assert_eq!(xosc.write(0x00, 0xfab_aa0, Time::from_ms(1)), Ok(()));
        assert_eq!(xosc.read(0x04, Time::from_ms(128)), Ok(ENABLED));
        assert_eq!(xosc.hz(Time::from_ms(128)), None);
        assert_eq!(xosc.read(0x04, Time::from_ms(129)), Ok(ENABLED | STABLE));
        assert_eq!(xosc.hz(Time::from_ms(129)), Some(XOSC_HZ));
        assert_eq!(
            xosc.write(0x00, 0xfab_aa1, Time::ZERO),
            Err(Refused::Unknown),
            "another range"
        );
        assert_eq!(
            xosc.write(0x08, 0x636f_6d61, Time::ZERO),
            Err(Refused::Unknown),
            "dormant"
        );
    }

    #[test]
    fn a_pll_locks_and_divides() {
        let (mut pll, now) = (Pll::new(), Time::from_ms(1));
        for (offset, value) in [(FBDIV_INT, 125), (PWR, DSMPD | POSTDIVPD), (PRIM, 5 << 16 | 2 << 12)] {
            assert_eq!(pll.write(offset, value, Some(XOSC_HZ), now), Ok(()));
        }
        assert_eq!(pll.read(CS, now), Ok(1));
        assert_eq!(pll.due(now), now + LOCKS);
        assert_eq!(pll.read(CS, now + LOCKS), Ok(LOCK | 1));
        assert_eq!(pll.hz(Some(XOSC_HZ), now + LOCKS), None, "its dividers are off");
        assert_eq!(pll.write(PWR, DSMPD, Some(XOSC_HZ), now + LOCKS), Ok(()));
        assert_eq!(pll.hz(Some(XOSC_HZ), now + LOCKS), Some(150_000_000));
    }

    #[test]
    fn a_pll_out_of_its_range_or_without_a_crystal_never_locks() {
        for (fbdiv, crystal) in [(62, Some(XOSC_HZ)), (134, Some(XOSC_HZ)), (125, None)] {
            let mut pll = Pll::new();
            assert_eq!(pll.write(FBDIV_INT, fbdiv, crystal, Time::ZERO), Ok(()));
            assert_eq!(pll.write(PWR, DSMPD, crystal, Time::ZERO), Ok(()));
            assert_eq!(pll.read(CS, Time::from_s(1)), Ok(1), "{fbdiv} {crystal:?}");
        }
    }

    #[test]
    fn the_ring_oscillator_is_divided() {
        let mut rosc = Rosc::new();
        assert_eq!(rosc.hz(), 11_000_000);
        assert_eq!(rosc.write(0x14, 0xaa10), Ok(()));
        assert_eq!((rosc.hz(), rosc.read(0x14)), (5_500_000, Ok(0xaa10)));
        assert_eq!(rosc.write(0x14, 16), Err(Refused::Unknown), "without its password");
        assert_eq!(rosc.write(0x04, 0x9696_0000), Ok(()));
        assert_eq!(rosc.write(0x04, 0), Err(Refused::Unknown));
        assert_eq!(
            rosc.write(0x00, 0xd1e_aa0),
            Err(Refused::Unknown),
            "it is never stopped"
        );
    }
}
