//! The sensors that the firmware reads: names, figures as the drivers run them, energy profiles. The drivers in
//! `firmware/app/src/sensor` take their rate, turn-on time and full scales from here.

use core::{fmt, time::Duration};

/// Channels of a sample that have one unit and one range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channels {
    /// How many.
    pub count: usize,
    /// Their unit, as a blob writes it, such as `g` or `rad/s`.
    pub unit: &'static str,
    /// The magnitudes at 32,768 counts that can be chosen, in that unit; empty where the board's circuit decides.
    pub full_scales: &'static [f32],
}

/// A sensor as its driver runs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensor {
    /// Its name, also of the driver's file and in the programs `classify-...` of the boards.
    pub name: &'static str,
    /// What it is.
    pub part: &'static str,
    /// The mode in which its driver runs it, in the words of its energy profile.
    pub mode: &'static str,
    /// Its channels, in the order of a sample.
    pub channels: &'static [Channels],
    /// Bits in which it counts, the upper ones of 16; 0 where the board's converter decides.
    pub bits: u8,
    /// Samples per second that it makes while it is on.
    pub rate_hz: u32,
    /// What the driver waits from the command that switches on to the first read; zero where the board's circuit decides.
    pub turn_on: Duration,
    /// The shortest pause in which the driver switches it off, where the board does not say otherwise.
    pub off_pays: Duration,
    /// What it takes while it is on, in microamperes, typical by its data sheet in the driver's mode and rate; 0 where the
    /// board's circuit decides.
    pub on_ua: f32,
    /// The profile of `energy/` that prices it in this mode.
    pub profile: &'static str,
}

impl Sensor {
    /// Channels of a sample.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.channels
            .iter()
            .fold(0, |sum, group| sum.saturating_add(group.count))
    }

    /// The full scales for people, such as `2, 4, 8 g`.
    #[must_use]
    pub const fn full_scales(&self) -> FullScales {
        FullScales(self.channels)
    }
}

/// Full scales as `skiprnn boards` prints them.
#[derive(Debug, Clone, Copy)]
pub struct FullScales(&'static [Channels]);

impl fmt::Display for FullScales {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            if group.full_scales.is_empty() {
                write!(f, "the board's own, {}", group.unit)?;
                continue;
            }
            for (index, full_scale) in group.full_scales.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                write!(f, "{comma}{full_scale}")?;
            }
            write!(f, " {}", group.unit)?;
        }
        Ok(())
    }
}

/// ST LIS3DH over I2C, in normal mode (10 bits) at 400 Hz. Data sheet (DocID17530 Rev 2), tables 4, 10 and 11.
pub const LIS3DH: Sensor = Sensor {
    name: "lis3dh",
    part: "ST LIS3DH",
    mode: "normal mode (10 bit)",
    channels: &[Channels {
        count: 3,
        unit: "g",
        // Table 4 gives whole numbers, 1 mg a digit of 12 bits at ±2 g, which would be 2.048 g; of the same table of the
        // LIS2DH12, ST says that they are rounded from 2 g / 2^11. At ±16 g the part counts in other steps.
        full_scales: &[2.0, 4.0, 8.0],
    }],
    bits: 10,
    rate_hz: 400,
    // 1.6 ms of turn-on and the first period of 400 Hz, which an oscillator 10 % slow makes 2.75 ms; 0.25 ms for the transfer
    // that switches on, and for slow parts. The first look then finds a sample that was made after the turn-on: one that an
    // earlier look had left behind is overwritten by then.
    turn_on: Duration::from_micros(4600),
    // For a core that waits for the bus awake, at 8 to 15 mW: off saves 72.5 µA once the turn-on is over, and switching takes
    // a wake-up and two transfers. `skiprnn energy break-even --sensor lis3dh-driver` says 35 ms for an STM32U5.
    off_pays: Duration::from_millis(36),
    on_ua: 73.0,
    profile: "lis3dh-driver",
};

/// The shortest pause in which an LIS3DH is switched off on a board whose core sleeps while a transfer runs: switching takes 1.0 uJ
/// there (simulated on the nRF52840), as much as the sensor in 4.7 ms. `skiprnn energy break-even --board nrf52840` says 9.6 ms.
pub const LIS3DH_OFF_PAYS_ASLEEP_AT_BUS: Duration = Duration::from_millis(10);

/// ST LSM6DS family over I2C, both halves at 208 Hz in normal mode.
pub const LSM6DS: Sensor = Sensor {
    name: "lsm6ds",
    part: "ST LSM6DS3, DSL, DSM, DSR, DSO, DSOX",
    mode: "accelerometer and gyroscope in normal mode",
    channels: &[
        Channels {
            count: 3,
            unit: "g",
            // 0.061 mg a count at the first.
            full_scales: &[2.0, 4.0, 8.0, 16.0],
        },
        Channels {
            count: 3,
            unit: "rad/s",
            // 8.75, 17.5, 35 and 70 thousandths of a degree a second for each count.
            full_scales: &[5.0042, 10.0084, 20.0168, 40.0337],
        },
    ],
    bits: 16,
    rate_hz: 208,
    // The gyroscope is the slow half: the driver's header has the figures of each part of the family.
    turn_on: Duration::from_millis(90),
    // Off saves 380 µA once the turn-on is over: what it costs to switch is 1 to 6 ms of that
    // (`skiprnn energy break-even --sensor lsm6dso-driver`).
    off_pays: Duration::from_millis(92),
    on_ua: 380.0,
    profile: "lsm6dso-driver",
};

/// Analog Devices ADXL362 over SPI at 400 Hz. Data sheet (rev. F).
pub const ADXL362: Sensor = Sensor {
    name: "adxl362",
    part: "Analog Devices ADXL362",
    mode: "accelerometer",
    channels: &[Channels {
        count: 3,
        unit: "g",
        // 1, 2 or 4 mg a count of 12 bits.
        full_scales: &[2.048, 4.096, 8.192],
    }],
    bits: 12,
    rate_hz: 400,
    // Four periods of 400 Hz, by a clock that is up to 10 % slow.
    turn_on: Duration::from_micros(11_200),
    // On, it takes 3 µA, so little that only a long pause pays for the transfers: 60 ms of it are half a microjoule, as much
    // as they cost.
    off_pays: Duration::from_millis(60),
    on_ua: 3.0,
    profile: "adxl362",
};

/// A voltage at a converter on the chip, with the supply of its source on a pin.
pub const ANALOG: Sensor = Sensor {
    name: "analog",
    part: "a voltage at a converter on the chip",
    mode: "",
    channels: &[Channels {
        count: 1,
        unit: "V",
        full_scales: &[],
    }],
    bits: 0,
    // A conversion takes microseconds.
    rate_hz: 10_000,
    turn_on: Duration::ZERO,
    // Switching a pin costs nothing: off whenever there is time to come back.
    off_pays: Duration::ZERO,
    on_ua: 0.0,
    profile: "none",
};

/// Every sensor.
pub const SENSORS: [Sensor; 4] = [LIS3DH, LSM6DS, ADXL362, ANALOG];

/// The sensor of this name.
#[must_use]
pub fn find(name: &str) -> Option<Sensor> {
    SENSORS.into_iter().find(|sensor| sensor.name == name)
}

/// The first sensor with this many channels, which is the one that the application `classify` stands for.
#[must_use]
pub fn with_channels(inputs: usize) -> Option<Sensor> {
    SENSORS.into_iter().find(|sensor| sensor.inputs() == inputs)
}

/// The sensor that a program reads, by the end of its name; none for a program that reads no sensor.
#[must_use]
pub fn of_program(program: &str) -> Option<Sensor> {
    let reads = ["classify-", "record-"];
    find(reads.iter().find_map(|start| program.strip_prefix(start))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scales_are_listed_by_unit() {
        let shown = SENSORS.map(|sensor| sensor.full_scales().to_string());
        assert_eq!(
            shown,
            [
                "2, 4, 8 g",
                "2, 4, 8, 16 g; 5.0042, 10.0084, 20.0168, 40.0337 rad/s",
                "2.048, 4.096, 8.192 g",
                "the board's own, V"
            ]
        );
    }

    #[test]
    fn sensors_are_found_by_name_channels_and_program() {
        assert_eq!(find("lsm6ds").map(|sensor| sensor.inputs()), Some(6));
        assert_eq!(find("lsm6dso"), None);
        assert_eq!(with_channels(3).map(|sensor| sensor.name), Some("lis3dh"));
        assert_eq!(with_channels(2), None);
        assert_eq!(of_program("classify-adxl362"), Some(ADXL362));
        assert_eq!(of_program("record-lis3dh"), Some(LIS3DH));
        assert_eq!(of_program("replay"), None);
    }
}
