//! The sensors' drivers against mock buses: what they write, what they make of what they read, what they refuse.

use app::sensor::{
    Described,
    adxl362::{self, Accelerometer as Adxl362},
    analog::{self, Voltage},
    lis3dh::Accelerometer as Lis3dh,
    lsm6ds::{self, Inertial},
};
use embedded_hal_mock::eh1::{
    digital::{Mock as PinMock, State, Transaction as PinStep},
    i2c::{Mock as I2cMock, Transaction as I2cStep},
    spi::{Mock as SpiMock, Transaction as SpiStep},
};
use skiprnn_nostd::runner::Sensor;
use std::{task::Poll, time::Duration};

const LSM: u8 = 0x6a;

fn lsm_reads(register: u8, values: &[u8]) -> I2cStep {
    I2cStep::write_read(LSM, vec![register], values.to_vec())
}

fn lsm_writes(register: u8, value: u8) -> I2cStep {
    I2cStep::write(LSM, vec![register, value])
}

fn lsm_start() -> Vec<I2cStep> {
    vec![
        lsm_reads(0x0f, &[0x6a]),
        lsm_writes(0x12, 0x44),
        lsm_writes(0x10, 0),
        lsm_writes(0x11, 0),
    ]
}

#[test]
fn lsm6ds_is_on_only_between_power_up_and_power_down() {
    let mut steps = lsm_start();
    // ±4 g and 2000 degrees a second, which go with the power.
    steps.extend([
        lsm_writes(0x10, 0x58),
        lsm_writes(0x11, 0x5c),
        // Only the acceleration is new.
        lsm_reads(0x1e, &[0x01]),
        lsm_reads(0x1e, &[0x07]),
        lsm_reads(0x22, &[4, 0, 5, 0, 6, 0xff, 1, 0, 2, 0x80, 3, 0]),
        lsm_writes(0x11, 0),
        lsm_writes(0x10, 0),
    ]);
    let mut bus = I2cMock::new(&steps);
    let mut sensor = Inertial::new(bus.clone(), LSM).unwrap();
    let full_scales = |sensor: &Inertial<I2cMock>| sensor.channels().iter().map(|c| c.full_scale).collect::<Vec<_>>();
    assert_eq!(full_scales(&sensor), [2.0, 2.0, 2.0, 5.0042, 5.0042, 5.0042]);
    sensor.set_ranges(&[3.9, 0.0, 0.0, 35.0, 0.0, 0.0]).unwrap();
    assert_eq!(full_scales(&sensor), [4.0, 4.0, 4.0, 40.0337, 40.0337, 40.0337]);
    sensor.power_up().unwrap();
    assert_eq!(sensor.read(0), Poll::Pending);
    // Acceleration first, as the channels say.
    assert_eq!(sensor.read(0), Poll::Ready(Ok([1, -32_766, 3, 4, 5, -250])));
    sensor.power_down().unwrap();
    let units: Vec<&str> = sensor.channels().iter().map(|channel| channel.unit).collect();
    assert_eq!(units, ["g", "g", "g", "rad/s", "rad/s", "rad/s"]);
    assert!(sensor.profile().turn_on >= Duration::from_millis(35));
    bus.done();
}

#[test]
fn lsm6ds_that_does_not_answer_or_is_another_part() {
    let mut bus = I2cMock::new(&[lsm_reads(0x0f, &[0x33])]);
    match Inertial::new(bus.clone(), LSM) {
        Err(lsm6ds::Error::Part { found: 0x33 }) => {}
        other => panic!("{:?}", other.err()),
    }
    bus.done();
    let nobody = embedded_hal::i2c::ErrorKind::NoAcknowledge(embedded_hal::i2c::NoAcknowledgeSource::Address);
    let mut steps = lsm_start();
    steps.push(lsm_writes(0x10, 0x50).with_error(nobody));
    steps.push(lsm_reads(0x1e, &[0]).with_error(nobody));
    let mut bus = I2cMock::new(&steps);
    let mut sensor = Inertial::new(bus.clone(), LSM).unwrap();
    assert_eq!(sensor.power_up(), Err(lsm6ds::Error::Bus(nobody)));
    assert_eq!(sensor.read(0), Poll::Ready(Err(lsm6ds::Error::Bus(nobody))));
    bus.done();
}

fn adxl(write: &[u8], read: &[u8]) -> Vec<SpiStep<u8>> {
    let mut steps = vec![SpiStep::transaction_start(), SpiStep::write_vec(write.to_vec())];
    if !read.is_empty() {
        steps.push(SpiStep::read_vec(read.to_vec()));
    }
    steps.push(SpiStep::transaction_end());
    steps
}

#[test]
fn adxl362_counts_in_sixteen_bits() {
    let steps: Vec<_> = [
        adxl(&[0x0b, 0x00], &[0xad]),
        adxl(&[0x0a, 0x2c, 0x15], &[]),
        adxl(&[0x0a, 0x2d, 0x00], &[]),
        // ±4 g.
        adxl(&[0x0a, 0x2c, 0x55], &[]),
        adxl(&[0x0a, 0x2d, 0x02], &[]),
        adxl(&[0x0b, 0x0b], &[0x40]),
        adxl(&[0x0b, 0x0b], &[0x41]),
        // 2 g, -2 mg, -4 g: 12 bits, sign-extended.
        adxl(&[0x0b, 0x0e], &[0xe8, 0x03, 0xff, 0xff, 0x00, 0xf8]),
        adxl(&[0x0a, 0x2d, 0x00], &[]),
    ]
    .concat();
    let mut bus = SpiMock::new(&steps);
    let mut sensor = Adxl362::new(bus.clone()).unwrap();
    sensor.set_ranges(&[4.0; 3]).unwrap();
    sensor.power_up().unwrap();
    assert_eq!(sensor.read(0), Poll::Pending);
    let Poll::Ready(Ok(sample)) = sensor.read(0) else {
        panic!("no sample");
    };
    let full_scale = sensor.channels()[0].full_scale;
    let g = sample.map(|count| f32::from(count) / 32_768.0 * full_scale);
    assert_eq!(g, [2.0, -0.002, -4.096]);
    sensor.power_down().unwrap();
    bus.done();

    let mut bus = SpiMock::new(&adxl(&[0x0b, 0x00], &[0x00]));
    match Adxl362::new(bus.clone()) {
        Err(adxl362::Error::Part { found: 0 }) => {}
        other => panic!("{:?}", other.err()),
    }
    bus.done();
}

#[test]
fn lis3dh_is_off_until_it_is_powered_up() {
    const ADDRESS: u8 = 0x18;
    let reads = |register: u8, value: u8| I2cStep::write_read(ADDRESS, vec![register], vec![value]);
    let writes = |register: u8, value: u8| I2cStep::write(ADDRESS, vec![register, value]);
    let steps = [
        // The part, block data update, low power, off, three axes, the converter as the driver leaves it.
        reads(0x0f, 0x33),
        writes(0x23, 0x80),
        reads(0x20, 0x07),
        writes(0x20, 0x0f),
        reads(0x23, 0x80),
        writes(0x23, 0x80),
        reads(0x20, 0x0f),
        writes(0x20, 0x0f),
        reads(0x20, 0x0f),
        writes(0x20, 0x0f),
        reads(0x1f, 0x00),
        writes(0x1f, 0x80),
        // ±2 g, as after power-on; then ±4 g.
        reads(0x23, 0x80),
        writes(0x23, 0x80),
        reads(0x23, 0x80),
        writes(0x23, 0x90),
        // On at 400 Hz.
        reads(0x20, 0x0f),
        writes(0x20, 0x7f),
        reads(0x27, 0x00),
        reads(0x27, 0x0f),
        I2cStep::write_read(ADDRESS, vec![0x28 | 0x80], vec![0x00, 0x40, 0x00, 0xc0, 0x00, 0x7f]),
        // Off.
        reads(0x20, 0x7f),
        writes(0x20, 0x0f),
    ];
    let mut bus = I2cMock::new(&steps);
    let mut sensor = Lis3dh::new(bus.clone(), false).unwrap();
    sensor.set_ranges(&[4.0, 2.0, 2.0]).unwrap();
    let full_scales: Vec<f32> = sensor.channels().iter().map(|c| c.full_scale).collect();
    assert_eq!(full_scales, [4.0; 3], "one range for all axes");
    sensor.power_up().unwrap();
    assert!(sensor.read(0).is_pending());
    match sensor.read(0) {
        Poll::Ready(Ok(sample)) => assert_eq!(sample, [0x4000, -0x4000, 0x7f00]),
        _ => panic!("no sample"),
    }
    sensor.power_down().unwrap();
    bus.done();
}

#[test]
fn lis3dh_that_does_not_answer() {
    const ADDRESS: u8 = 0x19;
    let nobody = embedded_hal::i2c::ErrorKind::NoAcknowledge(embedded_hal::i2c::NoAcknowledgeSource::Address);
    let mut bus = I2cMock::new(&[I2cStep::write_read(ADDRESS, vec![0x0f], vec![0]).with_error(nobody)]);
    match Lis3dh::new(bus.clone(), true) {
        Err(lis3dh::Error::Bus(error)) => assert_eq!(error, nobody),
        other => panic!("{:?}", other.err()),
    }
    bus.done();
    let mut bus = I2cMock::new(&[I2cStep::write_read(ADDRESS, vec![0x0f], vec![0x44])]);
    match Lis3dh::new(bus.clone(), true) {
        Err(lis3dh::Error::WrongAddress) => {}
        other => panic!("{:?}", other.err()),
    }
    bus.done();
}

/// A bus on which every transfer fails but those that are still good.
struct Failing(usize);

impl embedded_hal::spi::ErrorType for Failing {
    type Error = embedded_hal::spi::ErrorKind;
}

impl embedded_hal::spi::SpiDevice for Failing {
    fn transaction(&mut self, operations: &mut [embedded_hal::spi::Operation<'_, u8>]) -> Result<(), Self::Error> {
        self.0 = self.0.checked_sub(1).ok_or(embedded_hal::spi::ErrorKind::Other)?;
        for operation in operations {
            if let embedded_hal::spi::Operation::Read(bytes) = operation {
                // What DEVID_AD reads.
                bytes.fill(0xad);
            }
        }
        Ok(())
    }
}

#[test]
fn adxl362_that_no_longer_answers() {
    let broken = adxl362::Error::Bus(embedded_hal::spi::ErrorKind::Other);
    // Finding the part takes one transfer, configuring it two.
    for good in 0..3 {
        assert_eq!(Adxl362::new(Failing(good)).err(), Some(broken));
    }
    let mut sensor = Adxl362::new(Failing(4)).unwrap();
    assert_eq!(sensor.rate_hz(), 400);
    assert!(sensor.profile().turn_on >= Duration::from_millis(10));
    sensor.power_up().unwrap();
    assert_eq!(sensor.read(0), Poll::Ready(Err(broken)));
    assert_eq!(sensor.set_ranges(&[4.0]), Err(broken));
    assert_eq!(sensor.power_down(), Err(broken));
}

#[test]
fn a_voltage_is_supplied_only_while_it_is_wanted() {
    let mut supply = PinMock::new(&[PinStep::set(State::High), PinStep::set(State::Low)]);
    let mut conversions = [Ok(1234), Err("overrange")].into_iter();
    let convert = || conversions.next().unwrap();
    let mut sensor = Voltage::new(convert, supply.clone(), Duration::from_micros(50), 3.3);
    sensor.power_up().unwrap();
    assert_eq!(sensor.read(0), Poll::Ready(Ok([1234])));
    assert_eq!(sensor.read(1), Poll::Ready(Err(analog::Error::Conversion("overrange"))));
    sensor.power_down().unwrap();
    assert_eq!(sensor.profile().turn_on, Duration::from_micros(50));
    assert_eq!(sensor.channels()[0].unit, "V");
    supply.done();
}
