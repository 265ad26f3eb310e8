//! The chunks of a WAV file: what its samples are, and where they lie.
//!
//! RIFF: `"RIFF" size "WAVE"`, then chunks of a name of four characters, a size in bytes (u32, little-endian) and that many bytes,
//! padded to an even number. `fmt ` says what the samples are, `data` holds them. A program that writes into a pipe cannot go back
//! to write the sizes: it leaves 0, 0xFFFF_FFFF or 0x7FFF_F000, and the samples go on to the end of the file. (Microsoft and IBM,
//! Multimedia Programming Interface and Data Specifications 1.0, 1991; WAVE_FORMAT_EXTENSIBLE of 2001.)

/// How a sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Whole numbers: of one byte without a sign, of more bytes with one, little-endian; the lower `bits` of `bytes` count.
    Integer { bits: u32 },
    /// IEEE 754, little-endian.
    Float,
    /// G.711.
    ALaw,
    /// G.711.
    MuLaw,
}

/// What the samples of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) coding: Coding,
    pub(super) channels: usize,
    pub(super) rate_hz: u32,
    /// Of one sample of one channel.
    pub(super) bytes: usize,
}

impl Format {
    /// Bytes of one sample of all channels.
    pub(super) fn frame_bytes(&self) -> usize {
        self.bytes * self.channels
    }
}

/// A file's samples.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sound<'b> {
    pub(super) format: Format,
    /// Whole frames, then perhaps a part of one.
    pub(super) data: &'b [u8],
    /// Bytes that the header promises and the file does not hold.
    pub(super) missing: usize,
}

/// Field and problem.
pub(super) type Fault = (&'static str, String);

/// From here on a size is that of a pipe, or of more than 2 GB that a file of RF64 holds.
const UNKNOWN: u32 = 0x7fff_0000;
const MIX: &str = "convert it with `ffmpeg -i FILE -c:a pcm_s16le OUT.wav`";

/// Finds the samples of a file.
///
/// # Errors
/// Another kind of file, or samples of a kind that is not read, with the field and what to do.
pub(super) fn sound(bytes: &[u8]) -> Result<Sound<'_>, Fault> {
    let header = bytes.get(..12).unwrap_or(bytes);
    if !matches!(
        header,
        [b'R', b'I', b'F', b'F' | b'X', _, _, _, _, b'W', b'A', b'V', b'E'] | [b'R', b'F', b'6', b'4', ..]
    ) {
        return Err(("contents", format!("no WAV file, but {}; {MIX}", kind(bytes))));
    }
    if header.starts_with(b"RIFX") {
        return Err((
            "contents",
            format!("RIFX, with the bytes of its numbers in another order; {MIX}"),
        ));
    }
    let (mut format, mut data) = (None, None);
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((name, size, body)) = chunk(rest) {
        if name == b"fmt " {
            let known = body.get(..size as usize).unwrap_or(body);
            format = Some(self::format(known)?);
        }
        if name == b"data" {
            let there = (size as usize).min(body.len());
            // A size of 0 in front of something that is no chunk is that of a pipe.
            let unknown = (size >= UNKNOWN && there < size as usize) || (size == 0 && chunk(body).is_none());
            let end = if unknown { body.len() } else { there };
            let missing = if unknown { 0 } else { size as usize - there };
            data = Some((&body[..end], missing));
            if end == body.len() {
                break;
            }
        }
        rest = after(body, size as usize);
    }
    let Some(format) = format else {
        return Err(("fmt", format!("the file does not say what its samples are; {MIX}")));
    };
    let Some((data, missing)) = data else {
        return Err(("data", "there are no samples; record again".into()));
    };
    Ok(Sound { format, data, missing })
}

/// Name, size and what follows; `None` where no chunk begins.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], u32, &[u8])> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (size, body) = rest.split_first_chunk::<4>()?;
    let is_name = name.iter().all(|byte| matches!(byte, b' '..=b'~'));
    is_name.then_some((name, u32::from_le_bytes(*size), body))
}

/// What follows a chunk of this size: a byte of padding behind an odd one, which some programs leave out.
fn after(body: &[u8], size: usize) -> &[u8] {
    let rest = body.get(size..).unwrap_or_default();
    let padded = rest.get(size % 2..).unwrap_or_default();
    // The last letters of a name and a part of its size may look like a name as well.
    let known = matches!(
        rest.get(..4),
        Some(b"data" | b"fmt " | b"LIST" | b"fact" | b"bext" | b"JUNK" | b"PEAK" | b"cue " | b"smpl" | b"id3 ")
    );
    match known || (chunk(padded).is_none() && chunk(rest).is_some()) {
        true => rest,
        false => padded,
    }
}

fn u16_at(bytes: &[u8], place: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(place..place + 2)?.try_into().ok()?))
}

fn format(body: &[u8]) -> Result<Format, Fault> {
    let read = || {
        let rate = u32::from_le_bytes(body.get(4..8)?.try_into().ok()?);
        Some((
            u16_at(body, 0)?,
            u16_at(body, 2)?,
            rate,
            u16_at(body, 12)?,
            u16_at(body, 14)?,
        ))
    };
    let (mut tag, channels, rate_hz, block, bits) = read().ok_or(("fmt", format!("is cut off; {MIX}")))?;
    if tag == 0xfffe {
        // The kind is in the first two bytes of an identifier.
        tag = u16_at(body, 24).ok_or(("fmt", format!("is cut off; {MIX}")))?;
    }
    if channels == 0 {
        return Err(("channels", "0; save the file again".into()));
    }
    let (channels, bits) = (usize::from(channels), u32::from(bits));
    // Some programs put 24 bits into 4 bytes.
    let bytes = match usize::from(block) {
        0 => bits.div_ceil(8) as usize,
        block if block % channels == 0 => block / channels,
        block => return Err(("sample format", format!("{block} bytes for {channels} channels; {MIX}"))),
    };
    let coding = match (tag, bits, bytes) {
        (1, 1..=32, 1..=4) if bits as usize <= 8 * bytes => Coding::Integer { bits },
        (3, 32, 4) | (3, 64, 8) => Coding::Float,
        (6, 8, 1) => Coding::ALaw,
        (7, 8, 1) => Coding::MuLaw,
        _ => {
            let problem = format!("{bits} bits of {}; {MIX}", name(tag));
            return Err(("sample format", problem));
        }
    };
    Ok(Format {
        coding,
        channels,
        rate_hz,
        bytes,
    })
}

fn name(tag: u16) -> String {
    let name = match tag {
        1 => "whole numbers",
        2 => "Microsoft ADPCM",
        3 => "floating-point numbers",
        6 => "A-law",
        7 => "mu-law",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 6.10",
        0x55 => "MP3",
        _ => return format!("kind 0x{tag:04x}"),
    };
    name.to_owned()
}

/// What a file is that is no WAV file.
fn kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "an empty file",
        [b'F', b'O', b'R', b'M', ..] => "AIFF",
        [b'f', b'L', b'a', b'C', ..] => "FLAC",
        [b'O', b'g', b'g', b'S', ..] => "Ogg",
        [b'I', b'D', b'3', ..] | [0xff, 0xfb | 0xf3 | 0xf2, ..] => "MP3",
        [b'.', b's', b'n', b'd', ..] => "AU",
        [b'N', b'I', b'S', b'T', ..] => "NIST SPHERE",
        [b'R', b'I', b'F', b'F', ..] => "another RIFF file, or the beginning of one",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "MPEG-4",
        b if b.starts_with(b"version https://git-lfs") => "a pointer of git-lfs: fetch the file with `git lfs pull`",
        _ => "something else",
    }
}
