//! A voltage at an analog-to-digital converter on the chip, with the supply of what makes the voltage on a pin.
//!
//! embedded-hal 1.0 has no trait for converters, so that a board gives a function that makes one conversion.

use super::{ChannelScale, Described};
use board_link::sensors::ANALOG;
use core::{task::Poll, time::Duration};
use embedded_hal::digital::OutputPin;
use skiprnn_nostd::runner::{Profile, Sensor};

/// What can go wrong; `C` is the converter's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<C> {
    /// The conversion.
    Conversion(C),
    /// The pin of the supply did not take its level.
    Supply,
}

/// The unit of the table's only channel.
const UNIT: &str = match ANALOG.channels {
    [channel] => channel.unit,
    _ => panic!("one channel"),
};

/// One channel, converted on request.
pub struct Voltage<F, P> {
    convert: F,
    supply: P,
    /// From the supply's rise to a settled voltage.
    settling: Duration,
    channels: [ChannelScale; 1],
}

impl<F, P: OutputPin> Voltage<F, P> {
    /// Puts it together. `convert` makes one conversion, 32,768 counts for `full_scale` volts; `supply` is high while
    /// the voltage is wanted, which takes `settling` to be right.
    pub const fn new(convert: F, supply: P, settling: Duration, full_scale: f32) -> Self {
        let scale = ChannelScale { unit: UNIT, full_scale };
        Self {
            convert,
            supply,
            settling,
            channels: [scale],
        }
    }
}

impl<C, F: FnMut() -> Result<i16, C>, P: OutputPin> Described for Voltage<F, P> {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    fn rate_hz(&self) -> u32 {
        ANALOG.rate_hz
    }
}

impl<C, F: FnMut() -> Result<i16, C>, P: OutputPin> Sensor for Voltage<F, P> {
    type Error = Error<C>;
    type Sample = [i16; 1];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: self.settling,
            off_pays: ANALOG.off_pays,
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        self.supply.set_high().map_err(|_| Error::Supply)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.supply.set_low().map_err(|_| Error::Supply)
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 1], Self::Error>> {
        Poll::Ready((self.convert)().map(|count| [count]).map_err(Error::Conversion))
    }
}
