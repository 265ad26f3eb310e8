//! Killed at random instants, or ended by a signal: what was continued is what an undisturbed command gives.

use crate::{
    common::Folder,
    work::{NO_FILES, Work, partial, result},
};
use host_train::philox::{Purpose, Stream};
use std::{
    path::Path,
    process::{Child, Command, Output},
    time::{Duration, Instant},
};

/// Kills of each command.
const KILLS: usize = 10;

fn finish(work: &Work, out: &Path) {
    let done = work.command(out).output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{}\n{stderr}", work.line(out));
    assert_eq!(partial(out), NO_FILES, "left behind");
}

/// Waits for this instant. Returns how long the command took, in seconds, if it was over before.
fn over_before(child: &mut Child, seconds: f64) -> Option<f64> {
    let started = Instant::now();
    loop {
        let taken = started.elapsed().as_secs_f64();
        if child.try_wait().unwrap().is_some() {
            return Some(taken);
        }
        if taken >= seconds {
            return None;
        }
        std::thread::sleep(Duration::from_secs_f64((seconds - taken).min(0.01)));
    }
}

/// Kills the command at ten instants over the time that it takes. A command that keeps what it has done is killed several times on
/// its way, `on_the_way` at most, until it comes to its end; then another one begins. How long a command takes depends on what else
/// the machine does meanwhile; one that was over before its instant tells how long it takes now.
fn killed_at_random_instants(work: &Work, seed: u64, on_the_way: usize) {
    let f = Folder::new();
    let whole = f.path("whole");
    let started = Instant::now();
    finish(work, &whole);
    let mut length_s = started.elapsed().as_secs_f64();
    let expected = result(&whole);
    assert!(!expected.is_empty());
    let mut random = Stream::new(seed, Purpose::Training, 0, 0);

    let (mut kills, mut chains) = (0, 0);
    while kills < KILLS {
        let out = f.path(&format!("killed-{chains}"));
        // The first instant is anywhere in the command's time, and those after it are in what is left of it.
        let mut least = length_s * (kills as f64 + random.uniform()) / KILLS as f64;
        for part in 0..on_the_way {
            let mut child = work.command(&out).spawn().unwrap();
            if let Some(taken) = over_before(&mut child, least) {
                if part == 0 {
                    length_s = taken;
                }
                break;
            }
            child.kill().unwrap(); // SIGKILL
            child.wait().unwrap();
            kills += 1;
            if kills == KILLS {
                break;
            }
            least = length_s * random.between(0.02, 0.4);
        }
        finish(work, &out);
        assert!(result(&out) == expected, "chain {chains} of {}", work.line(&out));
        chains += 1;
        assert!(chains <= 3 * KILLS, "the command was over before it could be killed");
    }

    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let out = f.path(signal);
        let mut child = work.command(&out).spawn().unwrap();
        let alive = over_before(&mut child, length_s * random.between(0.3, 0.6)).is_none();
        send(&child, signal);
        let ended = child.wait_with_output().unwrap();
        // One that had just given its result may end either way.
        if alive && !ended.status.success() && ended.stdout.is_empty() {
            told(&ended, signal, code);
        }
        assert_eq!(partial(&out), NO_FILES, "{signal}");
        finish(work, &out);
        assert!(result(&out) == expected, "{signal}: {}", work.line(&out));
    }
}

fn send(child: &Child, signal: &str) {
    // It may be over already.
    let _ = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .output();
}

/// What a command that a signal ended says, and how to go on.
fn told(ended: &Output, signal: &str, code: i32) {
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(code), "{signal}: {stderr}");
    let last = stderr.lines().last().unwrap();
    let ways = ["--resume", "the same command continues", "can be given again"];
    assert!(ways.iter().any(|way| last.contains(way)), "{signal}: {stderr}");
}

#[test]
fn a_killed_training_gives_the_same_model() {
    killed_at_random_instants(&Work::train(), 1, 3);
}

#[test]
fn a_killed_sweep_gives_the_same_models() {
    killed_at_random_instants(&Work::sweep(), 2, 3);
}

#[test]
fn a_killed_reproduction_gives_the_same_models() {
    killed_at_random_instants(&Work::reproduce(), 3, 3);
}

#[test]
fn killed_baselines_give_the_same_models() {
    killed_at_random_instants(&Work::baselines(), 4, 3);
}

#[test]
fn a_killed_fine_tuning_gives_the_same_blob() {
    killed_at_random_instants(&Work::finetune(), 5, 5);
}

#[test]
fn a_killed_demo_gives_the_same_models() {
    // It takes seconds, and most of them stay.
    killed_at_random_instants(&Work::demo(), 6, KILLS);
}
