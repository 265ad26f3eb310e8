//! What ST's microcontrollers have in common around their core: ports, LPTIM1, IWDG, I2C, the debugger's unit, and how RCC gates
//! and resets them. A family adds its clocks, supply and flash.
//!
//! Modelled is what the images of this project touch. Every other register, and every value that a
//! model does not hold, ends the run.
//!
//! The core goes on at once when a Stop ends, some microseconds too early, and the flags that tell of a Stop stay clear.

pub(super) mod causes;
mod gpio;
mod i2c;
mod iwdg;
pub(super) mod loads;
mod lptim;
pub(super) mod map;
pub(super) mod oscillator;
pub(super) mod registers;

pub(super) use iwdg::LSI_HZ;
pub(super) use lptim::Variant as LptimVariant;

use self::{
    gpio::Gpio,
    i2c::{Around, I2c},
    iwdg::Iwdg,
    loads::Depth,
    lptim::Lptim,
    map::{Block, I2C_FUNCTION, I2C_PINS, I2cPin, Own, PINS, Place, RccBit},
    registers::{Answer, Bank, Register},
};
use super::{
    CoreClock, Soc,
    wires::{I2cBus, Wire, Wiring},
};
use crate::{
    bus::{Access, Bus, Lines, Refused},
    event::{Event, Events, ResetCause, What},
    memory::Memory,
    power::{Load, Told},
    time::{Clock, Time},
};
use std::fmt::Debug;

/// The frequency of the crystal at LSE, in hertz.
pub(super) const LSE_HZ: u64 = 32_768;
/// The frequency of HSI16, in hertz.
pub(super) const HSI_HZ: u64 = 16_000_000;
/// How long LSE takes to start: typical by the data sheets of both families (STM32L475, STM32U575: LSE oscillator
/// characteristics, start-up time 2 s).
pub(super) const LSE_STARTS: Time = Time::from_s(2);

/// What HPRE divides the core's clock by (RM0351 and RM0456, chapter RCC): there is no 32.
pub(super) const fn ahb_divider(hpre: u32) -> u64 {
    match hpre {
        8..=11 => 1 << (hpre - 7),
        12..=15 => 1 << (hpre - 6),
        _ => 1,
    }
}

/// What PPRE1 to PPRE3 divide the core's clock by (RM0351 and RM0456, chapter RCC).
pub(super) const fn apb_divider(ppre: u32) -> u64 {
    1 << ppre.saturating_sub(3)
}

/// The letters of the ports, by their number.
const PORTS: [char; 9] = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'];
/// The names of the controllers of I2C, by their number.
const I2C: [&str; 3] = ["I2C1", "I2C2", "I2C3"];

/// Clocks, supply and flash of a family of chips.
pub(super) trait Family: Debug {
    /// Where the peripherals lie.
    const PLACES: &'static [Place];
    /// The interrupt of LPTIM1.
    const LPTIM1_LINE: u16;
    /// The interrupts of I2C1 to I2C3: of their events, and of their errors.
    const I2C_LINES: [(u16, u16); 3];
    /// The registers of the debugger's unit.
    const DEBUG: &'static [Register];
    /// How LPTIM1 is made.
    const LPTIM: LptimVariant;
    /// The largest value of IWDG_PR.
    const IWDG_PRESCALER_MAX: u32;

    /// A program reads a register of one of the family's own peripherals.
    fn read(&self, own: Own, offset: u32, now: Time) -> Answer<u32>;

    /// A program writes one.
    fn write(&mut self, own: Own, offset: u32, value: u32, now: Time) -> Answer<()>;

    /// RCC resets one of them.
    fn reset_own(&mut self, own: Own, now: Time);

    /// Bits of RCC.
    fn rcc(&self, bit: RccBit) -> bool;

    /// When something of its own happens next.
    fn due(&self, now: Time) -> Time;

    /// The core's clock and the wait states of its flash.
    fn core_clock(&self, now: Time) -> CoreClock;

    /// The kernel clock of LPTIM1, if it reaches it.
    fn lptim1_clock(&self, now: Time) -> Option<Clock>;

    /// The kernel clock of a controller of I2C in hertz, if it reaches it.
    fn i2c_hz(&self, controller: usize, now: Time) -> Option<u64>;

    /// The core begins a deep sleep, of which LPTIM1 is to keep its clock or not.
    ///
    /// # Errors
    /// Why the sleep that the program has chosen is not modelled.
    fn stop(&mut self, lptim1: bool) -> Result<(), &'static str>;

    /// A reset of the chip. What lies in the backup domain stays.
    fn reset(&mut self, cause: ResetCause, now: Time);

    /// What core, regulator, clocks but for LSI, and memory draw, at so many megahertz of the core's clock.
    fn loads(&self, depth: Depth, mhz: u32) -> Vec<Load>;

    /// Whether RCC has switched LSI on.
    fn lsi_is_on(&self) -> bool;

    /// How many ports have their bus clock.
    fn ports_clocked(&self, depth: Depth) -> u32;
}

/// A chip of a family.
#[derive(Debug)]
pub struct Chip<F> {
    family: F,
    ports: [Gpio; 9],
    lptim1: Lptim,
    iwdg: Iwdg,
    i2c: [I2c; 3],
    buses: Vec<I2cBus>,
    debug: Bank,
    /// The core's clock as it was told last.
    told: CoreClock,
    /// How deep the core sleeps.
    depth: Depth,
    told_power: Told,
    /// The present instant, as far as the chip has come.
    now: Time,
    events: Events,
    stop: Option<String>,
}

#[expect(private_bounds, reason = "the families are this crate's")]
impl<F: Family> Chip<F> {
    pub(super) fn with(family: F) -> Self {
        Self {
            told: family.core_clock(Time::ZERO),
            family,
            ports: PORTS.map(Gpio::new),
            lptim1: Lptim::new(F::LPTIM),
            iwdg: Iwdg::new(F::IWDG_PRESCALER_MAX),
            i2c: std::array::from_fn(|_| I2c::new()),
            buses: Vec::new(),
            debug: Bank::new(F::DEBUG),
            depth: Depth::Run,
            told_power: Told::default(),
            now: Time::ZERO,
            events: Events::default(),
            stop: None,
        }
    }

    /// The bus between a pair of pins, for parts and faults. There is one as soon as somebody asks; its pull-ups are as told first.
    pub fn bus(&mut self, wiring: Wiring) -> &mut I2cBus {
        let same = |bus: &I2cBus| (bus.wiring().scl, bus.wiring().sda) == (wiring.scl, wiring.sda);
        let index = self.buses.iter().position(same).unwrap_or_else(|| {
            for pin in [wiring.scl, wiring.sda] {
                if wiring.pull_ups
                    && let Some(port) = self.ports.get_mut(pin / PINS)
                {
                    port.pull_up(pin % PINS);
                }
            }
            self.buses.push(I2cBus::new(wiring));
            self.buses.len() - 1
        });
        &mut self.buses[index]
    }

    /// The level of a pin such as "PB2"; none where there is no such pin. Between the bits of a transfer, a bus reads as idle.
    #[must_use]
    pub fn pin_level(&self, name: &str, now: Time) -> Option<bool> {
        pin(name).map(|pin| self.level(pin, now))
    }

    /// The level of a pin, by its number over all ports.
    fn level(&self, pin: usize, now: Time) -> bool {
        let port = self.ports.get(pin / PINS);
        port.is_some_and(|port| port.level(pin % PINS, self.held(pin / PINS, now)))
    }

    /// The pins of a port that something on a bus holds low, a bit each.
    fn held(&self, port: usize, now: Time) -> u16 {
        let mut held = 0;
        for bus in &self.buses {
            let Wiring { scl, sda, .. } = bus.wiring();
            for (pin, wire) in [(scl, Wire::Scl), (sda, Wire::Sda)] {
                if pin / PINS == port && bus.held(wire, now) {
                    held |= 1 << (pin % PINS);
                }
            }
        }
        held
    }

    fn place(access: Access) -> Answer<&'static Place> {
        let place = F::PLACES.iter().find(|place| place.holds(access.address));
        // Registers are words at multiples of 4. Narrower accesses, which some allow, are not modelled.
        place.filter(|_| access.is_whole_word()).ok_or(Refused::Unknown)
    }

    /// Whether a peripheral answers: its bus clock runs, and nothing holds it in reset.
    fn answers(&self, place: &Place) -> bool {
        let set = |bit: Option<RccBit>| bit.map(|bit| self.family.rcc(bit));
        set(place.enable) != Some(false) && set(place.reset) != Some(true)
    }

    fn read_block(&mut self, block: Block, offset: u32, now: Time) -> Answer<u32> {
        match block {
            Block::Own(own) => self.family.read(own, offset, now),
            Block::Gpio(port) => self.ports[port].read(offset, self.held(port, now)),
            Block::Lptim1 => self.lptim1.read(offset, now),
            Block::Iwdg => self.iwdg.read(offset),
            Block::I2c(index) => self.with_i2c(index, now, |i2c, around| i2c.read(offset, now, around)),
            Block::Debug => self.debug.read(offset),
        }
    }

    fn write_block(&mut self, block: Block, offset: u32, value: u32, access: Access) -> Answer<()> {
        let now = access.now;
        match block {
            Block::Own(own) => {
                self.family.write(own, offset, value, now)?;
                self.hold_in_reset(now);
                self.share_clocks(now, Some(access.pc))?;
            }
            Block::Gpio(port) => {
                self.ports[port].write(offset, value)?;
                self.ports[port].settle(now, Some(access.pc), &mut self.events);
                self.wires_changed(now);
            }
            Block::Lptim1 => self.lptim1.write(offset, value, now)?,
            Block::Iwdg => {
                if self.iwdg.write(offset, value, now)? {
                    self.events.caused(now, access.pc, What::WatchdogStarted);
                }
            }
            Block::I2c(index) => self.write_i2c(index, offset, value, access)?,
            Block::Debug => self.debug.write(offset, value)?,
        }
        Ok(())
    }

    fn write_i2c(&mut self, index: usize, offset: u32, value: u32, access: Access) -> Answer<()> {
        let was_on = self.i2c[index].is_on();
        self.with_i2c(index, access.now, |i2c, around| {
            i2c.write(offset, value, access.now, around)
        })?;
        if !was_on && self.i2c[index].is_on() {
            let pins = Self::pins_of(&self.ports, index);
            let pins = pins.map(|at| (at.role, self.ports[at.pin.0].name(at.pin.1))).collect();
            let controller = I2C[index];
            self.events
                .caused(access.now, access.pc, What::BusPins { controller, pins });
        }
        Ok(())
    }

    /// The pins that a controller of I2C has been given.
    fn pins_of(ports: &[Gpio], controller: usize) -> impl Iterator<Item = &'static I2cPin> {
        let here = move |at: &&I2cPin| at.controller == controller;
        let given = |at: &&I2cPin| {
            ports
                .get(at.pin.0)
                .is_some_and(|port| port.has_function(at.pin.1, I2C_FUNCTION))
        };
        I2C_PINS.iter().filter(here).filter(given)
    }

    /// Has a controller of I2C do something between the pins and the clock that it has.
    fn with_i2c<T>(&mut self, index: usize, now: Time, work: impl FnOnce(&mut I2c, &mut Around<'_>) -> T) -> T {
        let pin = |role| Self::pins_of(&self.ports, index).find(|at| at.role == role);
        let pins = pin("SCL").zip(pin("SDA"));
        let high = |at: &I2cPin| self.ports[at.pin.0].level(at.pin.1, 0);
        let at_pins = |bus: &&mut I2cBus| {
            pins.is_some_and(|(scl, sda)| (bus.wiring().scl, bus.wiring().sda) == (scl.number(), sda.number()))
        };
        let mut around = Around {
            name: I2C[index],
            pulled_up: pins.is_some_and(|(scl, sda)| high(scl) && high(sda)),
            kernel_hz: self.family.i2c_hz(index, now),
            bus: self.buses.iter_mut().find(at_pins),
            events: &mut self.events,
        };
        work(&mut self.i2c[index], &mut around)
    }

    /// After a write that may have changed pins: lets the parts see the wires.
    fn wires_changed(&mut self, now: Time) {
        for index in 0..self.buses.len() {
            let Wiring { scl, sda, .. } = self.buses[index].wiring();
            let (scl, sda) = (self.level(scl, now), self.level(sda, now));
            if let Err(reason) = self.buses[index].levels(scl, sda, now, &mut self.events) {
                self.stop.get_or_insert(reason);
            }
        }
    }

    /// Puts every peripheral that RCC holds in reset into the state after one.
    fn hold_in_reset(&mut self, now: Time) {
        let held = |place: &&Place| place.reset.is_some_and(|bit| self.family.rcc(bit));
        let held: Vec<_> = F::PLACES.iter().filter(held).collect();
        for place in held {
            match place.block {
                Block::Own(own) => self.family.reset_own(own, now),
                Block::Gpio(port) => {
                    self.ports[port].reset();
                    self.ports[port].settle(now, None, &mut self.events);
                }
                Block::Lptim1 => self.lptim1.reset(),
                Block::I2c(index) => self.with_i2c(index, now, |i2c, around| i2c.reset(around)),
                Block::Iwdg | Block::Debug => {}
            }
        }
    }

    /// Hands on clocks that may have changed.
    fn share_clocks(&mut self, now: Time, pc: Option<u32>) -> Answer<()> {
        self.lptim1.set_kernel(self.family.lptim1_clock(now))?;
        let clock = self.family.core_clock(now);
        if std::mem::replace(&mut self.told, clock) != clock {
            let CoreClock { hz, wait_states } = clock;
            let what = What::CoreClock { hz, wait_states };
            match pc {
                Some(pc) => self.events.caused(now, pc, what),
                None => self.events.push(now, what),
            }
        }
        Ok(())
    }
}

/// The number of a pin over all ports: PA0 is 0, PB10 is 26.
#[must_use]
pub const fn pin_number(port: char, pin: usize) -> usize {
    (port as usize - 'A' as usize) * PINS + pin
}

/// The number over all ports of the pin of a name such as "PB10".
fn pin(name: &str) -> Option<usize> {
    let name = name.strip_prefix('P')?;
    let letter = name.chars().next()?;
    let port = PORTS.iter().position(|port| *port == letter)?;
    let pin: usize = name.get(1..)?.parse().ok()?;
    (pin < PINS).then_some(port * PINS + pin)
}

impl<F: Family> Bus for Chip<F> {
    fn read(&mut self, access: Access, memory: &mut Memory) -> Answer<u32> {
        let place = Self::place(access)?;
        self.advance(access.now, memory);
        let value = if self.answers(place) {
            self.read_block(place.block, access.address - place.base, access.now)?
        } else {
            0
        };
        self.events.read(access, place.name, value);
        Ok(value)
    }

    fn write(&mut self, access: Access, value: u32, memory: &mut Memory) -> Answer<()> {
        let place = Self::place(access)?;
        self.advance(access.now, memory);
        self.events.written(access, place.name, value);
        if self.answers(place) {
            self.write_block(place.block, access.address - place.base, value, access)?;
            self.tell_power(access.now);
        }
        Ok(())
    }
}

impl<F: Family> Soc for Chip<F> {
    fn due(&self) -> Time {
        let controllers = self.i2c.iter().map(I2c::due).min().unwrap_or(Time::NEVER);
        let timers = self.lptim1.due().min(self.iwdg.due());
        self.family.due(self.now).min(timers).min(controllers)
    }

    fn advance(&mut self, now: Time, _: &mut Memory) {
        let happens = self.due() <= now || self.told_power.nothing();
        // Clocks first: a timer counts from the instant at which its clock has started.
        while let at = self.family.due(self.now)
            && at <= now
        {
            self.now = at;
            if self.share_clocks(at, None).is_err() {
                self.stop
                    .get_or_insert("the clock of LPTIM1 changes while it is enabled".to_owned());
            }
        }
        self.now = self.now.max(now);
        self.lptim1.advance(now);
        self.iwdg.advance(now);
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
        lines.set(F::LPTIM1_LINE, self.lptim1.line());
        for (i2c, (events, errors)) in self.i2c.iter().zip(F::I2C_LINES) {
            let (event, error) = i2c.lines();
            lines.set(events, event);
            lines.set(errors, error);
        }
        lines
    }

    fn sleeping(&mut self, asleep: bool, deep: bool, now: Time) {
        self.depth = match (asleep, deep) {
            (false, _) => Depth::Run,
            (true, false) => Depth::Sleep,
            (true, true) => Depth::Stop,
        };
        self.tell_power(now);
        if self.depth != Depth::Stop {
            return;
        }
        if let Err(why) = self.family.stop(self.lptim1.is_enabled()) {
            self.stop.get_or_insert(why.to_owned());
        }
        if let Some(index) = self.i2c.iter().position(|i2c| !i2c.is_idle()) {
            self.stop.get_or_insert(format!(
                "a deep sleep in the middle of a transfer of {}, whose clock stops",
                I2C[index]
            ));
        }
    }

    fn take_reset(&mut self) -> Option<ResetCause> {
        self.iwdg.take_reset().then_some(ResetCause::Watchdog)
    }

    fn reset(&mut self, cause: ResetCause, now: Time) {
        self.family.reset(cause, now);
        self.lptim1.reset();
        self.iwdg.reset();
        for index in 0..self.i2c.len() {
            self.with_i2c(index, now, |i2c, around| i2c.reset(around));
        }
        for port in &mut self.ports {
            port.reset();
            port.settle(now, None, &mut self.events);
        }
        // The debugger's unit is reset by power only.
        if self.share_clocks(now, None).is_err() {
            self.stop
                .get_or_insert("a reset changes the clock of LPTIM1".to_owned());
        }
        self.depth = Depth::Run;
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
