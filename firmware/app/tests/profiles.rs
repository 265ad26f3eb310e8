//! The drivers against the table of sensors, and against the profiles of `energy/` in what only a driver knows: its transfers. What
//! the table says is compared with the profiles in `board-link/tests/profiles.rs`.

use app::sensor::{
    Described, adxl362::Accelerometer as Adxl362, analog::Voltage, lis3dh::Accelerometer, lsm6ds::Inertial,
};
use board_link::sensors::{ADXL362, ANALOG, LIS3DH, LSM6DS, Sensor as Entry};
use embedded_hal::{
    digital,
    i2c::{ErrorKind, ErrorType, I2c, Operation},
    spi::{self, SpiDevice},
};
use std::{cell::Cell, rc::Rc};

/// Clock of the bus on the nRF52840-DK in kHz.
const BUS_KHZ: f64 = 390.0;

/// A bus with a part that answers everything with this byte; counts bits.
#[derive(Clone)]
struct Counting {
    answer: u8,
    bits: Rc<Cell<u32>>,
}

impl ErrorType for Counting {
    type Error = ErrorKind;
}

impl I2c for Counting {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        // The stop condition; then for each operation a start and the address, and its bytes.
        let mut bits = 1;
        for operation in operations {
            bits += 1 + 9;
            bits += 9 * match operation {
                Operation::Write(bytes) => bytes.len() as u32,
                Operation::Read(bytes) => {
                    bytes.fill(self.answer);
                    bytes.len() as u32
                }
            };
        }
        self.bits.set(self.bits.get() + bits);
        Ok(())
    }
}

/// The middle of a figure of a profile.
fn middle(profile: &str, figure: &str) -> f64 {
    let path = format!(
        "{}/../../energy/profiles/sensors/{profile}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let section = text.split(figure).nth(1).unwrap();
    let line = section.lines().find_map(|line| line.strip_prefix("mid = "));
    line.unwrap().parse().unwrap()
}

/// What one sample takes on the bus, in microseconds.
fn bus_us<S: Described>(sensor: &mut S, bits: &Cell<u32>) -> f64
where
    S::Error: std::fmt::Debug,
{
    bits.set(0);
    assert!(sensor.read(0).is_ready());
    f64::from(bits.get()) * 1000.0 / BUS_KHZ
}

/// The driver is as the table says: rate, turn-on time, pause, and every full scale of every channel.
fn is_as_the_table_says<S: Described>(sensor: &mut S, entry: &Entry)
where
    S::Error: std::fmt::Debug,
{
    assert_eq!(sensor.rate_hz(), entry.rate_hz, "{}", entry.name);
    assert_eq!(sensor.profile().turn_on, entry.turn_on, "{}", entry.name);
    assert_eq!(sensor.profile().off_pays, entry.off_pays, "{}", entry.name);
    assert_eq!(sensor.channels().len(), entry.inputs(), "{}", entry.name);
    let choices = entry.channels.iter().map(|group| group.full_scales.len()).max();
    for choice in 0..choices.unwrap_or(0) {
        let wanted: Vec<(f32, &str)> = entry
            .channels
            .iter()
            .flat_map(|group| vec![(group.full_scales[choice], group.unit); group.count])
            .collect();
        // A little beside the range: the nearest one is taken.
        let beside: Vec<f32> = wanted.iter().map(|(full_scale, _)| full_scale * 1.01).collect();
        sensor.set_ranges(&beside).unwrap();
        let set: Vec<(f32, &str)> = sensor.channels().iter().map(|c| (c.full_scale, c.unit)).collect();
        assert_eq!(set, wanted, "{}", entry.name);
    }
}

fn held_together<S: Described>(mut sensor: S, entry: &Entry, bits: &Cell<u32>, profiles: &[&str])
where
    S::Error: std::fmt::Debug,
{
    is_as_the_table_says(&mut sensor, entry);
    let bus = bus_us(&mut sensor, bits);
    bits.set(0);
    sensor.power_up().unwrap();
    sensor.power_down().unwrap();
    let switching = f64::from(bits.get()) * 1000.0 / BUS_KHZ;
    for profile in profiles {
        for (field, driven) in [("[bus_time_us]", bus), ("[switch_bus_time_us]", switching)] {
            let priced = middle(profile, field);
            assert!(
                (priced - driven).abs() < 0.1,
                "{profile}: {field} {priced} us, the driver takes {driven}"
            );
        }
    }
}

#[test]
fn what_the_drivers_do_is_what_is_priced() {
    let bits = Rc::new(Cell::new(0));
    let bus = |answer| Counting {
        answer,
        bits: bits.clone(),
    };
    held_together(Accelerometer::new(bus(0x0f), false), &LIS3DH, &bits, &["lis3dh-driver"]);
    held_together(
        Inertial::new(bus(0x07), 0x6a),
        &LSM6DS,
        &bits,
        &["lsm6dso-driver", "lsm6dsl-driver"],
    );
}

/// A bus that does nothing.
struct Silent;

impl spi::ErrorType for Silent {
    type Error = spi::ErrorKind;
}

impl SpiDevice for Silent {
    fn transaction(&mut self, _: &mut [spi::Operation<'_, u8>]) -> Result<(), spi::ErrorKind> {
        Ok(())
    }
}

#[test]
fn the_adxl362_is_as_the_table_says() {
    is_as_the_table_says(&mut Adxl362::new(Silent), &ADXL362);
}

/// A pin that takes every level.
struct Pin;

impl digital::ErrorType for Pin {
    type Error = core::convert::Infallible;
}

impl digital::OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[test]
fn a_voltage_is_as_the_table_says() {
    let convert = || Ok::<_, core::convert::Infallible>(0);
    let mut voltage = Voltage::new(convert, Pin, ANALOG.turn_on, 3.3);
    is_as_the_table_says(&mut voltage, &ANALOG);
    assert_eq!(voltage.channels()[0].unit, ANALOG.channels[0].unit);
}
