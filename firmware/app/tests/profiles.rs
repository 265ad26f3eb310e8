//! The drivers against the profiles of `energy/`: what a board waits for and transfers is what its energy is predicted from.

use app::sensor::{Described, adxl362::Accelerometer as Adxl362, lis3dh::Accelerometer, lsm6ds::Inertial};
use embedded_hal::{
    i2c::{ErrorKind, ErrorType, I2c, Operation},
    spi::{self, SpiDevice},
};
use skiprnn_nostd::runner::Sensor;
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

fn held_together<S: Described>(mut sensor: S, bits: &Cell<u32>, profiles: &[&str])
where
    S::Error: std::fmt::Debug,
{
    let turn_on_ms = sensor.profile().turn_on.as_secs_f64() * 1e3;
    let bus = bus_us(&mut sensor, bits);
    // The prediction takes the commands that switch on and off as one read more.
    bits.set(0);
    sensor.power_up().unwrap();
    sensor.power_down().unwrap();
    assert!(f64::from(bits.get()) * 1000.0 / BUS_KHZ <= bus);
    for profile in profiles {
        assert_eq!(middle(profile, "[turn_on_time_ms]"), turn_on_ms, "{profile}");
        assert_eq!(middle(profile, "[turn_on_periods]"), 0.0, "{profile}");
        let priced = middle(profile, "[bus_time_us]");
        assert!(
            (priced - bus).abs() < 0.1,
            "{profile}: {priced} us, the driver takes {bus}"
        );
        let path = format!(
            "{}/../../energy/profiles/sensors/{profile}.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).unwrap();
        // One rate, the driver's.
        assert_eq!(text.matches("[[rate]]").count(), 1, "{profile}");
        assert!(
            text.contains(&format!("odr_hz = {}.0\n", sensor.rate_hz())),
            "{profile}"
        );
        assert!(
            text.contains(&format!("channels = {}\n", sensor.channels().len())),
            "{profile}"
        );
    }
}

#[test]
fn what_the_drivers_do_is_what_is_priced() {
    let bits = Rc::new(Cell::new(0));
    let bus = |answer| Counting {
        answer,
        bits: bits.clone(),
    };
    held_together(Accelerometer::new(bus(0x0f), false), &bits, &["lis3dh-driver"]);
    held_together(
        Inertial::new(bus(0x07), 0x6a),
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

/// The profile of the ADXL362 is of every rate that the part has, so that its wait is in periods.
#[test]
fn the_adxl362_waits_as_many_periods_as_its_profile_says() {
    let sensor = Adxl362::new(Silent);
    let periods = sensor.profile().turn_on.as_secs_f64() * f64::from(sensor.rate_hz());
    assert_eq!(middle("adxl362", "[turn_on_time_ms]"), 0.0);
    assert!(
        (middle("adxl362", "[turn_on_periods]") - periods).abs() < 1e-9,
        "{periods} periods"
    );
}
