//! Stand-in for exceptions.
use super::{Core, Stop, execute::Done};
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Undefined,
    InvalidState,
    NoCoprocessor,
    Unaligned,
    DivideByZero,
    StackLimit,
    BusData { address: u32 },
    BusFetch { address: u32 },
    Protection { address: u32, fetch: bool },
}
impl Core {
    pub(super) fn take_exceptions(&mut self) {}
    pub(super) fn exception_return(&mut self, _: u32) -> Result<(), Fault> {
        Err(Fault::InvalidState)
    }
    pub(super) fn fault(&mut self, fault: Fault) {
        self.stop = Some(Stop::Unmodelled(format!("{fault:?} at {:#x}", self.registers.pc)))
    }
    pub(super) fn high(&self) -> bool {
        false
    }
    pub(super) fn prepare_float(&mut self) -> Result<(), Fault> {
        if self.profile.has_fpu() {
            Ok(())
        } else {
            Err(Fault::NoCoprocessor)
        }
    }
    pub(super) fn wakes(&self) -> bool {
        false
    }
    pub(super) fn read_special(&mut self, _: u8) -> Done<u32> {
        Ok(0)
    }
    pub(super) fn write_special(&mut self, _: u8, _: u8, _: u32) -> Done {
        Ok(())
    }
}
