use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M7, CORTEX_M33};

#[test]
fn the_frame_holds_what_the_handler_may_change() {
    for profile in [CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M7, CORTEX_M33] {
        let mut core = core(profile);
        core.registers.set_flags(0xa000_0000);
        write(&mut core, ICSR, PENDSVSET);
        settle(&mut core);
        let expected = [0x100, 0x101, 0x102, 0x103, 0x10c, 0xe, THREAD_PC, 0xa100_0000];
        assert_eq!(frame(&core), expected, "{}", profile.name);
        let registers = &core.registers;
        assert_eq!((registers.ipsr, registers.pc), (14, handler(14)), "{}", profile.name);
        assert_eq!((registers.r[13], registers.r[14]), (STACK_TOP - 0x20, 0xffff_fff9));
        assert_eq!(core.lowest_sp, STACK_TOP - 0x20);
        assert_eq!(read(&mut core, ICSR) & 0x1000_01ff, 14, "active and no longer pending");
    }
}

#[test]
fn frames_lie_at_multiples_of_8_unless_armv7_is_told_otherwise() {
    for (stkalign, sp, bit) in [(true, STACK_TOP - 0x28, 0x200), (false, STACK_TOP - 0x24, 0)] {
        let mut core = core(CORTEX_M4F);
        write(&mut core, CCR, if stkalign { 0x200 } else { 0 });
        core.registers.r[13] = STACK_TOP - 4;
        write(&mut core, ICSR, PENDSVSET);
        settle(&mut core);
        assert_eq!(core.registers.r[13], sp);
        assert_eq!(frame(&core)[7] & 0x200, bit);
        return_by_link(&mut core);
        assert_eq!(core.registers.r[13], STACK_TOP - 4);
    }
}

#[test]
fn exc_return_says_where_the_frame_is_and_what_it_holds() {
    let link = |profile: Profile, process: bool, fp: bool, secure: bool| {
        let mut core = core(profile);
        core.system.set_secure(secure);
        core.registers.set_sp(true, 0x2000_0800);
        core.registers.use_sp(process);
        core.registers.fp_active = fp;
        write(&mut core, ICSR, PENDSVSET);
        settle(&mut core);
        let first = core.registers.r[14];
        core.registers.fp_active = fp;
        write(&mut core, ICSR, 1 << 31);
        settle(&mut core);
        (first, core.registers.r[14])
    };
    assert_eq!(link(CORTEX_M0, false, false, false), (0xffff_fff9, 0xffff_fff1));
    assert_eq!(link(CORTEX_M4F, true, false, false), (0xffff_fffd, 0xffff_fff1));
    assert_eq!(link(CORTEX_M4F, false, true, false), (0xffff_ffe9, 0xffff_ffe1));
    assert_eq!(link(CORTEX_M4F, true, true, false), (0xffff_ffed, 0xffff_ffe1));
    assert_eq!(link(CORTEX_M33, true, false, true), (0xffff_fffd, 0xffff_fff1));
    assert_eq!(link(CORTEX_M33, true, true, true), (0xffff_ffed, 0xffff_ffe1));
    assert_eq!(link(CORTEX_M33, true, false, false), (0xffff_ffbc, 0xffff_ffb0));
    assert_eq!(link(CORTEX_M33, false, true, false), (0xffff_ffa8, 0xffff_ffa0));
}

#[test]
fn a_handler_uses_the_main_stack_and_the_frame_lies_on_the_threads() {
    let mut core = core(CORTEX_M4F);
    core.registers.set_sp(true, 0x2000_0800);
    core.registers.use_sp(true);
    write(&mut core, ICSR, PENDSVSET);
    settle(&mut core);
    assert_eq!((core.registers.psp(), core.registers.r[13]), (0x2000_07e0, STACK_TOP));
    assert_eq!(core.memory.word(0x2000_07f8), Some(THREAD_PC));
    assert_eq!(core.lowest_sp, STACK_TOP, "a frame on the process stack does not count");
    return_by_link(&mut core);
    assert_eq!((core.registers.r[13], core.registers.msp()), (0x2000_0800, STACK_TOP));
    assert!(core.registers.psp_in_use);
}

#[test]
fn a_handler_of_higher_priority_nests_and_one_of_the_same_waits() {
    let mut core = core(CORTEX_M4F);
    for (interrupt, priority) in [(0, 0x80), (1, 0x40), (2, 0x80)] {
        enable(&mut core, interrupt, priority);
    }
    lines(&mut core, &[0]);
    settle(&mut core);
    assert_eq!(read(&mut core, ICSR) & 0x9ff, 0x800 | 16, "RETTOBASE");
    lines(&mut core, &[0, 1, 2]);
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 17);
    assert_eq!(
        read(&mut core, ICSR) & 0x1f_f9ff,
        18 << 12 | 17,
        "VECTPENDING, no RETTOBASE"
    );
    lines(&mut core, &[]);
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, core.registers.r[13]), (16, STACK_TOP - 0x20));
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, core.registers.r[13]), (18, STACK_TOP - 0x20));
    return_by_link(&mut core);
    assert_eq!((core.registers.ipsr, core.registers.pc), (0, THREAD_PC));
    assert_eq!(core.registers.r[13], STACK_TOP);
}

#[test]
fn primask_and_basepri_hold_interrupts_back_and_not_nmi() {
    let mut core = core(CORTEX_M4F);
    enable(&mut core, 0, 0x40);
    core.cps(false, true, false);
    lines(&mut core, &[0]);
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 0);
    core.cps(true, true, false);
    core.msr(17, 0, 0x40).unwrap();
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 0);
    core.msr(17, 0, 0x60).unwrap();
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 16);
    core.cps(false, true, true);
    write(&mut core, ICSR, 1 << 31);
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 2);
}

#[test]
fn of_interrupts_that_are_pending_together_the_foremost_is_entered_first() {
    let mut core = core(CORTEX_M0);
    for (interrupt, priority) in [(4, 0xc0), (5, 0x40), (9, 0x40)] {
        enable(&mut core, interrupt, priority);
    }
    lines(&mut core, &[4, 5, 9]);
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 21);
    assert_eq!(frame(&core)[6], THREAD_PC, "one frame");
}

#[test]
fn entry_sets_the_event_register_and_ends_an_exclusive_access_and_an_it_block() {
    let mut core = core(CORTEX_M4F);
    core.registers.exclusive = Some(0x2000_0000);
    core.registers.it = 0x5b;
    write(&mut core, ICSR, PENDSVSET);
    settle(&mut core);
    assert!(core.system.event);
    assert_eq!((core.registers.exclusive, core.registers.it), (None, 0));
    assert_eq!(
        frame(&core)[7] & 0x0700_fc00,
        0x0700_5800,
        "the frame keeps the state of the block"
    );
    return_by_link(&mut core);
    assert_eq!(core.registers.it, 0x5b);
}

#[test]
fn a_vector_with_a_clear_lowest_bit_faults_at_the_handler() {
    let mut core = core(CORTEX_M4F);
    core.memory.put(4 * 14, &0x600_u32.to_le_bytes());
    write(&mut core, ICSR, PENDSVSET);
    settle(&mut core);
    assert_eq!(core.registers.ipsr, 3);
    assert_eq!((frame(&core)[6], frame(&core)[7] & 0x0100_01ff), (0x600, 14));
    assert_eq!(read(&mut core, CFSR), 1 << 17);
}

#[test]
fn a_vector_table_in_ram_is_used_once_vtor_says_so() {
    let mut core = core(CORTEX_M4F);
    write(&mut core, 0xe000_ed08, 0x2000_0100);
    core.memory.store(0x2000_0138, 0x901_u32.to_le_bytes());
    write(&mut core, ICSR, PENDSVSET);
    settle(&mut core);
    assert_eq!(core.registers.pc, 0x900);
}

#[test]
fn entry_and_return_cost_what_the_manual_says() {
    let mut m4 = core(CORTEX_M4F);
    write(&mut m4, ICSR, PENDSVSET);
    settle(&mut m4);
    assert_eq!((m4.counts.cycles_low, m4.counts.cycles_high), (12, 12));
    return_by_link(&mut m4);
    assert_eq!((m4.counts.cycles_low, m4.counts.cycles_high), (22, 24));
    let mut m0 = core(CORTEX_M0);
    write(&mut m0, ICSR, PENDSVSET);
    settle(&mut m0);
    assert_eq!((m0.counts.cycles_low, m0.counts.cycles_high), (16, 16));
}

#[test]
fn reset_starts_at_the_vector_and_keeps_memory() {
    let mut core = core(CORTEX_M4F);
    core.memory.store(0x2000_0000, [1, 2, 3, 4]);
    enable(&mut core, 0, 0x40);
    core.cps(false, true, true);
    write(&mut core, ICSR, 1 << 31);
    settle(&mut core);
    core.reset();
    settle(&mut core);
    assert_eq!(core.memory.word(0x2000_0000), Some(0x0403_0201));
    assert_eq!((core.registers.pc, core.registers.r[13]), (THREAD_PC, STACK_TOP));
    assert_eq!((core.registers.ipsr, core.execution_priority()), (0, 256));
    assert_eq!(read(&mut core, ISER), 0);
}

#[test]
fn a_core_without_a_vector_table_locks_up() {
    let core = Core::new(CORTEX_M4F.with_vector_table(0x1000_0000), Memory::new(Vec::new()));
    assert_eq!(core.stop, Some(Stop::Lockup { pc: 0 }));
}
