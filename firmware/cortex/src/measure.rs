//! The application `measure`, with everything from flash: one image for each mode, one for calibration.

use crate::{
    Parts, Refusal, blob_region,
    network::{Network, network},
    sequence_region, settle, stack_use,
};
use app::{
    Clock, IdleClock, MAX_INPUTS, Measure, Recording, SequenceFile, log,
    measure::{CALIBRATIONS, MeasureError, Mode},
    stored::find_blob,
};
use skiprnn_nostd::{Model, Network as _};

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Windows, or rounds of calibrations.
    pub windows: u32,
    /// The least that a window lasts; a calibration lasts as long as it does.
    pub seconds: u32,
}

impl Plan {
    /// For a power analyser: five windows of ten seconds or more.
    pub const ANALYSER: Self = Self {
        windows: 5,
        seconds: 10,
    };
    /// Everything once, where what is counted repeats exactly.
    pub const ONCE: Self = Self { windows: 1, seconds: 0 };
}

/// A measurement of this image's parts.
type Measured<P> = Measure<
    Network,
    <P as Parts>::Clock,
    <P as Parts>::Meter,
    <P as Parts>::Seq,
    <P as Parts>::Awake,
    <P as Parts>::Update,
>;

/// Finds blob and sequences in their sections, passes over them in this mode, and logs each window when it is over.
///
/// # Errors
/// The blob or the sequences are damaged, or do not fit this image or each other; or there is a budget, by which no
/// sequence would be like another.
pub fn windows<P>(name: &'static str, parts: P, mode: Mode, plan: Plan) -> Result<(), Refusal>
where
    P: Parts<Clock: IdleClock>,
{
    let (mut measure, recording) = begin(name, parts)?;
    for _ in 0..plan.windows {
        let window = measure.window(mode, || recording, plan.seconds)?;
        log::window(mode, &window);
        settle();
    }
    log::stack(stack_use());
    log::measured(plan.windows);
    Ok(())
}

/// Finds blob and sequences in their sections, runs every calibration, updates on the first sample, and logs each when it
/// is over.
///
/// # Errors
/// As [`windows`].
pub fn calibrations<P>(name: &'static str, parts: P, plan: Plan) -> Result<(), Refusal>
where
    P: Parts<Clock: IdleClock>,
{
    let (mut measure, mut recording) = begin(name, parts)?;
    recording.advance()?;
    let mut counts = [0; MAX_INPUTS];
    let inputs = recording.header().inputs as usize;
    let counts = counts.get_mut(..inputs).ok_or(MeasureError::Inputs)?;
    recording.read(0, counts).map_err(MeasureError::Sample)?;
    for _ in 0..plan.windows {
        for calibration in CALIBRATIONS {
            let window = measure.calibrate(calibration, counts)?;
            log::calibration(calibration, &window);
            settle();
        }
    }
    log::stack(stack_use());
    log::measured(plan.windows);
    Ok(())
}

/// What both have in common: the measurement, ready, and its sequences.
fn begin<P>(name: &'static str, parts: P) -> Result<(Measured<P>, SequenceFile<'static>), Refusal>
where
    P: Parts<Clock: IdleClock>,
{
    let (clock, meter, markers) = parts.split();
    log::image(name, clock.ticks_per_second());
    let loaded = find_blob(blob_region())?;
    let model = Model::parse(loaded.blob)?;
    let recording = SequenceFile::find(sequence_region())?;
    log::model(&model, recording.header());
    log::settings(&loaded.settings);
    let setting = loaded.settings.fixed()?;
    let mut network = network(model)?;
    network.set_dial(setting.dial);
    let measure = Measure::new(network, clock, meter, markers)?.with_cap(setting.cap);
    Ok((measure, recording))
}
