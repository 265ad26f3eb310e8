//! NVMC, the controller of flash and UICR (nRF52840 PS v1.8, 4.3). The chip halts a core that runs from flash while flash is
//! busy; here it goes on and sees READY at 0.
//!
//! How often a word was written since its page was erased is not counted.

use super::{
    FLASH_BYTES,
    registers::{Answer, bit},
    uicr::Uicr,
};
use crate::{bus::Refused, memory::Memory, time::Time};

/// A word is written (4.3.9.1: at most).
pub const WRITE: Time = Time::from_us(41);
/// A page is erased, or UICR (4.3.9.1: at most).
pub const ERASE_PAGE: Time = Time::from_ms(85);
/// Everything is erased (4.3.9.1: at most).
pub const ERASE_ALL: Time = Time::from_ms(169);
/// Bytes of a page.
pub const PAGE_BYTES: u32 = 4096;

/// What CONFIG allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allows {
    Reading,
    Writing,
    Erasing,
}

/// The controller.
#[derive(Debug)]
pub(super) struct Nvmc {
    allows: Allows,
    busy_until: Time,
    /// ICACHECNF: the cache is on, and counts.
    cache: u32,
}

impl Nvmc {
    pub(super) const fn new() -> Self {
        Self {
            allows: Allows::Reading,
            busy_until: Time::ZERO,
            cache: 0,
        }
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        match offset {
            // READY, READYNEXT.
            0x400 | 0x408 => Ok(u32::from(self.busy_until <= now)),
            0x504 => Ok(self.allows as u32),
            0x540 => Ok(self.cache),
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) fn write(
        &mut self,
        offset: u32,
        value: u32,
        now: Time,
        memory: &mut Memory,
        uicr: &mut Uicr,
    ) -> Answer<()> {
        match offset {
            0x504 => {
                self.allows = match value {
                    0 => Allows::Reading,
                    1 => Allows::Writing,
                    2 => Allows::Erasing,
                    _ => return Err(Refused::Unknown),
                }
            }
            0x508 if value.is_multiple_of(PAGE_BYTES) && value < FLASH_BYTES as u32 => {
                self.erase(value, PAGE_BYTES, ERASE_PAGE, now, memory);
            }
            0x50c if bit(value)? => {
                self.erase(0, FLASH_BYTES as u32, ERASE_ALL, now, memory);
                self.erase_uicr(uicr);
            }
            0x514 if bit(value)? => {
                self.erase_uicr(uicr);
                self.busy(ERASE_PAGE, now);
            }
            0x50c | 0x514 => {}
            // The cache changes no value that is read. Its profile counts are not modelled.
            0x540 => self.cache = u32::from(bit(value)?),
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    fn busy(&mut self, span: Time, now: Time) {
        self.busy_until = self.busy_until.max(now) + span;
    }

    /// Erases flash, if CONFIG allows; else nothing happens.
    fn erase(&mut self, address: u32, bytes: u32, span: Time, now: Time, memory: &mut Memory) {
        if self.allows == Allows::Erasing && memory.put(address, &vec![0xff; bytes as usize]).is_some() {
            self.busy(span, now);
        }
    }

    fn erase_uicr(&self, uicr: &mut Uicr) {
        if self.allows == Allows::Erasing {
            uicr.erase();
        }
    }

    /// The core stores a word to flash. Bits can be cleared only.
    ///
    /// # Errors
    /// CONFIG does not allow it, and the chip answers with a bus error.
    pub(super) fn program_flash(&mut self, address: u32, value: u32, now: Time, memory: &mut Memory) -> Answer<()> {
        let old = memory.word(address).ok_or(Refused::Fault)?;
        let new = self.program(old, value, now)?;
        memory.put(address, &new.to_le_bytes()).ok_or(Refused::Fault)
    }

    /// What a word of flash or UICR becomes when it is written.
    ///
    /// # Errors
    /// CONFIG does not allow it, and the chip answers with a bus error.
    pub(super) fn program(&mut self, old: u32, value: u32, now: Time) -> Answer<u32> {
        if self.allows != Allows::Writing {
            return Err(Refused::Fault);
        }
        self.busy(WRITE, now);
        Ok(old & value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soc::nrf52840::memory;

    const fn us(us: u64) -> Time {
        Time::from_us(us)
    }

    #[test]
    fn a_word_is_written_in_41_us_and_loses_bits_only() {
        let (mut nvmc, mut memory, mut uicr) = (Nvmc::new(), memory(), Uicr::new());
        assert_eq!(
            nvmc.program_flash(0x1_0000, 0, us(0), &mut memory),
            Err(Refused::Fault),
            "CONFIG forbids it"
        );
        assert_eq!(nvmc.write(0x504, 1, us(0), &mut memory, &mut uicr), Ok(()));
        assert_eq!(nvmc.program_flash(0x1_0000, 0xffff_00ff, us(0), &mut memory), Ok(()));
        assert_eq!((nvmc.read(0x400, us(40)), nvmc.read(0x400, us(41))), (Ok(0), Ok(1)));
        assert_eq!(nvmc.program_flash(0x1_0000, 0x0f0f_0f0f, us(41), &mut memory), Ok(()));
        assert_eq!(memory.word(0x1_0000), Some(0x0f0f_000f));
    }

    #[test]
    fn a_page_is_erased_in_85_ms() {
        let (mut nvmc, mut memory, mut uicr) = (Nvmc::new(), memory(), Uicr::new());
        memory.put(0x1ffc, &[0; 8]).unwrap();
        assert_eq!(nvmc.write(0x508, 0x1000, us(0), &mut memory, &mut uicr), Ok(()));
        assert_eq!(memory.word(0x1ffc), Some(0), "not without CONFIG");
        assert_eq!(nvmc.write(0x504, 2, us(0), &mut memory, &mut uicr), Ok(()));
        assert_eq!(nvmc.write(0x508, 0x1000, us(0), &mut memory, &mut uicr), Ok(()));
        assert_eq!((memory.word(0x1ffc), memory.word(0x2000)), (Some(u32::MAX), Some(0)));
        assert_eq!(
            (nvmc.read(0x400, us(84_999)), nvmc.read(0x400, us(85_000))),
            (Ok(0), Ok(1))
        );
        assert_eq!(
            nvmc.write(0x508, 0x1004, us(0), &mut memory, &mut uicr),
            Err(Refused::Unknown)
        );
    }

    #[test]
    fn everything_is_erased_with_uicr() {
        let (mut nvmc, mut memory, mut uicr) = (Nvmc::new(), memory(), Uicr::new());
        memory.put(0xf_fffc, &[0; 4]).unwrap();
        uicr.put(0x200, 18).unwrap();
        assert_eq!(nvmc.write(0x504, 2, us(0), &mut memory, &mut uicr), Ok(()));
        assert_eq!(nvmc.write(0x50c, 1, us(0), &mut memory, &mut uicr), Ok(()));
        assert_eq!(
            (memory.word(0xf_fffc), uicr.read(0x200)),
            (Some(u32::MAX), Ok(u32::MAX))
        );
        assert_eq!(
            (nvmc.read(0x408, us(168_999)), nvmc.read(0x408, us(169_000))),
            (Ok(0), Ok(1))
        );
    }
}
