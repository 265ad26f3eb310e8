//! What a loader puts into memory beside the image: the blob with its settings, and sequences of raw sensor counts. The layouts
//! are those of [`board_link`].

mod recording;
mod stream;

pub use board_link::{Budget, LoadError, SequenceHeader, Settings, SettingsError, find_blob};
pub use recording::{Recording, SampleError, SequenceFile};
pub use stream::{ByteSource, Ended, SequenceStream};
