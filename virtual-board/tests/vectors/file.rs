//! The file of one architecture's vectors.

use super::{
    case::{Architecture, inputs_crc},
    crc::Crc,
    outcome::Ending,
};

const MAGIC: [u8; 8] = *b"M-VECTOR";
const VERSION: u16 = 1;
const HEADER: usize = 28;

/// The vectors of one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vectors {
    /// Which architecture.
    pub architecture: Architecture,
    /// What they are drawn from.
    pub seed: u64,
    /// For each vector, the ending and the digest of the state.
    pub results: Vec<(Ending, u16)>,
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], String> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or_else(|| format!("the file ends before byte {}", at + N))
}

impl Vectors {
    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = self.results.len();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.architecture as u16).to_le_bytes());
        bytes.extend(self.seed.to_le_bytes());
        bytes.extend((count as u32).to_le_bytes());
        bytes.extend(inputs_crc(self.architecture, self.seed, count as u32).to_le_bytes());
        bytes.extend(self.results.iter().flat_map(|(_, digest)| digest.to_le_bytes()));
        bytes.extend(
            self.results
                .chunks(2)
                .map(|pair| pair.iter().rev().fold(0, |byte, (ending, _)| byte << 4 | *ending as u8)),
        );
        let mut crc = Crc::new();
        crc.bytes(&bytes);
        bytes.extend(crc.value().to_le_bytes());
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is not one, it is damaged, or the generator no longer draws the inputs it was made for; the message says which.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if array::<8>(bytes, 0)? != MAGIC || u16::from_le_bytes(array(bytes, 8)?) != VERSION {
            return Err(format!("no file of vectors, version {VERSION}"));
        }
        let architecture =
            Architecture::from_number(u16::from_le_bytes(array(bytes, 10)?)).ok_or("unknown architecture")?;
        let seed = u64::from_le_bytes(array(bytes, 12)?);
        let count = u32::from_le_bytes(array(bytes, 20)?);
        let inputs = u32::from_le_bytes(array(bytes, 24)?);
        let (digests, endings) = (HEADER, HEADER + 2 * count as usize);
        let end = endings + (count as usize).div_ceil(2);
        let mut crc = Crc::new();
        crc.bytes(bytes.get(..end).ok_or("the file is too short")?);
        if bytes.len() != end + 4 || u32::from_le_bytes(array(bytes, end)?) != crc.value() {
            return Err("the file is damaged: its checksum differs".into());
        }
        if inputs_crc(architecture, seed, count) != inputs {
            return Err("the generator draws other inputs than those that the file was made for: make it again".into());
        }
        let result = |index: usize| {
            let digest = u16::from_le_bytes(array(bytes, digests + 2 * index)?);
            let bits = bytes[endings + index / 2] >> (4 * (index % 2)) & 15;
            Ok((
                Ending::from_bits(bits).ok_or_else(|| format!("vector {index} has no known ending"))?,
                digest,
            ))
        };
        let results = (0..count as usize).map(result).collect::<Result<_, String>>()?;
        Ok(Self {
            architecture,
            seed,
            results,
        })
    }
}
