//! Power traces.
