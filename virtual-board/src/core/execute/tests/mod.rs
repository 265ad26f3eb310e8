//! Instructions one by one: what they do to registers and memory, by the pseudocode of the Arm Architecture Reference Manuals.

mod branch;
mod data;
mod dsp;
mod float;
mod memory;
mod multiply;

use crate::{
    bus::{NoBus, Width},
    core::{
        Core, Moment, Pace, Profile, Registers, Stop,
        profile::{CORTEX_M4F, CORTEX_M7, CORTEX_M33},
    },
    memory::{Memory, Region},
    time::Time,
};

/// Where the instructions of a test lie.
const CODE: u32 = 0x100;
/// The first address of RAM.
const RAM: u32 = 0x2000_0000;

/// Something that an instruction reads or changes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// A core register.
    R(usize),
    /// A floating-point register.
    S(usize),
    /// N, Z, C, V as bits 3 to 0.
    Nzcv,
    /// Q.
    Q,
    /// GE.
    Ge,
    /// FPSCR.
    Fpscr,
    /// The next instruction; where it is not named it is the one behind.
    Pc,
    /// The state of an IT block.
    It,
    /// The word at an offset in RAM.
    Ram(u32),
}
use What::{Fpscr, Ge, It, Nzcv, Pc, Q, R, Ram, S};

/// What stands where.
type Values<'a> = &'a [(What, u32)];

/// A core whose flash holds these halfwords at [`CODE`].
fn core(profile: Profile, code: &[u16]) -> Core {
    let mut memory = Memory::new(vec![Region::flash("flash", 0, 0x1000), Region::ram("RAM", RAM, 0x1000)]);
    let bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    memory.put(0, &(RAM + 0x800).to_le_bytes()).expect("flash");
    memory.put(4, &(CODE | 1).to_le_bytes()).expect("flash");
    memory.put(CODE, &bytes).expect("flash");
    let mut core = Core::new(profile, memory);
    core.set_pace(Pace::Instructions { ps: 1000 });
    if profile.has_fpu() {
        write_system(&mut core, 0xe000_ed88, 0x00f0_0000);
    }
    core
}

fn moment() -> Moment {
    Moment {
        now: Time::ZERO,
        cycles: 0,
        privileged: true,
    }
}

/// Writes a register of the system control space.
fn write_system(core: &mut Core, address: u32, value: u32) {
    core.system
        .write(address, Width::Word, value, moment())
        .expect("a register");
}

fn set(core: &mut Core, what: What, value: u32) {
    let registers = &mut core.registers;
    match what {
        Ram(offset) => core.memory.put(RAM + offset, &value.to_le_bytes()).expect("RAM"),
        other => set_register(registers, other, value),
    }
}

fn set_register(registers: &mut Registers, what: What, value: u32) {
    match what {
        R(n) => registers.r[n] = value,
        S(n) => registers.s[n] = value,
        Nzcv => registers.set_nzcv(value << 28),
        Q => registers.saturated = value != 0,
        Ge => registers.greater_equal = value as u8,
        Fpscr => registers.fpscr = value,
        Pc => registers.pc = value,
        It => registers.it = value as u8,
        Ram(_) => {}
    }
}

/// Executes the halfwords, one step for each instruction, and compares every register and the words that are named.
fn check_on(profile: Profile, text: &str, code: &[u16], steps: u32, before: Values<'_>, after: Values<'_>) {
    let mut core = core(profile, code);
    for (what, value) in before {
        set(&mut core, *what, *value);
    }
    if before.iter().chain(after).any(|(what, _)| matches!(what, S(_) | Fpscr)) {
        core.registers.fp_active = true;
    }
    let mut expected = core.registers.clone();
    expected.pc = CODE + 2 * code.len() as u32;
    for (what, value) in after {
        set_register(&mut expected, *what, *value);
    }
    for _ in 0..steps {
        assert_eq!(core.step(&mut NoBus), None, "{text}");
    }
    for (what, value) in after {
        if let Ram(offset) = what {
            let found = core.memory.word(RAM + offset);
            assert_eq!(found, Some(*value), "{text}: {:x?} of RAM, not {value:x}", found);
        }
    }
    assert_eq!(visible(core.registers), visible(expected), "{text}, after {before:x?}");
}

/// Registers without what only the interpreter sees.
fn visible(mut registers: Registers) -> Registers {
    let flags = registers.nzcv();
    registers.set_nzcv(flags);
    registers.negative &= 1 << 31;
    registers.r[15] = 0;
    registers
}

/// One instruction on a Cortex-M4F.
fn check(text: &str, code: &[u16], before: Values<'_>, after: Values<'_>) {
    check_on(CORTEX_M4F, text, code, 1, before, after);
}

/// Why a core stops that executes these halfwords, or the first instruction of the handler it goes to.
fn outcome(profile: Profile, code: &[u16], before: Values<'_>) -> Option<Stop> {
    let mut core = core(profile, code);
    for (what, value) in before {
        set(&mut core, *what, *value);
    }
    (0..code.len()).find_map(|_| core.step(&mut NoBus))
}

/// The bits of CFSR that an instruction leaves when it faults.
fn fault_bits(profile: Profile, code: &[u16], before: Values<'_>) -> u32 {
    let mut core = core(profile, code);
    core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
    for (what, value) in before {
        set(&mut core, *what, *value);
    }
    let _ = core.step(&mut NoBus);
    let at = moment();
    core.system.read(0xe000_ed28, Width::Word, at).expect("CFSR")
}
