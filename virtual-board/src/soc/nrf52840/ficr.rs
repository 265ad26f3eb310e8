//! FICR, what the factory wrote into the chip (nRF52840 PS v1.8, 4.4). Keys (ER, IR) are each chip's own and not modelled.

use super::registers::Answer;
use crate::bus::Refused;

/// Trim values of the temperature sensor, TEMP.A0 to A5, B0 to B5, T0 to T4. They are each chip's own; these are the
/// examples that the nRF52832 PS v1.4, 13.1, prints. Nothing here measures a temperature.
const TEMPERATURE: [u32; 17] = [
    0x320, 0x343, 0x35d, 0x400, 0x47f, 0x37b, 0x3fcc, 0x3f98, 0x3f98, 0x12, 0x4d, 0x3e10, 0xe2, 0, 0x14, 0x19, 0x50,
];

/// What is written in the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ficr {
    /// INFO.VARIANT: hardware version and production configuration in ASCII.
    pub variant: u32,
    /// DEVICEID.
    pub device_id: u64,
}

impl Ficr {
    /// Build code F0 (revision 3), whose debug port is closed until both UICR and a program open it.
    pub const REVISION_3: Self = Self {
        variant: u32::from_be_bytes(*b"AAF0"),
        device_id: 0x0123_4567_89ab_cdef,
    };
    /// Build code D0 (revision 2), whose debug port only UICR closes.
    pub const REVISION_2: Self = Self {
        variant: u32::from_be_bytes(*b"AAD0"),
        ..Self::REVISION_3
    };

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        match offset {
            // CODEPAGESIZE in bytes, CODESIZE in pages.
            0x010 => Ok(super::nvmc::PAGE_BYTES),
            0x014 => Ok(super::FLASH_BYTES as u32 / super::nvmc::PAGE_BYTES),
            0x060 => Ok(self.device_id as u32),
            0x064 => Ok((self.device_id >> 32) as u32),
            // INFO.PART, VARIANT, PACKAGE (QIAA, aQFN73), RAM and FLASH in KB.
            0x100 => Ok(0x0005_2840),
            0x104 => Ok(self.variant),
            0x108 => Ok(0x2004),
            0x10c => Ok(super::RAM_BYTES as u32 / 1024),
            0x110 => Ok(super::FLASH_BYTES as u32 / 1024),
            0x404..=0x444 => TEMPERATURE
                .get((offset as usize - 0x404) / 4)
                .copied()
                .ok_or(Refused::Unknown),
            _ => Err(Refused::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chip_says_what_it_is() {
        let ficr = Ficr::REVISION_3;
        assert_eq!(ficr.read(0x100), Ok(0x52840));
        assert_eq!(ficr.read(0x104), Ok(0x4141_4630));
        assert_eq!(ficr.read(0x014), Ok(256));
        assert_eq!((ficr.read(0x10c), ficr.read(0x110)), (Ok(256), Ok(1024)));
        assert_eq!((ficr.read(0x444), ficr.read(0x448)), (Ok(0x50), Err(Refused::Unknown)));
        assert_eq!(ficr.read(0x080), Err(Refused::Unknown), "a key");
    }
}
