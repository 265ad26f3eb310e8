//! Data processing.

use super::*;

#[test]
fn sums_set_carry_and_overflow() {
    check(
        "adds r0, r1, r2",
        &[0x1888],
        &[(R(1), 5), (R(2), 7)],
        &[(R(0), 12), (Nzcv, 0b0000)],
    );
    check(
        "adds r0, r1, r2",
        &[0x1888],
        &[(R(1), 0xffff_ffff), (R(2), 1)],
        &[(R(0), 0), (Nzcv, 0b0110)],
    );
    check(
        "adds r0, r1, r2",
        &[0x1888],
        &[(R(1), 0x7fff_ffff), (R(2), 1)],
        &[(R(0), 0x8000_0000), (Nzcv, 0b1001)],
    );
    check(
        "adds r0, r1, r2",
        &[0x1888],
        &[(R(1), 0x8000_0000), (R(2), 0x8000_0000)],
        &[(R(0), 0), (Nzcv, 0b0111)],
    );
    check(
        "subs r0, r1, r2",
        &[0x1a88],
        &[(R(1), 5), (R(2), 5)],
        &[(R(0), 0), (Nzcv, 0b0110)],
    );
    check(
        "subs r0, r1, r2",
        &[0x1a88],
        &[(R(1), 4), (R(2), 5)],
        &[(R(0), 0xffff_ffff), (Nzcv, 0b1000)],
    );
    check(
        "subs r0, r1, r2",
        &[0x1a88],
        &[(R(1), 0x8000_0000), (R(2), 1)],
        &[(R(0), 0x7fff_ffff), (Nzcv, 0b0011)],
    );
    check("adds r0, r1, #7", &[0x1dc8], &[(R(1), 1)], &[(R(0), 8), (Nzcv, 0)]);
    check("subs r3, #200", &[0x3bc8], &[(R(3), 200)], &[(R(3), 0), (Nzcv, 0b0110)]);
    check("cmp r2, #255", &[0x2aff], &[(R(2), 254)], &[(Nzcv, 0b1000)]);
    check("cmp r2, r9", &[0x454a], &[(R(2), 9), (R(9), 3)], &[(Nzcv, 0b0010)]);
    check(
        "cmn r1, r2",
        &[0x42d1],
        &[(R(1), 0xffff_fff0), (R(2), 0x10)],
        &[(Nzcv, 0b0110)],
    );
    check(
        "rsbs r0, r1, #0",
        &[0x4248],
        &[(R(1), 0x8000_0000)],
        &[(R(0), 0x8000_0000), (Nzcv, 0b1001)],
    );
    check(
        "rsb r0, r1, r2, lsl #4",
        &[0xebc1, 0x1002],
        &[(R(1), 1), (R(2), 1)],
        &[(R(0), 15)],
    );
}

#[test]
fn sums_with_carry_take_it_in() {
    check(
        "adcs r0, r1",
        &[0x4148],
        &[(R(0), 0xffff_ffff), (R(1), 0), (Nzcv, 0b0010)],
        &[(R(0), 0), (Nzcv, 0b0110)],
    );
    check(
        "adcs r0, r1",
        &[0x4148],
        &[(R(0), 1), (R(1), 2), (Nzcv, 0)],
        &[(R(0), 3), (Nzcv, 0)],
    );
    check(
        "sbcs r0, r1",
        &[0x4188],
        &[(R(0), 5), (R(1), 5), (Nzcv, 0)],
        &[(R(0), 0xffff_ffff), (Nzcv, 0b1000)],
    );
    check(
        "sbcs r0, r1",
        &[0x4188],
        &[(R(0), 5), (R(1), 5), (Nzcv, 0b0010)],
        &[(R(0), 0), (Nzcv, 0b0110)],
    );
    check(
        "adc.w r4, r5, r6, lsr #1",
        &[0xeb45, 0x0456],
        &[(R(5), 1), (R(6), 3), (Nzcv, 0b0010)],
        &[(R(4), 3)],
    );
    check(
        "sbc r4, r5, #1",
        &[0xf165, 0x0401],
        &[(R(5), 3), (Nzcv, 0b0000)],
        &[(R(4), 1)],
    );
}

#[test]
fn a_shift_carries_out_the_last_bit() {
    check(
        "lsls r0, r1, #1",
        &[0x0048],
        &[(R(1), 0x8000_0001)],
        &[(R(0), 2), (Nzcv, 0b0010)],
    );
    check(
        "lsls r0, r1, #31",
        &[0x07c8],
        &[(R(1), 3)],
        &[(R(0), 0x8000_0000), (Nzcv, 0b1010)],
    );
    check(
        "movs r0, r1",
        &[0x0008],
        &[(R(1), 0), (Nzcv, 0b1011)],
        &[(R(0), 0), (Nzcv, 0b0111)],
    );
    check(
        "lsrs r0, r1, #32",
        &[0x0808],
        &[(R(1), 0x8000_0000)],
        &[(R(0), 0), (Nzcv, 0b0110)],
    );
    check("lsrs r0, r1, #1", &[0x0848], &[(R(1), 3)], &[(R(0), 1), (Nzcv, 0b0010)]);
    check(
        "asrs r0, r1, #32",
        &[0x1008],
        &[(R(1), 0x8000_0000)],
        &[(R(0), 0xffff_ffff), (Nzcv, 0b1010)],
    );
    check(
        "asrs r0, r1, #4",
        &[0x1108],
        &[(R(1), 0xffff_ff08)],
        &[(R(0), 0xffff_fff0), (Nzcv, 0b1010)],
    );
    check(
        "rors.w r0, r1, #4",
        &[0xea5f, 0x1031],
        &[(R(1), 0x0000_0018)],
        &[(R(0), 0x8000_0001), (Nzcv, 0b1010)],
    );
    check(
        "rrxs r0, r1",
        &[0xea5f, 0x0031],
        &[(R(1), 3), (Nzcv, 0b0000)],
        &[(R(0), 1), (Nzcv, 0b0010)],
    );
    check(
        "rrxs r0, r1",
        &[0xea5f, 0x0031],
        &[(R(1), 2), (Nzcv, 0b0010)],
        &[(R(0), 0x8000_0001), (Nzcv, 0b1000)],
    );
}

#[test]
fn a_shift_by_a_register_takes_its_lowest_byte() {
    let shifts = [
        (0, 0x8000_0001, 0b1010), // the carry stays
        (1, 0x0000_0002, 0b0010),
        (32, 0, 0b0110),
        (33, 0, 0b0100),
        (255, 0, 0b0100),
        (256, 0x8000_0001, 0b1010),
    ];
    for (amount, result, flags) in shifts {
        check(
            "lsls r0, r1",
            &[0x4088],
            &[(R(0), 0x8000_0001), (R(1), amount), (Nzcv, 0b0010)],
            &[(R(0), result), (Nzcv, flags)],
        );
    }
    let shifts = [
        (0, 0x8000_0001, 0b1000),
        (1, 0x4000_0000, 0b0010),
        (32, 0, 0b0110),
        (33, 0, 0b0100),
    ];
    for (amount, result, flags) in shifts {
        check(
            "lsrs r0, r1",
            &[0x40c8],
            &[(R(0), 0x8000_0001), (R(1), amount), (Nzcv, 0b0000)],
            &[(R(0), result), (Nzcv, flags)],
        );
    }
    let shifts = [
        (31, 0xffff_ffff, 0b1000),
        (32, 0xffff_ffff, 0b1010),
        (200, 0xffff_ffff, 0b1010),
    ];
    for (amount, result, flags) in shifts {
        check(
            "asrs r0, r1",
            &[0x4108],
            &[(R(0), 0x8000_0001), (R(1), amount)],
            &[(R(0), result), (Nzcv, flags)],
        );
    }
    let shifts = [
        (0, 0x8000_0001, 0b1000),
        (1, 0xc000_0000, 0b1010),
        (32, 0x8000_0001, 0b1010),
        (33, 0xc000_0000, 0b1010),
    ];
    for (amount, result, flags) in shifts {
        check(
            "rors r0, r1",
            &[0x41c8],
            &[(R(0), 0x8000_0001), (R(1), amount), (Nzcv, 0)],
            &[(R(0), result), (Nzcv, flags)],
        );
    }
    check(
        "lsl.w r8, r9, r10",
        &[0xfa09, 0xf80a],
        &[(R(9), 1), (R(10), 4)],
        &[(R(8), 16)],
    );
}

#[test]
fn logic_takes_its_carry_from_the_shift() {
    check(
        "ands.w r0, r1, r2, lsl #1",
        &[0xea11, 0x0042],
        &[(R(1), 0xff), (R(2), 0x8000_000f)],
        &[(R(0), 0x1e), (Nzcv, 0b0010)],
    );
    check(
        "orrs r0, r1",
        &[0x4308],
        &[(R(0), 0xf0), (R(1), 0x0f), (Nzcv, 0b0011)],
        &[(R(0), 0xff), (Nzcv, 0b0011)],
    );
    check(
        "eor r0, r1, r2, ror #8",
        &[0xea81, 0x2032],
        &[(R(1), 0xff00_0000), (R(2), 0xff)],
        &[(R(0), 0)],
    );
    check(
        "bics r0, r1",
        &[0x4388],
        &[(R(0), 0xff), (R(1), 0xff)],
        &[(R(0), 0), (Nzcv, 0b0100)],
    );
    check(
        "orn r0, r1, r2",
        &[0xea61, 0x0002],
        &[(R(1), 0), (R(2), 0xffff_0000)],
        &[(R(0), 0xffff)],
    );
    check(
        "mvns r0, r1",
        &[0x43c8],
        &[(R(1), 0)],
        &[(R(0), 0xffff_ffff), (Nzcv, 0b1000)],
    );
    check("tst r0, r1", &[0x4208], &[(R(0), 1), (R(1), 2)], &[(Nzcv, 0b0100)]);
    check(
        "teq r0, r1, lsr #1",
        &[0xea90, 0x0f51],
        &[(R(0), 1), (R(1), 3)],
        &[(Nzcv, 0b0110)],
    );
    check(
        "tst.w r0, #0x80000000",
        &[0xf010, 0x4f00],
        &[(R(0), 0x8000_0000), (Nzcv, 0)],
        &[(Nzcv, 0b1010)],
    );
    check("mov.w r0, #0xff000000", &[0xf04f, 0x407f], &[], &[(R(0), 0xff00_0000)]);
    check(
        "movs.w r0, #0x80000000",
        &[0xf05f, 0x4000],
        &[],
        &[(R(0), 0x8000_0000), (Nzcv, 0b1010)],
    );
    check(
        "ands r0, r1, #0x00ff00ff",
        &[0xf011, 0x10ff],
        &[(R(1), 0x1234_5678), (Nzcv, 0b0010)],
        &[(R(0), 0x0034_0078), (Nzcv, 0b0010)],
    );
    check(
        "and r0, r1, #0xab00ab00",
        &[0xf001, 0x20ab],
        &[(R(1), !0)],
        &[(R(0), 0xab00_ab00)],
    );
    check(
        "and r0, r1, #0x5a5a5a5a",
        &[0xf001, 0x305a],
        &[(R(1), !0)],
        &[(R(0), 0x5a5a_5a5a)],
    );
}

#[test]
fn constants_of_sixteen_bits_fill_a_word() {
    check("movw r7, #0xabcd", &[0xf64a, 0x37cd], &[], &[(R(7), 0xabcd)]);
    check(
        "movt r7, #0x1234",
        &[0xf2c1, 0x2734],
        &[(R(7), 0x5555_abcd)],
        &[(R(7), 0x1234_abcd)],
    );
    check(
        "addw r1, r2, #0xfff",
        &[0xf602, 0x71ff],
        &[(R(2), 1)],
        &[(R(1), 0x1000)],
    );
    check("subw r1, r2, #0x801", &[0xf6a2, 0x0101], &[(R(2), 0x801)], &[(R(1), 0)]);
}

#[test]
fn sp_keeps_its_two_lowest_bits_clear() {
    check("mov sp, r1", &[0x468d], &[(R(1), RAM + 0x103)], &[(R(13), RAM + 0x100)]);
    check("add sp, #508", &[0xb07f], &[], &[(R(13), RAM + 0x800 + 508)]);
    check("sub sp, #508", &[0xb0ff], &[], &[(R(13), RAM + 0x800 - 508)]);
    check("sub.w sp, sp, #0x400", &[0xf5ad, 0x6d80], &[], &[(R(13), RAM + 0x400)]);
    check("add r5, sp, #1020", &[0xadff], &[], &[(R(5), RAM + 0x800 + 1020)]);
}

#[test]
fn pc_reads_as_four_more_and_aligned_in_addresses() {
    check("adr r3, #8", &[0xa302], &[], &[(R(3), CODE + 4 + 8)]);
    check("mov r3, pc", &[0x467b], &[], &[(R(3), CODE + 4)]);
    check_on(
        CORTEX_M4F,
        "nop; adr r3, #8",
        &[0xbf00, 0xa302],
        2,
        &[],
        &[(R(3), CODE + 4 + 8)],
    );
    check_on(
        CORTEX_M4F,
        "nop; mov r3, pc",
        &[0xbf00, 0x467b],
        2,
        &[],
        &[(R(3), CODE + 6)],
    );
    check("adr.w r3, #-4", &[0xf2af, 0x0304], &[], &[(R(3), CODE)]);
    check("mov pc, r1", &[0x468f], &[(R(1), 0x301)], &[(Pc, 0x300)]);
    check("add pc, r1", &[0x448f], &[(R(1), 0x10)], &[(Pc, CODE + 4 + 0x10)]);
}

#[test]
fn bits_are_taken_and_put() {
    check(
        "sbfx r0, r1, #4, #8",
        &[0xf341, 0x1007],
        &[(R(1), 0x0000_0f80)],
        &[(R(0), 0xffff_fff8)],
    );
    check(
        "ubfx r0, r1, #31, #1",
        &[0xf3c1, 0x70c0],
        &[(R(1), 0x8000_0000)],
        &[(R(0), 1)],
    );
    check(
        "ubfx r0, r1, #0, #32",
        &[0xf3c1, 0x001f],
        &[(R(1), 0x8000_0001)],
        &[(R(0), 0x8000_0001)],
    );
    check(
        "bfi r0, r1, #8, #4",
        &[0xf361, 0x200b],
        &[(R(0), 0xffff_ffff), (R(1), 0x15)],
        &[(R(0), 0xffff_f5ff)],
    );
    check(
        "bfi r0, r1, #0, #32",
        &[0xf361, 0x001f],
        &[(R(0), 1), (R(1), 0x1234_5678)],
        &[(R(0), 0x1234_5678)],
    );
    check(
        "bfc r0, #31, #1",
        &[0xf36f, 0x70df],
        &[(R(0), 0xffff_ffff)],
        &[(R(0), 0x7fff_ffff)],
    );
    check("clz r0, r1", &[0xfab1, 0xf081], &[(R(1), 0)], &[(R(0), 32)]);
    check("clz r0, r1", &[0xfab1, 0xf081], &[(R(1), 0x0001_0000)], &[(R(0), 15)]);
    check(
        "rbit r0, r1",
        &[0xfa91, 0xf0a1],
        &[(R(1), 0x0000_0003)],
        &[(R(0), 0xc000_0000)],
    );
    check("rev r0, r1", &[0xba08], &[(R(1), 0x1122_3344)], &[(R(0), 0x4433_2211)]);
    check(
        "rev16 r0, r1",
        &[0xba48],
        &[(R(1), 0x1122_3344)],
        &[(R(0), 0x2211_4433)],
    );
    check(
        "revsh r0, r1",
        &[0xbac8],
        &[(R(1), 0x1122_3384)],
        &[(R(0), 0xffff_8433)],
    );
}

#[test]
fn extensions_rotate_first() {
    check("sxtb r0, r1", &[0xb248], &[(R(1), 0x1234_5680)], &[(R(0), 0xffff_ff80)]);
    check("uxtb r0, r1", &[0xb2c8], &[(R(1), 0x1234_5680)], &[(R(0), 0x80)]);
    check("sxth r0, r1", &[0xb208], &[(R(1), 0x1234_8001)], &[(R(0), 0xffff_8001)]);
    check("uxth r0, r1", &[0xb288], &[(R(1), 0x1234_8001)], &[(R(0), 0x8001)]);
    check(
        "sxtb.w r0, r1, ror #24",
        &[0xfa4f, 0xf0b1],
        &[(R(1), 0x8034_5678)],
        &[(R(0), 0xffff_ff80)],
    );
    check(
        "sxtab r0, r2, r1, ror #8",
        &[0xfa42, 0xf091],
        &[(R(1), 0x0000_ff00), (R(2), 10)],
        &[(R(0), 9)],
    );
    check(
        "uxtah r0, r2, r1",
        &[0xfa12, 0xf081],
        &[(R(1), 0xffff_ffff), (R(2), 1)],
        &[(R(0), 0x1_0000)],
    );
    check(
        "sxtb16 r0, r1",
        &[0xfa2f, 0xf081],
        &[(R(1), 0x1280_347f)],
        &[(R(0), 0xff80_007f)],
    );
    check(
        "uxtb16 r0, r1, ror #8",
        &[0xfa3f, 0xf091],
        &[(R(1), 0x1280_347f)],
        &[(R(0), 0x0012_0034)],
    );
    check(
        "uxtab16 r0, r2, r1",
        &[0xfa32, 0xf081],
        &[(R(1), 0x00ff_0001), (R(2), 0x0001_ffff)],
        &[(R(0), 0x0100_0000)],
    );
    check(
        "sxtab16 r0, r2, r1",
        &[0xfa22, 0xf081],
        &[(R(1), 0x00ff_00ff), (R(2), 0x0000_0001)],
        &[(R(0), 0xffff_0000)],
    );
}
