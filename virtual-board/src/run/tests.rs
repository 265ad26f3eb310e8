//! Programs of a few instructions on a chip with a timer and pins, and on a chip that resets by itself.

use super::*;
use crate::{
    bus::{Access, Bus, Lines, Refused},
    core::Pace,
    memory::Memory,
    soc::nrf51::{self, Nrf51},
};

/// Where programs begin, and where their constants lie.
const CODE: u32 = 0x40;
const POOL: u32 = 0x200;
const RAM: u32 = 0x2000_0000;
const STACK: u32 = RAM + 0x1000;
/// An instruction takes so long.
const INSTRUCTION: Time = Time::from_ns(64);

const WFI: u16 = 0xbf30;
const NOP: u16 = 0xbf00;
const HERE: u16 = 0xe7fe;
const UNDEFINED: u16 = 0xde00;
const REQUEST: u16 = 0xbe00 | SEMIHOSTING as u16;

/// A program under construction, in instructions that every core has.
#[derive(Default)]
struct Program {
    code: Vec<u16>,
    pool: Vec<u32>,
}

impl Program {
    fn then(mut self, instructions: &[u16]) -> Self {
        self.code.extend(instructions);
        self
    }

    /// LDR of a constant.
    fn set(mut self, register: u16, value: u32) -> Self {
        let at = CODE + 2 * self.code.len() as u32;
        let constant = POOL + 4 * self.pool.len() as u32;
        let offset = (constant - ((at + 4) & !3)) / 4;
        self.code.push(0x4800 | register << 8 | offset as u16);
        self.pool.push(value);
        self
    }

    fn store(self, address: u32, value: u32) -> Self {
        // STR R1, [R0]
        self.set(0, address).set(1, value).then(&[0x6001])
    }

    fn load(self, address: u32) -> Self {
        // LDR R1, [R0]
        self.set(0, address).then(&[0x6801])
    }

    /// A request to the debugger with a block of parameters.
    fn request(self, operation: u32, block: &[u32]) -> Self {
        let at = RAM + 0x100;
        let mut program = self;
        for (offset, word) in (0..).step_by(4).zip(block) {
            program = program.store(at + offset, *word);
        }
        program.set(0, operation).set(1, at).then(&[REQUEST])
    }

    fn exit(self, code: u32) -> Self {
        self.request(0x20, &[0x2_0026, code])
    }

    fn core(&self) -> Core {
        let mut memory = nrf51::memory();
        // The vectors: stack, reset, NMI, and HardFault, which loops.
        for (address, word) in [(0, STACK), (4, CODE | 1), (8, 0x31), (12, 0x31)] {
            memory.put(address, &u32::to_le_bytes(word));
        }
        memory.put(0x30, &HERE.to_le_bytes());
        for (address, halfword) in (CODE..).step_by(2).zip(&self.code) {
            memory.put(address, &halfword.to_le_bytes());
        }
        for (address, word) in (POOL..).step_by(4).zip(&self.pool) {
            memory.put(address, &word.to_le_bytes());
        }
        let mut core = Core::new(nrf51::profile(), memory);
        core.set_pace(Pace::Instructions { ps: INSTRUCTION.ps() });
        core
    }

    fn board(&self) -> Board<Nrf51> {
        Board::power_on(self.core(), Nrf51::new(), Console::Semihosting(Semihosting::default()))
    }
}

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    events: Vec<Event>,
    output: Vec<u8>,
}

impl Observer for Notes {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn output(&mut self, _: Time, _: Output, bytes: &[u8]) {
        self.output.extend(bytes);
    }
}

/// TIMER0 of the nRF51, which wakes after this many ticks of 62.5 ns.
fn alarm(program: Program, ticks: u32) -> Program {
    let timer = 0x4000_8000;
    [(0x508, 3), (0x510, 0), (0x544, ticks), (0x304, 1 << 17), (0x000, 1)]
        .into_iter()
        .fold(program, |program, (offset, value)| program.store(timer + offset, value))
        // ISER, for interrupt 8; CPSID, so that its handler does not run.
        .store(0xe000_e100, 1 << 8)
        .then(&[0xb672])
}

#[test]
fn a_program_ends_with_its_code_and_its_output_is_handed_on() {
    let program = Program::default()
        .store(RAM, 0x0021_6948)
        .request(5, &[2, RAM, 3])
        .exit(7);
    let mut notes = Notes::default();
    let report = program.board().run(Limits::default(), &mut notes);
    assert_eq!(report.end, End::Exit { code: 7 });
    assert_eq!(notes.output, b"Hi!");
    assert_eq!(report.counts.instructions, program.code.len() as u64);
    assert_eq!(
        report.time,
        Time::from_ps(INSTRUCTION.ps() * report.counts.instructions)
    );
    assert_eq!(report.lowest_sp, STACK);
}

#[test]
fn a_register_that_no_model_knows_ends_the_run_with_its_address() {
    let address = 0x4000_4000;
    for program in [Program::default().load(address), Program::default().store(address, 1)] {
        let report = program.exit(0).board().run(Limits::default(), &mut ());
        match report.end {
            End::Unmodelled(what) => assert!(what.contains("0x40004000"), "{what}"),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_request_that_is_refused_ends_the_run_with_its_place() {
    let program = Program::default().request(0x12, &[]);
    let refused = "the image asked the host at 0x00000044 for a command of its shell (SYS_SYSTEM, 0x12): it gets a console \
                   at most, and nothing else of the host";
    let report = program.board().run(Limits::default(), &mut ());
    assert_eq!(report.end.to_string(), refused);
    // A real board has no console of this kind: it is refused in the same words.
    for console in [Console::None, Console::Rtt(Rtt::new(RAM))] {
        let mut board = Board::power_on(program.core(), Nrf51::new(), console);
        assert_eq!(board.run(Limits::default(), &mut ()).end.to_string(), refused);
    }
}

#[test]
fn without_an_alarm_the_core_sleeps_for_ever() {
    let mut board = Program::default().then(&[NOP, WFI, NOP]).board();
    let report = board.run(Limits::default(), &mut ());
    assert_eq!(report.end, End::SleepsForEver { pc: CODE + 4 });
    assert_eq!((report.sleeps, report.asleep), (1, Time::ZERO));
}

#[test]
fn asleep_time_leaps_to_the_alarm() {
    let program = alarm(Program::default(), 16_000_000);
    let before = program.code.len() as u64;
    let program = program.then(&[WFI]).exit(0);
    let mut notes = Notes::default();
    let report = program.board().run(Limits::default(), &mut notes);
    assert_eq!(report.end, End::Exit { code: 0 });
    assert_eq!(report.sleeps, 1);
    let happened = |what: &What| {
        let event = notes.events.iter().find(|event| event.what == *what);
        event.unwrap_or_else(|| panic!("no {what:?}")).at
    };
    let started = happened(&What::Written {
        peripheral: "TIMER0",
        address: 0x4000_8000,
        value: 1,
    });
    let (asleep, awake) = (happened(&What::Asleep { deep: false }), happened(&What::Awake));
    assert_eq!(awake, started + Time::from_s(1));
    assert_eq!(asleep, Time::from_ps(INSTRUCTION.ps() * (before + 1)));
    assert_eq!(report.asleep, awake - asleep);
    assert_eq!(report.counts.instructions, program.code.len() as u64);
}

#[test]
fn a_run_that_reached_a_limit_goes_on() {
    let program = alarm(Program::default(), 16_000_000).then(&[WFI]).exit(0);
    let whole = program.board().run(Limits::default(), &mut ());
    let mut board = program.board();
    for ms in [1, 500, 999] {
        let time = Time::from_ms(ms);
        let report = board.run(
            Limits {
                time,
                ..Limits::default()
            },
            &mut (),
        );
        assert_eq!((report.end, report.time, report.sleeps), (End::Time, time, 1));
    }
    assert_eq!(board.run(Limits::default(), &mut ()), whole);
}

#[test]
fn a_loop_ends_at_its_limit_of_instructions() {
    let mut board = Program::default().then(&[HERE]).board();
    let limits = Limits {
        instructions: 1_000_000,
        ..Limits::default()
    };
    let report = board.run(limits, &mut ());
    assert_eq!(report.end, End::Instructions);
    let look = LOOK.ps() / INSTRUCTION.ps() + 1;
    let done = report.counts.instructions;
    assert!((1_000_000..1_000_000 + look).contains(&done), "{done}");
}

#[test]
fn a_fault_within_a_fault_locks_up() {
    let mut board = Program::default().then(&[UNDEFINED]).board();
    board.core.memory.put(0x30, &UNDEFINED.to_le_bytes());
    match board.run(Limits::default(), &mut ()).end {
        End::Lockup { .. } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn a_program_counter_is_told_for_every_instruction() {
    let program = Program::default().then(&[NOP, NOP]).exit(0);
    let mut counters = Vec::new();
    let report = program
        .board()
        .trace(Limits::default(), &mut (), &mut |pc| counters.push(pc));
    assert_eq!(report, program.board().run(Limits::default(), &mut ()));
    let expected: Vec<u32> = (CODE..).step_by(2).take(program.code.len()).collect();
    assert_eq!(counters, expected);
}

/// A chip with nothing but a watchdog, which resets it 1 ms after each start until it has done so twice, and RTT in RAM.
#[derive(Default)]
struct Watched {
    started: Time,
    resets: u64,
    bitten: bool,
}

impl Bus for Watched {
    fn read(&mut self, _: Access, _: &mut Memory) -> Result<u32, Refused> {
        Err(Refused::Fault)
    }

    fn write(&mut self, _: Access, _: u32, _: &mut Memory) -> Result<(), Refused> {
        Err(Refused::Fault)
    }
}

impl Soc for Watched {
    fn due(&self) -> Time {
        match self.resets {
            2 => Time::NEVER,
            _ => self.started + Time::from_ms(1),
        }
    }

    fn advance(&mut self, now: Time, _: &mut Memory) {
        self.bitten |= now >= self.due();
    }

    fn lines(&self) -> Lines {
        Lines::default()
    }

    fn sleeping(&mut self, _: bool, _: bool, _: Time) {}

    fn take_reset(&mut self) -> Option<ResetCause> {
        std::mem::take(&mut self.bitten).then_some(ResetCause::Watchdog)
    }

    fn reset(&mut self, _: ResetCause, now: Time) {
        self.started = now;
        self.resets += 1;
    }

    fn take_events(&mut self) -> Vec<Event> {
        Vec::new()
    }
}

#[test]
fn a_watchdog_resets_a_core_that_sleeps_or_loops() {
    for last in [WFI, HERE] {
        let program = Program::default().then(&[last, HERE]);
        let mut board = Board::power_on(program.core(), Watched::default(), Console::None);
        let mut notes = Notes::default();
        let limits = Limits {
            time: Time::from_ms(5),
            ..Limits::default()
        };
        let report = board.run(limits, &mut notes);
        assert_eq!(report.resets, 2);
        let resets: Vec<_> = notes
            .events
            .iter()
            .filter(|event| event.what == What::Reset(ResetCause::Watchdog))
            .map(|event| event.at)
            .collect();
        // A loop sees it at the end of an instruction.
        for (at, ms) in resets.iter().zip([1, 2]) {
            let late = at.since(Time::from_ms(ms));
            assert!(*at >= Time::from_ms(ms) && late <= Time::from_ns(2 * 64), "{at:?}");
        }
        assert_eq!(resets.len(), 2);
    }
}

#[test]
fn a_log_in_ram_is_handed_on_and_a_breakpoint_ends_the_run() {
    let control = RAM + 0x400;
    let words = [0x4747_4553, 0x5220_5245, 0x0000_5454, 0, 1, 0, 0, RAM, 16, 0, 0, 0];
    let program = (0..)
        .step_by(4)
        .zip(words)
        .fold(Program::default(), |program, (offset, word)| {
            program.store(control + offset, word)
        });
    // Two letters, and then the offset behind them.
    let program = program.store(RAM, 0x6b6f).store(control + 36, 2).then(&[0xbe01]);
    let mut board = Board::power_on(program.core(), Watched::default(), Console::Rtt(Rtt::new(control)));
    let mut notes = Notes::default();
    let report = board.run(Limits::default(), &mut notes);
    assert_eq!(notes.output, b"ok");
    let pc = CODE + 2 * (program.code.len() as u32 - 1);
    assert_eq!(report.end, End::Breakpoint { immediate: 1, pc });
}
