//! What can go wrong in an experiment, said so that the reader can fix it.

use float_model::printable_text;
use std::path::{Path, PathBuf};

/// An error that names the file or the option, and the fix.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option of an experiment has a value that cannot work.
    #[error("{option}: {}", printable_text(.problem))]
    Option {
        /// The field of the experiment's options.
        option: &'static str,
        /// What is wrong, and what to give instead.
        problem: String,
    },
    /// Files or folders that were given are not what the experiment takes.
    #[error("{}: {}", printable_text(.what), printable_text(.problem))]
    Input {
        /// The file, the folder, or what was read from it.
        what: String,
        /// What is wrong, and what to give instead.
        problem: String,
    },
    /// A file or folder holds something that cannot be used.
    #[error("{}: {}", printable_text(.what), printable_text(.problem))]
    Data {
        /// The file, the folder, or what was read from it.
        what: String,
        /// What is wrong, and how to fix it.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot be {action}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// `read`, `written` or `created`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// An error about a run folder.
    #[error("{}", path.display())]
    InRun {
        /// The run folder.
        path: PathBuf,
        /// The error.
        source: Box<Error>,
    },
    /// The observer ended the work before all of it was done.
    #[error("ended before all runs were done, each with a checkpoint; the same command continues them")]
    Interrupted,
    /// Training or its data failed.
    #[error(transparent)]
    Train(#[from] host_train::Error),
    /// A model or an array of sequences is wrong.
    #[error(transparent)]
    Model(#[from] float_model::Error),
    /// A file of another program is no model, or cannot be one.
    #[error(transparent)]
    Import(#[from] import::Error),
    /// Quantization or simulation failed.
    #[error(transparent)]
    Quantize(#[from] quantize::Error),
    /// The tensor library, which the convolutional networks use, failed.
    #[error("the tensor library failed")]
    Tensor(#[from] candle_core::Error),
    /// An energy cannot be predicted.
    #[error(transparent)]
    Energy(#[from] energy::Error),
}

impl Error {
    /// An option of an experiment, by its field's name, that cannot work.
    pub fn option(option: &'static str, problem: impl Into<String>) -> Self {
        Error::Option {
            option,
            problem: problem.into(),
        }
    }

    pub(crate) fn input(what: impl ToString, problem: impl Into<String>) -> Self {
        Error::Input {
            what: what.to_string(),
            problem: problem.into(),
        }
    }

    pub(crate) fn data(what: impl ToString, problem: impl Into<String>) -> Self {
        Error::Data {
            what: what.to_string(),
            problem: problem.into(),
        }
    }

    pub(crate) fn io<'a>(path: &'a Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |source| Error::Io {
            path: path.into(),
            action,
            source,
        }
    }

    pub(crate) fn in_run(path: &Path) -> impl FnOnce(Error) -> Self + '_ {
        move |source| Error::InRun {
            path: path.into(),
            source: Box::new(source),
        }
    }

    /// Whether the caller gave something wrong (exit code 2), as opposed to something having failed (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Error::Option { .. } | Error::Input { .. } => true,
            Error::Train(error) => error.is_usage(),
            Error::InRun { source, .. } => source.is_usage(),
            _ => false,
        }
    }

    /// The error and its causes on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        float_model::with_causes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let io = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let error = Error::io(Path::new("a/b"), "read")(io());
        assert_eq!(error.chain(), "a/b: cannot be read: entity not found");
        let outer = Error::in_run(Path::new("runs/a"))(Error::input("cell", "has a gate"));
        assert_eq!(outer.chain(), "runs/a: cell: has a gate");
        assert!(outer.is_usage() && !error.is_usage());
    }
}
