//! The pins of bank 0: IO_BANK0, PADS_BANK0 and the GPIO registers of SIO (RP2350 data sheet, 9.4 Function select, 9.6 Pads, 9.7
//! Pad isolation latches and 3.1.11 SIO, register list).
//!
//! Functions are SIO, I2C and none; overrides, interrupts of pins and the bank of the flash's pins are not modelled.

use super::pin_names::{PINS, i2c_role, name};
use crate::{
    bus::Refused,
    event::{Events, Pin, What},
    soc::{
        stm32::registers::{Answer, within},
        wires::{I2cBus, Wire, Wiring},
    },
    time::Time,
};

/// A bit for each pin.
const ALL: u32 = (1 << PINS as u32) - 1;

/// FUNCSEL: what drives a pin.
const FUNCTION_I2C: u32 = 3;
const FUNCTION_SIO: u32 = 5;
const FUNCTION_NONE: u32 = 0x1f;

/// A pad: pull-down, pull-up, input enabled, output disabled, isolated.
const PDE: u32 = 1 << 2;
const PUE: u32 = 1 << 3;
const IE: u32 = 1 << 6;
const OD: u32 = 1 << 7;
const ISO: u32 = 1 << 8;
const PAD: u32 = 0x1ff;
/// A pad after a reset: isolated, no input, pulled down.
const PAD_RESET: u32 = 0x116;

/// Registers of IO_BANK0 that enable and force interrupts of pins, for both cores and for the end of DORMANT: they stay 0.
const INTERRUPTS: std::ops::Range<u32> = 0x248..0x320;

/// The GPIO registers of SIO.
const GPIO_IN: u32 = 0x04;
const GPIO_OUT: u32 = 0x10;
const GPIO_OE: u32 = 0x30;

/// What the chip does to a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Drive {
    driven: Option<bool>,
    pull: Option<bool>,
}

/// A pad's control register as a pull.
const fn pull(pad: u32) -> Option<bool> {
    match (pad & PUE != 0, pad & PDE != 0) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        // Both: a keeper of the last level, which nothing here uses.
        _ => None,
    }
}

/// The pins.
#[derive(Debug)]
pub(super) struct Pins {
    out: u32,
    enabled: u32,
    function: [u32; PINS],
    pad: [u32; PINS],
    /// As it was when the pad was isolated last, and as the last event told it.
    held: [Drive; PINS],
    told: [Drive; PINS],
}

impl Pins {
    pub(super) const fn new() -> Self {
        let pulled = Drive {
            driven: None,
            pull: Some(false),
        };
        Self {
            out: 0,
            enabled: 0,
            function: [FUNCTION_NONE; PINS],
            pad: [PAD_RESET; PINS],
            held: [pulled; PINS],
            told: [pulled; PINS],
        }
    }

    /// RESETS resets IO_BANK0.
    pub(super) fn reset_functions(&mut self) {
        self.function = [FUNCTION_NONE; PINS];
    }

    /// RESETS resets PADS_BANK0.
    pub(super) fn reset_pads(&mut self) {
        self.pad = [PAD_RESET; PINS];
    }

    /// The watchdog resets SIO too.
    pub(super) fn reset_sio(&mut self) {
        (self.out, self.enabled) = (0, 0);
    }

    /// What the chip does to a pin.
    fn drive(&self, pin: usize) -> Drive {
        let pad = self.pad[pin];
        if pad & ISO != 0 {
            return self.held[pin];
        }
        let output = self.function[pin] == FUNCTION_SIO && self.enabled >> pin & 1 != 0 && pad & OD == 0;
        Drive {
            driven: output.then_some(self.out >> pin & 1 != 0),
            pull: pull(pad),
        }
    }

    /// The pins that a controller of I2C has, SCL before SDA: those whose function is that, and whose pads let it in and out.
    pub(super) fn of_controller(&self, controller: usize) -> Vec<(&'static str, usize)> {
        let open = |pin: usize| self.function[pin] == FUNCTION_I2C && self.pad[pin] & (IE | OD | ISO) == IE;
        let mut pins: Vec<_> = (0..PINS)
            .filter(|pin| open(*pin) && i2c_role(*pin).0 == controller)
            .map(|pin| (i2c_role(pin).1, pin))
            .collect();
        pins.sort_unstable();
        pins
    }

    /// The level of a pin. What nobody drives or pulls reads low.
    pub(super) fn level(&self, pin: usize, buses: &[I2cBus], now: Time) -> bool {
        let Drive { driven, mut pull } = self.drive(pin);
        for bus in buses {
            let Wiring { scl, sda, pull_ups } = bus.wiring();
            for (wire, _) in [(Wire::Scl, scl), (Wire::Sda, sda)]
                .into_iter()
                .filter(|(_, at)| *at == pin)
            {
                if bus.held(wire, now) {
                    return false;
                }
                if pull_ups {
                    pull = Some(true);
                }
            }
        }
        driven.or(pull).unwrap_or(false)
    }

    /// GPIO_IN: a pad whose input is not enabled, or that is isolated, reads low.
    fn input(&self, buses: &[I2cBus], now: Time) -> u32 {
        (0..PINS)
            .filter(|pin| self.pad[*pin] & (IE | ISO) == IE && self.level(*pin, buses, now))
            .fold(0, |levels, pin| levels | 1 << pin)
    }

    /// A register of IO_BANK0: CTRL of each pin. STATUS and interrupts are not modelled.
    fn controlled(offset: u32) -> Answer<usize> {
        let pin = (offset / 8) as usize;
        if offset % 8 == 4 && pin < PINS {
            Ok(pin)
        } else {
            Err(Refused::Unknown)
        }
    }

    pub(super) fn read_io(&self, offset: u32) -> Answer<u32> {
        if INTERRUPTS.contains(&offset) {
            return Ok(0);
        }
        Ok(self.function[Self::controlled(offset)?])
    }

    pub(super) fn write_io(&mut self, offset: u32, value: u32) -> Answer<()> {
        if INTERRUPTS.contains(&offset) {
            return within(value, 0).map(|_| ());
        }
        let pin = Self::controlled(offset)?;
        match value {
            FUNCTION_I2C | FUNCTION_SIO | FUNCTION_NONE => self.function[pin] = value,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    /// A register of PADS_BANK0: one of each pin. The voltage and the pads of the debugger are not modelled.
    fn padded(offset: u32) -> Answer<usize> {
        let pin = (offset / 4).checked_sub(1).ok_or(Refused::Unknown)? as usize;
        if pin < PINS { Ok(pin) } else { Err(Refused::Unknown) }
    }

    pub(super) fn read_pads(&self, offset: u32) -> Answer<u32> {
        Ok(self.pad[Self::padded(offset)?])
    }

    pub(super) fn write_pads(&mut self, offset: u32, value: u32) -> Answer<()> {
        let pin = Self::padded(offset)?;
        let value = within(value, PAD)?;
        if self.pad[pin] & ISO == 0 && value & ISO != 0 {
            self.held[pin] = self.drive(pin);
        }
        self.pad[pin] = value;
        Ok(())
    }

    /// A GPIO register of SIO; none where it is another.
    pub(super) fn read_sio(&self, offset: u32, buses: &[I2cBus], now: Time) -> Option<u32> {
        match offset {
            GPIO_IN => Some(self.input(buses, now)),
            GPIO_OUT => Some(self.out),
            GPIO_OE => Some(self.enabled),
            _ => None,
        }
    }

    /// Writes one: the value, or what is set, cleared or inverted of it.
    pub(super) fn write_sio(&mut self, offset: u32, value: u32) -> Answer<()> {
        let (register, old) = match offset {
            0x10 | 0x18 | 0x20 | 0x28 => (GPIO_OUT, self.out),
            0x30 | 0x38 | 0x40 | 0x48 => (GPIO_OE, self.enabled),
            _ => return Err(Refused::Unknown),
        };
        let value = within(value, ALL)?;
        let new = match offset - register {
            0x00 => value,
            0x08 => old | value,
            0x10 => old & !value,
            _ => old ^ value,
        };
        match register {
            GPIO_OUT => self.out = new,
            _ => self.enabled = new,
        }
        Ok(())
    }

    /// Tells of every pin that changed.
    pub(super) fn settle(&mut self, now: Time, pc: Option<u32>, events: &mut Events) {
        for pin in 0..PINS {
            let drive = self.drive(pin);
            if std::mem::replace(&mut self.told[pin], drive) == drive {
                continue;
            }
            let what = What::Pin(Pin {
                name: name(pin),
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

    fn told(pins: &mut Pins) -> Vec<(String, Option<bool>, Option<bool>)> {
        let mut events = Events::default();
        pins.settle(Time::ZERO, Some(8), &mut events);
        let pin = |event: crate::event::Event| match event.what {
            What::Pin(Pin { name, driven, pull }) => (name, driven, pull),
            other => unreachable!("{other:?}"),
        };
        events.take().into_iter().map(pin).collect()
    }

    #[test]
    fn an_output_of_sio_is_told_when_its_pad_is_no_longer_isolated() {
        let mut pins = Pins::new();
        assert_eq!(pins.write_io(8 * 16 + 4, FUNCTION_SIO), Ok(()));
        assert_eq!(pins.write_sio(0x38, 1 << 16), Ok(()));
        assert_eq!(pins.write_sio(0x18, 1 << 16), Ok(()));
        assert_eq!(told(&mut pins), [], "it is isolated yet");
        assert_eq!(pins.write_pads(4 + 4 * 16, IE), Ok(()));
        assert_eq!(told(&mut pins), [("GPIO16".to_owned(), Some(true), None)]);
        assert_eq!(pins.read_sio(GPIO_IN, &[], Time::ZERO), Some(1 << 16));
        assert_eq!(pins.write_sio(0x28, 1 << 16), Ok(()));
        assert_eq!(told(&mut pins), [("GPIO16".to_owned(), Some(false), None)]);
        assert_eq!(pins.write_pads(4 + 4 * 16, IE | ISO), Ok(()));
        assert_eq!(pins.write_sio(0x18, 1 << 16), Ok(()));
        assert_eq!(told(&mut pins), [], "its pad holds what it had");
    }

    #[test]
    fn an_input_reads_what_pulls_it_if_it_is_enabled() {
        let mut pins = Pins::new();
        let buses = [I2cBus::new(Wiring {
            scl: 5,
            sda: 6,
            pull_ups: true,
        })];
        let input = |pins: &Pins| pins.read_sio(GPIO_IN, &buses, Time::ZERO);
        assert_eq!(input(&pins), Some(0));
        assert_eq!(pins.write_pads(4 + 4 * 5, IE), Ok(()));
        assert_eq!(pins.write_pads(4 + 4 * 4, IE | PUE), Ok(()));
        assert_eq!(input(&pins), Some(1 << 5 | 1 << 4));
        // An open-drain output: its level is 0, and enabling it drives that.
        assert_eq!(pins.write_io(8 * 5 + 4, FUNCTION_SIO), Ok(()));
        assert_eq!(pins.write_sio(0x38, 1 << 5), Ok(()));
        assert_eq!(input(&pins), Some(1 << 4));
        assert_eq!(pins.write_sio(0x40, 1 << 5), Ok(()));
        assert_eq!(input(&pins), Some(1 << 5 | 1 << 4));
    }

    #[test]
    fn there_are_30_pins_with_three_functions() {
        let mut pins = Pins::new();
        assert_eq!(
            (
                super::super::pin_names::pin("GPIO29"),
                super::super::pin_names::pin("GPIO30"),
                super::super::pin_names::pin("29")
            ),
            (Some(29), None, None)
        );
        assert_eq!(pins.read_io(8 * 29 + 4), Ok(FUNCTION_NONE));
        assert_eq!(pins.read_io(8 * 30 + 4), Err(Refused::Unknown));
        assert_eq!(pins.read_io(8), Err(Refused::Unknown), "STATUS");
        assert_eq!(pins.write_io(4, 2), Err(Refused::Unknown), "UART");
        assert_eq!((pins.read_io(0x2d8), pins.write_io(0x2d8, 0)), (Ok(0), Ok(())));
        assert_eq!(pins.write_io(0x2d8, 1), Err(Refused::Unknown), "an interrupt");
        assert_eq!(pins.read_pads(4), Ok(PAD_RESET));
        assert_eq!(pins.read_pads(0), Err(Refused::Unknown));
        assert_eq!(pins.write_sio(0x10, 1 << 30), Err(Refused::Unknown));
    }

    #[test]
    fn a_controller_has_the_pins_whose_function_and_pad_are_its_own() {
        let mut pins = Pins::new();
        for pin in [4, 5, 6] {
            assert_eq!(pins.write_io(8 * pin + 4, FUNCTION_I2C), Ok(()));
        }
        assert_eq!(pins.of_controller(0), [], "their pads are isolated");
        for pin in [4, 5, 6] {
            assert_eq!(pins.write_pads(4 + 4 * pin, IE | PUE), Ok(()));
        }
        assert_eq!(pins.of_controller(0), [("SCL", 5), ("SDA", 4)]);
        assert_eq!(pins.of_controller(1), [("SDA", 6)]);
    }
}
