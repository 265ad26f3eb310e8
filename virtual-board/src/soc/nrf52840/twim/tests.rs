//! The controller by register writes at instants, with a part that remembers what it is told.

use super::*;
use crate::{
    boards::nrf52840_dk::SENSOR,
    event::Event,
    soc::{
        noting::{Met, Noting},
        nrf52840::{RAM_BASE, memory},
        wires::{Wire, Wiring},
    },
};

/// A controller on the board's pins at 400 kHz, where a bit lasts 2.5 us, with buffers in RAM.
struct Bench {
    twim: Twim,
    gpio: Gpio,
    buses: Vec<I2cBus>,
    memory: Memory,
    events: Events,
    stop: Option<String>,
    met: Met,
}

const TX: u32 = RAM_BASE + 0x100;
const RX: u32 = RAM_BASE + 0x200;
const LASTTX_STARTRX: u32 = 1 << 7;
const LASTTX_SUSPEND: u32 = 1 << 8;
const LASTTX_STOP: u32 = 1 << 9;
const LASTRX_STARTTX: u32 = 1 << 10;
const LASTRX_STOP: u32 = 1 << 12;

impl Bench {
    fn new() -> Self {
        let met = Met::default();
        let mut bus = I2cBus::new(SENSOR);
        bus.mount(Box::new(Noting::new(&met)));
        let mut bench = Self {
            twim: Twim::new("TWIM0"),
            gpio: Gpio::new(),
            buses: vec![bus],
            memory: memory(),
            events: Events::default(),
            stop: None,
            met,
        };
        for pin in [26, 27] {
            assert_eq!(bench.gpio.write(0x700 + 4 * pin, 0x601), Ok(()));
        }
        bench.memory.put(TX, &[0xa8, 0x01, 0x02, 0x03]).unwrap();
        for (offset, value) in [
            (0x508, 27),
            (0x50c, 26),
            (0x524, 0x0640_0000),
            (0x500, 6),
            (0x588, 0x18),
        ] {
            bench.write(offset, value, 0);
        }
        bench
    }

    /// Buffers of these lengths, and shortcuts.
    fn with(send: u32, receive: u32, shorts: u32) -> Self {
        let mut bench = Self::new();
        for (offset, value) in [
            (0x544, TX),
            (0x548, send),
            (0x534, RX),
            (0x538, receive),
            (0x200, shorts),
        ] {
            bench.write(offset, value, 0);
        }
        bench
    }

    fn around(&mut self) -> (&mut Twim, Around<'_>) {
        let around = Around {
            gpio: &mut self.gpio,
            buses: &mut self.buses,
            memory: &mut self.memory,
            events: &mut self.events,
            stop: &mut self.stop,
        };
        (&mut self.twim, around)
    }

    fn try_write(&mut self, offset: u32, value: u32, us: u64) -> Answer<()> {
        let (twim, mut around) = self.around();
        twim.advance(Time::from_us(us), &mut around);
        twim.write(offset, value, Time::from_us(us), &mut around)
    }

    fn write(&mut self, offset: u32, value: u32, us: u64) {
        assert_eq!(self.try_write(offset, value, us), Ok(()), "{offset:#x}");
    }

    fn run(&mut self, us: u64) {
        let (twim, mut around) = self.around();
        twim.advance(Time::from_us(us), &mut around);
    }

    fn read(&self, offset: u32) -> u32 {
        self.twim.read(offset).unwrap()
    }

    fn transfers(&mut self) -> Vec<Event> {
        let events = self.events.take().into_iter();
        events
            .filter(|event| matches!(event.what, What::Transfer { .. }))
            .collect()
    }
}

const SEND: u32 = 0x08;
const RECEIVE: u32 = 0x00;
const STOP: u32 = 0x14;
const SUSPEND: u32 = 0x1c;
const RESUME: u32 = 0x20;
const EVENT_STOPPED: u32 = 0x104;
const EVENT_ERROR: u32 = 0x124;
const EVENT_SUSPENDED: u32 = 0x148;
const EVENT_LASTRX: u32 = 0x15c;
const EVENT_LASTTX: u32 = 0x160;

#[test]
fn a_write_takes_nine_bits_a_byte_and_two_conditions() {
    let mut bench = Bench::with(2, 0, LASTTX_STOP);
    bench.write(SEND, 1, 100);
    assert_eq!(bench.read(0x150), 1, "TXSTARTED");
    bench.run(1000);
    // Start and address 25 us, two bytes 22.5 us each, stop 2.5 us.
    assert_eq!(*bench.met.borrow(), ["125 write", "147 a8", "170 01", "172 stop"]);
    assert_eq!(
        (bench.read(EVENT_STOPPED), bench.read(EVENT_ERROR), bench.read(0x54c)),
        (1, 0, 2)
    );
    let [transfer] = &bench.transfers()[..] else {
        panic!("one transfer")
    };
    assert_eq!(transfer.at, Time::from_ns(172_500));
    let expected = What::Transfer {
        controller: "TWIM0",
        address: Some(0x18),
        from: Time::from_us(100),
        sent: vec![0xa8, 0x01],
        received: vec![],
        refused: false,
    };
    assert_eq!(transfer.what, expected);
}

#[test]
fn the_last_byte_is_told_when_it_begins() {
    let mut bench = Bench::with(2, 0, LASTTX_STOP);
    bench.write(SEND, 1, 0);
    bench.run(47);
    assert_eq!(bench.read(EVENT_LASTTX), 0);
    bench.run(48);
    assert_eq!((bench.read(EVENT_LASTTX), bench.read(EVENT_STOPPED)), (1, 0));
}

#[test]
fn a_register_is_read_with_a_repeated_start() {
    let mut bench = Bench::with(1, 3, LASTTX_STARTRX | LASTRX_STOP);
    bench.write(SEND, 1, 0);
    bench.run(1000);
    assert_eq!(
        *bench.met.borrow(),
        [
            "25 write", "47 a8", "72 read", "95 byte", "117 byte", "140 byte", "142 stop"
        ]
    );
    assert_eq!(bench.memory.bytes(RX, 4), Some(&[0x40, 0x41, 0x42, 0][..]));
    assert_eq!(
        (bench.read(0x53c), bench.read(0x54c), bench.read(EVENT_LASTRX)),
        (3, 1, 1)
    );
    let [transfer] = &bench.transfers()[..] else {
        panic!("one transfer")
    };
    let What::Transfer { sent, received, .. } = &transfer.what else {
        unreachable!()
    };
    assert_eq!((&sent[..], &received[..]), (&[0xa8][..], &[0x40, 0x41, 0x42][..]));
}

#[test]
fn a_read_may_go_on_with_a_write() {
    let mut bench = Bench::with(1, 1, LASTRX_STARTTX | LASTTX_STOP);
    bench.write(RECEIVE, 1, 0);
    bench.run(1000);
    assert_eq!(
        *bench.met.borrow(),
        ["25 read", "47 byte", "72 write", "95 a8", "97 stop"]
    );
}

#[test]
fn easydma_tells_of_every_byte_in_ram() {
    let mut bench = Bench::with(1, 1, LASTTX_STARTRX | LASTRX_STOP);
    bench.write(SEND, 1, 0);
    bench.run(1000);
    let dma = bench
        .events
        .take()
        .into_iter()
        .filter(|event| matches!(event.what, What::Dma { .. }));
    let told: Vec<_> = dma.map(|event| (event.at.ps() / 1_000_000, event.what)).collect();
    let byte = |address| What::Dma {
        controller: "TWIM0",
        address,
        bytes: 1,
    };
    assert_eq!(told, [(47, byte(TX)), (95, byte(RX))]);
}

#[test]
fn nobody_at_an_address_is_an_error_that_stop_ends() {
    let mut bench = Bench::with(2, 0, LASTTX_STOP);
    bench.write(0x588, 0x19, 0);
    bench.write(SEND, 1, 0);
    bench.run(1000);
    assert_eq!(
        (bench.read(EVENT_ERROR), bench.read(EVENT_STOPPED), bench.read(0x4c4)),
        (1, 0, ANACK)
    );
    bench.write(STOP, 1, 1000);
    bench.run(1003);
    assert_eq!(bench.read(EVENT_STOPPED), 1);
    let [transfer] = &bench.transfers()[..] else {
        panic!("one transfer")
    };
    assert!(matches!(&transfer.what, What::Transfer { refused: true, sent, .. } if sent.is_empty()));
    bench.write(0x4c4, ANACK, 1003);
    assert_eq!(bench.read(0x4c4), 0);
}

#[test]
fn a_byte_that_is_not_acknowledged_counts_in_amount() {
    let mut bench = Bench::with(3, 0, LASTTX_STOP);
    bench.memory.put(TX, &[0xa8, 0xff]).unwrap();
    bench.write(SEND, 1, 0);
    bench.run(1000);
    assert_eq!(
        (bench.read(0x4c4), bench.read(0x54c), bench.read(EVENT_ERROR)),
        (DNACK, 2, 1)
    );
    assert_eq!(bench.twim.due(), Time::NEVER, "it waits for STOP");
}

#[test]
fn an_empty_write_asks_only_who_is_there() {
    let mut bench = Bench::with(0, 0, LASTTX_STOP);
    bench.write(SEND, 1, 0);
    bench.write(STOP, 1, 1);
    bench.run(1000);
    assert_eq!(*bench.met.borrow(), ["25 write", "27 stop"]);
    assert_eq!((bench.read(EVENT_LASTTX), bench.read(EVENT_STOPPED)), (0, 1));
}

#[test]
fn a_suspended_write_goes_on_with_a_repeated_start() {
    let mut bench = Bench::with(1, 2, LASTTX_SUSPEND);
    bench.write(SEND, 1, 0);
    bench.run(500);
    assert_eq!((bench.read(EVENT_SUSPENDED), bench.read(EVENT_STOPPED)), (1, 0));
    bench.write(0x200, LASTRX_STOP, 500);
    bench.write(RECEIVE, 1, 500);
    assert_eq!(bench.twim.due(), Time::NEVER, "not before RESUME");
    bench.write(RESUME, 1, 600);
    bench.run(2000);
    assert_eq!(
        *bench.met.borrow(),
        ["25 write", "47 a8", "625 read", "647 byte", "670 byte", "672 stop"]
    );
}

#[test]
fn suspend_in_the_middle_keeps_the_rest_for_resume() {
    let mut bench = Bench::with(3, 0, LASTTX_STOP);
    bench.write(SEND, 1, 0);
    bench.write(SUSPEND, 1, 30);
    bench.run(500);
    assert_eq!((bench.read(EVENT_SUSPENDED), bench.read(0x54c)), (1, 1));
    bench.write(RESUME, 1, 500);
    bench.run(1000);
    assert_eq!(
        *bench.met.borrow(),
        ["25 write", "47 a8", "522 01", "545 02", "547 stop"]
    );
}

#[test]
fn a_buffer_in_flash_ends_the_run() {
    let mut bench = Bench::with(2, 0, LASTTX_STOP);
    bench.write(0x544, 0x4000, 0);
    bench.write(SEND, 1, 0);
    let why = bench.stop.take().expect("the chip would fault");
    assert!(why.contains("0x00004000"), "{why}");
    bench.write(0x544, RAM_BASE + 0x3_ffff, 500);
    bench.write(SEND, 1, 500);
    assert!(bench.stop.is_some(), "the second byte lies behind RAM");
}

#[test]
fn a_bus_that_is_held_low_never_goes_on() {
    for (wire, from) in [(Wire::Sda, 0), (Wire::Scl, 0), (Wire::Sda, 40)] {
        let mut bench = Bench::with(2, 0, LASTTX_STOP);
        bench.buses[0].hold(wire, Time::from_us(from), Time::NEVER);
        bench.write(SEND, 1, 0);
        bench.write(STOP, 1, 1000);
        bench.run(10_000_000);
        assert_eq!(
            (bench.read(EVENT_STOPPED), bench.read(EVENT_ERROR)),
            (0, 0),
            "{wire:?} from {from}"
        );
        assert_eq!(bench.twim.due(), Time::NEVER);
    }
}

#[test]
fn switching_it_off_and_on_ends_a_transfer_that_hangs() {
    let mut bench = Bench::with(1, 0, LASTTX_STOP);
    bench.buses[0].hold(Wire::Sda, Time::ZERO, Time::from_us(500));
    bench.write(SEND, 1, 0);
    bench.write(ENABLE, 0, 1000);
    bench.write(ENABLE, 6, 1000);
    bench.write(SEND, 1, 1000);
    bench.run(2000);
    assert_eq!(bench.read(EVENT_STOPPED), 1);
}

#[test]
fn without_pull_ups_nothing_goes_over_the_bus() {
    let mut bench = Bench::with(1, 0, LASTTX_STOP);
    bench.buses = vec![I2cBus::new(Wiring {
        pull_ups: false,
        ..SENSOR
    })];
    bench.write(SEND, 1, 0);
    bench.run(1_000_000);
    assert_eq!((bench.read(EVENT_STOPPED), bench.read(EVENT_ERROR)), (0, 0));
}

#[test]
fn on_pins_with_a_pull_up_and_no_part_nobody_acknowledges() {
    let mut bench = Bench::with(1, 0, LASTTX_STOP);
    bench.write(ENABLE, 0, 0);
    for pin in [3, 4] {
        assert_eq!(bench.gpio.write(0x700 + 4 * pin, 0x60d), Ok(()));
    }
    for (offset, value) in [(0x508, 3), (0x50c, 4), (0x500, 6), (SEND, 1)] {
        bench.write(offset, value, 0);
    }
    bench.run(1000);
    assert_eq!(bench.read(0x4c4), ANACK);
}

#[test]
fn a_part_that_appears_late_answers_late() {
    let mut bench = Bench::with(1, 0, LASTTX_STOP);
    bench.buses[0].appears(0x18, Time::from_ms(5));
    bench.write(SEND, 1, 0);
    bench.run(1000);
    assert_eq!(bench.read(0x4c4), ANACK);
    bench.write(STOP, 1, 1000);
    bench.write(0x4c4, ANACK, 6000);
    bench.write(SEND, 1, 6000);
    bench.run(7000);
    assert_eq!(*bench.met.borrow(), ["6025 write", "6047 a8", "6050 stop"]);
}

#[test]
fn weak_pull_ups_lengthen_every_bit() {
    let mut bench = Bench::with(1, 0, LASTTX_STOP);
    bench.buses[0].slow_down(Time::from_ns(500));
    bench.write(SEND, 1, 0);
    bench.run(1000);
    assert_eq!(*bench.met.borrow(), ["30 write", "57 a8", "60 stop"]);
}

#[test]
fn its_pins_are_told_when_it_takes_them() {
    let mut bench = Bench::new();
    let pins = vec![("SCL", "P0.27".to_owned()), ("SDA", "P0.26".to_owned())];
    let expected = What::BusPins {
        controller: "TWIM0",
        pins,
    };
    assert!(bench.events.take().iter().any(|event| event.what == expected));
}

#[test]
fn interrupts_follow_its_events() {
    let mut bench = Bench::with(1, 0, LASTTX_STOP);
    bench.write(0x308, u32::MAX, 0);
    bench.write(0x304, 1 << STOPPED | 1 << ERROR, 0);
    bench.write(SEND, 1, 0);
    bench.run(49);
    assert!(!bench.twim.line());
    bench.run(50);
    assert!(bench.twim.line());
    bench.write(EVENT_STOPPED, 0, 60);
    assert!(!bench.twim.line());
}

#[test]
fn what_it_does_not_have_is_refused() {
    let mut bench = Bench::new();
    assert_eq!(bench.try_write(0x500, 7, 0), Err(Refused::Unknown), "SPIM");
    assert_eq!(
        bench.try_write(0x508, 27, 0),
        Err(Refused::Unknown),
        "pins while it is enabled"
    );
    bench.write(SEND, 1, 0);
    assert_eq!(
        bench.try_write(0x524, 0x0400_0000, 10),
        Err(Refused::Unknown),
        "a rate during a transfer"
    );
    bench.write(0x500, 0, 20);
    assert_eq!(
        bench.try_write(0x524, 0x0668_0000, 0),
        Err(Refused::Unknown),
        "no rate of TWIM"
    );
    assert_eq!(bench.try_write(0x540, 1, 0), Err(Refused::Unknown), "a list of buffers");
    assert_eq!(bench.try_write(0x508, 48, 0), Err(Refused::Unknown), "no such pin");
    assert_eq!(bench.twim.read(0x00), Err(Refused::Unknown));
    bench.write(SEND, 1, 30);
    assert_eq!(bench.twim.due(), Time::NEVER, "a task does nothing while it is off");
}
