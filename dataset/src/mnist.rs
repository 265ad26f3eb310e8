//! Sequential MNIST (Campos et al., section 4.2): digits of 28x28 pixels in [0, 1], one pixel a step.

use crate::{Dataset, Error, Store, idx, locate};
use float_model::Targets;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Digits held out for validation of the 60,000 training digits, the last ones.
const VALIDATION: usize = 5000;
/// Without a test part, one tenth of the digits is held out for validation and one tenth for the test, at the end.
const SHARE: usize = 10;

/// Where the digits are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MnistConfig {
    /// Folder with the IDX files, `.gz` or not: `train-images-idx3-ubyte` and `t10k-images-idx3-ubyte` with their labels, or
    /// only one of the two.
    pub data: PathBuf,
    /// Squares of `pool` by `pool` pixels become one pixel, their mean: 1, or 2 for 14x14.
    pub pool: usize,
}

type Digits = (Store, Targets);

impl MnistConfig {
    /// The images of the training part, and of the test part where there is one.
    fn files(&self) -> Result<(PathBuf, Option<PathBuf>), Error> {
        let found = locate::parts(&self.data)?;
        match found.train.is_dir() {
            false => Ok((found.train, found.test)),
            true => Ok((locate::only_images(&found.train)?, None)),
        }
    }

    fn digits(&self, images: &Path) -> Result<Digits, Error> {
        let x = Store::of(idx::images(images)?.sequences(images, self.pool)?);
        let path = locate::idx_labels(images);
        let y = idx::labels(&path)?;
        if y.count() != x.count() {
            let problem = format!("{} labels for {} images; fetch both files again", y.count(), x.count());
            return Err(Error::data(&path, "count", problem));
        }
        if let Targets::Labels(labels) = &y
            && let Some(n) = labels.iter().position(|l| *l > 9)
        {
            let problem = format!("{} is not a digit; are these the labels of MNIST?", labels[n]);
            return Err(Error::data(&path, format!("label of image {n}"), problem));
        }
        Ok((x, y))
    }

    /// Training, validation and test part, in the order of the files.
    fn parts(&self) -> Result<[Digits; 3], Error> {
        let (train, test) = self.files()?;
        let (x, y) = self.digits(&train)?;
        let (validation, held) = match test {
            Some(_) => (VALIDATION.min(x.count() / SHARE), 0),
            None => (x.count() / SHARE, x.count() / SHARE),
        };
        if validation == 0 {
            let problem = format!(
                "{} images; a tenth of them is held out, give at least {SHARE}",
                x.count()
            );
            return Err(Error::data(&train, "count", problem));
        }
        let cuts = [0, x.count() - held - validation, x.count() - held, x.count()];
        let of = |k: usize| (x.select(cuts[k]..cuts[k + 1]), y.select(cuts[k]..cuts[k + 1]));
        Ok([
            of(0),
            of(1),
            match &test {
                Some(images) => self.digits(images)?,
                None => of(2),
            },
        ])
    }

    /// Training and validation part. The pixels stay in [0, 1], as in the paper.
    ///
    /// # Errors
    /// Files that are missing, broken, or too few images.
    pub fn load(&self) -> Result<Dataset, Error> {
        let [training, validation, _] = self.parts()?;
        let class_names = (0..10).map(|d| d.to_string()).collect();
        Ok(Dataset::unscaled(training, validation, "pixel", class_names))
    }

    /// The test part.
    ///
    /// # Errors
    /// As [`MnistConfig::load`].
    pub fn load_test(&self) -> Result<Digits, Error> {
        let [_, _, test] = self.parts()?;
        Ok(test)
    }
}
