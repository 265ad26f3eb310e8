//! The application `measure`, with everything from flash: one image for each way over the sequences, one for calibration.

use crate::{
    Refusal, blob_region,
    network::{Network, network},
    sequence_region, settle, stack_use,
};
use app::{
    IdleClock, MAX_INPUTS, Markers, Measure, Meter, Recording, SequenceFile, log,
    measure::{CALIBRATIONS, MeasureError, Mode},
    stored::find_blob,
};
use core::convert::Infallible;
use embedded_hal::digital::OutputPin;
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
type Measured<C, M, S, A, U> = Measure<Network, C, M, S, A, U>;

/// Finds blob and sequences in their sections, passes over them in this way, and logs each window when it is over.
///
/// # Errors
/// The blob or the sequences are damaged, or do not fit this image or each other; or there is a budget, by which no
/// sequence would be like another.
pub fn windows<C, M, S, A, U>(
    name: &'static str,
    (clock, meter, markers): (C, M, Markers<S, A, U>),
    mode: Mode,
    plan: Plan,
) -> Result<(), Refusal>
where
    C: IdleClock<Error = Infallible>,
    M: Meter,
    S: OutputPin,
    A: OutputPin,
    U: OutputPin,
{
    let (mut measure, recording) = begin(name, clock, meter, markers)?;
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
pub fn calibrations<C, M, S, A, U>(
    name: &'static str,
    (clock, meter, markers): (C, M, Markers<S, A, U>),
    plan: Plan,
) -> Result<(), Refusal>
where
    C: IdleClock<Error = Infallible>,
    M: Meter,
    S: OutputPin,
    A: OutputPin,
    U: OutputPin,
{
    let (mut measure, mut recording) = begin(name, clock, meter, markers)?;
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
#[allow(clippy::type_complexity, reason = "two things")]
fn begin<C, M, S, A, U>(
    name: &'static str,
    clock: C,
    meter: M,
    markers: Markers<S, A, U>,
) -> Result<(Measured<C, M, S, A, U>, SequenceFile<'static>), Refusal>
where
    C: IdleClock<Error = Infallible>,
    M: Meter,
    S: OutputPin,
    A: OutputPin,
    U: OutputPin,
{
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
