//! Instructions of the floating-point unit.

use super::*;

const ONE: u32 = 0x3f80_0000;
const TWO: u32 = 0x4000_0000;
const THREE: u32 = 0x4040_0000;

#[test]
fn registers_go_both_ways() {
    check(
        "vmov s3, r1",
        &[0xee01, 0x1a90],
        &[(R(1), 0x1234_5678)],
        &[(S(3), 0x1234_5678)],
    );
    check(
        "vmov r1, s3",
        &[0xee11, 0x1a90],
        &[(S(3), 0x1234_5678)],
        &[(R(1), 0x1234_5678)],
    );
    check(
        "vmov r1, r2, d3",
        &[0xec52, 0x1b13],
        &[(S(6), 1), (S(7), 2)],
        &[(R(1), 1), (R(2), 2)],
    );
    check(
        "vmov s5, s6, r1, r2",
        &[0xec42, 0x1a32],
        &[(R(1), 1), (R(2), 2)],
        &[(S(5), 1), (S(6), 2)],
    );
    check("vmov s1, s31", &[0xeef0, 0x0a6f], &[(S(31), 5)], &[(S(1), 5)]);
    check("vmov.f32 s1, #-1.5", &[0xeeff, 0x0a08], &[], &[(S(1), 0xbfc0_0000)]);
    check("vmov.f32 s1, #0.125", &[0xeef4, 0x0a00], &[], &[(S(1), 0x3e00_0000)]);
    check(
        "vabs.f32 s1, s2",
        &[0xeef0, 0x0ac1],
        &[(S(2), 0xffc0_0001)],
        &[(S(1), 0x7fc0_0001)],
    );
    check(
        "vneg.f32 s1, s2",
        &[0xeef1, 0x0a41],
        &[(S(2), 0x7fc0_0001)],
        &[(S(1), 0xffc0_0001)],
    );
    check(
        "vmsr fpscr, r1",
        &[0xeee1, 0x1a10],
        &[(R(1), 0xffff_ffff)],
        &[(Fpscr, 0xf7c0_009f)],
    );
    check(
        "vmrs r1, fpscr",
        &[0xeef1, 0x1a10],
        &[(Fpscr, 0x1000_0010)],
        &[(R(1), 0x1000_0010)],
    );
    check(
        "vmrs apsr_nzcv, fpscr",
        &[0xeef1, 0xfa10],
        &[(Fpscr, 0xa000_0010)],
        &[(Nzcv, 0b1010)],
    );
}

#[test]
fn memory_holds_registers_in_order() {
    let before = [(R(1), RAM + 8), (Ram(0), 1), (Ram(4), 2), (Ram(8), 3), (Ram(12), 4)];
    check("vldr s4, [r1, #-8]", &[0xed11, 0x2a02], &before, &[(S(4), 1)]);
    check("vldr d2, [r1]", &[0xed91, 0x2b00], &before, &[(S(4), 3), (S(5), 4)]);
    check(
        "vldmia r1!, {s3, s4}",
        &[0xecf1, 0x1a02],
        &before,
        &[(S(3), 3), (S(4), 4), (R(1), RAM + 16)],
    );
    check(
        "vldmdb r1!, {d0}",
        &[0xed31, 0x0b02],
        &before,
        &[(S(0), 1), (S(1), 2), (R(1), RAM)],
    );
    let values = [(S(16), 16), (S(17), 17)];
    check(
        "vpush {d8}",
        &[0xed2d, 0x8b02],
        &values,
        &[(Ram(0x7f8), 16), (Ram(0x7fc), 17), (R(13), RAM + 0x7f8)],
    );
    check("vstr s17, [sp, #4]", &[0xedcd, 0x8a01], &values, &[(Ram(0x804), 17)]);
    check(
        "vpop {s16}",
        &[0xecbd, 0x8a01],
        &[(Ram(0x800), 9)],
        &[(S(16), 9), (R(13), RAM + 0x804)],
    );
}

#[test]
fn operations_take_their_operands_in_order() {
    let values = [(S(0), ONE), (S(1), TWO), (S(2), THREE)];
    let f = |x: f32| x.to_bits();
    check("vadd.f32 s0, s1, s2", &[0xee30, 0x0a81], &values, &[(S(0), f(5.0))]);
    check("vsub.f32 s0, s1, s2", &[0xee30, 0x0ac1], &values, &[(S(0), f(-1.0))]);
    check("vmul.f32 s0, s1, s2", &[0xee20, 0x0a81], &values, &[(S(0), f(6.0))]);
    check("vnmul.f32 s0, s1, s2", &[0xee20, 0x0ac1], &values, &[(S(0), f(-6.0))]);
    check("vdiv.f32 s0, s2, s1", &[0xee81, 0x0a20], &values, &[(S(0), f(1.5))]);
    check("vmla.f32 s0, s1, s2", &[0xee00, 0x0a81], &values, &[(S(0), f(7.0))]);
    check("vmls.f32 s0, s1, s2", &[0xee00, 0x0ac1], &values, &[(S(0), f(-5.0))]);
    check("vnmla.f32 s0, s1, s2", &[0xee10, 0x0ac1], &values, &[(S(0), f(-7.0))]);
    check("vnmls.f32 s0, s1, s2", &[0xee10, 0x0a81], &values, &[(S(0), f(5.0))]);
    check("vfma.f32 s0, s1, s2", &[0xeea0, 0x0a81], &values, &[(S(0), f(7.0))]);
    check("vfms.f32 s0, s1, s2", &[0xeea0, 0x0ac1], &values, &[(S(0), f(-5.0))]);
    check("vfnma.f32 s0, s1, s2", &[0xee90, 0x0ac1], &values, &[(S(0), f(-7.0))]);
    check("vfnms.f32 s0, s1, s2", &[0xee90, 0x0a81], &values, &[(S(0), f(5.0))]);
    check(
        "vsqrt.f32 s0, s1",
        &[0xeeb1, 0x0ae0],
        &[(S(1), f(2.25))],
        &[(S(0), f(1.5))],
    );
}

#[test]
fn comparisons_set_the_flags_of_fpscr() {
    check(
        "vcmp.f32 s1, s2",
        &[0xeef4, 0x0a41],
        &[(S(1), ONE), (S(2), TWO)],
        &[(Fpscr, 0x8000_0000)],
    );
    check(
        "vcmp.f32 s1, s2",
        &[0xeef4, 0x0a41],
        &[(S(1), 0), (S(2), 0x8000_0000)],
        &[(Fpscr, 0x6000_0000)],
    );
    check(
        "vcmpe.f32 s1, #0",
        &[0xeef5, 0x0ac0],
        &[(S(1), TWO)],
        &[(Fpscr, 0x2000_0000)],
    );
    check(
        "vcmp.f32 s1, s2",
        &[0xeef4, 0x0a41],
        &[(S(1), 0x7fc0_0000)],
        &[(Fpscr, 0x3000_0000)],
    );
    check(
        "vcmpe.f32 s1, s2",
        &[0xeef4, 0x0ac1],
        &[(S(1), 0x7fc0_0000)],
        &[(Fpscr, 0x3000_0001)],
    );
}

#[test]
fn conversions_round_as_they_say() {
    let f = |x: f32| x.to_bits();
    check(
        "vcvt.f32.s32 s0, s1",
        &[0xeeb8, 0x0ae0],
        &[(S(1), (-3i32) as u32)],
        &[(S(0), f(-3.0))],
    );
    check(
        "vcvt.f32.u32 s0, s1",
        &[0xeeb8, 0x0a60],
        &[(S(1), 0xffff_ff00)],
        &[(S(0), f(4_294_967_040.0))],
    );
    check(
        "vcvt.s32.f32 s0, s1",
        &[0xeebd, 0x0ae0],
        &[(S(1), f(-2.75))],
        &[(S(0), (-2i32) as u32), (Fpscr, 0x10)],
    );
    check(
        "vcvt.u32.f32 s0, s1",
        &[0xeebc, 0x0ae0],
        &[(S(1), f(-2.75))],
        &[(S(0), 0), (Fpscr, 0x01)],
    );
    check(
        "vcvtr.s32.f32 s0, s1",
        &[0xeebd, 0x0a60],
        &[(S(1), f(2.5))],
        &[(S(0), 2), (Fpscr, 0x10)],
    );
    check(
        "vcvtr.s32.f32 s0, s1",
        &[0xeebd, 0x0a60],
        &[(S(1), f(2.5)), (Fpscr, 1 << 22)],
        &[(S(0), 3), (Fpscr, 1 << 22 | 0x10)],
    );
    check(
        "vcvt.s16.f32 s0, s0, #8",
        &[0xeebe, 0x0a44],
        &[(S(0), f(-1.5))],
        &[(S(0), 0xffff_fe80)],
    );
    check(
        "vcvt.u16.f32 s0, s0, #16",
        &[0xeebf, 0x0a40],
        &[(S(0), f(0.75))],
        &[(S(0), 0xc000)],
    );
    check(
        "vcvt.f32.s16 s0, s0, #8",
        &[0xeeba, 0x0a44],
        &[(S(0), 0x1234_fe80)],
        &[(S(0), f(-1.5))],
    );
    check(
        "vcvt.f32.u32 s0, s0, #32",
        &[0xeebb, 0x0ac0],
        &[(S(0), 0x8000_0000)],
        &[(S(0), f(0.5))],
    );
    check(
        "vcvtb.f16.f32 s0, s1",
        &[0xeeb3, 0x0a60],
        &[(S(0), 0x1111_2222), (S(1), ONE)],
        &[(S(0), 0x1111_3c00)],
    );
    check(
        "vcvtt.f32.f16 s0, s1",
        &[0xeeb2, 0x0ae0],
        &[(S(1), 0xc000_0000)],
        &[(S(0), f(-2.0))],
    );
}

#[test]
fn the_second_version_selects_and_rounds() {
    let on = |text: &str, code: &[u16], before: Values<'_>, after: Values<'_>| {
        check_on(CORTEX_M7, text, code, 1, before, after);
        check_on(CORTEX_M33, text, code, 1, before, after);
        let before: Vec<_> = before.to_vec();
        assert_eq!(fault_bits(CORTEX_M4F, code, &before), 1 << 16, "{text} on FPv4");
    };
    let f = |x: f32| x.to_bits();
    let two = [(S(1), ONE), (S(2), TWO), (Nzcv, 0b0100)];
    on("vseleq.f32 s0, s1, s2", &[0xfe00, 0x0a81], &two, &[(S(0), ONE)]);
    on("vselgt.f32 s0, s1, s2", &[0xfe30, 0x0a81], &two, &[(S(0), TWO)]);
    on("vselge.f32 s0, s1, s2", &[0xfe20, 0x0a81], &two, &[(S(0), ONE)]);
    on("vselvs.f32 s0, s1, s2", &[0xfe10, 0x0a81], &two, &[(S(0), TWO)]);
    on("vmaxnm.f32 s0, s1, s2", &[0xfe80, 0x0a81], &two, &[(S(0), TWO)]);
    on("vminnm.f32 s0, s1, s2", &[0xfe80, 0x0ac1], &two, &[(S(0), ONE)]);
    on(
        "vrinta.f32 s0, s1",
        &[0xfeb8, 0x0a60],
        &[(S(1), f(2.5))],
        &[(S(0), f(3.0))],
    );
    on(
        "vrintn.f32 s0, s1",
        &[0xfeb9, 0x0a60],
        &[(S(1), f(2.5))],
        &[(S(0), f(2.0))],
    );
    on(
        "vrintp.f32 s0, s1",
        &[0xfeba, 0x0a60],
        &[(S(1), f(2.1))],
        &[(S(0), f(3.0))],
    );
    on(
        "vrintm.f32 s0, s1",
        &[0xfebb, 0x0a60],
        &[(S(1), f(-2.1))],
        &[(S(0), f(-3.0))],
    );
    on(
        "vrintz.f32 s0, s1",
        &[0xeeb6, 0x0ae0],
        &[(S(1), f(-2.9))],
        &[(S(0), f(-2.0))],
    );
    on(
        "vrintx.f32 s0, s1",
        &[0xeeb7, 0x0a60],
        &[(S(1), f(2.5))],
        &[(S(0), f(2.0)), (Fpscr, 0x10)],
    );
    on(
        "vcvta.s32.f32 s0, s1",
        &[0xfebc, 0x0ae0],
        &[(S(1), f(-2.5))],
        &[(S(0), (-3i32) as u32), (Fpscr, 0x10)],
    );
    on(
        "vcvtm.u32.f32 s0, s1",
        &[0xfebf, 0x0a60],
        &[(S(1), f(2.9))],
        &[(S(0), 2), (Fpscr, 0x10)],
    );
}

#[test]
fn what_is_off_is_no_coprocessor_and_what_is_double_is_undefined() {
    let off = {
        let mut core = core(CORTEX_M4F, &[0xee30, 0x0a00]);
        core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
        write_system(&mut core, 0xe000_ed88, 0);
        let _ = core.step(&mut NoBus);
        core.system.read(0xe000_ed28, Width::Word, moment())
    };
    assert_eq!(off, Ok(1 << 19));
    assert_eq!(fault_bits(CORTEX_M4F, &[0xee30, 0x0b00], &[]), 1 << 16); // VADD.F64
    assert_eq!(fault_bits(CORTEX_M7, &[0xee30, 0x0b00], &[]), 1 << 16);
}

#[test]
fn the_first_use_takes_the_defaults() {
    let mut core = core(CORTEX_M4F, &[0xee00, 0x1a10]); // VMOV S0, R1
    write_system(&mut core, 0xe000_ef3c, 1 << 24);
    assert_eq!(core.step(&mut NoBus), None);
    assert!(core.registers.fp_active);
    assert_eq!(core.registers.fpscr, 1 << 24);
}
