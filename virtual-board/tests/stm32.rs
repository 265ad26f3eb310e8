//! Images for ST's boards from before two faults were found that stop them before their first line: the rules find the faults.

use std::{ops::ControlFlow, path::Path};
use virtual_board::{
    boards::{stm32l4_iot01a, stm32u5_nucleo},
    core::Core,
    event::{Event, What},
    host::elf::Image,
    memory::Memory,
    rules::{Checks, Finding},
    run::{Board, Console, End, Limits, Observer},
    soc::{Soc, stm32l4, stm32u5},
    time::Time,
};

/// Hands events to the rules, and keeps writes to registers.
struct Watch {
    checks: Checks,
    writes: Vec<(u32, u32)>,
}

impl Observer for Watch {
    fn event(&mut self, event: &Event) {
        if std::env::var_os("TRACE").is_some() && !matches!(event.what, What::Read { .. }) {
            eprintln!("{:?} {:x?} {:x?}", event.at.as_s(), event.pc, event.what);
        }
        self.checks.observe(event);
        if let What::Written { address, value, .. } = event.what {
            self.writes.push((address, value));
        }
    }
}

/// Flash that holds an image of `tests/fixtures/images`.
fn flashed(name: &str, mut memory: Memory) -> Memory {
    let path = std::env::var("IMAGE").map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images").join(name), |x| x.into());
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let image = Image::parse(&bytes, &path).unwrap_or_else(|error| panic!("{error}"));
    image.load(&mut memory).unwrap_or_else(|error| panic!("{error}"));
    memory
}

/// Runs until `enough`, or for so long.
fn run<S: Soc>((core, soc): (Core, S), checks: Checks, limit: Time, enough: fn(&Finding) -> bool) -> (Watch, End) {
    let mut watch = Watch {
        checks,
        writes: Vec::new(),
    };
    let mut board = Board::power_on(core, soc, Console::None);
    loop {
        let limits = Limits {
            time: (board.core.now() + Time::from_ms(1)).min(limit),
            ..Limits::default()
        };
        let report = board.run(limits, &mut watch);
        watch.checks.tick(report.time, board.soc.due());
        let found = watch.checks.found().iter().any(|found| enough(&found.first));
        if found || report.end != End::Time || report.time >= limit {
            return (watch, report.end);
        }
    }
}

#[test]
fn msi_is_raised_to_48_mhz_without_wait_states() {
    let chip = stm32l4_iot01a::chip(flashed("stm32l4-replay.elf", stm32l4::memory()));
    let (watch, end) = run(chip, stm32l4_iot01a::rules(), Time::from_s(5), |finding| {
        finding.rule == "flash-wait-states"
    });
    println!("{:?} {end}", watch.checks.found());
    assert_eq!(end, End::Time);
    let found = watch.checks.found().last().expect("a finding");
    assert_eq!(found.first.rule, "flash-wait-states");
}

#[test]
fn lptim1_waits_for_a_clock_that_never_reaches_it() {
    let chip = stm32u5_nucleo::chip(flashed("stm32u5-replay.elf", stm32u5::memory()));
    let (watch, end) = run(chip, stm32u5_nucleo::rules(), Time::from_s(5), |finding| {
        finding.rule == "endless-wait"
    });
    println!("{:?} {end}", watch.checks.found());
    assert_eq!(end, End::Time);
}
