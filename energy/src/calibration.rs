//! Figures of one measured board in place of a profile's.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::measure::Measurement;
use crate::profile::{ActiveWorkload, Board, Check, Evidence, Figure};
use crate::small_file;
use crate::stats::Estimate;

/// What a measured run tells of a board. A TOML file with the figures of a board profile, each optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Energy per clock cycle of the network itself.
    pub active_energy_pj_per_cycle: Option<Figure>,
    /// Current asleep.
    pub sleep_current_ua: Option<Figure>,
    /// Energy of one wake-up.
    pub wake_energy_uj: Option<Figure>,
    /// The file that it was read from, which errors name.
    #[serde(skip)]
    file: Option<PathBuf>,
}

/// Why a simulated trace is refused.
const SIMULATED: &str =
    "the trace is simulated: a calibration is for figures of a real board; record one with a power analyser";

impl Calibration {
    /// Reads a calibration file.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Profile`] with file, field and fix, [`Error::Mismatch`] where it holds no figure. Whether the figures
    /// go together with those of a board is checked when they are applied.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = small_file::read(path, small_file::MOST_BYTES)?;
        let file = path.display().to_string();
        let calibration: Self = crate::profile::parse(&file, &text)?;
        if calibration == Self::default() {
            return Err(Error::Mismatch(format!(
                "{file}: holds no figure; give at least one of active_energy_pj_per_cycle, sleep_current_ua, wake_energy_uj"
            )));
        }
        let check = Check { file: &file };
        for (field, figure) in [
            ("active_energy_pj_per_cycle", &calibration.active_energy_pj_per_cycle),
            ("sleep_current_ua", &calibration.sleep_current_ua),
            ("wake_energy_uj", &calibration.wake_energy_uj),
        ] {
            check.some_positive(field, figure.as_ref())?;
        }
        Ok(Self {
            file: Some(path.into()),
            ..calibration
        })
    }

    /// The text of a calibration file.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the reason of the serializer.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|e| Error::Mismatch(format!("calibration: {e}")))
    }

    /// Refuses a trace of a simulated board, whatever its windows.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the file; those of [`trace::detect`](crate::trace::detect).
    pub fn check_trace(path: &Path) -> Result<(), Error> {
        match crate::trace::is_simulated(path)? {
            true => Err(Error::Mismatch(format!("{}: {SIMULATED}", path.display()))),
            false => Ok(()),
        }
    }

    /// From a run with markers: energy per cycle is that of UPD over `cycles_per_update`, sleep current that of AWAKE
    /// low over `voltage_v`. Ends are the bootstrap interval over the windows, or 5 % either way for a single window.
    /// What the meter sees besides the processor is contained, so measure with the sensor outside its loop. A wake-up's
    /// energy is not told apart from reading the sample; take it from a run of wake-ups alone.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the measurement has no states, no update or no sleep, or is of a simulated board.
    pub fn from_measurement(measurement: &Measurement, cycles_per_update: f64, voltage_v: f64) -> Result<Self, Error> {
        let fault = |problem: &str| Err(Error::Mismatch(format!("calibration: {problem}")));
        if measurement.label != "measured" {
            return fault(SIMULATED);
        }
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !(positive(cycles_per_update) && positive(voltage_v)) {
            return fault("give cycles per update and volts above 0");
        }
        let states: Vec<_> = measurement
            .windows
            .iter()
            .filter_map(|window| window.states.as_ref())
            .collect();
        let of = |value: &dyn Fn(&crate::measure::States) -> f64, source: &str| {
            let values: Vec<f64> = states.iter().map(|s| value(s)).filter(|v| v.is_finite()).collect();
            Estimate::of(&values).map(|e| figure(&e, source))
        };
        let active = of(
            &|s| s.update_uj * 1e6 / (s.updates as f64 * cycles_per_update),
            "energy while UPD was high over the cycles of its updates",
        );
        let sleep = of(
            &|s| s.sleep_uj / s.sleep_s / voltage_v,
            "power while AWAKE was low over the voltage",
        );
        if active.is_none() || sleep.is_none() {
            return fault("the measurement needs the markers AWAKE and UPD, with an update and a sleep in its windows");
        }
        Ok(Self {
            active_energy_pj_per_cycle: active,
            sleep_current_ua: sleep,
            wake_energy_uj: None,
            file: None,
        })
    }

    /// The board with these figures in place of its profile's; an energy per cycle measured on the network leaves no
    /// workload factor.
    ///
    /// # Errors
    /// [`Error::Profile`] where a figure cannot be.
    pub fn apply(&self, board: &Board) -> Result<Board, Error> {
        let mut calibrated = board.clone();
        if let Some(figure) = &self.active_energy_pj_per_cycle {
            calibrated.active_energy_pj_per_cycle = Some(figure.clone());
            calibrated.active_current_ua_per_mhz = None;
            calibrated.active_workload = ActiveWorkload::NeuralNetwork;
            calibrated.workload_factor = None;
        }
        if let Some(figure) = &self.sleep_current_ua {
            calibrated.sleep_current_ua = figure.clone();
        }
        if let Some(figure) = &self.wake_energy_uj {
            calibrated.wake_energy_uj = Some(figure.clone());
        }
        let file = self.file.as_deref().map(|path| path.display().to_string());
        calibrated.validate(file.as_deref().unwrap_or("calibration"))?;
        Ok(calibrated)
    }
}

fn figure(estimate: &Estimate, source: &str) -> Figure {
    let mid = estimate.mean;
    let low = estimate.low.unwrap_or(0.95 * mid).min(mid);
    let high = estimate.high.unwrap_or(1.05 * mid).max(mid);
    Figure {
        low,
        mid,
        high,
        evidence: Evidence::Measured,
        source: source.into(),
    }
}
