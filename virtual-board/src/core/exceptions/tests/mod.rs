//! Exceptions driven through registers and memory, without instructions.

mod entry;
mod faults;
mod lazy;
mod leave;
mod random;
mod sleep;

use super::Fault;
use crate::{
    bus::{Lines, Width},
    core::{Core, Moment, Profile, Stop},
    memory::{Memory, Region},
    time::Time,
};

const STACK_TOP: u32 = 0x2000_1000;
const THREAD_PC: u32 = 0x800;

const SHCSR: u32 = 0xe000_ed24;
const SHPR1: u32 = 0xe000_ed18;
const SHPR2: u32 = 0xe000_ed1c;
const SHPR3: u32 = 0xe000_ed20;
const ICSR: u32 = 0xe000_ed04;
const CFSR: u32 = 0xe000_ed28;
const HFSR: u32 = 0xe000_ed2c;
const SCR: u32 = 0xe000_ed10;
const CCR: u32 = 0xe000_ed14;
const CPACR: u32 = 0xe000_ed88;
const ISER: u32 = 0xe000_e100;
const ISPR: u32 = 0xe000_e200;
const IPR: u32 = 0xe000_e400;
const FPCCR: u32 = 0xe000_ef34;
const PENDSVSET: u32 = 1 << 28;

/// Where the handler of an exception begins.
fn handler(exception: u16) -> u32 {
    0x400 + 8 * u32::from(exception)
}

/// A core in thread mode at [`THREAD_PC`], with a full vector table, its registers numbered.
fn core(profile: Profile) -> Core {
    let mut flash = Region::flash("flash", 0, 0x1000);
    let vectors = (0..64).map(|n| handler(n) | 1);
    let words = [STACK_TOP, THREAD_PC | 1].into_iter().chain(vectors.skip(2));
    for (bytes, word) in flash.bytes.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let ram = Region::ram("RAM", 0x2000_0000, 0x1000);
    let mut core = Core::new(profile, Memory::new(vec![flash, ram]));
    for (n, register) in (0..13).zip(&mut core.registers.r) {
        *register = 0x100 + n;
    }
    core.registers.r[14] = 0xe;
    core
}

fn moment() -> Moment {
    Moment {
        now: Time::ZERO,
        cycles: 0,
        privileged: true,
    }
}

fn write(core: &mut Core, address: u32, value: u32) {
    let written = core.system.write(address, Width::Word, value, moment());
    assert_eq!(written, Ok(()), "{address:#x}");
}

fn read(core: &mut Core, address: u32) -> u32 {
    core.system.read(address, Width::Word, moment()).unwrap()
}

/// Raises these lines and lowers all others.
fn lines(core: &mut Core, high: &[u16]) {
    let mut lines = Lines::default();
    for &line in high {
        lines.set(line, true);
    }
    core.system.set_lines(lines);
}

/// What happens before the next instruction.
fn settle(core: &mut Core) {
    while core.stop.is_none() && core.system.attention {
        core.take_exceptions();
    }
}

/// The frame at the main stack pointer.
fn frame(core: &Core) -> [u32; 8] {
    let at = core.registers.msp();
    std::array::from_fn(|i| core.memory.word(at + 4 * i as u32).unwrap())
}

fn return_by(core: &mut Core, value: u32) {
    core.exception_return(value);
    settle(core);
}

fn return_by_link(core: &mut Core) {
    return_by(core, core.registers.r[14]);
}

/// Interrupt n is enabled with a priority.
fn enable(core: &mut Core, interrupt: u16, priority: u8) {
    let address = IPR + u32::from(interrupt & !3);
    let shift = 8 * (interrupt & 3);
    let others = read(core, address) & !(0xff << shift);
    write(core, address, others | u32::from(priority) << shift);
    write(core, ISER, 1 << interrupt);
}
