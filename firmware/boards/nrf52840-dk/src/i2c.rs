//! I2C at P0.26 (SDA) and P0.27 (SCL) by TWIM0 (nRF52840 PS v1.8, 6.31), at which the core sleeps while a transfer runs.
//!
//! The DMA's memory lies in a RAM block of its own, and the core waits in WFE until the transfer has stopped: the core and the
//! slow DMA never use one block at a time, which is the condition of anomaly 246. At 390 kHz the clock's low phase
//! keeps to the specification, which at 400 kHz it does not (anomaly 219).
//!
//! Every transfer has a time limit, by RTC2: an event of TWIM0 that never comes would leave the core asleep, and the watchdog
//! with it, which counts only while the core is awake.

use crate::{
    CLOCK_HZ,
    sys::{self, ROOM},
};
use app::{
    bus::{self, Held},
    log,
};
use embassy_nrf::{
    Peri,
    gpio::{Flex, OutputDrive, Pull},
    pac::{
        self,
        twim::vals::{Enable, Frequency},
    },
    peripherals::{P0_26, P0_27, RTC2, TWISPI0},
};
use embedded_hal::{
    delay::DelayNs,
    i2c::{self, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation, SevenBitAddress},
};

/// FREQUENCY for 390 kHz, as anomaly 219 gives it.
const HZ_390_000: u32 = 0x0620_0000;
/// Numbers of the pins, in port 0.
const SDA: u8 = 26;
const SCL: u8 = 27;
/// The time limit of a transfer in ticks of 32,768 Hz: 5 ms, of which the longest takes 0.5.
const LIMIT_TICKS: u32 = 164;
/// Bits of RTC2's counter.
const COUNTER_MASK: u32 = 0x00ff_ffff;

/// Why a transfer failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The part does not acknowledge its address, or a byte.
    Nack(NoAcknowledgeSource),
    /// A byte came in before the last one was stored.
    Overrun,
    /// It ended early.
    Short,
    /// It did not end within 5 ms: a line is held, or has no pull-up.
    Timeout,
    /// Nothing to transfer, or more than 16 bytes in a direction.
    Length,
    /// Neither a write, nor a read, nor a write and then a read.
    Shape,
}

impl i2c::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Nack(source) => ErrorKind::NoAcknowledge(*source),
            Self::Overrun => ErrorKind::Overrun,
            Self::Timeout | Self::Short => ErrorKind::Bus,
            Self::Length | Self::Shape => ErrorKind::Other,
        }
    }
}

/// The controller, its pins and its time limit. TWIM0 is enabled only while a transfer runs; otherwise both lines are
/// released by the GPIO, which needs pull-ups on the board.
pub struct Bus {
    scl: Flex<'static>,
    sda: Flex<'static>,
    _controller: Peri<'static, TWISPI0>,
    _limit: Peri<'static, RTC2>,
}

impl Bus {
    /// Takes the pins, and frees the bus where a part holds it, for example after a reset in the middle of a read; says so
    /// in the log.
    pub fn new(
        controller: Peri<'static, TWISPI0>,
        sda: Peri<'static, P0_26>,
        scl: Peri<'static, P0_27>,
        limit: Peri<'static, RTC2>,
    ) -> Self {
        let open_drain = |mut pin: Flex<'static>| {
            pin.set_high();
            pin.set_as_input_output(Pull::None, OutputDrive::Standard0Disconnect1);
            pin
        };
        let mut bus = Self {
            scl: open_drain(Flex::new(scl)),
            sda: open_drain(Flex::new(sda)),
            _controller: controller,
            _limit: limit,
        };
        let twim = pac::TWIM0;
        twim.psel().scl().write(|w| {
            w.set_pin(SCL);
            w.set_connect(pac::shared::vals::Connect::Connected);
        });
        twim.psel().sda().write(|w| {
            w.set_pin(SDA);
            w.set_connect(pac::shared::vals::Connect::Connected);
        });
        twim.frequency()
            .write(|w| w.set_frequency(Frequency::from_bits(HZ_390_000)));
        sys::enable_wakes();
        match bus.free() {
            Ok(0) => {}
            Ok(clocks) => log::bus_freed(clocks),
            Err(held) => log::bus(&held),
        }
        bus
    }

    /// Gets the lines free, by the GPIO.
    fn free(&mut self) -> Result<u32, Held> {
        bus::free(&mut self.scl, &mut self.sda, &mut Spin)
    }

    /// A write, a read, or both with a repeated start between them.
    fn transfer(&mut self, address: u8, out: &[u8], into: &mut [u8]) -> Result<(), Error> {
        if out.len() > ROOM || into.len() > ROOM || out.is_empty() && into.is_empty() {
            return Err(Error::Length);
        }
        sys::put(out);
        begin(address, out.len() as u16, into.len() as u16);
        let stopped = wait();
        let twim = pac::TWIM0;
        let source = twim.errorsrc().read();
        let (sent, received) = (
            twim.dma().tx().amount().read().amount(),
            twim.dma().rx().amount().read().amount(),
        );
        twim.enable().write(|w| w.set_enable(Enable::Disabled));
        if !stopped {
            // Whether it is free now shows at the next transfer.
            let _ = self.free();
            return Err(Error::Timeout);
        }
        if source.anack() {
            return Err(Error::Nack(NoAcknowledgeSource::Address));
        }
        if source.dnack() {
            return Err(Error::Nack(NoAcknowledgeSource::Data));
        }
        if source.overrun() {
            return Err(Error::Overrun);
        }
        // A direction that was not used keeps its count.
        if !out.is_empty() && usize::from(sent) != out.len() || !into.is_empty() && usize::from(received) != into.len()
        {
            return Err(Error::Short);
        }
        sys::take(into);
        Ok(())
    }
}

/// Enables TWIM0 and starts a transfer of what lies in the DMA's memory.
fn begin(address: u8, out: u16, into: u16) {
    let (from, to) = sys::addresses();
    let twim = pac::TWIM0;
    twim.enable().write(|w| w.set_enable(Enable::Enabled));
    twim.events_stopped().write_value(0);
    twim.events_error().write_value(0);
    // What is written as 1 is cleared.
    twim.errorsrc().write(|w| {
        w.set_anack(true);
        w.set_dnack(true);
        w.set_overrun(true);
    });
    twim.address().write(|w| w.set_address(address));
    twim.dma().tx().ptr().write_value(from);
    twim.dma().tx().maxcnt().write(|w| w.set_maxcnt(out));
    twim.dma().rx().ptr().write_value(to);
    twim.dma().rx().maxcnt().write(|w| w.set_maxcnt(into));
    twim.shorts().write(|w| {
        w.set_lasttx_dma_rx_start(out > 0 && into > 0);
        w.set_lasttx_stop(into == 0);
        w.set_lastrx_stop(into > 0);
    });
    match out {
        0 => twim.tasks_dma().rx().start().write_value(1),
        _ => twim.tasks_dma().tx().start().write_value(1),
    }
}

/// Waits in WFE until the transfer has stopped; false where it has not when its time is up.
fn wait() -> bool {
    let (twim, limit) = (pac::TWIM0, pac::RTC2);
    // The counter stands still between transfers.
    let end = limit.counter().read().counter().wrapping_add(LIMIT_TICKS) & COUNTER_MASK;
    limit.cc(0).write(|w| w.set_compare(end));
    limit.events_compare(0).write_value(0);
    limit.intenset().write(|w| w.set_compare(0, true));
    limit.tasks_start().write_value(1);
    let stopped = loop {
        if twim.events_stopped().read() != 0 {
            break true;
        }
        if twim.events_error().read() != 0 {
            twim.events_error().write_value(0);
            twim.tasks_stop().write_value(1);
        }
        if limit.events_compare(0).read() != 0 {
            break false;
        }
        // An interrupt since the questions leaves an event behind, so that the core does not sleep through it.
        twim.intenset().write(|w| {
            w.set_stopped(true);
            w.set_error(true);
        });
        cortex_m::asm::wfe();
    };
    limit.tasks_stop().write_value(1);
    limit.intenclr().write(|w| w.set_compare(0, true));
    twim.intenclr().write(|w| {
        w.set_stopped(true);
        w.set_error(true);
    });
    stopped
}

/// A delay by the core's cycles: the time driver's tick is longer than a clock of the bus.
struct Spin;

impl DelayNs for Spin {
    fn delay_ns(&mut self, ns: u32) {
        const CYCLES_PER_US: u32 = CLOCK_HZ / 1_000_000;
        cortex_m::asm::delay(ns.div_ceil(1000).saturating_mul(CYCLES_PER_US));
    }
}

impl ErrorType for Bus {
    type Error = Error;
}

impl I2c<SevenBitAddress> for Bus {
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
