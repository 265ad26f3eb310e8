//! Packed files in memory: what they unpack to is bounded by their own size before it is read, not by what they state.

use std::io::{self, Read};

/// Bytes that a packed file may unpack to, however small it is.
const ALWAYS: u64 = 48 << 20;
/// Bytes that each byte of it may unpack to beyond them. Packed recordings have two to four.
const EACH: u64 = 2;

/// Bytes that a packed file of `size` bytes may unpack to.
pub(crate) fn most(size: u64) -> u64 {
    ALWAYS.saturating_add(size.saturating_mul(EACH))
}

/// What a packed file of `size` bytes unpacks to; `None` where that is more than [`most`].
pub(crate) fn read(unpacking: impl Read, size: u64) -> io::Result<Option<Vec<u8>>> {
    let most = most(size);
    let mut bytes = Vec::new();
    unpacking.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}
