//! What people really have: files as phones, loggers, instruments and other programs write them, and what this program makes of
//! each. Every input is made by its test. A test begins with the row that it holds, for example `a01_`, of the list of public
//! reports and file formats from which these tests were made: A wrong and silent, B crash, C lost, D a message that misleads, E
//! refused where people expect support.

#[path = "../common/mod.rs"]
mod common;

mod arrays;
#[path = "../../fuzz/harness/bytes.rs"]
#[allow(dead_code, reason = "other tests and the fuzz targets use the rest")]
mod bytes;
#[cfg(unix)]
mod collect;
mod commands;
mod folders;
mod importers;
mod lists;
mod models;
mod sound;
mod tables;
mod traces;
mod values;
