//! RCC, clocks and resets (RM0351, chapter RCC). HSE, the PLLs, the clock outputs and the security system of the crystal are not
//! modelled; interrupts of RCC neither.
//!
//! Start-up times are typical by the data sheet of the STM32L475, in the range of 4 MHz for MSI.

use crate::{
    bus::Refused,
    event::ResetCause,
    power::Load,
    soc::stm32::{
        HSI_HZ, LSE_HZ, LSE_STARTS, LSI_HZ, ahb_divider, apb_divider,
        causes::{self, Causes},
        loads::{Depth, crystal, standing},
        map::RccBit,
        oscillator::Oscillator,
        registers::{Answer, Bank, Register, within},
    },
    time::{Clock, Time},
};

const CR: u32 = 0x00;
const CFGR: u32 = 0x08;
const CICR: u32 = 0x20;
const AHB2ENR: u32 = 0x4c;
const CCIPR: u32 = 0x88;
const BDCR: u32 = 0x90;
const CSR: u32 = 0x94;

const MSI_STARTS: Time = Time::from_us(6);
const HSI_STARTS: Time = Time::from_us(4);
const LSI_STARTS: Time = Time::from_us(130);

/// CR.
mod cr {
    pub(super) const MSION: u32 = 1;
    pub(super) const MSIRDY: u32 = 1 << 1;
    pub(super) const MSIPLLEN: u32 = 1 << 2;
    pub(super) const MSIRGSEL: u32 = 1 << 3;
    pub(super) const MSIRANGE: u32 = 0xf << 4;
    pub(super) const HSION: u32 = 1 << 8;
    pub(super) const HSIRDY: u32 = 1 << 10;
    /// MSIRANGE, HSIKERON, HSIASFS and the bits above that a program sets.
    pub(super) const KEPT: u32 = MSIPLLEN | MSIRGSEL | MSIRANGE | 1 << 9 | 1 << 11;
    pub(super) const FLAGS: u32 = MSIRDY | HSIRDY;
    /// Range 6: 4 MHz.
    pub(super) const RESET: u32 = 6 << 4;
}

/// CFGR without SWS: SW, HPRE, PPRE1, PPRE2, STOPWUCK.
const CFGR_KEPT: u32 = 0x0000_bff3;
const SWS: u32 = 0b11 << 2;
const STOPWUCK: u32 = 1 << 15;

/// BDCR.
mod bdcr {
    pub(super) const LSEON: u32 = 1;
    pub(super) const LSERDY: u32 = 1 << 1;
    pub(super) const BDRST: u32 = 1 << 16;
    /// LSEDRV, RTCSEL, RTCEN.
    pub(super) const KEPT: u32 = 0b11 << 3 | 0b11 << 8 | 1 << 15;
}

/// CSR.
mod csr {
    pub(super) const LSION: u32 = 1;
    pub(super) const LSIRDY: u32 = 1 << 1;
    /// MSISRANGE: 4 MHz after Standby.
    pub(super) const RANGE: u32 = 6 << 8;
}

/// Gates, resets and settings of which each bit is kept, or none.
const TABLE: &[Register] = &[
    // ICSCR: the factory's calibration is not modelled; its trims may not be changed.
    Register::new(0x04, 0x1000_0000, 0),
    // PLLCFGR, PLLSAI1CFGR, PLLSAI2CFGR of PLLs that are off.
    Register::whole(0x0c, 0x1000),
    Register::whole(0x10, 0x1000),
    Register::whole(0x14, 0x1000),
    // CIER, CIFR.
    Register::new(0x18, 0, 0),
    Register::new(0x1c, 0, 0),
    // AHB1RSTR to APB2RSTR.
    Register::whole(0x28, 0),
    Register::whole(0x2c, 0),
    Register::whole(0x30, 0),
    Register::whole(0x38, 0),
    Register::whole(0x3c, 0),
    Register::whole(0x40, 0),
    // AHB1ENR, with flash's clock, to APB2ENR.
    Register::whole(0x48, 0x100),
    Register::whole(AHB2ENR, 0),
    Register::whole(0x50, 0),
    Register::whole(0x58, 0),
    Register::whole(0x5c, 0),
    Register::whole(0x60, 0),
    Register::whole(CCIPR, 0),
];

/// A clock that the core can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Msi = 0,
    Hsi = 1,
}

/// Clocks and resets.
#[derive(Debug)]
pub(super) struct Rcc {
    bank: Bank,
    msi: Oscillator,
    hsi: Oscillator,
    lsi: Oscillator,
    lse: Oscillator,
    cr: u32,
    cfgr: u32,
    bdcr: u32,
    causes: Causes,
}

/// The frequency of MSI in a range (RM0351, RCC_CR.MSIRANGE).
fn msi_hz(range: u32) -> Option<u64> {
    const KHZ: [u64; 12] = [
        100, 200, 400, 800, 1_000, 2_000, 4_000, 8_000, 16_000, 24_000, 32_000, 48_000,
    ];
    KHZ.get(range as usize).map(|khz| khz * 1_000)
}

impl Rcc {
    pub(super) fn new() -> Self {
        Self {
            bank: Bank::new(TABLE),
            msi: Oscillator::running(MSI_STARTS),
            hsi: Oscillator::off(HSI_STARTS),
            lsi: Oscillator::off(LSI_STARTS),
            lse: Oscillator::off(LSE_STARTS),
            cr: cr::RESET,
            cfgr: 0,
            bdcr: 0,
            causes: Causes::power_on(),
        }
    }

    pub(super) fn reset(&mut self, cause: ResetCause, _: Time) {
        *self = Self {
            // What lies in the backup domain, and LSI, go on.
            lse: self.lse,
            lsi: self.lsi,
            bdcr: self.bdcr,
            causes: self.causes.and(cause),
            ..Self::new()
        };
    }

    pub(super) fn bit(&self, at: RccBit) -> bool {
        self.bank.bits(at.offset, 1 << at.bit) != 0
    }

    pub(super) fn due(&self, now: Time) -> Time {
        let all = [&self.msi, &self.hsi, &self.lsi, &self.lse];
        all.map(|oscillator| oscillator.due(now))
            .into_iter()
            .min()
            .unwrap_or(Time::NEVER)
    }

    fn source(&self) -> Source {
        if self.cfgr & 0b11 == Source::Hsi as u32 {
            Source::Hsi
        } else {
            Source::Msi
        }
    }

    /// MSIRANGE; that of CSR, 4 MHz, holds until a program chooses it.
    fn msi_range(&self) -> u32 {
        let chosen = self.cr & cr::MSIRGSEL != 0;
        (if chosen { self.cr & cr::MSIRANGE } else { cr::RESET }) >> 4
    }

    /// MSI's frequency. With MSIPLLEN it is locked to the multiple of the crystal's that lies next.
    fn msi_hz(&self) -> u64 {
        let hz = msi_hz(self.msi_range()).unwrap_or(4_000_000);
        if self.cr & cr::MSIPLLEN != 0 {
            (hz + LSE_HZ / 2) / LSE_HZ * LSE_HZ
        } else {
            hz
        }
    }

    /// The system's clock, SYSCLK.
    fn system_hz(&self) -> u64 {
        match self.source() {
            Source::Msi => self.msi_hz(),
            Source::Hsi => HSI_HZ,
        }
    }

    /// The core's clock, HCLK.
    pub(super) fn core_hz(&self) -> u64 {
        self.system_hz() / ahb_divider(self.cfgr >> 4 & 0xf)
    }

    /// The clock of the first APB, PCLK1.
    fn pclk1_hz(&self) -> u64 {
        self.core_hz() / apb_divider(self.cfgr >> 8 & 0b111)
    }

    /// The kernel clock of I2C1 to I2C3, by number from 0: PCLK1, SYSCLK or HSI16.
    pub(super) fn i2c_hz(&self, controller: usize, now: Time) -> Option<u64> {
        let shift = 12 + 2 * controller;
        match self.bank.bits(CCIPR, 0b11 << shift) >> shift {
            0 => Some(self.pclk1_hz()),
            1 => Some(self.system_hz()),
            2 => self.hsi.is_ready(now).then_some(HSI_HZ),
            _ => None,
        }
    }

    /// The kernel clock of LPTIM1.
    pub(super) fn lptim1_clock(&self, now: Time) -> Option<Clock> {
        let from = |oscillator: &Oscillator, hz| {
            let ready = oscillator.ready_at().filter(|at| *at <= now)?;
            Some(Clock::starting(ready, hz))
        };
        match self.bank.bits(CCIPR, 0b11 << 18) >> 18 {
            0 => Some(Clock::new(self.pclk1_hz())),
            1 => from(&self.lsi, LSI_HZ),
            2 => from(&self.hsi, HSI_HZ),
            _ => from(&self.lse, LSE_HZ),
        }
    }

    /// What the oscillators but LSI draw. In Stop MSI and HSI16 stand.
    pub(super) fn loads(&self, depth: Depth) -> [Load; 3] {
        const RANGES: [&str; 12] = [
            "100 kHz", "200 kHz", "400 kHz", "800 kHz", "1 MHz", "2 MHz", "4 MHz", "8 MHz", "16 MHz", "24 MHz",
            "32 MHz", "48 MHz",
        ];
        let range = RANGES.get(self.msi_range() as usize).copied().unwrap_or("off");
        let runs = |oscillator: &Oscillator| u32::from(oscillator.is_on() && depth != Depth::Stop);
        [
            standing("MSI", range, runs(&self.msi)),
            standing("HSI16", "on", runs(&self.hsi)),
            crystal(self.lse.is_on(), self.bdcr >> 3 & 0b11),
        ]
    }

    pub(super) fn lsi_is_on(&self) -> bool {
        self.lsi.is_on()
    }

    /// Ports A to H with their bus clock.
    pub(super) fn ports_clocked(&self, _: Depth) -> u32 {
        self.bank.bits(AHB2ENR, 0xff).count_ones()
    }

    /// A deep sleep begins: MSI and HSI16 stop until its end.
    pub(super) fn stop(&self, lptim1: bool) -> Result<(), &'static str> {
        let low_speed = self.bank.bits(CCIPR, 1 << 18) != 0;
        if lptim1 && !low_speed {
            return Err("LPTIM1 in Stop on a clock that stops");
        }
        if self.source() != Source::Msi || self.cfgr & STOPWUCK != 0 {
            return Err("Stop with another clock than MSI before or after it");
        }
        Ok(())
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        match offset {
            CR => Ok(self.cr | self.msi.bits(cr::MSION, cr::MSIRDY, now) | self.hsi.bits(cr::HSION, cr::HSIRDY, now)),
            CFGR => Ok(self.cfgr | (self.source() as u32) << 2),
            CICR => Ok(0),
            BDCR => Ok(self.bdcr | self.lse.bits(bdcr::LSEON, bdcr::LSERDY, now)),
            CSR => Ok(self.causes.bits() | csr::RANGE | self.lsi.bits(csr::LSION, csr::LSIRDY, now)),
            _ => self.bank.read(offset),
        }
    }

    /// A write. The backup domain takes one only if PWR has opened it.
    pub(super) fn write(&mut self, offset: u32, value: u32, backup_open: bool, now: Time) -> Answer<()> {
        match offset {
            CR => self.write_cr(value, now),
            CFGR => self.write_cfgr(value, now),
            // The flags that it clears are clear.
            CICR => within(value, 0x7ff).map(|_| ()),
            BDCR if backup_open => self.write_bdcr(value, now),
            BDCR => Ok(()),
            CSR => self.write_csr(value, now),
            _ => self.bank.write(offset, value),
        }
    }

    fn write_cr(&mut self, value: u32, now: Time) -> Answer<()> {
        let flags = cr::FLAGS | cr::MSION | cr::HSION;
        let mut kept = within(value, cr::KEPT | flags)? & cr::KEPT;
        let range = |cr: u32| (cr & (cr::MSIRANGE | cr::MSIRGSEL)) >> 3;
        // The range may change while MSI is off or ready.
        let unsteady = self.msi.is_on() && !self.msi.is_ready(now);
        if msi_hz((kept & cr::MSIRANGE) >> 4).is_none() || range(kept) != range(self.cr) && unsteady {
            return Err(Refused::Unknown);
        }
        // Once set, MSIRGSEL stays; hardware refuses MSIPLLEN while the crystal is not ready.
        kept |= self.cr & cr::MSIRGSEL;
        if !self.lse.is_ready(now) {
            kept &= !cr::MSIPLLEN;
        }
        self.cr = kept;
        // The clock that the core has cannot be switched off.
        let has = self.source();
        self.msi.switch(value & cr::MSION != 0 || has == Source::Msi, now);
        self.hsi.switch(value & cr::HSION != 0 || has == Source::Hsi, now);
        Ok(())
    }

    fn write_cfgr(&mut self, value: u32, now: Time) -> Answer<()> {
        let kept = within(value, CFGR_KEPT | SWS)? & CFGR_KEPT;
        let ready = match kept & 0b11 {
            0 => self.msi.is_ready(now),
            1 => self.hsi.is_ready(now),
            _ => false,
        };
        // Switching to a clock that is not ready yet is not modelled.
        if !ready {
            return Err(Refused::Unknown);
        }
        self.cfgr = kept;
        Ok(())
    }

    fn write_bdcr(&mut self, value: u32, now: Time) -> Answer<()> {
        let value = within(value, bdcr::KEPT | bdcr::LSEON | bdcr::LSERDY | bdcr::BDRST)?;
        if value & bdcr::BDRST != 0 {
            self.bdcr = bdcr::BDRST;
            self.lse.switch(false, now);
            return Ok(());
        }
        self.bdcr = value & bdcr::KEPT;
        self.lse.switch(value & bdcr::LSEON != 0, now);
        Ok(())
    }

    fn write_csr(&mut self, value: u32, now: Time) -> Answer<()> {
        let flags = causes::ALL | csr::RANGE | csr::LSIRDY;
        let value = within(value, csr::LSION | causes::RMVF | flags)?;
        self.causes.write(value);
        self.lsi.switch(value & csr::LSION != 0, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1);

    #[test]
    fn a_range_of_msi_is_the_cores_clock_at_once() {
        let mut rcc = Rcc::new();
        assert_eq!(rcc.read(CR, NOW), Ok(0x63));
        assert_eq!(rcc.core_hz(), 4_000_000);
        assert_eq!(rcc.write(CR, 0xbb, false, NOW), Ok(()));
        assert_eq!(rcc.core_hz(), 48_000_000);
        assert_eq!(rcc.write(CR, 0xcb, false, NOW), Err(Refused::Unknown), "no such range");
        assert_eq!(
            rcc.write(CR, 1 << 24 | 0xbb, false, NOW),
            Err(Refused::Unknown),
            "a PLL"
        );
    }

    #[test]
    fn the_core_keeps_its_clock_whatever_is_switched_off() {
        let mut rcc = Rcc::new();
        assert_eq!(rcc.write(CR, 0x161, false, NOW), Ok(()));
        assert_eq!(
            rcc.write(CFGR, 1, false, NOW),
            Err(Refused::Unknown),
            "HSI16 starts yet"
        );
        let later = NOW + HSI_STARTS;
        assert_eq!(rcc.write(CFGR, 1, false, later), Ok(()));
        assert_eq!(rcc.read(CFGR, later), Ok(0b101));
        assert_eq!(rcc.write(CR, 0x60, false, later), Ok(()));
        assert_eq!(rcc.read(CR, later), Ok(0x560), "MSI is off, HSI16 is not");
        assert_eq!(rcc.write(CFGR, 1 | 8 << 4, false, later), Ok(()));
        assert_eq!(rcc.core_hz(), 8_000_000);
    }

    #[test]
    fn a_controller_of_i2c_has_the_clock_that_is_chosen_for_it() {
        let mut rcc = Rcc::new();
        let hz = |rcc: &Rcc| [0, 1, 2].map(|controller| rcc.i2c_hz(controller, NOW + HSI_STARTS));
        // I2C2 from SYSCLK, I2C3 from HSI16, which is off.
        assert_eq!(rcc.write(CCIPR, 1 << 14 | 2 << 16, false, NOW), Ok(()));
        assert_eq!(hz(&rcc), [Some(4_000_000), Some(4_000_000), None]);
        assert_eq!(rcc.write(CR, 0x161, false, NOW), Ok(()));
        // HPRE divides by 2, PPRE1 by 4.
        assert_eq!(rcc.write(CFGR, 8 << 4 | 0b101 << 8, false, NOW), Ok(()));
        assert_eq!(hz(&rcc), [Some(500_000), Some(4_000_000), Some(16_000_000)]);
    }

    #[test]
    fn the_backup_domain_is_closed_until_pwr_opens_it() {
        let mut rcc = Rcc::new();
        assert_eq!(rcc.write(BDCR, 1, false, NOW), Ok(()));
        assert_eq!(rcc.read(BDCR, NOW), Ok(0));
        assert_eq!(rcc.write(BDCR, 1, true, NOW), Ok(()));
        assert_eq!(rcc.due(NOW), NOW + LSE_STARTS);
        assert_eq!(rcc.read(BDCR, NOW + LSE_STARTS), Ok(0b11));
        rcc.reset(ResetCause::Watchdog, NOW + LSE_STARTS);
        assert_eq!(rcc.read(BDCR, NOW + LSE_STARTS), Ok(0b11), "it outlives a reset");
        assert_eq!(rcc.read(CSR, NOW), Ok(0x2c00_0600));
    }

    #[test]
    fn msi_is_locked_to_the_crystal_once_that_is_ready() {
        let mut rcc = Rcc::new();
        assert_eq!(rcc.write(CR, 0x8f, false, NOW), Ok(()));
        assert_eq!(rcc.core_hz(), 16_000_000, "without a crystal the bit is refused");
        assert_eq!(rcc.write(BDCR, 1, true, NOW), Ok(()));
        assert_eq!(rcc.write(CR, 0x8f, false, NOW + LSE_STARTS), Ok(()));
        assert_eq!(rcc.core_hz(), 15_990_784);
    }
}
