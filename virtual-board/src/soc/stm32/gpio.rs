//! A port of 16 pins (RM0351, chapter GPIO; RM0456, chapter GPIO).
//!
//! What an alternate function drives is its controller's matter: such a pin counts as not driven here. The lock register is not
//! modelled.

use super::registers::{Answer, Bank, Register, within};
use crate::{
    bus::Refused,
    event::{Events, Pin, What},
    time::Time,
};

const MODER: u32 = 0x00;
const OTYPER: u32 = 0x04;
const OSPEEDR: u32 = 0x08;
const PUPDR: u32 = 0x0c;
const IDR: u32 = 0x10;
const ODR: u32 = 0x14;
const BSRR: u32 = 0x18;
const AFRL: u32 = 0x20;
const AFRH: u32 = 0x24;
const BRR: u32 = 0x28;

/// MODER of a pin.
const OUTPUT: u32 = 1;
const ALTERNATE: u32 = 2;
const ANALOG: u32 = 3;

const fn table(moder: u32, pupdr: u32, ospeedr: u32) -> [Register; 8] {
    [
        Register::whole(MODER, moder),
        Register::new(OTYPER, 0, 0xffff),
        Register::whole(OSPEEDR, ospeedr),
        Register::whole(PUPDR, pupdr),
        Register::new(ODR, 0, 0xffff),
        Register::whole(AFRL, 0),
        Register::whole(AFRH, 0),
        // STM32L4: ASCR, which joins pins and ADC; STM32U5: HSLVR, for low supplies.
        Register::new(0x2c, 0, 0xffff),
    ]
}

/// Port A: the debug port's pins are not analog after a reset.
const A: &[Register] = &table(0xabff_ffff, 0x6400_0000, 0x0c00_0000);
/// Port B: PB3 and PB4 are the debug port's too.
const B: &[Register] = &table(0xffff_febf, 0x0000_0100, 0);
/// Any other port: all pins are analog after a reset.
const OTHER: &[Register] = &table(0xffff_ffff, 0, 0);

/// What the chip does to a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Drive {
    driven: Option<bool>,
    pull: Option<bool>,
}

/// A port.
#[derive(Debug)]
pub(in crate::soc) struct Gpio {
    letter: char,
    bank: Bank,
    /// Pins with a pull-up resistor outside the chip.
    pulled_up: u16,
    /// As the last event told it.
    told: [Drive; 16],
}

impl Gpio {
    /// The port of a letter, "A" to "I".
    pub(in crate::soc) fn new(letter: char) -> Self {
        let bank = Bank::new(match letter {
            'A' => A,
            'B' => B,
            _ => OTHER,
        });
        let mut port = Self {
            letter,
            bank,
            pulled_up: 0,
            told: [Drive::default(); 16],
        };
        // What the pins do after a reset is no news.
        port.told = std::array::from_fn(|pin| port.drive(pin));
        port
    }

    pub(in crate::soc) fn reset(&mut self) {
        self.bank.reset();
    }

    /// The name of a pin, as the manual has it.
    pub(in crate::soc) fn name(&self, pin: usize) -> String {
        format!("P{}{pin}", self.letter)
    }

    /// A resistor outside the chip pulls a pin up.
    pub(in crate::soc) fn pull_up(&mut self, pin: usize) {
        self.pulled_up |= 1 << pin;
    }

    fn mode(&self, pin: usize) -> u32 {
        self.bank.bits(MODER, u32::MAX) >> (2 * pin) & 3
    }

    /// Whether a pin is given to the alternate function of a number.
    pub(in crate::soc) fn has_function(&self, pin: usize, function: u32) -> bool {
        let register = if pin < 8 { AFRL } else { AFRH };
        let selected = self.bank.bits(register, u32::MAX) >> (4 * (pin % 8)) & 0xf;
        self.mode(pin) == ALTERNATE && selected == function
    }

    fn drive(&self, pin: usize) -> Drive {
        let bit = |register| self.bank.bits(register, 1 << pin) != 0;
        let out = bit(ODR);
        let open = bit(OTYPER) && out;
        let analog = self.mode(pin) == ANALOG;
        Drive {
            driven: (self.mode(pin) == OUTPUT && !open).then_some(out),
            pull: match self.bank.bits(PUPDR, u32::MAX) >> (2 * pin) & 3 {
                1 if !analog => Some(true),
                2 if !analog => Some(false),
                _ => None,
            },
        }
    }

    /// The level of a pin, where `held` are those that something outside holds low, a bit each. What nobody drives or pulls reads
    /// low.
    pub(in crate::soc) fn level(&self, pin: usize, held: u16) -> bool {
        if held >> pin & 1 != 0 {
            return false;
        }
        let Drive { driven, pull } = self.drive(pin);
        let outside = (self.pulled_up >> pin & 1 != 0).then_some(true);
        driven.or(outside).or(pull).unwrap_or(false)
    }

    /// IDR: analog pins read low.
    fn input(&self, held: u16) -> u32 {
        let high = |pin: &usize| self.mode(*pin) != ANALOG && self.level(*pin, held);
        (0..16).filter(high).fold(0, |levels, pin| levels | 1 << pin)
    }

    /// A program reads a register; `held` as for [`Self::level`].
    pub(in crate::soc) fn read(&self, offset: u32, held: u16) -> Answer<u32> {
        match offset {
            IDR => Ok(self.input(held)),
            // Write only.
            BSRR | BRR => Ok(0),
            _ => self.bank.read(offset),
        }
    }

    pub(in crate::soc) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        let out = self.bank.bits(ODR, 0xffff);
        match offset {
            IDR => Err(Refused::Unknown),
            // Setting wins over resetting.
            BSRR => self.bank.write(ODR, out & !(value >> 16) | value & 0xffff),
            BRR => {
                let reset = within(value, 0xffff)?;
                self.bank.write(ODR, out & !reset)
            }
            _ => self.bank.write(offset, value),
        }
    }

    /// Tells of every pin that changed.
    pub(in crate::soc) fn settle(&mut self, now: Time, pc: Option<u32>, events: &mut Events) {
        for pin in 0..16 {
            let drive = self.drive(pin);
            if std::mem::replace(&mut self.told[pin], drive) == drive {
                continue;
            }
            let what = What::Pin(Pin {
                name: self.name(pin),
                driven: drive.driven,
                pull: drive.pull,
            });
            match pc {
                Some(pc) => events.caused(now, pc, what),
                None => events.push(now, what),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(port: &mut Gpio) -> Vec<(String, Option<bool>)> {
        let mut events = Events::default();
        port.settle(Time::ZERO, Some(8), &mut events);
        let pin = |what| match what {
            What::Pin(pin) => (pin.name, pin.driven),
            other => unreachable!("{other:?}"),
        };
        events.take().into_iter().map(|event| pin(event.what)).collect()
    }

    #[test]
    fn an_output_is_told_when_it_is_driven_and_when_it_changes() {
        let mut port = Gpio::new('B');
        assert_eq!(port.write(BSRR, 1 << 2), Ok(()));
        assert_eq!(settled(&mut port), [], "it is analog yet");
        assert_eq!(port.write(MODER, 0xffff_fe9f), Ok(()));
        assert_eq!(settled(&mut port), [("PB2".to_owned(), Some(true))]);
        assert_eq!(port.write(BRR, 1 << 2), Ok(()));
        assert_eq!(settled(&mut port), [("PB2".to_owned(), Some(false))]);
        port.reset();
        assert_eq!(settled(&mut port), [("PB2".to_owned(), None)]);
    }

    #[test]
    fn an_open_drain_output_leaves_high_to_the_pull_up() {
        let mut port = Gpio::new('D');
        assert_eq!(port.write(OTYPER, 1 << 8), Ok(()));
        assert_eq!(port.write(MODER, OUTPUT << 16), Ok(()));
        assert_eq!(port.write(BSRR, 1 << 8), Ok(()));
        assert_eq!(port.read(IDR, 0), Ok(0));
        port.pull_up(8);
        assert_eq!(port.read(IDR, 0), Ok(1 << 8));
        assert_eq!(port.read(IDR, 1 << 8), Ok(0), "somebody else holds it");
        assert_eq!(port.write(BSRR, 1 << 24), Ok(()));
        assert_eq!(port.read(IDR, 0), Ok(0));
    }

    #[test]
    fn a_pin_has_the_function_that_it_is_given() {
        let mut port = Gpio::new('C');
        assert_eq!(port.write(AFRH, 4 << 8), Ok(()));
        assert!(!port.has_function(10, 4), "it is analog yet");
        assert_eq!(port.write(MODER, ALTERNATE << 20), Ok(()));
        assert!(port.has_function(10, 4) && !port.has_function(10, 5) && !port.has_function(2, 4));
    }
}
