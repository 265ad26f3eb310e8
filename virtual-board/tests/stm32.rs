//! Images for ST's boards from before two faults were found that stop them before their first line: the rules find the faults.

use std::path::Path;
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

/// Hands events to the rules, and keeps what was written to registers.
struct Watch {
    checks: Checks,
    /// Instruction, address, value.
    writes: Vec<(u32, u32, u32)>,
}

impl Observer for Watch {
    fn event(&mut self, event: &Event) {
        self.checks.observe(event);
        if let (Some(pc), What::Written { address, value, .. }) = (event.pc, &event.what) {
            self.writes.push((pc, *address, *value));
        }
    }
}

impl Watch {
    /// The first finding by a rule.
    fn found(&self, rule: &str) -> &Finding {
        let found = self.checks.found().iter().find(|found| found.first.rule == rule);
        &found
            .unwrap_or_else(|| panic!("nothing by {rule}: {:?}", self.checks))
            .first
    }

    /// The last value written to a register.
    fn written(&self, register: u32) -> Option<u32> {
        let writes = self.writes.iter().rev();
        writes
            .filter(|(_, address, _)| *address == register)
            .map(|(.., value)| *value)
            .next()
    }
}

/// Flash that holds an image of `tests/fixtures/images`.
fn flashed(name: &str, mut memory: Memory) -> Memory {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
    let path = folder.join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let image = Image::parse(&bytes, &path).unwrap_or_else(|error| panic!("{error}"));
    image.load(&mut memory).unwrap_or_else(|error| panic!("{error}"));
    memory
}

/// Runs until a rule has found something, or for five seconds.
fn run_until_found<S: Soc>((core, soc): (Core, S), checks: Checks, rule: &str) -> Watch {
    let mut watch = Watch {
        checks,
        writes: Vec::new(),
    };
    let mut board = Board::power_on(core, soc, Console::None);
    while board.core.now() < Time::from_s(5) {
        let limits = Limits {
            time: board.core.now() + Time::from_ms(1),
            ..Limits::default()
        };
        let report = board.run(limits, &mut watch);
        watch.checks.tick(report.time, board.soc.due());
        if watch.checks.found().iter().any(|found| found.first.rule == rule) {
            return watch;
        }
        assert_eq!(report.end, End::Time);
    }
    watch
}

#[test]
fn msi_that_is_raised_to_48_mhz_without_wait_states_is_found() {
    let chip = stm32l4_iot01a::chip(flashed("stm32l4-replay.elf", stm32l4::memory()));
    let watch = run_until_found(chip, stm32l4_iot01a::rules(), "flash-wait-states");
    let finding = watch.found("flash-wait-states");
    assert!(finding.what.contains("48000000 Hz with 0 wait states"), "{finding}");
    // The write to RCC_CR that raises the range of MSI.
    let pc = finding.pc.expect("an instruction caused it");
    assert!(watch.writes.contains(&(pc, 0x4002_1000, 0xbb)), "{finding}");
    // It is the first thing that goes wrong.
    assert_eq!(watch.checks.found()[0].first, *finding);
}

#[test]
fn lptim1_that_waits_for_a_clock_without_lsesysen_is_found() {
    let chip = stm32u5_nucleo::chip(flashed("stm32u5-replay.elf", stm32u5::memory()));
    let watch = run_until_found(chip, stm32u5_nucleo::rules(), "endless-wait");
    let gate = watch.found("clock-gates");
    assert!(gate.what.contains("LPTIM1") && gate.what.contains("LSESYSEN"), "{gate}");
    assert_eq!(
        watch.checks.found()[0].first,
        *gate,
        "it is the first thing that goes wrong"
    );
    // The wait for DIEROK in LPTIM1_ISR.
    let wait = watch.found("endless-wait");
    assert!(wait.what.contains("LPTIM1 at 0x46004400"), "{wait}");
    // RCC_BDCR: the crystal runs, LSESYSEN is not set.
    assert_eq!(watch.written(0x4602_0cf0).map(|bdcr| bdcr & 0x81), Some(1));
}
