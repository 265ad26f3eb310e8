//! Registers that programs touch only because the chip has an anomaly (nRF52840 Revision 3 Errata), and the switch of the debug
//! port that a program must set since build code F (PS v1.8, 4.8.4).
//!
//! | Address | Anomaly |
//! | --- | --- |
//! | 0x4000_c520 to 0x4000_c534, 0x4000_c540 to 0x4000_c554, 0x4000_c560 to 0x4000_c570 | 66, TEMP: trim values have to be copied from FICR |
//! | 0x4007_ac84 | 246, POWER: current of 350 uA in System ON idle; 2 keeps it away |

use super::registers::Answer;
use crate::bus::Refused;

/// The register that works around anomaly 246.
const ANOMALY_246: u32 = 0x4007_ac84;
/// APPROTECT.DISABLE.
const APPROTECT_DISABLE: u32 = 0x4000_0558;

/// The registers and what was written to them.
#[derive(Debug, Default)]
pub(super) struct Errata {
    /// TEMP's A, B and T.
    trim: [u32; 21],
    awake_with_dma: u32,
    /// Written with 0x5a, the program opens the debug port.
    approtect_disable: u32,
}

/// The trim value at an address.
fn trim(address: u32) -> Option<usize> {
    match address {
        0x4000_c520..=0x4000_c534 | 0x4000_c540..=0x4000_c554 | 0x4000_c560..=0x4000_c570 => {
            Some((address - 0x4000_c520) as usize / 4)
        }
        _ => None,
    }
}

/// The peripheral of a register that stands here, as its manual names it.
pub(super) fn peripheral(address: u32) -> Option<&'static str> {
    match address {
        ANOMALY_246 => Some("anomaly 246"),
        APPROTECT_DISABLE => Some("APPROTECT"),
        _ => trim(address).map(|_| "TEMP"),
    }
}

impl Errata {
    pub(super) fn read(&self, address: u32) -> Answer<u32> {
        match (address, trim(address)) {
            (ANOMALY_246, _) => Ok(self.awake_with_dma),
            (APPROTECT_DISABLE, _) => Ok(self.approtect_disable),
            (_, Some(register)) => self.trim.get(register).copied().ok_or(Refused::Unknown),
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, address: u32, value: u32) -> Answer<()> {
        match (address, trim(address)) {
            (ANOMALY_246, _) if matches!(value, 0 | 2) => self.awake_with_dma = value,
            (APPROTECT_DISABLE, _) if matches!(value, 0 | 0x5a) => self.approtect_disable = value,
            (_, Some(register)) => *self.trim.get_mut(register).ok_or(Refused::Unknown)? = value,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_of_anomalies_hold_what_is_known_of_them() {
        let mut errata = Errata::default();
        assert_eq!(errata.write(0x4000_c570, 0x50), Ok(()));
        assert_eq!(errata.read(0x4000_c570), Ok(0x50));
        assert_eq!(errata.read(0x4000_c520), Ok(0));
        assert_eq!(errata.write(0x4000_c538, 0), Err(Refused::Unknown), "between A5 and B0");
        assert_eq!(errata.write(ANOMALY_246, 2), Ok(()));
        assert_eq!(errata.write(ANOMALY_246, 3), Err(Refused::Unknown));
        assert_eq!(peripheral(0x4000_c508), None, "the sensor itself is not modelled");
    }
}
