//! Loads and stores.

use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M3};

const UNALIGNED: u32 = 1 << 24;
const BUS_DATA: u32 = 1 << 9 | 1 << 15;

#[test]
fn loads_extend_by_their_kind() {
    let before = [(R(1), RAM), (Ram(0), 0x8899_aabb), (Ram(4), 0x1122_3344)];
    check("ldr r0, [r1]", &[0x6808], &before, &[(R(0), 0x8899_aabb)]);
    check("ldr r0, [r1, #4]", &[0x6848], &before, &[(R(0), 0x1122_3344)]);
    check("ldrb r0, [r1, #1]", &[0x7848], &before, &[(R(0), 0xaa)]);
    check("ldrh r0, [r1, #2]", &[0x8848], &before, &[(R(0), 0x8899)]);
    check(
        "ldrsb.w r0, [r1, #3]",
        &[0xf991, 0x0003],
        &before,
        &[(R(0), 0xffff_ff88)],
    );
    check("ldrsh.w r0, [r1]", &[0xf9b1, 0x0000], &before, &[(R(0), 0xffff_aabb)]);
    let indexed = [(R(1), RAM), (R(2), 1), (Ram(0), 0x8899_aabb), (Ram(4), 0x1122_3344)];
    check("ldrsb r0, [r1, r2]", &[0x5688], &indexed, &[(R(0), 0xffff_ffaa)]);
    check(
        "ldr.w r0, [r1, r2, lsl #2]",
        &[0xf851, 0x0022],
        &indexed,
        &[(R(0), 0x1122_3344)],
    );
    check(
        "ldr r0, [r1, #-4]",
        &[0xf851, 0x0c04],
        &[(R(1), RAM + 8), (Ram(4), 7)],
        &[(R(0), 7)],
    );
    check("ldr r0, [sp, #16]", &[0x9804], &[(Ram(0x810), 9)], &[(R(0), 9)]);
}

#[test]
fn stores_change_their_bytes_only() {
    let before = [(R(0), 0x1122_3344), (R(1), RAM), (R(2), 4), (Ram(0), !0), (Ram(4), !0)];
    check(
        "str r0, [r1]",
        &[0x6008],
        &before,
        &[(Ram(0), 0x1122_3344), (Ram(4), !0)],
    );
    check("strb r0, [r1, #3]", &[0x70c8], &before, &[(Ram(0), 0x44ff_ffff)]);
    check("strh r0, [r1, #2]", &[0x8048], &before, &[(Ram(0), 0x3344_ffff)]);
    check(
        "strh.w r0, [r1, r2, lsl #1]",
        &[0xf821, 0x0012],
        &before,
        &[(Ram(4), !0), (Ram(8), 0x3344)],
    );
    check("str r0, [sp]", &[0x9000], &before, &[(Ram(0x800), 0x1122_3344)]);
}

#[test]
fn a_base_moves_before_or_after() {
    check(
        "ldr r0, [r1], #4",
        &[0xf851, 0x0b04],
        &[(R(1), RAM), (Ram(0), 5)],
        &[(R(0), 5), (R(1), RAM + 4)],
    );
    check(
        "ldr r0, [r1, #4]!",
        &[0xf851, 0x0f04],
        &[(R(1), RAM), (Ram(4), 6)],
        &[(R(0), 6), (R(1), RAM + 4)],
    );
    check(
        "str r0, [r1, #-4]!",
        &[0xf841, 0x0d04],
        &[(R(0), 3), (R(1), RAM + 4)],
        &[(Ram(0), 3), (R(1), RAM)],
    );
    check(
        "strb r0, [r1], #-1",
        &[0xf801, 0x0901],
        &[(R(0), 3), (R(1), RAM + 4)],
        &[(Ram(4), 3), (R(1), RAM + 3)],
    );
    check(
        "ldrsh r0, [r1], #2",
        &[0xf931, 0x0b02],
        &[(R(1), RAM), (Ram(0), 0xffff)],
        &[(R(0), !0), (R(1), RAM + 2)],
    );
}

#[test]
fn literals_lie_behind_the_aligned_pc() {
    let code = [0x4801, 0xbf00, 0xbf00, 0xbf00, 0x5678, 0x1234];
    let mut core = core(CORTEX_M4F, &code);
    assert_eq!(core.step(&mut NoBus), None);
    assert_eq!(core.registers.r[0], 0x1234_5678);
    let code = [0xbf00, 0x4801, 0xbf00, 0xbf00, 0x5678, 0x1234];
    let mut core = super::core(CORTEX_M4F, &code);
    for _ in 0..2 {
        assert_eq!(core.step(&mut NoBus), None);
    }
    assert_eq!(core.registers.r[0], 0x1234_5678);
}

#[test]
fn lists_are_stored_with_the_lowest_register_lowest() {
    let values = [(R(1), RAM + 0x10), (R(2), 22), (R(3), 33), (R(14), 44)];
    check(
        "stmia.w r1!, {r2, r3, lr}",
        &[0xe8a1, 0x400c],
        &values,
        &[(R(1), RAM + 0x1c), (Ram(0x10), 22), (Ram(0x14), 33), (Ram(0x18), 44)],
    );
    check(
        "stmdb r1, {r2, r3}",
        &[0xe901, 0x000c],
        &values,
        &[(Ram(8), 22), (Ram(12), 33)],
    );
    check(
        "push {r2, r3, lr}",
        &[0xb50c],
        &values,
        &[
            (R(13), RAM + 0x7f4),
            (Ram(0x7f4), 22),
            (Ram(0x7f8), 33),
            (Ram(0x7fc), 44),
        ],
    );
    // The base is the lowest register of the list: its old value is stored.
    check(
        "stm r1!, {r1, r2}",
        &[0xc106],
        &values,
        &[(R(1), RAM + 0x18), (Ram(0x10), RAM + 0x10), (Ram(0x14), 22)],
    );
}

#[test]
fn a_base_in_its_list_is_loaded() {
    let before = [(R(1), RAM), (Ram(0), 11), (Ram(4), 22), (Ram(8), 33)];
    check(
        "ldm r1!, {r2, r3}",
        &[0xc90c],
        &before,
        &[(R(1), RAM + 8), (R(2), 11), (R(3), 22)],
    );
    check(
        "ldm r1, {r0, r1, r2}",
        &[0xc907],
        &before,
        &[(R(0), 11), (R(1), 22), (R(2), 33)],
    );
    check(
        "ldmdb r1, {r2, r3}",
        &[0xe911, 0x000c],
        &[(R(1), RAM + 8), (Ram(0), 11), (Ram(4), 22)],
        &[(R(2), 11), (R(3), 22)],
    );
    check(
        "pop {r0, pc}",
        &[0xbd01],
        &[(Ram(0x800), 1), (Ram(0x804), 0x201)],
        &[(R(0), 1), (R(13), RAM + 0x808), (Pc, 0x200)],
    );
}

#[test]
fn doublewords_need_no_even_register() {
    let before = [(R(1), RAM + 8), (Ram(0), 1), (Ram(4), 2), (Ram(8), 3), (Ram(12), 4)];
    check(
        "ldrd r7, r2, [r1, #-8]",
        &[0xe951, 0x7202],
        &before,
        &[(R(7), 1), (R(2), 2)],
    );
    check(
        "ldrd r3, r4, [r1], #16",
        &[0xe8f1, 0x3404],
        &before,
        &[(R(3), 3), (R(4), 4), (R(1), RAM + 24)],
    );
    check(
        "strd r5, r6, [r1, #-8]!",
        &[0xe961, 0x5602],
        &[(R(1), RAM + 8), (R(5), 5), (R(6), 6)],
        &[(Ram(0), 5), (Ram(4), 6), (R(1), RAM)],
    );
}

#[test]
fn an_exclusive_store_needs_its_load() {
    let before = [(R(1), RAM), (R(3), 77), (Ram(0), 5)];
    check(
        "strex r0, r3, [r1]",
        &[0xe841, 0x3000],
        &before,
        &[(R(0), 1), (Ram(0), 5)],
    );
    check_on(
        CORTEX_M4F,
        "ldrex r2, [r1]; strex r0, r3, [r1]",
        &[0xe851, 0x2f00, 0xe841, 0x3000],
        2,
        &before,
        &[(R(2), 5), (R(0), 0), (Ram(0), 77)],
    );
    check_on(
        CORTEX_M4F,
        "ldrex r2, [r1]; clrex; strex r0, r3, [r1]",
        &[0xe851, 0x2f00, 0xf3bf, 0x8f2f, 0xe841, 0x3000],
        3,
        &before,
        &[(R(2), 5), (R(0), 1), (Ram(0), 5)],
    );
    check_on(
        CORTEX_M4F,
        "ldrexb r2, [r1]; strexb r0, r3, [r1]",
        &[0xe8d1, 0x2f4f, 0xe8c1, 0x3f40],
        2,
        &before,
        &[(R(2), 5), (R(0), 0), (Ram(0), 77)],
    );
    check_on(
        CORTEX_M4F,
        "ldrexh r2, [r1]; strexh r0, r3, [r1]",
        &[0xe8d1, 0x2f5f, 0xe8c1, 0x3f50],
        2,
        &before,
        &[(R(2), 5), (R(0), 0), (Ram(0), 77)],
    );
}

#[test]
fn acquire_and_release_belong_to_armv8() {
    let before = [(R(1), RAM), (R(3), 0x77), (Ram(0), 0x1_8005)];
    check_on(
        CORTEX_M33,
        "lda r2, [r1]",
        &[0xe8d1, 0x2faf],
        1,
        &before,
        &[(R(2), 0x1_8005)],
    );
    check_on(CORTEX_M33, "ldab r2, [r1]", &[0xe8d1, 0x2f8f], 1, &before, &[(R(2), 5)]);
    check_on(
        CORTEX_M33,
        "ldah r2, [r1]",
        &[0xe8d1, 0x2f9f],
        1,
        &before,
        &[(R(2), 0x8005)],
    );
    check_on(
        CORTEX_M33,
        "stl r3, [r1]",
        &[0xe8c1, 0x3faf],
        1,
        &before,
        &[(Ram(0), 0x77)],
    );
    check_on(
        CORTEX_M33,
        "stlb r3, [r1]",
        &[0xe8c1, 0x3f8f],
        1,
        &before,
        &[(Ram(0), 0x1_8077)],
    );
    check_on(
        CORTEX_M33,
        "stlh r3, [r1]",
        &[0xe8c1, 0x3f9f],
        1,
        &before,
        &[(Ram(0), 0x1_0077)],
    );
    check_on(
        CORTEX_M33,
        "ldaex r2, [r1]; stlex r0, r3, [r1]",
        &[0xe8d1, 0x2fef, 0xe8c1, 0x3fe0],
        2,
        &before,
        &[(R(2), 0x1_8005), (R(0), 0), (Ram(0), 0x77)],
    );
    assert_eq!(fault_bits(CORTEX_M4F, &[0xe8d1, 0x2faf], &[(R(1), RAM)]), 1 << 16);
}

#[test]
fn single_accesses_may_be_unaligned_on_armv7_only() {
    let before = [(R(1), RAM + 1), (Ram(0), 0x4433_2211), (Ram(4), 0x55)];
    check("ldr r0, [r1]", &[0x6808], &before, &[(R(0), 0x5544_3322)]);
    check(
        "strh r1, [r1]",
        &[0x8009],
        &[(R(1), RAM + 3), (Ram(0), 0), (Ram(4), 0)],
        &[(Ram(0), 0x0300_0000), (Ram(4), 0)],
    );
    let mut m0 = core(CORTEX_M0, &[0x6808]);
    m0.registers.r[1] = RAM + 1;
    m0.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
    let _ = m0.step(&mut NoBus);
    assert_eq!((m0.registers.ipsr, m0.registers.pc), (3, 0x200));
}

#[test]
fn several_words_are_never_unaligned() {
    let before = [(R(1), RAM + 2)];
    let codes = [
        &[0xe8b1, 0x000c][..], // LDM
        &[0xc106],             // STM
        &[0xe9d1, 0x2300],     // LDRD
        &[0xe9c1, 0x2300],     // STRD
        &[0xe851, 0x2f00],     // LDREX
        &[0xe841, 0x3000],     // STREX
    ];
    for code in codes {
        assert_eq!(fault_bits(CORTEX_M3, code, &before), UNALIGNED, "{code:x?}");
    }
}

#[test]
fn a_fault_leaves_the_registers_as_they_were() {
    let before = [(R(1), RAM + 0xffc), (R(2), 1), (R(3), 2)];
    let mut core = core(CORTEX_M4F, &[0xe8b1, 0x000c]);
    for (what, value) in before {
        set(&mut core, what, value);
    }
    core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
    let _ = core.step(&mut NoBus);
    assert_eq!(core.registers.r[1..4], [RAM + 0xffc, 1, 2]);
    assert_eq!(fault_bits(CORTEX_M4F, &[0xe8b1, 0x000c], &before), BUS_DATA);
}

#[test]
fn the_stack_limit_stops_a_push_before_it_writes() {
    let mut core = core(CORTEX_M33, &[0xb403]);
    core.registers.sp_limits[0] = RAM + 0x7fc;
    core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
    core.memory.put(RAM + 0x7f8, &[0xee; 8]).expect("RAM");
    let _ = core.step(&mut NoBus);
    assert_eq!(core.memory.bytes(RAM + 0x7f8, 4), Some(&[0xee; 4][..]));
    assert_eq!(fault_bits_with_limit(RAM + 0x7fc), 1 << 20);
    assert_eq!(fault_bits_with_limit(RAM + 0x7f8), 0);
}

fn fault_bits_with_limit(limit: u32) -> u32 {
    let mut core = core(CORTEX_M33, &[0xb403]);
    core.registers.sp_limits[0] = limit;
    core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
    let _ = core.step(&mut NoBus);
    core.system.read(0xe000_ed28, Width::Word, moment()).expect("CFSR")
}

#[test]
fn an_unaligned_access_to_a_device_is_no_access() {
    let code = [0x6808]; // LDR R0, [R1]
    for (base, v7, v8) in [(0x4000_0001, BUS_DATA, UNALIGNED), (0x6000_0001, BUS_DATA, BUS_DATA)] {
        assert_eq!(fault_bits(CORTEX_M4F, &code, &[(R(1), base)]), v7, "{base:x}");
        assert_eq!(fault_bits(CORTEX_M33, &code, &[(R(1), base)]), v8, "{base:x}");
    }
    let stop = outcome(CORTEX_M4F, &code, &[(R(1), 0xe000_ed01)]);
    assert!(matches!(stop, Some(Stop::Unmodelled(_))), "{stop:?}");
}

#[test]
fn unprivileged_accesses_ask_for_their_own_rights() {
    const MPU_CTRL: u32 = 0xe000_ed94;
    const MPU_RBAR: u32 = 0xe000_ed9c;
    const MPU_RASR: u32 = 0xe000_eda0;
    let after = |code: &[u16]| {
        let mut core = core(CORTEX_M4F, code);
        core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
        // Privileged code may read and write the first 256 bytes of RAM, other code may not.
        write_system(&mut core, MPU_RBAR, RAM);
        write_system(&mut core, MPU_RASR, 1 << 24 | 7 << 1 | 1);
        write_system(&mut core, MPU_CTRL, 5);
        core.registers.r[1] = RAM;
        let _ = core.step(&mut NoBus);
        core.system.read(0xe000_ed28, Width::Word, moment())
    };
    assert_eq!(after(&[0x6808]), Ok(0)); // LDR
    assert_eq!(after(&[0xf851, 0x0e00]), Ok(0x82)); // LDRT
    assert_eq!(after(&[0xf841, 0x0e00]), Ok(0x82)); // STRT
    assert_eq!(after(&[0xf841, 0x0c04]), Ok(1 << 9 | 1 << 15)); // STR to where nothing is
}

#[test]
fn unprivileged_accesses_load_and_store_as_others_do() {
    let before = [(R(0), 0x1122_3344), (R(1), RAM), (Ram(4), 0x8899_aabb)];
    check("ldrt r0, [r1, #4]", &[0xf851, 0x0e04], &before, &[(R(0), 0x8899_aabb)]);
    check(
        "ldrsbt r0, [r1, #7]",
        &[0xf911, 0x0e07],
        &before,
        &[(R(0), 0xffff_ff88)],
    );
    check(
        "strht r0, [r1, #6]",
        &[0xf821, 0x0e06],
        &before,
        &[(Ram(4), 0x3344_aabb)],
    );
    // The system control space is privileged code's.
    assert_eq!(
        fault_bits(CORTEX_M4F, &[0xf851, 0x0e00], &[(R(1), 0xe000_ed08)]),
        BUS_DATA
    );
}
