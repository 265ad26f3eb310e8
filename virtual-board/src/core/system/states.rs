//! The registers that show and change states of exceptions: ICSR, AIRCR, SHPR and SHCSR.
//!
//! Armv7-M ARM (DDI 0403E) B3.2.4, B3.2.6 and B3.2.10 to B3.2.13; Armv6-M ARM (DDI 0419E) B3.2.4.

use super::{System, number};

/// ICSR: bits that pend or unpend an exception.
const ICSR_CHANGES: [(u32, u16, bool); 5] = [
    (31, number::NMI, true),
    (28, number::PEND_SV, true),
    (27, number::PEND_SV, false),
    (26, number::SYS_TICK, true),
    (25, number::SYS_TICK, false),
];

/// SHCSR: where the states of an exception stand.
const ACTIVE_BITS: [(u32, u16); 7] = [
    (0, number::MEM_MANAGE),
    (1, number::BUS_FAULT),
    (3, number::USAGE_FAULT),
    (7, number::SV_CALL),
    (8, number::DEBUG_MONITOR),
    (10, number::PEND_SV),
    (11, number::SYS_TICK),
];
const PENDING_BITS: [(u32, u16); 4] = [
    (12, number::USAGE_FAULT),
    (13, number::MEM_MANAGE),
    (14, number::BUS_FAULT),
    (15, number::SV_CALL),
];
const ENABLE_BITS: [(u32, u16); 3] = [
    (16, number::MEM_MANAGE),
    (17, number::BUS_FAULT),
    (18, number::USAGE_FAULT),
];

impl System {
    /// ICSR.
    pub(super) fn interrupt_state(&self) -> u32 {
        let pending = |exception| u32::from(self.nvic.pending.contains(exception));
        let interrupts = self.nvic.pending.iter().any(|exception| exception >= 16);
        let foremost = self.nvic.foremost().unwrap_or(0);
        let mut others = self.nvic.active;
        others.remove(self.current);
        let return_to_base = self.main && others.is_empty();
        pending(number::NMI) << 31
            | pending(number::PEND_SV) << 28
            | pending(number::SYS_TICK) << 26
            | u32::from(interrupts) << 22
            | u32::from(foremost) << 12
            | u32::from(return_to_base) << 11
            | u32::from(self.current)
    }

    /// Writes ICSR. To pend and unpend one exception at once is UNPREDICTABLE; here it ends up not pending.
    pub(super) fn change_pending(&mut self, value: u32) {
        for (bit, exception, pends) in ICSR_CHANGES {
            match (value >> bit & 1 != 0, pends) {
                (true, true) => self.pend(exception),
                (true, false) => self.nvic.pending.remove(exception),
                (false, _) => {}
            }
        }
    }

    /// Writes AIRCR: with the key, PRIGROUP and a request for a reset. Without it nothing happens.
    pub(super) fn write_aircr(&mut self, value: u32) -> Option<()> {
        const KEY: u32 = 0x05fa;
        const SYSRESETREQ: u32 = 1 << 2;
        if value >> 16 != KEY {
            return Some(());
        }
        // VECTRESET and VECTCLRACTIVE are for a halted core; the rest are reserved or of the Security Extension.
        if value & 0xffff & !(0x700 | SYSRESETREQ) != 0 {
            return None;
        }
        if self.main {
            self.nvic.group = (value >> 8 & 7) as u8;
        }
        self.reset_request |= value & SYSRESETREQ != 0;
        Some(())
    }

    /// Writes SHPR1, SHPR2 or SHPR3. Exceptions that do not exist keep priority 0.
    pub(super) fn write_handler_priorities(&mut self, address: u32, value: u32) {
        let kept = match (address, self.main) {
            (0xe000_ed18, _) => 0x00ff_ffff,
            (0xe000_ed1c, _) => 0xff00_0000,
            (_, true) => 0xffff_00ff,
            (_, false) => 0xffff_0000,
        };
        self.nvic
            .set_priority_word(super::handler_priorities(address), value & kept);
    }

    /// SHCSR.
    pub(super) fn handler_state(&self) -> u32 {
        let states = [
            (&ACTIVE_BITS[..], &self.nvic.active),
            (&PENDING_BITS[..], &self.nvic.pending),
            (&ENABLE_BITS[..], &self.nvic.enabled),
        ];
        let bits = states.into_iter().flat_map(|(bits, set)| {
            bits.iter()
                .filter(|(_, exception)| set.contains(*exception))
                .map(|(bit, _)| 1 << bit)
        });
        bits.sum()
    }

    /// Writes SHCSR: enables of faults. A program that changes active or pending states by hand is not modelled.
    pub(super) fn write_handler_state(&mut self, value: u32) -> Option<()> {
        const ENABLES: u32 = 7 << 16;
        if (value ^ self.handler_state()) & !ENABLES != 0 {
            return None;
        }
        for (bit, exception) in ENABLE_BITS {
            self.nvic.enabled.put(exception, value >> bit & 1 != 0);
        }
        Some(())
    }
}
