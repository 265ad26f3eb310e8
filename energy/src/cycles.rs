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

    /// Instructions on this core for one instruction of the same source built for Cortex-M4 (assumed): Armv6-M has no
    /// MAC, no shifted operands and fewer registers, Armv7-M has no halfword MAC.
    #[must_use]
    pub fn instructions_relative_to_m4(self) -> Interval {
        match self {
            Self::CortexM0Plus => Interval {
                low: 1.2,
                mid: 1.6,
                high: 2.2,
            },
            Self::CortexM3 => Interval {
                low: 1.0,
                mid: 1.1,
                high: 1.3,
            },
            Self::CortexM4 | Self::CortexM33 | Self::CortexM7 => Interval::exact(1.0),
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
    /// Instructions predicted from the number of MACs, see [`predicted_instructions`].
    Predicted {
        /// As Cortex-M4 code.
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
    /// `instructions * instructions_relative_to_m4 * cycles_per_instruction * memory_factor`, ends with ends.
    #[must_use]
    pub fn cycles(&self, core: Core, memory_factor: Interval) -> Interval {
        let from = |instructions: Interval| {
            Interval::from_corners(|c| {
                instructions.at(c)
                    * core.instructions_relative_to_m4().at(c)
                    * core.cycles_per_instruction().at(c)
                    * memory_factor.at(c)
            })
        };
        match *self {
            Self::Counted { instructions } => from(Interval::exact(instructions as f64)),
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
                format!("{instructions} instructions, predicted from the number of MACs")
            }
            Self::Cycles { cycles } => format!("{cycles} cycles, from a cycle counter or an instruction histogram"),
        }
    }

    pub(crate) fn is_valid(&self) -> bool {
        match self {
            Self::Counted { instructions } => *instructions > 0,
            Self::Predicted { instructions: i } | Self::Cycles { cycles: i } => {
                i.low > 0.0 && Interval::new(i.low, i.mid, i.high).is_some()
            }
        }
    }
}

/// Instructions of one update, predicted from its MACs and its hidden units.
///
/// `macs * (3, 5, 8) + hidden * (200, 300, 400)`: the portable kernel spends 3 to 8 instructions on a MAC at the sizes
/// of sensor models (short rows), and activations, state update and the gate take 200 to 400 for each hidden unit. A
/// rough rule, until the emulator's count replaces it.
///
/// ```
/// let i = energy::predicted_instructions(4 * 32 * (3 + 32) + 32, 32);
/// assert!(i.low < i.mid && i.mid < i.high);
/// ```
#[must_use]
pub fn predicted_instructions(macs: usize, hidden: usize) -> Interval {
    let (macs, hidden) = (macs as f64, hidden as f64);
    Interval {
        low: 3.0 * macs + 200.0 * hidden,
        mid: 5.0 * macs + 300.0 * hidden,
        high: 8.0 * macs + 400.0 * hidden,
    }
}

/// Instructions of the output layer, once per decision: `macs * (3, 5, 8)`, the rule of [`predicted_instructions`]
/// without activations.
#[must_use]
pub fn head_instructions(macs: usize) -> Interval {
    predicted_instructions(macs, 0)
}

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
}
