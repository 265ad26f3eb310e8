//! What the commands print, line by line. Where nobody reads it (`2>&1 | head`), it is lost, and the command goes on.

use std::{fmt::Arguments, io::Write};

/// Writes a line in one write, so that lines of several threads do not mix.
pub fn line(mut to: impl Write, text: Arguments<'_>) {
    let _ = to.write_all(format!("{text}\n").as_bytes());
}

/// A line on standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(std::io::stdout(), format_args!($($text)*)) };
}

/// A line on standard error.
macro_rules! tell {
    ($($text:tt)*) => { $crate::say::line(std::io::stderr(), format_args!($($text)*)) };
}
