//! Semihosting: what a program asks of its debugger by `BKPT 0xAB` (Arm, "Semihosting for AArch32 and AArch64").
//!
//! The console is modelled: a program opens `:tt`, writes to it, reads from it, and ends the run with an exit code. The host's
//! files, clock and command line are not; a program that asks for them ends the run, named.

use crate::memory::Memory;

const SYS_OPEN: u32 = 0x01;
const SYS_CLOSE: u32 = 0x02;
const SYS_WRITEC: u32 = 0x03;
const SYS_WRITE0: u32 = 0x04;
const SYS_WRITE: u32 = 0x05;
const SYS_READ: u32 = 0x06;
const SYS_READC: u32 = 0x07;
const SYS_ERRNO: u32 = 0x13;
const SYS_EXIT: u32 = 0x18;
const SYS_EXIT_EXTENDED: u32 = 0x20;

/// Operations by number that are not modelled, for messages.
const OTHERS: [(u32, &str); 14] = [
    (0x08, "SYS_ISERROR"),
    (0x09, "SYS_ISTTY"),
    (0x0a, "SYS_SEEK"),
    (0x0c, "SYS_FLEN"),
    (0x0d, "SYS_TMPNAM"),
    (0x0e, "SYS_REMOVE"),
    (0x0f, "SYS_RENAME"),
    (0x10, "SYS_CLOCK"),
    (0x11, "SYS_TIME"),
    (0x12, "SYS_SYSTEM"),
    (0x15, "SYS_GET_CMDLINE"),
    (0x16, "SYS_HEAPINFO"),
    (0x30, "SYS_ELAPSED"),
    (0x31, "SYS_TICKFREQ"),
];

/// The reason ADP_Stopped_ApplicationExit: the program ended by itself.
const APPLICATION_EXIT: u32 = 0x2_0026;
/// The longest string that is followed to its end, in bytes.
const LONGEST_STRING: u32 = 1 << 16;
/// The error number for what cannot be opened: ENOENT.
const NO_ENTRY: u32 = 2;
/// The error number for a handle that is not open for this: EBADF.
const BAD_HANDLE: u32 = 9;

/// Where output of the program goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Output {
    /// Standard output.
    Standard,
    /// Standard error, and single characters and strings that name no stream.
    Error,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The program goes on with this value in R0.
    Value(u32),
    /// The program goes on with this value in R0, and has written something.
    Written {
        /// R0.
        value: u32,
        /// Where to.
        to: Output,
        /// What.
        bytes: Vec<u8>,
    },
    /// The program ends with this exit code.
    Exit(i32),
    /// The request is not modelled or makes no sense: why the run ends.
    Unmodelled(String),
}

/// A console, as a debugger offers it.
#[derive(Debug, Clone, Default)]
pub struct Semihosting {
    input: Vec<u8>,
    /// Bytes of the input that were read.
    taken: usize,
    errno: u32,
}

/// Handles as this console numbers them: input, output, error output. 0 is none, as in C libraries for Arm.
const INPUT: u32 = 1;
const OUTPUT: u32 = 2;
const ERROR: u32 = 3;
/// What an operation returns that failed.
const FAILED: u32 = u32::MAX;

impl Semihosting {
    /// A console on whose input stands `input`, and then the end of it.
    #[must_use]
    pub const fn new(input: Vec<u8>) -> Self {
        Self {
            input,
            taken: 0,
            errno: 0,
        }
    }

    /// Answers a request with this operation number, R0, and this parameter, R1.
    pub fn answer(&mut self, operation: u32, parameter: u32, memory: &mut Memory) -> Answer {
        let answer = match operation {
            SYS_OPEN => self.open(parameter, memory),
            SYS_CLOSE => self.close(parameter, memory),
            SYS_WRITEC => write_character(parameter, memory),
            SYS_WRITE0 => write_string(parameter, memory),
            SYS_WRITE => self.write(parameter, memory),
            SYS_READ => self.read(parameter, memory),
            SYS_READC => Some(Answer::Value(self.take(1).first().copied().map_or(FAILED, u32::from))),
            SYS_ERRNO => Some(Answer::Value(self.errno)),
            SYS_EXIT => Some(exit(parameter, 0)),
            SYS_EXIT_EXTENDED => fields(parameter, memory).map(|[reason, code]| exit(reason, code)),
            other => Some(Answer::Unmodelled(match name(other) {
                Some(name) => format!("semihosting operation {name} ({other:#x})"),
                None => format!("semihosting operation {other:#x}, which there is not"),
            })),
        };
        answer.unwrap_or_else(|| {
            Answer::Unmodelled(format!(
                "semihosting operation {operation:#x} with parameters at {parameter:#010x}, or what they point to, outside \
                 of memory"
            ))
        })
    }

    fn failed(&mut self, errno: u32, value: u32) -> Answer {
        self.errno = errno;
        Answer::Value(value)
    }

    /// The name, its length, and the mode: reading (0 to 3), writing (4 to 7), appending (8 to 11). The console's name is
    /// `:tt`; read it is the input, written the output, appended to the error output.
    fn open(&mut self, parameter: u32, memory: &Memory) -> Option<Answer> {
        let [name, mode, length] = fields(parameter, memory)?;
        let name = memory.bytes(name, length as usize)?;
        Some(match (name, mode) {
            (b":tt", 0..=3) => Answer::Value(INPUT),
            (b":tt", 4..=7) => Answer::Value(OUTPUT),
            (b":tt", 8..=11) => Answer::Value(ERROR),
            (b":tt", _) => self.failed(NO_ENTRY, FAILED),
            (file, _) => Answer::Unmodelled(format!(
                "semihosting opens the file {:?}; only the console, :tt, is there",
                String::from_utf8_lossy(file)
            )),
        })
    }

    fn close(&mut self, parameter: u32, memory: &Memory) -> Option<Answer> {
        let [handle] = fields(parameter, memory)?;
        Some(match handle {
            INPUT | OUTPUT | ERROR => Answer::Value(0),
            _ => self.failed(BAD_HANDLE, FAILED),
        })
    }

    /// Returns how many bytes were not written: none, or all.
    fn write(&mut self, parameter: u32, memory: &Memory) -> Option<Answer> {
        let [handle, buffer, length] = fields(parameter, memory)?;
        let to = match handle {
            OUTPUT => Output::Standard,
            ERROR => Output::Error,
            _ => return Some(self.failed(BAD_HANDLE, length)),
        };
        Some(Answer::Written {
            value: 0,
            to,
            bytes: memory.bytes(buffer, length as usize)?.to_vec(),
        })
    }

    /// Returns how many bytes of the buffer were not filled; all of them at the end of the input.
    fn read(&mut self, parameter: u32, memory: &mut Memory) -> Option<Answer> {
        let [handle, buffer, length] = fields(parameter, memory)?;
        if handle != INPUT {
            return Some(self.failed(BAD_HANDLE, length));
        }
        memory.bytes(buffer, length as usize)?;
        let bytes = self.take(length as usize);
        memory.put(buffer, bytes)?;
        Some(Answer::Value(length - bytes.len() as u32))
    }

    /// The next bytes of the input, at most `length`.
    fn take(&mut self, length: usize) -> &[u8] {
        let from = self.taken;
        self.taken = from.saturating_add(length).min(self.input.len());
        self.input.get(from..self.taken).unwrap_or_default()
    }
}

/// The words of a parameter block.
fn fields<const N: usize>(block: u32, memory: &Memory) -> Option<[u32; N]> {
    let mut words = [0; N];
    for (k, word) in (0..).zip(&mut words) {
        *word = memory.word(block.checked_add(4 * k)?)?;
    }
    Some(words)
}

fn written(bytes: Vec<u8>) -> Answer {
    Answer::Written {
        value: 0,
        to: Output::Error,
        bytes,
    }
}

fn write_character(at: u32, memory: &Memory) -> Option<Answer> {
    memory.load::<1>(at).map(|byte| written(byte.to_vec()))
}

/// Writes what lies before the next zero byte.
fn write_string(at: u32, memory: &Memory) -> Option<Answer> {
    let mut bytes = Vec::new();
    for offset in 0..LONGEST_STRING {
        match memory.load::<1>(at.checked_add(offset)?)? {
            [0] => return Some(written(bytes)),
            [byte] => bytes.push(byte),
        }
    }
    None
}

/// Any other reason than that the program ended is a failure, whatever its code.
fn exit(reason: u32, code: u32) -> Answer {
    Answer::Exit(if reason == APPLICATION_EXIT {
        code.cast_signed()
    } else {
        1
    })
}

fn name(operation: u32) -> Option<&'static str> {
    OTHERS
        .iter()
        .find(|(number, _)| *number == operation)
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Region;

    const BLOCK: u32 = 0x2000_0000;
    const TEXT: u32 = 0x2000_0100;

    fn memory(block: &[u32], text: &[u8]) -> Memory {
        let mut memory = Memory::new(vec![Region::ram("RAM", BLOCK, 0x1000)]);
        for (address, word) in (BLOCK..).step_by(4).zip(block) {
            memory.put(address, &word.to_le_bytes());
        }
        memory.put(TEXT, text);
        memory
    }

    fn answer(operation: u32, block: &[u32], text: &[u8]) -> Answer {
        Semihosting::default().answer(operation, BLOCK, &mut memory(block, text))
    }

    fn open(mode: u32) -> Answer {
        answer(SYS_OPEN, &[TEXT, mode, 3], b":tt\0")
    }

    #[test]
    fn the_console_is_input_output_and_error_output_by_the_mode() {
        assert_eq!([0, 4, 8].map(open), [INPUT, OUTPUT, ERROR].map(Answer::Value));
        assert_eq!(open(12), Answer::Value(FAILED));
        for handle in [INPUT, OUTPUT, ERROR] {
            assert_eq!(answer(SYS_CLOSE, &[handle], b""), Answer::Value(0));
        }
        assert_eq!(answer(SYS_CLOSE, &[7], b""), Answer::Value(FAILED));
    }

    #[test]
    fn what_is_written_comes_with_its_stream() {
        let written = |to, bytes: &[u8]| Answer::Written {
            value: 0,
            to,
            bytes: bytes.to_vec(),
        };
        assert_eq!(
            answer(SYS_WRITE, &[OUTPUT, TEXT, 4], b"a\0bc"),
            written(Output::Standard, b"a\0bc")
        );
        assert_eq!(answer(SYS_WRITE, &[ERROR, TEXT, 1], b"e"), written(Output::Error, b"e"));
        // Nothing of three bytes goes to the input.
        assert_eq!(answer(SYS_WRITE, &[INPUT, TEXT, 3], b"abc"), Answer::Value(3));
        let mut console = Semihosting::default();
        let mut memory = memory(&[], b"text\0more");
        assert_eq!(
            console.answer(SYS_WRITE0, TEXT, &mut memory),
            written(Output::Error, b"text")
        );
        assert_eq!(
            console.answer(SYS_WRITEC, TEXT, &mut memory),
            written(Output::Error, b"t")
        );
    }

    #[test]
    fn input_is_read_to_its_end_and_no_further() {
        let mut memory = memory(&[INPUT, TEXT, 4], b"zzzz");
        let mut console = Semihosting::new(b"012345".to_vec());
        let mut read = |memory: &mut Memory| {
            let answer = console.answer(SYS_READ, BLOCK, memory);
            (answer, memory.load::<4>(TEXT).unwrap())
        };
        assert_eq!(read(&mut memory), (Answer::Value(0), *b"0123"));
        assert_eq!(read(&mut memory), (Answer::Value(2), *b"4523"));
        assert_eq!(read(&mut memory), (Answer::Value(4), *b"4523"));
        assert_eq!(console.answer(SYS_READC, 0, &mut memory), Answer::Value(FAILED));
        let mut console = Semihosting::new(b"x".to_vec());
        assert_eq!(console.answer(SYS_READC, 0, &mut memory), Answer::Value(b'x'.into()));
        // What is no input cannot be read, and says why when asked.
        memory.put(BLOCK, &OUTPUT.to_le_bytes());
        assert_eq!(console.answer(SYS_READ, BLOCK, &mut memory), Answer::Value(4));
        assert_eq!(console.answer(SYS_ERRNO, 0, &mut memory), Answer::Value(BAD_HANDLE));
    }

    #[test]
    fn a_program_ends_with_its_code_or_with_a_failure() {
        let mut memory = memory(&[APPLICATION_EXIT, 3], b"");
        let mut console = Semihosting::default();
        let mut exit = |operation, parameter| console.answer(operation, parameter, &mut memory);
        assert_eq!(exit(SYS_EXIT_EXTENDED, BLOCK), Answer::Exit(3));
        assert_eq!(exit(SYS_EXIT, APPLICATION_EXIT), Answer::Exit(0));
        assert_eq!(exit(SYS_EXIT, 0x2_0023), Answer::Exit(1));
        assert_eq!(answer(SYS_EXIT_EXTENDED, &[0x2_0024, 0], b""), Answer::Exit(1));
        assert_eq!(
            answer(SYS_EXIT_EXTENDED, &[APPLICATION_EXIT, u32::MAX], b""),
            Answer::Exit(-1)
        );
    }

    #[test]
    fn what_is_not_modelled_is_named() {
        let named = |answer| match answer {
            Answer::Unmodelled(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(named(answer(0x10, &[], b"")), "semihosting operation SYS_CLOCK (0x10)");
        assert_eq!(
            named(answer(0x99, &[], b"")),
            "semihosting operation 0x99, which there is not"
        );
        assert_eq!(
            named(answer(SYS_OPEN, &[TEXT, 0, 5], b"a.txt")),
            "semihosting opens the file \"a.txt\"; only the console, :tt, is there"
        );
    }

    #[test]
    fn parameters_outside_of_memory_end_the_run() {
        let mut console = Semihosting::new(vec![1; 16]);
        let mut outside = |operation, parameter, block: &[u32]| match console.answer(
            operation,
            parameter,
            &mut memory(block, &[b'x'; 0xf00]),
        ) {
            Answer::Unmodelled(why) => why.contains("outside of memory"),
            _ => false,
        };
        for operation in [
            SYS_OPEN,
            SYS_CLOSE,
            SYS_WRITEC,
            SYS_WRITE0,
            SYS_WRITE,
            SYS_READ,
            SYS_EXIT_EXTENDED,
        ] {
            assert!(outside(operation, 0x1000, &[]), "{operation:#x}");
            assert!(outside(operation, u32::MAX, &[]), "{operation:#x}");
        }
        assert!(outside(SYS_WRITE, BLOCK, &[OUTPUT, TEXT, u32::MAX]));
        assert!(outside(SYS_READ, BLOCK, &[INPUT, 0x1000, 4]));
        assert!(outside(SYS_OPEN, BLOCK, &[TEXT, 0, u32::MAX]));
        // A string without an end.
        assert!(outside(SYS_WRITE0, TEXT, &[]));
    }
}
