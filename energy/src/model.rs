//! The energy of one sequence at one corner of the intervals.

use crate::cycles::{UpdateCost, head_instructions};
use crate::error::Error;
use crate::gaps::{GapModel, Gaps};
use crate::interval::{Corner, Interval};
use crate::profile::{Board, Figure, Firmware, OutputRate, Sensor};
use crate::workload::Workload;

/// Board, sensor and workload, checked to go together.
pub(crate) struct Model<'a> {
    pub board: &'a Board,
    pub sensor: &'a Sensor,
    pub workload: &'a Workload,
    pub rate: Option<&'a OutputRate>,
    output_cycles: Interval,
}

/// Energy of one sequence by use, in microjoules.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Split {
    pub update: f64,
    pub wake: f64,
    pub sample: f64,
    pub sleep: f64,
    pub sensor: f64,
    pub output: f64,
}

impl Split {
    pub(crate) fn total(&self) -> f64 {
        self.update + self.wake + self.sample + self.sleep + self.sensor + self.output
    }
}

/// What the processor does in one sequence.
pub(crate) struct Work<'a> {
    pub updates: f64,
    pub wakes: f64,
    pub reads: f64,
    /// Wake-ups that only decide to skip.
    pub polls: f64,
    pub gaps: &'a Gaps,
    /// Whether the sensor is switched off where that pays.
    pub gate: bool,
}

impl<'a> Work<'a> {
    /// One wake-up and one sample for each update, the sensor off in long gaps.
    pub(crate) fn gated(gaps: &'a Gaps) -> Self {
        let updates = gaps.iter().map(|(_, count)| count).sum();
        Self {
            updates,
            wakes: updates,
            reads: updates,
            polls: 0.0,
            gaps,
            gate: true,
        }
    }
}

/// Cycles of deciding to skip one sample: a countdown and a branch. A fixed-point Skip RNN on an MSP430FR5994 takes 26
/// nJ at 0.478 mW and 1 MHz for it, 54 cycles; the ends are assumed.
const POLL_CYCLES: Interval = Interval {
    low: 30.0,
    mid: 54.0,
    high: 100.0,
};

/// Energy of the sensor, and how long switching it keeps the processor awake.
struct SensorUse {
    sensor_uj: f64,
    awake_s: f64,
}

impl<'a> Model<'a> {
    pub(crate) fn new(board: &'a Board, sensor: &'a Sensor, workload: &'a Workload) -> Result<Self, Error> {
        workload.validate()?;
        let rate = sensor.rate_for(workload.sample_period_s)?;
        let instructions = head_instructions(board.core, workload.head_macs);
        let output_cycles =
            UpdateCost::Predicted { instructions }.cycles(board.core, board.memory_cycle_factor.interval());
        Ok(Self {
            board,
            sensor,
            workload,
            rate,
            output_cycles,
        })
    }

    /// Cycles of one update on this board.
    pub(crate) fn cycles(&self, cost: &UpdateCost) -> Interval {
        cost.cycles(self.board.core, self.board.memory_cycle_factor.interval())
    }

    /// Time of one update, wake-up and reading the sample included.
    pub(crate) fn update_time_s(&self, cost: &UpdateCost) -> Interval {
        let cycles = self.cycles(cost);
        let clock = self.board.clock_hz.interval();
        let around = |c| self.wake_time_s(c) + self.read_time_s(c);
        Interval {
            low: cycles.low / clock.high + around(Corner::Low),
            mid: cycles.mid / clock.mid + around(Corner::Mid),
            high: cycles.high / clock.low + around(Corner::High),
        }
    }

    pub(crate) fn wake_time_s(&self, corner: Corner) -> f64 {
        self.board.wake_time_us.interval().at(corner) * 1e-6
    }

    /// What the firmware of the board does beside updates, where that was counted and the sensor's profile has the time on the
    /// bus apart.
    pub(crate) fn firmware(&self) -> Option<&'a Firmware> {
        self.sensor.bus_time_us.as_ref().and(self.board.firmware.as_ref())
    }

    /// Power asleep.
    pub(crate) fn sleep_power_uw(&self, corner: Corner) -> f64 {
        let own = self.firmware().and_then(|firmware| firmware.sleep_current_ua.as_ref());
        own.map_or_else(
            || self.board.sleep_power_uw(corner),
            |figure| figure.interval().at(corner) * self.board.supply_v.interval().at(corner),
        )
    }

    /// How long so many cycles of the core take.
    fn cycles_s(&self, figure: &Figure, corner: Corner) -> f64 {
        figure.interval().at(corner) / self.board.clock_hz.interval().at(corner)
    }

    /// Time awake around a read: setting up its transfers, and the interrupts that end them.
    fn read_awake_s(&self, corner: Corner) -> f64 {
        match self.firmware() {
            Some(firmware) => self.cycles_s(&firmware.sample_cycles, corner),
            None => self.sensor.read_time_us.interval().at(corner) * 1e-6,
        }
    }

    /// Time awake around the commands that switch the sensor off and on; without a figure as long as around one read.
    fn switch_awake_s(&self, corner: Corner) -> f64 {
        match self.firmware() {
            Some(firmware) => self.cycles_s(&firmware.switch_cycles, corner),
            None => self.read_awake_s(corner),
        }
    }

    /// Time awake for a sequence beside its samples and updates.
    fn sequence_awake_s(&self, corner: Corner) -> f64 {
        self.firmware()
            .map_or(0.0, |firmware| self.cycles_s(&firmware.sequence_cycles, corner))
    }

    pub(crate) fn read_time_s(&self, corner: Corner) -> f64 {
        self.read_awake_s(corner) + self.sensor.bus_time_s(corner)
    }

    fn switch_time_s(&self, corner: Corner) -> f64 {
        self.switch_awake_s(corner) + self.sensor.switch_bus_time_s(corner)
    }

    /// Energy of some time awake and some time at the bus: the processor is awake while the bus works, or halted where board and
    /// sensor say so.
    fn transfers_uj(&self, awake_s: f64, bus_s: f64, corner: Corner) -> f64 {
        self.board.active_power_uw(corner) * awake_s + self.board.bus_power_uw(corner) * bus_s
    }

    /// Energy of reading one sample.
    pub(crate) fn read_energy_uj(&self, corner: Corner) -> f64 {
        self.transfers_uj(self.read_awake_s(corner), self.sensor.bus_time_s(corner), corner)
    }

    /// Power gained while the sensor is off.
    fn gain_uw(&self, rate: &OutputRate, corner: Corner) -> f64 {
        self.sensor.on_power_uw(rate, corner) - self.sensor.off_power_uw(corner)
    }

    /// What switching the sensor off and on again costs the processor: one wake-up of its own to switch it on ahead of
    /// the sample, and the commands.
    fn switching_uj(&self, corner: Corner) -> f64 {
        let (awake_s, bus_s) = (self.switch_awake_s(corner), self.sensor.switch_bus_time_s(corner));
        self.board.wake_energy_uj(corner) + self.transfers_uj(awake_s, bus_s, corner)
    }

    /// Gap at which switching the sensor off breaks even, turn-on included: `t_on + E_switch / (P_on - P_off)`, from
    /// the switching of one corner and the gain of another.
    fn break_even_s(&self, switching: Corner, gain: Corner) -> Option<f64> {
        let rate = self.rate?;
        let gain_uw = self.gain_uw(rate, gain);
        (gain_uw > 0.0).then(|| self.sensor.turn_on_s(rate, switching) + self.switching_uj(switching) / gain_uw)
    }

    /// The break-even gap as an interval: the low end has the cheapest switching and the largest gain.
    pub(crate) fn sensor_break_even(&self) -> Option<Interval> {
        Interval::new(
            self.break_even_s(Corner::Low, Corner::High)?,
            self.break_even_s(Corner::Mid, Corner::Mid)?,
            self.break_even_s(Corner::High, Corner::Low)?,
        )
    }

    /// The shortest gap, in samples, in which the sensor is switched off: break-even by the middle figures, and time
    /// enough to turn on even by the high one.
    pub(crate) fn gate_from_samples(&self) -> Option<u32> {
        let rate = self.rate?;
        let least_s = self
            .break_even_s(Corner::Mid, Corner::Mid)?
            .max(self.sensor.turn_on_s(rate, Corner::High));
        let gap = (least_s / self.workload.sample_period_s).floor() + 1.0;
        (gap <= f64::from(u32::MAX)).then_some(gap as u32)
    }

    /// Power of the sensor, switched off or on.
    pub(crate) fn sensor_power_uw(&self, corner: Corner, off: bool) -> f64 {
        match self.rate {
            None => 0.0,
            Some(_) if off => self.sensor.off_power_uw(corner),
            Some(rate) => self.sensor.on_power_uw(rate, corner),
        }
    }

    /// What it costs to have the sensor on for one sample where it is otherwise off, its turn-on and the processor's part
    /// included.
    pub(crate) fn switched_on_uj(&self, corner: Corner) -> f64 {
        self.rate.map_or(0.0, |rate| {
            let awake_s = self.wake_time_s(corner) + self.switch_time_s(corner);
            self.gain_uw(rate, corner) * self.sensor.turn_on_s(rate, corner) + self.switching_uj(corner)
                - self.sleep_power_uw(corner) * awake_s
        })
    }

    fn sensor_energy(&self, corner: Corner, work: &Work<'_>) -> SensorUse {
        let Some(rate) = self.rate else {
            return SensorUse {
                sensor_uj: 0.0,
                awake_s: 0.0,
            };
        };
        let period_s = self.workload.sample_period_s;
        let gate_from = if work.gate { self.gate_from_samples() } else { None };
        let gate_from = gate_from.map_or(f64::INFINITY, f64::from);
        let on_uw = self.sensor.on_power_uw(rate, corner);
        let off_uw = self.sensor.off_power_uw(corner);
        let turn_on_s = self.sensor.turn_on_s(rate, corner);
        let mut result = SensorUse {
            sensor_uj: 0.0,
            awake_s: 0.0,
        };
        for &(gap, count) in work.gaps {
            let gap_s = gap * period_s;
            if gap >= gate_from {
                let uj = on_uw * turn_on_s + off_uw * (gap_s - turn_on_s) + self.switching_uj(corner);
                result.sensor_uj += count * uj;
                result.awake_s += count * (self.wake_time_s(corner) + self.switch_time_s(corner));
            } else {
                result.sensor_uj += count * on_uw * gap_s;
            }
        }
        result
    }

    /// `E_seq = n_wake * E_wake + n_read * E_read + (n_upd * C_u + n_poll * C_p) * e_cyc + P_sleep * (T - t_awake) +
    /// E_sensor + C_out * e_cyc + E_end`, the last one what the firmware does once in a sequence.
    pub(crate) fn sequence(&self, corner: Corner, cost: &UpdateCost, work: &Work<'_>) -> Split {
        let gated = self.sensor_energy(corner, work);
        let clock_hz = self.board.clock_hz.interval().at(corner);
        let cycles = work.updates * self.cycles(cost).at(corner) + work.polls * POLL_CYCLES.at(corner);
        let output_cycles = self.output_cycles.at(corner);
        let end_s = self.sequence_awake_s(corner);
        let awake_s = work.wakes * self.wake_time_s(corner)
            + work.reads * self.read_time_s(corner)
            + (cycles + output_cycles) / clock_hz
            + end_s
            + gated.awake_s;
        let asleep_s = (self.workload.duration_s() - awake_s).max(0.0);
        let cycle_uj = self.board.cycle_energy_uj(corner);
        Split {
            update: cycles * cycle_uj,
            wake: work.wakes * self.board.wake_energy_uj(corner),
            sample: work.reads * self.read_energy_uj(corner),
            sleep: self.sleep_power_uw(corner) * asleep_s,
            sensor: gated.sensor_uj,
            output: output_cycles * cycle_uj + self.board.active_power_uw(corner) * end_s,
        }
    }

    /// The three corners of a sequence that wakes only for its updates. Where only the mean number of updates is known,
    /// the low end takes the kinder of the two extreme gap patterns, the high end the harsher, and the middle equal
    /// gaps.
    pub(crate) fn corners(&self, cost: &UpdateCost, gaps: &GapModel) -> [Split; 3] {
        let (even, long) = (Work::gated(&gaps.even), Work::gated(&gaps.long));
        let pick = |corner, low: bool| {
            let (even, long) = (self.sequence(corner, cost, &even), self.sequence(corner, cost, &long));
            if (even.total() <= long.total()) == low {
                even
            } else {
                long
            }
        };
        [
            pick(Corner::Low, true),
            self.sequence(Corner::Mid, cost, &even),
            pick(Corner::High, false),
        ]
    }

    /// The three corners of known work.
    pub(crate) fn known(&self, cost: &UpdateCost, work: &Work<'_>) -> [Split; 3] {
        [Corner::Low, Corner::Mid, Corner::High].map(|corner| self.sequence(corner, cost, work))
    }
}

/// One field of the three corners as an interval.
pub(crate) fn interval_of(splits: &[Split; 3], field: impl Fn(&Split) -> f64) -> Interval {
    Interval::from_corners(|corner| {
        field(match corner {
            Corner::Low => &splits[0],
            Corner::Mid => &splits[1],
            Corner::High => &splits[2],
        })
    })
}
