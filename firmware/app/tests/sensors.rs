//! The sensors' drivers against mock buses: what they write, what they make of what they read, what they refuse.

use app::sensor::{
    Described, Error,
    adxl362::Accelerometer as Adxl362,
    analog::{self, Voltage},
    lis3dh::Accelerometer as Lis3dh,
    lsm6ds::Inertial,
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

/// CTRL1_XL and CTRL2_G.
fn lsm_switches(acceleration: u8, rate: u8) -> I2cStep {
    I2cStep::write(LSM, vec![0x10, acceleration, rate])
}

fn lsm_start() -> Vec<I2cStep> {
    vec![
        lsm_reads(0x0f, &[0x6a]),
        lsm_writes(0x12, 0x44),
        lsm_switches(0, 0),
        // CTRL6_C and CTRL7_G: normal mode.
        I2cStep::write(LSM, vec![0x15, 0x10, 0x80]),
    ]
}

#[test]
fn lsm6ds_is_on_only_between_power_up_and_power_down() {
    let mut steps = lsm_start();
    // ±4 g and 2000 degrees a second, which go with the power.
    steps.extend([
        lsm_switches(0x58, 0x5c),
        // Only the acceleration is new.
        lsm_reads(0x1e, &[0x01]),
        lsm_reads(0x1e, &[0x07]),
        lsm_reads(0x22, &[4, 0, 5, 0, 6, 0xff, 1, 0, 2, 0x80, 3, 0]),
        lsm_switches(0, 0),
    ]);
    let mut bus = I2cMock::new(&steps);
    let mut sensor = Inertial::new(bus.clone(), LSM);
    sensor.find().unwrap();
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
    // The slowest gyroscope of the family, from power-down.
    assert_eq!(sensor.profile().turn_on, Duration::from_millis(90));
    bus.done();
}

#[test]
fn lsm6ds_that_does_not_answer_or_is_another_part() {
    let mut bus = I2cMock::new(&[lsm_reads(0x0f, &[0x33])]);
    assert_eq!(Inertial::new(bus.clone(), LSM).find(), Err(Error::Part { found: 0x33 }));
    bus.done();
    let nobody = embedded_hal::i2c::ErrorKind::NoAcknowledge(embedded_hal::i2c::NoAcknowledgeSource::Address);
    let mut steps = lsm_start();
    steps.push(lsm_switches(0x50, 0x50).with_error(nobody));
    steps.push(lsm_reads(0x1e, &[0]).with_error(nobody));
    let mut bus = I2cMock::new(&steps);
    let mut sensor = Inertial::new(bus.clone(), LSM);
    sensor.find().unwrap();
    assert_eq!(sensor.power_up(), Err(Error::Bus(nobody)));
    assert_eq!(sensor.read(0), Poll::Ready(Err(Error::Bus(nobody))));
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
    let mut sensor = Adxl362::new(bus.clone());
    sensor.find().unwrap();
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
    assert_eq!(Adxl362::new(bus.clone()).find(), Err(Error::Part { found: 0 }));
    bus.done();
}

/// The part's address where SA0 is low.
const LIS: u8 = 0x18;

fn lis_writes(address: u8, register: u8, value: u8) -> I2cStep {
    I2cStep::write(address, vec![register, value])
}

/// The part, off, its pull-up at SA0, neither converter nor temperature sensor, block data update at ±2 g.
fn lis_start(address: u8, pull_up: u8) -> Vec<I2cStep> {
    vec![
        I2cStep::write_read(address, vec![0x0f], vec![0x33]),
        lis_writes(address, 0x20, 0x07),
        lis_writes(address, 0x1e, pull_up),
        lis_writes(address, 0x1f, 0x00),
        lis_writes(address, 0x23, 0x80),
    ]
}

/// Status and sample.
fn lis_sample(bytes: [u8; 7]) -> I2cStep {
    I2cStep::write_read(LIS, vec![0x27 | 0x80], bytes.to_vec())
}

#[test]
fn lis3dh_takes_three_transfers_a_sample() {
    let mut steps = lis_start(LIS, 0x90);
    steps.extend([
        // ±4 g.
        lis_writes(LIS, 0x23, 0x90),
        // On at 400 Hz, normal mode.
        lis_writes(LIS, 0x20, 0x77),
        // Not all axes are new.
        lis_sample([0x07, 1, 2, 3, 4, 5, 6]),
        lis_sample([0x0f, 0x40, 0x40, 0xc0, 0xbf, 0xc0, 0x7f]),
        // Off.
        lis_writes(LIS, 0x20, 0x07),
    ]);
    let mut bus = I2cMock::new(&steps);
    let mut sensor = Lis3dh::new(bus.clone(), false);
    sensor.find().unwrap();
    sensor.set_ranges(&[4.0, 2.0, 2.0]).unwrap();
    let full_scales: Vec<f32> = sensor.channels().iter().map(|c| c.full_scale).collect();
    assert_eq!(full_scales, [4.0; 3], "one range for all axes");
    sensor.power_up().unwrap();
    assert!(sensor.read(0).is_pending());
    assert_eq!(sensor.read(0), Poll::Ready(Ok([0x4040, -0x4040, 0x7fc0])));
    sensor.power_down().unwrap();
    bus.done();
}

#[test]
fn lis3dh_for_every_sample_reads_none_that_its_status_did_not_announce() {
    let status = |value| I2cStep::write_read(LIS, vec![0x27], vec![value]);
    let mut bus = I2cMock::new(&[
        status(0x07),
        status(0x0f),
        lis_sample([0x0f, 0x40, 0x40, 0xc0, 0xbf, 0xc0, 0x7f]),
    ]);
    let mut sensor = Lis3dh::new(bus.clone(), false).with_status_first();
    assert!(sensor.read(0).is_pending());
    assert_eq!(sensor.read(0), Poll::Ready(Ok([0x4040, -0x4040, 0x7fc0])));
    bus.done();
}

#[test]
fn lis3dh_keeps_its_pull_up_only_where_the_pin_is_high() {
    // A pin wired to ground would draw a current through it all the time.
    for (alternate, address, pull_up) in [(false, 0x18, 0x90), (true, 0x19, 0x10)] {
        let mut bus = I2cMock::new(&lis_start(address, pull_up));
        Lis3dh::new(bus.clone(), alternate).find().unwrap();
        bus.done();
    }
}

#[test]
fn lis3dh_looks_only_when_a_settled_sample_is_there() {
    let mut bus = I2cMock::new(&[]);
    let sensor = Lis3dh::new(bus.clone(), false);
    let profile = sensor.profile();
    // 1.6 ms of turn-on, then a period of 400 Hz by an oscillator that is 10 % slow.
    assert!(profile.turn_on >= Duration::from_micros(1600 + 2750), "{profile:?}");
    assert!(profile.turn_on < Duration::from_millis(5), "{profile:?}");
    assert!(profile.off_pays > profile.turn_on, "{profile:?}");
    // A pause that pays on a board whose core sleeps at the bus.
    let pause = Duration::from_millis(10);
    assert_eq!(sensor.with_off_pays(pause).profile().off_pays, pause);
    bus.done();
}

#[test]
fn lis3dh_that_does_not_answer() {
    let nobody = embedded_hal::i2c::ErrorKind::NoAcknowledge(embedded_hal::i2c::NoAcknowledgeSource::Address);
    let mut bus = I2cMock::new(&[I2cStep::write_read(0x19, vec![0x0f], vec![0]).with_error(nobody)]);
    assert_eq!(Lis3dh::new(bus.clone(), true).find(), Err(Error::Bus(nobody)));
    bus.done();
    let mut bus = I2cMock::new(&[I2cStep::write_read(0x19, vec![0x0f], vec![0x44])]);
    assert_eq!(Lis3dh::new(bus.clone(), true).find(), Err(Error::Part { found: 0x44 }));
    bus.done();
    // The bus's own error, whichever transfer fails.
    let mut steps = lis_start(LIS, 0x90);
    steps.push(lis_writes(LIS, 0x20, 0x77).with_error(nobody));
    steps.push(lis_sample([0; 7]).with_error(nobody));
    let mut bus = I2cMock::new(&steps);
    let mut sensor = Lis3dh::new(bus.clone(), false);
    sensor.find().unwrap();
    assert_eq!(sensor.power_up(), Err(Error::Bus(nobody)));
    assert_eq!(sensor.read(0), Poll::Ready(Err(Error::Bus(nobody))));
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
    let broken = Error::Bus(embedded_hal::spi::ErrorKind::Other);
    // Finding the part takes one transfer, configuring it two.
    for good in 0..3 {
        assert_eq!(Adxl362::new(Failing(good)).find(), Err(broken));
    }
    let mut sensor = Adxl362::new(Failing(4));
    sensor.find().unwrap();
    assert_eq!(sensor.rate_hz(), 400);
    assert!(sensor.profile().turn_on >= Duration::from_micros(11_111));
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
