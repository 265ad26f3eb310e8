//! An I2C bus whose transfers end: by a time limit, after which the lines are freed for the next one.
//!
//! The reference manuals' chapters I2C and GPIO: RM0351 39 and 8, RM0456 66 and 13.

use app::{bus, log};
use core::convert::Infallible;
use cortex_m::asm;
use embassy_stm32::{
    i2c::{Config, Error, I2c, Master},
    mode::Blocking,
    pac::{
        gpio::{Gpio, vals::Moder},
        i2c::I2c as Registers,
    },
    time::Hertz,
};
use embassy_time::Duration;
use embedded_hal::{
    delay::DelayNs,
    digital::{ErrorType as PinErrorType, InputPin, OutputPin},
    i2c::{ErrorType, Operation},
};

/// The time limit of a transfer, of which the longest takes 0.5 ms.
const LIMIT: Duration = Duration::from_millis(5);

/// 400 kHz, with the time limit.
pub fn config() -> Config {
    let mut config = Config::default();
    config.frequency = Hertz(400_000);
    config.timeout = LIMIT;
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

/// embassy's driver, and what it takes to free its lines.
pub struct Bus {
    driver: I2c<'static, Blocking, Master>,
    registers: Registers,
    lines: Lines,
    core_hz: u32,
}

impl Bus {
    /// Takes a driver made with [`config`], its registers and its pins, and frees the bus where a part holds it, for example
    /// after a reset in the middle of a read; says so in the log. The clock runs, by which the time limit is kept.
    pub fn new(driver: I2c<'static, Blocking, Master>, registers: Registers, lines: Lines, core_hz: u32) -> Self {
        let mut bus = Self {
            driver,
            registers,
            lines,
            core_hz,
        };
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

    /// Does a transfer. Where it failed, but for a part that did not acknowledge, the lines are freed for the next one, at
    /// which it shows whether they are.
    fn transfer<T>(
        &mut self,
        work: impl FnOnce(&mut I2c<'static, Blocking, Master>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let result = work(&mut self.driver);
        if matches!(result, Err(Error::Timeout | Error::Bus | Error::Arbitration)) {
            let _ = self.free();
        }
        result
    }
}

impl ErrorType for Bus {
    type Error = Error;
}

impl embedded_hal::i2c::I2c for Bus {
    fn read(&mut self, address: u8, read: &mut [u8]) -> Result<(), Error> {
        self.transfer(|driver| driver.blocking_read(address, read))
    }

    fn write(&mut self, address: u8, write: &[u8]) -> Result<(), Error> {
        self.transfer(|driver| driver.blocking_write(address, write))
    }

    fn write_read(&mut self, address: u8, write: &[u8], read: &mut [u8]) -> Result<(), Error> {
        self.transfer(|driver| driver.blocking_write_read(address, write, read))
    }

    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        self.transfer(|driver| driver.blocking_transaction(address, operations))
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
