//! What commands print, write and keep.
