//! Recording from a Nordic Power Profiler Kit II over its USB serial port.
//!
//! The device sends one word for each sample at 100 kS/s. [`Modifiers`] and [`Decoder`] turn words into currents and
//! need no device; [`record`] drives a device through any reader and writer; [`record_to_file`] opens the port and writes a
//! `.ppk2` or a CSV.
//!
//! What the kit cannot tell: transients of less than about 50 us after a change of range, which the filter replaces by
//! an average, and losses of a whole multiple of 64 samples, because the device counts its samples modulo 64.

mod decode;
#[cfg(feature = "live")]
mod port;
mod session;

pub use decode::{Decoder, Modifiers};
#[cfg(feature = "live")]
pub use port::{open_port, record_to_file};
pub use session::{Ending, Mode, RecordOptions, Recording, record};

/// Samples per second of the device.
pub const RATE_HZ: u32 = 100_000;
