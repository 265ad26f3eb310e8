//! `cargo xtask identical`: random networks on random samples, on every emulated machine, with the kernels in assembly
//! and with the portable ones. The host's own portable kernels are the reference, and every bit must agree.

mod pairs;
mod reference;

use crate::needs;
use anyhow::bail;
use board_host::{
    Backend, Machine,
    identical::{Board, Pair},
};
use pairs::Pairs;

/// The largest blob, and of the smallest machine.
const LARGEST_BLOB: usize = 0x1_8000;

/// Compares `count` pairs on each machine, or on one.
pub fn run(count: usize, seed: u64, only: Option<&str>, with: Backend) -> anyhow::Result<()> {
    needs::require(&needs::emulated_boards(with))?;
    let pairs: Vec<Pair> = Pairs::new(seed, LARGEST_BLOB).take(count).collect();
    let expected: Vec<u32> = pairs.iter().map(reference::digest).collect::<anyhow::Result<_>>()?;
    say!("{count} pairs, seed {seed}: {}", pairs::describe(&pairs));
    for machine in Machine::ALL {
        if only.is_some_and(|only| only != machine.name()) {
            continue;
        }
        for portable in [false, true] {
            let board = Board::new(machine, portable, with)?;
            let what = format!(
                "{machine} ({}), {} kernels",
                machine.core(),
                if portable { "portable" } else { "assembly" }
            );
            let different = compare(&board, &pairs, &expected)?;
            if let Some(first) = different {
                bail!("{what}: pair {first} of seed {seed} differs from the host");
            }
            say!("{what}: {count} of {count} identical");
        }
    }
    Ok(())
}

/// The first pair on which board and host part.
fn compare(board: &Board, pairs: &[Pair], expected: &[u32]) -> anyhow::Result<Option<usize>> {
    let mut start = 0;
    while start < pairs.len() {
        let mut bytes = 0;
        let fits = |pair: &&Pair| {
            bytes += Board::bytes(pair);
            bytes <= board.room()
        };
        let batch = pairs[start..].iter().take_while(fits).count();
        let digests = board.digests(&pairs[start..start + batch])?;
        let part = &expected[start..start + batch];
        if let Some(k) = digests.iter().zip(part).position(|(a, b)| a != b) {
            return Ok(Some(start + k));
        }
        start += batch;
    }
    Ok(None)
}
