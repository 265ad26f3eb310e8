//! Nordic's nRF52840 around its core (nRF52840 Product Specification v1.8; sections are named at each peripheral).
//!
//! Modelled are the peripherals that the images of this project touch: CLOCK, POWER, RTC0 to RTC2, TWIM0 and TWIM1, WDT, GPIO,
//! NVMC, UICR, FICR and the registers of anomalies. Every other register, and every value that a model does not hold, ends the
//! run. GPIOTE, PPI, SPIM, TEMP, RNG, RADIO, USBD and the rest are not modelled.

mod clock;
mod errata;
mod ficr;
mod gpio;
mod loads;
mod nvmc;
mod outside;
mod power;
mod registers;
mod rtc;
mod twim;
mod uicr;
mod wdt;

pub use clock::{HFXO_STARTS, LFCLK_HZ, LFRC_STARTS, LFSYNT_STARTS, LFXO_STARTS};
pub use ficr::Ficr;
pub use gpio::PINS;
pub use nvmc::{ERASE_ALL, ERASE_PAGE, WRITE};

use self::{
    clock::Clock,
    errata::Errata,
    gpio::Gpio,
    nvmc::Nvmc,
    power::{Asks, Power},
    registers::Answer,
    rtc::Rtc,
    twim::{Around, Twim},
    uicr::Uicr,
    wdt::Wdt,
};
use crate::{
    bus::{Access, Bus, Lines, Refused},
    event::{Event, Events, ResetCause, What},
    memory::{Memory, Region},
    part::I2cPart,
    power::{Loads, Told},
    soc::{
        Soc,
        wires::{I2cBus, Wiring},
    },
    time::Time,
};

/// Bytes of flash, from address 0.
pub const FLASH_BYTES: usize = 1024 * 1024;
/// The first address of RAM.
pub const RAM_BASE: u32 = 0x2000_0000;
/// Bytes of RAM.
pub const RAM_BYTES: usize = 256 * 1024;
/// The core's clock, in hertz. It is fixed.
pub const CORE_HZ: u64 = 64_000_000;
/// Interrupts of the core's controller.
pub const INTERRUPTS: u16 = 48;
/// Bits of an interrupt's priority.
pub const PRIORITY_BITS: u8 = 3;
/// Where the core finds its vectors after a reset.
pub const VECTORS: u32 = 0;

/// Interrupt lines: a peripheral's line is bits 12 to 17 of its address (6.1.1).
pub mod line {
    /// POWER and CLOCK.
    pub const POWER_CLOCK: u16 = 0;
    /// TWIM0.
    pub const TWIM0: u16 = 3;
    /// TWIM1.
    pub const TWIM1: u16 = 4;
    /// RTC0.
    pub const RTC0: u16 = 11;
    /// WDT.
    pub const WDT: u16 = 16;
    /// RTC1.
    pub const RTC1: u16 = 17;
    /// RTC2.
    pub const RTC2: u16 = 36;
}

/// The chip's memory: erased flash, and RAM of zeros.
#[must_use]
pub fn memory() -> Memory {
    Memory::new(vec![
        Region::flash("flash", 0, FLASH_BYTES),
        Region::ram("RAM", RAM_BASE, RAM_BYTES),
    ])
}

/// The chip, with the parts on its buses.
#[derive(Debug)]
pub struct Nrf52840 {
    clock: Clock,
    power: Power,
    rtc: [Rtc; 3],
    twim: [Twim; 2],
    wdt: Wdt,
    gpio: Gpio,
    nvmc: Nvmc,
    uicr: Uicr,
    ficr: Ficr,
    errata: Errata,
    buses: Vec<I2cBus>,
    asleep: bool,
    told: Told,
    events: Events,
    stop: Option<String>,
}

/// A peripheral, by its addresses.
#[derive(Debug, Clone, Copy)]
enum Block {
    Clock,
    Power,
    Rtc(usize),
    Twim(usize),
    Wdt,
    Gpio,
    Nvmc,
    Uicr,
    Ficr,
    Errata,
}

impl Nrf52840 {
    /// A chip as it comes on, with parts on the bus whose wiring is given.
    #[must_use]
    pub fn new(parts: Vec<Box<dyn I2cPart>>, wiring: Wiring) -> Self {
        let mut chip = Self {
            clock: Clock::new(),
            power: Power::new(),
            rtc: [Rtc::new(3), Rtc::new(4), Rtc::new(4)],
            twim: [Twim::new("TWIM0"), Twim::new("TWIM1")],
            wdt: Wdt::new(),
            gpio: Gpio::new(),
            nvmc: Nvmc::new(),
            uicr: Uicr::new(),
            ficr: Ficr::REVISION_3,
            errata: Errata::default(),
            buses: vec![I2cBus::new(wiring)],
            asleep: false,
            told: Told::default(),
            events: Events::default(),
            stop: None,
        };
        for part in parts {
            chip.bus(wiring).mount(part);
        }
        chip
    }

    /// The crystal of LFXO never starts, as where it is broken.
    pub const fn break_crystal(&mut self) {
        self.clock.break_crystal();
    }

    /// The peripheral at an address, its name and the offset in it.
    fn block(&self, address: u32) -> Answer<(Block, &'static str, u32)> {
        if let Some(name) = errata::peripheral(address) {
            return Ok((Block::Errata, name, address));
        }
        let offset = address & 0xfff;
        let (block, name) = match address & !0xfff {
            0x1000_0000 => (Block::Ficr, "FICR"),
            0x1000_1000 => (Block::Uicr, "UICR"),
            0x4000_0000 if power_owns(offset) => (Block::Power, "POWER"),
            0x4000_0000 => (Block::Clock, "CLOCK"),
            0x4000_3000 => (Block::Twim(0), self.twim[0].name()),
            0x4000_4000 => (Block::Twim(1), self.twim[1].name()),
            0x4000_b000 => (Block::Rtc(0), "RTC0"),
            0x4001_0000 => (Block::Wdt, "WDT"),
            0x4001_1000 => (Block::Rtc(1), "RTC1"),
            0x4001_e000 => (Block::Nvmc, "NVMC"),
            0x4002_4000 => (Block::Rtc(2), "RTC2"),
            0x5000_0000 => (Block::Gpio, "GPIO"),
            _ => return Err(elsewhere(address)),
        };
        Ok((block, name, offset))
    }

    fn read_block(&self, block: Block, offset: u32, now: Time) -> Answer<u32> {
        match block {
            Block::Clock => self.clock.read(offset, now),
            Block::Power => self.power.read(offset),
            Block::Rtc(index) => self.rtc[index].read(offset, now),
            Block::Twim(index) => self.twim[index].read(offset),
            Block::Wdt => self.wdt.read(offset),
            Block::Gpio => self.gpio.read(offset, &self.buses, now),
            Block::Nvmc => self.nvmc.read(offset, now),
            Block::Uicr => self.uicr.read(offset),
            Block::Ficr => self.ficr.read(offset),
            Block::Errata => self.errata.read(offset),
        }
    }

    fn write_block(
        &mut self,
        block: Block,
        offset: u32,
        value: u32,
        access: Access,
        memory: &mut Memory,
    ) -> Answer<()> {
        let now = access.now;
        match block {
            Block::Clock => {
                self.clock.write(offset, value, now)?;
                self.share_lfclk(now);
            }
            Block::Power => {
                if self.power.write(offset, value)? == Asks::SystemOff {
                    self.stop
                        .get_or_insert("System OFF: nothing wakes this board".to_owned());
                }
            }
            Block::Rtc(index) => self.rtc[index].write(offset, value, now)?,
            Block::Twim(index) => self.write_twim(index, offset, value, access, memory)?,
            Block::Wdt => self.write_wdt(offset, value, access)?,
            Block::Gpio => {
                self.gpio.write(offset, value)?;
                self.pins_changed(access);
            }
            Block::Nvmc => self.nvmc.write(offset, value, now, memory, &mut self.uicr)?,
            Block::Uicr => {
                let word = self.nvmc.program(self.uicr.read(offset)?, value, now)?;
                self.uicr.put(offset, word)?;
            }
            Block::Ficr => return Err(Refused::Unknown),
            Block::Errata => self.errata.write(offset, value)?,
        }
        Ok(())
    }

    fn write_twim(&mut self, index: usize, offset: u32, value: u32, access: Access, memory: &mut Memory) -> Answer<()> {
        let mut around = Around {
            gpio: &mut self.gpio,
            buses: &mut self.buses,
            memory,
            events: &mut self.events,
            stop: &mut self.stop,
        };
        self.twim[index].write(offset, value, access.now, &mut around)?;
        if offset == twim::ENABLE {
            self.pins_changed(access);
        }
        Ok(())
    }

    fn write_wdt(&mut self, offset: u32, value: u32, access: Access) -> Answer<()> {
        let clock = &mut self.clock;
        let ticks = || clock.keep_lfclk(access.now);
        if self.wdt.write(offset, value, access.now, ticks)? {
            self.events.caused(access.now, access.pc, What::WatchdogStarted);
            self.share_lfclk(access.now);
        }
        Ok(())
    }

    /// Tells the counters which LFCLK there is.
    fn share_lfclk(&mut self, now: Time) {
        let lfclk = self.clock.lfclk();
        for rtc in &mut self.rtc {
            rtc.set_lfclk(lfclk, now);
        }
    }

    /// After a write that may have changed pins: tells of them, and lets the parts see the wires.
    fn pins_changed(&mut self, access: Access) {
        self.gpio
            .settle(&self.buses, access.now, Some(access.pc), &mut self.events);
        for index in 0..self.buses.len() {
            let Wiring { scl, sda, .. } = self.buses[index].wiring();
            let level = |pin| self.gpio.level(pin, &self.buses, access.now);
            let (scl, sda) = (level(scl), level(sda));
            if let Err(reason) = self.buses[index].levels(scl, sda, access.now, &mut self.events) {
                self.stop.get_or_insert(reason);
            }
        }
    }

    /// Tells what draws from the supply, where that has changed.
    fn tell_power(&mut self, now: Time) {
        let now = if self.told.nothing() { Time::ZERO } else { now };
        for load in self.told.changes(self.loads()) {
            self.events.push(now, What::Load(load));
        }
        for bus in &mut self.buses {
            bus.tell_power(now, &mut self.events);
        }
    }

    /// Lets everything happen up to an access.
    fn catch_up(&mut self, access: Access, memory: &mut Memory) {
        if self.due() <= access.now {
            self.advance(access.now, memory);
        }
    }
}

/// Whether a register at 0x4000_0000 is POWER's; the rest is CLOCK's.
const fn power_owns(offset: u32) -> bool {
    matches!(
        offset,
        0x78 | 0x7c | 0x400 | 0x438 | 0x500 | 0x510 | 0x51c | 0x520 | 0x578 | 0x580 | 0x640 | 0x900..=0x98c
    )
}

/// What an address means at which no model is.
fn elsewhere(address: u32) -> Refused {
    match address {
        // Code RAM, XIP, peripherals, what is not documented, CryptoCell.
        0x0080_0000..=0x0083_ffff
        | 0x1000_0000..=0x19ff_ffff
        | 0x4000_0000..=0x400f_ffff
        | 0x5000_0000..=0x500f_ffff => Refused::Unknown,
        _ => Refused::Fault,
    }
}

/// Registers are words at multiples of 4.
fn whole_word(access: Access) -> Answer<()> {
    if access.is_whole_word() {
        Ok(())
    } else {
        Err(Refused::Unknown)
    }
}

impl Bus for Nrf52840 {
    fn read(&mut self, access: Access, memory: &mut Memory) -> Answer<u32> {
        let (block, peripheral, offset) = self.block(access.address)?;
        whole_word(access)?;
        self.catch_up(access, memory);
        let value = self.read_block(block, offset, access.now)?;
        self.events.read(access, peripheral, value);
        Ok(value)
    }

    fn write(&mut self, access: Access, value: u32, memory: &mut Memory) -> Answer<()> {
        let address = access.address;
        if (address as usize) < FLASH_BYTES {
            // Flash takes whole words only.
            whole_word(access).map_err(|_| Refused::Fault)?;
            return self.nvmc.program_flash(address, value, access.now, memory);
        }
        let (block, peripheral, offset) = self.block(address)?;
        whole_word(access)?;
        self.catch_up(access, memory);
        self.events.written(access, peripheral, value);
        self.write_block(block, offset, value, access, memory)?;
        self.tell_power(access.now);
        Ok(())
    }
}

impl Soc for Nrf52840 {
    fn due(&self) -> Time {
        let [rtc0, rtc1, rtc2] = &self.rtc;
        let [twim0, twim1] = &self.twim;
        let counters = rtc0.due().min(rtc1.due()).min(rtc2.due());
        let controllers = twim0.due().min(twim1.due());
        counters.min(controllers).min(self.clock.due()).min(self.wdt.due())
    }

    fn advance(&mut self, now: Time, memory: &mut Memory) {
        let happens = self.due() <= now || self.told.nothing();
        self.clock.advance(now);
        self.rtc.iter_mut().for_each(|rtc| rtc.advance(now));
        self.wdt.advance(now);
        for twim in &mut self.twim {
            let mut around = Around {
                gpio: &mut self.gpio,
                buses: &mut self.buses,
                memory,
                events: &mut self.events,
                stop: &mut self.stop,
            };
            twim.advance(now, &mut around);
        }
        if happens {
            self.tell_power(now);
        }
    }

    fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        lines.set(line::POWER_CLOCK, self.clock.line());
        lines.set(line::TWIM0, self.twim[0].line());
        lines.set(line::TWIM1, self.twim[1].line());
        lines.set(line::RTC0, self.rtc[0].line());
        lines.set(line::WDT, self.wdt.line());
        lines.set(line::RTC1, self.rtc[1].line());
        lines.set(line::RTC2, self.rtc[2].line());
        lines
    }

    fn sleeping(&mut self, asleep: bool, _deep: bool, now: Time) {
        self.asleep = asleep;
        self.clock.sleeping(asleep);
        self.wdt.sleeping(asleep, now);
        self.tell_power(now);
    }

    fn take_reset(&mut self) -> Option<ResetCause> {
        self.wdt.take_reset().then_some(ResetCause::Watchdog)
    }

    fn reset(&mut self, cause: ResetCause, now: Time) {
        self.power.reset(cause);
        if cause == ResetCause::Watchdog {
            self.wdt = Wdt::new();
            self.clock.release_lfclk();
        } else {
            self.wdt.survive(now);
        }
        self.clock.reset();
        let lfclk = self.clock.lfclk();
        self.rtc.iter_mut().for_each(|rtc| rtc.reset(lfclk));
        for twim in &mut self.twim {
            twim.reset(&mut self.buses);
        }
        self.gpio.reset();
        self.gpio.settle(&self.buses, now, None, &mut self.events);
        self.nvmc = Nvmc::new();
        self.errata = Errata::default();
        self.asleep = false;
        self.tell_power(now);
    }

    fn take_events(&mut self) -> Vec<Event> {
        self.events.take()
    }

    fn take_stop(&mut self) -> Option<String> {
        self.stop
            .take()
            .or_else(|| self.buses.iter_mut().find_map(I2cBus::take_stop))
    }
}

#[cfg(test)]
mod tests;
