//! What the host streams in: the emulator's standard input, over semihosting.

use app::stored::{ByteSource, Ended};
use semihosting::io::{Read, Stdin};

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
