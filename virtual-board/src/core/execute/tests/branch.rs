//! Branches, IT blocks, and the control of the core.

use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M3};

const INVALID_STATE: u32 = 1 << 17;
const UNDEFINED: u32 = 1 << 16;
const NO_COPROCESSOR: u32 = 1 << 19;

#[test]
fn branches_count_from_four_bytes_behind() {
    check("b #-4", &[0xe7fc], &[], &[(Pc, CODE - 4)]);
    check("b.w #+0x1000 - 2", &[0xf000, 0xbfff], &[], &[(Pc, CODE + 4 + 0xffe)]);
    check("b.w backwards", &[0xf7ff, 0xbffe], &[], &[(Pc, CODE)]);
    check("bl #0", &[0xf000, 0xf800], &[], &[(R(14), CODE + 5), (Pc, CODE + 4)]);
    check(
        "beq.w #0x100",
        &[0xf000, 0x8080],
        &[(Nzcv, 0b0100)],
        &[(Pc, CODE + 4 + 0x100)],
    );
    check("blx r1", &[0x4788], &[(R(1), 0x301)], &[(R(14), CODE + 3), (Pc, 0x300)]);
    check("bx lr", &[0x4770], &[(R(14), 0x301)], &[(Pc, 0x300)]);
}

#[test]
fn conditions_read_the_flags() {
    // For each condition the flags for which it holds, as a set of the sixteen values of NZCV.
    let holds = |condition: u32, flags: u32| {
        let (n, z, c, v) = (
            flags >> 3 & 1 != 0,
            flags >> 2 & 1 != 0,
            flags >> 1 & 1 != 0,
            flags & 1 != 0,
        );
        match condition {
            0 => z,
            1 => !z,
            2 => c,
            3 => !c,
            4 => n,
            5 => !n,
            6 => v,
            7 => !v,
            8 => c && !z,
            9 => !c || z,
            10 => n == v,
            11 => n != v,
            12 => !z && n == v,
            _ => z || n != v,
        }
    };
    for condition in 0..14 {
        for flags in 0..16 {
            let to = if holds(condition, flags) {
                CODE + 4 + 0x10
            } else {
                CODE + 2
            };
            check(
                "bcond",
                &[0xd008 | (condition as u16) << 8],
                &[(Nzcv, flags)],
                &[(Pc, to)],
            );
        }
    }
}

#[test]
fn a_register_is_compared_with_zero() {
    check("cbz r1, #126", &[0xb3f9], &[(R(1), 0)], &[(Pc, CODE + 4 + 126)]);
    check("cbz r1, #126", &[0xb3f9], &[(R(1), 1)], &[]);
    check("cbnz r1, #2", &[0xb909], &[(R(1), 1)], &[(Pc, CODE + 4 + 2)]);
}

#[test]
fn tables_hold_halfwords_to_skip() {
    check(
        "tbb [r1, r2]",
        &[0xe8d1, 0xf002],
        &[(R(1), RAM), (R(2), 2), (Ram(0), 0x0005_0000)],
        &[(Pc, CODE + 4 + 10)],
    );
    check(
        "tbh [r1, r2, lsl #1]",
        &[0xe8d1, 0xf012],
        &[(R(1), RAM), (R(2), 1), (Ram(0), 0x0100_0000)],
        &[(Pc, CODE + 4 + 0x200)],
    );
    check(
        "tbb [pc, r0]",
        &[0xe8df, 0xf000, 0x0302],
        &[(R(0), 1)],
        &[(Pc, CODE + 4 + 6)],
    );
}

#[test]
fn an_it_block_executes_what_its_conditions_say() {
    let code = [0xbf0c, 0x2001, 0x2002, 0x2103]; // ITE EQ; MOVEQ R0, #1; MOVNE R0, #2; MOVS R1, #3
    check_on(
        CORTEX_M4F,
        "ite eq",
        &code,
        4,
        &[(Nzcv, 0b0100)],
        &[(R(0), 1), (R(1), 3), (Nzcv, 0)],
    );
    check_on(
        CORTEX_M4F,
        "ite eq",
        &code,
        4,
        &[(Nzcv, 0b1000)],
        &[(R(0), 2), (R(1), 3), (Nzcv, 0)],
    );
}

#[test]
fn flags_inside_an_it_block_change_only_by_comparisons() {
    let code = [0xbf06, 0x2000, 0x2801, 0x2107]; // ITTE EQ; MOVEQ R0, #0; CMPEQ R0, #1; MOVNE R1, #7
    // The comparison clears Z, so that the last one is executed too.
    check_on(
        CORTEX_M4F,
        "itte eq",
        &code,
        4,
        &[(Nzcv, 0b0100), (R(0), 5)],
        &[(R(0), 0), (R(1), 7), (Nzcv, 0b1000)],
    );
}

#[test]
fn four_instructions_fit_an_it_block() {
    let code = [0xbf01, 0x2001, 0x2102, 0x2203, 0x2304]; // ITTTT EQ
    let all = [(R(0), 1), (R(1), 2), (R(2), 3), (R(3), 4), (It, 0)];
    check_on(CORTEX_M4F, "itttt eq", &code, 5, &[(Nzcv, 0b0100)], &all);
    check_on(CORTEX_M4F, "itttt eq", &code, 5, &[(Nzcv, 0)], &[(It, 0)]);
    let mut core = core(CORTEX_M4F, &code);
    core.registers.set_nzcv(4 << 28);
    assert_eq!(core.step(&mut NoBus), None);
    assert_eq!(core.registers.it, 0b0000_0001);
    assert_eq!(core.step(&mut NoBus), None);
    assert_eq!(core.registers.it, 0b0000_0010);
}

#[test]
fn what_may_not_stand_in_an_it_block_ends_the_run() {
    for code in [
        [0xbf04, 0xe000],
        [0xbf08, 0xb100],
        [0xbf08, 0xbf08],
        [0xbf08, 0xb672],
        [0xbf08, 0x0008],
    ] {
        let stop = outcome(CORTEX_M4F, &code, &[(Nzcv, 0b0100)]);
        assert!(
            matches!(&stop, Some(Stop::Unmodelled(why)) if why.contains("0x00000102")),
            "{code:x?}: {stop:?}"
        );
    }
    assert_eq!(outcome(CORTEX_M4F, &[0xbf08, 0xe000], &[(Nzcv, 0b0100)]), None);
}

#[test]
fn where_no_thumb_instruction_is_there_is_a_fault() {
    for code in [[0x4708], [0x4788]] {
        let mut core = core(CORTEX_M4F, &code);
        core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
        core.memory.put(0x200, &[0x00, 0xbf]).expect("flash"); // NOP
        core.registers.r[1] = 0x300;
        assert_eq!(core.step(&mut NoBus), None);
        assert_eq!(core.registers.pc, 0x300);
        assert_eq!(core.step(&mut NoBus), None);
        let status = core.system.read(0xe000_ed28, Width::Word, moment());
        assert_eq!(status, Ok(INVALID_STATE));
        // The frame names the address that was branched to.
        assert_eq!(core.memory.word(core.registers.r[13] + 24), Some(0x300));
    }
}

#[test]
fn undefined_encodings_are_faults() {
    let codes = [
        &[0xde00][..],
        &[0xb650],
        &[0xbac0 ^ 0x40],
        &[0xf7f0, 0xa000],
        &[0xfb80, 0x0010],
        &[0xea80 | 0x20, 0],
    ];
    for code in codes {
        assert_eq!(fault_bits(CORTEX_M4F, code, &[]), UNDEFINED, "{code:x?}");
    }
    assert_eq!(fault_bits(CORTEX_M4F, &[0xee00, 0x0e10], &[]), NO_COPROCESSOR);
    assert_eq!(fault_bits(CORTEX_M3, &[0xee30, 0x0a00], &[]), NO_COPROCESSOR);
    // SMLAD is no instruction of Cortex-M3.
    assert_eq!(fault_bits(CORTEX_M3, &[0xfb21, 0x3002], &[]), UNDEFINED);
}

#[test]
fn armv6_knows_few_wide_instructions() {
    for code in [[0xfb00, 0xf001], [0xf240, 0x0000], [0xe8d1, 0x2f4f], [0xf3bf, 0x8f2f]] {
        let mut core = core(CORTEX_M0, &code);
        core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
        let _ = core.step(&mut NoBus);
        assert_eq!((core.registers.ipsr, core.registers.pc), (3, 0x200), "{code:x?}");
    }
    for narrow in [0xb100, 0xbf08] {
        let mut core = core(CORTEX_M0, &[narrow]);
        core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
        let _ = core.step(&mut NoBus);
        assert_eq!(core.registers.ipsr, 3, "{narrow:x}");
    }
    check_on(
        CORTEX_M0,
        "bl",
        &[0xf000, 0xf800],
        1,
        &[],
        &[(R(14), CODE + 5), (Pc, CODE + 4)],
    );
    check_on(CORTEX_M0, "dsb", &[0xf3bf, 0x8f4f], 1, &[], &[]);
    check_on(
        CORTEX_M0,
        "mrs r0, xpsr",
        &[0xf3ef, 0x8003],
        1,
        &[(Nzcv, 0b1010)],
        &[(R(0), 0xa000_0000)],
    );
}

#[test]
fn unpredictable_encodings_end_the_run_with_their_address() {
    let codes = [
        &[0x4700 | 1][..],       // BX with a reserved bit
        &[0x4500],               // CMP of low registers in the high form
        &[0xb400],               // PUSH of nothing
        &[0xeb0d, 0x0d80 | 0xd], // ADD to SP of SP
        &[0xf10d, 0x0f00],       // ADD to PC
        &[0xfb01, 0xfd02],       // MUL to SP
        &[0xe8b1, 0x0002],       // LDM of one register
        &[0xf851, 0x1b04],       // LDR with its base
        &[0xfba0, 0x1102],       // UMULL to one register twice
        &[0xf36f, 0x1002],       // BFC of no bits
    ];
    for code in codes {
        let stop = outcome(CORTEX_M4F, code, &[]);
        let named = matches!(&stop, Some(Stop::Unmodelled(why)) if why.contains("0x00000100"));
        assert!(named, "{code:x?}: {stop:?}");
    }
}

#[test]
fn a_breakpoint_names_its_constant() {
    let expected = Stop::Breakpoint {
        immediate: 0xab,
        pc: CODE,
    };
    let mut core = core(CORTEX_M4F, &[0xbeab]);
    assert_eq!(core.step(&mut NoBus), Some(expected));
    assert_eq!(core.registers.pc, CODE + 2);
}

#[test]
fn instructions_are_counted_exactly() {
    let mut core = core(CORTEX_M4F, &[0x2064, 0x3801, 0xd1fd, 0xbeab]); // MOVS R0, #100; loop: SUBS R0, #1; BNE loop; BKPT
    core.set_pace(Pace::Instructions { ps: 1000 });
    let stop = core.run(&mut NoBus, Time::from_s(1));
    assert!(matches!(stop, Stop::Breakpoint { .. }));
    assert_eq!(core.counts.instructions, 202);
    assert_eq!(core.now(), Time::from_ns(202));
    // 1 + 100 * 1 + 100 branches of which 99 are taken, for 1 to 3 cycles more, and BKPT.
    assert_eq!((core.counts.cycles_low, core.counts.cycles_high), (301, 499));
}

#[test]
fn a_run_ends_at_its_deadline() {
    let mut core = core(CORTEX_M4F, &[0xe7fe]);
    assert_eq!(core.run(&mut NoBus, Time::from_ns(1000)), Stop::Deadline);
    assert_eq!(core.counts.instructions, 1000);
    assert_eq!(core.run(&mut NoBus, Time::from_ns(1000)), Stop::Deadline);
    assert_eq!(core.counts.instructions, 1000);
}

#[test]
fn changed_flash_is_decoded_anew() {
    let mut core = core(CORTEX_M4F, &[0x2001, 0xe7fd]); // MOVS R0, #1; B back
    assert_eq!(core.run(&mut NoBus, Time::from_ns(10)), Stop::Deadline);
    core.memory.put(CODE, &0x2007u16.to_le_bytes()).expect("flash");
    assert_eq!(core.run(&mut NoBus, Time::from_ns(20)), Stop::Deadline);
    assert_eq!(core.registers.r[0], 7);
}

#[test]
fn code_in_ram_may_change_itself() {
    // STRH R1, [R0]; MOVS R2, #1 (which becomes MOVS R2, #9)
    let mut core = core(CORTEX_M4F, &[]);
    core.memory.put(RAM + 0x100, &[0x01, 0x80, 0x01, 0x22]).expect("RAM");
    core.registers.pc = RAM + 0x100;
    core.registers.r[0] = RAM + 0x102;
    core.registers.r[1] = 0x2209;
    for _ in 0..2 {
        assert_eq!(core.step(&mut NoBus), None);
    }
    assert_eq!(core.registers.r[2], 9);
}

#[test]
fn what_was_decoded_is_still_protected() {
    const EXECUTE_NEVER: u32 = 1 << 28;
    let code = [0xe7fe]; // B to itself
    let mut core = core(CORTEX_M4F, &code);
    core.memory.put(12, &0x201u32.to_le_bytes()).expect("flash");
    core.memory.put(0x200, &[0xfe, 0xe7]).expect("flash");
    assert_eq!(core.run(&mut NoBus, Time::from_ns(10)), Stop::Deadline);
    // 32 bytes from the instruction on are read only and not to be executed, by a region above the whole of flash.
    write_system(&mut core, 0xe000_ed9c, 1 << 4);
    write_system(&mut core, 0xe000_eda0, 6 << 24 | 11 << 1 | 1);
    write_system(&mut core, 0xe000_ed9c, CODE | 1 << 4 | 1);
    write_system(&mut core, 0xe000_eda0, EXECUTE_NEVER | 6 << 24 | 4 << 1 | 1);
    write_system(&mut core, 0xe000_ed94, 5);
    assert_eq!(core.run(&mut NoBus, Time::from_ns(30)), Stop::Deadline);
    assert_eq!((core.registers.ipsr, core.registers.pc), (3, 0x200));
    assert_eq!(core.system.read(0xe000_ed28, Width::Word, moment()), Ok(1));
}

#[test]
fn time_goes_by_the_table_and_the_wait_states() {
    let mut core = core(CORTEX_M4F, &[0xbf00, 0xbf00, 0xbf00, 0xbf00, 0xbeab]); // four NOP, BKPT
    core.set_pace(Pace::Cycles { hz: 1_000_000 });
    core.set_wait_states((1, 3));
    let stop = core.run(&mut NoBus, Time::from_s(1));
    assert!(matches!(stop, Stop::Breakpoint { .. }));
    // Five instructions of a cycle, of which three begin a word.
    assert_eq!((core.counts.cycles_low, core.counts.cycles_high), (5 + 3, 5 + 9));
    assert_eq!(core.now(), Time::from_us(11));
    core.sleep_until(Time::from_us(20));
    assert_eq!((core.now(), core.counts.instructions), (Time::from_us(20), 5));
}
