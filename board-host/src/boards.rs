//! The real boards of `firmware/boards` ([`board_link::boards`]), whose images are built here and run elsewhere.

pub use board_link::boards::{
    BOARDS, Board, NoProgram, NoRecorder, RanOn, UnknownBoard, energy_profile, find, records, resolve,
    sensor_energy_profile,
};

use crate::{
    Error,
    firmware::{Package, Warnings},
};
use std::{fs, path::PathBuf};

/// Builds the image of one of a board's programs in the way that [`Board::watched`] says, and returns its path.
///
/// # Errors
/// As [`Package::build`].
pub fn build(board: &Board, program: &str, warnings: Warnings) -> Result<PathBuf, Error> {
    compile(board, board.watched(program), program, warnings)
}

/// Builds the image of one of a board's programs, to be watched or not, and returns its path. A board whose sleep does not shut
/// the debugger out has one image for both.
///
/// # Errors
/// As [`Package::build`]; or the image cannot be copied.
pub fn build_to_be(board: &Board, watched: bool, program: &str) -> Result<PathBuf, Error> {
    compile(board, watched, program, Warnings::default())
}

fn compile(board: &Board, watched: bool, program: &str, warnings: Warnings) -> Result<PathBuf, Error> {
    let target_dir = format!("target/boards/{}", board.name);
    let built = Package {
        folder: board.name,
        target: board.target,
        program,
        features: if watched || !board.deaf_asleep { "" } else { "unwatched" },
        target_dir: &target_dir,
        warnings,
    }
    .build()?;
    if !board.deaf_asleep {
        return Ok(built);
    }
    // The two ways have one name in cargo's folder: each is kept under its own.
    let kept = built.with_file_name(format!("{program}-{}", if watched { "watched" } else { "unwatched" }));
    fs::copy(&built, &kept).map_err(|source| Error::Io {
        path: kept.clone(),
        source,
    })?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_has_two_ways_to_be_built_exactly_if_its_sleep_shuts_the_debugger_out() {
        let boards = crate::firmware::source_tree().unwrap().join("firmware/boards");
        for board in BOARDS {
            let manifest = std::fs::read_to_string(boards.join(board.name).join("Cargo.toml")).unwrap();
            assert_eq!(manifest.contains("\nunwatched = "), board.deaf_asleep, "{}", board.name);
        }
    }
}
