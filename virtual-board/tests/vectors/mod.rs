//! Stored vectors of single instructions: the encodings and states that are drawn from a seed, and the file that holds what
//! becomes of them. The test that replays them and the program that makes them share this module; `README.md` beside it is
//! the specification.

pub mod case;
pub mod crc;
pub mod file;
pub mod outcome;
pub mod random;
pub mod templates;
