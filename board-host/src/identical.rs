//! Random networks on an emulated board: what its arithmetic makes of them, as checksums to compare with the host's.

use crate::{
    Backend, Error, Image, Machine, Options, Program, image_cache,
    log::{self, pick},
    memory::Loads,
};

/// A network and what to feed it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The blob.
    pub blob: Vec<u8>,
    /// (samples, I) raw counts; each is an update.
    pub counts: Vec<i16>,
}

/// An emulated board that computes pairs.
pub struct Board {
    image: Image,
    options: Options,
}

impl Board {
    /// The image of a machine, built where it is not in the cache; `portable`, with the portable kernels even where
    /// there are faster ones.
    ///
    /// # Errors
    /// A tool is missing, or the image cannot be built.
    pub fn new(machine: Machine, portable: bool, backend: Backend) -> Result<Self, Error> {
        backend.check()?;
        Ok(Self {
            image: Image::read(image_cache::built(machine, Program::Identical, portable)?)?,
            options: Options {
                machine,
                backend,
                timeout_s: 600,
                ..Options::default()
            },
        })
    }

    /// Bytes of all pairs of one batch, each with [`Board::bytes`].
    #[must_use]
    pub fn room(&self) -> usize {
        self.image.regions.blob.bytes as usize
    }

    /// Bytes that a pair takes on a board.
    #[must_use]
    pub fn bytes(pair: &Pair) -> usize {
        8 + pair.blob.len() + (2 * pair.counts.len()).next_multiple_of(4)
    }

    /// The board's checksums, one for each pair: CRC-32/ISO-HDLC over Δũ and N_skip of every step, the logits and the
    /// final state's CRC.
    ///
    /// # Errors
    /// The pairs exceed [`Board::room`], or the board refuses one.
    pub fn digests(&self, pairs: &[Pair]) -> Result<Vec<u32>, Error> {
        let mut bytes = Vec::new();
        for pair in pairs {
            bytes.extend((pair.blob.len() as u32).to_le_bytes());
            bytes.extend((2 * pair.counts.len() as u32).to_le_bytes());
            bytes.extend(&pair.blob);
            bytes.extend(pair.counts.iter().flat_map(|count| count.to_le_bytes()));
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        if bytes.len() > self.room() {
            return Err(Error::Load {
                what: "pairs",
                why: format!("{} bytes, the board holds {}", bytes.len(), self.room()),
            });
        }
        let loads = Loads {
            memory: vec![(self.image.regions.blob.start, bytes)],
            ..Loads::default()
        };
        let lines = self.image.run(&loads, &self.options)?;
        let digests = digests(&lines)?;
        if digests.len() != pairs.len() {
            return Err(Error::Mismatch(format!(
                "{} pairs given, {} computed",
                pairs.len(),
                digests.len()
            )));
        }
        Ok(digests)
    }
}

/// The digests of a run over random networks.
fn digests(lines: &[String]) -> Result<Vec<u32>, Error> {
    log::ended(lines)?;
    let pairs = log::all(lines, pick!(Pair))?;
    Ok(pairs.iter().map(|pair| pair.digest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_random_networks() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let whole = lines("pair index=0 digest=00c0ffee\npair index=1 digest=ffffffff\nsummary pairs=2");
        assert_eq!(digests(&whole).unwrap(), [0x00c0_ffee, u32::MAX]);
        assert!(digests(&whole[..2]).is_err());
        assert!(digests(&lines("pair index=0 digest=x\nsummary pairs=1")).is_err());
    }
}
