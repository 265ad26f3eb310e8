//! Recorded sequences that arrive one at a time.

use super::{LoadError, Recording, SequenceHeader};
use board_link::{
    Load,
    sequences::{Digest, digest},
};

/// Bytes that arrive one after the other, over a wire or from a host.
pub trait ByteSource {
    /// Fills the buffer.
    ///
    /// # Errors
    /// Where fewer bytes arrive.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Ended>;
}

/// A [`ByteSource`] has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

/// Recorded sequences that arrive one at a time, for a board whose flash does not hold them all. The same bytes as of a
/// [`SequenceFile`]; the checksum is known only after the last sequence.
pub struct SequenceStream<'a, S> {
    source: S,
    buffer: &'a mut [u8],
    header: SequenceHeader,
    digest: Digest,
    /// Sequences that have arrived.
    arrived: u32,
    /// Whether the buffer holds the present one.
    here: bool,
}

impl<'a, S: ByteSource> SequenceStream<'a, S> {
    /// Reads and checks the header. `buffer` takes one sequence.
    ///
    /// # Errors
    /// Where nothing arrives, or not a header, or a sequence is larger than the buffer.
    pub fn open(mut source: S, buffer: &'a mut [u8]) -> Result<Self, LoadError> {
        let mut start = [0; SequenceHeader::BYTES];
        source
            .fill(&mut start)
            .map_err(|Ended| LoadError::Missing(Load::Sequences))?;
        let header = SequenceHeader::parse(&start)?;
        let room = buffer.len();
        match buffer.get_mut(..header.sequence_bytes()) {
            Some(buffer) => Ok(Self {
                source,
                buffer,
                header,
                digest: digest(),
                arrived: 0,
                here: false,
            }),
            None => Err(LoadError::Buffer {
                sequence: header.sequence_bytes(),
                room,
            }),
        }
    }
}

impl<S: ByteSource> Recording for SequenceStream<'_, S> {
    fn header(&self) -> SequenceHeader {
        self.header
    }

    fn advance(&mut self) -> Result<(), LoadError> {
        self.here = false;
        if self.arrived == self.header.sequences {
            return Ok(());
        }
        self.source.fill(self.buffer).map_err(|Ended| LoadError::Length {
            load: Load::Sequences,
            stated: self.header.bytes(),
            expected: self.arrived.wrapping_mul(self.buffer.len() as u32),
        })?;
        self.digest.update(self.buffer);
        self.arrived = self.arrived.wrapping_add(1);
        if self.arrived == self.header.sequences {
            self.header.check(self.digest.clone().finalize())?;
        }
        self.here = true;
        Ok(())
    }

    fn samples(&self) -> &[u8] {
        if self.here { self.buffer } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::recording::tests::{EXAMPLE, check, with},
        *,
    };

    #[test]
    fn sequences_are_streamed_through_a_buffer_of_one() {
        check(&mut SequenceStream::open(&EXAMPLE[..], &mut [0; 7]).unwrap());
    }

    impl ByteSource for &[u8] {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Ended> {
            let (now, later) = self.split_at_checked(buffer.len()).ok_or(Ended)?;
            buffer.copy_from_slice(now);
            *self = later;
            Ok(())
        }
    }

    #[test]
    fn a_stream_that_ends_early_or_is_damaged_is_named() {
        let mut buffer = [0; 6];
        let mut error = |bytes: &[u8], room: usize| -> String {
            match SequenceStream::open(bytes, &mut buffer[..room]) {
                Err(error) => error.to_string(),
                Ok(mut stream) => (0..2).find_map(|_| stream.advance().err()).unwrap().to_string(),
            }
        };
        assert_eq!(error(&EXAMPLE[..31], 6), "no sequences loaded");
        assert_eq!(error(&with(8, 0), 6), "sequences: N is 0");
        assert_eq!(
            error(&EXAMPLE, 5),
            "sequences: one has 6 bytes, this image streams at most 5"
        );
        assert_eq!(error(&EXAMPLE[..43], 6), "sequences: 12 bytes stated, not 6");
        assert_eq!(
            error(&with(40, 3), 6),
            "sequences: checksum e1e401cf, the header says 95e8cfb5"
        );
    }
}
