//! The network of a Skip RNN at run time.
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(missing_docs)]

pub mod skip;
