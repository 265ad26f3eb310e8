//! The parts of a board that an application takes.

use app::{Clock, Markers, Meter};
use core::convert::Infallible;
use embedded_hal::digital::OutputPin;

/// A clock, a meter and three marker pins: what every application takes of a board. A board hands them over as a tuple; one without
/// a meter gives `()` for it.
pub trait Parts {
    /// Tells the time and sleeps.
    type Clock: Clock<Error = Infallible>;
    /// Measures an update.
    type Meter: Meter;
    /// The pin SEQ.
    type Seq: OutputPin;
    /// The pin AWAKE.
    type Awake: OutputPin;
    /// The pin UPDATE.
    type Update: OutputPin;

    /// Takes them apart.
    fn split(self) -> (Self::Clock, Self::Meter, Pins<Self>);
}

/// The marker pins of a board's parts.
pub type Pins<P> = Markers<<P as Parts>::Seq, <P as Parts>::Awake, <P as Parts>::Update>;

impl<C, M, S, A, U> Parts for (C, M, Markers<S, A, U>)
where
    C: Clock<Error = Infallible>,
    M: Meter,
    S: OutputPin,
    A: OutputPin,
    U: OutputPin,
{
    type Clock = C;
    type Meter = M;
    type Seq = S;
    type Awake = A;
    type Update = U;

    fn split(self) -> Self {
        self
    }
}
