//! The chip by accesses of its core.
