//! GPIO, ports P0 and P1 (nRF52840 PS v1.8, 6.9). The DETECT signal reaches no other peripheral here.

use super::registers::{Answer, bit, within};
use crate::{
    bus::Refused,
    event::{Events, Pin, What},
    soc::wires::{I2cBus, Wire},
    time::Time,
};

/// Pins of both ports, P0.00 as 0 to P1.15 as 47.
pub const PINS: usize = 48;

/// In PIN_CNF: the pin is an output.
const OUTPUT: u32 = 1;
/// In PIN_CNF: the input buffer is disconnected. It is so after a reset.
const DISCONNECTED: u32 = 1 << 1;
/// Every bit that PIN_CNF has.
const PIN_CNF: u32 = 0x0003_070f;

/// The name of a pin, as the product specification has it.
pub(super) fn name(pin: usize) -> String {
    format!("P{}.{:02}", pin / 32, pin % 32)
}

/// The pin of a name such as "P0.26".
pub(super) fn pin(name: &str) -> Option<usize> {
    let (port, number) = name.strip_prefix('P')?.split_once('.')?;
    let (port, number): (usize, usize) = (port.parse().ok()?, number.parse().ok()?);
    let pin = port * 32 + number;
    (number < 32 && pin < PINS).then_some(pin)
}

/// What the chip does to a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Drive {
    driven: Option<bool>,
    pull: Option<bool>,
}

/// The ports.
#[derive(Debug)]
pub(super) struct Gpio {
    out: [u32; 2],
    config: [u32; PINS],
    latch: [u32; 2],
    detect_mode: [u32; 2],
    /// Pins that a controller of a bus has taken over, a bit each.
    owned: u64,
    /// Levels that something outside the chip drives.
    outside: [Option<bool>; PINS],
    /// As the last event told it.
    told: [Drive; PINS],
}

/// The pins of a port: P0 has 32, P1 has 16.
const fn all(port: usize) -> u32 {
    if port == 0 { u32::MAX } else { 0xffff }
}

/// The port and the register of it at an offset: P1's begin 0x300 after P0's.
fn port(offset: u32) -> (usize, u32) {
    if offset < 0x800 {
        (0, offset)
    } else {
        (1, offset - 0x300)
    }
}

impl Gpio {
    pub(super) const fn new() -> Self {
        Self {
            out: [0; 2],
            config: [DISCONNECTED; PINS],
            latch: [0; 2],
            detect_mode: [0; 2],
            owned: 0,
            outside: [None; PINS],
            told: [Drive {
                driven: None,
                pull: None,
            }; PINS],
        }
    }

    /// Every reset that the chip has makes inputs of all pins (5.3.6.8).
    pub(super) fn reset(&mut self) {
        *self = Self {
            outside: self.outside,
            told: self.told,
            ..Self::new()
        };
    }

    /// Something outside the chip drives a pin, or lets go of it.
    pub(super) fn drive_from_outside(&mut self, pin: usize, level: Option<bool>) {
        if let Some(outside) = self.outside.get_mut(pin) {
            *outside = level;
        }
    }

    /// A controller takes pins over or gives them back.
    pub(super) fn own(&mut self, pin: usize, owned: bool) {
        let bit = 1 << pin;
        self.owned = if owned { self.owned | bit } else { self.owned & !bit };
    }

    /// Whether the input buffer of a pin is connected.
    pub(super) fn senses(&self, pin: usize) -> bool {
        self.config[pin] & DISCONNECTED == 0
    }

    fn out(&self, pin: usize) -> bool {
        self.out[pin / 32] >> (pin % 32) & 1 != 0
    }

    /// What the chip does to a pin, by PIN_CNF and OUT.
    fn drive(&self, pin: usize) -> Drive {
        let config = self.config[pin];
        let out = self.out(pin);
        // DRIVE: 4 and 5 leave a low output open, 6 and 7 a high one.
        let open = matches!((config >> 8 & 7, out), (4 | 5, false) | (6 | 7, true));
        let output = config & OUTPUT != 0 && self.owned >> pin & 1 == 0;
        Drive {
            driven: (output && !open).then_some(out),
            pull: match config >> 2 & 3 {
                1 => Some(false),
                3 => Some(true),
                _ => None,
            },
        }
    }

    /// The level of a pin. What nobody drives or pulls reads low.
    pub(super) fn level(&self, pin: usize, buses: &[I2cBus], now: Time) -> bool {
        let Drive { driven, pull } = self.drive(pin);
        let mut pulled = pull;
        for bus in buses {
            for (wire, at) in [(Wire::Scl, bus.wiring().scl), (Wire::Sda, bus.wiring().sda)] {
                if at != pin {
                    continue;
                }
                if bus.held(wire, now) {
                    return false;
                }
                if bus.wiring().pull_ups {
                    pulled = Some(true);
                }
            }
        }
        driven.or(self.outside[pin]).or(pulled).unwrap_or(false)
    }

    /// IN: pins whose input buffer is disconnected read low.
    fn input(&self, port: usize, buses: &[I2cBus], now: Time) -> u32 {
        let pins = (port * 32..PINS).take(32);
        pins.filter(|&pin| self.senses(pin) && self.level(pin, buses, now))
            .fold(0, |levels, pin| levels | 1 << (pin % 32))
    }

    /// DIR, which is bit 0 of every PIN_CNF.
    fn direction(&self, port: usize) -> u32 {
        let pins = (port * 32..PINS).take(32);
        pins.fold(0, |outputs, pin| outputs | (self.config[pin] & OUTPUT) << (pin % 32))
    }

    fn set_direction(&mut self, port: usize, outputs: u32) {
        for pin in (port * 32..PINS).take(32) {
            self.config[pin] = self.config[pin] & !OUTPUT | outputs >> (pin % 32) & OUTPUT;
        }
    }

    /// The pin whose PIN_CNF is at an offset.
    fn configured(port: usize, offset: u32) -> Option<usize> {
        let number = offset.checked_sub(0x700)? as usize / 4;
        let pin = port * 32 + number;
        (number < 32 && pin < PINS).then_some(pin)
    }

    pub(super) fn read(&self, offset: u32, buses: &[I2cBus], now: Time) -> Answer<u32> {
        let (port, register) = port(offset);
        match register {
            0x504 | 0x508 | 0x50c => Ok(self.out[port]),
            0x510 => Ok(self.input(port, buses, now)),
            0x514 | 0x518 | 0x51c => Ok(self.direction(port)),
            0x520 => Ok(self.latch[port]),
            0x524 => Ok(self.detect_mode[port]),
            _ => Self::configured(port, register)
                .map(|pin| self.config[pin])
                .ok_or(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        let (port, register) = port(offset);
        let outputs = self.direction(port);
        match register {
            0x504 => self.out[port] = within(value, all(port))?,
            0x508 => self.out[port] |= within(value, all(port))?,
            0x50c => self.out[port] &= !within(value, all(port))?,
            0x514 => self.set_direction(port, within(value, all(port))?),
            0x518 => self.set_direction(port, outputs | within(value, all(port))?),
            0x51c => self.set_direction(port, outputs & !within(value, all(port))?),
            0x520 => self.latch[port] &= !value,
            0x524 => self.detect_mode[port] = u32::from(bit(value)?),
            _ => {
                let pin = Self::configured(port, register).ok_or(Refused::Unknown)?;
                self.config[pin] = configuration(value)?;
            }
        }
        Ok(())
    }

    /// Tells of every pin that changed, and latches every pin at the level that it waits for.
    pub(super) fn settle(&mut self, buses: &[I2cBus], now: Time, pc: Option<u32>, events: &mut Events) {
        for pin in 0..PINS {
            let drive = self.drive(pin);
            if drive != self.told[pin] {
                self.told[pin] = drive;
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
            let sense = self.config[pin] >> 16;
            if sense != 0 && self.senses(pin) && self.level(pin, buses, now) == (sense == 2) {
                self.latch[pin / 32] |= 1 << (pin % 32);
            }
        }
    }
}

/// Checks a value of PIN_CNF: PULL 2 and SENSE 1 do not exist.
fn configuration(value: u32) -> Answer<u32> {
    let value = within(value, PIN_CNF)?;
    if value >> 2 & 3 == 2 || value >> 16 == 1 {
        Err(Refused::Unknown)
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards::nrf52840_dk::SENSOR;

    const NOW: Time = Time::ZERO;
    /// Input connected, drive S0D1, output.
    const OPEN_DRAIN: u32 = OUTPUT | 6 << 8;

    fn settled(gpio: &mut Gpio) -> Vec<Pin> {
        let mut events = Events::default();
        gpio.settle(&[], NOW, Some(8), &mut events);
        let pins = events.take().into_iter();
        pins.map(|event| {
            if let What::Pin(pin) = event.what {
                pin
            } else {
                unreachable!()
            }
        })
        .collect()
    }

    #[test]
    fn an_output_is_told_once_when_it_changes() {
        let mut gpio = Gpio::new();
        assert_eq!(gpio.write(0x808, 1 << 1), Ok(()));
        assert_eq!(settled(&mut gpio), [], "it is an input yet");
        assert_eq!(gpio.write(0xa04, OUTPUT | DISCONNECTED), Ok(()));
        assert_eq!(
            settled(&mut gpio),
            [Pin {
                name: "P1.01".into(),
                driven: Some(true),
                pull: None
            }]
        );
        assert_eq!(settled(&mut gpio), []);
        assert_eq!(gpio.read(0x814, &[], NOW), Ok(1 << 1));
        assert_eq!(gpio.write(0x81c, 1 << 1), Ok(()));
        assert_eq!(
            settled(&mut gpio),
            [Pin {
                name: "P1.01".into(),
                driven: None,
                pull: None
            }]
        );
    }

    #[test]
    fn an_open_drain_output_leaves_high_to_the_pull_up() {
        let mut gpio = Gpio::new();
        let buses = [I2cBus::new(SENSOR)];
        assert_eq!(gpio.write(0x768, OPEN_DRAIN), Ok(()));
        assert_eq!(gpio.read(0x510, &buses, NOW), Ok(0));
        assert_eq!(gpio.write(0x508, 1 << 26), Ok(()));
        assert_eq!(gpio.read(0x510, &buses, NOW), Ok(1 << 26));
        assert_eq!(
            gpio.read(0x510, &[], NOW),
            Ok(0),
            "without a pull-up nothing makes it high"
        );
        assert_eq!(gpio.write(0x768, OPEN_DRAIN | 3 << 2), Ok(()));
        assert_eq!(gpio.read(0x510, &[], NOW), Ok(1 << 26), "the chip's own pull-up does");
        assert_eq!(gpio.read(0x504, &[], NOW), Ok(1 << 26));
    }

    #[test]
    fn a_disconnected_input_reads_low() {
        let mut gpio = Gpio::new();
        gpio.drive_from_outside(3, Some(true));
        assert_eq!(gpio.read(0x510, &[], NOW), Ok(0));
        assert_eq!(gpio.write(0x70c, 0), Ok(()));
        assert_eq!(gpio.read(0x510, &[], NOW), Ok(1 << 3));
    }

    #[test]
    fn a_latch_remembers_a_level_until_it_is_written() {
        let mut gpio = Gpio::new();
        assert_eq!(gpio.write(0x714, 2 << 16), Ok(()));
        settled(&mut gpio);
        assert_eq!(gpio.read(0x520, &[], NOW), Ok(0));
        gpio.drive_from_outside(5, Some(true));
        settled(&mut gpio);
        gpio.drive_from_outside(5, Some(false));
        assert_eq!(gpio.read(0x520, &[], NOW), Ok(1 << 5));
        assert_eq!(gpio.write(0x520, 1 << 5), Ok(()));
        assert_eq!(gpio.read(0x520, &[], NOW), Ok(0));
    }

    #[test]
    fn port_1_has_16_pins() {
        let mut gpio = Gpio::new();
        assert_eq!(gpio.write(0x808, 1 << 16), Err(Refused::Unknown));
        assert_eq!(gpio.write(0xa00 + 4 * 16, 0), Err(Refused::Unknown));
        assert_eq!(gpio.write(0xa00 + 4 * 15, 0), Ok(()));
        assert_eq!(gpio.write(0x700, 2 << 2), Err(Refused::Unknown), "no such pull");
        assert_eq!(
            (pin("P1.15"), pin("P1.16"), pin("P0.32"), pin("27")),
            (Some(47), None, None, None)
        );
        assert_eq!(name(26), "P0.26");
    }

    #[test]
    fn a_reset_makes_inputs_of_all_pins() {
        let mut gpio = Gpio::new();
        assert_eq!(gpio.write(0x700, OUTPUT), Ok(()));
        settled(&mut gpio);
        gpio.reset();
        assert_eq!(
            settled(&mut gpio),
            [Pin {
                name: "P0.00".into(),
                driven: None,
                pull: None
            }]
        );
    }
}
