//! ICACHE, the instruction cache (RM0456, chapter ICACHE): its registers. What it saves is in the interval of the core's cycles.
//! Its counters, its remapping of addresses and its interrupts are not modelled.

use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, within},
    time::Time,
};

const CR: u32 = 0x00;
const SR: u32 = 0x04;
const FCR: u32 = 0x0c;

/// CR: the cache is on.
const EN: u32 = 1;
/// CR: forget everything.
const CACHEINV: u32 = 1 << 1;
/// CR: two ways, not one.
const WAYSEL: u32 = 1 << 2;
/// SR.
const BUSYF: u32 = 1;
const BSYENDF: u32 = 1 << 1;
/// How long the cache is busy with forgetting: it clears a line a cycle, 256 of them at 4 MHz.
const FORGETS: Time = Time::from_us(64);

/// The cache.
#[derive(Debug)]
pub(super) struct Icache {
    control: u32,
    busy_until: Time,
    /// The flag of an end of forgetting that has not been cleared stands from here on.
    ended: Option<Time>,
}

impl Icache {
    /// After a reset it forgets by itself.
    pub(super) fn new(now: Time) -> Self {
        Self {
            control: WAYSEL,
            busy_until: now + FORGETS,
            ended: None,
        }
    }

    pub(super) fn due(&self, now: Time) -> Time {
        if self.busy_until > now {
            self.busy_until
        } else {
            Time::NEVER
        }
    }

    pub(super) fn read(&self, offset: u32, now: Time) -> Answer<u32> {
        match offset {
            CR => Ok(self.control),
            SR if self.busy_until > now => Ok(BUSYF),
            SR => Ok(self.ended.map_or(0, |_| BSYENDF)),
            FCR => Ok(0),
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32, now: Time) -> Answer<()> {
        match offset {
            CR => {
                let value = within(value, EN | CACHEINV | WAYSEL)?;
                // The ways may change while the cache is off.
                if self.control & EN != 0 && (value ^ self.control) & WAYSEL != 0 {
                    return Err(Refused::Unknown);
                }
                self.control = value & !CACHEINV;
                if value & CACHEINV != 0 {
                    self.busy_until = now + FORGETS;
                    self.ended = Some(self.busy_until);
                }
            }
            FCR => {
                if within(value, BSYENDF | 1 << 2)? & BSYENDF != 0 {
                    self.ended = None;
                }
            }
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_busy_after_a_reset_and_after_it_is_told_to_forget() {
        let mut cache = Icache::new(Time::ZERO);
        assert_eq!(cache.read(SR, Time::from_us(1)), Ok(BUSYF));
        let later = Time::from_us(100);
        assert_eq!(cache.read(SR, later), Ok(0));
        assert_eq!(cache.write(CR, EN | WAYSEL | CACHEINV, later), Ok(()));
        assert_eq!((cache.read(SR, later), cache.due(later)), (Ok(BUSYF), later + FORGETS));
        assert_eq!(cache.read(SR, later + FORGETS), Ok(BSYENDF));
        assert_eq!(cache.write(FCR, BSYENDF, later + FORGETS), Ok(()));
        assert_eq!(cache.read(SR, later + FORGETS), Ok(0));
        assert_eq!(cache.read(CR, later), Ok(EN | WAYSEL));
        assert_eq!(cache.write(CR, EN, later), Err(Refused::Unknown));
    }
}
