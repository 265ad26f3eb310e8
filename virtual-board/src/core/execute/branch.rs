//! Branches, sleep, and control of the core.

use super::{Core, Done, Trap};
use crate::{
    bus::Bus,
    core::{
        Stop,
        decode::{Flags, Gap, Instruction, Reg, Shift},
    },
};
use Instruction as I;

/// Whether the manual lets an instruction stand in an IT block: some never, branches only as its last.
pub fn allowed_in_it(instruction: Instruction, last: bool) -> bool {
    match instruction {
        I::IfThen { .. } | I::CompareBranch { .. } | I::ChangeState { .. } | I::BranchIf { .. } => false,
        // MOVS of registers: the flags would be set.
        I::ShiftImmediate {
            shift: Shift::Lsl,
            amount: 0,
            flags: Flags::OutsideIt,
            ..
        } => false,
        I::Branch { .. }
        | I::BranchLink { .. }
        | I::BranchExchange { .. }
        | I::BranchLinkExchange { .. }
        | I::TableBranch { .. }
        | I::Move { d: 15, .. }
        | I::Add { d: 15, .. }
        | I::LoadWord { t: 15, .. }
        | I::Load { t: 15, .. }
        | I::LoadLiteral { t: 15, .. }
        | I::LoadIndexed { t: 15, .. }
        | I::LoadRegister { t: 15, .. } => last,
        I::LoadMultiple { list, .. } => last || list >> 15 == 0,
        _ => true,
    }
}

impl Core {
    /// Goes on at an address; its lowest bit does not count.
    #[inline]
    pub(super) fn jump(&mut self, address: u32) {
        self.registers.pc = address & !1;
        self.counts.spend(self.refill.0, self.refill.1);
    }

    #[inline]
    pub(super) fn branch(&mut self, offset: i32) -> Done {
        self.jump(self.r(15).wrapping_add_signed(offset));
        Ok(())
    }

    #[inline]
    pub(super) fn branch_if(&mut self, condition: u8, offset: i32) -> Done {
        if self.registers.passes(condition) {
            self.jump(self.r(15).wrapping_add_signed(offset));
        }
        Ok(())
    }

    #[inline]
    pub(super) fn branch_link(&mut self, offset: i32) -> Done {
        self.registers.r[14] = self.registers.pc | 1;
        self.branch(offset)
    }

    /// BXWritePC: a branch, or the return of an exception (Arm DDI 0403E, B1.4.7; Arm DDI 0553, B3.22).
    #[inline]
    pub(super) fn branch_exchange(&mut self, address: u32) -> Done {
        if address >= 0xf000_0000 && self.registers.ipsr != 0 && (!self.isa.v8 || address >= 0xff00_0000) {
            return self.return_from_exception(address);
        }
        self.jump(address);
        if address & 1 == 0 {
            self.leave_thumb();
        }
        Ok(())
    }

    #[inline(never)]
    fn return_from_exception(&mut self, value: u32) -> Done {
        self.limit = 0;
        self.exception_return(value);
        Ok(())
    }

    /// EPSR.T is cleared: the instruction there will be a fault.
    #[cold]
    fn leave_thumb(&mut self) {
        self.limit = 0;
        self.registers.thumb = false;
        self.system.attention = true;
    }

    pub(super) fn branch_link_exchange(&mut self, m: Reg) -> Done {
        let address = self.r(m);
        self.registers.r[14] = self.registers.pc | 1;
        self.branch_exchange(address)
    }

    #[inline]
    pub(super) fn compare_branch(&mut self, n: Reg, offset: u8, nonzero: bool) -> Done {
        if (self.r(n) != 0) == nonzero {
            self.jump(self.r(15).wrapping_add(offset.into()));
        }
        Ok(())
    }

    pub(super) fn table_branch<B: Bus + ?Sized>(&mut self, bus: &mut B, n: Reg, m: Reg, half: bool) -> Done {
        let halfwords = if half {
            let address = self.indexed(n, m, 1);
            self.read::<2, B>(bus, address)?
        } else {
            let address = self.indexed(n, m, 0);
            self.read::<1, B>(bus, address)?
        };
        self.jump(self.r(15).wrapping_add(2 * halfwords));
        Ok(())
    }

    /// Something that the core looks at before its next instruction.
    pub(super) fn hint(&mut self, effect: fn(&mut Self)) -> Done {
        self.limit = 0;
        effect(self);
        Ok(())
    }

    pub(super) fn breakpoint(&mut self, immediate: u8) -> Done {
        self.limit = 0;
        let pc = self.r(15).wrapping_sub(4);
        self.stop = Some(Stop::Breakpoint { immediate, pc });
        Ok(())
    }

    pub(super) fn change_state(&mut self, disable: bool, primask: bool, faultmask: bool) -> Done {
        self.limit = 0;
        self.cps(!disable, primask, faultmask);
        Ok(())
    }

    pub(super) fn move_from_special(&mut self, d: Reg, register: u8) -> Done {
        let value = self.mrs(register).map_err(|_| Trap::Unmodelled(Gap::Special))?;
        self.set(d, value)
    }

    pub(super) fn move_to_special(&mut self, n: Reg, register: u8, mask: u8) -> Done {
        self.limit = 0;
        let written = self.msr(register, mask, self.r(n));
        written.map_err(|_| Trap::Unmodelled(Gap::Special))
    }
}
