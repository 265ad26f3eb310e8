use super::{
    super::{AtEnd, Recording, Still, wires::Wires},
    *,
};
use std::sync::Arc;

fn world() -> SharedWorld {
    Arc::new(Still {
        acceleration_g: [0.25, -0.5, 1.0],
        rate_rad_s: [1.0, -2.0, 0.5],
    })
}

fn wires(settings: Settings) -> Wires<Lsm6ds> {
    let mut wires = Wires::new(Lsm6ds::new(world(), settings));
    set(&mut wires, CTRL3_C, BDU | IF_INC, 0);
    wires
}

fn dsl() -> Wires<Lsm6ds> {
    wires(Settings::typical(Variant::Dsl))
}

fn set(wires: &mut Wires<Lsm6ds>, register: u8, value: u8, us: u64) {
    assert!(wires.write(&[register, value], Time::from_us(us)));
}

/// Both sensors on at 208 Hz, as the firmware does it.
fn switch_on(wires: &mut Wires<Lsm6ds>, us: u64) {
    set(wires, CTRL1_XL, 0x50, us);
    set(wires, CTRL2_G, 0x50, us + 80);
}

fn status(wires: &mut Wires<Lsm6ds>, us: u64) -> u8 {
    wires.read::<1>(STATUS_REG, Time::from_us(us)).expect("acknowledged")[0]
}

#[test]
fn each_part_says_who_it_is() {
    for (variant, identity, free) in [(Variant::Dsl, 0x6a, 0x02), (Variant::Dso, 0x6c, 0x2e)] {
        let mut wires = wires(Settings {
            sa0: true,
            ..Settings::typical(variant)
        });
        assert_eq!(wires.part.address(), 0x6b);
        assert_eq!(wires.read(0x0f, Time::from_us(1)), Some([identity]));
        assert_eq!(wires.part.take_stop(), None);
        wires.read::<1>(free, Time::from_us(2));
        assert!(
            wires.part.take_stop().is_some_and(|stop| stop.contains("reserved")),
            "{free:#04x}"
        );
    }
}

#[test]
fn no_register_stands_in_two_tables() {
    for own in [map::DSL, map::DSO] {
        let registers: Vec<_> = map::COMMON
            .iter()
            .chain(own)
            .map(|register| format!("{register:?}"))
            .collect();
        let address = |register: &String| register.split("name").next().map(str::to_owned);
        let addresses: std::collections::BTreeSet<_> = registers.iter().map(address).collect();
        assert_eq!(addresses.len(), registers.len());
    }
}

#[test]
fn a_recording_in_its_own_range_comes_out_as_it_went_in() {
    let counts: Vec<i16> = (0..6_000_i32).map(|n| ((n * 7_919) % 65_536 - 32_768) as i16).collect();
    let rate_full_scale = (gyroscope_step_rad_s(0x04) * 32_768.0) as f32;
    let channels = [
        ("g", 4.0),
        ("g", 4.0),
        ("g", 4.0),
        ("rad/s", rate_full_scale),
        ("rad/s", rate_full_scale),
        ("rad/s", rate_full_scale),
    ];
    let recording = Recording::new(counts.clone(), &channels, Time::from_ms(20), Time::ZERO, AtEnd::Hold);
    let settings = Settings::typical(Variant::Dso);
    let mut wires = Wires::new(Lsm6ds::new(Arc::new(recording.expect("well formed")), settings));
    set(&mut wires, CTRL1_XL, 0x58, 0);
    set(&mut wires, CTRL2_G, 0x54, 0);
    for sample in 5..1_000_u64 {
        let bytes = wires
            .read::<12>(OUTX_L_G, Time::from_us(sample * 20_000 + 19_000))
            .expect("acknowledged");
        let read = [6, 8, 10, 0, 2, 4].map(|n| i16::from_le_bytes([bytes[n], bytes[n + 1]]));
        assert_eq!(read, counts[sample as usize * 6..][..6], "sample {sample}");
    }
}

#[test]
fn the_flags_come_before_the_gyroscope_has_settled() {
    let mut wires = dsl();
    switch_on(&mut wires, 1_000);
    wires.events.take();
    assert_eq!(status(&mut wires, 11_000), 0b11);
    let bytes = wires.read::<12>(OUTX_L_G, Time::from_us(11_100)).expect("acknowledged");
    let samples = wires.samples();
    assert_eq!((samples[0].part, samples[0].settled), ("LSM6DSL gyroscope", false));
    assert_eq!((samples[1].part, samples[1].settled), ("LSM6DSL accelerometer", true));
    let x = i16::from_le_bytes([bytes[0], bytes[1]]);
    assert!((500..3_300).contains(&x), "{x} of 6,548 counts");
    assert_eq!(i16::from_le_bytes([bytes[10], bytes[11]]), 16_384);
}

#[test]
fn a_slow_part_settles_later() {
    let settled = |turn_on, us| {
        let mut wires = wires(Settings {
            gyroscope_turn_on: turn_on,
            ..Settings::typical(Variant::Dsl)
        });
        switch_on(&mut wires, 0);
        wires.read::<6>(OUTX_L_G, Time::from_us(us));
        wires.samples()[0].settled
    };
    assert!(settled(GYROSCOPE_TURN_ON, 41_000));
    assert!(!settled(GYROSCOPE_TURN_ON, 34_000));
    assert!(!settled(GYROSCOPE_TURN_ON_SLOW, 79_000));
    assert!(settled(GYROSCOPE_TURN_ON_SLOW, 86_000));
}

#[test]
fn with_the_mask_no_flag_comes_before_it_has_settled() {
    let mut wires = dsl();
    set(&mut wires, CTRL4_C, DRDY_MASK, 0);
    switch_on(&mut wires, 0);
    assert_eq!(status(&mut wires, 30_000), 0b01);
    assert_eq!(status(&mut wires, 40_000), 0b11);
}

#[test]
fn asleep_the_gyroscope_keeps_its_drive() {
    let mut wires = dsl();
    switch_on(&mut wires, 0);
    set(&mut wires, CTRL4_C, SLEEP_G, 100_000);
    wires.read::<6>(OUTX_L_G, Time::from_us(100_100));
    assert_eq!(status(&mut wires, 150_000) & 0b10, 0);
    set(&mut wires, CTRL4_C, 0, 200_000);
    wires.events.take();
    wires.read::<6>(OUTX_L_G, Time::from_us(218_000));
    wires.read::<6>(OUTX_L_G, Time::from_us(220_000));
    let settled: Vec<_> = wires.samples().iter().map(|sample| sample.settled).collect();
    assert_eq!(settled, [false, true]);
}

#[test]
fn a_flag_falls_with_the_first_high_byte() {
    let mut wires = dsl();
    switch_on(&mut wires, 0);
    assert_eq!(status(&mut wires, 100_000), 0b11);
    wires.read::<1>(OUTX_L_G, Time::from_us(100_100));
    assert_eq!(status(&mut wires, 100_200), 0b11);
    wires.read::<1>(OUTX_L_G + 1, Time::from_us(100_300));
    assert_eq!(status(&mut wires, 100_400), 0b01);
}

#[test]
fn a_look_is_ready_when_every_sensor_that_is_on_has_a_new_sample() {
    let ready = |wires: &mut Wires<Lsm6ds>, us| {
        wires.events.take();
        status(wires, us);
        let look = |event: &crate::event::Event| matches!(event.what, What::Look { ready: true, .. });
        wires.events.take().iter().any(look)
    };
    let mut wires = dsl();
    set(&mut wires, CTRL1_XL, 0x50, 0);
    assert!(ready(&mut wires, 6_000));
    set(&mut wires, CTRL2_G, 0x10, 6_100);
    assert!(!ready(&mut wires, 12_000));
    assert!(ready(&mut wires, 90_000));
}

#[test]
fn a_software_reset_switches_everything_off() {
    let mut wires = dsl();
    switch_on(&mut wires, 0);
    set(&mut wires, CTRL3_C, SW_RESET, 1_000);
    assert_eq!(wires.read(CTRL1_XL, Time::from_us(2_000)), Some([0, 0, 0x04]));
    assert_eq!(status(&mut wires, 900_000), 0);
}

#[test]
fn the_current_follows_the_sensors_that_are_on() {
    let mut wires = dsl();
    assert_eq!(wires.part.current_na().1, 3_000);
    set(&mut wires, CTRL1_XL, 0x50, 0);
    assert_eq!(wires.part.current_na(), (127_500, 150_000, 187_500));
    set(&mut wires, CTRL2_G, 0x50, 0);
    assert_eq!(wires.part.current_na(), (552_500, 650_000, 812_500));
    set(&mut wires, CTRL4_C, SLEEP_G, 0);
    let (low, typical, high) = wires.part.current_na();
    assert!(low < 150_000 && typical < 650_000 && high > 650_000);
}

#[test]
fn what_the_model_does_not_know_ends_the_run() {
    for (register, value, word) in [
        (0x01, 0x80, "banks"),
        (0x0a, 0x06, "FIFO"),
        (0x14, 0x01, "self-test"),
        (CTRL2_G, 0xb0, "rate"),
        (CTRL1_XL, 0xc0, "rate"),
    ] {
        let mut wires = dsl();
        set(&mut wires, register, value, 0);
        let stop = wires.part.take_stop().expect("a reason");
        assert!(stop.contains(word), "{stop}");
    }
    let mut wires = dsl();
    wires.read::<2>(0x20, Time::from_us(1));
    assert!(wires.part.take_stop().is_some_and(|stop| stop.contains("temperature")));
}

#[test]
fn power_down_ends_the_drive_of_the_gyroscope() {
    let mut wires = dsl();
    switch_on(&mut wires, 0);
    set(&mut wires, CTRL2_G, 0, 100_000);
    set(&mut wires, CTRL2_G, 0x50, 110_000);
    wires.events.take();
    wires.read::<6>(OUTX_L_G, Time::from_us(140_000));
    wires.read::<6>(OUTX_L_G, Time::from_us(151_000));
    let settled: Vec<_> = wires.samples().iter().map(|sample| sample.settled).collect();
    assert_eq!(settled, [false, true]);
}

#[test]
fn a_new_rate_of_the_gyroscope_discards_samples() {
    let mut wires = dsl();
    switch_on(&mut wires, 0);
    set(&mut wires, CTRL2_G, 0x40, 100_000);
    wires.events.take();
    // Three samples of 104 Hz are 29 ms, the fourth is valid.
    wires.read::<6>(OUTX_L_G, Time::from_us(130_000));
    wires.read::<6>(OUTX_L_G, Time::from_us(139_000));
    let settled: Vec<_> = wires.samples().iter().map(|sample| sample.settled).collect();
    assert_eq!(settled, [false, true]);
}

#[test]
fn the_first_sample_of_the_accelerometer_is_to_be_discarded() {
    let mut wires = dsl();
    set(&mut wires, CTRL1_XL, 0x50, 0);
    wires.read::<6>(OUTX_L_XL, Time::from_us(5_000));
    wires.read::<6>(OUTX_L_XL, Time::from_us(10_000));
    let settled: Vec<_> = wires.samples().iter().map(|sample| sample.settled).collect();
    assert_eq!(settled, [false, true]);
}

#[test]
fn only_the_dsl_delivers_the_high_byte_first() {
    let mut wires = dsl();
    set(&mut wires, CTRL3_C, IF_INC | BLE, 0);
    set(&mut wires, CTRL1_XL, 0x50, 0);
    assert_eq!(wires.read(OUTZ_H_XL - 1, Time::from_us(50_000)), Some([0x40, 0x00]));
    let mut wires = self::wires(Settings::typical(Variant::Dso));
    set(&mut wires, CTRL3_C, IF_INC | BLE, 0);
    assert!(wires.part.take_stop().is_some_and(|stop| stop.contains("CTRL3_C")));
}

#[test]
fn both_halves_draw_less_in_normal_mode_from_104_hz_on() {
    for (variant, high_performance, normal) in [(Variant::Dsl, 650_000, 450_000), (Variant::Dso, 550_000, 380_000)] {
        let mut wires = wires(Settings::typical(variant));
        switch_on(&mut wires, 0);
        let drawn_na = |wires: &Wires<Lsm6ds>| wires.part.power().own_na.1;
        assert_eq!(drawn_na(&wires), high_performance);
        set(&mut wires, CTRL6_C, XL_HM_MODE, 1_000);
        set(&mut wires, CTRL7_G, G_HM_MODE, 2_000);
        assert_eq!(drawn_na(&wires), normal);
        // Low power: between the figure of 52 Hz and high performance.
        set(&mut wires, CTRL1_XL, 0x30, 3_000);
        assert!(drawn_na(&wires) != normal && drawn_na(&wires) < high_performance);
    }
}
