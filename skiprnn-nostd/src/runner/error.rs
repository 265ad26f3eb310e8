//! Why the runner could not begin, or could not make an update.

use core::fmt;

/// Why a runner could not begin, or could not make an update. `S`, `C` and `N` are the errors of sensor, clock and network.
/// The network's state is as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RunnerError<S, C, N> {
    /// The sample period is unknown, below a tick of the clock, or absurdly long.
    SamplePeriod {
        /// T_s in nanoseconds; 0 where neither model nor configuration states it.
        sample_period_ns: u64,
        /// The ticks of the clock in a second.
        ticks_per_second: u32,
    },
    /// An endless stream must not be capped: it would fall silent after its last update.
    CappedStream,
    /// The sensor failed, and so did every retry.
    Sensor {
        /// The sample that was due.
        sample: u64,
        /// The error of the last attempt.
        error: S,
    },
    /// The sensor did not deliver in time, and neither did any retry.
    Timeout {
        /// The sample that was due.
        sample: u64,
    },
    /// More samples fell due while an update ran than the queue, or the sensor's FIFO, holds.
    Overflow {
        /// The sample that was lost and is needed.
        sample: u64,
    },
    /// The instant of a sample passed: the board woke too late, or an update took longer than the period and nothing captured
    /// the sample.
    Missed {
        /// The sample that is needed.
        sample: u64,
        /// Ticks since it fell due.
        late_ticks: u64,
    },
    /// The clock could not wake the board in time.
    Clock(C),
    /// The network refused a sample, or has more outputs than there is room for.
    Network(N),
    /// A decision has room for fewer outputs than the network has.
    Outputs {
        /// O, the outputs of the network.
        needed: usize,
        /// The outputs that the decision has room for.
        capacity: usize,
    },
}

impl<S, C, N> RunnerError<S, C, N> {
    /// The same error with the errors of sensor, clock and network converted, for a wrapper around one of them.
    ///
    /// # Errors
    /// What the conversion gives back in place of an error of the part.
    pub fn try_map<S2, C2, N2, E>(
        self,
        sensor: impl FnOnce(S) -> Result<S2, E>,
        clock: impl FnOnce(C) -> Result<C2, E>,
        network: impl FnOnce(N) -> Result<N2, E>,
    ) -> Result<RunnerError<S2, C2, N2>, E> {
        Ok(match self {
            Self::Sensor { sample, error } => RunnerError::Sensor {
                sample,
                error: sensor(error)?,
            },
            Self::Clock(error) => RunnerError::Clock(clock(error)?),
            Self::Network(error) => RunnerError::Network(network(error)?),
            Self::SamplePeriod {
                sample_period_ns,
                ticks_per_second,
            } => RunnerError::SamplePeriod {
                sample_period_ns,
                ticks_per_second,
            },
            Self::CappedStream => RunnerError::CappedStream,
            Self::Timeout { sample } => RunnerError::Timeout { sample },
            Self::Overflow { sample } => RunnerError::Overflow { sample },
            Self::Missed { sample, late_ticks } => RunnerError::Missed { sample, late_ticks },
            Self::Outputs { needed, capacity } => RunnerError::Outputs { needed, capacity },
        })
    }
}

impl<S: fmt::Debug, C: fmt::Debug, N: fmt::Debug> fmt::Display for RunnerError<S, C, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SamplePeriod {
                sample_period_ns,
                ticks_per_second,
            } => write!(
                f,
                "a sample period of {sample_period_ns} ns on a clock of {ticks_per_second} Hz: it must be known, and 1 to 2^32 \
                 ticks"
            ),
            Self::CappedStream => f.write_str("an endless stream must not be capped; give the sequence a length"),
            Self::Sensor { sample, error } => write!(f, "sample {sample}: {error:?}"),
            Self::Timeout { sample } => write!(f, "sample {sample}: the sensor does not deliver it"),
            Self::Overflow { sample } => write!(f, "sample {sample}: lost, the queue was full; make the queue longer"),
            Self::Missed { sample, late_ticks } => {
                write!(f, "sample {sample}: missed, it fell due {late_ticks} ticks ago")
            }
            Self::Clock(error) => write!(f, "clock: {error:?}"),
            Self::Network(error) => write!(f, "network: {error:?}"),
            Self::Outputs { needed, capacity } => {
                write!(
                    f,
                    "the network has {needed} outputs, the decision has room for {capacity}"
                )
            }
        }
    }
}

impl<S: fmt::Debug, C: fmt::Debug, N: fmt::Debug> core::error::Error for RunnerError<S, C, N> {}
