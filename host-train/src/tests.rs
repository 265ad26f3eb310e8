//! Tests of the twin.
