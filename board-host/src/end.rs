//! How a run ends.

/// What a run left behind.
pub struct Output {
    /// What was said besides the log: on the board's error output, or by the emulator itself.
    pub messages: String,
    /// How it came to its end.
    pub end: End,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Itself,
    /// It was ended from here, after the time that it was given.
    Timeout,
    /// The board cannot go on.
    Stopped(String),
}
