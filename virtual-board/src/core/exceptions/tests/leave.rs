use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M4F, CORTEX_M33};

/// In PendSV's handler.
fn in_pend_sv(profile: Profile) -> Core {
    let mut core = core(profile);
    write(&mut core, ICSR, PENDSVSET);
    settle(&mut core);
    core
}

#[test]
fn a_return_restores_what_the_frame_holds() {
    for profile in [CORTEX_M0, CORTEX_M4F, CORTEX_M33] {
        let mut core = core(profile);
        core.registers.set_flags(0x6000_0000);
        let before = core.registers.clone();
        write(&mut core, ICSR, PENDSVSET);
        settle(&mut core);
        core.registers.r[..4].fill(7);
        (core.registers.r[12], core.registers.r[14]) = (7, core.registers.r[14]);
        core.registers.set_flags(0x9000_0000);
        core.system.event = false;
        return_by_link(&mut core);
        assert_eq!(core.registers.xpsr(), before.xpsr(), "{}", profile.name);
        assert_eq!(
            (core.registers.r, core.registers.pc),
            (before.r, before.pc),
            "{}",
            profile.name
        );
        assert!(core.system.event, "a return is an event");
        assert_eq!(read(&mut core, ICSR) & 0x1ff, 0);
    }
}

#[test]
fn tail_chaining_leaves_the_frame_and_its_exc_return() {
    let mut core = core(CORTEX_M4F);
    enable(&mut core, 3, 0x40);
    enable(&mut core, 4, 0x40);
    lines(&mut core, &[3, 4]);
    settle(&mut core);
    core.registers.r[0] = 0x55;
    lines(&mut core, &[4]);
    let cycles = core.counts.cycles_low;
    return_by_link(&mut core);
    assert_eq!(core.registers.ipsr, 20);
    assert_eq!(core.registers.r[0], 0x55, "no frame was read");
    assert_eq!(
        (core.registers.r[13], core.registers.r[14]),
        (STACK_TOP - 0x20, 0xffff_fff9)
    );
    assert_eq!(core.counts.cycles_low - cycles, 6);
}

#[test]
fn a_line_that_stays_high_enters_its_handler_again_and_again() {
    let mut core = core(CORTEX_M4F);
    enable(&mut core, 3, 0x40);
    lines(&mut core, &[3]);
    settle(&mut core);
    for _ in 0..3 {
        return_by_link(&mut core);
        assert_eq!((core.registers.ipsr, core.registers.r[13]), (19, STACK_TOP - 0x20));
    }
    lines(&mut core, &[]);
    return_by_link(&mut core);
    assert_eq!(core.registers.ipsr, 0);
}

#[test]
fn an_exc_return_that_does_not_exist_is_a_fault_on_the_old_frame() {
    for value in [0xffff_fff0, 0xffff_fff5, 0xffff_fffb, 0xf000_0009, 0xffff_fff1] {
        let mut core = in_pend_sv(CORTEX_M4F);
        return_by(&mut core, value);
        assert_eq!(core.registers.ipsr, 3, "{value:#x}");
        assert_eq!((core.registers.r[13], core.registers.r[14]), (STACK_TOP - 0x20, value));
        assert_eq!(read(&mut core, CFSR), 1 << 18, "INVPC");
        assert_eq!(read(&mut core, HFSR), 1 << 30, "FORCED");
        assert!(!core.system.nvic.active.contains(14));
    }
}

#[test]
fn usage_fault_takes_a_bad_return_where_it_is_enabled() {
    let mut core = in_pend_sv(CORTEX_M4F);
    write(&mut core, SHCSR, 1 << 18 | 1 << 10);
    return_by(&mut core, 0xffff_fff1);
    assert_eq!(core.registers.ipsr, 6);
    assert_eq!(read(&mut core, HFSR), 0);
}

#[test]
fn a_return_from_an_exception_that_is_not_active_is_a_fault() {
    let mut core = in_pend_sv(CORTEX_M4F);
    core.system.nvic.active.remove(14);
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, read(&mut core, CFSR)), (3, 1 << 18));
}

#[test]
fn mode_and_exception_number_of_a_frame_have_to_agree() {
    let mut core = in_pend_sv(CORTEX_M4F);
    let sp = core.registers.r[13];
    core.memory.store(sp + 28, 0x0100_000f_u32.to_le_bytes());
    core.registers.r[0] = 0x55;
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, read(&mut core, CFSR)), (3, 1 << 18));
    assert_eq!((core.registers.r[0], core.registers.r[13]), (0x55, sp));
}

#[test]
fn a_handler_below_others_returns_to_a_thread_only_where_nonbasethrdena_lets_it() {
    for (allowed, ipsr) in [(false, 3), (true, 0)] {
        let mut core = in_pend_sv(CORTEX_M4F);
        write(&mut core, CCR, 0x200 | u32::from(allowed));
        write(&mut core, ICSR, 1 << 31);
        settle(&mut core);
        core.memory
            .store(core.registers.r[13] + 28, 0x0100_0000_u32.to_le_bytes());
        return_by(&mut core, 0xffff_fff9);
        assert_eq!(core.registers.ipsr, ipsr);
    }
}

#[test]
fn faultmask_ends_with_a_handler_but_not_with_nmi() {
    let mut core = in_pend_sv(CORTEX_M4F);
    core.cps(false, false, true);
    assert!(core.system.is_high());
    return_by_link(&mut core);
    assert!(!core.registers.faultmask && !core.system.is_high());
    core.cps(false, false, true);
    write(&mut core, ICSR, 1 << 31);
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 2);
    return_by_link(&mut core);
    assert!(core.registers.faultmask);
}

#[test]
fn a_frame_that_cannot_be_read_is_a_fault_without_a_new_frame() {
    let mut core = in_pend_sv(CORTEX_M4F);
    write(&mut core, SHCSR, 1 << 17 | 1 << 10);
    core.registers.set_sp(false, 0x2000_1000);
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, core.registers.r[13]), (5, 0x2000_1000));
    assert_eq!(read(&mut core, CFSR), 1 << 11, "UNSTKERR");
}

#[test]
fn a_frame_that_the_protection_unit_hides_is_a_fault() {
    let mut core = in_pend_sv(CORTEX_M4F);
    write(&mut core, SHCSR, 1 << 16 | 1 << 10);
    write(&mut core, 0xe000_ed9c, 0x2000_0fe0);
    write(&mut core, 0xe000_eda0, 4 << 1 | 1);
    write(&mut core, 0xe000_ed94, 5);
    return_by_link(&mut core);
    assert_eq!(core.registers.ipsr, 4);
    assert_eq!(read(&mut core, CFSR), 1 << 3, "MUNSTKERR");
}

#[test]
fn a_frame_with_a_clear_thumb_bit_faults_at_its_return_address() {
    let mut core = in_pend_sv(CORTEX_M4F);
    core.memory.store(core.registers.r[13] + 28, [0; 4]);
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, frame(&core)[6]), (3, THREAD_PC));
    assert_eq!((read(&mut core, CFSR), frame(&core)[7]), (1 << 17, 0));
}

#[test]
fn a_core_of_one_security_state_does_not_leave_it() {
    let mut core = in_pend_sv(CORTEX_M33);
    core.exception_return(0xffff_ffb8);
    assert!(matches!(&core.stop, Some(Stop::Unmodelled(text)) if text.contains("0xffffffb8")));
    let mut plain = super::core(CORTEX_M33);
    plain.system.set_secure(false);
    write(&mut plain, ICSR, PENDSVSET);
    settle(&mut plain);
    return_by(&mut plain, 0xffff_fff9);
    assert_eq!((plain.registers.ipsr, read(&mut plain, CFSR)), (3, 1 << 18));
}

#[test]
fn an_interrupted_ldm_starts_anew() {
    let mut core = in_pend_sv(CORTEX_M4F);
    core.memory
        .store(core.registers.r[13] + 28, 0x0100_5000_u32.to_le_bytes());
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, core.registers.it), (0, 0));
}
