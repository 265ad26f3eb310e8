//! A board whose parts return anything.

use core::{convert::Infallible, hint::black_box, task::Poll};
use skiprnn_nostd::runner::{Captured, ChannelScale, Clock, Described, Profile, Sensor};

/// A sensor of three channels.
pub struct NoSensor;

static CHANNELS: [ChannelScale; 3] = [ChannelScale {
    unit: "g",
    full_scale: 2.0,
}; 3];

impl Sensor for NoSensor {
    type Error = ();
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        black_box(Profile::default())
    }

    fn power_up(&mut self) -> Result<(), ()> {
        black_box(Ok(()))
    }

    fn power_down(&mut self) -> Result<(), ()> {
        black_box(Ok(()))
    }

    fn read(&mut self, sample: u64) -> Poll<Result<[i16; 3], ()>> {
        black_box(sample);
        black_box(Poll::Ready(Ok([0; 3])))
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<[i16; 3]>, ()> {
        black_box(sample);
        black_box(Ok(Captured::Empty))
    }
}

impl Described for NoSensor {
    fn channels(&self) -> &[ChannelScale] {
        black_box(&CHANNELS)
    }

    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), ()> {
        black_box(full_scales);
        black_box(Ok(()))
    }

    fn rate_hz(&self) -> u32 {
        black_box(100)
    }
}

/// A clock at any time.
pub struct NoClock;

impl Clock for NoClock {
    type Error = ();

    fn ticks_per_second(&self) -> u32 {
        black_box(32_768)
    }

    fn now(&mut self) -> u64 {
        black_box(0)
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), ()> {
        black_box(tick);
        black_box(Ok(()))
    }
}

/// A pin that drives nothing.
pub struct NoPin;

impl embedded_hal::digital::ErrorType for NoPin {
    type Error = Infallible;
}

impl embedded_hal::digital::OutputPin for NoPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        black_box(());
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        black_box(());
        Ok(())
    }
}
