//! What can go wrong between an option and a trained model, said so that the reader can fix it.

use float_model::printable_text;
use std::path::{Path, PathBuf};

/// An error that names the file, the field and the fix.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option has a value that cannot work.
    #[error("{field}: {}", printable_text(.problem))]
    Usage {
        /// The option, as it is named in `config.toml`.
        field: String,
        /// What is wrong, and what to give instead.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: cannot be accessed")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{file}: {}: {}", printable_text(.field), printable_text(.problem))]
    Data {
        /// The file.
        file: String,
        /// The array, column or key.
        field: String,
        /// What is wrong, and how to fix it.
        problem: String,
    },
    /// Recordings cannot be read, or cannot be trained on.
    #[error(transparent)]
    Dataset(#[from] dataset::Error),
    /// A model or an array of sequences is wrong.
    #[error(transparent)]
    Model(#[from] float_model::Error),
    /// The folder already holds a run.
    #[error("{path}: already holds a run; continue it with --resume, or give another folder")]
    RunExists {
        /// The run folder.
        path: PathBuf,
    },
    /// The data of a run that is to be continued are not those that it began with.
    #[error(
        "{path}: the data changed since the run began: files were added, removed or have another content; bring the old ones back, \
         or train in a new folder"
    )]
    DataChanged {
        /// The run folder.
        path: PathBuf,
    },
    /// The model that a run is to be continued from is not the one that it began with.
    #[error(
        "{path}: the run started from another model than {} is now; bring the old one back, or train in a new folder",
        printable_text(&.model.display().to_string())
    )]
    SourceChanged {
        /// The run folder.
        path: PathBuf,
        /// The model that is given now.
        model: PathBuf,
    },
    /// The observer ended the run before its last step.
    #[error("{path}: ended after step {step}, with a checkpoint; continue it with --resume")]
    Interrupted {
        /// The run folder.
        path: PathBuf,
        /// Steps done.
        step: u64,
    },
    /// A run is to be continued whose folder holds a model and no checkpoint: a new start would replace the model.
    #[error(
        "{path}: holds a model, but no checkpoint to continue from, and a new start would replace the model; move it away, or give \
         another folder"
    )]
    NoCheckpoint {
        /// The run folder.
        path: PathBuf,
    },
    /// Another process trains in the folder.
    #[error("{path}: another process is training in this folder; wait for it, or give another folder")]
    RunBusy {
        /// The run folder.
        path: PathBuf,
    },
    /// A run is to be continued under another configuration.
    #[error(
        "{path}: {field}: the run was started with {was}, now {now} is asked for; use the old value or a new folder"
    )]
    ResumeMismatch {
        /// The run's `config.toml`.
        path: PathBuf,
        /// The first field that differs.
        field: String,
        /// The value of the field in the run folder.
        was: String,
        /// The value of the field in this call.
        now: String,
    },
    /// The loss became NaN or infinite.
    #[error("step {step}: {tensor}: {loss}, no longer finite; lower learning_rate or lambda{}", kept(.model))]
    Diverged {
        /// `loss`, or the first array whose gradient is not finite.
        tensor: String,
        /// The first step with such a loss.
        step: u64,
        /// NaN or an infinity.
        loss: f64,
        /// The best model so far, where there is one.
        model: Option<PathBuf>,
    },
    /// A device is missing, or failed.
    #[error("{device}: {problem}")]
    Device {
        /// `cuda:0`.
        device: String,
        /// What is missing or went wrong, and the fix.
        problem: String,
    },
    /// The tensor library failed.
    #[error("the tensor library failed")]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    /// A bad option value.
    pub fn usage(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Usage {
            field: field.into(),
            problem: problem.into(),
        }
    }

    /// Whether the caller gave something wrong (exit code 2), as opposed to something having failed (exit code 1).
    pub fn is_usage(&self) -> bool {
        match self {
            Error::Usage { .. } => true,
            Error::Dataset(e) => e.is_usage(),
            _ => false,
        }
    }

    pub(crate) fn data(file: &Path, field: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Data {
            file: file.display().to_string(),
            field: field.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Error::Io {
            path: path.into(),
            source,
        }
    }
}

fn kept(model: &Option<PathBuf>) -> String {
    match model {
        Some(path) => format!(" (the best model before it is in {})", path.display()),
        None => String::new(),
    }
}
