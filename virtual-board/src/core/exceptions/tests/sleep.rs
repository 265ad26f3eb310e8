use super::*;
use crate::core::{
    Sleep,
    profile::{CORTEX_M0, CORTEX_M4F, CORTEX_M33},
};

const SLEEPONEXIT: u32 = 1 << 1;
const SLEEPDEEP: u32 = 1 << 2;
const SEVONPEND: u32 = 1 << 4;

#[test]
fn wfi_wakes_for_an_interrupt_that_primask_holds_back_and_does_not_enter_it() {
    for profile in [CORTEX_M0, CORTEX_M4F, CORTEX_M33] {
        let mut core = core(profile);
        enable(&mut core, 0, 0x40);
        core.cps(false, true, false);
        core.wait_for_interrupt();
        settle(&mut core);
        assert_eq!(core.asleep(), Some(Sleep::UntilInterrupt), "{}", profile.name);
        lines(&mut core, &[0]);
        settle(&mut core);
        assert_eq!((core.asleep(), core.registers.ipsr), (None, 0), "{}", profile.name);
    }
}

#[test]
fn wfi_does_not_sleep_where_something_already_waits() {
    let mut core = core(CORTEX_M4F);
    enable(&mut core, 0, 0x40);
    core.cps(false, true, false);
    lines(&mut core, &[0]);
    core.wait_for_interrupt();
    settle(&mut core);
    assert_eq!(core.asleep(), None);
}

#[test]
fn wfi_does_not_wake_for_what_is_disabled_or_held_back_by_basepri() {
    let mut core = core(CORTEX_M4F);
    enable(&mut core, 1, 0x80);
    core.msr(17, 0, 0x80).unwrap();
    core.wait_for_interrupt();
    core.event();
    lines(&mut core, &[0, 1]);
    settle(&mut core);
    assert!(core.asleep().is_some());
    enable(&mut core, 1, 0x60);
    settle(&mut core);
    assert_eq!((core.asleep(), core.registers.ipsr), (None, 17));
}

#[test]
fn wfe_takes_a_past_event_and_then_sleeps_until_the_next() {
    let mut core = core(CORTEX_M0);
    core.event();
    core.wait_for_event();
    assert_eq!(core.asleep(), None);
    core.wait_for_event();
    settle(&mut core);
    assert_eq!(core.asleep(), Some(Sleep::UntilEvent));
    core.event();
    settle(&mut core);
    assert!(core.asleep().is_none() && !core.system.event);
}

#[test]
fn an_interrupt_between_a_look_and_wfe_is_not_slept_through() {
    let mut core = core(CORTEX_M4F);
    enable(&mut core, 0, 0x40);
    lines(&mut core, &[0]);
    settle(&mut core);
    core.system.event = false;
    lines(&mut core, &[]);
    return_by_link(&mut core);
    core.wait_for_event();
    assert_eq!(core.asleep(), None, "the return was an event");
}

#[test]
fn wfe_sleeps_on_through_a_masked_interrupt_unless_sevonpend_makes_it_an_event() {
    for (sevonpend, wakes) in [(false, false), (true, true)] {
        let mut core = core(CORTEX_M4F);
        write(&mut core, SCR, if sevonpend { SEVONPEND } else { 0 });
        core.cps(false, true, false);
        core.wait_for_event();
        lines(&mut core, &[7]);
        settle(&mut core);
        assert_eq!(core.asleep().is_none(), wakes);
    }
}

#[test]
fn sevonpend_takes_the_edge_and_not_the_level() {
    let mut core = core(CORTEX_M4F);
    lines(&mut core, &[7]);
    write(&mut core, SCR, SEVONPEND);
    core.wait_for_event();
    lines(&mut core, &[7]);
    settle(&mut core);
    assert!(core.asleep().is_some(), "it was pending before");
    write(&mut core, ISPR, 1 << 8);
    settle(&mut core);
    assert!(core.asleep().is_none());
}

#[test]
fn a_taken_interrupt_wakes_and_returns_behind_the_wait() {
    let mut core = core(CORTEX_M4F);
    enable(&mut core, 0, 0x40);
    core.wait_for_event();
    settle(&mut core);
    lines(&mut core, &[0]);
    settle(&mut core);
    assert_eq!(
        (core.asleep(), core.registers.ipsr, frame(&core)[6]),
        (None, 16, THREAD_PC)
    );
}

#[test]
fn sleepdeep_is_told() {
    let mut core = core(CORTEX_M4F);
    assert!(!core.system.sleeps_deeply());
    write(&mut core, SCR, SLEEPDEEP);
    assert!(core.system.sleeps_deeply());
}

#[test]
fn sleep_on_exit_sleeps_after_the_last_handler_only() {
    let mut core = core(CORTEX_M4F);
    write(&mut core, SCR, SLEEPONEXIT);
    enable(&mut core, 0, 0x80);
    enable(&mut core, 1, 0x40);
    lines(&mut core, &[0]);
    settle(&mut core);
    lines(&mut core, &[0, 1]);
    settle(&mut core);
    lines(&mut core, &[]);
    return_by_link(&mut core);
    assert_eq!((core.asleep(), core.registers.ipsr), (None, 16));
    return_by_link(&mut core);
    assert_eq!(core.asleep(), Some(Sleep::UntilInterrupt));
    lines(&mut core, &[1]);
    settle(&mut core);
    assert_eq!((core.asleep(), core.registers.ipsr), (None, 17));
}

#[test]
fn sleep_on_exit_waits_until_no_exception_is_active() {
    let mut core = core(CORTEX_M4F);
    write(&mut core, SCR, SLEEPONEXIT);
    write(&mut core, CCR, 0x201);
    write(&mut core, ICSR, PENDSVSET);
    settle(&mut core);
    write(&mut core, ICSR, 1 << 31);
    settle(&mut core);
    core.memory
        .store(core.registers.r[13] + 28, 0x0100_0000_u32.to_le_bytes());
    return_by(&mut core, 0xffff_fff9);
    assert_eq!(
        (core.registers.ipsr, core.asleep()),
        (0, None),
        "PendSV is still active"
    );
}

#[test]
fn systick_wakes_a_core_that_sleeps() {
    let mut core = core(CORTEX_M4F);
    core.system.set_systick_clocks(1_000_000, None, Time::ZERO);
    write(&mut core, 0xe000_e014, 99);
    write(&mut core, 0xe000_e018, 0);
    write(&mut core, 0xe000_e010, 7);
    core.wait_for_interrupt();
    settle(&mut core);
    assert_eq!(core.system.due(), Time::from_us(100));
    core.system.advance(Time::from_us(99));
    settle(&mut core);
    assert!(core.asleep().is_some());
    core.system.advance(core.system.due());
    settle(&mut core);
    assert_eq!((core.asleep(), core.registers.ipsr), (None, 15));
}
