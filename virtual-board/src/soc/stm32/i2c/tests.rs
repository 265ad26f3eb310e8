//! The controller by register accesses at instants, with a part that remembers what it is told.

use super::*;
use crate::{
    boards::stm32u5_nucleo::SENSOR,
    event::{Event, What},
    soc::{
        noting::{Met, Noting},
        wires::Wire,
    },
};

/// A controller at 10 MHz with bits of 2.5 us: 20 periods of SCLL and SCLH, 5 of the edges.
struct Bench {
    i2c: I2c,
    bus: I2cBus,
    pulled_up: bool,
    kernel_hz: Option<u64>,
    events: Events,
    met: Met,
}

const WRITE: u32 = cr2::START | 0x18 << 1;
const READ: u32 = WRITE | cr2::READ;
const fn bytes(count: u32) -> u32 {
    count << 16
}

impl Bench {
    fn new() -> Self {
        let met = Met::default();
        let mut bus = I2cBus::new(SENSOR);
        bus.mount(Box::new(Noting::new(&met)));
        let mut bench = Self {
            i2c: I2c::new(),
            bus,
            pulled_up: true,
            kernel_hz: Some(10_000_000),
            events: Events::default(),
            met,
        };
        bench.write(TIMINGR, 0x0909, 0);
        bench.write(CR1, PE | ANFOFF, 0);
        bench
    }

    fn at<T>(&mut self, us: u64, work: impl FnOnce(&mut I2c, Time, &mut Around<'_>) -> T) -> T {
        let mut around = Around {
            name: "I2C1",
            bus: Some(&mut self.bus),
            pulled_up: self.pulled_up,
            kernel_hz: self.kernel_hz,
            events: &mut self.events,
        };
        let now = Time::from_us(us);
        self.i2c.advance(now, &mut around);
        work(&mut self.i2c, now, &mut around)
    }

    fn try_write(&mut self, offset: u32, value: u32, us: u64) -> Answer<()> {
        self.at(us, |i2c, now, around| i2c.write(offset, value, now, around))
    }

    fn write(&mut self, offset: u32, value: u32, us: u64) {
        assert_eq!(self.try_write(offset, value, us), Ok(()), "{offset:#x}");
    }

    fn read(&mut self, offset: u32, us: u64) -> u32 {
        self.at(us, |i2c, now, around| i2c.read(offset, now, around)).unwrap()
    }

    /// ISR at an instant.
    fn flags(&mut self, us: u64) -> u32 {
        self.read(ISR, us)
    }

    fn met(&self) -> Vec<String> {
        self.met.borrow().clone()
    }

    fn transfers(&mut self) -> Vec<Event> {
        let events = self.events.take().into_iter();
        events.filter(|e| matches!(e.what, What::Transfer { .. })).collect()
    }
}

#[test]
fn a_write_waits_for_its_bytes_and_ends_where_the_program_says() {
    let mut bench = Bench::new();
    bench.write(CR2, WRITE | bytes(2), 100);
    assert_eq!(
        bench.read(CR2, 110),
        WRITE | bytes(2),
        "START until the address is through"
    );
    assert_eq!(bench.flags(124), isr::TXE | isr::BUSY);
    assert_eq!(bench.flags(125), isr::TXE | isr::TXIS | isr::BUSY);
    assert_eq!(bench.read(CR2, 125) & cr2::START, 0);
    bench.write(TXDR, 0xa8, 130);
    assert_eq!(bench.flags(152), isr::TXE | isr::BUSY);
    assert_eq!(bench.flags(153), isr::TXE | isr::TXIS | isr::BUSY);
    // A byte that is there in time goes out at once.
    bench.write(TXDR, 0x01, 153);
    assert_eq!(bench.flags(176), isr::TXE | isr::TC | isr::BUSY);
    bench.write(CR2, cr2::STOP, 200);
    assert_eq!(
        bench.read(CR2, 201) & cr2::STOP,
        0,
        "the stop condition has begun at once"
    );
    assert_eq!(bench.flags(203), isr::TXE | isr::STOPF);
    bench.write(ICR, isr::STOPF, 204);
    assert_eq!(bench.flags(204), isr::TXE);
    assert_eq!(bench.met(), ["125 write", "152 a8", "175 01", "202 stop"]);
    let [transfer] = &bench.transfers()[..] else {
        panic!("one transfer")
    };
    assert_eq!(transfer.at, Time::from_ns(202_500));
    let expected = What::Transfer {
        controller: "I2C1",
        address: Some(0x18),
        from: Time::from_us(100),
        sent: vec![0xa8, 0x01],
        received: vec![],
        refused: false,
    };
    assert_eq!(transfer.what, expected);
}

#[test]
fn a_read_after_a_repeated_start_ends_by_itself() {
    let mut bench = Bench::new();
    bench.write(CR2, WRITE | bytes(1), 0);
    // A byte before its time waits.
    bench.write(TXDR, 0xa8, 1);
    assert_eq!(bench.flags(2), isr::BUSY, "neither TXE nor TXIS");
    assert_eq!(bench.flags(48), isr::TXE | isr::TC | isr::BUSY);
    bench.write(CR2, READ | cr2::AUTOEND | bytes(2), 50);
    assert_eq!(bench.flags(94), isr::TXE | isr::BUSY);
    // RXNE comes with the eighth bit.
    assert_eq!(bench.flags(95), isr::TXE | isr::RXNE | isr::BUSY);
    assert_eq!(bench.read(RXDR, 96), 0x40);
    assert_eq!(bench.flags(97), isr::TXE | isr::BUSY);
    assert_eq!(bench.flags(123), isr::TXE | isr::RXNE | isr::STOPF);
    assert_eq!(bench.read(RXDR, 123), 0x41);
    assert_eq!(
        bench.met(),
        ["25 write", "47 a8", "75 read", "95 byte", "117 byte", "122 stop"]
    );
    assert_eq!(bench.transfers().len(), 1, "one transfer, from start to stop");
}

#[test]
fn the_clock_is_held_while_a_byte_is_not_read() {
    let mut bench = Bench::new();
    bench.write(CR2, READ | cr2::AUTOEND | bytes(3), 0);
    assert_eq!(bench.flags(10_000), isr::TXE | isr::RXNE | isr::BUSY);
    assert_eq!(bench.met(), ["25 read", "45 byte", "67 byte"]);
    assert_eq!(bench.read(RXDR, 10_000), 0x40);
    assert_eq!(
        bench.flags(10_000) & isr::RXNE,
        isr::RXNE,
        "the next one is there at once"
    );
    assert_eq!(bench.read(RXDR, 10_010), 0x41);
    assert_eq!(bench.read(RXDR, 10_030), 0x42);
    assert_eq!(bench.flags(10_030), isr::TXE | isr::STOPF);
}

#[test]
fn a_long_transfer_goes_on_when_it_is_reloaded() {
    let mut bench = Bench::new();
    bench.write(CR2, WRITE | cr2::RELOAD | bytes(1), 0);
    bench.write(TXDR, 1, 30);
    assert_eq!(bench.flags(60), isr::TXE | isr::TCR | isr::BUSY);
    bench.write(CR2, 0x18 << 1 | cr2::AUTOEND | bytes(1), 60);
    assert_eq!(bench.flags(60), isr::TXE | isr::TXIS | isr::BUSY);
    bench.write(TXDR, 2, 60);
    assert_eq!(bench.flags(90), isr::TXE | isr::STOPF);
    assert_eq!(bench.met(), ["25 write", "52 01", "82 02", "85 stop"]);
}

#[test]
fn a_part_that_does_not_answer_ends_the_transfer() {
    let mut bench = Bench::new();
    bench.write(CR2, cr2::START | 0x19 << 1 | bytes(2), 0);
    assert_eq!(bench.flags(26), isr::TXE | isr::NACKF | isr::BUSY);
    assert_eq!(bench.flags(28), isr::TXE | isr::NACKF | isr::STOPF);
    bench.write(ICR, isr::NACKF | isr::STOPF, 30);
    // A byte that is refused ends it too.
    bench.write(CR2, WRITE | bytes(3), 30);
    bench.write(TXDR, 0xf0, 60);
    assert_eq!(bench.flags(100), isr::TXE | isr::NACKF | isr::STOPF);
    let refused: Vec<_> = bench
        .transfers()
        .into_iter()
        .map(|event| matches!(event.what, What::Transfer { refused: true, .. }))
        .collect();
    assert_eq!(refused, [true, true]);
}

#[test]
fn a_start_condition_waits_for_the_stop_before_it() {
    let mut bench = Bench::new();
    bench.write(CR2, WRITE | cr2::AUTOEND | bytes(0), 0);
    bench.write(CR2, WRITE | cr2::AUTOEND | bytes(0), 26);
    bench.flags(100);
    assert_eq!(bench.met(), ["25 write", "27 stop", "52 write", "55 stop"]);
}

#[test]
fn a_bus_that_is_held_low_never_starts_and_is_free_after_pe() {
    for wire in [Wire::Sda, Wire::Scl] {
        let mut bench = Bench::new();
        bench.bus.hold(wire, Time::from_us(10), Time::from_us(6_000));
        bench.write(CR2, WRITE | bytes(1), 20);
        let busy = if wire == Wire::Sda { isr::BUSY } else { 0 };
        assert_eq!(bench.flags(5_000), isr::TXE | busy, "{wire:?}");
        assert_eq!(bench.read(CR2, 5_000) & cr2::START, cr2::START);
        // What a driver does when its time is up.
        bench.write(CR2, cr2::STOP, 5_000);
        bench.write(CR1, ANFOFF, 5_010);
        assert_eq!(bench.read(CR2, 5_010), 0);
        assert!(bench.i2c.is_idle());
        bench.write(CR1, ANFOFF | PE, 5_020);
        bench.write(CR2, WRITE | cr2::AUTOEND | bytes(0), 6_000);
        assert_eq!(bench.flags(6_100), isr::TXE | isr::STOPF, "{wire:?}");
    }
}

#[test]
fn a_bus_that_begins_to_hang_stops_the_transfer_or_is_lost() {
    for (wire, flag) in [(Wire::Scl, isr::BUSY), (Wire::Sda, isr::ARLO | isr::BUSY)] {
        let mut bench = Bench::new();
        bench.write(CR2, WRITE | bytes(1), 0);
        bench.bus.hold(wire, Time::from_us(30), Time::NEVER);
        bench.write(TXDR, 0xa8, 28);
        assert_eq!(bench.flags(1_000), isr::TXE | flag, "{wire:?}");
        bench.write(ICR, isr::ARLO, 1_000);
        assert_eq!(bench.transfers(), [], "{wire:?}");
    }
}

#[test]
fn without_pins_pull_ups_or_a_clock_nothing_goes_over_the_bus() {
    for (pulled_up, kernel_hz) in [(false, Some(10_000_000)), (true, None)] {
        let mut bench = Bench::new();
        (bench.pulled_up, bench.kernel_hz) = (pulled_up, kernel_hz);
        bench.write(CR2, WRITE | bytes(1), 0);
        let flags = bench.flags(1_000_000);
        assert_eq!((flags & isr::TXIS, bench.met().len()), (0, 0));
    }
}

#[test]
fn interrupts_follow_their_flags() {
    let mut bench = Bench::new();
    bench.write(CR1, PE | ANFOFF | INTERRUPTS, 0);
    assert_eq!(bench.i2c.lines(), (false, false), "TXE has none");
    bench.write(CR2, WRITE | bytes(1), 0);
    bench.flags(25);
    assert_eq!(bench.i2c.lines(), (true, false), "TXIS");
    bench.write(TXDR, 1, 25);
    assert_eq!(bench.i2c.lines(), (false, false));
    bench.flags(60);
    assert_eq!(bench.i2c.lines(), (true, false), "TC");
    bench.write(CR1, PE | ANFOFF | INTERRUPTS & !isr::TC, 60);
    assert_eq!(bench.i2c.lines(), (false, false));
    bench.bus.hold(Wire::Sda, Time::from_us(61), Time::NEVER);
    bench.write(CR2, WRITE | bytes(1), 60);
    bench.flags(100);
    assert_eq!(bench.i2c.lines(), (false, true), "ARLO");
}

#[test]
fn what_the_manuals_leave_open_ends_the_run() {
    let mut bench = Bench::new();
    let refused = Err(Refused::Unknown);
    assert_eq!(bench.try_write(TIMINGR, 0, 0), refused, "while it is on");
    assert_eq!(bench.try_write(CR1, PE, 0), refused, "a filter while it is on");
    assert_eq!(bench.try_write(CR1, PE | ANFOFF | 1 << 14, 0), refused, "DMA");
    assert_eq!(bench.try_write(CR2, WRITE | cr2::TEN_BITS, 0), refused);
    assert_eq!(bench.try_write(CR2, cr2::STOP, 0), refused, "nothing is to be stopped");
    bench.write(CR2, WRITE | bytes(2), 0);
    assert_eq!(
        bench.try_write(CR2, cr2::START | 0x19 << 1, 10),
        refused,
        "another address"
    );
    bench.write(TXDR, 1, 30);
    assert_eq!(
        bench.try_write(CR2, READ | bytes(1), 40),
        refused,
        "in the middle of a byte"
    );
    assert_eq!(bench.try_write(0x14, 1 << 15, 40), refused, "TIMEOUTR");
}
