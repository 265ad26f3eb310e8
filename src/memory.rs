//! The end of memory: a sentence and exit code 1, where the standard library would abort with a backtrace.

mod sys;

use std::io::Write;

/// Room for the message, which must not take memory itself.
const ROOM: usize = 256;

#[global_allocator]
static MEMORY: sys::OrExit = sys::OrExit(exhausted);

/// Says that there is no more memory, and ends the process. What is written atomically stays whole; locks end with the process.
fn exhausted(bytes: usize) -> ! {
    let mut line = [0u8; ROOM];
    let mut rest = &mut line[..];
    let _ = writeln!(
        rest,
        "error: out of memory: {bytes} more bytes are needed; give smaller data, fewer sequences or a smaller model, or raise the limit"
    );
    let length = ROOM - rest.len();
    let _ = std::io::stderr().write_all(&line[..length]);
    std::process::exit(i32::from(crate::errors::FAILED))
}
