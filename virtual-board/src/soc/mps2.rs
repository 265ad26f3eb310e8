//! Arm's MPS2 and MPS2+ boards with the images of four application notes: two CMSDK APB timers, the LEDs, the memory.
//!
//! Sources: application notes AN385, AN386, AN500 and AN505 for memory maps, interrupts and the LEDs' register (CFG_REG1 of
//! the Serial Communication Controller); the Cortex-M System Design Kit's manual (DDI 0479) for the timers. Times at the edge
//! of a tick are those of `qemu-system-arm`, so that both read the same counts.

use crate::{
    bus::{Access, Bus, Lines, Refused},
    core::{Profile, profile},
    event::{Event, Events, Pin, ResetCause, What},
    memory::{Kind, Memory, Region},
    soc::{Soc, cmsdk::Timer},
    time::Time,
};

/// The application note that says what the board's FPGA contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Note {
    /// AN385: Cortex-M3, 25 MHz.
    An385,
    /// AN386: Cortex-M4 with floating point, 25 MHz.
    An386,
    /// AN500: Cortex-M7, 25 MHz.
    An500,
    /// AN505: Cortex-M33 in an IoT Kit, 20 MHz, seen from its secure state.
    An505,
}

/// Where things lie.
struct Map {
    /// The first registers of timers 0 and 1.
    timers: [u32; 2],
    /// Their interrupts.
    interrupts: [u16; 2],
    /// CFG_REG1, the LEDs.
    leds: u32,
    /// The peripherals' space: what lies there and is not modelled ends the run.
    peripherals: [(u32, u32); 3],
}

const CLASSIC: Map = Map {
    timers: [0x4000_0000, 0x4000_1000],
    interrupts: [8, 9],
    leds: 0x4002_f004,
    // APB and AHB peripherals, Ethernet and the display; the mirrors of the two SSRAMs.
    peripherals: [
        (0x4000_0000, 0x5fff_ffff),
        (0x0040_0000, 0x007f_ffff),
        (0x2040_0000, 0x207f_ffff),
    ],
};

const SECURE: Map = Map {
    timers: [0x5000_0000, 0x5000_1000],
    interrupts: [3, 4],
    leds: 0x5030_0004,
    // Both aliases of the peripherals; non-secure aliases of the SSRAMs, and the RAM within the IoT Kit.
    peripherals: [
        (0x4000_0000, 0x5fff_ffff),
        (0x0000_0000, 0x0fff_ffff),
        (0x2000_0000, 0x37ff_ffff),
    ],
};

impl Note {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::An385, Self::An386, Self::An500, Self::An505];

    /// The clock of core and timers.
    #[must_use]
    pub const fn clock_hz(self) -> u64 {
        match self {
            Self::An505 => 20_000_000,
            _ => 25_000_000,
        }
    }

    const fn map(self) -> &'static Map {
        match self {
            Self::An505 => &SECURE,
            _ => &CLASSIC,
        }
    }

    /// The core.
    #[must_use]
    pub const fn profile(self) -> Profile {
        match self {
            Self::An385 => profile::CORTEX_M3.with_interrupts(32),
            Self::An386 => profile::CORTEX_M4F.with_interrupts(32),
            Self::An500 => profile::CORTEX_M7.with_interrupts(32),
            Self::An505 => profile::CORTEX_M33.with_vector_table(0x1000_0000),
        }
    }

    /// Its memory, zero where nothing is loaded. The SSRAM from which a program runs is loaded by the board's controller before
    /// the core starts, and counts as flash here: a program that stores to itself ends the run.
    #[must_use]
    pub fn memory(self) -> Memory {
        let code = |base| Region {
            kind: Kind::Flash,
            ..Region::ram("SSRAM 1", base, 4 << 20)
        };
        let ram = |base| Region::ram("SSRAM 2 and 3", base, 4 << 20);
        let large = |base| Region::ram("PSRAM", base, 16 << 20);
        Memory::new(match self {
            Self::An385 | Self::An386 => vec![code(0), ram(0x2000_0000), large(0x2100_0000)],
            Self::An500 => vec![code(0), ram(0x2000_0000), large(0x6000_0000)],
            Self::An505 => vec![code(0x1000_0000), ram(0x3800_0000), large(0x8000_0000)],
        })
    }
}

/// The peripherals of an MPS2 board that the project's images use.
#[derive(Debug)]
pub struct Mps2 {
    note: Note,
    timers: [Timer; 2],
    leds: u8,
    events: Events,
}

/// The peripheral of an address.
enum Register {
    /// A timer's register at this offset.
    Timer(usize, u32),
    /// CFG_REG1.
    Leds,
}

/// Names of the timers in events.
const TIMERS: [&str; 2] = ["TIMER0", "TIMER1"];

impl Mps2 {
    /// The board's peripherals as they are after power-on.
    #[must_use]
    pub fn new(note: Note) -> Self {
        Self {
            note,
            timers: [Timer::new(note.clock_hz()); 2],
            leds: 0,
            events: Events::default(),
        }
    }

    /// The eight LEDs, LED 0 as bit 0.
    #[must_use]
    pub const fn leds(&self) -> u8 {
        self.leds
    }

    /// What lies at an address. All registers are words.
    fn register(&self, access: Access) -> Result<Register, Refused> {
        let map = self.note.map();
        let address = access.address;
        let timer = map.timers.iter().position(|base| *base == address & !0xfff);
        match timer {
            _ if !access.is_whole_word() => Err(nothing(map, address)),
            Some(index) => Ok(Register::Timer(index, address & 0xfff)),
            None if address == map.leds => Ok(Register::Leds),
            None => Err(nothing(map, address)),
        }
    }

    fn write_leds(&mut self, value: u32, access: Access) -> Result<(), Refused> {
        let leds = u8::try_from(value).map_err(|_| Refused::Unknown)?;
        for led in 0..8 {
            if (leds ^ self.leds) >> led & 1 != 0 {
                let pin = Pin {
                    name: format!("LED{led}"),
                    driven: Some(leds >> led & 1 != 0),
                    pull: None,
                };
                self.events.caused(access.now, access.pc, What::Pin(pin));
            }
        }
        self.leds = leds;
        Ok(())
    }
}

/// Why an address without a model has no answer: something is there on the board, or nothing.
fn nothing(map: &Map, address: u32) -> Refused {
    let within = map
        .peripherals
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&address));
    if within { Refused::Unknown } else { Refused::Fault }
}

impl Bus for Mps2 {
    fn read(&mut self, access: Access, _: &mut Memory) -> Result<u32, Refused> {
        let (peripheral, value) = match self.register(access)? {
            Register::Timer(index, offset) => (TIMERS[index], self.timers[index].read(offset, access.now)?),
            Register::Leds => ("SCC", self.leds.into()),
        };
        self.events.read(access, peripheral, value);
        Ok(value)
    }

    fn write(&mut self, access: Access, value: u32, memory: &mut Memory) -> Result<(), Refused> {
        let address = access.address;
        if memory.region(address).is_some_and(|region| region.kind == Kind::Flash) {
            return Err(Refused::Unknown);
        }
        let peripheral = match self.register(access)? {
            Register::Timer(index, offset) => {
                self.timers[index].write(offset, value, access.now)?;
                TIMERS[index]
            }
            Register::Leds => {
                self.write_leds(value, access)?;
                "SCC"
            }
        };
        self.events.written(access, peripheral, value);
        Ok(())
    }
}

impl Soc for Mps2 {
    fn due(&self) -> Time {
        let [first, second] = self.timers.each_ref().map(Timer::due);
        first.min(second)
    }

    fn advance(&mut self, now: Time, _: &mut Memory) {
        self.timers.iter_mut().for_each(|timer| timer.advance(now));
    }

    fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        for (timer, interrupt) in self.timers.iter().zip(self.note.map().interrupts) {
            lines.set(interrupt, timer.interrupt());
        }
        lines
    }

    fn sleeping(&mut self, _: bool, _: bool, _: Time) {}

    fn take_reset(&mut self) -> Option<ResetCause> {
        None
    }

    /// A reset of the system resets the timers. The Serial Communication Controller belongs to the board and keeps the LEDs.
    fn reset(&mut self, _: ResetCause, _: Time) {
        self.timers = [Timer::new(self.note.clock_hz()); 2];
    }

    fn take_events(&mut self) -> Vec<Event> {
        self.events.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Width;

    fn at(address: u32, ns: u64) -> Access {
        Access {
            address,
            width: Width::Word,
            now: Time::from_ns(ns),
            pc: 0x100,
        }
    }

    #[test]
    fn an_alarm_raises_its_line_when_it_is_due() {
        for (note, base, line, period_ns) in [(Note::An386, 0x4000_1000, 9, 40), (Note::An505, 0x5000_1000, 4, 50)] {
            let mut memory = note.memory();
            let mut board = Mps2::new(note);
            for (offset, value) in [(8, 0), (4, 1000), (0xc, 1), (0, 9)] {
                board.write(at(base + offset, 640), value, &mut memory).unwrap();
            }
            let due = Time::from_ns(640 + 1000 * period_ns);
            assert_eq!(board.due(), due);
            board.advance(due - Time::from_ps(1), &mut memory);
            assert_eq!(board.lines(), Lines::default());
            board.advance(due, &mut memory);
            assert_eq!(board.lines().0[0], 1 << line);
            assert_eq!(board.due(), Time::NEVER);
            board.write(at(base + 0xc, 10_000_000), 1, &mut memory).unwrap();
            assert_eq!(board.lines(), Lines::default());
        }
    }

    #[test]
    fn a_register_without_a_model_is_unknown_and_empty_space_a_fault() {
        let mut memory = Note::An386.memory();
        let mut board = Mps2::new(Note::An386);
        let mut read = |access: Access| board.read(access, &mut memory);
        for address in [0x4000_4000, 0x4000_0fe0, 0x4002_f000, 0x4020_0000, 0x0040_0000] {
            assert_eq!(read(at(address, 0)), Err(Refused::Unknown), "{address:#x}");
        }
        for address in [0x1fff_fffc, 0x0080_0000, 0x6000_0000, 0xa000_0000] {
            assert_eq!(read(at(address, 0)), Err(Refused::Fault), "{address:#x}");
        }
        // Registers are words.
        let byte = Access {
            width: Width::Byte,
            ..at(0x4000_0000, 0)
        };
        assert_eq!(read(byte), Err(Refused::Unknown));
    }

    #[test]
    fn a_program_that_stores_to_itself_ends_the_run() {
        let mut memory = Note::An505.memory();
        let mut board = Mps2::new(Note::An505);
        assert_eq!(board.write(at(0x1000_0000, 0), 1, &mut memory), Err(Refused::Unknown));
        assert_eq!(board.write(at(0x37ff_fffc, 0), 1, &mut memory), Err(Refused::Unknown));
        assert_eq!(board.write(at(0x3840_0000, 0), 1, &mut memory), Err(Refused::Fault));
    }

    #[test]
    fn an_led_that_changes_is_an_event() {
        let mut memory = Note::An385.memory();
        let mut board = Mps2::new(Note::An385);
        let leds = 0x4002_f004;
        for value in [1, 5, 4] {
            board.write(at(leds, 0), value, &mut memory).unwrap();
        }
        let pins: Vec<(String, Option<bool>)> = board
            .take_events()
            .into_iter()
            .filter_map(|event| match event.what {
                What::Pin(pin) => Some((pin.name, pin.driven)),
                _ => None,
            })
            .collect();
        assert_eq!(
            pins,
            [("LED0", true), ("LED2", true), ("LED0", false)].map(|(name, on)| (name.to_owned(), Some(on)))
        );
        board.reset(ResetCause::Software, Time::ZERO);
        assert_eq!(board.read(at(leds, 0), &mut memory), Ok(4));
        assert_eq!(board.write(at(leds, 0), 0x100, &mut memory), Err(Refused::Unknown));
    }
}
