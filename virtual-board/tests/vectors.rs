//! 103,000 random instructions an architecture give the same result on the core as stored. On more than 100,000 of them two independent
//! implementations agree; on the others the manual decides. `vectors/README.md` says what is drawn and stored, `../oracle` makes the files.

#[path = "vectors/mod.rs"]
mod vectors;

use std::{collections::BTreeMap, fmt::Write};
use vectors::{
    case::{Architecture, Case, PSP, WINDOW, WINDOW_BYTES, code_memory, draw_all, window},
    file::Vectors,
    outcome::{Ending, Outcome},
};
use virtual_board::{
    bus::{NoBus, Width},
    core::{Core, Moment, Profile, Stop, profile},
    memory::{Kind, Memory, Region},
    time::Time,
};

const CFSR: u32 = 0xe000_ed28;
const CPACR: u32 = 0xe000_ed88;
/// CFSR's causes, and the ending of each.
const CAUSES: [(u32, Ending); 5] = [
    (1 << 16, Ending::Undefined),
    (1 << 17, Ending::InvalidState),
    (1 << 19, Ending::NoCoprocessor),
    (1 << 24, Ending::Unaligned),
    (1 << 9, Ending::Bus),
];
const MOMENT: Moment = Moment {
    now: Time::ZERO,
    cycles: 0,
    privileged: true,
};

const fn profile_of(architecture: Architecture) -> Profile {
    match architecture {
        Architecture::V6M => profile::CORTEX_M0,
        Architecture::V7M => profile::CORTEX_M3,
        Architecture::V7EM => profile::CORTEX_M4F,
        Architecture::V8M => profile::CORTEX_M33,
    }
}

/// A core that runs one vector after the other.
struct Bench {
    architecture: Architecture,
    core: Core,
    window: Vec<u8>,
    /// An exception was taken, or may be: the core is reset before the next vector.
    disturbed: bool,
}

impl Bench {
    fn new(architecture: Architecture, cases: &[Case], seed: u64) -> Self {
        let window = window(seed);
        let code = Region {
            name: "code",
            base: 0,
            bytes: code_memory(cases),
            kind: Kind::Flash,
        };
        let ram = Region {
            name: "window",
            base: WINDOW,
            bytes: window.clone(),
            kind: Kind::Ram,
        };
        let core = Core::new(profile_of(architecture), Memory::new(vec![code, ram]));
        Self {
            architecture,
            core,
            window,
            disturbed: true,
        }
    }

    fn set(&mut self, case: &Case) {
        if std::mem::take(&mut self.disturbed) {
            self.core.reset();
            self.core.system.set_secure(false);
            if self.architecture.has_fp() {
                self.core
                    .system
                    .write(CPACR, Width::Word, 0xf0_0000, MOMENT)
                    .expect("CPACR is there");
            }
        }
        let registers = &mut self.core.registers;
        registers.r[..15].copy_from_slice(&case.r);
        registers.pc = case.pc;
        registers.set_nzcv(case.apsr);
        registers.saturated = case.apsr >> 27 & 1 != 0;
        registers.greater_equal = (case.apsr >> 16 & 15) as u8;
        (registers.it, registers.thumb, registers.other_sp, registers.exclusive) = (case.it, true, PSP, None);
        (registers.primask, registers.faultmask, registers.basepri) = (false, false, 0);
        (registers.s, registers.fpscr, registers.fp_active) = (case.s, case.fpscr, self.architecture.has_fp());
    }

    /// The state as it is, and the window as it was.
    fn take(&mut self, ending: Ending) -> Outcome {
        let registers = &self.core.registers;
        let mut r = [0; 15];
        r.copy_from_slice(&registers.r[..15]);
        let mut outcome = Outcome {
            ending,
            r,
            pc: registers.pc,
            apsr: registers.nzcv() | u32::from(registers.saturated) << 27 | u32::from(registers.greater_equal) << 16,
            it: registers.it,
            masks: u32::from(registers.primask)
                | u32::from(registers.faultmask) << 1
                | u32::from(registers.basepri) << 8,
            psp: registers.other_sp,
            s: registers.s,
            fpscr: registers.fpscr,
            stored: Vec::new(),
        };
        let now = self
            .core
            .memory
            .bytes(WINDOW, WINDOW_BYTES)
            .expect("the window is there");
        if now != self.window {
            let changed = now
                .iter()
                .zip(&self.window)
                .enumerate()
                .filter(|(_, (new, old))| new != old);
            outcome.stored = changed.map(|(offset, (new, _))| (offset as u16, *new)).collect();
            self.core.memory.put(WINDOW, &self.window).expect("the window is there");
        }
        outcome
    }

    /// Which exception is being handled after a fault or a call.
    fn exception(&mut self) -> Result<Ending, String> {
        let cfsr = match self.architecture {
            Architecture::V6M => 0,
            _ => self.core.system.read(CFSR, Width::Word, MOMENT).expect("CFSR is there"),
        };
        match self.core.registers.ipsr {
            0 => Ok(Ending::Done),
            11 => Ok(Ending::SupervisorCall),
            3 if self.architecture == Architecture::V6M => Ok(Ending::Undefined),
            ipsr => CAUSES
                .into_iter()
                .find(|(bit, _)| cfsr & bit != 0)
                .map(|(_, ending)| ending)
                .ok_or_else(|| format!("exception {ipsr} with CFSR {cfsr:#010x}")),
        }
    }

    fn run(&mut self, case: &Case) -> Result<Outcome, String> {
        self.set(case);
        for _ in 0..case.steps {
            match self.core.step(&mut NoBus) {
                None | Some(Stop::Access) => {}
                Some(Stop::Breakpoint { .. }) => return Ok(self.take(Ending::Breakpoint)),
                Some(stop) => return self.fails(&stop),
            }
            if self.core.system.attention {
                break;
            }
        }
        let mut outcome = self.take(Ending::Done);
        if self.core.system.attention {
            // A run that has no time takes the exception and executes nothing.
            self.disturbed = true;
            match self.core.run(&mut NoBus, Time::ZERO) {
                Stop::Deadline => outcome.ending = self.exception()?,
                stop => return self.fails(&stop),
            }
            self.core.memory.put(WINDOW, &self.window).expect("the window is there");
        }
        Ok(outcome)
    }

    fn fails(&mut self, stop: &Stop) -> Result<Outcome, String> {
        self.disturbed = true;
        self.take(Ending::LeftOut);
        Err(format!("{stop:?}"))
    }
}

/// Whether an ending is the one that is stored; faults of Armv6-M are all one.
fn same_ending(architecture: Architecture, got: Ending, wanted: Ending) -> bool {
    let fault = |ending| {
        matches!(
            ending,
            Ending::Undefined | Ending::Unaligned | Ending::Bus | Ending::InvalidState
        )
    };
    got == wanted || architecture == Architecture::V6M && fault(got) && fault(wanted)
}

fn replay(architecture: Architecture, file: &[u8]) {
    let stored = Vectors::from_bytes(file).expect("the file is sound");
    assert_eq!(stored.architecture, architecture);
    let cases = draw_all(architecture, stored.seed, stored.results.len() as u32);
    let mut bench = Bench::new(architecture, &cases, stored.seed);
    let (mut passed, mut failures, mut text) = (0, BTreeMap::<&str, u32>::new(), String::new());
    for (case, (ending, digest)) in cases
        .iter()
        .zip(&stored.results)
        .filter(|(_, (ending, _))| *ending != Ending::LeftOut)
    {
        let ran = bench.run(case);
        let got = ran
            .as_ref()
            .map(|outcome| (outcome.ending, outcome.digest(architecture)));
        if got
            .as_ref()
            .is_ok_and(|(got, sum)| same_ending(architecture, *got, *ending) && sum == digest)
        {
            passed += 1;
            continue;
        }
        let count = failures.entry(case.template.name).or_default();
        *count += 1;
        if *count <= 2 {
            let code: String = case.code[..case.halfwords]
                .iter()
                .map(|halfword| format!("{halfword:04x} "))
                .collect();
            let _ = writeln!(
                text,
                "{}: {code}({}, it {:02x}): stored {ending:?} {digest:04x}, got {got:04x?}",
                case.index, case.template.name, case.it
            );
        }
    }
    println!(
        "{}: seed {:#x}, {passed} vectors passed",
        architecture.name(),
        stored.seed
    );
    assert!(
        failures.is_empty(),
        "{}, seed {:#x}: {passed} passed; of each class failed {failures:?}\n{text}",
        architecture.name(),
        stored.seed
    );
    assert_eq!(passed, 103_000);
}

#[test]
fn armv6_m_gives_what_is_stored() {
    replay(Architecture::V6M, include_bytes!("vectors/v6-m.bin"));
}

#[test]
fn armv7_m_gives_what_is_stored() {
    replay(Architecture::V7M, include_bytes!("vectors/v7-m.bin"));
}

#[test]
fn armv7e_m_gives_what_is_stored() {
    replay(Architecture::V7EM, include_bytes!("vectors/v7e-m.bin"));
}

#[test]
fn armv8_m_gives_what_is_stored() {
    replay(Architecture::V8M, include_bytes!("vectors/v8-m.bin"));
}

#[test]
fn every_encoding_is_drawn_fifty_times_or_more() {
    for architecture in Architecture::ALL {
        let order = architecture.order();
        let mut counts = BTreeMap::<&str, usize>::new();
        for row in &order {
            *counts.entry(row.name).or_default() += 103_000 / order.len();
        }
        let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 50).collect();
        assert!(rare.is_empty(), "{}: {rare:?}", architecture.name());
    }
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let file = include_bytes!("vectors/v6-m.bin");
    let stored = Vectors::from_bytes(file).expect("the file is sound");
    assert_eq!(stored.to_bytes(), file);
    for at in [0, 9, 100, file.len() - 1] {
        let mut changed = file.to_vec();
        changed[at] ^= 1;
        assert!(Vectors::from_bytes(&changed).is_err(), "byte {at}");
    }
    let other = Vectors {
        seed: stored.seed + 1,
        ..stored
    }
    .to_bytes();
    let refused = Vectors::from_bytes(
        &file[..12]
            .iter()
            .chain(&other[12..20])
            .chain(&file[20..])
            .copied()
            .collect::<Vec<_>>(),
    );
    assert!(refused.is_err_and(|why| why.contains("checksum")));
}
