//! What instructions do. An instruction that faults changes no register, so that it can begin anew.

mod branch;
mod data;
mod dsp;
mod float;
mod memory;
mod multiply;

#[cfg(test)]
mod tests;

use super::{
    Core,
    decode::{Float, Gap, Instruction, Reg},
    exceptions::Fault,
};
use crate::bus::Bus;
use Instruction as I;

pub(super) use branch::allowed_in_it;

/// Why an instruction was not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trap {
    /// The program gets a fault.
    Fault(Fault),
    /// The manual leaves open what it does.
    Unpredictable,
    /// The manual says what it does, and no model does it.
    Unmodelled(Gap),
    /// The run ends, and [`Core::stop`] says why.
    Stopped,
}

impl From<Fault> for Trap {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What an instruction, or a part of one, leads to.
pub(super) type Done<T = ()> = Result<T, Trap>;

impl Core {
    /// The value of a register; R15 is the address of the instruction plus 4.
    #[inline]
    fn r(&self, n: Reg) -> u32 {
        self.registers.r[usize::from(n & 15)]
    }

    /// Sets R0 to R14. SP keeps its two lowest bits clear, and its limit.
    #[inline]
    fn set(&mut self, d: Reg, value: u32) -> Done {
        if d == 13 {
            return self.set_sp(value);
        }
        self.registers.r[usize::from(d & 15)] = value;
        Ok(())
    }

    fn set_sp(&mut self, value: u32) -> Done {
        self.room(value)?;
        self.registers.r[13] = value & !3;
        if !self.registers.psp_in_use {
            self.lowest_sp = self.lowest_sp.min(value);
        }
        Ok(())
    }

    /// Whether the stack pointer in use may go so low (Arm DDI 0553, B3.21). Limits are 0 where there are none.
    fn room(&self, sp: u32) -> Done {
        if sp < self.registers.sp_limits[usize::from(self.registers.psp_in_use)] {
            return Err(Fault::StackLimit.into());
        }
        Ok(())
    }

    /// Executes an instruction. `registers.pc` is already behind it.
    #[inline]
    pub(super) fn execute<B: Bus + ?Sized>(&mut self, bus: &mut B, instruction: Instruction) -> Done {
        match instruction {
            I::MoveImmediate { d, value, flags, carry } => self.move_immediate(d, value, flags, carry),
            I::Move { d, m } => self.move_register(d, m),
            I::AddImmediate { d, n, value, flags } => self.sum(d, self.r(n), value, false, flags),
            I::SubImmediate { d, n, value, flags } => self.sum(d, self.r(n), !value, true, flags),
            I::Add { d, n, m, flags } => self.add(d, n, m, flags),
            I::Sub { d, n, m, flags } => self.sum(d, self.r(n), !self.r(m), true, flags),
            I::CompareImmediate { n, value } => self.compare(self.r(n), value),
            I::Compare { n, m } => self.compare(self.r(n), self.r(m)),
            I::ShiftImmediate {
                shift,
                d,
                m,
                amount,
                flags,
            } => self.shift(d, self.r(m), shift, amount.into(), flags),
            I::ShiftRegister { shift, d, n, m, flags } => self.shift(d, self.r(n), shift, self.r(m) & 0xff, flags),
            I::AluImmediate {
                op,
                d,
                n,
                value,
                flags,
                carry,
            } => self.alu_immediate(op, d, n, value, flags, carry),
            I::AluRegister {
                op,
                d,
                n,
                m,
                shift,
                amount,
                flags,
            } => self.alu_register(op, d, n, (m, shift, amount), flags),
            I::MoveTop { d, value } => self.set(d, self.r(d) & 0xffff | u32::from(value) << 16),
            I::Address { d, offset } => self.set(d, self.literal(offset.into())),

            I::LoadWord { t, n, offset } => self.load_word(bus, t, self.r(n).wrapping_add_signed(offset)),
            I::StoreWord { t, n, offset } => self.write::<4, B>(bus, self.r(n).wrapping_add_signed(offset), self.r(t)),
            I::Load { size, t, n, offset } => self.load(bus, size, t, self.r(n).wrapping_add_signed(offset)),
            I::Store { size, t, n, offset } => self.store(bus, size, t, self.r(n).wrapping_add_signed(offset)),
            I::LoadLiteral { size, t, offset } => self.load(bus, size, t, self.literal(offset)),
            I::LoadRegister { size, t, n, m, shift } => self.load(bus, size, t, self.indexed(n, m, shift)),
            I::StoreRegister { size, t, n, m, shift } => self.store(bus, size, t, self.indexed(n, m, shift)),
            I::LoadIndexed {
                size,
                t,
                n,
                offset,
                post,
            } => self.load_indexed(bus, size, t, n, offset, post),
            I::StoreIndexed {
                size,
                t,
                n,
                offset,
                post,
            } => self.store_indexed(bus, size, t, n, offset, post),
            I::LoadMultiple {
                n,
                list,
                before,
                writeback,
            } => self.load_multiple(bus, n, list, before, writeback),
            I::StoreMultiple {
                n,
                list,
                before,
                writeback,
            } => self.store_multiple(bus, n, list, before, writeback),
            I::LoadDual {
                t,
                t2,
                n,
                offset,
                post,
                writeback,
            } => self.load_dual(bus, [t, t2], n, offset, post, writeback),
            I::StoreDual {
                t,
                t2,
                n,
                offset,
                post,
                writeback,
            } => self.store_dual(bus, [t, t2], n, offset, post, writeback),

            I::Branch { offset } => self.branch(offset),
            I::BranchIf { condition, offset } => self.branch_if(condition, offset),
            I::BranchLink { offset } => self.branch_link(offset),
            I::BranchExchange { m } => self.branch_exchange(self.r(m)),
            I::BranchLinkExchange { m } => self.branch_link_exchange(m),
            I::CompareBranch { n, offset, nonzero } => self.compare_branch(n, offset, nonzero),
            I::TableBranch { n, m, half } => self.table_branch(bus, n, m, half),
            I::IfThen { state } => {
                self.registers.it = state;
                Ok(())
            }

            I::Mul { d, n, m } => self.mul(d, n, m),
            I::Multiply { op, d, n, m, a } => self.multiply(op, d, self.r(n), self.r(m), a),
            I::MultiplyLong { op, low, high, n, m } => self.multiply_long(op, low, high, self.r(n), self.r(m)),
            I::Extend {
                kind,
                d,
                n,
                m,
                rotation,
            } => self.extend(kind, d, n, m, rotation),
            I::Swap { op, d, m } => self.swap(op, d, m),
            I::Extract { kind, d, n, low, width } => self.extract(kind, d, n, low, width),
            I::Insert { d, n, low, width } => self.insert(d, n, low, width),
            I::Nop | I::Barrier(_) => Ok(()),
            other => self.execute_rare(bus, other),
        }
    }

    /// Instructions that are rare, or long in themselves.
    #[inline(never)]
    fn execute_rare<B: Bus + ?Sized>(&mut self, bus: &mut B, instruction: Instruction) -> Done {
        match instruction {
            I::Saturate {
                d,
                n,
                bits,
                shift,
                amount,
                signed,
            } => self.saturate(d, n, bits, (shift, amount), signed),
            I::Saturate16 { d, n, bits, signed } => self.saturate_halves(d, n, bits, signed),
            I::SaturatingAdd {
                d,
                n,
                m,
                double,
                subtract,
            } => self.saturating_add(d, n, m, double, subtract),
            I::Parallel { lanes, kind, d, n, m } => self.parallel(lanes, kind, d, n, m),
            I::SelectBytes { d, n, m } => self.select_bytes(d, n, m),
            I::Pack { d, n, m, shift, amount } => self.pack(d, n, m, shift, amount),
            I::LoadUnprivileged { size, t, n, offset } => {
                let address = self.r(n).wrapping_add(offset.into());
                self.unprivileged(|core| core.load(bus, size, t, address))
            }
            I::StoreUnprivileged { size, t, n, offset } => {
                let address = self.r(n).wrapping_add(offset.into());
                self.unprivileged(|core| core.store(bus, size, t, address))
            }
            I::LoadExclusive { size, t, n, offset } => self.load_exclusive(bus, size, t, n, offset),
            I::StoreExclusive { size, d, t, n, offset } => self.store_exclusive(bus, size, d, t, n, offset),
            I::LoadAcquire { size, t, n, exclusive } => self.load_acquire(bus, size, t, n, exclusive),
            I::StoreRelease {
                size,
                d,
                t,
                n,
                exclusive,
            } => self.store_release(bus, size, d, t, n, exclusive),
            I::ClearExclusive => {
                self.registers.exclusive = None;
                Ok(())
            }
            I::WaitForInterrupt => self.hint(Self::wait_for_interrupt),
            I::WaitForEvent => self.hint(Self::wait_for_event),
            I::SendEvent => self.hint(Self::event),
            I::SupervisorCall => self.hint(Self::supervisor_call),
            I::Breakpoint { immediate } => self.breakpoint(immediate),
            I::ChangeState {
                disable,
                primask,
                faultmask,
            } => self.change_state(disable, primask, faultmask),
            I::ReadSpecial { d, register } => self.move_from_special(d, register),
            I::WriteSpecial { n, register, mask } => self.move_to_special(n, register, mask),
            I::Float(float) => self.float(bus, float),
            I::Undefined => Err(Fault::Undefined.into()),
            I::NoCoprocessor => Err(Fault::NoCoprocessor.into()),
            I::Unmodelled(gap) => Err(Trap::Unmodelled(gap)),
            _ => Err(Trap::Unpredictable),
        }
    }

    /// An instruction of the floating-point unit.
    #[inline(never)]
    fn float<B: Bus + ?Sized>(&mut self, bus: &mut B, float: Float) -> Done {
        if !self.system.fp_ready {
            self.lazy_fp()?;
        }
        self.execute_float(bus, float)
    }
}
