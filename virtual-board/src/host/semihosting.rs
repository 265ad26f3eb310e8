//! Semihosting: what a program asks of its debugger by `BKPT 0xAB` (Arm, "Semihosting for AArch32 and AArch64").
//!
//! A program gets a console and an end: it opens `:tt`, writes to it, reads from it, and ends the run with an exit code. The
//! host's files, commands, clock and command line are not there; a program that asks for one of them ends its run, and the call
//! is named. An image may be anybody's: nothing of it reaches the operating system.

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

/// Every operation by its number: its name, and what of the host it asks for.
const OPERATIONS: [(u32, &str, &str); 24] = [
    (SYS_OPEN, "SYS_OPEN", "a file"),
    (SYS_CLOSE, "SYS_CLOSE", "the end of a file"),
    (SYS_WRITEC, "SYS_WRITEC", "its console"),
    (SYS_WRITE0, "SYS_WRITE0", "its console"),
    (SYS_WRITE, "SYS_WRITE", "a file to write to"),
    (SYS_READ, "SYS_READ", "a file to read from"),
    (SYS_READC, "SYS_READC", "its keyboard"),
    (0x08, "SYS_ISERROR", "the meaning of an error number"),
    (0x09, "SYS_ISTTY", "the kind of a file"),
    (0x0a, "SYS_SEEK", "a place in a file"),
    (0x0c, "SYS_FLEN", "the length of a file"),
    (0x0d, "SYS_TMPNAM", "a temporary file"),
    (0x0e, "SYS_REMOVE", "the removal of a file"),
    (0x0f, "SYS_RENAME", "the renaming of a file"),
    (0x10, "SYS_CLOCK", "its clock"),
    (0x11, "SYS_TIME", "its date"),
    (0x12, "SYS_SYSTEM", "a command of its shell"),
    (SYS_ERRNO, "SYS_ERRNO", "its last error"),
    (0x15, "SYS_GET_CMDLINE", "its command line"),
    (0x16, "SYS_HEAPINFO", "a heap"),
    (SYS_EXIT, "SYS_EXIT", "the end of the run"),
    (SYS_EXIT_EXTENDED, "SYS_EXIT_EXTENDED", "the end of the run"),
    (0x30, "SYS_ELAPSED", "its clock"),
    (0x31, "SYS_TICKFREQ", "its clock"),
];

/// The reason ADP_Stopped_ApplicationExit: the program ended by itself.
const APPLICATION_EXIT: u32 = 0x2_0026;
/// The longest string that is followed to its end, in bytes.
const LONGEST_STRING: u32 = 1 << 16;
/// The most that a program may write to its console in a run, in bytes.
const MOST_OUTPUT: u64 = 64 << 20;
/// The longest name of a file that a message shows, in bytes.
const SHOWN_NAME: usize = 80;
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
    /// The program may not have this of the host, and the run ends: what it asked for, with the call's name.
    Refused(String),
    /// The request makes no sense: why the run ends.
    Unmodelled(String),
}

/// A console, as a debugger offers it.
#[derive(Debug, Clone, Default)]
pub struct Semihosting {
    input: Vec<u8>,
    /// Bytes of the input that were read.
    taken: usize,
    /// Bytes that the program has written.
    written: u64,
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
            written: 0,
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
            _ => Some(Answer::Refused(asked(operation, parameter, memory))),
        };
        match answer {
            Some(Answer::Written { bytes, .. }) if !self.has_room_for(&bytes) => Answer::Refused(format!(
                "a console for more than {} MB ({})",
                MOST_OUTPUT >> 20,
                name(operation)
            )),
            Some(answer) => answer,
            None => Answer::Unmodelled(format!(
                "semihosting operation {operation:#x} with parameters at {parameter:#010x}, or what they point to, outside \
                 of memory"
            )),
        }
    }

    fn has_room_for(&mut self, bytes: &[u8]) -> bool {
        self.written += bytes.len() as u64;
        self.written <= MOST_OUTPUT
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
            _ => Answer::Refused(asked(SYS_OPEN, parameter, memory)),
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

/// The name and number of an operation.
fn name(operation: u32) -> String {
    match OPERATIONS.iter().find(|(number, ..)| *number == operation) {
        Some((_, name, _)) => format!("{name}, {operation:#x}"),
        None => format!("operation {operation:#x}"),
    }
}

/// What a program asks of the host by this operation, R0, and this parameter, R1: for messages, without control characters.
#[must_use]
pub fn asked(operation: u32, parameter: u32, memory: &Memory) -> String {
    let known = OPERATIONS.iter().find(|(number, ..)| *number == operation);
    let what = known.map_or("something that there is not", |(.., what)| what);
    let file = (operation == SYS_OPEN).then(|| {
        let [name, _, length] = fields(parameter, memory)?;
        memory.bytes(name, (length as usize).min(SHOWN_NAME))
    });
    match file.flatten() {
        Some(file) => format!("{what}, {:?} ({})", String::from_utf8_lossy(file), name(operation)),
        None => format!("{what} ({})", name(operation)),
    }
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
    fn what_is_not_there_is_refused_and_named() {
        let refused = |answer| match answer {
            Answer::Refused(what) => what,
            other => panic!("{other:?}"),
        };
        for (operation, what) in [
            (0x0e, "the removal of a file (SYS_REMOVE, 0xe)"),
            (0x0f, "the renaming of a file (SYS_RENAME, 0xf)"),
            (0x10, "its clock (SYS_CLOCK, 0x10)"),
            (0x12, "a command of its shell (SYS_SYSTEM, 0x12)"),
            (0x15, "its command line (SYS_GET_CMDLINE, 0x15)"),
            (0x99, "something that there is not (operation 0x99)"),
        ] {
            assert_eq!(refused(answer(operation, &[TEXT, 3, TEXT, 3], b"abc")), what);
        }
        for mode in 0..12 {
            assert_eq!(
                refused(answer(SYS_OPEN, &[TEXT, mode, 6], b"a\x1b.txt")),
                "a file, \"a\\u{1b}.txt\" (SYS_OPEN, 0x1)"
            );
        }
        let long = refused(answer(SYS_OPEN, &[TEXT, 0, 0x400], &[b'x'; 0x400]));
        assert!(long.len() < 120, "{long}");
    }

    #[test]
    fn every_operation_but_those_of_the_console_is_refused() {
        let offered: Vec<u32> = (0..0x200)
            .filter(|operation| !matches!(answer(*operation, &[TEXT, 0, 3], b"abc"), Answer::Refused(_)))
            .collect();
        let console = [SYS_CLOSE, SYS_WRITEC, SYS_WRITE0, SYS_WRITE, SYS_READ, SYS_READC];
        assert_eq!(
            offered,
            [&console[..], &[SYS_ERRNO, SYS_EXIT, SYS_EXIT_EXTENDED]].concat()
        );
    }

    #[test]
    fn a_program_that_writes_without_end_is_stopped() {
        let mut memory = memory(&[OUTPUT, BLOCK, 0x1000], b"");
        let mut console = Semihosting::default();
        for _ in 0..MOST_OUTPUT / 0x1000 {
            assert!(matches!(
                console.answer(SYS_WRITE, BLOCK, &mut memory),
                Answer::Written { .. }
            ));
        }
        assert_eq!(
            console.answer(SYS_WRITE, BLOCK, &mut memory),
            Answer::Refused("a console for more than 64 MB (SYS_WRITE, 0x5)".into())
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
