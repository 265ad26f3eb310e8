//! RCC, clocks and resets (RM0456, chapter RCC). HSE, the PLLs, the clock outputs, the calibration of MSI by the crystal and the
//! security system of the crystal are not modelled; interrupts of RCC neither.
//!
//! Start-up times are typical by the data sheet of the STM32U575.

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
const ICSCR1: u32 = 0x08;
const CFGR1: u32 = 0x1c;
const CFGR2: u32 = 0x20;
const CFGR3: u32 = 0x24;
const CICR: u32 = 0x58;
const AHB2ENR1: u32 = 0x8c;
const SRDAMR: u32 = 0xd8;
const CCIPR1: u32 = 0xe0;
const CCIPR3: u32 = 0xe8;
const BDCR: u32 = 0xf0;
const CSR: u32 = 0xf4;

const MSI_STARTS: Time = Time::from_us(6);
const HSI_STARTS: Time = Time::from_us(4);
const HSI48_STARTS: Time = Time::from_us(6);
const LSI_STARTS: Time = Time::from_us(230);
/// LSESYSEN lets LSE through after two of its periods.
const LSE_PASSES: Time = Time::from_ps(2 * 1_000_000_000_000 / LSE_HZ);

/// The oscillators that CR switches, with their bits ON; RDY is one of the next two.
const MSIS: usize = 0;
const MSIK: usize = 1;
const HSI: usize = 2;
const HSI48: usize = 3;
const SHSI: usize = 4;
const SWITCHED: [(u32, u32); 5] = [(0, 2), (4, 5), (8, 10), (12, 13), (14, 15)];
/// CR: MSIKERON, MSIPLLSEL, MSIPLLFAST, HSIKERON. MSIPLLEN is none of them.
const CR_KEPT: u32 = 1 << 1 | 1 << 6 | 1 << 7 | 1 << 9;

/// ICSCR1: the ranges of MSIS and MSIK, that they count, and the bias; below are the factory's trims.
const ICSCR1_KEPT: u32 = 0xffc0_0000;
const MSIRGSEL: u32 = 1 << 23;
/// Range 4 of both: 4 MHz.
const RANGE_RESET: u32 = 4;

/// CFGR1 without SWS: SW, STOPWUCK, STOPKERWUCK.
const CFGR1_KEPT: u32 = 0b11_0011;
const SWS: u32 = 0b11 << 2;
const STOPWUCK: u32 = 1 << 4;

/// BDCR.
mod bdcr {
    pub(super) const LSEON: u32 = 1;
    pub(super) const LSERDY: u32 = 1 << 1;
    pub(super) const LSESYSEN: u32 = 1 << 7;
    pub(super) const LSESYSRDY: u32 = 1 << 11;
    pub(super) const BDRST: u32 = 1 << 16;
    pub(super) const LSION: u32 = 1 << 26;
    pub(super) const LSIRDY: u32 = 1 << 27;
    /// LSEDRV, LSESYSEN, RTCSEL, RTCEN.
    pub(super) const KEPT: u32 = 0b11 << 3 | LSESYSEN | 0b11 << 8 | 1 << 15;
}

/// CSR: the ranges after Standby, 4 MHz.
const RANGES: u32 = 0x4400;

/// Gates, resets and settings of which each bit is kept, or none.
const TABLE: &[Register] = &[
    Register::new(ICSCR1, 0x4400_0000, ICSCR1_KEPT),
    // HPRE, PPRE1, PPRE2; PPRE3.
    Register::new(CFGR2, 0, 0x777),
    Register::new(CFGR3, 0, 0x70),
    // PLL1CFGR to PLL3FRACR, of PLLs that are off.
    Register::whole(0x28, 0),
    Register::whole(0x2c, 0),
    Register::whole(0x30, 0),
    Register::whole(0x34, 0x0101_0280),
    Register::whole(0x38, 0),
    Register::whole(0x3c, 0x0101_0280),
    Register::whole(0x40, 0),
    Register::whole(0x44, 0x0101_0280),
    Register::whole(0x48, 0),
    // CIER, CIFR.
    Register::new(0x50, 0, 0),
    Register::new(0x54, 0, 0),
    // AHB1RSTR to APB3RSTR.
    Register::whole(0x60, 0),
    Register::whole(0x64, 0),
    Register::whole(0x68, 0),
    Register::whole(0x6c, 0),
    Register::whole(0x74, 0),
    Register::whole(0x78, 0),
    Register::whole(0x7c, 0),
    Register::whole(0x80, 0),
    // AHB1ENR to APB3ENR: flash and memories have their clocks.
    Register::whole(0x88, 0xd020_0100),
    Register::whole(AHB2ENR1, 0xc000_0000),
    Register::whole(0x90, 0),
    Register::whole(0x94, 0x8000_0000),
    Register::whole(0x9c, 0),
    Register::whole(0xa0, 0),
    Register::whole(0xa4, 0),
    Register::whole(0xa8, 0),
    Register::whole(SRDAMR, 0),
    // CCIPR1, CCIPR2, CCIPR3.
    Register::whole(CCIPR1, 0),
    Register::whole(0xe4, 0),
    Register::whole(CCIPR3, 0),
];
/// SRDAMR: LPTIM1 keeps its clock in Stop.
const LPTIM1AMEN: u32 = 1 << 11;

/// Clocks and resets.
#[derive(Debug)]
pub(super) struct Rcc {
    bank: Bank,
    /// MSIS, MSIK, HSI16, HSI48, SHSI.
    switched: [Oscillator; 5],
    lsi: Oscillator,
    lse: Oscillator,
    /// When LSE reaches the peripherals, if LSESYSEN is set and LSE on.
    lse_passes: Option<Time>,
    cr: u32,
    cfgr1: u32,
    bdcr: u32,
    causes: Causes,
}

/// The frequency of MSIS or MSIK in a range (RM0456, RCC_ICSCR1.MSISRANGE).
fn msi_hz(range: u32) -> u64 {
    const HZ: [u64; 16] = [
        48_000_000, 24_000_000, 16_000_000, 12_000_000, 4_000_000, 2_000_000, 1_330_000, 1_000_000, 3_072_000,
        1_536_000, 1_024_000, 768_000, 400_000, 200_000, 133_000, 100_000,
    ];
    HZ.get(range as usize).copied().unwrap_or(4_000_000)
}

impl Rcc {
    pub(super) fn new() -> Self {
        let msi = Oscillator::running(MSI_STARTS);
        Self {
            bank: Bank::new(TABLE),
            switched: [
                msi,
                msi,
                Oscillator::off(HSI_STARTS),
                Oscillator::off(HSI48_STARTS),
                Oscillator::off(HSI48_STARTS),
            ],
            lsi: Oscillator::off(LSI_STARTS),
            lse: Oscillator::off(LSE_STARTS),
            lse_passes: None,
            cr: 0,
            cfgr1: 0,
            bdcr: 0,
            causes: Causes::power_on(),
        }
    }

    pub(super) fn reset(&mut self, cause: ResetCause, _: Time) {
        *self = Self {
            // What lies in the backup domain goes on.
            lse: self.lse,
            lsi: self.lsi,
            lse_passes: self.lse_passes,
            bdcr: self.bdcr,
            causes: self.causes.and(cause),
            ..Self::new()
        };
    }

    pub(super) fn bit(&self, at: RccBit) -> bool {
        self.bank.bits(at.offset, 1 << at.bit) != 0
    }

    pub(super) fn due(&self, now: Time) -> Time {
        let switched = self.switched.iter().map(|oscillator| oscillator.due(now));
        let passes = self.lse_passes.filter(|at| *at > now);
        switched
            .chain([self.lsi.due(now), self.lse.due(now)])
            .chain(passes)
            .min()
            .unwrap_or(Time::NEVER)
    }

    /// The range at a shift of ICSCR1; those of CSR, after a reset 4, hold until a program chooses ICSCR1's.
    fn range(&self, shift: u32) -> u32 {
        if self.bank.bits(ICSCR1, MSIRGSEL) != 0 {
            self.bank.bits(ICSCR1, u32::MAX) >> shift & 0xf
        } else {
            RANGE_RESET
        }
    }

    fn on_hsi(&self) -> bool {
        self.cfgr1 & 0b11 == 1
    }

    /// The system's clock, SYSCLK.
    fn system_hz(&self) -> u64 {
        if self.on_hsi() { HSI_HZ } else { msi_hz(self.range(28)) }
    }

    /// The core's clock, HCLK.
    pub(super) fn core_hz(&self) -> u64 {
        self.system_hz() / ahb_divider(self.bank.bits(CFGR2, 0xf))
    }

    /// The kernel clock of I2C1 to I2C3, by number from 0: PCLK1, of I2C3 PCLK3; SYSCLK, HSI16 or MSIK.
    pub(super) fn i2c_hz(&self, controller: usize, now: Time) -> Option<u64> {
        let (register, shift, divider) = match controller {
            0 => (CCIPR1, 10, CFGR2),
            1 => (CCIPR1, 12, CFGR2),
            _ => (CCIPR3, 6, CFGR3),
        };
        let ready = |index: usize, hz| self.switched[index].is_ready(now).then_some(hz);
        match self.bank.bits(register, 0b11 << shift) >> shift {
            0 => Some(self.core_hz() / apb_divider(self.bank.bits(divider, 0b111 << 4) >> 4)),
            1 => Some(self.system_hz()),
            2 => ready(HSI, HSI_HZ),
            _ => ready(MSIK, msi_hz(self.range(24))),
        }
    }

    /// The kernel clock of LPTIM1. LSE reaches it only through LSESYSEN.
    pub(super) fn lptim1_clock(&self, now: Time) -> Option<Clock> {
        let (at, hz) = match self.bank.bits(CCIPR3, 0b11 << 10) >> 10 {
            0 => (self.switched[MSIK].ready_at(), msi_hz(self.range(24))),
            1 => (self.lsi.ready_at(), LSI_HZ),
            2 => (self.switched[HSI].ready_at(), HSI_HZ),
            _ => (self.lse_passes, LSE_HZ),
        };
        at.filter(|at| *at <= now).map(|at| Clock::starting(at, hz))
    }

    /// What the oscillators but LSI draw. In Stop all but LSE stand. MSIS is in the core's figure while the core has it.
    pub(super) fn loads(&self, depth: Depth) -> [Load; 6] {
        let runs = |index: usize| u32::from(self.switched[index].is_on() && depth != Depth::Stop);
        let beside = if self.on_hsi() { runs(MSIS) } else { 0 };
        [
            standing("MSIS", "on beside the core's clock", beside),
            standing("MSIK", "on", runs(MSIK)),
            standing("HSI16", "on", runs(HSI)),
            standing("HSI48", "on", runs(HSI48)),
            standing("SHSI", "on", runs(SHSI)),
            crystal(self.lse.is_on(), self.bdcr >> 3 & 0b11),
        ]
    }

    pub(super) fn lsi_is_on(&self) -> bool {
        self.lsi.is_on()
    }

    /// Ports A to I with their bus clock.
    pub(super) fn ports_clocked(&self, _: Depth) -> u32 {
        self.bank.bits(AHB2ENR1, 0x1ff).count_ones()
    }

    /// A deep sleep begins: MSI and HSI16 stop until its end.
    pub(super) fn stop(&self, lptim1: bool) -> Result<(), &'static str> {
        let low_speed = self.bank.bits(CCIPR3, 1 << 10) != 0;
        if lptim1 && (!low_speed || self.bank.bits(SRDAMR, LPTIM1AMEN) == 0) {
            return Err("LPTIM1 in Stop on a clock that stops, or without RCC_SRDAMR.LPTIM1AMEN");
        }
        if self.on_hsi() || self.cfgr1 & STOPWUCK != 0 {
            return Err("Stop with another clock than MSIS before or after it");
        }
        Ok(())
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        let passes = self.lse_passes.is_some_and(|at| at <= now);
        match offset {
            CR => Ok(self.read_cr(now)),
            CFGR1 => Ok(self.cfgr1 | (self.cfgr1 & 0b11) << 2),
            CICR => Ok(0),
            BDCR => Ok(self.bdcr
                | self.lse.bits(bdcr::LSEON, bdcr::LSERDY, now)
                | if passes { bdcr::LSESYSRDY } else { 0 }
                | self.lsi.bits(bdcr::LSION, bdcr::LSIRDY, now)),
            CSR => Ok(self.causes.bits() | RANGES),
            _ => self.bank.read(offset),
        }
    }

    fn read_cr(&self, now: Time) -> u32 {
        let mut value = self.cr;
        for (oscillator, (on, ready)) in self.switched.iter().zip(SWITCHED) {
            value |= oscillator.bits(1 << on, 1 << ready, now);
        }
        value
    }

    /// A write. The backup domain takes one only if PWR has opened it.
    pub(super) fn write(&mut self, offset: u32, value: u32, backup_open: bool, now: Time) -> Answer<()> {
        match offset {
            CR => self.write_cr(value, now),
            ICSCR1 => self.write_ranges(value, now),
            CFGR1 => self.write_cfgr1(value, now),
            // The flags that it clears are clear.
            CICR => within(value, 0x0000_1fff).map(|_| ()),
            BDCR if backup_open => self.write_bdcr(value, now),
            BDCR => Ok(()),
            CSR => {
                self.causes.write(within(value, causes::RMVF | causes::ALL | RANGES)?);
                Ok(())
            }
            _ => self.bank.write(offset, value),
        }
    }

    fn write_cr(&mut self, value: u32, now: Time) -> Answer<()> {
        let bits = SWITCHED.iter().fold(0, |bits, (on, ready)| bits | 1 << on | 1 << ready);
        self.cr = within(value, CR_KEPT | bits)? & CR_KEPT;
        // The clock that the core has cannot be switched off.
        let held = if self.on_hsi() { HSI } else { MSIS };
        for (index, (oscillator, (on, _))) in self.switched.iter_mut().zip(SWITCHED).enumerate() {
            oscillator.switch(value >> on & 1 != 0 || index == held, now);
        }
        Ok(())
    }

    /// ICSCR1. A range may change while its oscillator is off or ready.
    fn write_ranges(&mut self, value: u32, now: Time) -> Answer<()> {
        for (index, shift) in [(MSIS, 28), (MSIK, 24)] {
            let oscillator = &self.switched[index];
            let changes = value >> shift & 0xf != self.range(shift);
            if changes && oscillator.is_on() && !oscillator.is_ready(now) {
                return Err(Refused::Unknown);
            }
        }
        self.bank.write(ICSCR1, value)
    }

    fn write_cfgr1(&mut self, value: u32, now: Time) -> Answer<()> {
        let kept = within(value, CFGR1_KEPT | SWS)? & CFGR1_KEPT;
        let ready = match kept & 0b11 {
            0 => self.switched[MSIS].is_ready(now),
            1 => self.switched[HSI].is_ready(now),
            _ => false,
        };
        // Switching to a clock that is not ready yet is not modelled.
        if !ready {
            return Err(Refused::Unknown);
        }
        self.cfgr1 = kept;
        Ok(())
    }

    fn write_bdcr(&mut self, value: u32, now: Time) -> Answer<()> {
        use bdcr::{BDRST, KEPT, LSEON, LSERDY, LSESYSEN, LSESYSRDY, LSION, LSIRDY};
        let value = within(value, KEPT | LSEON | LSERDY | LSESYSRDY | BDRST | LSION | LSIRDY)?;
        let held = value & BDRST != 0;
        let on = |bit| !held && value & bit != 0;
        self.bdcr = if held { BDRST } else { value & KEPT };
        self.lse.switch(on(LSEON), now);
        self.lsi.switch(on(LSION), now);
        let passes = || self.lse.ready_at().map(|at| at.max(now) + LSE_PASSES);
        self.lse_passes = if on(LSESYSEN) && self.lse.is_on() {
            self.lse_passes.or_else(passes)
        } else {
            None
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1);

    #[test]
    fn lse_reaches_lptim1_only_through_lsesysen() {
        let mut rcc = Rcc::new();
        assert_eq!(rcc.write(CCIPR3, 3 << 10, true, NOW), Ok(()));
        assert_eq!(rcc.write(BDCR, 1, true, NOW), Ok(()));
        let ready = NOW + LSE_STARTS;
        assert_eq!(rcc.read(BDCR, ready), Ok(0b11));
        assert_eq!(rcc.lptim1_clock(Time::from_s(100)), None);
        assert_eq!(rcc.write(BDCR, 0x83, true, ready), Ok(()));
        assert_eq!(rcc.due(ready), ready + LSE_PASSES);
        assert_eq!(rcc.read(BDCR, ready + LSE_PASSES), Ok(0x883));
        assert_eq!(
            rcc.lptim1_clock(ready + LSE_PASSES),
            Some(Clock::starting(ready + LSE_PASSES, LSE_HZ))
        );
    }

    #[test]
    fn a_range_of_msis_is_the_cores_clock_once_icscr1_is_chosen() {
        let mut rcc = Rcc::new();
        assert_eq!(rcc.read(CR, NOW), Ok(0x35));
        assert_eq!(rcc.core_hz(), 4_000_000);
        assert_eq!(rcc.write(ICSCR1, 0x3400_0000, false, NOW), Ok(()));
        assert_eq!(rcc.core_hz(), 4_000_000);
        assert_eq!(rcc.write(ICSCR1, 0x3480_0000, false, NOW), Ok(()));
        assert_eq!(rcc.core_hz(), 12_000_000);
        assert_eq!(rcc.write(CR, 1 << 24 | 1, false, NOW), Err(Refused::Unknown), "a PLL");
    }

    #[test]
    fn lptim1_in_stop_needs_its_bit_of_the_autonomous_mode() {
        let mut rcc = Rcc::new();
        assert_eq!(rcc.write(CCIPR3, 3 << 10, true, NOW), Ok(()));
        assert!(rcc.stop(true).is_err() && rcc.stop(false).is_ok());
        assert_eq!(rcc.write(SRDAMR, LPTIM1AMEN, true, NOW), Ok(()));
        assert!(rcc.stop(true).is_ok());
    }
}
