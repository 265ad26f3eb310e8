use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33};

const MMFAR: u32 = 0xe000_ed34;
const BFAR: u32 = 0xe000_ed38;
const ALL_FAULTS: u32 = 7 << 16;

#[test]
fn every_fault_has_its_exception_and_its_bit() {
    let address = 0x5000_0004;
    let table = [
        (Fault::Undefined, 6, 1 << 16),
        (Fault::InvalidState, 6, 1 << 17),
        (Fault::NoCoprocessor, 6, 1 << 19),
        (Fault::Unaligned, 6, 1 << 24),
        (Fault::DivideByZero, 6, 1 << 25),
        (Fault::BusData { address }, 5, 1 << 15 | 1 << 9),
        (Fault::BusFetch { address }, 5, 1 << 8),
        (Fault::Protection { address, fetch: false }, 4, 1 << 7 | 1 << 1),
        (Fault::Protection { address, fetch: true }, 4, 1),
    ];
    for (fault, exception, status) in table {
        let mut core = core(CORTEX_M4F);
        write(&mut core, SHCSR, ALL_FAULTS);
        core.fault(fault);
        settle(&mut core);
        assert_eq!(core.registers.ipsr, exception, "{fault:?}");
        assert_eq!(read(&mut core, CFSR), status, "{fault:?}");
        assert_eq!(read(&mut core, HFSR), 0, "{fault:?}");
        assert_eq!(frame(&core)[6], THREAD_PC, "the faulting instruction");
        let holds = |core: &mut Core, register, valid: bool| {
            assert_eq!(read(core, register), if valid { address } else { 0 }, "{fault:?}");
        };
        holds(&mut core, BFAR, status & 1 << 15 != 0);
        holds(&mut core, MMFAR, status & 1 << 7 != 0);
    }
}

#[test]
fn a_disabled_fault_is_hard_fault_and_says_that_it_was_forced() {
    let mut core = core(CORTEX_M3);
    core.fault(Fault::Undefined);
    assert_eq!((core.registers.ipsr, read(&mut core, HFSR)), (3, 1 << 30));
    assert_eq!(read(&mut core, CFSR), 1 << 16);
    assert!(core.system.is_high());
}

#[test]
fn armv6_has_hard_fault_only() {
    let mut core = core(CORTEX_M0);
    core.fault(Fault::Unaligned);
    assert_eq!((core.registers.ipsr, core.registers.pc), (3, handler(3)));
    assert!(core.system.read(CFSR, Width::Word, moment()).is_err());
}

#[test]
fn a_fault_whose_priority_does_not_suffice_is_escalated() {
    let mut core = core(CORTEX_M4F);
    write(&mut core, SHCSR, ALL_FAULTS);
    write(&mut core, SHPR1, 0x80_0000);
    enable(&mut core, 0, 0x40);
    lines(&mut core, &[0]);
    settle(&mut core);
    core.fault(Fault::Undefined);
    assert_eq!((core.registers.ipsr, read(&mut core, HFSR)), (3, 1 << 30));
}

#[test]
fn a_fault_in_hard_fault_in_nmi_or_under_faultmask_locks_the_core_up() {
    let mut hard = core(CORTEX_M4F);
    hard.fault(Fault::Undefined);
    hard.fault(Fault::Undefined);
    assert_eq!(hard.stop, Some(Stop::Lockup { pc: handler(3) }));
    let mut nmi = core(CORTEX_M0);
    write(&mut nmi, ICSR, 1 << 31);
    settle(&mut nmi);
    nmi.fault(Fault::Undefined);
    assert_eq!(nmi.stop, Some(Stop::Lockup { pc: handler(2) }));
    let mut masked = core(CORTEX_M4F);
    masked.cps(false, false, true);
    masked.fault(Fault::Undefined);
    assert_eq!(masked.stop, Some(Stop::Lockup { pc: THREAD_PC }));
}

#[test]
fn svc_is_hard_fault_where_interrupts_are_off() {
    let mut free = core(CORTEX_M4F);
    free.supervisor_call();
    assert_eq!(free.registers.ipsr, 11);
    for profile in [CORTEX_M0, CORTEX_M4F] {
        let mut masked = core(profile);
        masked.cps(false, true, false);
        masked.supervisor_call();
        assert_eq!(masked.registers.ipsr, 3, "{}", profile.name);
    }
    write(&mut free, SHPR2, 0);
    free.supervisor_call();
    assert_eq!(free.registers.ipsr, 3, "SVC within SVCall");
}

#[test]
fn a_breakpoint_without_a_debugger_is_a_debug_event() {
    let mut core = core(CORTEX_M4F);
    core.fault(Fault::Breakpoint);
    assert_eq!((core.registers.ipsr, read(&mut core, HFSR)), (3, 1 << 31));
    assert_eq!(read(&mut core, 0xe000_ed30), 2, "DFSR.BKPT");
    let mut monitored = super::core(CORTEX_M4F);
    write(&mut monitored, 0xe000_edfc, 1 << 16);
    monitored.fault(Fault::Breakpoint);
    assert_eq!((monitored.registers.ipsr, read(&mut monitored, HFSR)), (12, 0));
}

#[test]
fn a_stack_below_its_memory_is_hard_fault_with_the_stack_pointer_that_failed() {
    let mut core = core(CORTEX_M4F);
    core.registers.r[13] = 0x2000_0010;
    core.fault(Fault::BusData { address: 0x1fff_fff0 });
    assert_eq!((core.registers.ipsr, core.registers.r[13]), (3, 0x1fff_fff0));
    assert_eq!(read(&mut core, CFSR), 1 << 15 | 1 << 12 | 1 << 9);
    assert!(core.stop.is_none());
}

#[test]
fn the_guard_of_a_stack_stops_the_frame_of_its_own_fault() {
    let mut core = core(CORTEX_M4F);
    // 256 bytes from 0x2000_0100 that nobody may touch, as the firmware sets them.
    write(&mut core, 0xe000_ed9c, 0x2000_0100);
    write(&mut core, 0xe000_eda0, 1 << 28 | 7 << 1 | 1);
    write(&mut core, 0xe000_ed94, 5);
    core.registers.r[13] = 0x2000_0208;
    let address = 0x2000_01fc;
    core.fault(Fault::Protection { address, fetch: false });
    assert_eq!((core.registers.ipsr, core.registers.r[13]), (3, 0x2000_01e8));
    assert_eq!(read(&mut core, CFSR), 1 << 7 | 1 << 4 | 1 << 1);
    assert_eq!(core.memory.word(0x2000_01e8), Some(0), "nothing was written there");
    assert!(
        !core.system.mpu_on,
        "HardFault passes the unit, so that its handler can look"
    );
}

#[test]
fn a_frame_that_would_pass_the_stack_limit_is_not_written() {
    let mut core = core(CORTEX_M33);
    core.msr(10, 0, 0x2000_0100).unwrap();
    core.registers.r[13] = 0x2000_0118;
    enable(&mut core, 0, 0x40);
    lines(&mut core, &[0]);
    settle(&mut core);
    assert_eq!((core.registers.ipsr, core.registers.r[13]), (3, 0x2000_0100));
    assert_eq!((read(&mut core, CFSR), read(&mut core, HFSR)), (1 << 20, 1 << 30));
    assert_eq!(core.memory.word(0x2000_0110), Some(0));
    assert_eq!(read(&mut core, ISPR), 1, "the interrupt still waits");
}

#[test]
fn a_frame_just_above_the_limit_is_written() {
    let mut core = core(CORTEX_M33);
    core.msr(10, 0, 0x2000_0100).unwrap();
    core.registers.r[13] = 0x2000_0120;
    write(&mut core, ICSR, PENDSVSET);
    settle(&mut core);
    assert_eq!((core.registers.ipsr, core.registers.r[13]), (14, 0x2000_0100));
}

#[test]
fn a_fault_of_stacking_that_ranks_below_its_exception_comes_after_it() {
    let mut core = core(CORTEX_M4F);
    write(&mut core, SHCSR, ALL_FAULTS);
    write(&mut core, SHPR1, 0x00_80_00);
    write(&mut core, SHPR3, 0x40 << 16);
    core.registers.r[13] = 0x2000_0010;
    write(&mut core, ICSR, PENDSVSET);
    core.take_exceptions();
    assert_eq!(core.registers.ipsr, 14);
    assert_eq!(read(&mut core, SHCSR) & 1 << 14, 1 << 14, "BUSFAULTPENDED");
    core.registers.set_sp(false, STACK_TOP - 0x20);
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, read(&mut core, CFSR)), (5, 1 << 12));
}

#[test]
fn a_vector_that_cannot_be_read_is_hard_fault_and_in_hard_fault_lockup() {
    let mut core = core(CORTEX_M4F);
    // The table begins 48 bytes before the end of RAM: it has HardFault's vector and not PendSV's.
    write(&mut core, 0xe000_ed08, 0x2000_0f80);
    core.memory.store(0x2000_0f8c, (handler(3) | 1).to_le_bytes());
    core.registers.r[13] = 0x2000_0800;
    enable(&mut core, 20, 0x40);
    write(&mut core, ISPR, 1 << 20);
    core.take_exceptions();
    assert_eq!((core.registers.ipsr, read(&mut core, HFSR)), (3, 1 << 1));
    assert_eq!(core.registers.r[13], 0x2000_07e0, "one frame");
    let mut none = super::core(CORTEX_M4F);
    write(&mut none, 0xe000_ed08, 0x3000_0000);
    none.fault(Fault::Undefined);
    assert_eq!(none.stop, Some(Stop::Lockup { pc: THREAD_PC }));
}
