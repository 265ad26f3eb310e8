//! An I2C bus at which the core sleeps while the controller works, and whose transfers end: by a time limit, after which the lines are
//! freed for the next one.
//!
//! The reference manuals' chapters I2C and GPIO: RM0351 39 and 8, RM0456 66 and 13. The controller's interrupts are unmasked only while
//! the core waits for them with interrupts off, where a pending one ends the wait and no handler runs. It is a light sleep: the
//! controller's clock stops in Stop. SysTick, which counts in that sleep, is the time limit.

use crate::sys;
use app::{bus, log};
use core::convert::Infallible;
use cortex_m::{asm, peripheral::SCB};
use embassy_stm32::{
    i2c::{Config, I2c, Master},
    mode::Blocking,
    pac::{
        Interrupt,
        gpio::{Gpio, vals::Moder},
        i2c::{
            I2c as Registers,
            regs::Isr,
            vals::{Autoend, Dir},
        },
    },
    time::Hertz,
};
use embedded_hal::{
    delay::DelayNs,
    digital::{ErrorType as PinErrorType, InputPin, OutputPin},
    i2c::{self, ErrorKind, ErrorType, NoAcknowledgeSource, Operation, SevenBitAddress},
};

/// The time limit of a transfer in thousandths of a second, of which the longest takes 0.5.
const LIMIT_MS: u32 = 5;

/// Why a transfer failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The part does not acknowledge its address, or a byte.
    Nack,
    /// A start or stop condition in the wrong place, or somebody else drives SDA.
    Bus,
    /// It did not end within 5 ms: a line is held, or has no pull-up.
    Timeout,
    /// Nothing to transfer, or more than 255 bytes in a direction.
    Length,
    /// Neither a write, nor a read, nor a write and then a read.
    Shape,
}

impl i2c::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Nack => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown),
            Self::Bus | Self::Timeout => ErrorKind::Bus,
            Self::Length | Self::Shape => ErrorKind::Other,
        }
    }
}

/// 400 kHz.
pub fn config() -> Config {
    let mut config = Config::default();
    config.frequency = Hertz(400_000);
    config
}

/// The pins of a bus, both of one port.
#[derive(Clone, Copy)]
pub struct Lines {
    /// The port.
    pub port: Gpio,
    /// The number of SCL in it.
    pub scl: usize,
    /// The number of SDA in it.
    pub sda: usize,
}

/// The controller, as embassy has set it up, and its lines.
pub struct Bus {
    _driver: I2c<'static, Blocking, Master>,
    registers: Registers,
    /// Of its events, and of its errors.
    interrupts: [Interrupt; 2],
    lines: Lines,
    core_hz: u32,
}

impl Bus {
    /// Takes a driver made with [`config`], its registers, its two interrupts and its pins, and frees the bus where a part holds it,
    /// for example after a reset in the middle of a read; says so in the log.
    pub fn new(
        driver: I2c<'static, Blocking, Master>,
        registers: Registers,
        interrupts: [Interrupt; 2],
        lines: Lines,
        core_hz: u32,
    ) -> Self {
        let mut bus = Self {
            _driver: driver,
            registers,
            interrupts,
            lines,
            core_hz,
        };
        sys::mask_all(interrupts);
        registers.cr1().modify(|w| {
            w.set_txie(true);
            w.set_rxie(true);
            w.set_nackie(true);
            w.set_stopie(true);
            w.set_tcie(true);
            w.set_errie(true);
        });
        match bus.free() {
            Ok(0) => {}
            Ok(clocks) => log::bus_freed(clocks),
            Err(held) => log::bus(&held),
        }
        bus
    }

    /// Takes the lines from the controller, which has set them open-drain, gets them free, and resets the controller's state;
    /// its settings stay.
    fn free(&mut self) -> Result<u32, bus::Held> {
        let Lines { port, scl, sda } = self.lines;
        let line = |number| Line { port, number };
        let mode = |mode| {
            port.moder().modify(|w| {
                w.set_moder(scl, mode);
                w.set_moder(sda, mode);
            });
        };
        let (mut scl, mut sda) = (line(scl), line(sda));
        scl.drive(true);
        sda.drive(true);
        mode(Moder::OUTPUT);
        let freed = bus::free(&mut scl, &mut sda, &mut Spin { core_hz: self.core_hz });
        mode(Moder::ALTERNATE);
        self.registers.cr1().modify(|w| w.set_pe(false));
        // Off for three cycles of the bus at least, which this reading makes sure of.
        while self.registers.cr1().read().pe() {}
        self.registers.cr1().modify(|w| w.set_pe(true));
        freed
    }

    /// A write, a read, or both with a repeated start between them. Where it failed, but for a part that did not acknowledge, the
    /// lines are freed for the next one, at which it shows whether they are.
    fn transfer(&mut self, address: u8, out: &[u8], into: &mut [u8]) -> Result<(), Error> {
        let (Ok(sent), Ok(received)) = (u8::try_from(out.len()), u8::try_from(into.len())) else {
            return Err(Error::Length);
        };
        if sent == 0 && received == 0 {
            return Err(Error::Length);
        }
        let result = cortex_m::interrupt::free(|_| {
            sys::unmask_all(self.interrupts);
            sys::start_limit((self.core_hz / 1_000).saturating_mul(LIMIT_MS));
            let result = self.exchange(address, (out, sent), (into, received));
            sys::stop_limit();
            sys::mask_all(self.interrupts);
            result
        });
        if matches!(result, Err(Error::Timeout | Error::Bus)) {
            let _ = self.free();
        }
        result
    }

    fn exchange(&self, address: u8, (out, sent): (&[u8], u8), (into, received): (&mut [u8], u8)) -> Result<(), Error> {
        if sent > 0 {
            let end = match received {
                0 => Autoend::AUTOMATIC,
                _ => Autoend::SOFTWARE,
            };
            self.begin(address, Dir::WRITE, sent, end);
            for byte in out {
                self.wait(|isr| isr.txis())?;
                self.registers.txdr().write(|w| w.set_txdata(*byte));
            }
        }
        if received > 0 {
            if sent > 0 {
                self.wait(|isr| isr.tc())?;
            }
            self.begin(address, Dir::READ, received, Autoend::AUTOMATIC);
            for byte in into {
                self.wait(|isr| isr.rxne())?;
                *byte = self.registers.rxdr().read().rxdata();
            }
        }
        self.wait(|isr| isr.stopf())?;
        self.registers.icr().write(|w| w.set_stopcf(true));
        Ok(())
    }

    /// A start condition, or a repeated one, with the address.
    fn begin(&self, address: u8, direction: Dir, bytes: u8, end: Autoend) {
        self.registers.cr2().write(|w| {
            w.set_sadd(u16::from(address) << 1);
            w.set_dir(direction);
            w.set_nbytes(bytes);
            w.set_autoend(end);
            w.set_start(true);
        });
    }

    /// Sleeps until the controller shows a flag.
    fn wait(&self, shows: fn(Isr) -> bool) -> Result<(), Error> {
        let mut refused = false;
        loop {
            // A flag that comes from here on leaves an interrupt pending, so that the core does not sleep through it.
            sys::unpend_all(self.interrupts);
            let isr = self.registers.isr().read();
            if isr.nackf() {
                // A stop condition follows by itself.
                refused = true;
                self.registers.icr().write(|w| w.set_nackcf(true));
            }
            if refused && isr.stopf() {
                self.registers.icr().write(|w| w.set_stopcf(true));
                // The byte that was not sent is dropped.
                self.registers.isr().write(|w| w.set_txe(true));
                return Err(Error::Nack);
            }
            if isr.berr() || isr.arlo() {
                return Err(Error::Bus);
            }
            if !refused && shows(isr) {
                return Ok(());
            }
            if SCB::is_pendst_pending() {
                return Err(Error::Timeout);
            }
            asm::wfi();
        }
    }
}

impl ErrorType for Bus {
    type Error = Error;
}

impl i2c::I2c<SevenBitAddress> for Bus {
    /// One write, one read, or one write and then one read.
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        match operations {
            [] => Ok(()),
            [Operation::Write(out)] => self.transfer(address, out, &mut []),
            [Operation::Read(into)] => self.transfer(address, &[], into),
            [Operation::Write(out), Operation::Read(into)] => self.transfer(address, out, into),
            _ => Err(Error::Shape),
        }
    }
}

/// A pin that is an open-drain output while the bus is freed.
struct Line {
    port: Gpio,
    number: usize,
}

impl Line {
    fn drive(&mut self, high: bool) {
        self.port.bsrr().write(|w| match high {
            true => w.set_bs(self.number, true),
            false => w.set_br(self.number, true),
        });
    }
}

impl PinErrorType for Line {
    type Error = Infallible;
}

impl OutputPin for Line {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.drive(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.drive(true);
        Ok(())
    }
}

impl InputPin for Line {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.port.idr().read().idr(self.number).to_bits() != 0)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

/// Counts cycles of the core: at least as long as asked for.
struct Spin {
    core_hz: u32,
}

impl DelayNs for Spin {
    fn delay_ns(&mut self, ns: u32) {
        let cycles = u64::from(ns) * u64::from(self.core_hz) / 1_000_000_000;
        asm::delay(cycles as u32 + 1);
    }
}
