use super::{
    super::{Still, wires::Wires},
    *,
};
use std::sync::Arc;

const BURST: u8 = 0x80 | OUT_X_L;

fn wires(sa0: bool, rate_error_ppm: i32) -> Wires<Lis3dh> {
    let world = Still {
        acceleration_g: [0.5, -0.5, 1.0],
        ..Still::default()
    };
    Wires::new(Lis3dh::new(Arc::new(world), sa0, rate_error_ppm))
}

/// Writes one register.
fn set(wires: &mut Wires<Lis3dh>, register: u8, value: u8, us: u64) {
    assert!(wires.write(&[register, value], Time::from_us(us)));
}

fn counts(wires: &mut Wires<Lis3dh>, us: u64) -> [i16; 3] {
    let bytes = wires.read::<6>(BURST, Time::from_us(us)).expect("acknowledged");
    [0, 2, 4].map(|n| i16::from_le_bytes([bytes[n], bytes[n + 1]]))
}

fn status(wires: &mut Wires<Lis3dh>, us: u64) -> u8 {
    wires.read::<1>(STATUS_REG, Time::from_us(us)).expect("acknowledged")[0]
}

#[test]
fn registers_read_their_values_after_power_on() {
    let mut wires = wires(false, 0);
    assert_eq!(wires.part.address(), 0x18);
    for (register, value) in [
        (0x0f, 0x33),
        (CTRL_REG0, 0x10),
        (CTRL_REG1, 0x07),
        (CTRL_REG4, 0),
        (STATUS_REG, 0),
    ] {
        assert_eq!(
            wires.read::<1>(register, Time::from_us(10)),
            Some([value]),
            "{register:#04x}"
        );
    }
    assert_eq!(wires.part.take_stop(), None);
}

#[test]
fn the_first_sample_comes_a_period_behind_the_turn_on_time() {
    for (ppm, first_us) in [(0, 3_500), (100_000, 3_273), (-100_000, 3_778)] {
        let mut wires = wires(true, ppm);
        set(&mut wires, CTRL_REG1, 0x7f, 0);
        assert_eq!(status(&mut wires, first_us - 2), 0, "{ppm} ppm");
        assert_eq!(status(&mut wires, first_us + 2), 0x0f, "{ppm} ppm");
        counts(&mut wires, first_us + 3);
        let samples = wires.samples();
        assert!(samples[0].settled && !samples[0].again, "{ppm} ppm");
        assert_eq!(
            samples[0].taken.ps() / 1_000_000,
            first_us - u64::from(ppm != 0),
            "{ppm} ppm"
        );
    }
}

#[test]
fn each_mode_has_its_resolution() {
    let modes = [
        (0x7f, 0, [31 << 8, -32 << 8, 62 << 8]),
        (0x77, 0, [125 << 6, -125 << 6, 250 << 6]),
        (0x77, HR, [500 << 4, -500 << 4, 1000 << 4]),
        (0x77, HR | 0x30, [41 << 4, -42 << 4, 83 << 4]),
    ];
    for (control1, control4, expected) in modes {
        let mut wires = wires(true, 0);
        set(&mut wires, CTRL_REG4, BDU | control4, 0);
        set(&mut wires, CTRL_REG1, control1, 0);
        assert_eq!(counts(&mut wires, 30_000), expected, "{control1:#04x} {control4:#04x}");
        assert_eq!(wires.part.take_stop(), None);
    }
}

#[test]
fn high_resolution_settles_in_seven_periods() {
    let settled = |us| {
        let mut wires = wires(true, 0);
        set(&mut wires, CTRL_REG4, HR, 0);
        set(&mut wires, CTRL_REG1, 0x57, 0);
        counts(&mut wires, us);
        wires.samples()[0].settled
    };
    assert!(!settled(69_900));
    assert!(settled(70_100));
}

#[test]
fn a_saturated_axis_stays_at_its_end() {
    let world = Still {
        acceleration_g: [9.0, -9.0, 0.0],
        ..Still::default()
    };
    let mut wires = Wires::new(Lis3dh::new(Arc::new(world), true, 0));
    set(&mut wires, CTRL_REG1, 0x7f, 0);
    assert_eq!(counts(&mut wires, 10_000), [0x7f00, -0x8000, 0]);
}

#[test]
fn a_sample_that_nobody_read_raises_the_overrun_flags() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG1, 0x7f, 0);
    assert_eq!(status(&mut wires, 6_100), 0xff);
    counts(&mut wires, 6_200);
    assert_eq!(status(&mut wires, 6_300), 0);
}

#[test]
fn flags_outlive_power_down() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG1, 0x7f, 0);
    set(&mut wires, CTRL_REG1, 0x0f, 4_000);
    assert_eq!(status(&mut wires, 1_000_000), 0x0f);
    counts(&mut wires, 1_000_100);
    assert_eq!(wires.samples()[0].taken, Time::from_us(3_500));
}

#[test]
fn a_sample_from_before_the_pause_is_not_settled() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG1, 0x7f, 0);
    set(&mut wires, CTRL_REG1, 0x0f, 4_000);
    set(&mut wires, CTRL_REG1, 0x7f, 30_000);
    assert_eq!(status(&mut wires, 30_100), 0x0f);
    counts(&mut wires, 30_200);
    let samples = wires.samples();
    assert_eq!((samples[0].taken, samples[0].settled), (Time::from_us(3_500), false));
}

#[test]
fn without_bit_7_a_burst_reads_one_register() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG1, 0x7f, 0);
    assert_eq!(wires.read(OUT_X_L + 1, Time::from_us(10_000)), Some([31; 3]));
    assert!(wires.write(&[0x80 | 0x32, 1, 2], Time::from_us(10_100)));
    assert_eq!(wires.read(0x80 | 0x32, Time::from_us(10_200)), Some([1, 2]));
}

#[test]
fn status_and_sample_in_one_burst_are_two_events_at_one_instant() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG1, 0x7f, 0);
    wires.events.take();
    let bytes = wires
        .read::<7>(0x80 | STATUS_REG, Time::from_us(5_000))
        .expect("acknowledged");
    assert_eq!(bytes, [0x0f, 0, 31, 0, 0xe0, 0, 62]);
    let events = wires.events.take();
    assert!(matches!(events[0].what, What::Look { ready: true, .. }));
    assert!(matches!(&events[1].what, What::Sample(sample) if sample.counts == [31 << 8, -32 << 8, 62 << 8]));
    assert_eq!(events[0].at, events[1].at);
}

#[test]
fn the_pull_up_works_against_a_low_pin_until_it_is_disconnected() {
    let told = |sa0, disconnect: bool| {
        let mut wires = wires(sa0, 0);
        if disconnect {
            set(&mut wires, CTRL_REG0, 0x90, 0);
        }
        set(&mut wires, CTRL_REG1, 0x7f, 100);
        set(&mut wires, CTRL_REG1, 0x0f, 5_000);
        set(&mut wires, CTRL_REG1, 0x7f, 6_000);
        let pulls = |event: &crate::event::Event| matches!(event.what, What::PullAgainstLevel { .. });
        let told = wires.events.take().iter().filter(|event| pulls(event)).count();
        (told, wires.part.current_na().1)
    };
    assert_eq!(told(false, false), (1, 111_000));
    assert_eq!(told(false, true), (0, 36_000));
    assert_eq!(told(true, false), (0, 36_000));
}

#[test]
fn the_current_follows_rate_and_mode() {
    let mut wires = wires(true, 0);
    assert_eq!(wires.part.current_na(), (400, 500, 700));
    set(&mut wires, CTRL_REG1, 0x77, 0);
    assert_eq!(wires.part.current_na(), (62_050, 73_000, 91_250));
    set(&mut wires, CTRL_REG1, 0x2f, 0);
    assert_eq!(wires.part.current_na().1, 3_000);
}

#[test]
fn what_the_model_does_not_know_ends_the_run() {
    let unknown = [
        (0x10, 0, "0x10"),
        (CTRL_REG0, 0x00, "CTRL_REG0"),
        (CTRL_REG4, 0x02, "self-test"),
        (CTRL_REG5, 0x40, "FIFO"),
        (0x22, 0x10, "interrupts"),
        (CTRL_REG1, 0xf7, "reserved rate"),
        (CTRL_REG1, 0x87, "reserved rate"),
    ];
    for (register, value, word) in unknown {
        let mut wires = wires(true, 0);
        set(&mut wires, register, value, 0);
        let stop = wires.part.take_stop().expect("a reason");
        assert!(stop.contains(word), "{stop}");
    }
    let mut wires = wires(true, 0);
    wires.read::<1>(0x0c, Time::from_us(1));
    assert!(wires.part.take_stop().is_some_and(|stop| stop.contains("OUT_ADC3_L")));
}

#[test]
fn low_power_and_high_resolution_exclude_each_other() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG4, HR, 0);
    set(&mut wires, CTRL_REG1, 0x7f, 0);
    assert!(wires.part.take_stop().is_some_and(|stop| stop.contains("LPen")));
}

#[test]
fn the_identity_cannot_be_overwritten() {
    let mut wires = wires(true, 0);
    set(&mut wires, 0x0f, 0, 0);
    assert_eq!(wires.read(0x0f, Time::from_us(1)), Some([0x33]));
    assert_eq!(wires.part.take_stop(), None);
}

#[test]
fn each_mode_has_its_turn_on_time() {
    let ready = |control1, control4, us| {
        let mut wires = wires(true, 0);
        set(&mut wires, CTRL_REG4, control4, 0);
        set(&mut wires, CTRL_REG1, control1, 0);
        status(&mut wires, us) & 0x08 != 0
    };
    assert!(!ready(0x7f, 0, 3_499) && ready(0x7f, 0, 3_500));
    assert!(!ready(0x77, 0, 4_099) && ready(0x77, 0, 4_100));
    assert!(!ready(0x77, HR, 2_499) && ready(0x77, HR, 2_500));
}

#[test]
fn a_change_of_mode_settles_in_its_own_time() {
    let settled = |us| {
        let mut wires = wires(true, 0);
        set(&mut wires, CTRL_REG1, 0x77, 0);
        set(&mut wires, CTRL_REG4, HR, 100_000);
        counts(&mut wires, us);
        wires.samples()[0].settled
    };
    // Seven periods of 2.5 ms, on the grid that began at 1.6 ms.
    assert!(!settled(117_000) && settled(120_000));
}

#[test]
fn the_high_byte_comes_first_where_the_program_wants_it() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG4, BLE | HR, 0);
    set(&mut wires, CTRL_REG1, 0x77, 0);
    let expected = 500_i16 << 4;
    assert_eq!(wires.read(BURST, Time::from_us(30_000)), Some(expected.to_be_bytes()));
    assert_eq!(wires.samples()[0].counts, [expected]);
}

#[test]
fn an_axis_that_is_off_has_no_new_sample() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG1, 0x7d, 0);
    assert_eq!(status(&mut wires, 4_000), 0x0d);
    assert_eq!(counts(&mut wires, 4_100), [31 << 8, 0, 62 << 8]);
}

#[test]
fn a_reboot_ends_by_itself() {
    let mut wires = wires(true, 0);
    set(&mut wires, CTRL_REG5, BOOT, 0);
    assert_eq!(wires.read(CTRL_REG5, Time::from_us(1)), Some([0]));
    assert_eq!(wires.part.take_stop(), None);
}
