//! The bytes of a trace, unpacked and as UTF-8.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use flate2::bufread::MultiGzDecoder;

use crate::error::Error;

const BUFFER_BYTES: usize = 1 << 18;
const GZIP: [u8; 2] = [0x1f, 0x8b];

pub(super) fn read_error(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Read {
        path: path.into(),
        source,
    }
}

/// The bytes of a file, unpacked where it is a gzip, as UTF-8 where it is UTF-16.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    let file = File::open(path).map_err(read_error(path))?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, file);
    if reader.fill_buf().map_err(read_error(path))?.starts_with(&GZIP) {
        let unpacked = BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(reader));
        return decoded(unpacked).map_err(read_error(path));
    }
    decoded(reader).map_err(read_error(path))
}

fn decoded(mut reader: impl BufRead + 'static) -> std::io::Result<Box<dyn BufRead>> {
    let head = reader.fill_buf()?;
    let encoding = match head {
        [0xff, 0xfe, ..] => UTF_16LE,
        [0xfe, 0xff, ..] => UTF_16BE,
        // No mark, but every other byte of the ASCII header is 0.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => UTF_16LE,
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => UTF_16BE,
        _ => return Ok(Box::new(reader)),
    };
    let utf8 = Utf8 {
        reader,
        decoder: encoding.new_decoder_with_bom_removal(),
        ended: false,
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, utf8)))
}

/// UTF-16 as UTF-8, piece by piece.
struct Utf8<R> {
    reader: R,
    decoder: Decoder,
    ended: bool,
}

impl<R: BufRead> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while !self.ended {
            let bytes = self.reader.fill_buf()?;
            let last = bytes.is_empty();
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, out, last);
            self.reader.consume(read);
            self.ended = last && result == CoderResult::InputEmpty;
            if written > 0 || (read == 0 && !last) {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
