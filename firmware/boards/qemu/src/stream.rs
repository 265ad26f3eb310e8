//! Recorded sequences: in memory where the board has room for them, elsewhere streamed in through the emulator's standard
//! input, over semihosting.

use app::stored::{ByteSource, Ended};
use cortex::Refusal;
use semihosting::io::{Read, Stdin};

/// Bytes of the longest sequence that can be streamed in.
#[cfg(feature = "microbit")]
const BUFFER: usize = 3072;

/// The sequences of this machine.
#[cfg(feature = "microbit")]
pub type Sequences = app::SequenceStream<'static, StandardInput>;
/// The sequences of this machine.
#[cfg(not(feature = "microbit"))]
pub type Sequences = app::SequenceFile<'static>;

/// Finds what was loaded, or begins to read what is streamed in.
///
/// # Errors
/// It is damaged, or does not fit.
#[cfg(feature = "microbit")]
pub fn sequences() -> Result<Sequences, Refusal> {
    let buffer = cortex_m::singleton!(: [u8; BUFFER] = [0; BUFFER]).ok_or(Refusal::Buffer)?;
    Ok(Sequences::open(StandardInput::open(), buffer)?)
}

/// Finds what was loaded, or begins to read what is streamed in.
///
/// # Errors
/// It is damaged, or does not fit.
#[cfg(not(feature = "microbit"))]
pub fn sequences() -> Result<Sequences, Refusal> {
    Ok(Sequences::find(cortex::sequence_region())?)
}

/// The emulator's standard input; ends at once where the host gives none.
pub struct StandardInput(Option<Stdin>);

impl StandardInput {
    /// Opens it.
    #[must_use]
    pub fn open() -> Self {
        Self(semihosting::io::stdin().ok())
    }
}

impl ByteSource for StandardInput {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Ended> {
        let stdin = self.0.as_mut().ok_or(Ended)?;
        stdin.read_exact(buffer).map_err(|_| Ended)
    }
}
