use super::*;
use crate::soc::{
    noting::{Met, Noting},
    wires::{Wire, Wiring},
};

/// Fast mode at 400 kHz from 100 MHz: 250 cycles a bit.
const COUNTS: [(u32, u32); 3] = [(reg::FS_SCL_HCNT, 100), (reg::FS_SCL_LCNT, 132), (reg::FS_SPKLEN, 10)];

struct Bench {
    i2c: I2c,
    bus: I2cBus,
    free: bool,
    events: Events,
    met: Met,
}

impl Bench {
    fn new() -> Self {
        let (met, mut bus) = (
            Met::default(),
            I2cBus::new(Wiring {
                scl: 5,
                sda: 4,
                pull_ups: true,
            }),
        );
        bus.mount(Box::new(Noting::new(&met)));
        let mut bench = Self {
            i2c: I2c::new("I2C0"),
            bus,
            free: true,
            events: Events::default(),
            met,
        };
        bench.all(0, &COUNTS);
        bench.all(0, &[(reg::TAR, 0x18), (reg::ENABLE, 1)]);
        bench
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut I2c, &mut Around<'_>) -> T) -> T {
        let mut around = Around {
            free: self.free,
            hz: Some(100_000_000),
            bus: Some(&mut self.bus),
            events: &mut self.events,
        };
        work(&mut self.i2c, &mut around)
    }

    fn write(&mut self, us: u64, offset: u32, value: u32) -> Answer<()> {
        self.with(|i2c, around| i2c.write(offset, value, Time::from_us(us), around))
    }

    fn all(&mut self, us: u64, writes: &[(u32, u32)]) {
        for (offset, value) in writes {
            assert_eq!(self.write(us, *offset, *value), Ok(()), "{offset:#x}");
        }
    }

    fn until(&mut self, us: u64) {
        self.with(|i2c, around| i2c.advance(Time::from_us(us), around));
    }

    fn raw(&self) -> u32 {
        self.i2c.peek(reg::RAW_INTR_STAT).unwrap()
    }

    fn met(&self) -> Vec<String> {
        self.met.borrow().clone()
    }
}

#[test]
fn a_register_is_written_and_read_back_with_a_repeated_start() {
    let mut bench = Bench::new();
    bench.all(100, &[(reg::DATA_CMD, 0x0f)]);
    // Start and address are 10 bits of 2.5 µs, the byte is 9; then SCL is held, for as long as no command comes.
    bench.until(200);
    assert_eq!(bench.met(), ["125 write", "147 0f"]);
    assert_eq!(bench.i2c.due(), Time::NEVER);
    bench.all(200, &[(reg::DATA_CMD, READ | RESTART), (reg::DATA_CMD, READ | STOP)]);
    bench.until(300);
    assert_eq!(bench.met()[2..], ["225 read", "247 byte", "270 byte", "272 stop"]);
    assert_eq!(bench.i2c.peek(reg::RXFLR), Ok(2));
    assert_eq!(bench.raw() & (irq::STOP_DET | irq::TX_ABRT), irq::STOP_DET);
    assert_eq!([0; 2].map(|_| bench.i2c.read(reg::DATA_CMD)), [Ok(0x40), Ok(0x41)]);
    assert_eq!((bench.i2c.read(0x60), bench.i2c.read(0x60)), (Ok(1), Ok(0)));
    let events = bench.events.take().into_iter();
    let transfers: Vec<_> = events.filter(|e| matches!(e.what, What::Transfer { .. })).collect();
    let What::Transfer {
        from, sent, received, ..
    } = &transfers[0].what
    else {
        panic!("{transfers:?}");
    };
    assert_eq!(
        (*from, &sent[..], &received[..]),
        (Time::from_us(100), &[0x0f][..], &[0x40, 0x41][..])
    );
}

#[test]
fn an_address_that_nobody_has_aborts_with_a_stop() {
    let mut bench = Bench::new();
    bench.all(0, &[(reg::ENABLE, 0), (reg::TAR, 0x19), (reg::ENABLE, 1)]);
    bench.all(100, &[(reg::DATA_CMD, 0x0f), (reg::DATA_CMD, READ | STOP)]);
    bench.until(126);
    assert_eq!(bench.i2c.peek(reg::TX_ABRT_SOURCE), Ok(ADDRESS_REFUSED));
    assert_eq!(bench.raw() & (irq::STOP_DET | irq::TX_ABRT), irq::TX_ABRT);
    assert_eq!(bench.i2c.peek(reg::TXFLR), Ok(0));
    // Until the abort is cleared, commands are lost.
    bench.all(126, &[(reg::DATA_CMD, READ)]);
    assert_eq!(bench.i2c.peek(reg::TXFLR), Ok(0));
    bench.until(128);
    assert_eq!(bench.raw() & irq::STOP_DET, irq::STOP_DET);
    assert_eq!(bench.i2c.read(0x54), Ok(1));
    assert_eq!(
        (bench.raw() & irq::TX_ABRT, bench.i2c.peek(reg::TX_ABRT_SOURCE)),
        (0, Ok(0))
    );
    assert_eq!(bench.write(130, reg::ENABLE, 0), Ok(()));
}

#[test]
fn a_byte_that_is_not_acknowledged_aborts() {
    let mut bench = Bench::new();
    bench.all(100, &[(reg::DATA_CMD, 0xf0 | STOP)]);
    bench.until(200);
    assert_eq!(bench.i2c.peek(reg::TX_ABRT_SOURCE), Ok(BYTE_REFUSED));
    assert_eq!(bench.met(), ["125 write", "147 f0", "150 stop"]);
}

#[test]
fn an_interrupt_follows_fifo_and_mask() {
    let mut bench = Bench::new();
    bench.all(100, &[(reg::INTR_MASK, irq::RX_FULL), (reg::RX_TL, 1)]);
    bench.all(100, &[(reg::DATA_CMD, READ), (reg::DATA_CMD, READ | STOP)]);
    bench.until(150);
    assert!(!bench.i2c.line(), "one byte is not more than one");
    bench.until(171);
    assert!(bench.i2c.line());
    bench.all(171, &[(reg::INTR_MASK, 0)]);
    assert!(!bench.i2c.line());
}

#[test]
fn a_bus_that_is_held_stops_a_transfer() {
    let mut bench = Bench::new();
    bench.free = false;
    bench.all(100, &[(reg::DATA_CMD, 0x0f | STOP)]);
    bench.until(10_000);
    assert_eq!((bench.met().len(), bench.i2c.due()), (0, Time::NEVER));
    assert_eq!(
        bench.write(10_000, reg::ENABLE, 0),
        Err(Refused::Unknown),
        "within a transfer"
    );

    let mut bench = Bench::new();
    bench.bus.hold(Wire::Scl, Time::from_us(110), Time::from_us(500));
    bench.all(100, &[(reg::DATA_CMD, 0x0f | STOP)]);
    bench.until(10_000);
    assert_eq!((bench.met().len(), bench.i2c.due()), (0, Time::NEVER));

    let mut bench = Bench::new();
    bench.bus.hold(Wire::Sda, Time::from_us(110), Time::from_us(500));
    bench.all(100, &[(reg::DATA_CMD, 0x0f | STOP)]);
    bench.until(10_000);
    assert_eq!(bench.i2c.peek(reg::TX_ABRT_SOURCE), Ok(LOST));
    assert_eq!(bench.raw() & irq::STOP_DET, 0);
}

#[test]
fn what_is_not_modelled_ends_the_run() {
    let mut bench = Bench::new();
    // A target, a 10-bit address, a rate while it is enabled, an abort by the program, DMA.
    for (offset, value) in [
        (reg::CON, 0),
        (reg::TAR, 0x18),
        (reg::FS_SCL_HCNT, 1),
        (reg::ENABLE, 3),
        (0x88, 1),
    ] {
        assert_eq!(bench.write(0, offset, value), Err(Refused::Unknown), "{offset:#x}");
    }
    bench.all(0, &[(reg::ENABLE, 0)]);
    assert_eq!(bench.write(0, reg::TAR, 0x3ff), Err(Refused::Unknown));
    assert_eq!(
        bench.write(0, reg::DATA_CMD, 0x0f),
        Err(Refused::Unknown),
        "it is disabled"
    );
    assert_eq!(bench.i2c.peek(0x98), Err(Refused::Unknown));
}
