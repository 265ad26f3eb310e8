//! The memory protection unit, register by register and against the manual's pseudocode.

use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M4F, CORTEX_M33};
use proptest::{prelude::*, test_runner::RngSeed};

const CTRL: u32 = 0xe000_ed94;
const RNR: u32 = 0xe000_ed98;
const RBAR: u32 = 0xe000_ed9c;
const RASR: u32 = 0xe000_eda0;
const EXECUTE_NEVER: u32 = 1 << 28;

fn unit(writes: &[(u32, u32)]) -> Mpu {
    let mut mpu = Mpu::new(&CORTEX_M4F);
    for &(address, value) in writes {
        assert_eq!(mpu.write(address, value), Some(()), "{address:#x}");
    }
    mpu
}

fn load(mpu: &Mpu, address: u32) -> bool {
    check(mpu, address, false, false, true)
}

fn check(mpu: &Mpu, address: u32, write: bool, execute: bool, privileged: bool) -> bool {
    let access = Check {
        address,
        write,
        execute,
        privileged,
    };
    mpu.permits(access, false)
}

/// The guard that our firmware puts at the end of the stack: 256 bytes that nobody may touch.
fn guard() -> Mpu {
    unit(&[
        (RNR, 0),
        (RBAR, 0x2000_0300),
        (RASR, EXECUTE_NEVER | 7 << 1 | 1),
        (CTRL, 5),
    ])
}

#[test]
fn the_guard_of_a_stack_refuses_its_own_256_bytes_alone() {
    let mpu = guard();
    for (address, allowed) in [
        (0x2000_02ff, true),
        (0x2000_0300, false),
        (0x2000_03ff, false),
        (0x2000_0400, true),
    ] {
        assert_eq!(load(&mpu, address), allowed, "{address:#x}");
        assert_eq!(check(&mpu, address, true, false, true), allowed, "{address:#x}");
    }
    assert!(check(&mpu, 0x100, false, true, true), "code runs on the default map");
    assert!(
        !check(&mpu, 0x100, false, false, false),
        "which is for privileged code only"
    );
}

#[test]
fn code_of_negative_priority_passes_unless_hfnmiena_is_set() {
    let mut mpu = guard();
    let access = Check {
        address: 0x2000_0300,
        write: true,
        execute: false,
        privileged: true,
    };
    assert!(mpu.permits(access, true) && !mpu.in_force(true));
    mpu.write(CTRL, 7);
    assert!(!mpu.permits(access, true) && mpu.in_force(true));
    assert_eq!(mpu.write(CTRL, 2), None, "HFNMIENA alone is UNPREDICTABLE");
}

#[test]
fn without_privdefena_only_regions_count() {
    let mpu = unit(&[(RBAR, 0x2000_0000), (RASR, 3 << 24 | 9 << 1 | 1), (CTRL, 1)]);
    assert!(load(&mpu, 0x2000_03ff) && !load(&mpu, 0x2000_0400));
    assert!(load(&mpu, 0xe000_ed94), "the system control space has no region");
}

#[test]
fn the_highest_region_decides_and_a_subregion_that_is_off_does_not() {
    let mpu = unit(&[
        (RBAR, 0x2000_0000 | 1 << 4 | 2),
        (RASR, 3 << 24 | 15 << 1 | 1),
        (RBAR, 0x2000_0000 | 1 << 4 | 5),
        (RASR, 0b0000_0100 << 8 | 10 << 1 | 1),
        (CTRL, 1),
    ]);
    assert_eq!(mpu.read(RNR), Some(5));
    assert_eq!(mpu.read(RBAR), Some(0x2000_0005));
    assert!(!load(&mpu, 0x2000_01ff) && load(&mpu, 0x2000_0200) && load(&mpu, 0x2000_02ff) && !load(&mpu, 0x2000_0300));
    assert!(load(&mpu, 0x2000_0800) && !load(&mpu, 0x2001_0000));
}

#[test]
fn access_permissions_are_those_of_the_table() {
    // DDI 0403E table B3-15: privileged load, privileged store, unprivileged load, unprivileged store.
    let table = [
        (0, 0b0000),
        (1, 0b1100),
        (2, 0b1110),
        (3, 0b1111),
        (5, 0b1000),
        (6, 0b1010),
        (7, 0b1010),
    ];
    for (permission, expected) in table {
        let mpu = unit(&[(RBAR, 0x2000_0000), (RASR, permission << 24 | 9 << 1 | 1), (CTRL, 1)]);
        let at = 0x2000_0010;
        let accesses = [(true, false), (true, true), (false, false), (false, true)];
        let seen = accesses.map(|(privileged, write)| check(&mpu, at, write, false, privileged));
        assert_eq!(
            seen.iter().fold(0, |bits, &x| bits << 1 | u32::from(x)),
            expected,
            "AP {permission}"
        );
    }
    assert_eq!(guard().write(RASR, 4 << 24 | 9 << 1 | 1), None, "AP 4 is UNPREDICTABLE");
    assert_eq!(guard().write(RASR, 3 << 1 | 1), None, "16 bytes are UNPREDICTABLE");
}

#[test]
fn execute_never_holds_for_fetches_alone() {
    let mpu = unit(&[(RBAR, 0), (RASR, 3 << 24 | EXECUTE_NEVER | 19 << 1 | 1), (CTRL, 5)]);
    assert!(load(&mpu, 0x100) && !check(&mpu, 0x100, false, true, true));
    assert!(check(&mpu, 0x10_0000, false, true, true));
    assert!(
        !check(&mpu, 0x4000_0000, false, true, true),
        "peripherals of the default map"
    );
    assert!(!check(&mpu, 0xe000_0000, false, true, true));
}

#[test]
fn a_region_may_be_the_whole_address_space() {
    let mpu = unit(&[(RBAR, 0), (RASR, 3 << 24 | 31 << 1 | 1), (CTRL, 1)]);
    assert!(load(&mpu, 0) && load(&mpu, 0xdfff_ffff));
}

#[test]
fn a_region_of_armv8_goes_from_base_to_limit_and_two_may_not_overlap() {
    let mut mpu = Mpu::new(&CORTEX_M33);
    mpu.write(0xe000_edc0, 0x0000_00ff);
    mpu.write(RNR, 0);
    mpu.write(RBAR, 0x2000_0040 | 0b11 << 1 | 1);
    mpu.write(RASR, 0x2000_00a0 | 1);
    mpu.write(CTRL, 5);
    assert!(load(&mpu, 0x2000_00bf) && !check(&mpu, 0x2000_00bf, true, false, true));
    assert!(check(&mpu, 0x2000_00c0, true, false, true) && check(&mpu, 0x2000_003f, true, false, true));
    assert!(!check(&mpu, 0x2000_0040, false, true, true));
    mpu.write(0xe000_edac, 0x2000_0000 | 1 << 1);
    mpu.write(0xe000_edb0, 0x2000_0040 | 1);
    assert_eq!(mpu.read(RNR), Some(0), "an alias leaves RNR");
    assert!(load(&mpu, 0x2000_0000) && !load(&mpu, 0x2000_0040), "two regions there");
    mpu.write(RNR, 2);
    assert_eq!(mpu.read(RBAR), Some(0x2000_0002));
}

#[test]
fn device_memory_of_armv8_never_executes() {
    let mut mpu = Mpu::new(&CORTEX_M33);
    for (address, value) in [(0xe000_edc0, 0x04ff), (RBAR, 0), (RASR, 0xffe0 | 1), (CTRL, 1)] {
        mpu.write(address, value);
    }
    assert!(check(&mpu, 0x100, false, true, true));
    mpu.write(RASR, 0xffe0 | 1 << 1 | 1);
    assert!(!check(&mpu, 0x100, false, true, true) && load(&mpu, 0x100));
}

#[test]
fn addresses_of_one_region_or_of_none_are_uniform() {
    let mpu = guard();
    assert_eq!(mpu.uniform(0x2000_0380), (0x2000_0300, 0x2000_03ff));
    assert_eq!(mpu.uniform(0x2000_0400), (0x2000_0400, 0x3fff_ffff));
    assert_eq!(mpu.uniform(0x2000_0000), (0x2000_0000, 0x2000_02ff));
    assert_eq!(mpu.uniform(0x1000), (0, 0x1fff_ffff));
    assert_eq!(mpu.uniform(0xe000_ed94), (0xe000_0000, 0xe00f_ffff));
}

#[test]
fn a_core_without_the_unit_says_so() {
    let mut mpu = Mpu::new(&CORTEX_M0);
    assert_eq!(mpu.read(0xe000_ed90), Some(0));
    assert_eq!(mpu.read(CTRL), None);
    assert_eq!(mpu.write(CTRL, 0), None);
    assert_eq!(guard().read(0xe000_ed90), Some(0x800));
}

/// What the architecture's pseudocode says (DDI 0403E B3.5.3), region by region.
fn by_the_book(regions: &[(u32, u32)], control: u32, access: Check) -> bool {
    let mut found = None;
    for &(base, attributes) in regions {
        let bits = (attributes >> 1 & 0x1f) + 1;
        let inside = u64::from(access.address) >> bits == u64::from(base) >> bits;
        let eighth = u64::from(access.address) >> (bits - 3) & 7;
        let off = bits >= 8 && attributes >> (8 + eighth) & 1 != 0;
        if attributes & 1 != 0 && inside && !off {
            found = Some(attributes);
        }
    }
    let Some(attributes) = found else {
        return access.privileged && control & 4 != 0 && (!access.execute || access.address < 0x4000_0000);
    };
    let loads = match attributes >> 24 & 7 {
        0 => false,
        1 | 5 => access.privileged,
        _ => true,
    };
    let stores = match attributes >> 24 & 7 {
        1 | 2 => access.privileged,
        3 => true,
        _ => false,
    };
    let allowed = if access.write { stores } else { loads };
    allowed && !(access.execute && attributes >> 28 & 1 != 0)
}

fn region() -> impl Strategy<Value = (u32, u32)> {
    let permission = prop::sample::select(vec![0u32, 1, 2, 3, 5, 6, 7]);
    (
        0u32..0x400,
        4u32..13,
        any::<u8>(),
        permission,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(place, size, off, permission, never, enabled)| {
            let off = if size < 7 { 0 } else { u32::from(off) };
            let attributes = u32::from(never) << 28 | permission << 24 | off << 8 | size << 1 | u32::from(enabled);
            (0x2000_0000 | place << 5, attributes)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn every_access_is_decided_as_by_the_book(
        regions in prop::collection::vec(region(), 8),
        background in any::<bool>(),
        offset in 0u32..0x8000,
        (write, execute, privileged) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let mut mpu = Mpu::new(&CORTEX_M4F);
        for (number, &(base, attributes)) in (0..).zip(&regions) {
            mpu.write(RBAR, base | 1 << 4 | number);
            prop_assert_eq!(mpu.write(RASR, attributes), Some(()));
        }
        let control = 1 | u32::from(background) << 2;
        mpu.write(CTRL, control);
        let access = Check { address: 0x2000_0000 + offset, write: write && !execute, execute, privileged };
        prop_assert_eq!(mpu.permits(access, false), by_the_book(&regions, control, access));
        let (first, last) = mpu.uniform(access.address);
        prop_assert!((first..=last).contains(&access.address));
        for step in 0..=16 {
            let address = first + ((u64::from(last - first) * step) / 16) as u32;
            let same = Check { address, ..access };
            prop_assert_eq!(mpu.permits(same, false), mpu.permits(access, false), "{:#x}", address);
        }
    }
}
