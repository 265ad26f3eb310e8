//! Nordic's nRF51822 as the BBC micro:bit has it: TIMER0 and the pins, by the nRF51 Series Reference Manual, version 3.0.

use crate::{
    bus::{Access, Bus, Lines, Refused},
    core::{Profile, profile},
    event::{Event, Events, Pin, ResetCause, What},
    memory::{Kind, Memory, Region},
    soc::{Soc, nrf51_timer::Timer},
    time::Time,
};

/// The clock of core and timers.
pub const CLOCK_HZ: u64 = 16_000_000;

const TIMER0: u32 = 0x4000_8000;
/// TIMER0's interrupt.
const INTERRUPT: u16 = 8;
const GPIO: u32 = 0x5000_0000;

/// Registers of the pins (chapter 14): a bit for each pin.
const OUT: u32 = 0x504;
const OUTSET: u32 = 0x508;
const OUTCLR: u32 = 0x50c;
const DIR: u32 = 0x514;
const DIRSET: u32 = 0x518;
const DIRCLR: u32 = 0x51c;

/// Stretches in which something lies that ends the run where it is not modelled: FICR and UICR, peripherals, pins.
const MODELLED: [(u32, u32); 3] = [
    (0x1000_0000, 0x1000_1fff),
    (0x4000_0000, 0x4001_ffff),
    (0x5000_0000, 0x5000_0fff),
];

/// The core.
#[must_use]
pub const fn profile() -> Profile {
    profile::CORTEX_M0
}

/// 256 KB of erased flash and 16 KB of RAM.
#[must_use]
pub fn memory() -> Memory {
    Memory::new(vec![
        Region::flash("flash", 0, 256 << 10),
        Region::ram("RAM", 0x2000_0000, 16 << 10),
    ])
}

/// The chip's peripherals that the project's images use.
#[derive(Debug)]
pub struct Nrf51 {
    timer: Timer,
    out: u32,
    dir: u32,
    events: Events,
}

impl Default for Nrf51 {
    fn default() -> Self {
        Self::new()
    }
}

impl Nrf51 {
    /// The peripherals after power-on.
    #[must_use]
    pub fn new() -> Self {
        Self {
            timer: Timer::new(CLOCK_HZ),
            out: 0,
            dir: 0,
            events: Events::default(),
        }
    }

    fn read_pins(&self, offset: u32) -> Result<u32, Refused> {
        match offset {
            OUT | OUTSET | OUTCLR => Ok(self.out),
            DIR | DIRSET | DIRCLR => Ok(self.dir),
            _ => Err(Refused::Unknown),
        }
    }

    fn write_pins(&mut self, offset: u32, value: u32, access: Access) -> Result<(), Refused> {
        let (out, dir) = match offset {
            OUT => (value, self.dir),
            OUTSET => (self.out | value, self.dir),
            OUTCLR => (self.out & !value, self.dir),
            DIR => (self.out, value),
            DIRSET => (self.out, self.dir | value),
            DIRCLR => (self.out, self.dir & !value),
            _ => return Err(Refused::Unknown),
        };
        let driven = |out: u32, dir: u32, pin: u32| (dir >> pin & 1 != 0).then_some(out >> pin & 1 != 0);
        for pin in 0..32 {
            let now = driven(out, dir, pin);
            if now != driven(self.out, self.dir, pin) {
                let pin = Pin {
                    name: format!("P0.{pin:02}"),
                    driven: now,
                    pull: None,
                };
                self.events.caused(access.now, access.pc, What::Pin(pin));
            }
        }
        (self.out, self.dir) = (out, dir);
        Ok(())
    }
}

/// The peripheral of an access and the register's offset within it.
fn register(access: Access) -> Result<(&'static str, u32), Refused> {
    let address = access.address;
    let word = access.is_whole_word();
    match address & !0xfff {
        TIMER0 if word => Ok(("TIMER0", address & 0xfff)),
        GPIO if word => Ok(("GPIO", address & 0xfff)),
        _ => {
            let within = MODELLED.iter().any(|(first, last)| (*first..=*last).contains(&address));
            Err(if within { Refused::Unknown } else { Refused::Fault })
        }
    }
}

impl Bus for Nrf51 {
    fn read(&mut self, access: Access, _: &mut Memory) -> Result<u32, Refused> {
        let (peripheral, offset) = register(access)?;
        let value = match peripheral {
            "TIMER0" => self.timer.read(offset, access.now)?,
            _ => self.read_pins(offset)?,
        };
        self.events.read(access, peripheral, value);
        Ok(value)
    }

    fn write(&mut self, access: Access, value: u32, memory: &mut Memory) -> Result<(), Refused> {
        let address = access.address;
        if memory.region(address).is_some_and(|region| region.kind == Kind::Flash) {
            return Err(Refused::Unknown);
        }
        let (peripheral, offset) = register(access)?;
        match peripheral {
            "TIMER0" => self.timer.write(offset, value, access.now)?,
            _ => self.write_pins(offset, value, access)?,
        }
        self.events.written(access, peripheral, value);
        Ok(())
    }
}

impl Soc for Nrf51 {
    fn due(&self) -> Time {
        self.timer.due()
    }

    fn advance(&mut self, now: Time, _: &mut Memory) {
        self.timer.advance(now);
    }

    fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        lines.set(INTERRUPT, self.timer.interrupt());
        lines
    }

    fn sleeping(&mut self, _: bool, _: bool, _: Time) {}

    fn take_reset(&mut self) -> Option<ResetCause> {
        None
    }

    /// Timer and pins begin anew (chapter 12.1.3, table of reset behaviour).
    fn reset(&mut self, _: ResetCause, _: Time) {
        self.timer = Timer::new(CLOCK_HZ);
        (self.out, self.dir) = (0, 0);
    }

    fn take_events(&mut self) -> Vec<Event> {
        self.events.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn at(address: u32) -> Access {
        Access {
            address,
            width: Width::Word,
            now: Time::from_us(1),
            pc: 0x100,
        }
    }

    #[test]
    fn a_pin_is_driven_once_it_is_an_output() {
        let mut memory = memory();
        let mut chip = Nrf51::new();
        for (offset, value) in [
            (OUTSET, 0b10),
            (DIRSET, 0b1110),
            (OUTSET, 0b100),
            (OUTCLR, 0b10),
            (DIRCLR, 0b1000),
        ] {
            chip.write(at(GPIO + offset), value, &mut memory).unwrap();
        }
        let pins: Vec<(String, Option<bool>)> = chip
            .take_events()
            .into_iter()
            .filter_map(|event| match event.what {
                What::Pin(pin) => Some((pin.name, pin.driven)),
                _ => None,
            })
            .collect();
        let expected = [
            ("P0.01", Some(true)),
            ("P0.02", Some(false)),
            ("P0.03", Some(false)),
            ("P0.02", Some(true)),
            ("P0.01", Some(false)),
            ("P0.03", None),
        ];
        assert_eq!(pins, expected.map(|(name, driven)| (name.to_owned(), driven)));
        assert_eq!(chip.read(at(GPIO + OUT), &mut memory), Ok(0b100));
        assert_eq!(chip.read(at(GPIO + DIR), &mut memory), Ok(0b110));
    }

    #[test]
    fn a_register_without_a_model_is_unknown_and_empty_space_a_fault() {
        let mut memory = memory();
        let mut chip = Nrf51::new();
        for address in [
            0x1000_1014,
            0x4000_0000,
            0x4000_8200,
            0x4000_9000,
            0x5000_0510,
            0x5000_0700,
        ] {
            assert_eq!(
                chip.read(at(address), &mut memory),
                Err(Refused::Unknown),
                "{address:#x}"
            );
            assert_eq!(
                chip.write(at(address), 0, &mut memory),
                Err(Refused::Unknown),
                "{address:#x}"
            );
        }
        for address in [0x0004_0000, 0x1fff_fffc, 0x2000_4000, 0x6000_0000] {
            assert_eq!(chip.read(at(address), &mut memory), Err(Refused::Fault), "{address:#x}");
            assert_eq!(
                chip.write(at(address), 0, &mut memory),
                Err(Refused::Fault),
                "{address:#x}"
            );
        }
        assert_eq!(chip.write(at(0x100), 0, &mut memory), Err(Refused::Unknown));
    }

    #[test]
    fn the_timers_interrupt_is_line_8() {
        let mut memory = memory();
        let mut chip = Nrf51::new();
        for (offset, value) in [(0x508, 3), (0x510, 0), (0x544, 16), (0x304, 1 << 17), (0x000, 1)] {
            chip.write(at(TIMER0 + offset), value, &mut memory).unwrap();
        }
        assert_eq!(chip.due(), Time::from_us(2));
        chip.advance(Time::from_us(2), &mut memory);
        assert_eq!(chip.lines().0, [1 << 8, 0, 0, 0]);
        chip.reset(ResetCause::Software, Time::from_us(3));
        assert_eq!((chip.lines(), chip.due()), (Lines::default(), Time::NEVER));
    }
}
