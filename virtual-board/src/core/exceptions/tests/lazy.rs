use super::*;
use crate::core::profile::{CORTEX_M3, CORTEX_M4F, CORTEX_M33};

const FPCAR: u32 = 0xe000_ef38;
const FPDSCR: u32 = 0xe000_ef3c;

/// A thread that uses the floating-point registers.
fn in_use(profile: Profile) -> Core {
    let mut core = core(profile);
    write(&mut core, CPACR, 0x00f0_0000);
    core.lazy_fp().unwrap();
    for (n, s) in (0..).zip(&mut core.registers.s) {
        *s = 0x3f80_0000 + n;
    }
    core.registers.fpscr = 0x6000_0010;
    core
}

fn enter(core: &mut Core) {
    write(core, ICSR, PENDSVSET);
    settle(core);
}

#[test]
fn access_has_to_be_granted() {
    let mut plain = core(CORTEX_M4F);
    assert_eq!(plain.lazy_fp(), Err(Fault::NoCoprocessor));
    write(&mut plain, CPACR, 0x0050_0000);
    assert_eq!(plain.lazy_fp(), Ok(()));
    assert!(plain.registers.fp_active && plain.system.fp_ready);
    plain.msr(20, 0, 1).unwrap();
    assert!(!plain.system.fp_ready);
    assert_eq!(plain.lazy_fp(), Err(Fault::NoCoprocessor), "privileged code only");
    assert_eq!(core(CORTEX_M3).lazy_fp(), Err(Fault::NoCoprocessor));
}

#[test]
fn a_frame_is_reserved_and_written_by_the_handlers_first_use() {
    for profile in [CORTEX_M4F, CORTEX_M33] {
        let mut core = in_use(profile);
        write(&mut core, FPDSCR, 0x0300_0000);
        enter(&mut core);
        let sp = core.registers.r[13];
        assert_eq!((sp, core.registers.r[14]), (STACK_TOP - 0x68, 0xffff_ffe9));
        assert_eq!((read(&mut core, FPCCR) & 1, read(&mut core, FPCAR)), (1, sp + 0x20));
        assert_eq!(core.memory.word(sp + 0x20), Some(0), "not written yet");
        assert!(!core.registers.fp_active && !core.system.fp_ready);
        core.lazy_fp().unwrap();
        assert_eq!(core.memory.word(sp + 0x20), Some(0x3f80_0000));
        assert_eq!(core.memory.word(sp + 0x5c), Some(0x3f80_000f));
        assert_eq!(core.memory.word(sp + 0x60), Some(0x6000_0010));
        assert_eq!(read(&mut core, FPCCR) & 1, 0);
        assert_eq!(
            core.registers.fpscr, 0x6300_0010,
            "FPDSCR gives DN, FZ and the rounding mode"
        );
        core.registers.s.fill(0);
        return_by_link(&mut core);
        assert_eq!((core.registers.s[0], core.registers.s[15]), (0x3f80_0000, 0x3f80_000f));
        assert_eq!((core.registers.s[16], core.registers.fpscr), (0, 0x6000_0010));
        assert!(core.registers.fp_active);
        assert_eq!(core.registers.r[13], STACK_TOP);
    }
}

#[test]
fn a_handler_that_does_not_use_them_leaves_registers_and_frame_alone() {
    let mut core = in_use(CORTEX_M4F);
    enter(&mut core);
    let sp = core.registers.r[13];
    return_by_link(&mut core);
    assert_eq!(core.memory.word(sp + 0x20), Some(0));
    assert_eq!((core.registers.s[3], core.registers.fpscr), (0x3f80_0003, 0x6000_0010));
    assert_eq!((read(&mut core, FPCCR) & 1, core.registers.r[13]), (0, STACK_TOP));
    assert!(core.registers.fp_active);
}

#[test]
fn a_nested_handler_that_uses_them_writes_the_threads_registers() {
    let mut core = in_use(CORTEX_M4F);
    enter(&mut core);
    let thread = core.registers.r[13];
    write(&mut core, ICSR, 1 << 31);
    settle(&mut core);
    assert_eq!(core.registers.r[14], 0xffff_fff1, "the first handler has not used them");
    core.lazy_fp().unwrap();
    assert_eq!(core.memory.word(thread + 0x20), Some(0x3f80_0000));
    core.registers.s.fill(9);
    return_by_link(&mut core);
    assert!(!core.registers.fp_active);
    return_by_link(&mut core);
    assert_eq!(core.registers.s[0], 0x3f80_0000);
}

#[test]
fn without_lazy_state_preservation_the_entry_writes_them() {
    let mut core = in_use(CORTEX_M4F);
    write(&mut core, FPCCR, 1 << 31);
    let cycles = core.counts.cycles_low;
    enter(&mut core);
    let sp = core.registers.r[13];
    assert_eq!(core.memory.word(sp + 0x24), Some(0x3f80_0001));
    assert_eq!((core.counts.cycles_low - cycles, read(&mut core, FPCCR) & 1), (29, 0));
    core.registers.s.fill(0);
    return_by_link(&mut core);
    assert_eq!(core.registers.s[1], 0x3f80_0001);
}

#[test]
fn without_automatic_state_nothing_is_noticed() {
    let mut core = core(CORTEX_M4F);
    write(&mut core, CPACR, 0x00f0_0000);
    write(&mut core, FPCCR, 0);
    core.lazy_fp().unwrap();
    assert!(!core.registers.fp_active && core.system.fp_ready);
    enter(&mut core);
    assert_eq!(core.registers.r[13], STACK_TOP - 0x20);
}

#[test]
fn a_reserved_part_that_cannot_be_written_faults_before_the_instruction() {
    let mut core = in_use(CORTEX_M4F);
    enter(&mut core);
    write(&mut core, SHCSR, 1 << 17 | 1 << 10);
    write(&mut core, FPCAR, 0x3000_0000);
    assert_eq!(core.lazy_fp(), Err(Fault::LazyBus));
    assert!(!core.system.fp_ready);
    write(&mut core, SHPR3, 0x80 << 16);
    core.fault(Fault::LazyBus);
    assert_eq!((core.registers.ipsr, read(&mut core, CFSR)), (5, 1 << 13));
}

#[test]
fn the_frame_of_a_secure_thread_says_that_it_used_them() {
    let mut core = in_use(CORTEX_M33);
    enter(&mut core);
    assert_eq!(frame(&core)[7] & 1 << 20, 1 << 20);
    return_by_link(&mut core);
    assert_eq!(core.mrs(20), Ok(0b1100));
    assert_eq!(core.registers.greater_equal, 0);
}

#[test]
fn fpccr_says_which_faults_could_have_been_taken() {
    let mut core = in_use(CORTEX_M4F);
    write(&mut core, SHCSR, 7 << 16);
    enter(&mut core);
    // LSPACT, THREAD, HFRDY, MMRDY, BFRDY.
    assert_eq!(read(&mut core, FPCCR), 0xc000_0079);
}
