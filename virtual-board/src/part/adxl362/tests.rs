use super::{
    super::{Still, wires::Wires},
    *,
};
use std::sync::Arc;

fn wires(rate_error_ppm: i32) -> Wires<Adxl362> {
    let world = Still {
        acceleration_g: [0.5, -0.501, 1.9],
        ..Still::default()
    };
    Wires::new(Adxl362::new(Arc::new(world), rate_error_ppm))
}

fn set(wires: &mut Wires<Adxl362>, register: u8, value: u8, us: u64) {
    wires.exchange::<0>(&[WRITE_REGISTER, register, value], Time::from_us(us));
}

fn get<const N: usize>(wires: &mut Wires<Adxl362>, register: u8, us: u64) -> [u8; N] {
    wires.exchange(&[READ_REGISTER, register], Time::from_us(us))
}

#[test]
fn registers_read_their_values_after_power_on() {
    let mut wires = wires(0);
    assert_eq!(get(&mut wires, 0, 10), [0xad, 0x1d, 0xf2, 0x01]);
    assert_eq!(get(&mut wires, STATUS, 10), [0x40]);
    assert_eq!(get(&mut wires, FILTER_CTL, 10), [0x13, 0]);
    assert_eq!(wires.part.take_stop(), None);
}

#[test]
fn data_are_valid_four_periods_after_the_measurement_begins() {
    for (ppm, first_us) in [(0, 10_000), (100_000, 9_091), (-100_000, 11_112)] {
        let mut wires = wires(ppm);
        set(&mut wires, FILTER_CTL, 0x15, 0);
        set(&mut wires, POWER_CTL, MEASURE, 0);
        assert_eq!(get(&mut wires, STATUS, first_us - 2), [0x40], "{ppm} ppm");
        assert_eq!(get(&mut wires, STATUS, first_us + 2), [0x41], "{ppm} ppm");
    }
}

#[test]
fn a_sample_read_too_early_was_never_settled() {
    let mut wires = wires(0);
    set(&mut wires, FILTER_CTL, 0x15, 0);
    set(&mut wires, POWER_CTL, MEASURE, 0);
    get::<6>(&mut wires, XDATA_L, 9_000);
    assert!(wires.samples().iter().all(|sample| !sample.settled));
    get::<6>(&mut wires, XDATA_L, 10_500);
    assert!(wires.samples().iter().all(|sample| sample.settled));
}

#[test]
fn each_range_has_its_step() {
    for (range, expected) in [
        (0x00, [500, -501, 1_900]),
        (0x40, [250, -251, 950]),
        (0x80, [125, -126, 475]),
    ] {
        let mut wires = wires(0);
        set(&mut wires, FILTER_CTL, 0x15 | range, 0);
        set(&mut wires, POWER_CTL, MEASURE, 0);
        let bytes: [u8; 6] = get(&mut wires, XDATA_L, 20_000);
        assert_eq!(
            [0, 2, 4].map(|n| i16::from_le_bytes([bytes[n], bytes[n + 1]])),
            expected
        );
        assert_eq!(wires.samples()[0].counts, expected.map(|counts| counts << 4));
        assert_eq!(
            get(&mut wires, XDATA, 21_000).map(|byte: u8| i16::from(byte as i8)),
            expected.map(|counts| counts >> 4)
        );
    }
}

#[test]
fn ready_falls_as_data_are_read_and_rises_with_the_next_sample() {
    let mut wires = wires(0);
    set(&mut wires, FILTER_CTL, 0x15, 0);
    set(&mut wires, POWER_CTL, MEASURE, 0);
    assert_eq!(get(&mut wires, STATUS, 11_000), [0x41]);
    get::<6>(&mut wires, XDATA_L, 11_100);
    assert_eq!(get(&mut wires, STATUS, 11_200), [0x40]);
    get::<6>(&mut wires, XDATA_L, 11_300);
    assert_eq!(get(&mut wires, STATUS, 12_600), [0x41]);
    let again: Vec<_> = wires.samples().iter().map(|sample| sample.again).collect();
    assert_eq!(again, [false, true]);
}

#[test]
fn data_stay_while_they_are_read() {
    let mut wires = wires(0);
    set(&mut wires, FILTER_CTL, 0x15, 0);
    set(&mut wires, POWER_CTL, MEASURE, 0);
    let (part, events) = (&mut wires.part, &mut wires.events);
    part.select(true, Time::from_us(11_000), events);
    for byte in [READ_REGISTER, XDATA_L, 0] {
        part.exchange(byte, Time::from_us(11_000), events);
    }
    for _ in 0..5 {
        part.exchange(0, Time::from_us(14_000), events);
    }
    part.select(false, Time::from_us(14_000), events);
    assert_eq!(get(&mut wires, STATUS, 14_000), [0x41]);
    assert_eq!(wires.samples()[0].taken, Time::from_ms(10));
}

#[test]
fn a_software_reset_needs_its_code() {
    let mut wires = wires(0);
    set(&mut wires, FILTER_CTL, 0x15, 0);
    set(&mut wires, SOFT_RESET, 0x53, 1);
    assert_eq!(get(&mut wires, FILTER_CTL, 2), [0x15]);
    set(&mut wires, SOFT_RESET, RESET_CODE, 3);
    assert_eq!(get(&mut wires, FILTER_CTL, 4), [0x13]);
}

#[test]
fn the_current_follows_rate_and_noise() {
    let mut wires = wires(0);
    assert_eq!(wires.part.current_na(), (10, 10, 20));
    set(&mut wires, POWER_CTL, MEASURE, 0);
    assert_eq!(wires.part.current_na(), (1_530, 1_800, 2_250));
    set(&mut wires, FILTER_CTL, 0x15, 0);
    assert_eq!(wires.part.current_na(), (2_550, 3_000, 3_750));
    set(&mut wires, FILTER_CTL, 0x13, 0);
    set(&mut wires, POWER_CTL, MEASURE | 0x20, 0);
    assert_eq!(wires.part.current_na().1, 13_000);
}

#[test]
fn what_the_model_does_not_know_ends_the_run() {
    for (register, value, word) in [
        (0x16, 0, "reserved"),
        (0x28, 0x02, "FIFO"),
        (POWER_CTL, 0x06, "autosleep"),
        (POWER_CTL, 0x01, "mode"),
        (0x2e, 1, "self-test"),
    ] {
        let mut wires = wires(0);
        set(&mut wires, register, value, 0);
        let stop = wires.part.take_stop().expect("a reason");
        assert!(stop.contains(word), "{stop}");
    }
    let mut wires = wires(0);
    wires.exchange::<2>(&[0x0d], Time::ZERO);
    assert!(wires.part.take_stop().is_some_and(|stop| stop.contains("0x0d")));
}

#[test]
fn a_sample_from_before_the_pause_is_not_settled() {
    let mut wires = wires(0);
    set(&mut wires, FILTER_CTL, 0x15, 0);
    set(&mut wires, POWER_CTL, MEASURE, 0);
    set(&mut wires, POWER_CTL, 0, 11_000);
    set(&mut wires, POWER_CTL, MEASURE, 50_000);
    get::<6>(&mut wires, XDATA_L, 51_000);
    get::<6>(&mut wires, XDATA_L, 60_500);
    let samples: Vec<_> = wires
        .samples()
        .iter()
        .map(|sample| (sample.taken, sample.settled))
        .collect();
    assert_eq!(samples, [(Time::from_ms(10), false), (Time::from_ms(60), true)]);
}

#[test]
fn codes_above_400_hz_are_400_hz() {
    let mut wires = wires(0);
    set(&mut wires, FILTER_CTL, 0x17, 0);
    set(&mut wires, POWER_CTL, MEASURE, 0);
    assert_eq!(get(&mut wires, STATUS, 9_900), [0x40]);
    assert_eq!(get(&mut wires, STATUS, 10_100), [0x41]);
    assert_eq!(wires.part.current_na().1, 3_000);
}
