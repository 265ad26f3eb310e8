//! The sizes of a model, read from its blob while the program is compiled, and the macro that makes types of them.

use crate::format::{CRC, CRC_OFFSET, MAGIC, VERSION};

/// The sizes that a program needs to know of a model at compile time; [`network!`](crate::network) makes types of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sizes {
    /// I: the channels of a sample.
    pub inputs: usize,
    /// H: the hidden units of a layer.
    pub hidden: usize,
    /// L: the layers.
    pub layers: usize,
    /// O: the outputs of the head.
    pub outputs: usize,
    /// T: the samples of a sequence; 0 is an endless stream.
    pub sequence_length: u32,
}

impl Sizes {
    /// Reads the sizes from the header of a blob, after checking its version, its length and its checksum. What follows the
    /// blob is ignored. [`Model::parse`](crate::Model::parse) checks the rest at run time.
    ///
    /// # Errors
    /// A sentence that says why these bytes are no blob, for the compiler to print.
    pub const fn read(blob: &[u8]) -> Result<Sizes, &'static str> {
        let Some(h) = blob.first_chunk::<56>() else {
            return Err("not a .srnn blob: it is shorter than the header of 56 bytes");
        };
        if u32::from_le_bytes([h[0], h[1], h[2], h[3]]) != u32::from_le_bytes(MAGIC) {
            return Err("not a .srnn blob: it does not start with SRNN");
        }
        if u16::from_le_bytes([h[4], h[5]]) != VERSION {
            return Err("this crate reads version 1 of the blob format: quantize the model again");
        }
        let length = u32::from_le_bytes([h[8], h[9], h[10], h[11]]) as usize;
        let Some((blob, _)) = blob.split_at_checked(length) else {
            return Err("the blob is truncated: copy it again");
        };
        if !is_whole(blob, u32::from_le_bytes([h[12], h[13], h[14], h[15]])) {
            return Err("the blob is damaged, its checksum does not match: copy it again");
        }
        let sizes = Sizes {
            inputs: u16::from_le_bytes([h[20], h[21]]) as usize,
            hidden: u16::from_le_bytes([h[22], h[23]]) as usize,
            layers: u16::from_le_bytes([h[24], h[25]]) as usize,
            outputs: u16::from_le_bytes([h[26], h[27]]) as usize,
            sequence_length: u32::from_le_bytes([h[28], h[29], h[30], h[31]]),
        };
        match sizes {
            Sizes { inputs: 0, .. } | Sizes { hidden: 0, .. } | Sizes { layers: 0, .. } | Sizes { outputs: 0, .. } => {
                Err("the blob states a size of 0: quantize the model again")
            }
            sizes => Ok(sizes),
        }
    }
}

/// Whether the bytes of a blob have the checksum that its header states.
const fn is_whole(blob: &[u8], stored: u32) -> bool {
    let Some((before, rest)) = blob.split_at_checked(CRC_OFFSET) else {
        return false;
    };
    let Some((_, after)) = rest.split_at_checked(4) else {
        return false;
    };
    let mut digest = CRC.digest();
    digest.update(before);
    digest.update(after);
    digest.finalize() == stored
}

/// Puts a blob into flash, aligned as [`Model::parse`](crate::Model::parse) needs it:
/// `static BLOB: &[u8] = include_blob!("model.srnn");`. The path is relative to the source file, as for
/// [`include_bytes!`].
#[macro_export]
macro_rules! include_blob {
    ($path:expr $(,)?) => {{
        #[repr(C, align(4))]
        struct Aligned<T: ?Sized>(T);
        static BLOB: &Aligned<[u8]> = &Aligned(*include_bytes!($path));
        &BLOB.0
    }};
}

/// Makes a module of a blob: the blob in flash, and the types of exactly its sizes. The path is relative to the source file,
/// as for [`include_bytes!`].
///
/// The module holds
///
/// | | |
/// | --- | --- |
/// | `BLOB: &[u8]` | the blob, aligned |
/// | `SIZES: Sizes` | its [`Sizes`](crate::Sizes) |
/// | `Network` | the [`Instance`](crate::Instance) for it |
/// | `State` | its [`State`](crate::State), for a place of its own in static memory |
/// | `Sample` | `[i16; I]`, the counts of one sample |
/// | `Logits` | `[i32; O]`, room for the raw outputs |
/// | `Decision` | the [`Decision`](crate::runner::Decision) of the runner |
/// | `fn network()` | parses the blob and puts a state beside it |
///
/// ```
/// # mod program {
/// skiprnn_nostd::network!(pub mod activity, "../examples/activity.srnn");
/// # }
/// # use program::activity;
///
/// assert_eq!((activity::SIZES.hidden, activity::SIZES.outputs), (32, 6));
/// let network: activity::Network = activity::network()?;
/// let sample: activity::Sample = [8192, 0, 0];
/// # use skiprnn_nostd::Network as _;
/// # let mut network = network;
/// # network.step(&sample)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// A file that is no blob, or a damaged one, does not compile:
///
/// ```compile_fail,E0080
/// skiprnn_nostd::network!(mod broken, "../README.md");
/// ```
#[macro_export]
macro_rules! network {
    ($(#[$attribute:meta])* $visibility:vis mod $name:ident, $path:expr $(,)?) => {
        $(#[$attribute])*
        #[doc = "A network that was made at compile time by `skiprnn_nostd::network!`."]
        #[allow(dead_code, reason = "a program need not use all of it")]
        $visibility mod $name {
            /// The blob, in flash.
            pub static BLOB: &[u8] = $crate::include_blob!($path);

            /// The sizes of the network.
            #[allow(long_running_const_eval, reason = "the checksum of a large blob takes long to evaluate")]
            pub const SIZES: $crate::Sizes = match $crate::Sizes::read(include_bytes!($path)) {
                Ok(sizes) => sizes,
                Err(why) => panic!("{}", why),
            };

            /// The network with its state, of exactly the sizes that it needs.
            pub type Network = $crate::Instance<'static, { SIZES.hidden }, { SIZES.layers }, { SIZES.inputs }>;

            /// The state alone, for a place of its own in static memory.
            pub type State = $crate::State<{ SIZES.hidden }, { SIZES.layers }, { SIZES.inputs }>;

            /// The raw counts of one sample, (I).
            pub type Sample = [i16; SIZES.inputs];

            /// Room for the raw outputs, (O).
            pub type Logits = [i32; SIZES.outputs];

            /// The decision of the runner, with room for the raw outputs.
            pub type Decision = $crate::runner::Decision<{ SIZES.outputs }>;

            /// Parses the blob and puts a state beside it, at the start of a sequence and at dial 0.
            ///
            /// # Errors
            /// The blob is not sound. Its header and checksum were checked at compile time, its sections and proofs were not.
            pub fn network() -> Result<Network, $crate::BlobError> {
                Network::from_blob(BLOB)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVITY: &[u8] = include_bytes!("../examples/activity.srnn");

    network!(mod activity, "../examples/activity.srnn");

    #[test]
    fn sizes_are_those_of_the_parsed_model() {
        let network = activity::network().unwrap();
        let model = network.model();
        let sizes = Sizes {
            inputs: model.inputs(),
            hidden: model.hidden(),
            layers: model.layers(),
            outputs: model.outputs(),
            sequence_length: model.sequence_length(),
        };
        assert_eq!(activity::SIZES, sizes);
        assert_eq!(size_of::<activity::Sample>(), 2 * sizes.inputs);
        assert_eq!(activity::Logits::default().len(), sizes.outputs);
        assert_eq!(size_of::<activity::State>(), size_of_val(network.state()));
    }

    #[test]
    fn what_is_no_blob_is_named_and_flash_behind_it_is_ignored() {
        let why = |bytes: &[u8]| Sizes::read(bytes).unwrap_err();
        let with = |at: usize, byte: u8| {
            let mut bytes = ACTIVITY.to_vec();
            bytes[at] = byte;
            bytes
        };
        assert!(why(&ACTIVITY[..55]).contains("shorter than the header"));
        assert!(why(b"# A page of text that is long enough to be the header of a blob").contains("SRNN"));
        assert!(why(&with(4, 9)).contains("version 1"));
        assert!(why(&ACTIVITY[..ACTIVITY.len() - 1]).contains("truncated"));
        assert!(why(&with(ACTIVITY.len() - 1, 0x55)).contains("damaged"));
        let mut longer = ACTIVITY.to_vec();
        longer.extend([0xff; 8]);
        assert_eq!(Sizes::read(&longer), Sizes::read(ACTIVITY));
        let mut empty = with(20, 0);
        let mut digest = CRC.digest();
        digest.update(&empty[..12]);
        digest.update(&empty[16..]);
        empty[12..16].copy_from_slice(&digest.finalize().to_le_bytes());
        assert!(why(&empty).contains("size of 0"));
        // A length that leaves no room for the checksum.
        let mut short = with(8, 3);
        short[9..12].fill(0);
        assert!(why(&short).contains("damaged"));
    }
}
