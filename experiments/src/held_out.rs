//! The sequences that a finished model is evaluated on.

use crate::Error;
use float_model::{Sequences, Targets};
use host_train::DataSource;
use serde::{Serialize, Serializer};

/// Sequences of a generated task that a model is evaluated on.
pub const COUNT: usize = 10_000;
/// Seed of the held-out sequences of a generated task; training never draws from their stream.
pub const SEED: u64 = 1_000_003;

/// Which sequences a finished model is evaluated on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// [`COUNT`] fresh sequences of a generated task.
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

    /// Chooses and reads them; `run_seed` is as for [`HeldOut::read`].
    ///
    /// # Errors
    /// Recordings that cannot be read.
    pub fn choose(source: &DataSource, run_seed: u64) -> Result<(HeldOut, Sequences, Targets), Error> {
        let held_out = HeldOut::of(source);
        let (x, y) = held_out.read(source, run_seed)?;
        Ok((held_out, x, y))
    }

    /// Reads these sequences of `source`; `run_seed` is that of a run whose validation part it is.
    ///
    /// # Errors
    /// Recordings that cannot be read.
    pub fn read(self, source: &DataSource, run_seed: u64) -> Result<(Sequences, Targets), Error> {
        Ok(match self {
            HeldOut::Fresh | HeldOut::Test => source.evaluation(COUNT, SEED)?,
            HeldOut::Validation => source.validation(run_seed)?,
        })
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
        let (held_out, x, y) = HeldOut::choose(&DataSource::Adding { length: 5 }, 1).unwrap();
        assert_eq!((held_out, x.count), (HeldOut::Fresh, COUNT));
        assert!(held_out.words().replace(',', "").starts_with(&COUNT.to_string()));
        let again = held_out.read(&DataSource::Adding { length: 5 }, 2).unwrap();
        assert_eq!(again, (x, y), "whatever the run's seed");
    }
}
