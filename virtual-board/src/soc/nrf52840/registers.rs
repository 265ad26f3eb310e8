//! What Nordic's peripherals have in common: tasks, events and the registers that make interrupts of events (nRF52840 PS v1.8,
//! 6.1 Peripheral interface).

use crate::bus::Refused;

/// Answers of a register that may be refused.
pub(super) type Answer<T> = Result<T, Refused>;

/// Whether a write to a task's register triggers the task: 1 does, 0 does nothing.
pub(super) fn triggered(value: u32) -> Answer<bool> {
    bit(value)
}

/// A register of one bit.
pub(super) fn bit(value: u32) -> Answer<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Refused::Unknown),
    }
}

/// A value of which only the bits of `mask` may be set.
pub(super) fn within(value: u32, mask: u32) -> Answer<u32> {
    if value & !mask == 0 {
        Ok(value)
    } else {
        Err(Refused::Unknown)
    }
}

/// The offset of an event's register, for its number; its interrupt has the bit of the same number.
const EVENTS: u32 = 0x100;
/// Enables or disables interrupts.
const INTEN: u32 = 0x300;
/// Enables interrupts.
const INTENSET: u32 = 0x304;
/// Disables interrupts.
const INTENCLR: u32 = 0x308;

/// The events of a peripheral and the interrupts that they make.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// Events that the model generates, or that it knows and never generates.
    known: u32,
    /// Whether the peripheral has INTEN beside INTENSET and INTENCLR.
    inten: bool,
    raised: u32,
    enabled: u32,
}

impl Signals {
    pub(super) const fn new(known: u32, inten: bool) -> Self {
        Self {
            known,
            inten,
            raised: 0,
            enabled: 0,
        }
    }

    /// Generates an event.
    pub(super) fn raise(&mut self, event: u32) {
        self.raised |= 1 << event;
    }

    /// The interrupts that are enabled.
    pub(super) const fn enabled(&self) -> u32 {
        self.enabled
    }

    /// The level of the interrupt line.
    pub(super) const fn line(&self) -> bool {
        self.raised & self.enabled != 0
    }

    /// The event whose register this is.
    fn event(&self, offset: u32) -> Option<u32> {
        let event = offset.checked_sub(EVENTS)? / 4;
        (event < 32 && self.known >> event & 1 != 0).then_some(event)
    }

    /// A read of one of these registers; none where the offset is another's.
    pub(super) fn read(&self, offset: u32) -> Option<u32> {
        match offset {
            INTEN if !self.inten => None,
            INTEN | INTENSET | INTENCLR => Some(self.enabled),
            _ => self.event(offset).map(|event| self.raised >> event & 1),
        }
    }

    /// A write to one of these registers; none where the offset is another's. An event that a program generates by writing
    /// 1 is not modelled.
    pub(super) fn write(&mut self, offset: u32, value: u32) -> Option<Answer<()>> {
        match offset {
            INTEN if !self.inten => None,
            INTEN => Some(within(value, self.known).map(|value| self.enabled = value)),
            INTENSET => Some(within(value, self.known).map(|value| self.enabled |= value)),
            INTENCLR => {
                self.enabled &= !value;
                Some(Ok(()))
            }
            _ => self.event(offset).map(|event| {
                within(value, 0)?;
                self.raised &= !(1 << event);
                Ok(())
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_high_while_an_enabled_event_stands() {
        let mut signals = Signals::new(1 << 1 | 1 << 9, false);
        signals.raise(9);
        assert!(!signals.line());
        assert_eq!(signals.write(0x304, 1 << 9), Some(Ok(())));
        assert!(signals.line());
        assert_eq!(signals.read(0x124), Some(1));
        assert_eq!(signals.write(0x124, 0), Some(Ok(())));
        assert!(!signals.line());
        assert_eq!(signals.read(0x308), Some(1 << 9));
    }

    #[test]
    fn registers_that_a_peripheral_lacks_are_left_to_others() {
        let mut signals = Signals::new(1 << 1, false);
        assert_eq!(signals.read(0x300), None);
        assert_eq!(signals.read(0x100), None);
        assert_eq!(signals.write(0x100, 0), None);
        assert_eq!(signals.write(0x304, 1), Some(Err(Refused::Unknown)));
        assert_eq!(
            signals.write(0x308, u32::MAX),
            Some(Ok(())),
            "every interrupt may be disabled"
        );
        assert_eq!(signals.write(0x104, 1), Some(Err(Refused::Unknown)));
    }
}
