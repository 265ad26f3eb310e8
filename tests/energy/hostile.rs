//! Traces that made the command hang, fill the memory or print nonsense, with every output that it has.

use crate::common::{Folder, fails, json};
use std::process::Command;

/// A trace in the columns of a Joulescope in which the line of index `at` has this power.
fn joulescope(at: usize, power: &str) -> String {
    let mut text = String::from("#timestamp,0.current,0.voltage,0.power\n");
    for n in 0..400 {
        let power = if n == at { power } else { "0.003" };
        text += &format!("{:.6},0.001,3.0,{power}\n", n as f64 * 1e-4);
    }
    text
}

#[test]
fn absurd_powers_and_times_end_in_an_error_with_every_output() {
    let f = Folder::new();
    let plain = |row: usize, hostile: &str| {
        let line = |n: usize| match n == row {
            true => hostile.to_owned(),
            false => format!("{},{}", n as f64 * 0.1, 1 + n % 2),
        };
        (0..400)
            .map(line)
            .fold(String::from("t,I\n"), |text, line| text + &line + "\n")
    };
    let columns = "--columns time=t:ms,current=I:mA --voltage 3";
    for (text, more, expected) in [
        (joulescope(3, "1e308"), "", "line 5: a power of"),
        (joulescope(200, "1e300"), "", "line 202: a power of"),
        (joulescope(200, "-1e308"), "", "line 202: a power of"),
        (plain(30, "3,1e308"), columns, "line 32: a current of"),
        (plain(30, "1e300,1"), columns, "line 32: a time of"),
        (plain(30, "-1e300,1"), columns, "line 32: a time of"),
        (plain(30, "0.0000001,1"), columns, "line 32: time goes from"),
    ] {
        std::fs::write(f.path("t.csv"), text).unwrap();
        for output in [
            String::new(),
            format!("--svg {}", f.at("r.svg")),
            format!("--report {}", f.at("r.html")),
        ] {
            let line = format!("energy measure {} {more} {output}", f.at("t.csv"));
            fails(
                &line.split_whitespace().collect::<Vec<_>>().join(" "),
                1,
                &["t.csv", expected],
            );
        }
        assert_eq!(f.names(), ["t.csv"]);
    }
}

#[test]
fn every_power_that_is_accepted_can_be_drawn() {
    let f = Folder::new();
    for power in ["1e5", "-1e5", "1e-300", "0"] {
        std::fs::write(f.path("t.csv"), joulescope(200, power)).unwrap();
        let line = format!(
            "energy measure {} --svg {} --report {}",
            f.at("t.csv"),
            f.at("r.svg"),
            f.at("r.html")
        );
        json(&line);
        let svg = std::fs::read_to_string(f.path("r.svg")).unwrap();
        assert!(
            svg.len() < 1_000_000 && !svg.contains("NaN") && !svg.contains("inf"),
            "{power}: {} bytes",
            svg.len()
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_results_json_is_read_in_little_memory() {
    let f = Folder::new();
    // Two bytes a sample, and a list of eight-byte numbers would need four times the file.
    let samples = "0,".repeat(20_000_000);
    let text = format!(
        "[{{\"power\":{{\"samples\":[{samples}0],\"timestamps\":[[\"a\",1],[\"b\",20000000]]}},\"infer\":{{\"iterations\":7}}}}]"
    );
    std::fs::write(f.path("r.json"), text).unwrap();
    let output = Command::new("/bin/sh")
        .args([
            "-c",
            "ulimit -v 262144; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_skiprnn"),
        ])
        .args(["energy", "measure", &f.at("r.json"), "--json"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["samples"], 20_000_001);
    std::fs::remove_file(f.path("r.json")).unwrap();
}
