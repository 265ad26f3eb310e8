//! Recordings into labelled sequences.
