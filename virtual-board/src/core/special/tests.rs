//! Special registers, without instructions.

use super::*;
use crate::{
    core::{
        Profile,
        profile::{CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33},
    },
    memory::{Memory, Region},
};

fn core(profile: Profile) -> Core {
    let mut flash = Region::flash("flash", 0, 0x400);
    flash.bytes[..8].copy_from_slice(&[0, 0x10, 0, 0x20, 0x01, 0x02, 0, 0]);
    Core::new(
        profile,
        Memory::new(vec![flash, Region::ram("RAM", 0x2000_0000, 0x1000)]),
    )
}

#[test]
fn flags_are_written_and_read_back() {
    let mut core = core(CORTEX_M4F);
    assert_eq!(core.msr(0, 3, u32::MAX), Ok(()));
    assert_eq!(core.mrs(0), Ok(0xf80f_0000));
    core.msr(0, 2, 0).unwrap();
    assert_eq!(core.mrs(0), Ok(0x000f_0000));
    core.registers.ipsr = 15;
    core.registers.it = 0xaa;
    assert_eq!(core.mrs(3), Ok(0x000f_000f), "EPSR reads as zero");
    assert_eq!(core.mrs(5), Ok(15));
}

#[test]
fn a_core_without_the_dsp_extension_has_no_ge_and_armv6_no_q() {
    let mut m3 = core(CORTEX_M3);
    m3.msr(0, 3, u32::MAX).unwrap();
    assert_eq!(m3.mrs(0), Ok(0xf800_0000));
    let mut m0 = core(CORTEX_M0);
    m0.msr(0, 3, u32::MAX).unwrap();
    assert_eq!(m0.mrs(0), Ok(0xf000_0000));
}

#[test]
fn registers_of_later_architectures_do_not_exist() {
    for register in [10, 11, 17, 18, 19, 0x88] {
        assert_eq!(core(CORTEX_M0).mrs(register), Err(Unmodelled), "{register}");
    }
    assert_eq!(core(CORTEX_M4F).msr(10, 0, 0), Err(Unmodelled), "MSPLIM is of Armv8-M");
    assert_eq!(
        core(CORTEX_M33).msr(0x88, 0, 0),
        Err(Unmodelled),
        "MSP_NS is of the other state"
    );
}

#[test]
fn stack_pointers_are_banked() {
    let mut core = core(CORTEX_M4F);
    assert_eq!(core.mrs(8), Ok(0x2000_1000));
    core.msr(9, 0, 0x2000_0803).unwrap();
    assert_eq!(core.mrs(9), Ok(0x2000_0800));
    core.msr(20, 0, 2).unwrap();
    assert_eq!((core.registers.r[13], core.mrs(8)), (0x2000_0800, Ok(0x2000_1000)));
    assert_eq!(core.lowest_sp, 0x2000_1000, "the process stack does not count");
    core.registers.ipsr = 3;
    core.msr(20, 0, 0).unwrap();
    assert_eq!(core.mrs(20), Ok(2), "a handler does not change SPSEL");
}

#[test]
fn stack_limits_are_multiples_of_8() {
    let mut core = core(CORTEX_M33);
    core.msr(10, 0, 0x2000_010f).unwrap();
    core.msr(11, 0, 0x2000_0207).unwrap();
    assert_eq!((core.mrs(10), core.mrs(11)), (Ok(0x2000_0108), Ok(0x2000_0200)));
    assert_eq!(core.registers.sp_limits, [0x2000_0108, 0x2000_0200]);
}

#[test]
fn unprivileged_code_reads_zero_and_changes_nothing_but_flags() {
    let mut core = core(CORTEX_M4F);
    core.msr(20, 0, 1).unwrap();
    core.msr(16, 0, 1).unwrap();
    core.cps(false, true, true);
    assert!(!core.registers.primask && !core.registers.faultmask);
    assert_eq!((core.mrs(8), core.mrs(20)), (Ok(0), Ok(1)));
    core.msr(20, 0, 0).unwrap();
    assert_eq!(core.mrs(20), Ok(1));
    core.msr(0, 2, 1 << 31).unwrap();
    assert_eq!(core.mrs(0), Ok(1 << 31));
    assert!(core_of_m0_stays_privileged());
}

fn core_of_m0_stays_privileged() -> bool {
    let mut core = core(CORTEX_M0);
    core.msr(20, 0, 1).is_ok() && core.mrs(20) == Ok(0)
}

#[test]
fn basepri_max_only_raises_the_priority() {
    let mut core = core(CORTEX_M4F);
    core.msr(18, 0, 0x7f).unwrap();
    assert_eq!(core.mrs(17), Ok(0x60), "three bits of priority");
    core.msr(18, 0, 0x80).unwrap();
    core.msr(18, 0, 0).unwrap();
    assert_eq!(core.mrs(17), Ok(0x60));
    core.msr(18, 0, 0x40).unwrap();
    assert_eq!(core.mrs(17), Ok(0x40));
    core.msr(17, 0, 0).unwrap();
    assert_eq!(core.mrs(18), Ok(0));
}

#[test]
fn masks_boost_the_execution_priority() {
    let mut core = core(CORTEX_M4F);
    assert_eq!(core.execution_priority(), 256);
    core.msr(17, 0, 0x40).unwrap();
    assert_eq!(core.execution_priority(), 0x40);
    core.cps(false, true, false);
    assert_eq!(core.execution_priority(), 0);
    core.cps(false, false, true);
    assert_eq!(core.execution_priority(), -1);
    core.cps(true, true, true);
    assert_eq!(core.execution_priority(), 0x40);
}

#[test]
fn hard_fault_cannot_set_faultmask() {
    let mut core = core(CORTEX_M4F);
    core.system.nvic.active.insert(3);
    core.registers.ipsr = 3;
    core.cps(false, false, true);
    assert!(!core.registers.faultmask);
}

#[test]
fn a_secure_core_shows_its_use_of_floating_point_twice() {
    let mut core = core(CORTEX_M33);
    core.registers.fp_active = true;
    assert_eq!(core.mrs(20), Ok(0b1100));
    assert_eq!(core.msr(20, 0, 0b0100), Err(Unmodelled), "SFPA apart from FPCA");
    assert_eq!(core.msr(20, 0, 0), Ok(()));
    core.registers.fp_active = true;
    core.system.set_secure(false);
    assert_eq!(core.mrs(20), Ok(0b0100));
}
