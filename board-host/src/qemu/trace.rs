//! Every program counter of a run in QEMU, which translates one instruction at a time and logs each before it runs
//! (`-singlestep -d exec,nochain`): about a million lines a second of its time, read as they come and never stored.

use super::{child::Child, command};
use crate::{Error, Options, memory::Loads};
use std::{
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
    process::Stdio,
};

/// The longest line that is looked at, in bytes.
const LONGEST_LINE: u64 = 1 << 12;

/// Runs an image that was built here with these loads and hands every program counter to `sink`, in the order of execution.
pub fn program_counters(
    image: &Path,
    loads: &Loads,
    options: &Options,
    sink: &mut dyn FnMut(u32),
) -> Result<(), Error> {
    let (mut command, given) = command(image, loads, options)?;
    command.args(["-singlestep", "-d", "exec,nochain"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = Child::start(command, given)?;
    let log = child.trace(options.timeout_s)?;
    read(BufReader::with_capacity(1 << 18, log), options.timeout_s, sink)
}

/// Reads the emulator's log to its end.
fn read(mut log: impl BufRead, timeout_s: u64, sink: &mut dyn FnMut(u32)) -> Result<(), Error> {
    let failed = |message: String| Err(Error::Qemu { message });
    let mut counters = Counters::default();
    let (mut line, mut lines) = (Vec::new(), 0usize);
    let mut other = String::new();
    loop {
        line.clear();
        match log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(Error::Timeout {
                    seconds: timeout_s,
                    lines,
                });
            }
            Err(error) => return failed(error.to_string()),
        }
        if !counters.line(&line, sink) && other.len() < 1000 {
            other += &String::from_utf8_lossy(&line);
        }
        lines = lines.saturating_add(1);
    }
    if counters.last.is_none() {
        return failed(format!("it logged no program counters; {}", other.trim()));
    }
    counters.finish(sink);
    Ok(())
}

/// Program counters in lines of the log. The last one is held back until the next line says that it was executed.
#[derive(Default)]
struct Counters {
    last: Option<u32>,
}

impl Counters {
    /// Takes a line; false where it says nothing of program counters.
    fn line(&mut self, line: &[u8], sink: &mut dyn FnMut(u32)) -> bool {
        let Ok(text) = std::str::from_utf8(line) else {
            return false;
        };
        if let Some(rest) = text.strip_prefix("Trace ") {
            // Trace 0: 0x7f12 [state/program counter/flags/flags] symbol
            let counter = rest.split_once('[').and_then(|(_, rest)| rest.split('/').nth(1));
            let Some(counter) = counter.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else {
                return false;
            };
            if let Some(executed) = self.last.replace(counter) {
                sink(executed);
            }
            return true;
        }
        // An instruction that touches a device, or that comes as the emulator's slice of time ends, is logged, given up
        // and logged again.
        let given_up = text.starts_with("cpu_io_recompile") || text.starts_with("Stopped execution of TB");
        if given_up {
            self.last = None;
        }
        given_up
    }

    fn finish(self, sink: &mut dyn FnMut(u32)) {
        if let Some(executed) = self.last {
            sink(executed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters_of(text: &str) -> Result<Vec<u32>, Error> {
        let mut counters = Vec::new();
        read(text.as_bytes(), 10, &mut |counter| counters.push(counter)).map(|()| counters)
    }

    #[test]
    fn an_instruction_that_was_given_up_counts_once() {
        let log = "Trace 0: 0x7fc6d8000100 [00800408/00000400/00000110/ff020201] Reset\n\
                   Trace 0: 0x7fc6d8000240 [00800408/00000428/00000110/ff020201] main\n\
                   cpu_io_recompile: rewound execution of TB to 00000428\n\
                   Trace 0: 0x7fc6d8000440 [00800408/00000428/00000110/ff020201] main\n\
                   Trace 0: 0x7fc6d8000540 [00800408/0000042a/00000110/ff020201] main\n";
        assert_eq!(counters_of(log).unwrap(), [0x400, 0x428, 0x42a]);
    }

    #[test]
    fn what_the_emulator_says_instead_is_handed_on() {
        let error = counters_of("qemu-system-arm: no such machine\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("no such machine"), "{error}");
        assert!(counters_of("").is_err());
    }
}
