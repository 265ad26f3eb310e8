//! Blobs drawn at random, with right checksums and mutated fields, and what the format's page says about them, computed
//! without any code of the crate: in integers of 128 bits, from `docs/blob-format.md` alone.
//!
//! Three programs include this folder: the test `tests/blobs.rs` (also `cargo xtask blobs`), the fuzz target, and
//! `cargo xtask fuzz`, which starts from drawn blobs.

pub mod compare;
pub mod draw;
pub mod exact;
pub mod functions;
pub mod read;
