//! The sequences that a finished model is evaluated on.

use crate::{Error, Fitted, ModelInput};
use float_model::Targets;
use host_train::DataSource;
use serde::{Serialize, Serializer};

/// Sequences of a generated task that a model is evaluated on.
pub const COUNT: usize = 10_000;
/// Seed of the held-out sequences of a generated task; training never draws from their stream.
pub const SEED: u64 = 1_000_003;

/// Which sequences a finished model is evaluated on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// `COUNT` fresh sequences of a generated task, 10,000.
    Fresh,
    /// The test part of recordings.
    Test,
    /// The validation part of recordings that have no test part.
    Validation,
}

impl HeldOut {
    /// Which there are: fresh sequences of a generated task; of recordings the test part, or, where there is none, the validation
    /// part.
    #[must_use]
    pub fn of(source: &DataSource) -> HeldOut {
        match (source.is_generated(), source.has_test_part()) {
            (true, _) => HeldOut::Fresh,
            (false, true) => HeldOut::Test,
            (false, false) => HeldOut::Validation,
        }
    }

    /// Chooses and reads them for the model of `input`; `run_seed` is as for [`HeldOut::read`].
    ///
    /// # Errors
    /// Recordings that cannot be read, or do not fit the model.
    pub fn choose(source: &DataSource, run_seed: u64, input: &ModelInput) -> Result<(HeldOut, Fitted<Targets>), Error> {
        let held_out = HeldOut::of(source);
        Ok((held_out, held_out.read(source, run_seed, input)?))
    }

    /// Reads these sequences of `source` for the model of `input`; `run_seed` is that of a run whose validation part it is.
    ///
    /// # Errors
    /// Recordings that cannot be read, or do not fit the model.
    pub fn read(self, source: &DataSource, run_seed: u64, input: &ModelInput) -> Result<Fitted<Targets>, Error> {
        match self {
            HeldOut::Fresh | HeldOut::Test => input.held_out(source, (COUNT, SEED), usize::MAX),
            HeldOut::Validation => {
                let (x, y) = source.validation(run_seed)?;
                let notes = input.notes_on(&x);
                Ok(Fitted { x, y, notes })
            }
        }
    }

    /// What the sequences are, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            HeldOut::Fresh => "10,000 fresh sequences",
            HeldOut::Test => "the test part",
            HeldOut::Validation => "the validation part, as there is no test part",
        }
    }
}

impl Serialize for HeldOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_task_gives_as_many_fresh_sequences_as_the_words_say() {
        let (source, input) = (
            DataSource::Adding { length: 5 },
            ModelInput::of_description(&float_model::Description::default(), 1),
        );
        let (held_out, read) = HeldOut::choose(&source, 1, &input).unwrap();
        assert_eq!((held_out, read.x.count), (HeldOut::Fresh, COUNT));
        assert!(held_out.words().replace(',', "").starts_with(&COUNT.to_string()));
        let again = held_out.read(&source, 2, &input).unwrap();
        assert_eq!(again, read, "whatever the run's seed");
    }
}
