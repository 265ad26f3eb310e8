//! I2C0 at GP5 (SCL) and GP4 (SDA), whose transfers end: by a time limit, after which the lines are freed for the next one.
//!
//! embassy's blocking driver has no time limit, its asynchronous one can be given up. It is made anew for each transfer, which
//! takes microseconds: the controller and the pins are then whoever's needs them, the driver's or, to be freed, the GPIO's.

use crate::clocks;
use app::{
    bus::{self, Held},
    log,
};
use core::{
    pin::pin,
    task::{Context, Poll, Waker},
};
use embassy_rp::{
    Peri, bind_interrupts,
    gpio::{Level, OutputOpenDrain},
    i2c::{self, AbortReason, Async, I2c},
    peripherals::{I2C0, PIN_4, PIN_5},
};
use embassy_time::{Delay, Duration, Instant, Timer};
use embedded_hal::i2c::{ErrorKind, ErrorType, Operation};

/// The time limit of a transfer, of which the longest takes 0.5 ms.
const LIMIT: Duration = Duration::from_millis(5);

/// What the driver is told, in hertz, with this clock of the core. The driver does not count what the controller adds to both halves
/// of a bit (RP2350 data sheet, 12.2.14): with 460 kHz at 12 MHz a bit has 35 cycles, so that the bus runs at 343 kHz, and is low for
/// 1.33 us; fast mode asks for 1.3 us.
const fn hz(clock_hz: u32) -> u32 {
    if clock_hz == clocks::CRYSTAL_HZ {
        460_000
    } else {
        400_000
    }
}

bind_interrupts!(struct Interrupts {
    I2C0_IRQ => i2c::InterruptHandler<I2C0>;
});

/// Why a transfer failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// What the driver says.
    Driver(i2c::Error),
    /// It did not end within 5 ms: a line is held, or has no pull-up.
    Timeout,
}

impl embedded_hal::i2c::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Driver(error) => error.kind(),
            Self::Timeout => ErrorKind::Bus,
        }
    }
}

/// The controller and its pins.
pub struct Bus {
    controller: Peri<'static, I2C0>,
    scl: Peri<'static, PIN_5>,
    sda: Peri<'static, PIN_4>,
    hz: u32,
}

impl Bus {
    /// Takes the pins, and frees the bus where a part holds it, for example after a reset in the middle of a read; says so
    /// in the log. The time driver must run. The clock of the core is in hertz.
    pub fn new(
        controller: Peri<'static, I2C0>,
        scl: Peri<'static, PIN_5>,
        sda: Peri<'static, PIN_4>,
        clock_hz: u32,
    ) -> Self {
        let hz = hz(clock_hz);
        let mut bus = Self {
            controller,
            scl,
            sda,
            hz,
        };
        match bus.free() {
            Ok(0) => {}
            Ok(clocks) => log::bus_freed(clocks),
            Err(held) => log::bus(&held),
        }
        bus
    }

    /// Gets the lines free, by the GPIO.
    fn free(&mut self) -> Result<u32, Held> {
        let mut scl = OutputOpenDrain::new(self.scl.reborrow(), Level::High);
        let mut sda = OutputOpenDrain::new(self.sda.reborrow(), Level::High);
        scl.set_pullup(true);
        sda.set_pullup(true);
        bus::free(&mut scl, &mut sda, &mut Delay)
    }

    /// Does a transfer, for as long as it may take. Where it failed, but for a part that did not acknowledge, the lines are
    /// freed for the next one, at which it shows whether they are.
    fn transfer(&mut self, work: impl AsyncFnOnce(&mut Driver<'_>) -> Result<(), i2c::Error>) -> Result<(), Error> {
        let mut config = i2c::Config::default();
        config.frequency = self.hz;
        let mut driver = I2c::new_async(
            self.controller.reborrow(),
            self.scl.reborrow(),
            self.sda.reborrow(),
            Interrupts,
            config,
        );
        let result = within_limit(work(&mut driver));
        match result {
            Ok(()) | Err(Error::Driver(i2c::Error::Abort(AbortReason::NoAcknowledge))) => {}
            Err(_) => {
                let _ = self.free();
            }
        }
        result
    }
}

type Driver<'a> = I2c<'a, I2C0, Async>;

/// Waits for a transfer asleep, at most for the time limit.
fn within_limit(transfer: impl Future<Output = Result<(), i2c::Error>>) -> Result<(), Error> {
    let mut transfer = pin!(transfer);
    let mut limit = pin!(Timer::at(Instant::now() + LIMIT));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = transfer.as_mut().poll(&mut context) {
            return result.map_err(Error::Driver);
        }
        if limit.as_mut().poll(&mut context).is_ready() {
            return Err(Error::Timeout);
        }
        // The interrupt of the controller or of the timer ends it. One that has come since the transfer was asked has left an event
        // behind.
        cortex_m::asm::wfe();
    }
}

impl ErrorType for Bus {
    type Error = Error;
}

impl embedded_hal::i2c::I2c for Bus {
    fn read(&mut self, address: u8, read: &mut [u8]) -> Result<(), Error> {
        self.transfer(async |driver| driver.read_async(address, read).await)
    }

    fn write(&mut self, address: u8, write: &[u8]) -> Result<(), Error> {
        self.transfer(async |driver| driver.write_async(address, write.iter().copied()).await)
    }

    fn write_read(&mut self, address: u8, write: &[u8], read: &mut [u8]) -> Result<(), Error> {
        self.transfer(async |driver| driver.write_read_async(address, write.iter().copied(), read).await)
    }

    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        self.transfer(async |driver| embedded_hal_async::i2c::I2c::transaction(driver, address, operations).await)
    }
}
