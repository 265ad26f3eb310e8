//! The interface that the runner needs of a sensor, and a sensor whose supply is switched by a pin.

use super::Instants;
use core::{fmt, task::Poll, time::Duration};
use embedded_hal::digital::OutputPin;

/// What the runner needs to know of a sensor's supply; the data sheet of the sensor has the figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Profile {
    /// The time from [`Sensor::power_up`] to the first valid sample, settling included.
    pub turn_on: Duration,
    /// The shortest pause for which switching off pays. The sensor stays on for shorter ones, and for those that leave
    /// no time for `turn_on`.
    pub off_pays: Duration,
    /// Whether the sensor is never switched off, for example because it would lose its calibration.
    pub always_on: bool,
    /// Whether its samples wait for as long as it takes, as those of a recording do: no sample is ever missed, it is taken
    /// late.
    pub keeps_samples: bool,
}

/// The fate of a sample that fell due while an update still ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured<T> {
    /// The sample was captured.
    Sample {
        /// Its raw counts, (I).
        counts: T,
        /// The samples that were in the queue when this one was asked for, itself and those before it included.
        queued: u32,
    },
    /// The sample fell due, but the queue or the FIFO was full.
    Overflow,
    /// Nothing was captured at that instant.
    Empty,
}

/// A sensor that delivers one sample of all channels at a time.
///
/// A driver over `embedded_hal::i2c` or `spi` needs `power_up`, `power_down` and `read`. Where an update of the network
/// can take longer than the sample period, it also captures every sample meanwhile: from the sensor's own FIFO, by implementing the
/// three `capture` functions, or from an interrupt ([`super::CaptureQueue`]).
pub trait Sensor {
    /// The error of the bus.
    type Error;

    /// The raw counts of one sample, (I), such as `[i16; 3]`.
    type Sample: AsRef<[i16]>;

    /// The figures of the sensor's supply; constant.
    fn profile(&self) -> Profile;

    /// Switches the sensor on, or out of its sleep mode, and configures it. Called with the sensor off.
    ///
    /// # Errors
    /// The sensor does not answer.
    fn power_up(&mut self) -> Result<(), Self::Error>;

    /// Switches the sensor off, or into its sleep mode.
    ///
    /// # Errors
    /// The sensor does not answer.
    fn power_down(&mut self) -> Result<(), Self::Error>;

    /// Reads the present sample, which is number `sample` of the sequence. `Pending` where it is not there yet; the runner
    /// then asks again a little later, up to its timeout.
    ///
    /// # Errors
    /// The sensor does not answer, or answers with nonsense.
    fn read(&mut self, sample: u64) -> Poll<Result<Self::Sample, Self::Error>>;

    /// From now on captures every sample from number `from` on, due at the instants given, and forgets older ones.
    ///
    /// # Errors
    /// The sensor does not answer.
    fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), Self::Error> {
        let _ = (from, instants);
        Ok(())
    }

    /// Takes sample number `sample` out of what was captured, and drops the older ones. Capturing continues.
    ///
    /// # Errors
    /// The sensor does not answer.
    fn take_captured(&mut self, sample: u64) -> Result<Captured<Self::Sample>, Self::Error> {
        let _ = sample;
        Ok(Captured::Empty)
    }

    /// Captures no more; what was captured can still be taken.
    ///
    /// # Errors
    /// The sensor does not answer.
    fn stop_capture(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A sensor whose supply is switched by a pin, high for on.
///
/// The pin goes high before the sensor is switched on, and low after it is switched off, so that no bus line feeds a sensor
/// without supply. The sensor's profile has to include the rise of the supply.
#[derive(Debug)]
pub struct SwitchedSupply<S, P> {
    sensor: S,
    pin: P,
}

/// Why a [`SwitchedSupply`] failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SupplyError<S, P> {
    /// The sensor behind the pin failed.
    Sensor(S),
    /// The pin did not take its level.
    Pin(P),
}

impl<S: fmt::Debug, P: fmt::Debug> fmt::Display for SupplyError<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SupplyError::Sensor(error) => write!(f, "{error:?}"),
            SupplyError::Pin(error) => write!(f, "supply pin: {error:?}"),
        }
    }
}

impl<S: fmt::Debug, P: fmt::Debug> core::error::Error for SupplyError<S, P> {}

impl<S, P: OutputPin> SwitchedSupply<S, P> {
    /// A sensor behind this pin, which is set low.
    ///
    /// # Errors
    /// The pin did not take its level.
    pub fn new(sensor: S, mut pin: P) -> Result<Self, P::Error> {
        pin.set_low()?;
        Ok(SwitchedSupply { sensor, pin })
    }
}

impl<S: Sensor, P: OutputPin> Sensor for SwitchedSupply<S, P> {
    type Error = SupplyError<S::Error, P::Error>;
    type Sample = S::Sample;

    fn profile(&self) -> Profile {
        self.sensor.profile()
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        self.pin.set_high().map_err(SupplyError::Pin)?;
        self.sensor.power_up().map_err(SupplyError::Sensor)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        // The supply goes off even where the sensor no longer answers: that is what brings it back.
        let sensor = self.sensor.power_down().map_err(SupplyError::Sensor);
        self.pin.set_low().map_err(SupplyError::Pin)?;
        sensor
    }

    fn read(&mut self, sample: u64) -> Poll<Result<S::Sample, Self::Error>> {
        self.sensor.read(sample).map_err(SupplyError::Sensor)
    }

    fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), Self::Error> {
        self.sensor.start_capture(from, instants).map_err(SupplyError::Sensor)
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<S::Sample>, Self::Error> {
        self.sensor.take_captured(sample).map_err(SupplyError::Sensor)
    }

    fn stop_capture(&mut self) -> Result<(), Self::Error> {
        self.sensor.stop_capture().map_err(SupplyError::Sensor)
    }
}
