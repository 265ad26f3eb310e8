//! What sensor a model accepts, and what it refuses by name.

use super::{PROFILE, mock::MockSensor, mock::Shared};
use skiprnn_nostd::{
    Model, include_blob,
    runner::{ChannelScale, Described, FitError, Mismatch, Profile, Sensor, check_fit, fit},
};
use std::{sync::LazyLock, task::Poll};

/// The three-channel activity model: 50 Hz, full scales 4, 2 and 2 g.
pub fn model() -> Model<'static> {
    static BLOB: &[u8] = include_blob!("../../examples/activity.srnn");
    static MODEL: LazyLock<Model<'static>> = LazyLock::new(|| Model::parse(BLOB).unwrap());
    MODEL.clone()
}

/// A sensor of three channels that takes the ranges it is asked for, up to a widest one.
struct Scaled {
    sensor: MockSensor,
    channels: Vec<ChannelScale>,
    widest: f32,
    rate_hz: u32,
    answers: bool,
}

impl Scaled {
    fn new(unit: &'static str, widest: f32) -> Self {
        let channel = ChannelScale { unit, full_scale: 1.0 };
        Scaled {
            sensor: MockSensor::new(&Shared::at(0), PROFILE),
            channels: vec![channel; 3],
            widest,
            rate_hz: 400,
            answers: true,
        }
    }
}

impl Sensor for Scaled {
    type Error = &'static str;
    type Sample = [i16; 1];

    fn profile(&self) -> Profile {
        self.sensor.profile()
    }

    fn power_up(&mut self) -> Result<(), &'static str> {
        self.sensor.power_up()
    }

    fn power_down(&mut self) -> Result<(), &'static str> {
        self.sensor.power_down()
    }

    fn read(&mut self, sample: u64) -> Poll<Result<[i16; 1], &'static str>> {
        self.sensor.read(sample)
    }
}

impl Described for Scaled {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), &'static str> {
        if !self.answers {
            return Err("no answer");
        }
        for (channel, full_scale) in self.channels.iter_mut().zip(full_scales) {
            channel.full_scale = full_scale.min(self.widest);
        }
        Ok(())
    }
}

/// Why a sensor is refused.
fn refusal(mut sensor: Scaled) -> Mismatch {
    match fit(&model(), &mut sensor) {
        Err(FitError::Mismatch(mismatch)) => mismatch,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_model_for_another_sensor_is_refused_by_name() {
    let narrow = refusal(Scaled::new("g", 2.0));
    assert!(matches!(narrow, Mismatch::Range { channel: 0, .. }), "{narrow}");
    assert_eq!(
        narrow.to_string(),
        "channel 0: the model's full scale is 4000, the sensor's nearest 2000 thousandths of its unit; quantize the \
         model with --full-scale of the sensor"
    );
    let unit = refusal(Scaled::new("m/s^2", 4.0));
    assert_eq!(unit, Mismatch::Unit { channel: 0 });
    assert!(unit.to_string().contains("unit"), "{unit}");
    let mut few = Scaled::new("g", 4.0);
    few.channels.pop();
    let few = refusal(few);
    assert_eq!(few, Mismatch::Channels { model: 3, sensor: 2 });
    assert!(few.to_string().contains("3 channels, the sensor delivers 2"), "{few}");
    let mut silent = Scaled::new("g", 4.0);
    silent.answers = false;
    let error = fit(&model(), &mut silent).unwrap_err();
    assert_eq!(error, FitError::Sensor("no answer"));
    assert_eq!(error.to_string(), "the ranges cannot be set: \"no answer\"");
    assert_eq!(FitError::<()>::Mismatch(few).to_string(), few.to_string());
}

/// Every instant has its new sample only if the sensor is faster by what its oscillator may be off.
#[test]
fn a_sensor_must_be_a_tenth_faster_than_the_model() {
    let at = |rate_hz| Scaled {
        rate_hz,
        ..Scaled::new("g", 4.0)
    };
    assert_eq!(refusal(at(25)), Mismatch::Rate { model: 50, sensor: 25 });
    assert_eq!(
        refusal(at(54)).to_string(),
        "the model takes 50 samples a second, the sensor makes 54; it must make 10 % more"
    );
    assert_eq!(fit(&model(), &mut at(55)), Ok(()));
}

#[test]
fn a_sensor_is_set_to_the_models_ranges() {
    let mut sensor = Scaled::new("g", 4.0);
    assert_eq!(sensor.find(), Ok(()));
    fit(&model(), &mut sensor).unwrap();
    let set: Vec<f32> = sensor.channels().iter().map(|channel| channel.full_scale).collect();
    let wanted: Vec<f32> = model().channels().map(|channel| channel.full_scale).collect();
    assert_eq!(set, wanted);
    // As an async driver is checked, which sets its ranges itself.
    assert_eq!(check_fit(&model(), sensor.channels(), 55), Ok(()));
}
