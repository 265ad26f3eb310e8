//! From instructions to cycles: what an update costs the core, as an interval.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// A processor core, as far as its timing matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Core {
    /// Armv6-M, two-stage pipeline.
    #[serde(rename = "cortex-m0+")]
    CortexM0Plus,
    /// Armv7-M.
    #[serde(rename = "cortex-m3")]
    CortexM3,
    /// Armv7E-M: single-cycle MAC and dual MAC.
    #[serde(rename = "cortex-m4")]
    CortexM4,
    /// Armv8-M main line.
    #[serde(rename = "cortex-m33")]
    CortexM33,
    /// Armv7E-M, dual issue.
    #[serde(rename = "cortex-m7")]
    CortexM7,
}

impl std::fmt::Display for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::CortexM0Plus => "cortex-m0+",
            Self::CortexM3 => "cortex-m3",
            Self::CortexM4 => "cortex-m4",
            Self::CortexM33 => "cortex-m33",
            Self::CortexM7 => "cortex-m7",
        })
    }
}

impl Core {
    /// Cycles per instruction of a MAC loop from memory without wait states.
    ///
    /// Cortex-M4: its technical reference manual (DDI0439D, table 3-1) gives arithmetic and MACs 1 cycle, single loads
    /// 1 (pipelined with a neighbour) to 2, a taken branch 2 to 4; the loop of four loads, two SMLAD, one SUBS and one
    /// BNE is 10 to 12 cycles for 8 instructions. The interval is wider than that loop because activations and the gate
    /// are not MAC loops. The other cores are set relative to it from their pipelines (assumed, not measured).
    #[must_use]
    pub fn cycles_per_instruction(self) -> Interval {
        let (low, mid, high) = match self {
            Self::CortexM0Plus => (1.2, 1.45, 1.8),
            Self::CortexM3 => (1.1, 1.4, 1.8),
            Self::CortexM4 => (1.05, 1.3, 1.6),
            Self::CortexM33 => (1.0, 1.25, 1.6),
            Self::CortexM7 => (0.5, 0.8, 1.2),
        };
        Interval { low, mid, high }
    }

    /// Instructions of an update on this core for one instruction of the same update on Cortex-M4: least, median and
    /// most over the rows of `benches/mcu.md` (counted), a little widened. Armv6-M and Armv7-M have no dual MAC, and
    /// Armv6-M no MAC, no shifted operands and fewer registers. Cortex-M7 runs the Cortex-M4's code.
    #[must_use]
    pub fn instructions_relative_to_m4(self) -> Interval {
        let (low, mid, high) = match self {
            Self::CortexM0Plus => (3.4, 3.95, 5.0),
            Self::CortexM3 => (1.4, 1.85, 2.7),
            Self::CortexM33 => (0.99, 1.0, 1.01),
            Self::CortexM4 | Self::CortexM7 => (1.0, 1.0, 1.0),
        };
        Interval { low, mid, high }
    }

    /// Instructions of one update (once, for each gate row, for each MAC), fitted to the rows of `benches/mcu.md`.
    const fn update_rule(self) -> (f64, f64, f64) {
        match self {
            Self::CortexM0Plus => (1750.0, 136.0, 4.25),
            Self::CortexM3 => (450.0, 44.5, 2.4),
            Self::CortexM4 | Self::CortexM33 | Self::CortexM7 => (555.0, 34.5, 1.01),
        }
    }
}

/// What one update costs, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum UpdateCost {
    /// Instructions counted in the emulator (a Cortex-M4 image).
    Counted {
        /// From the call to the return of one updating step.
        instructions: u64,
    },
    /// Instructions predicted from the shape of the network, see [`predicted_instructions`].
    Predicted {
        /// On this very core.
        instructions: Interval,
    },
    /// Cycles on this very core, from its cycle counter on a board or from a histogram of instructions, memory stalls
    /// included.
    Cycles {
        /// Cycles of one update.
        cycles: Interval,
    },
}

impl UpdateCost {
    /// Cycles on a core whose memory stretches every cycle count by `memory_factor`.
    ///
    /// `instructions * cycles_per_instruction * memory_factor`, ends with ends; counted instructions are first
    /// translated from Cortex-M4 by [`Core::instructions_relative_to_m4`].
    #[must_use]
    pub fn cycles(&self, core: Core, memory_factor: Interval) -> Interval {
        let from = |instructions: Interval| {
            Interval::from_corners(|c| instructions.at(c) * core.cycles_per_instruction().at(c) * memory_factor.at(c))
        };
        match *self {
            Self::Counted { instructions } => from(core.instructions_relative_to_m4().scaled(instructions as f64)),
            Self::Predicted { instructions } => from(instructions),
            Self::Cycles { cycles } => cycles,
        }
    }

    /// One line that says where the figure comes from.
    #[must_use]
    pub fn provenance(&self) -> String {
        match self {
            Self::Counted { instructions } => format!("{instructions} instructions, counted in the emulator"),
            Self::Predicted { instructions } => {
                format!("{instructions} instructions, predicted from the shape of the network")
            }
            Self::Cycles { cycles } => format!("{cycles} cycles, from a cycle counter or an instruction histogram"),
        }
    }

    /// Above 0, in order, and no more than any update takes.
    pub(crate) fn is_valid(&self) -> bool {
        /// Weeks of a fast core.
        const MOST: f64 = 1e15;
        match self {
            Self::Counted { instructions } => *instructions > 0 && *instructions as f64 <= MOST,
            Self::Predicted { instructions: i } | Self::Cycles { cycles: i } => {
                i.low > 0.0 && i.high <= MOST && Interval::new(i.low, i.mid, i.high).is_some()
            }
        }
    }
}

/// Instructions of one update on a core, predicted from its gate rows (G·H for each layer) and its MACs.
///
/// `once + per_row * rows + per_mac * macs`, fitted to the counted table `benches/mcu.md` for each instruction set, and
/// 0.75 to 1.3 times that: the table's 16 to 128 units, every kernel, lie inside (a test reads it). The emulator's count
/// is better.
///
/// ```
/// use energy::Core;
///
/// let i = energy::predicted_instructions(Core::CortexM4, 4 * 32, 4 * 32 * (3 + 32) + 32);
/// assert!(i.low < i.mid && i.mid < i.high);
/// ```
#[must_use]
pub fn predicted_instructions(core: Core, rows: usize, macs: usize) -> Interval {
    let (once, per_row, per_mac) = core.update_rule();
    SPREAD.scaled(once + per_row * rows as f64 + per_mac * macs as f64)
}

/// Instructions of multiply-accumulates alone, as they cost in the counted kernels of the updates on this core: the slope
/// of the rule of [`predicted_instructions`], with its spread. For layers that are not counted here, such as
/// convolutions; loops, rescaling and activations are not contained, so that it is the least they could take with such
/// kernels.
#[must_use]
pub fn mac_instructions(core: Core, macs: usize) -> Interval {
    let (_, _, per_mac) = core.update_rule();
    SPREAD.scaled(per_mac * macs as f64)
}

/// Instructions of the output layer, once per decision: `macs * (1, 2.5, 5)` on a core with dual MACs, whose loop is not
/// in assembly here, and in proportion elsewhere (assumed).
#[must_use]
pub fn head_instructions(core: Core, macs: usize) -> Interval {
    let (_, _, per_mac) = core.update_rule();
    let (low, mid, high) = (1.0, 2.5, 5.0);
    Interval { low, mid, high }.scaled(per_mac * macs as f64)
}

/// The relative spread of the rule of [`predicted_instructions`].
const SPREAD: Interval = Interval {
    low: 0.75,
    mid: 1.0,
    high: 1.3,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_mac_loop_lies_in_the_interval() {
        // 4 loads, 2 SMLAD, SUBS, BNE: 8 instructions, 10 to 12 cycles by the manual.
        let cost = UpdateCost::Counted { instructions: 8 };
        let cycles = cost.cycles(Core::CortexM4, Interval::exact(1.0));
        assert!(cycles.low <= 10.0 && cycles.high >= 12.0);
        assert!((10.0..=12.0).contains(&cycles.mid));
    }

    #[test]
    fn measured_cycles_are_not_widened() {
        let cycles = Interval {
            low: 9.0,
            mid: 10.0,
            high: 11.0,
        };
        let slow_flash = Interval {
            low: 1.0,
            mid: 2.0,
            high: 3.0,
        };
        assert_eq!(
            UpdateCost::Cycles { cycles }.cycles(Core::CortexM0Plus, slow_flash),
            cycles
        );
    }

    /// (core, cell, inputs, hidden, kernel, instructions, MACs) of the counted table.
    fn counted() -> Vec<(Core, [String; 4], f64, usize)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/mcu.md");
        let text = std::fs::read_to_string(path).unwrap();
        let rows = text.lines().filter_map(|line| {
            let c: Vec<&str> = line.split('|').map(str::trim).collect();
            let core = match *c.get(2)? {
                "Cortex-M0" => Core::CortexM0Plus,
                "Cortex-M3" => Core::CortexM3,
                "Cortex-M4" => Core::CortexM4,
                "Cortex-M33" => Core::CortexM33,
                _ => return None,
            };
            let shape = [3, 4, 5, 6].map(|k| c[k].to_owned());
            Some((core, shape, c[7].parse().unwrap(), c[8].parse().unwrap()))
        });
        rows.collect()
    }

    #[test]
    fn the_counted_table_lies_in_the_predicted_intervals() {
        let table = counted();
        assert!(table.len() >= 200, "{}", table.len());
        for (core, shape, instructions, macs) in &table {
            let [cell, _, hidden, kernel] = shape;
            if kernel.ends_with("portable") {
                continue;
            }
            let gates = if cell.starts_with("lstm") { 4 } else { 3 };
            let i = predicted_instructions(*core, gates * hidden.parse::<usize>().unwrap(), *macs);
            assert!(
                (i.low..=i.high).contains(instructions),
                "{core} {shape:?}: {instructions} is not in {i}"
            );
            let on_m4 = table
                .iter()
                .find(|(core, of, ..)| *core == Core::CortexM4 && of == shape);
            let Some((.., on_m4, _)) = on_m4 else { continue };
            let relative = core.instructions_relative_to_m4();
            assert!(
                (relative.low..=relative.high).contains(&(instructions / on_m4)),
                "{core} {shape:?}: {} of Cortex-M4",
                instructions / on_m4
            );
        }
    }
}
