//! What crosses between host and board.

#![no_std]
