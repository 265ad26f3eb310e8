use serde::{Deserialize, Serialize};

use super::{Check, Figure};
use crate::cycles::Core;
use crate::error::Error;
use crate::interval::{Corner, Interval};

const BUILT_IN: &[(&str, &str)] = &[
    ("nrf52832", include_str!("../../profiles/boards/nrf52832.toml")),
    ("nrf52840", include_str!("../../profiles/boards/nrf52840.toml")),
    ("nrf54l15", include_str!("../../profiles/boards/nrf54l15.toml")),
    ("rp2040", include_str!("../../profiles/boards/rp2040.toml")),
    ("rp2350", include_str!("../../profiles/boards/rp2350.toml")),
    ("stm32f411", include_str!("../../profiles/boards/stm32f411.toml")),
    ("stm32l475", include_str!("../../profiles/boards/stm32l475.toml")),
    ("stm32l476", include_str!("../../profiles/boards/stm32l476.toml")),
    ("stm32l4r5", include_str!("../../profiles/boards/stm32l4r5.toml")),
    ("stm32u083", include_str!("../../profiles/boards/stm32u083.toml")),
    (
        "stm32u575-12mhz",
        include_str!("../../profiles/boards/stm32u575-12mhz.toml"),
    ),
    ("stm32u575", include_str!("../../profiles/boards/stm32u575.toml")),
];

/// What ran while the active figure was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActiveWorkload {
    /// A manufacturer's headline loop: lighter on memory and multiplier than a network.
    Headline,
    /// CoreMark.
    Coremark,
    /// A neural network: no workload factor is applied.
    NeuralNetwork,
}

/// A board, or rather a microcontroller with its supply and its clock: everything that the model needs of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Short name, as `--board` takes it.
    pub name: String,
    /// Part, regulator mode and anything else that the figures hold for.
    pub part: String,
    /// The core that runs the network.
    pub core: Core,
    /// Supply at the pin of the part.
    pub supply_v: Figure,
    /// Clock of the core while awake.
    pub clock_hz: Figure,
    /// What ran while the active figure was taken.
    pub active_workload: ActiveWorkload,
    /// Current per megahertz while awake; this or `active_energy_pj_per_cycle`.
    pub active_current_ua_per_mhz: Option<Figure>,
    /// Energy per clock cycle while awake; this or `active_current_ua_per_mhz`.
    pub active_energy_pj_per_cycle: Option<Figure>,
    /// By how much a network exceeds the active figure; [1.0, 1.5, 2.2] where it is not given and the active figure was
    /// not taken on a network.
    pub workload_factor: Option<Figure>,
    /// By how much wait states and cache misses stretch a cycle count, weights in flash.
    pub memory_cycle_factor: Figure,
    /// The sleep mode that the next two figures hold for.
    pub sleep_mode: String,
    /// Current asleep, memory kept and timer running.
    pub sleep_current_ua: Figure,
    /// From the timer's event to the first useful instruction at full clock.
    pub wake_time_us: Figure,
    /// Current during `wake_time_us`; the active current where it is not given.
    pub wake_current_ma: Option<Figure>,
    /// Energy of one wake-up; overrides `wake_current_ma * supply_v * wake_time_us`.
    pub wake_energy_uj: Option<Figure>,
    /// Power with the core halted and its clocks running: what a design that does not reach `sleep_mode` spends between
    /// samples.
    pub idle_power_mw: Option<Figure>,
    /// Whether the firmware of this board halts the core while a transfer to the sensor runs, at `idle_power_mw`; it waits
    /// awake otherwise.
    #[serde(default)]
    pub sleeps_at_bus: bool,
    /// Mean current through the pull-ups of the sensor's bus while a transfer runs, where the bus has them.
    pub bus_pulls_ua: Option<Figure>,
    /// What this project's firmware does on the board beside updates, where it was counted.
    pub firmware: Option<Firmware>,
    /// By what a simulated run of the chip is charged, where there is a model of it.
    pub simulated: Option<Simulated>,
}

/// Cycles for which this project's firmware keeps the core awake beside the updates: drivers, interrupts, the runner and its clock.
/// They hold for the sensors whose profile has the time on the bus apart; other profiles say how long a read keeps the core awake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firmware {
    /// For each used sample: waking for it, reading it, planning the next one.
    pub sample_cycles: Figure,
    /// For switching the sensor off after a sample and on before the next one.
    pub switch_cycles: Figure,
    /// For each sequence: its end, its decision, the next one's beginning.
    pub sequence_cycles: Figure,
    /// Current asleep with the memory and the clocks that the images keep; `sleep_current_ua` of the board where it is not given.
    pub sleep_current_ua: Option<Figure>,
}

/// What a model of the chip needs beside the figures above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulated {
    /// From the event that ends a sleep to the core's first instruction; what follows it, the model executes.
    pub wake_us: Figure,
    /// The same after a sleep that is not the chip's deep one; `wake_us` where it is not given.
    pub light_wake_us: Option<Figure>,
    /// Currents of states.
    #[serde(rename = "draw")]
    pub draws: Vec<Draw>,
}

/// The current of a state, in the names of the chip's model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// What draws.
    pub consumer: String,
    /// Its state.
    pub state: String,
    /// The current of one unit of it: of a megahertz, a block of memory, a controller.
    pub current_ua: Figure,
}

impl Board {
    /// Reads a profile and checks it.
    ///
    /// # Errors
    /// [`Error::Profile`] with file, field and fix.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Error> {
        let board: Self = super::parse(file, text)?;
        board.validate(file)?;
        Ok(board)
    }

    pub(crate) fn validate(&self, file: &str) -> Result<(), Error> {
        let check = Check { file };
        if self.name.trim().is_empty() {
            return Err(check.fault("name", "is empty; give the name to print"));
        }
        for (field, text) in [
            ("name", &self.name),
            ("part", &self.part),
            ("sleep_mode", &self.sleep_mode),
        ] {
            check.words(field, text)?;
        }
        check.positive("supply_v", &self.supply_v)?;
        check.positive("clock_hz", &self.clock_hz)?;
        match (&self.active_current_ua_per_mhz, &self.active_energy_pj_per_cycle) {
            (Some(figure), None) => check.positive("active_current_ua_per_mhz", figure)?,
            (None, Some(figure)) => check.positive("active_energy_pj_per_cycle", figure)?,
            _ => {
                let problem = "give this or active_energy_pj_per_cycle, and not both";
                return Err(check.fault("active_current_ua_per_mhz", problem));
            }
        }
        check.some_positive("workload_factor", self.workload_factor.as_ref())?;
        check.positive("memory_cycle_factor", &self.memory_cycle_factor)?;
        check.positive("sleep_current_ua", &self.sleep_current_ua)?;
        check.figure("wake_time_us", &self.wake_time_us)?;
        check.some_positive("wake_current_ma", self.wake_current_ma.as_ref())?;
        check.some_positive("wake_energy_uj", self.wake_energy_uj.as_ref())?;
        check.some_positive("idle_power_mw", self.idle_power_mw.as_ref())?;
        check.some_positive("bus_pulls_ua", self.bus_pulls_ua.as_ref())?;
        if let Some(firmware) = &self.firmware {
            check.figure("firmware.sample_cycles", &firmware.sample_cycles)?;
            check.figure("firmware.switch_cycles", &firmware.switch_cycles)?;
            check.figure("firmware.sequence_cycles", &firmware.sequence_cycles)?;
            check.some_positive("firmware.sleep_current_ua", firmware.sleep_current_ua.as_ref())?;
        }
        if let Some(simulated) = &self.simulated {
            check.figure("simulated.wake_us", &simulated.wake_us)?;
            if let Some(figure) = &simulated.light_wake_us {
                check.figure("simulated.light_wake_us", figure)?;
            }
            for (n, draw) in simulated.draws.iter().enumerate() {
                check.words(&format!("simulated.draw[{n}].consumer"), &draw.consumer)?;
                check.words(&format!("simulated.draw[{n}].state"), &draw.state)?;
                check.figure(&format!("simulated.draw[{n}].current_ua"), &draw.current_ua)?;
            }
        }
        if self.sleeps_at_bus && self.idle_power_mw.is_none() {
            return Err(check.fault("sleeps_at_bus", "needs idle_power_mw; give that power"));
        }
        // The model's ends are the ends of its factors only where being awake costs more than being asleep.
        if self.sleep_power_uw(Corner::High) >= self.active_power_uw(Corner::Low) {
            return Err(check.fault(
                "sleep_current_ua",
                "asleep it would take as much as awake; check both figures",
            ));
        }
        Ok(())
    }

    /// The workload factor that applies: 1 where the active figure was taken on a network, else the profile's, else
    /// [1.0, 1.5, 2.2].
    #[must_use]
    pub fn effective_workload_factor(&self) -> Interval {
        match (&self.workload_factor, self.active_workload) {
            (Some(figure), _) => figure.interval(),
            (None, ActiveWorkload::NeuralNetwork) => Interval::exact(1.0),
            (None, _) => Interval {
                low: 1.0,
                mid: 1.5,
                high: 2.2,
            },
        }
    }

    /// Energy of one clock cycle of a network, in microjoules: `V * I(f) / f * k`, or the measured figure times `k`.
    #[must_use]
    pub fn cycle_energy_uj(&self, corner: Corner) -> f64 {
        self.plain_cycle_energy_uj(corner) * self.effective_workload_factor().at(corner)
    }

    /// As [`Self::cycle_energy_uj`] without the workload factor.
    fn plain_cycle_energy_uj(&self, corner: Corner) -> f64 {
        match (&self.active_energy_pj_per_cycle, &self.active_current_ua_per_mhz) {
            (Some(pj), _) => pj.interval().at(corner) * 1e-6,
            // 1 uA/MHz at 1 V is 1 pJ for each cycle.
            (None, Some(ua)) => ua.interval().at(corner) * self.supply_v.interval().at(corner) * 1e-6,
            (None, None) => 0.0,
        }
    }

    /// Power awake, without the workload factor: while waiting for a bus or a regulator no network runs.
    #[must_use]
    pub fn active_power_uw(&self, corner: Corner) -> f64 {
        self.plain_cycle_energy_uj(corner) * self.clock_hz.interval().at(corner)
    }

    /// Power while a transfer to the sensor runs, that of the bus's pull-ups included.
    #[must_use]
    pub fn bus_power_uw(&self, corner: Corner) -> f64 {
        let pulls_ua = self
            .bus_pulls_ua
            .as_ref()
            .map_or(0.0, |figure| figure.interval().at(corner));
        let pulls_uw = pulls_ua * self.supply_v.interval().at(corner);
        match &self.idle_power_mw {
            Some(idle) if self.sleeps_at_bus => idle.interval().at(corner) * 1e3 + pulls_uw,
            _ => self.active_power_uw(corner) + pulls_uw,
        }
    }

    /// Power asleep.
    #[must_use]
    pub fn sleep_power_uw(&self, corner: Corner) -> f64 {
        self.sleep_current_ua.interval().at(corner) * self.supply_v.interval().at(corner)
    }

    /// Energy of one wake-up: the profile's figure, or `V * I_wake * t_wake`.
    #[must_use]
    pub fn wake_energy_uj(&self, corner: Corner) -> f64 {
        if let Some(figure) = &self.wake_energy_uj {
            return figure.interval().at(corner);
        }
        let power_uw = match &self.wake_current_ma {
            Some(current) => current.interval().at(corner) * 1e3 * self.supply_v.interval().at(corner),
            None => self.active_power_uw(corner),
        };
        power_uw * self.wake_time_us.interval().at(corner) * 1e-6
    }
}

/// Names of the built-in boards.
#[must_use]
pub fn boards() -> Vec<&'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).collect()
}

/// A built-in board by name, or a profile of the user's own by path.
///
/// # Errors
/// [`Error::UnknownProfile`] with the known names, [`Error::Read`], [`Error::Profile`] with file, field and fix.
pub fn board(name_or_path: &str) -> Result<Board, Error> {
    let (file, text) = super::text("board", name_or_path, BUILT_IN)?;
    Board::from_toml(&file, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_board_loads_under_its_name() {
        for name in boards() {
            assert_eq!(board(name).expect(name).name, name);
        }
    }

    #[test]
    fn the_wake_energies_are_those_of_the_survey() {
        // 0.1 uJ (10 us at 3.3 mA, 3 V), 0.87 uJ (121 us, 4 mA, 1.8 V), 1.1 uJ (60 us, 10 mA, 1.8 V)
        for (name, expected) in [("nrf52840", 0.1), ("stm32u575", 0.87), ("stm32l4r5", 1.1)] {
            let wake = board(name).unwrap().wake_energy_uj(Corner::Mid);
            assert!((wake / expected - 1.0).abs() < 0.03, "{name}: {wake}");
        }
    }

    #[test]
    fn a_simulated_run_is_charged_by_the_figures_of_the_prediction() {
        let nrf = board("nrf52840").unwrap();
        let simulated = nrf.simulated.as_ref().unwrap();
        let mid_ua = |consumer: &str, state: &str| {
            let mut found = simulated.draws.iter();
            let draw = found
                .find(|draw| draw.consumer == consumer && draw.state == state)
                .unwrap();
            draw.current_ua.mid
        };
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 0.01, "{a} is not {b}");
        close(
            mid_ua("core", "awake, DC/DC"),
            nrf.active_current_ua_per_mhz.as_ref().unwrap().mid,
        );
        let idle_mw = nrf.idle_power_mw.as_ref().unwrap().mid;
        close(
            mid_ua("core", "asleep, fast clock on, DC/DC") * nrf.supply_v.mid * 1e-3,
            idle_mw,
        );
        close(
            mid_ua("bus", "pull-ups in a transfer"),
            nrf.bus_pulls_ua.as_ref().unwrap().mid,
        );
        let asleep_ua =
            mid_ua("core", "asleep") + mid_ua("LFCLK", "LFXO") + 64.0 * mid_ua("RAM", "a block of 4 KB kept");
        let sleep = &nrf.sleep_current_ua;
        assert!(asleep_ua >= sleep.low && asleep_ua <= sleep.high, "{asleep_ua}");
    }

    /// At 12 MHz: 63 clock gates awake, 5 in the SLEEP state, two generators of ticks.
    #[test]
    fn what_the_profile_of_the_rp2350_says_is_what_its_states_add_up_to() {
        const MHZ: f64 = 12.0;
        let rp = board("rp2350").unwrap();
        let simulated = rp.simulated.as_ref().unwrap();
        let mid_ua = |consumer: &str| {
            let of: Vec<_> = simulated
                .draws
                .iter()
                .filter(|draw| draw.consumer == consumer)
                .collect();
            assert_eq!(of.len(), 1, "{consumer}");
            of[0].current_ua.mid
        };
        let on = ["chip", "XOSC", "ROSC", "flash chip", "board's regulator"].map(mid_ua);
        let counters = MHZ * (mid_ua("TIMER0") + mid_ua("WATCHDOG")) + 2.0 * mid_ua("TICKS");
        let always_ua = on.iter().sum::<f64>() + counters;
        let gates_ua = |count: f64| count * MHZ * mid_ua("clock gates");
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 0.01, "{a} is not {b}");
        let awake_ua = always_ua + gates_ua(63.0) + MHZ * mid_ua("core");
        close(awake_ua / MHZ, rp.active_current_ua_per_mhz.as_ref().unwrap().mid);
        close(awake_ua * 1e-3, rp.wake_current_ma.as_ref().unwrap().mid);
        close(always_ua + gates_ua(5.0), rp.sleep_current_ua.mid);
        let idle_ua = always_ua + gates_ua(63.0);
        close(idle_ua * rp.supply_v.mid * 1e-3, rp.idle_power_mw.as_ref().unwrap().mid);
        close(mid_ua("bus"), rp.bus_pulls_ua.as_ref().unwrap().mid);
    }

    #[test]
    fn the_cycle_energy_is_voltage_times_current_per_hertz() {
        let nrf = board("nrf52840").unwrap();
        assert!((nrf.plain_cycle_energy_uj(Corner::Mid) * 1e6 - 155.0).abs() < 0.5);
    }

    #[test]
    fn faults_name_file_field_and_fix() {
        let good = BUILT_IN.iter().find(|(name, _)| *name == "nrf52840").unwrap().1;
        let cases = [
            (
                good.replace("[sleep_current_ua]", "[sleep_currant_ua]"),
                "sleep_currant_ua",
            ),
            (
                good.replace("[clock_hz]\nlow = 64e6", "[clock_hz]\nlow = 65e6"),
                "clock_hz: write finite numbers",
            ),
            (
                good.replace("[clock_hz]\nlow = 64e6", "[clock_hz]\nlow = -1"),
                "clock_hz: low is -1",
            ),
            (good.replace("core = \"cortex-m4\"", "core = \"z80\""), "z80"),
            (good.replace("[active_current_ua_per_mhz]", "[idle_power_mw]"), ""),
            (String::new(), "missing field `name`"),
        ];
        for (text, expected) in cases {
            assert_ne!(text, good, "the case for {expected:?} changes nothing");
            let message = Board::from_toml("my.toml", &text).expect_err(expected).to_string();
            assert!(
                message.starts_with("my.toml: ") && message.contains(expected),
                "{message}"
            );
        }
        assert!(
            board("nosuchboard")
                .unwrap_err()
                .to_string()
                .contains("built in are nrf52832, nrf52840")
        );
        assert!(
            board("no/such/file.toml")
                .unwrap_err()
                .to_string()
                .starts_with("cannot read no/such/file.toml")
        );
    }
}
