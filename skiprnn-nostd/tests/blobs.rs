//! Blobs drawn at random, with right checksums and mutated fields: the crate says and computes what the format's page does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

#[path = "../fuzz/blobs/mod.rs"]
mod blobs;

use blobs::{
    compare::Tally,
    draw::{self, Noise},
};
use std::{env, time::Instant};

/// Names the blob on which the crate and the page differ.
struct Named {
    seed: u64,
    index: u64,
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("blob {} of seed {}", self.index, self.seed);
        }
    }
}

fn tally(seed: u64, count: u64) -> Tally {
    let mut tally = Tally::default();
    for index in 0..count {
        let _named = Named { seed, index };
        let mut noise = Noise::new(seed, index);
        let blob = draw::blob(&mut noise);
        tally.check(&blob, &mut noise);
    }
    tally
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes under Miri")]
fn drawn_blobs_are_refused_or_computed_as_the_page_says() {
    let tally = tally(1, 20_000);
    // Every kind of network is among them, and every reason to refuse one.
    assert_eq!(tally.kinds.len(), 2 * 3 * 3 * 2, "{:?}", tally.kinds);
    assert!(
        tally.accepted > 5_000 && tally.updates > 10_000 && tally.full > 100,
        "{tally:?}"
    );
    assert!(tally.refused.len() >= 24, "{:?}", tally.refused);
}

/// `cargo xtask blobs` asks for as many as it is told.
#[test]
#[ignore = "cargo xtask blobs runs it"]
fn as_many_as_are_asked_for() {
    let number = |name: &str| env::var(name).unwrap().parse::<u64>().unwrap();
    let (seed, count) = (number("BLOBS_SEED"), number("BLOBS_COUNT"));
    let start = Instant::now();
    let tally = tally(seed, count);
    println!(
        "seed {seed}: {} drawn, {} accepted, {} updates, all as the page says, in {:.0} s (measured)",
        tally.drawn,
        tally.accepted,
        tally.updates,
        start.elapsed().as_secs_f64()
    );
    println!("an accumulator at 99 % of 2^31 - 1 or more: {} blobs", tally.full);
    println!("accepted:");
    for ((cell, kernel, layers, gated), n) in &tally.kinds {
        let gate = if *gated { "with" } else { "without" };
        println!("  {n:>8}  {cell}, kernel {kernel}, {layers} layers, {gate} a skip gate");
    }
    println!("refused, by the first reason:");
    for (reason, n) in &tally.refused {
        println!("  {n:>8}  {reason}");
    }
}
