//! Every error of every crate, printed with its causes as the command line prints it: no text stands there twice.
//!
//! The text of an error does not hold that of its cause; `source` gives the cause, and whoever prints the error prints both.

mod common;

use common::{Folder, skiprnn};
use std::{
    error::Error,
    fmt::{self, Display},
    io,
    path::PathBuf,
};

/// One error of each variant. The patterns are exhaustive: a new variant does not compile until it is listed, and a value
/// that is not of its pattern fails.
macro_rules! one_of_each {
    ($error:ty { $($pattern:pat => $value:expr,)+ }) => {{
        let _exhaustive = |error: &$error| match error {
            $($pattern => (),)+
        };
        let mut errors: Vec<Box<dyn std::error::Error>> = Vec::new();
        $(
            let error: $error = $value;
            assert!(matches!(error, $pattern), "{error:?} is not {}", stringify!($pattern));
            errors.push(Box::new(error));
        )+
        errors
    }};
}

/// The error's own text, then that of its cause and so on.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

/// The number of causes, after a check that every text of the chain stands once in the line that is printed.
fn causes_told_once(error: &dyn Error) -> usize {
    let chain = chain(error);
    let line = chain.join(": ");
    for text in &chain {
        assert!(!text.is_empty(), "{error:?} has an empty text");
        assert_eq!(line.matches(text.as_str()).count(), 1, "{error:?} prints as\n{line}");
    }
    chain.len() - 1
}

/// Checks all of them, and that `with_cause` of them have a cause.
fn told_once(errors: &[Box<dyn Error>], with_cause: usize) {
    let causes = errors.iter().map(|error| causes_told_once(error.as_ref()));
    assert_eq!(causes.filter(|n| *n > 0).count(), with_cause);
}

fn path() -> PathBuf {
    "some/file".into()
}

fn cause() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the disk is gone")
}

fn text(what: &str) -> String {
    format!("the {what} in words")
}

#[test]
fn an_error_of_a_model_file_tells_its_cause_once() {
    use float_model::Error;
    let errors = one_of_each!(Error {
        Error::Io { .. } => Error::Io { path: path(), source: cause() },
        Error::NotSafetensors { .. } => Error::NotSafetensors { path: path(), reason: text("reason") },
        Error::ModelFile { .. } => Error::ModelFile { path: path(), problems: text("problems") },
        Error::Field { .. } => Error::Field { file: text("file"), field: text("field"), problem: text("problem") },
    });
    told_once(&errors, 1);
}

#[test]
fn an_error_of_an_import_tells_its_cause_once() {
    use import::Error;
    let model = float_model::Error::Io {
        path: path(),
        source: cause(),
    };
    let array = dataset::Error::Io {
        path: path(),
        source: cause(),
    };
    let errors = one_of_each!(Error {
        Error::Io { .. } => Error::Io { path: path(), source: cause() },
        Error::Refused { .. } => Error::Refused { path: path(), problems: text("problems") },
        Error::Model(_) => Error::Model(model),
        Error::Array(_) => Error::Array(array),
    });
    told_once(&errors, 3);
}

#[test]
fn an_error_of_recordings_tells_its_cause_once() {
    use dataset::Error;
    let model = float_model::Error::Io {
        path: path(),
        source: cause(),
    };
    let errors = one_of_each!(Error {
        Error::Usage { .. } => Error::usage("every", text("problem")),
        Error::Io { .. } => Error::Io { path: path(), source: cause() },
        Error::Data { .. } => Error::Data { file: text("file"), field: text("field"), problem: text("problem") },
        Error::Model(_) => Error::Model(model),
    });
    told_once(&errors, 2);
}

#[test]
fn an_error_of_training_tells_its_cause_once() {
    use host_train::Error;
    let recordings = dataset::Error::Io {
        path: path(),
        source: cause(),
    };
    let model = float_model::Error::Io {
        path: path(),
        source: cause(),
    };
    let errors = one_of_each!(Error {
        Error::Usage { .. } => Error::usage("lambda", text("problem")),
        Error::Io { .. } => Error::Io { path: path(), source: cause() },
        Error::Data { .. } => Error::Data { file: text("file"), field: text("field"), problem: text("problem") },
        Error::Dataset(_) => Error::Dataset(recordings),
        Error::Model(_) => Error::Model(model),
        Error::RunExists { .. } => Error::RunExists { path: path() },
        Error::DataChanged { .. } => Error::DataChanged { path: path() },
        Error::SourceChanged { .. } => Error::SourceChanged { path: path(), model: "another.safetensors".into() },
        Error::Interrupted { .. } => Error::Interrupted { path: path(), step: 9 },
        Error::NoCheckpoint { .. } => Error::NoCheckpoint { path: path() },
        Error::RunBusy { .. } => Error::RunBusy { path: path() },
        Error::ResumeMismatch { .. } => Error::ResumeMismatch {
            path: path(),
            field: text("field"),
            was: text("old value"),
            now: text("new value"),
        },
        Error::Diverged { .. } => Error::Diverged {
            tensor: text("tensor"),
            step: 7,
            loss: f64::NAN,
            model: Some(path()),
        },
        Error::Device { .. } => Error::Device { device: "cuda:0".into(), problem: text("problem") },
        Error::Tensor(_) => Error::Tensor(candle_core::Error::Msg(text("shape"))),
    });
    told_once(&errors, 4);
}

#[test]
fn an_error_of_an_experiment_tells_its_cause_once() {
    use experiments::Error;
    let model = || float_model::Error::Io {
        path: path(),
        source: cause(),
    };
    let errors = one_of_each!(Error {
        Error::Option { .. } => Error::option("every", text("problem")),
        Error::Input { .. } => Error::Input { what: text("folder"), problem: text("problem") },
        Error::Data { .. } => Error::Data { what: text("file"), problem: text("problem") },
        Error::Io { .. } => Error::Io { path: path(), action: "read", source: cause() },
        Error::InRun { .. } => Error::InRun {
            path: path(),
            source: Box::new(Error::Input { what: text("cell"), problem: text("problem") }),
        },
        Error::Interrupted => Error::Interrupted,
        Error::Train(_) => Error::Train(host_train::Error::Model(model())),
        Error::Model(_) => Error::Model(model()),
        Error::Import(_) => Error::Import(import::Error::Model(model())),
        Error::Quantize(_) => Error::Quantize(quantize::Error::Model(model())),
        Error::Tensor(_) => Error::Tensor(candle_core::Error::Msg(text("shape"))),
        Error::Energy(_) => Error::Energy(energy::Error::Read { path: path(), source: cause() }),
    });
    told_once(&errors, 8);
}

#[test]
fn an_error_of_quantization_tells_its_cause_once() {
    use quantize::Error;
    let model = float_model::Error::Io {
        path: path(),
        source: cause(),
    };
    let errors = one_of_each!(Error {
        Error::Model(_) => Error::Model(model),
        Error::Unquantizable { .. } => Error::Unquantizable { field: text("field"), problem: text("problem") },
        Error::Blob { .. } => Error::Blob { file: text("file"), source: skiprnn_nostd::ParseError::Magic },
        Error::Data { .. } => Error::Data { file: text("file"), problem: text("problem") },
    });
    told_once(&errors, 2);
}

#[test]
fn an_error_of_the_energy_model_tells_its_cause_once() {
    use energy::Error;
    let errors = one_of_each!(Error {
        Error::UnknownProfile { .. } => Error::UnknownProfile {
            what: "board",
            name: text("name"),
            known: text("list"),
        },
        Error::Read { .. } => Error::Read { path: path(), source: cause() },
        Error::Write { .. } => Error::Write { path: path(), source: cause() },
        Error::Profile { .. } => Error::Profile { file: text("file"), field: text("field"), problem: text("problem") },
        Error::Workload { .. } => Error::Workload { field: "updates", problem: text("problem") },
        Error::Trace { .. } => Error::Trace { file: text("file"), place: text("line"), problem: text("problem") },
        Error::Kept { .. } => Error::Kept {
            path: path(),
            samples: 7,
            source: Box::new(Error::Mismatch(text("unplugged"))),
        },
        Error::Option { .. } => Error::Option { option: "--skip", problem: text("problem") },
        Error::Mismatch(_) => Error::Mismatch(text("difference")),
    });
    told_once(&errors, 3);
}

#[test]
fn an_error_of_a_board_tells_its_cause_once() {
    use board_host::Error;
    let errors = one_of_each!(Error {
        Error::QemuMissing => Error::QemuMissing,
        Error::GivenToQemu { .. } => Error::GivenToQemu { path: path() },
        Error::TargetMissing { .. } => Error::TargetMissing { target: "thumbv6m-none-eabi" },
        Error::NotModelled { .. } => Error::NotModelled { board: "one", modelled: "two, three" },
        Error::NoPart { .. } => Error::NoPart { board: "one", program: text("program") },
        Error::Board { .. } => Error::Board { board: "one", why: text("reason"), at_s: 0.5 },
        Error::NoSourceTree { .. } => Error::NoSourceTree { path: path() },
        Error::FirmwareBuild { .. } => Error::FirmwareBuild { log: text("log") },
        Error::Timeout { .. } => Error::Timeout { seconds: 9, lines: 3 },
        Error::Refused(_) => Error::Refused(text("reason")),
        Error::Fault(_) => Error::Fault(text("reason")),
        Error::Image { .. } => Error::Image { path: path(), why: text("reason") },
        Error::Mismatch(_) => Error::Mismatch(text("difference")),
        Error::Load { .. } => Error::Load { what: "blob", why: text("reason") },
        Error::Stopped { .. } => Error::Stopped { why: text("reason"), lines: 3 },
        Error::Silent { .. } => Error::Silent { backend: "qemu", messages: text("messages") },
        Error::Qemu { .. } => Error::Qemu { message: text("message") },
        Error::Start { .. } => Error::Start { name: text("program"), source: cause() },
        Error::Port { .. } => Error::Port { port: path(), why: text("reason") },
        Error::Io { .. } => Error::Io { path: path(), source: cause() },
    });
    told_once(&errors, 2);
}

#[test]
fn an_error_of_a_virtual_board_tells_its_cause_once() {
    use virtual_board::{
        host::{elf::ElfError, rtt::RttError},
        part::RecordingError,
    };
    let errors = one_of_each!(ElfError {
        ElfError::Io { .. } => ElfError::Io { path: path(), source: cause() },
        ElfError::Image { .. } => ElfError::Image { path: path(), why: text("reason") },
        ElfError::NoMemory { .. } => ElfError::NoMemory {
            path: path(),
            address: 64,
            bytes: 16,
            regions: text("memory"),
        },
    });
    told_once(&errors, 1);
    let errors = one_of_each!(RttError {
        RttError::Image => RttError::Image,
        RttError::NoSymbol => RttError::NoSymbol,
        RttError::Outside(_) => RttError::Outside(64),
        RttError::Channels { .. } => RttError::Channels { up: 9, down: 9 },
        RttError::Buffer { .. } => RttError::Buffer { buffer: 64, size: 16 },
        RttError::Offsets { .. } => RttError::Offsets { write: 1, read: 2, size: 16 },
    });
    told_once(&errors, 0);
    let errors = one_of_each!(RecordingError {
        RecordingError::Empty => RecordingError::Empty,
        RecordingError::Shape { .. } => RecordingError::Shape { counts: 7, channels: 2 },
        RecordingError::Unit { .. } => RecordingError::Unit { channel: 0, unit: "V".into() },
        RecordingError::Axes { .. } => RecordingError::Axes { channel: 3, unit: "g".into() },
        RecordingError::FullScale { .. } => RecordingError::FullScale { channel: 0, full_scale: -1.0 },
        RecordingError::Period => RecordingError::Period,
    });
    told_once(&errors, 0);
}

/// An error whose text holds that of its cause, as none may.
#[derive(Debug)]
struct Twice(io::Error);

impl Display for Twice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "some/file: {}", self.0)
    }
}

impl Error for Twice {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
#[should_panic(expected = "some/file: the disk is gone: the disk is gone")]
fn a_cause_that_is_told_twice_is_noticed() {
    causes_told_once(&Twice(cause()));
}

#[test]
fn the_command_line_tells_a_cause_once() {
    let f = Folder::new();
    std::fs::write(f.at("no.srnn"), [b'x'; 100]).unwrap();
    for (line, cause) in [
        (format!("eval {}", f.at("nowhere")), "No such file"),
        (format!("inspect {}", f.at("nowhere.srnn")), "No such file"),
        (format!("inspect {}", f.at("no.srnn")), "magic: "),
        (format!("energy measure {}", f.at("nowhere.csv")), "No such file"),
    ] {
        let out = skiprnn(line.split(' '));
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert_eq!(stderr.matches(cause).count(), 1, "{line}\n{stderr}");
    }
}
