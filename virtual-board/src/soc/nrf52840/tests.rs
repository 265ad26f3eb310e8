//! The chip by accesses of its core, in the order in which the project's images make them.

use super::*;
use crate::{
    boards::nrf52840_dk::SENSOR,
    bus::Width,
    event::Pin,
    part::{Faults, Faulty, HeldSda, Lis3dh, Still},
    soc::wires::Wire,
};
use std::sync::Arc;

const RTC1: u32 = 0x4001_1000;
const TWIM0: u32 = 0x4000_3000;
const WDT: u32 = 0x4001_0000;
const NVMC: u32 = 0x4001_e000;
const UICR: u32 = 0x1000_1000;
const P0: u32 = 0x5000_0000;
const SCL: u32 = 27;
const SDA: u32 = 26;

/// A chip with its memory, and the instant of its core.
struct Bench {
    chip: Nrf52840,
    memory: Memory,
    now: Time,
}

impl Bench {
    fn with(faults: Faults) -> Self {
        let world = Arc::new(Still {
            acceleration_g: [0.0, 0.0, 1.0],
            rate_rad_s: [0.0; 3],
        });
        let part = Faulty::new(Lis3dh::new(world, false, 0), faults);
        let chip = Nrf52840::new(vec![Box::new(part)], SENSOR);
        Self {
            chip,
            memory: memory(),
            now: Time::ZERO,
        }
    }

    fn new() -> Self {
        Self::with(Faults::default())
    }

    fn access(&mut self, address: u32) -> Access {
        self.now += Time::from_ns(250);
        Access {
            address,
            width: Width::Word,
            now: self.now,
            pc: 0x100,
        }
    }

    fn try_read(&mut self, address: u32) -> Answer<u32> {
        let access = self.access(address);
        self.chip.read(access, &mut self.memory)
    }

    fn read(&mut self, address: u32) -> u32 {
        self.try_read(address)
            .unwrap_or_else(|refused| panic!("{address:#x}: {refused:?}"))
    }

    fn try_write(&mut self, address: u32, value: u32) -> Answer<()> {
        let access = self.access(address);
        self.chip.write(access, value, &mut self.memory)
    }

    fn write(&mut self, address: u32, value: u32) {
        assert_eq!(self.try_write(address, value), Ok(()), "{address:#x} <- {value:#x}");
    }

    /// Time passes, with every due instant met exactly.
    fn pass(&mut self, span: Time) {
        let end = self.now + span;
        while self.chip.due() <= end {
            let due = self.chip.due();
            self.chip.advance(due, &mut self.memory);
            assert!(self.chip.due() > due, "what was due has happened");
        }
        self.now = end;
    }

    /// The crystal starts, and RTC1 counts.
    fn clocks(&mut self) {
        for (address, value) in [(0x4000_0518, 1), (0x4000_0104, 0), (0x4000_0008, 1)] {
            self.write(address, value);
        }
        self.pass(LFXO_STARTS);
        assert_eq!(self.read(0x4000_0104), 1);
        for (offset, value) in [(0x54c, 0x80_0000), (0x304, 1 << 19 | 2), (8, 1), (0, 1)] {
            self.write(RTC1 + offset, value);
        }
        self.pass(Time::from_us(100));
    }

    /// TWIM0 on the board's pins at 390 kHz, its pins open-drain outputs that are high.
    fn bus(&mut self) {
        for pin in [SDA, SCL] {
            self.write(P0 + 0x508, 1 << pin);
            self.write(P0 + 0x700 + 4 * pin, 0x601);
        }
        for (offset, value) in [
            (0x508, SCL),
            (0x50c, SDA),
            (0x524, 0x0620_0000),
            (0x500, 6),
            (0x588, 0x18),
        ] {
            self.write(TWIM0 + offset, value);
        }
    }

    /// Asks the part at 0x18 who it is: the byte, and whether a stop came.
    fn who_am_i(&mut self) -> (u8, bool) {
        self.memory.put(RAM_BASE, &[0x0f, 0]).unwrap();
        let buffers = [(0x544, RAM_BASE), (0x548, 1), (0x534, RAM_BASE + 1), (0x538, 1)];
        for (offset, value) in buffers
            .into_iter()
            .chain([(0x200, 1 << 7 | 1 << 12), (0x104, 0), (8, 1)])
        {
            self.write(TWIM0 + offset, value);
        }
        self.pass(Time::from_ms(5));
        let [byte] = self.memory.load(RAM_BASE + 1).unwrap();
        (byte, self.read(TWIM0 + 0x104) == 1)
    }

    fn level(&mut self, pin: u32) -> bool {
        self.read(P0 + 0x510) >> pin & 1 != 0
    }
}

#[test]
fn the_first_start_writes_uicr_and_the_reset_keeps_it() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.try_write(UICR + 0x200, 18),
        Err(Refused::Fault),
        "flash is closed"
    );
    for offset in [0x200, 0x204] {
        bench.write(NVMC + 0x504, 1);
        bench.write(UICR + offset, 18);
        assert_eq!(bench.read(NVMC + 0x400), 0);
        bench.pass(WRITE);
        assert_eq!(bench.read(NVMC + 0x400), 1);
        bench.write(NVMC + 0x504, 0);
    }
    bench.chip.reset(ResetCause::Software, bench.now);
    assert_eq!((bench.read(UICR + 0x200), bench.read(UICR + 0x204)), (18, 18));
    assert_eq!(bench.read(0x4000_0400), 1 << 2);
    assert_eq!(bench.chip.uicr(0x208), Ok(u32::MAX));
}

#[test]
fn a_sensor_says_who_it_is() {
    let mut bench = Bench::new();
    bench.clocks();
    bench.bus();
    assert_eq!(bench.who_am_i(), (0x33, true));
    let transfers = bench.chip.take_events().into_iter();
    let transfers: Vec<_> = transfers
        .filter(|event| matches!(event.what, What::Transfer { .. }))
        .collect();
    let [
        Event {
            at,
            what: What::Transfer { from, .. },
            ..
        },
    ] = &transfers[..]
    else {
        panic!("one transfer")
    };
    // A start, a repeated start and a stop, two addresses and two bytes: 3 + 4 x 9 bits.
    assert_eq!(at.since(*from).ps(), 39 * (1_000_000_000_000 / 390_000));
}

#[test]
fn the_time_drivers_alarm_wakes_the_core_to_the_tick() {
    let mut bench = Bench::new();
    bench.clocks();
    let count = bench.read(RTC1 + 0x504);
    bench.write(RTC1 + 0x540, count + 1000);
    bench.write(RTC1 + 0x304, 1 << 16);
    let due = std::iter::from_fn(|| {
        let due = bench.chip.due();
        bench.chip.advance(due, &mut bench.memory);
        Some((due, bench.chip.lines()))
    });
    let (at, lines) = due
        .take(3)
        .find(|(_, lines)| *lines != Lines::default())
        .expect("an interrupt");
    let mut expected = Lines::default();
    expected.set(line::RTC1, true);
    assert_eq!(lines, expected);
    bench.now = at;
    assert_eq!(bench.read(RTC1 + 0x504), count + 1000);
    assert!((at - Time::from_ms(250)).ps().abs_diff(Time::from_ms(30).ps()) < Time::from_ms(2).ps());
    bench.write(RTC1 + 0x140, 0);
    assert_eq!(bench.chip.lines(), Lines::default());
}

#[test]
fn the_watchdog_bites_after_its_two_ticks_and_is_gone_after_its_reset() {
    let mut bench = Bench::new();
    bench.clocks();
    for (offset, value) in [(0x50c, 0), (0x304, 1), (0x504, 32_767), (0x508, 1), (0, 1)] {
        bench.write(WDT + offset, value);
    }
    assert!(
        bench
            .chip
            .take_events()
            .iter()
            .any(|event| event.what == What::WatchdogStarted && event.pc == Some(0x100))
    );
    bench.chip.sleeping(true, false, bench.now);
    bench.pass(Time::from_s(100));
    bench.chip.sleeping(false, false, bench.now);
    bench.pass(Time::from_ms(999));
    assert_eq!(bench.chip.take_reset(), None, "it did not count while the core slept");
    bench.pass(Time::from_ms(2));
    assert_eq!(bench.chip.take_reset(), Some(ResetCause::Watchdog));
    bench.chip.reset(ResetCause::Watchdog, bench.now);
    assert_eq!((bench.read(WDT + 0x400), bench.read(0x4000_0400)), (0, 2));
    assert_eq!(bench.chip.due(), Time::NEVER);
}

#[test]
fn a_watchdog_survives_a_soft_reset_and_keeps_its_clock() {
    let mut bench = Bench::new();
    for (offset, value) in [(0x504, 32_767), (0, 1)] {
        bench.write(WDT + offset, value);
    }
    bench.pass(Time::from_ms(500));
    bench.chip.reset(ResetCause::Software, bench.now);
    assert_eq!((bench.read(WDT + 0x400), bench.read(0x4000_0414)), (1, 0));
    assert_eq!(bench.read(0x4000_0418), 1 << 16, "LFRC runs for it");
    bench.pass(Time::from_ms(502));
    assert_eq!(bench.chip.take_reset(), Some(ResetCause::Watchdog));
}

#[test]
fn clocks_by_hand_and_a_stop_free_a_bus_that_a_part_holds() {
    let held = Some(HeldSda {
        from: Time::ZERO,
        pulses: 5,
    });
    let mut bench = Bench::with(Faults {
        held,
        ..Faults::default()
    });
    bench.clocks();
    bench.bus();
    assert_eq!(bench.who_am_i(), (0, false), "nothing goes on");
    bench.write(TWIM0 + 0x500, 0);
    let mut clocks = 0;
    while !bench.level(SDA) && clocks < 9 {
        bench.write(P0 + 0x50c, 1 << SCL);
        bench.pass(Time::from_us(5));
        bench.write(P0 + 0x508, 1 << SCL);
        bench.pass(Time::from_us(5));
        assert!(bench.level(SCL));
        clocks += 1;
    }
    assert_eq!(clocks, 5);
    for (register, pin) in [(0x50c, SCL), (0x50c, SDA), (0x508, SCL), (0x508, SDA)] {
        bench.write(P0 + register, 1 << pin);
        bench.pass(Time::from_us(5));
    }
    bench.write(TWIM0 + 0x500, 6);
    assert_eq!(bench.who_am_i(), (0x33, true));
    assert_eq!(bench.chip.take_stop(), None);
}

#[test]
fn bytes_sent_by_hand_end_the_run() {
    let mut bench = Bench::new();
    for pin in [SDA, SCL] {
        bench.write(P0 + 0x508, 1 << pin);
        bench.write(P0 + 0x700 + 4 * pin, 0x601);
    }
    bench.write(P0 + 0x50c, 1 << SDA);
    for _ in 0..9 {
        bench.write(P0 + 0x50c, 1 << SCL);
        bench.write(P0 + 0x508, 1 << SCL);
    }
    assert!(bench.chip.take_stop().is_some_and(|why| why.contains("by hand")));
}

#[test]
fn a_bus_that_something_holds_never_stops() {
    for wire in [Wire::Scl, Wire::Sda] {
        let mut bench = Bench::new();
        bench.chip.bus(SENSOR).hold(wire, Time::from_ms(300), Time::NEVER);
        bench.clocks();
        bench.bus();
        assert_eq!(bench.who_am_i(), (0x33, true));
        bench.pass(Time::from_ms(100));
        assert_eq!(bench.who_am_i(), (0, false));
        let name = if wire == Wire::Scl { "P0.27" } else { "P0.26" };
        assert_eq!(bench.chip.pin_level(name, bench.now), Some(false));
    }
}

#[test]
fn a_part_can_be_absent_or_late() {
    let mut bench = Bench::new();
    bench.chip.bus(SENSOR).appears(0x18, Time::from_ms(400));
    bench.clocks();
    bench.bus();
    assert_eq!(bench.who_am_i(), (0, false));
    assert_eq!(bench.read(TWIM0 + 0x4c4), 1 << 1, "the address is not acknowledged");
    bench.write(TWIM0 + 0x14, 1);
    bench.pass(Time::from_ms(200));
    assert_eq!(bench.who_am_i(), (0x33, true));
}

#[test]
fn accesses_are_told_with_their_instruction() {
    let mut bench = Bench::new();
    bench.write(0x4000_0578, 1);
    bench.read(0x1000_0100);
    let mut events = bench.chip.take_events();
    events.retain(|event| event.pc.is_some());
    let [written, read] = &events[..] else {
        panic!("two events")
    };
    assert_eq!(
        written.what,
        What::Written {
            peripheral: "POWER",
            address: 0x4000_0578,
            value: 1
        }
    );
    assert_eq!(
        read.what,
        What::Read {
            peripheral: "FICR",
            address: 0x1000_0100,
            value: 0x52840
        }
    );
    assert_eq!((written.pc, read.pc), (Some(0x100), Some(0x100)));
}

#[test]
fn a_marker_pin_is_told_when_it_rises() {
    let mut bench = Bench::new();
    for (offset, value) in [(0x80c, 1 << 1), (0xa04, 3), (0x808, 1 << 1)] {
        bench.write(P0 + offset, value);
    }
    let pins = bench
        .chip
        .take_events()
        .into_iter()
        .filter_map(|event| match event.what {
            What::Pin(Pin {
                name,
                driven,
                pull: None,
            }) => Some((name, driven)),
            _ => None,
        });
    assert_eq!(
        pins.collect::<Vec<_>>(),
        [("P1.01".into(), Some(false)), ("P1.01".into(), Some(true))]
    );
    assert_eq!(bench.chip.pin_level("P1.01", bench.now), Some(true));
    assert_eq!(bench.chip.pin_level("P2.01", bench.now), None);
}

#[test]
fn what_no_model_knows_is_refused_and_what_does_not_exist_faults() {
    let mut bench = Bench::new();
    for unknown in [
        0x4000_c508,
        0x4000_d000,
        0x4000_6000,
        0x4001_f504,
        0x4000_f000,
        0x5002_b000,
        0x1000_0080,
    ] {
        assert_eq!(bench.try_read(unknown), Err(Refused::Unknown), "{unknown:#x}");
    }
    for missing in [0x0010_0000, 0x2004_0000, 0x6000_0000] {
        assert_eq!(bench.try_read(missing), Err(Refused::Fault), "{missing:#x}");
        assert_eq!(bench.try_write(missing, 0), Err(Refused::Fault), "{missing:#x}");
    }
    let access = Access {
        width: Width::Byte,
        ..bench.access(P0 + 0x510)
    };
    assert_eq!(
        bench.chip.read(access, &mut bench.memory),
        Err(Refused::Unknown),
        "registers are words"
    );
}

#[test]
fn flash_takes_words_when_it_is_open() {
    let mut bench = Bench::new();
    assert_eq!(bench.try_write(0x1_0000, 0), Err(Refused::Fault));
    bench.write(NVMC + 0x504, 1);
    bench.write(0x1_0000, 0x1234_5678);
    assert_eq!(bench.memory.word(0x1_0000), Some(0x1234_5678));
    let access = Access {
        width: Width::Half,
        ..bench.access(0x1_0004)
    };
    assert_eq!(bench.chip.write(access, 0, &mut bench.memory), Err(Refused::Fault));
}

#[test]
fn system_off_ends_the_run() {
    let mut bench = Bench::new();
    bench.write(0x4000_0500, 1);
    assert!(bench.chip.take_stop().is_some_and(|why| why.contains("System OFF")));
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
    let mut bench = Bench::new();
    bench.write(0x4000_0578, 1);
    assert_eq!(
        told(&mut bench),
        ["core: awake, DC/DC x 64", "RAM: a block of 4 KB kept x 64"],
        "all that draws, at first"
    );
    bench.write(0x4000_0518, 1);
    bench.write(0x4000_0008, 1);
    assert_eq!(told(&mut bench), ["LFCLK: LFXO x 1"]);
    bench.write(0x4000_0908, 0b11);
    assert_eq!(told(&mut bench), ["RAM: a block of 4 KB kept x 62"]);
    bench.chip.sleeping(true, false, bench.now);
    assert_eq!(told(&mut bench), ["core: asleep x 1"]);
    bench.chip.sleeping(false, false, bench.now);
    bench.write(0x4000_0078, 1);
    bench.chip.sleeping(true, false, bench.now);
    assert_eq!(
        told(&mut bench),
        ["core: awake, DC/DC x 64", "core: asleep, fast clock on, DC/DC x 1"],
        "constant latency"
    );
    bench.chip.reset(ResetCause::Software, bench.now);
    assert_eq!(
        told(&mut bench),
        ["core: awake, LDO x 64", "RAM: a block of 4 KB kept x 64"],
        "a reset switches the converter and the clock off"
    );
}

#[test]
fn a_transfer_draws_while_it_runs_and_the_sensor_tells_that_it_was_switched_on() {
    let mut bench = Bench::new();
    bench.bus();
    bench.who_am_i();
    let events = bench.chip.take_events();
    let drawn = |consumer: &str| -> Vec<u32> {
        let units = |event: &Event| match event.what {
            What::Load(load) if load.consumer == consumer => Some(load.units),
            _ => None,
        };
        events.iter().filter_map(units).collect()
    };
    assert_eq!(drawn("TWIM0"), [0, 1, 0]);
    assert_eq!(drawn("bus"), [0, 1, 0], "the pull-ups of the board");
    let off = |event: &Event| matches!(&event.what, What::PartPower { part: "LIS3DH", power } if !power.on);
    assert!(events.iter().any(off));
}
