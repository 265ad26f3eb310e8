use super::*;
use crate::{bus::Width, soc::wires::Wiring};

const RESETS: u32 = 0x4002_0000;
const TIMER0: u32 = 0x400b_0000;
const TICKS: u32 = 0x4010_8000;

struct Bench {
    chip: Rp2350,
    memory: Memory,
    now: Time,
}

impl Bench {
    fn new() -> Self {
        Self {
            chip: Rp2350::new(),
            memory: memory(),
            now: Time::ZERO,
        }
    }

    fn access(&self, address: u32) -> Access {
        Access {
            address,
            width: Width::Word,
            now: self.now,
            pc: 0x1000_0200,
        }
    }

    fn read(&mut self, address: u32) -> Answer<u32> {
        self.chip.read(self.access(address), &mut self.memory)
    }

    fn write(&mut self, address: u32, value: u32) -> Answer<()> {
        self.chip.write(self.access(address), value, &mut self.memory)
    }

    fn all(&mut self, writes: &[(u32, u32)]) {
        for (address, value) in writes {
            assert_eq!(self.write(*address, *value), Ok(()), "{address:#010x}");
        }
    }

    fn sleep(&mut self, until: Time) {
        self.chip.sleeping(true, true, self.now);
        self.now = until;
        self.chip.advance(until, &mut self.memory);
        self.chip.sleeping(false, true, until);
    }
}

#[test]
fn aliases_set_clear_and_invert_bits() {
    let mut bench = Bench::new();
    bench.all(&[(RESETS + 0x3000, 1 << 23), (RESETS + 0x1000, 3)]);
    assert_eq!(bench.read(RESETS), Ok(0x1fff_ffff & !(1 << 23 | 1 << 7 | 1 << 10 | 3)));
    bench.all(&[(RESETS + 0x2000, 1)]);
    assert_eq!(bench.read(RESETS + 0x2000).map(|held| held & 3), Ok(1));
    let written = bench
        .chip
        .take_events()
        .into_iter()
        .filter_map(|event| match event.what {
            What::Written { address, value, .. } => Some((address, value & 3)),
            _ => None,
        });
    assert_eq!(written.collect::<Vec<_>>(), [(RESETS, 3), (RESETS, 0), (RESETS, 1)]);
}

#[test]
fn a_peripheral_that_is_held_in_reset_ends_the_run_when_it_is_used() {
    let mut bench = Bench::new();
    assert_eq!(bench.read(TIMER0 + 0x28), Ok(0));
    assert_eq!(
        bench.chip.take_stop().as_deref(),
        Some("TIMER0 is used while RESETS holds it in reset")
    );
}

#[test]
fn the_timer_counts_asleep_while_its_gates_are_open() {
    let ticks = [
        (RESETS + 0x3000, 1 << 23),
        (TICKS + 0x1c, 11),
        (TICKS + 0x18, 1),
        (TICKS + 0x34, 11),
        (TICKS + 0x30, 1),
    ];
    for (gates, counted) in [(1 << 17 | 1 << 19, 1000), (1 << 17, 0), (1 << 19, 0)] {
        let mut bench = Bench::new();
        bench.all(&ticks);
        bench.all(&[(0x4001_00b8, gates)]);
        bench.sleep(Time::from_ms(1));
        assert_eq!(bench.read(TIMER0 + 0x28), Ok(counted), "{gates:#x}");
    }
}

#[test]
fn an_alarm_raises_its_line() {
    let mut bench = Bench::new();
    bench.all(&[
        (RESETS + 0x3000, 1 << 23),
        (TICKS + 0x1c, 11),
        (TICKS + 0x18, 1),
        (TIMER0 + 0x40, 2),
        (TIMER0 + 0x14, 30),
    ]);
    assert_eq!(bench.chip.due(), Time::from_us(30));
    bench.sleep(Time::from_us(30));
    assert_eq!(bench.chip.lines().0[0], 1 << 1);
}

#[test]
fn a_clock_that_does_not_run_stops_the_core() {
    let mut bench = Bench::new();
    bench.all(&[(0x4001_003c, 0x40), (0x4001_0030, 2)]);
    let stop = bench.chip.take_stop().unwrap();
    assert!(stop.contains("a source that does not run"), "{stop}");
}

#[test]
fn a_spinlock_is_taken_by_a_read_and_freed_by_a_write() {
    let (mut bench, lock) = (Bench::new(), 0xd000_017c);
    assert_eq!(bench.read(lock), Ok(1 << 31));
    assert_eq!(bench.read(lock), Ok(0));
    bench.all(&[(lock, 1)]);
    assert_eq!(bench.read(lock), Ok(1 << 31));
    // A reset by the program frees no lock; the watchdog's does.
    bench.chip.reset(ResetCause::Software, bench.now);
    assert_eq!(bench.read(lock), Ok(0));
    bench.all(&[(0x4001_8008, 0x01ff_fff3)]);
    bench.chip.reset(ResetCause::Watchdog, bench.now);
    assert_eq!(bench.read(lock), Ok(1 << 31));
    assert_eq!(bench.chip.take_stop(), None);
}

#[test]
fn the_watchdog_begins_everything_anew_but_says_that_it_was_there() {
    let mut bench = Bench::new();
    bench.all(&[
        (TICKS + 0x34, 11),
        (TICKS + 0x30, 1),
        (0x4001_8008, 0x01ff_fff3),
        (0x400d_8004, 500),
        (0x400d_8000, 1 << 30),
        (RESETS + 0x3000, 1 << 23),
    ]);
    assert_eq!(bench.chip.due(), Time::from_us(500));
    bench.sleep(Time::from_us(500));
    assert_eq!(bench.chip.take_reset(), Some(ResetCause::Watchdog));
    bench.chip.reset(ResetCause::Watchdog, bench.now);
    assert_eq!(bench.read(0x400d_8008), Ok(1));
    assert_eq!(bench.read(RESETS).map(|held| held >> 23 & 1), Ok(1));
    bench.chip.reset(ResetCause::Software, bench.now);
    assert_eq!(bench.read(0x400d_8008), Ok(0));
    assert_eq!(bench.chip.take_stop(), None);
}

#[test]
fn a_watchdog_that_would_stop_the_crystal_ends_the_run() {
    let mut bench = Bench::new();
    bench.all(&[(0x4001_8008, 0x01ff_fffc)]);
    bench.chip.reset(ResetCause::Watchdog, bench.now);
    let stop = bench.chip.take_stop().unwrap();
    assert!(stop.contains("WDSEL"), "{stop}");
}

#[test]
fn the_second_core_is_not_started() {
    let mut bench = Bench::new();
    bench.all(&[(0xd000_0054, 0)]);
    let stop = bench.chip.take_stop().unwrap();
    assert!(stop.contains("second core"), "{stop}");
}

#[test]
fn nothing_else_answers() {
    let mut bench = Bench::new();
    // The boot ROM, SYSINFO, UART0, TIMER1, USB, PIO0; half a word; a block's upper half.
    for address in [
        0x10,
        0x4000_0000,
        0x4007_0000,
        0x400b_8000,
        0x5011_0000,
        0x5020_0000,
        TIMER0 + 0x4000,
    ] {
        assert_eq!(bench.read(address), Err(Refused::Unknown), "{address:#010x}");
        assert_eq!(bench.write(address, 0), Err(Refused::Unknown), "{address:#010x}");
    }
    assert_eq!(bench.read(0x2008_2000), Err(Refused::Fault));
    assert_eq!(bench.read(0x400d_8024), Err(Refused::Unknown));
}

#[test]
fn a_transfer_goes_over_the_pins_that_have_the_function() {
    use crate::soc::noting::{Met, Noting};
    let (mut bench, met) = (Bench::new(), Met::default());
    let wiring = Wiring {
        scl: 5,
        sda: 4,
        pull_ups: true,
    };
    bench.chip.bus(wiring).mount(Box::new(Noting::new(&met)));
    const I2C0: u32 = 0x4009_0000;
    let transfer = [(I2C0 + 0x04, 0x18), (I2C0 + 0x6c, 1), (I2C0 + 0x10, 0x20f)];
    bench.all(&[(RESETS + 0x3000, 1 << 4 | 1 << 6 | 1 << 9)]);
    bench.all(&transfer);
    bench.sleep(Time::from_ms(1));
    assert_eq!(met.borrow().len(), 0, "it has no pins");

    bench.all(&[(RESETS + 0x2000, 1 << 4), (RESETS + 0x3000, 1 << 4)]);
    for pin in [4, 5] {
        bench.all(&[(0x4002_8000 + 8 * pin + 4, 3), (0x4003_8004 + 4 * pin, 0x48)]);
    }
    bench.all(&transfer);
    let pins = |event: Event| match event.what {
        What::BusPins { pins, .. } => Some(pins),
        _ => None,
    };
    assert_eq!(
        bench.chip.take_events().into_iter().find_map(pins),
        Some(vec![("SCL", "GPIO5".to_owned()), ("SDA", "GPIO4".to_owned())])
    );
    bench.sleep(Time::from_ms(2));
    let met: Vec<_> = met
        .borrow()
        .iter()
        .map(|met| met.split_once(' ').unwrap().1.to_owned())
        .collect();
    assert_eq!(met, ["write", "0f", "stop"]);
    assert_eq!(bench.chip.take_stop(), None);
}

#[test]
fn a_transfer_that_loses_its_clock_asleep_ends_the_run() {
    let mut bench = Bench::new();
    bench.all(&[(RESETS + 0x3000, 1 << 4 | 1 << 6 | 1 << 9)]);
    for pin in [4, 5] {
        bench.all(&[(0x4002_8000 + 8 * pin + 4, 3), (0x4003_8004 + 4 * pin, 0x48)]);
    }
    bench.all(&[(0x4009_006c, 1), (0x4009_0010, 0x20f), (0x4001_00b4, 1)]);
    bench.sleep(Time::from_ms(1));
    let stop = bench.chip.take_stop().unwrap();
    assert!(stop.contains("I2C0 loses its clock"), "{stop}");
}

/// The states that were told, as "consumer: state x units", those that draw nothing left out.
fn told(bench: &mut Bench) -> Vec<String> {
    let drawing = |event: Event| match event.what {
        What::Load(load) if load.units > 0 => Some(format!("{}: {} x {}", load.consumer, load.state, load.units)),
        _ => None,
    };
    bench.chip.take_events().into_iter().filter_map(drawing).collect()
}

#[test]
fn what_draws_is_told_when_a_register_changes_it() {
    const CLOCKS: u32 = 0x4001_0000;
    const XOSC: u32 = 0x4004_8000;
    let mut bench = Bench::new();
    bench.all(&[(RESETS + 0x3000, 1 << 23)]);
    assert_eq!(
        told(&mut bench),
        [
            "core: awake x 11",
            "clock gates: open, a megahertz x 693",
            "chip: powered x 1",
            "ROSC: on x 1",
            "flash chip: standby x 1",
            "board's regulator: on x 1"
        ],
        "all that draws, at first: 63 gates at 11 MHz"
    );
    bench.all(&[(XOSC, 0xfa_baa0)]);
    assert_eq!(told(&mut bench), ["XOSC: on x 1"]);
    bench.all(&[(TICKS + 0x1c, 11), (TICKS + 0x18, 1)]);
    assert_eq!(
        told(&mut bench),
        ["TICKS: a generator that runs x 1", "TIMER0: counts, a megahertz x 11"]
    );
    bench.all(&[(CLOCKS + 0xb4, 1), (CLOCKS + 0xb8, 1 << 19)]);
    bench.chip.sleeping(true, false, bench.now);
    assert_eq!(
        told(&mut bench),
        Vec::<String>::new(),
        "a light sleep: every gate is open"
    );
    bench.chip.sleeping(false, false, bench.now);
    bench.chip.sleeping(true, true, bench.now);
    let events = bench.chip.take_events();
    let last = |consumer: &str| {
        let units = |event: &Event| match event.what {
            What::Load(load) if load.consumer == consumer => Some(load.units),
            _ => None,
        };
        events.iter().filter_map(units).next_back()
    };
    assert_eq!(
        (last("core"), last("clock gates"), last("TICKS"), last("TIMER0")),
        (Some(0), Some(2 * 11), Some(0), None),
        "SLEEP: two gates, and no ticks"
    );
}
