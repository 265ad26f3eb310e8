//! The programs of the emulated boards.

use board_link::measure::Mode;

/// A program of the package `qemu` in `firmware/boards/qemu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Recorded sequences through a model.
    Replay,
    /// A scripted sensor, and decisions as they fall.
    Classify,
    /// Recorded sequences in one of three modes.
    Measure(Mode),
    /// The calibrations of the energy model.
    Calibrate,
    /// Random networks, for comparison with the host.
    Identical,
    /// Faults on request.
    Faults,
}

impl Program {
    /// The name of its binary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Program::Replay => "replay",
            Program::Classify => "classify",
            Program::Calibrate => "measure-calibrate",
            Program::Measure(Mode::Dense) => "measure-dense",
            Program::Measure(Mode::SkipPoll) => "measure-skip-poll",
            Program::Measure(Mode::SkipSleep) => "measure-skip-sleep",
            Program::Identical => "identical",
            Program::Faults => "faults",
        }
    }
}
