//! The system control space as a program reaches it.

use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33};

fn at(us: u64) -> Moment {
    Moment {
        now: Time::from_us(us),
        cycles: 1000 * us,
        privileged: true,
    }
}

fn write(system: &mut System, address: u32, value: u32) -> Result<(), Refused> {
    system.write(address, Width::Word, value, at(0))
}

fn read(system: &mut System, address: u32) -> Result<u32, Refused> {
    system.read(address, Width::Word, at(0))
}

#[test]
fn a_register_that_no_model_knows_is_refused() {
    for profile in [CORTEX_M0, CORTEX_M4F, CORTEX_M33] {
        let mut system = System::new(&profile);
        // ITM, FPB, SAU_CTRL, DCRSR, the Non-secure alias of CPUID, the ROM table, the end.
        for address in [
            0xe000_0000,
            0xe000_2000,
            0xe000_edd0,
            0xe000_edf4,
            0xe002_ed00,
            0xe00f_f000,
            0xe00f_fffc,
        ] {
            assert_eq!(read(&mut system, address), Err(Refused::Unknown), "{address:#x}");
            assert_eq!(write(&mut system, address, 0), Err(Refused::Unknown), "{address:#x}");
        }
    }
}

#[test]
fn armv6_lacks_what_came_later() {
    let mut system = System::new(&CORTEX_M0);
    for address in [
        0xe000_e004,
        0xe000_ed08,
        0xe000_ed18,
        0xe000_ed24,
        0xe000_ed28,
        0xe000_ed88,
        0xe000_edfc,
    ] {
        assert_eq!(read(&mut system, address), Err(Refused::Unknown), "{address:#x}");
    }
    assert_eq!(write(&mut system, 0xe000_ef00, 0), Err(Refused::Unknown));
    assert_eq!(write(&mut system, 0xe000_ed20, !0), Ok(()));
    assert_eq!(read(&mut system, 0xe000_ed20), Ok(0xc0c0_0000));
    assert_eq!(system.write(0xe000_e400, Width::Byte, 0, at(0)), Err(Refused::Unknown));
}

#[test]
fn unprivileged_code_gets_a_bus_fault_but_may_be_given_stir() {
    let mut system = System::new(&CORTEX_M4F);
    let user = Moment {
        privileged: false,
        ..at(0)
    };
    assert_eq!(system.read(0xe000_ed00, Width::Word, user), Err(Refused::Fault));
    assert_eq!(system.write(0xe000_ef00, Width::Word, 3, user), Err(Refused::Fault));
    write(&mut system, 0xe000_ed14, 0x202).unwrap();
    assert_eq!(system.write(0xe000_ef00, Width::Word, 3, user), Ok(()));
    assert_eq!(read(&mut system, 0xe000_e200), Ok(1 << 3));
}

#[test]
fn priorities_and_fault_status_are_reached_by_bytes_and_halfwords() {
    let mut system = System::new(&CORTEX_M3);
    write(&mut system, 0xe000_e404, 0x2040_6080).unwrap();
    system.write(0xe000_e405, Width::Byte, 0xff, at(0)).unwrap();
    assert_eq!(read(&mut system, 0xe000_e404), Ok(0x2040_e080));
    assert_eq!(system.read(0xe000_e406, Width::Half, at(0)), Ok(0x2040));
    system.write(0xe000_ed23, Width::Byte, 0x60, at(0)).unwrap();
    assert_eq!(read(&mut system, 0xe000_ed20), Ok(0x6000_0000));
    system.scb.cfsr = 0x0201_8202;
    assert_eq!(system.read(0xe000_ed29, Width::Byte, at(0)), Ok(0x82));
    assert_eq!(system.read(0xe000_ed2a, Width::Half, at(0)), Ok(0x0201));
    system.write(0xe000_ed29, Width::Byte, 0xff, at(0)).unwrap();
    assert_eq!(read(&mut system, 0xe000_ed28), Ok(0x0201_0002));
    assert_eq!(
        system.read(0xe000_ed24, Width::Byte, at(0)),
        Err(Refused::Unknown),
        "SHCSR"
    );
    assert_eq!(system.read(0xe000_e405, Width::Half, at(0)), Err(Refused::Unknown));
}

#[test]
fn priorities_of_exceptions_that_do_not_exist_stay_zero() {
    let mut system = System::new(&CORTEX_M4F);
    for (address, value) in [
        (0xe000_ed18, 0x00e0_e0e0),
        (0xe000_ed1c, 0xe000_0000),
        (0xe000_ed20, 0xe0e0_00e0),
    ] {
        write(&mut system, address, !0).unwrap();
        assert_eq!(read(&mut system, address), Ok(value), "{address:#x}");
    }
}

#[test]
fn aircr_wants_its_key() {
    let mut system = System::new(&CORTEX_M4F);
    write(&mut system, 0xe000_ed0c, 0x0000_0704).unwrap();
    assert!(!system.reset_request);
    assert_eq!(read(&mut system, 0xe000_ed0c), Ok(0xfa05_0000));
    write(&mut system, 0xe000_ed0c, 0x05fa_0500).unwrap();
    assert_eq!(read(&mut system, 0xe000_ed0c), Ok(0xfa05_0500));
    write(&mut system, 0xe000_ed0c, 0x05fa_0504).unwrap();
    assert!(system.reset_request);
    assert_eq!(
        write(&mut system, 0xe000_ed0c, 0x05fa_0001),
        Err(Refused::Unknown),
        "VECTRESET"
    );
    let mut m0 = System::new(&CORTEX_M0);
    write(&mut m0, 0xe000_ed0c, 0x05fa_0704).unwrap();
    assert_eq!(read(&mut m0, 0xe000_ed0c), Ok(0xfa05_0000), "no priority groups");
    assert!(m0.reset_request);
}

#[test]
fn shcsr_enables_faults_and_does_not_forge_states() {
    let mut system = System::new(&CORTEX_M4F);
    write(&mut system, 0xe000_ed24, 7 << 16).unwrap();
    assert!(system.enabled(4) && system.enabled(5) && system.enabled(6));
    system.nvic.activate(11);
    assert_eq!(read(&mut system, 0xe000_ed24), Ok(7 << 16 | 1 << 7));
    write(&mut system, 0xe000_ed24, 1 << 18 | 1 << 7).unwrap();
    assert!(!system.enabled(4) && system.enabled(6));
    assert_eq!(write(&mut system, 0xe000_ed24, 0), Err(Refused::Unknown));
}

#[test]
fn icsr_pends_and_unpends() {
    let mut system = System::new(&CORTEX_M4F);
    write(&mut system, 0xe000_ed04, 1 << 28 | 1 << 26).unwrap();
    assert_eq!(
        read(&mut system, 0xe000_ed04),
        Ok(1 << 28 | 1 << 26 | 14 << 12 | 1 << 11)
    );
    write(&mut system, 0xe000_ed04, 1 << 27).unwrap();
    assert_eq!(read(&mut system, 0xe000_ed04), Ok(1 << 26 | 15 << 12 | 1 << 11));
    write(&mut system, 0xe000_ed04, 1 << 25).unwrap();
    write(&mut system, 0xe000_e200, 1 << 4).unwrap();
    assert_eq!(
        read(&mut system, 0xe000_ed04),
        Ok(1 << 22 | 1 << 11),
        "pending but not enabled"
    );
}

#[test]
fn systick_pends_while_nobody_looks_and_its_registers_are_always_up_to_date() {
    let mut system = System::new(&CORTEX_M4F);
    system.set_systick_clocks(1_000_000, None, Time::ZERO);
    write(&mut system, 0xe000_e014, 9).unwrap();
    write(&mut system, 0xe000_e018, 0).unwrap();
    write(&mut system, 0xe000_e010, 7).unwrap();
    assert_eq!(system.due(), Time::from_us(10));
    assert_eq!(system.read(0xe000_e018, Width::Word, at(4)), Ok(6));
    assert_eq!(system.read(0xe000_ed04, Width::Word, at(9)), Ok(1 << 11));
    assert_eq!(
        system.read(0xe000_ed04, Width::Word, at(10)),
        Ok(1 << 26 | 15 << 12 | 1 << 11)
    );
    assert_eq!(system.due(), Time::from_us(20));
}

#[test]
fn cycles_are_those_of_the_moment() {
    let mut system = System::new(&CORTEX_M4F);
    write(&mut system, 0xe000_edfc, 1 << 24).unwrap();
    write(&mut system, 0xe000_1000, 0x4000_0001).unwrap();
    assert_eq!(system.read(0xe000_1004, Width::Word, at(3)), Ok(3000));
}

#[test]
fn the_protection_unit_is_asked_only_while_it_is_in_force() {
    let mut system = System::new(&CORTEX_M4F);
    assert!(!system.mpu_on && !system.permits(0x4000_0000, false, true, true, false));
    write(&mut system, 0xe000_ed94, 5).unwrap();
    assert!(system.mpu_on);
    system.set_high(true);
    assert!(!system.mpu_on);
    write(&mut system, 0xe000_ed94, 7).unwrap();
    assert!(system.mpu_on);
    system.reset();
    assert!(!system.mpu_on);
}

#[test]
fn every_write_asks_for_attention() {
    let mut system = System::new(&CORTEX_M4F);
    write(&mut system, 0xe000_e100, 1).unwrap();
    assert!(system.attention);
}
