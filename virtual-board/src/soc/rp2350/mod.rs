//! Raspberry Pi's RP2350A around one of its cores (RP2350 data sheet; sections are named at each peripheral).
//!
//! Modelled is what the images of this project touch: the boot ROM's choice of an image, RESETS, PSM, CLOCKS with the oscillators
//! and PLLs, TICKS, TIMER0, WATCHDOG, I2C0 and I2C1, the pins of bank 0 with SIO, and the SLEEP state with its gates. Every other
//! register, and every value that a model does not hold, ends the run. The second core sleeps deeply in the boot ROM; a program
//! that would start it ends the run. DMA, PIO, PWM, USB, the RISC-V cores, Non-secure images, DORMANT and the states of POWMAN are
//! not modelled.
//!
//! An image in flash runs through a cache of 16 KB, of which every access is a hit here: misses are not modelled.

pub mod boot;
mod clocks;
mod i2c;
mod loads;
mod map;
mod outside;
mod pin_names;
mod pins;
mod resets;
mod sources;
mod ticks;
mod timer;
mod watchdog;

pub use pin_names::PINS;
pub use sources::XOSC_HZ;

use self::{
    clocks::Clocks,
    i2c::I2c,
    map::{Alias, Block, Target, target},
    pins::Pins,
    resets::{Psm, Resets},
    sources::Sources,
    ticks::Ticks,
    timer::Timer,
    watchdog::Watchdog,
};
use super::{CoreClock, Soc, stm32::registers::Answer, wires::I2cBus};
use crate::{
    bus::{Access, Bus, Lines, Refused},
    core::{Profile, profile::CORTEX_M33},
    event::{Event, Events, ResetCause, What},
    memory::{Memory, Region},
    power::Told,
    time::Time,
};

/// The first address of flash, read in place.
pub const FLASH_BASE: u32 = 0x1000_0000;
/// Bytes of the Pico 2's flash.
pub const FLASH_BYTES: usize = 4 * 1024 * 1024;
/// The first address of SRAM0 to SRAM9, which lie behind each other.
pub const SRAM_BASE: u32 = 0x2000_0000;
/// Bytes of SRAM.
pub const SRAM_BYTES: usize = 520 * 1024;

/// Interrupt lines (3.2).
pub mod line {
    /// The first of TIMER0's four.
    pub const TIMER0_0: u16 = 0;
    /// I2C0. I2C1's is the next.
    pub const I2C0: u16 = 36;
}

/// The core, started by the boot ROM with a vector table. It is Secure, as the image is.
#[must_use]
pub fn profile(vector_table: u32) -> Profile {
    CORTEX_M33
        .with_vector_table(vector_table)
        .with_interrupts(52)
        .with_priority_bits(4)
}

/// The chip's memory: erased flash, and SRAM of zeros.
#[must_use]
pub fn memory() -> Memory {
    Memory::new(vec![
        Region::flash("flash", FLASH_BASE, FLASH_BYTES),
        Region::ram("SRAM", SRAM_BASE, SRAM_BYTES),
    ])
}

/// SIO beside its pins (3.1): CPUID, the mailboxes of the two cores, and the spinlocks.
const CPUID: u32 = 0x00;
const FIFO_WR: u32 = 0x54;
const SPINLOCK0: u32 = 0x100;
const SPINLOCK31: u32 = 0x17c;
/// POWMAN's VREG (6.4): 1.10 V, which this model does not change.
const VREG: u32 = 0x0c;
const VREG_1_10_V: u32 = 0xb0;

/// The chip.
#[derive(Debug)]
pub struct Rp2350 {
    clocks: Clocks,
    sources: Sources,
    ticks: Ticks,
    timer: Timer,
    watchdog: Watchdog,
    resets: Resets,
    psm: Psm,
    pins: Pins,
    i2c: [I2c; 2],
    buses: Vec<I2cBus>,
    /// Spinlocks that are taken, a bit each.
    taken: u32,
    /// The core's clock as it was told last.
    told: CoreClock,
    /// The core sleeps, in whatever depth.
    asleep: bool,
    told_loads: Told,
    /// The present instant, as far as the chip has come.
    now: Time,
    events: Events,
    stop: Option<String>,
}

impl Rp2350 {
    /// A chip as the boot ROM hands it over.
    #[must_use]
    pub fn new() -> Self {
        let (clocks, sources) = (Clocks::new(), Sources::new());
        let hz = clocks.sys_hz(&sources, Time::ZERO).unwrap_or_default();
        Self {
            clocks,
            sources,
            ticks: Ticks::default(),
            timer: Timer::new(),
            watchdog: Watchdog::new(),
            resets: Resets::new(),
            psm: Psm::new(),
            pins: Pins::new(),
            i2c: [I2c::new("I2C0"), I2c::new("I2C1")],
            buses: Vec::new(),
            taken: 0,
            told: CoreClock { hz, wait_states: 0 },
            asleep: false,
            told_loads: Told::default(),
            now: Time::ZERO,
            events: Events::default(),
            stop: None,
        }
    }

    fn end(&mut self, why: impl Into<String>) {
        self.stop.get_or_insert(why.into());
    }

    /// A program uses a peripheral that RESETS holds: the data sheet does not say what then comes back.
    fn is_there(&mut self, target: &Target) -> bool {
        let held = self.resets.holds(target.reset);
        if held {
            self.end(format!("{} is used while RESETS holds it in reset", target.name));
        }
        !held
    }

    /// A register's value; reading it this way changes nothing.
    fn peek(&self, block: Block, offset: u32, now: Time) -> Answer<u32> {
        match block {
            Block::Clocks => self.clocks.read(offset),
            Block::Psm => self.psm.read(offset),
            Block::Resets => self.resets.read(offset),
            Block::IoBank0 => self.pins.read_io(offset),
            Block::PadsBank0 => self.pins.read_pads(offset),
            Block::Xosc => self.sources.xosc.read(offset, now),
            Block::Pll(index) => self.sources.plls[index].read(offset, now),
            Block::I2c(index) => self.i2c[index].peek(offset),
            Block::Timer0 => self.timer.peek(offset, now),
            Block::Watchdog => self.watchdog.read(offset, now),
            Block::Rosc => self.sources.rosc.read(offset),
            Block::Powman if offset == VREG => Ok(VREG_1_10_V),
            Block::Powman => Err(Refused::Unknown),
            Block::Ticks => self.ticks.read(offset),
            Block::Sio => self.pins.read_sio(offset, &self.buses, now).ok_or(Refused::Unknown),
        }
    }

    fn read_block(&mut self, block: Block, offset: u32, now: Time) -> Answer<u32> {
        match (block, offset) {
            (Block::Timer0, _) => self.timer.read(offset, now),
            (Block::I2c(index), _) => self.i2c[index].read(offset),
            (Block::Sio, CPUID) => Ok(0),
            (Block::Sio, SPINLOCK0..=SPINLOCK31) => {
                // A read takes it: it reads 0 where it was taken before.
                let lock = 1 << ((offset - SPINLOCK0) / 4);
                let free = lock & !self.taken;
                self.taken |= lock;
                Ok(free)
            }
            _ => self.peek(block, offset, now),
        }
    }

    fn write_block(&mut self, block: Block, offset: u32, value: u32, access: Access) -> Answer<()> {
        let now = access.now;
        match block {
            Block::Clocks => self.clocks.write(offset, value)?,
            Block::Psm => self.psm.write(offset, value)?,
            Block::Resets => {
                self.resets.write(offset, value)?;
                self.hold_in_reset(now);
            }
            Block::IoBank0 => self.pins.write_io(offset, value)?,
            Block::PadsBank0 => self.pins.write_pads(offset, value)?,
            Block::Xosc => self.sources.xosc.write(offset, value, now)?,
            Block::Pll(index) => {
                let crystal = self.sources.xosc.hz(now);
                self.sources.plls[index].write(offset, value, crystal, now)?;
            }
            Block::I2c(index) => self.write_i2c(index, offset, value, access)?,
            Block::Timer0 => self.timer.write(offset, value, now)?,
            Block::Watchdog => {
                if self.watchdog.write(offset, value, now)? {
                    self.events.caused(now, access.pc, What::WatchdogStarted);
                }
            }
            Block::Rosc => self.sources.rosc.write(offset, value)?,
            Block::Powman => return Err(Refused::Unknown),
            Block::Ticks => self.ticks.write(offset, value)?,
            Block::Sio => self.write_sio(offset, value)?,
        }
        match block {
            Block::Clocks | Block::Resets | Block::Xosc | Block::Pll(_) | Block::Rosc | Block::Ticks => {
                self.share_clocks(now, Some(access.pc));
            }
            _ => {}
        }
        if matches!(block, Block::Resets | Block::IoBank0 | Block::PadsBank0 | Block::Sio) {
            self.pins.settle(now, Some(access.pc), &mut self.events);
            self.wires_changed(now);
        }
        Ok(())
    }

    fn write_i2c(&mut self, index: usize, offset: u32, value: u32, access: Access) -> Answer<()> {
        self.with_i2c(index, access.now, |i2c, around| {
            i2c.write(offset, value, access.now, around)
        })?;
        if let Some(what) = self.i2c[index].tell(self.pins.of_controller(index)) {
            self.events.caused(access.now, access.pc, what);
        }
        Ok(())
    }

    fn write_sio(&mut self, offset: u32, value: u32) -> Answer<()> {
        match offset {
            SPINLOCK0..=SPINLOCK31 => self.taken &= !(1 << ((offset - SPINLOCK0) / 4)),
            FIFO_WR => self.end("the program starts the second core, which is not modelled"),
            _ => self.pins.write_sio(offset, value)?,
        }
        Ok(())
    }

    /// Puts every peripheral that RESETS holds into the state after a reset.
    fn hold_in_reset(&mut self, now: Time) {
        for (index, bit) in resets::PLLS.into_iter().enumerate() {
            if self.resets.holds(bit) {
                self.sources.plls[index] = sources::Pll::new();
            }
        }
        for (index, bit) in resets::I2C.into_iter().enumerate() {
            if self.resets.holds(bit) {
                self.with_i2c(index, now, I2c::reset);
            }
        }
        if self.resets.holds(resets::TIMER0) {
            self.timer = Timer::new();
        }
        if self.resets.holds(resets::IO_BANK0) {
            self.pins.reset_functions();
        }
        if self.resets.holds(resets::PADS_BANK0) {
            self.pins.reset_pads();
        }
        self.share_clocks(now, None);
    }

    /// Hands on clocks that may have changed.
    fn share_clocks(&mut self, now: Time, pc: Option<u32>) {
        let reference = self.clocks.ref_hz(&self.sources, now);
        let divided = reference.filter(|_| self.clocks.runs(clocks::REF_TICKS));
        let there = self.clocks.runs(clocks::TIMER0) && !self.resets.holds(resets::TIMER0);
        let timer = self.ticks.hz(ticks::TIMER0, divided).filter(|_| there);
        self.timer.set_rate(timer, now);
        let there = self.clocks.runs(clocks::WATCHDOG);
        let watchdog = self.ticks.hz(ticks::WATCHDOG, divided).filter(|_| there);
        self.watchdog.set_rate(watchdog, now);
        let Some(hz) = self.clocks.sys_hz(&self.sources, now).filter(|hz| *hz != 0) else {
            self.end("the system clock is switched to a source that does not run: the core stands still");
            return;
        };
        let clock = CoreClock { hz, wait_states: 0 };
        if std::mem::replace(&mut self.told, clock) != clock {
            let what = What::CoreClock { hz, wait_states: 0 };
            match pc {
                Some(pc) => self.events.caused(now, pc, what),
                None => self.events.push(now, what),
            }
        }
    }

    /// Everything but the oscillators begins anew.
    fn reset_by_watchdog(&mut self, now: Time) {
        if !self.psm.resets_all_but_oscillators() {
            self.end("the watchdog bites, and PSM's WDSEL is not all but the two oscillators, which is not modelled");
        }
        self.clocks = Clocks::new();
        self.ticks = Ticks::default();
        self.resets = Resets::new();
        self.psm = Psm::new();
        self.pins.reset_sio();
        self.taken = 0;
        self.hold_in_reset(now);
    }
}

impl Default for Rp2350 {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus for Rp2350 {
    fn read(&mut self, access: Access, memory: &mut Memory) -> Answer<u32> {
        let target = target(access)?;
        self.advance(access.now, memory);
        if !self.is_there(&target) {
            return Ok(0);
        }
        // Through an alias a read has no effect.
        let value = match target.alias {
            Alias::Plain => self.read_block(target.block, target.offset, access.now)?,
            _ => self.peek(target.block, target.offset, access.now)?,
        };
        let register = Access {
            address: target.base + target.offset,
            ..access
        };
        self.events.read(register, target.name, value);
        Ok(value)
    }

    fn write(&mut self, access: Access, value: u32, memory: &mut Memory) -> Answer<()> {
        let target = target(access)?;
        self.advance(access.now, memory);
        if !self.is_there(&target) {
            return Ok(());
        }
        let old = || self.peek(target.block, target.offset, access.now);
        let value = match target.alias {
            Alias::Plain => value,
            Alias::Xor => old()? ^ value,
            Alias::Set => old()? | value,
            Alias::Clear => old()? & !value,
        };
        // Rules see the register itself, and what it holds afterwards.
        let register = Access {
            address: target.base + target.offset,
            ..access
        };
        self.events.written(register, target.name, value);
        self.write_block(target.block, target.offset, value, access)?;
        self.tell_power(access.now);
        Ok(())
    }
}

impl Soc for Rp2350 {
    fn due(&self) -> Time {
        let [first, second] = &self.i2c;
        let counters = self.timer.due().min(self.watchdog.due());
        counters
            .min(first.due())
            .min(second.due())
            .min(self.sources.due(self.now))
    }

    fn advance(&mut self, now: Time, _: &mut Memory) {
        let happens = self.due() <= now || self.told_loads.nothing();
        self.now = self.now.max(now);
        self.timer.advance(now);
        self.watchdog.advance(now);
        for index in 0..self.i2c.len() {
            if self.i2c[index].due() <= now {
                self.with_i2c(index, now, |i2c, around| i2c.advance(now, around));
            }
        }
        if happens {
            self.tell_power(now);
        }
    }

    fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        for alarm in 0..4 {
            lines.set(line::TIMER0_0 + alarm, self.timer.lines() >> alarm & 1 != 0);
        }
        for (index, i2c) in (0..).zip(&self.i2c) {
            lines.set(line::I2C0 + index, i2c.line());
        }
        lines
    }

    fn sleeping(&mut self, asleep: bool, deep: bool, now: Time) {
        // The second core sleeps deeply all the time.
        self.asleep = asleep;
        self.clocks.sleep(asleep && deep);
        self.share_clocks(now, None);
        for index in 0..self.i2c.len() {
            if self.i2c[index].is_busy() && !self.clocks.runs(clocks::I2C[index]) {
                let name = self.i2c[index].name();
                self.end(format!(
                    "{name} loses its clock in the middle of a transfer, by CLOCKS_SLEEP_EN0"
                ));
            }
        }
        self.tell_power(now);
    }

    fn take_reset(&mut self) -> Option<ResetCause> {
        self.watchdog.take_reset().then_some(ResetCause::Watchdog)
    }

    fn reset(&mut self, cause: ResetCause, now: Time) {
        match cause {
            ResetCause::Watchdog => self.reset_by_watchdog(now),
            // The core's request resets the cores alone: every peripheral goes on, SIO among them.
            ResetCause::Software | ResetCause::Lockup => self.watchdog.forget_reason(),
        }
        self.asleep = false;
        self.pins.settle(now, None, &mut self.events);
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

    fn core_clock(&self) -> Option<CoreClock> {
        Some(self.told)
    }
}

#[cfg(test)]
mod tests;
