//! The crate `rsemu` as one of the two implementations. It has no Armv6-M: there it runs as Armv7-M with CCR.UNALIGN_TRP set,
//! and what Armv6-M does not have is judged by the manual (`verdict.rs`).

use crate::vectors::{
    case::{Architecture, CLREX, Case, PSP, WINDOW, WINDOW_BYTES, code_memory, window},
    outcome::{Ending, Outcome},
};
use rsemu::{
    core::space::{AddressSpace, RamStore, Region, RomStore, RomWrite},
    cpu::arm::v7m::{ArmV7m, Config, Regs},
};
use std::sync::Arc;

/// CCR.UNALIGN_TRP.
const UNALIGN_TRP: u32 = 1 << 3;
/// UFSR's bits within CFSR, and the ending of each.
const CAUSES: [(u32, Ending); 5] = [
    (1 << 16, Ending::Undefined),
    (1 << 17, Ending::InvalidState),
    (1 << 19, Ending::NoCoprocessor),
    (1 << 24, Ending::Unaligned),
    (1 << 9, Ending::Bus),
];

/// A core of one architecture with code memory and window.
pub struct RsemuCore {
    architecture: Architecture,
    cpu: ArmV7m,
    ram: Arc<RamStore>,
    window: Vec<u8>,
}

impl RsemuCore {
    /// A core whose code memory holds these vectors.
    pub fn new(architecture: Architecture, cases: &[Case], seed: u64) -> Self {
        let window = window(seed);
        let ram = Arc::new(RamStore::new(WINDOW_BYTES as u64));
        let space = AddressSpace::new("vectors", 32);
        {
            let mut topology = space.topology();
            let code = Arc::new(RomStore::new(code_memory(cases)));
            topology
                .map(Region::rom("code", code, RomWrite::Fault), 0)
                .expect("code memory fits");
            topology
                .map(Region::ram("window", ram.clone()), WINDOW.into())
                .expect("the window fits");
        }
        let config = match architecture {
            Architecture::V6M | Architecture::V7M => Config::CORTEX_M3.with_bit_band(false),
            Architecture::V7EM => Config::CORTEX_M4F.with_bit_band(false),
            Architecture::V8M => Config::CORTEX_M33F,
        };
        let cpu = ArmV7m::new(config);
        cpu.attach_space(Arc::new(space));
        cpu.step();
        cpu.with_sys(|sys| {
            sys.cpacr = 0xf0_0000;
            if architecture == Architecture::V6M {
                sys.ccr |= UNALIGN_TRP;
            }
        });
        Self {
            architecture,
            cpu,
            ram,
            window,
        }
    }

    fn set(&mut self, case: &Case) {
        self.ram.write_at(0, &self.window).expect("the window has these bytes");
        let mut r = [0; 16];
        r[..15].copy_from_slice(&case.r);
        r[15] = case.pc;
        let it = u32::from(case.it);
        let xpsr = case.apsr | 1 << 24 | (it & 3) << 25 | (it >> 2) << 10;
        let control = if self.architecture.has_fp() { 4 } else { 0 };
        let regs = Regs {
            r,
            msp: case.r[13],
            psp: PSP,
            xpsr,
            primask: false,
            faultmask: false,
            basepri: 0,
            control,
        };
        self.cpu.with_sys(|sys| {
            sys.active.fill(0);
            sys.pending.fill(0);
            (sys.cfsr, sys.hfsr, sys.fpccr) = (0, 0, 0x8000_0000);
        });
        if case.template.name.contains("ex") {
            r[15] = CLREX;
            self.cpu.set_regs(Regs {
                r,
                xpsr: 1 << 24,
                ..regs
            });
            self.cpu.step();
        }
        self.cpu.set_regs(regs);
        for (index, value) in case.s.iter().enumerate() {
            self.cpu.set_s(index as u8, *value);
        }
        self.cpu.set_fpscr(case.fpscr);
    }

    fn ending(&self, xpsr: u32) -> Ending {
        let (cfsr, hfsr) = self.cpu.with_sys(|sys| (sys.cfsr, sys.hfsr));
        match xpsr & 0x1ff {
            0 if xpsr & 1 << 24 == 0 => Ending::InvalidState,
            0 => Ending::Done,
            11 => Ending::SupervisorCall,
            _ if hfsr >> 31 != 0 => Ending::Breakpoint,
            _ => CAUSES
                .into_iter()
                .find(|(bit, _)| cfsr & bit != 0)
                .map_or(Ending::LeftOut, |(_, ending)| ending),
        }
    }

    /// Runs one vector.
    pub fn run(&mut self, case: &Case) -> Outcome {
        self.set(case);
        let mut ending = Ending::Done;
        for _ in 0..case.steps {
            self.cpu.step();
            ending = self.ending(self.cpu.xpsr());
            if ending != Ending::Done {
                break;
            }
        }
        let regs = self.cpu.regs();
        let mut now = vec![0; WINDOW_BYTES];
        self.ram.read_at(0, &mut now).expect("the window has these bytes");
        let changed = now
            .iter()
            .zip(&self.window)
            .enumerate()
            .filter(|(_, (new, old))| new != old);
        let stored = changed.map(|(offset, (new, _))| (offset as u16, *new)).collect();
        let mut outcome = Outcome {
            ending,
            r: [0; 15],
            pc: regs.r[15],
            apsr: regs.xpsr & self.architecture.flags(),
            it: (regs.xpsr >> 25 & 3 | (regs.xpsr >> 10 & 0x3f) << 2) as u8,
            masks: u32::from(regs.primask) | u32::from(regs.faultmask) << 1 | u32::from(regs.basepri) << 8,
            psp: regs.psp,
            s: [0; 32],
            fpscr: 0,
            stored,
        };
        outcome.r.copy_from_slice(&regs.r[..15]);
        if self.architecture.has_fp() {
            outcome.s = std::array::from_fn(|index| self.cpu.s(index as u8));
            outcome.fpscr = self.cpu.fpscr();
        }
        outcome
    }
}
