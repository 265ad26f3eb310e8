//! `skiprnn collect` from boards: the virtual one, and a program in place of probe-rs that shows a recorded log.

mod common;

use common::{Folder, fails, json, skiprnn};
use float_model::Sequences;
use serde_json::Value;
use std::path::Path;

/// Writes sequences (N, T, I) as .npy.
fn npy(path: &Path, [n, t, i]: [usize; 3], values: &[f32]) {
    dataset::save_sequences(path, &Sequences::new("x", values.to_vec(), n, t, i).unwrap()).unwrap();
}

/// Counts over the whole range that no two samples share.
fn counts(samples: usize, channels: usize) -> Vec<i16> {
    let count = |k: usize, channel: usize| (k.wrapping_mul(40_503) + channel * 9_973) as u16 as i16;
    (0..samples)
        .flat_map(|k| (0..channels).map(move |channel| count(k, channel)))
        .collect()
}

/// The columns of a recording behind its time column, as counts of these full scales, after a look at its times.
fn recorded(path: &Path, full_scales: &[f32], rate_hz: f64) -> Vec<i16> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut counts = Vec::new();
    let mut last: Option<f64> = None;
    for line in text.lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let step = last.map(|last| (cells[0] - last) * rate_hz);
        assert!(
            step.is_none_or(|step| (step - 1.0).abs() < 0.05),
            "{line}: a step of {step:?} periods"
        );
        last = Some(cells[0]);
        assert_eq!(cells.len(), full_scales.len() + 1, "{line}");
        for (value, full_scale) in cells[1..].iter().zip(full_scales) {
            let count = value / f64::from(*full_scale) * 32_768.0;
            assert!((count - count.round()).abs() < 0.1, "{line}: {value} is no count");
            counts.push(count.round() as i16);
        }
    }
    counts
}

#[test]
fn a_virtual_lis3dh_gives_its_recording_back_in_ten_bits() {
    let f = Folder::new();
    let played = counts(1200, 3);
    // Two recordings of 600 samples, which play one after the other.
    let values: Vec<f32> = played.iter().map(|count| f32::from(*count) * 4.0 / 32_768.0).collect();
    npy(&f.path("x.npy"), [2, 600, 3], &values);
    let line = |more: &str| {
        format!(
            "collect --board nrf52840-dk --sensor lis3dh --with virtual-board --x {} --out {} {more}",
            f.at("x.npy"),
            f.at("recordings")
        )
    };
    let value = json(&line("--label walking --group anna --seconds 3"));
    assert_eq!(
        (&value["samples"], &value["losses"]["lost"]),
        (&1200.into(), &0.into()),
        "{value}"
    );
    assert_eq!(
        (&value["ending"], &value["origin"]["simulated"]),
        (&"complete".into(), &true.into())
    );
    let rate = value["rate"]["hz"].as_f64().unwrap();
    assert!((rate - 400.0).abs() < 0.2, "{value}");
    let path = f.path("recordings").join("walking-001.csv");
    assert_eq!(value["file"], path.display().to_string());
    // At ±4 g a step of ten bits has 8 mg; the part rounds down.
    let steps = |count: &i16| ((f64::from(*count) * 4000.0 / 32_768.0 / 8.0 + 1e-3).floor() as i16) << 6;
    let expected: Vec<i16> = played.iter().map(steps).collect();
    assert_eq!(recorded(&path, &[4.0; 3], 400.0), expected);

    // At a model's rate, too: x.npy states no rate, and plays a sample for each that is recorded.
    let value = json(&line("--label standing --rate 50").replace("recordings", "slow"));
    assert_eq!(
        (&value["samples"], &value["ending"]),
        (&1200.into(), &"complete".into()),
        "{value}"
    );
    let slow = recorded(&f.path("slow").join("standing-001.csv"), &[4.0; 3], 50.0);
    assert_eq!(slow, expected);
    assert_eq!(
        std::fs::read_to_string(f.path("recordings").join("labels.csv")).unwrap(),
        "file,label,group\nwalking-001.csv,walking,anna\n"
    );
}

#[test]
fn a_virtual_lsm6ds_gives_its_recording_back_and_the_folder_is_a_dataset() {
    let f = Folder::new();
    let full_scales = [4.0, 4.0, 4.0, 10.0084, 10.0084, 10.0084];
    let played = counts(624, 6);
    let scale = |(count, full_scale): (&i16, &f32)| f32::from(*count) * full_scale / 32_768.0;
    let values: Vec<f32> = played.iter().zip(full_scales.iter().cycle()).map(scale).collect();
    npy(&f.path("x.npy"), [1, 624, 6], &values);
    let line = |more: &str| {
        format!(
            "collect --board nrf52840-dk --sensor lsm6ds --with virtual-board --x {} --out {} --label {more}",
            f.at("x.npy"),
            f.at("recordings")
        )
    };
    for (label, file) in [
        ("walking", "walking-001.csv"),
        ("walking", "walking-002.csv"),
        ("up/stairs", "up_stairs-001.csv"),
    ] {
        let value = json(&line(label));
        assert_eq!(
            (&value["samples"], &value["losses"]["lost"]),
            (&624.into(), &0.into()),
            "{value}"
        );
        let back = recorded(&f.path("recordings").join(file), &full_scales, 208.0);
        let off = back.iter().zip(&played).filter(|(got, played)| got != played).count();
        assert!(back.iter().zip(&played).all(|(got, played)| got.abs_diff(*played) <= 1));
        // 10.0084 rad/s are 32,768 steps of 17.5 thousandths of a degree but for 1 in 10^5: an angular rate is rounded twice.
        assert!(off * 10 < back.len(), "{off} counts of {} are off by one", back.len());
    }
    assert_eq!(
        std::fs::read_to_string(f.path("recordings").join("labels.csv")).unwrap(),
        "file,label\nwalking-001.csv,walking\nwalking-002.csv,walking\nup_stairs-001.csv,up/stairs\n"
    );
    let described = json(&format!("data describe {}", f.at("recordings")));
    let text = described.to_string();
    assert!(text.contains("up/stairs") && text.contains("angular rate z"), "{text}");

    // Another sensor's recordings, another range, another rate and a group do not go into the same folder.
    let other = |line: &str, needles: &[&str]| fails(line, 1, needles);
    npy(&f.path("y.npy"), [1, 624, 3], &values[..1872]);
    let lis3dh = line("walking").replace("lsm6ds", "lis3dh").replace("x.npy", "y.npy");
    other(&lis3dh, &["channels.toml", "of the sensor lsm6ds, not of lis3dh"]);
    other(
        &line("walking --full-scale 8,10.0084"),
        &["4 g as full scale", "not 8 g"],
    );
    other(&line("walking --rate 50"), &["208", "50", "--rate"]);
    other(
        &line("walking --group anna"),
        &["labels.csv", "were made without --group"],
    );
    other(&line("walking --name walking-001"), &["walking-001.csv", "--name"]);
}

#[test]
fn wrong_usage_is_named_before_anything_is_built() {
    let f = Folder::new();
    let line = |more: &str| format!("collect --label walking --out {} {more}", f.at("out"));
    fails(line("").trim(), 2, &["--board", "--port"]);
    fails(&line("--board arduino"), 2, &["--board", "nrf52840-dk"]);
    fails(&line("--board nrf52840-dk"), 2, &["--sensor", "lis3dh and lsm6ds"]);
    fails(
        &line("--board nrf52840-dk --sensor adxl362"),
        2,
        &["--sensor", "it records lis3dh, lsm6ds"],
    );
    let lis3dh = "--board nrf52840-dk --sensor lis3dh";
    fails(
        &line(&format!("{lis3dh} --rate 399")),
        2,
        &["--rate", "400", "at most 363"],
    );
    fails(&line(&format!("{lis3dh} --rate 0")), 2, &["--rate"]);
    fails(&line(lis3dh).replace("walking", "up,stairs"), 2, &["--label", "comma"]);
    fails(&line(&format!("{lis3dh} --seconds 0")), 2, &["--seconds"]);
    fails(
        &line(&format!("{lis3dh} --full-scale 16")),
        2,
        &["--full-scale", "2, 4, 8 g"],
    );
    fails(
        &line(&format!("{lis3dh} --with qemu --x x.npy")),
        2,
        &["--with", "virtual-board"],
    );
    fails(&line(&format!("{lis3dh} --x x.npy")), 2, &["--with"]);
    fails(&line(&format!("{lis3dh} --port /dev/ttyACM0")), 2, &["--port"]);
    fails(&line(&format!("{lis3dh} --name ../x")), 2, &["--name"]);
    fails(
        &format!("collect --label  --out {} {lis3dh}", f.at("out")),
        2,
        &["--label"],
    );
    fails(
        "flash none.srnn --board nrf52840-dk --app record-lis3dh",
        2,
        &["--app", "skiprnn collect --board nrf52840-dk"],
    );
    assert!(f.names().is_empty());
}

/// The log of a board that records an LIS3DH at ±4 g: `blocks` blocks of 16 samples.
fn log(blocks: usize) -> String {
    let mut text = String::from(
        "image machine=nrf52840-dk log=4 ticks_per_second=32768 max_hidden=128 max_layers=2 max_inputs=16 max_outputs=32 \
         max_samples=4096\ncollecting sensor=lis3dh channels=3 bits=10 rate_hz=400 period_ns=0 samples=0\n",
    );
    for index in 0..3 {
        text += &format!("channel index={index} unit=g full_scale=4.0\n");
    }
    for block in 0..blocks {
        let (first, at) = (16 * block, 1000 + (16.0 * block as f64 * 81.92) as usize);
        let counts = vec!["64"; 48].join(", ");
        text += &format!("block first={first} at={at} missed=0 dropped=0 counts=[{counts}]\n");
    }
    text
}

/// A program in place of probe-rs: what `run` does is this shell script. Returns the folder for PATH.
#[cfg(unix)]
fn probe_rs(f: &Folder, run: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = f.path("bin").join("probe-rs");
    std::fs::create_dir_all(f.path("bin")).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n[ \"$1\" = run ] || exit 0\n{run}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", f.at("bin"))
}

/// The image that records an LIS3DH, which a probe would flash.
#[cfg(unix)]
fn image() -> String {
    let board = board_host::boards::find("nrf52840-dk").unwrap();
    let path = board_host::boards::build_to_be(&board, true, "record-lis3dh").unwrap();
    path.display().to_string()
}

/// `collect` with a program in place of probe-rs.
#[cfg(unix)]
fn command(f: &Folder, run: &str, more: &str) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_skiprnn"));
    command
        .args([
            "collect",
            "--board",
            "nrf52840-dk",
            "--sensor",
            "lis3dh",
            "--label",
            "walking",
            "--json",
        ])
        .args(["--firmware", &image(), "--out", &f.at("out")])
        .args(more.split(' ').filter(|word| !word.is_empty()))
        .env("PATH", probe_rs(f, run))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    command
}

/// What a command said: its exit code, the object on standard output, and the text on standard error.
#[cfg(unix)]
fn said(output: &std::process::Output) -> (Option<i32>, Value, String) {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("panicked"), "{stderr}");
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    (output.status.code(), value, stderr)
}

#[cfg(unix)]
#[test]
fn a_board_is_recorded_to_its_end_and_losses_are_counted() {
    let f = Folder::new();
    // Block 3 is lost on the board, block 5 garbled on its way.
    let lines: Vec<String> = log(10).lines().map(str::to_owned).collect();
    let garbled = lines[5 + 5].replace("counts=[64", "counts=[6\u{1b}4");
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        match index {
            8 => continue,
            10 => text += &garbled,
            9.. => text += &line.replace("dropped=0", "dropped=16"),
            _ => text += line,
        }
        text.push('\n');
    }
    text += "stack used=900 bytes=12288\nsummary samples=144 missed=0 dropped=16 failures=0\n";
    std::fs::write(f.path("log"), text).unwrap();
    let run = format!("echo \"$*\" > {}; cat {}; exec sleep 60", f.at("given"), f.at("log"));
    let output = command(&f, &run, "--probe 1366:1051").output().unwrap();
    let (code, value, stderr) = said(&output);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        (&value["samples"], &value["ending"]),
        (&128.into(), &"complete".into()),
        "{value}"
    );
    let losses = &value["losses"];
    assert_eq!(
        (&losses["lost"], &losses["dropped"], &losses["bad_lines"]),
        (&32.into(), &16.into(), &1.into())
    );
    let given = std::fs::read_to_string(f.path("given")).unwrap();
    assert!(
        given.contains("--probe 1366:1051") && given.contains("--log-format {s}"),
        "{given}"
    );
    // A gap of a block is as long as a block.
    let text = std::fs::read_to_string(f.path("out").join("walking-001.csv")).unwrap();
    let times: Vec<f64> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap().parse().unwrap())
        .collect();
    let steps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) * 400.0).collect();
    assert!(
        (steps[47] - 17.0).abs() < 0.2 && (steps[63] - 17.0).abs() < 0.2,
        "{steps:?}"
    );
    let mut names = std::fs::read_dir(f.path("out"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, ["channels.toml", "labels.csv", "walking-001.csv"]);
}

#[cfg(unix)]
#[test]
fn a_probe_that_is_pulled_loses_the_last_block_at_most() {
    let f = Folder::new();
    let whole = log(20);
    // The program is gone in the middle of the last line.
    std::fs::write(f.path("log"), &whole[..whole.len() - 60]).unwrap();
    let output = command(&f, &format!("cat {}; kill -9 $$", f.at("log")), "")
        .output()
        .unwrap();
    let (code, value, stderr) = said(&output);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains("nrf52840-dk went away") && stderr.contains("304 samples are kept"),
        "{stderr}"
    );
    assert_eq!((&value["samples"], &value["ending"]), (&304.into(), &"gone".into()));
    assert_eq!(
        recorded(&f.path("out").join("walking-001.csv"), &[4.0; 3], 400.0),
        vec![64; 3 * 304]
    );
    let labels = std::fs::read_to_string(f.path("out").join("labels.csv")).unwrap();
    assert_eq!(labels, "file,label\nwalking-001.csv,walking\n");
}

#[cfg(unix)]
#[test]
fn a_board_that_stops_sending_or_fails_ends_it_with_what_is_kept() {
    let f = Folder::new();
    std::fs::write(f.path("log"), log(10)).unwrap();
    let silent = format!("cat {}; exec sleep 60", f.at("log"));
    let output = command(&f, &silent, "--silence-s 0.3").output().unwrap();
    let (code, value, stderr) = said(&output);
    assert_eq!((code, &value["ending"]), (Some(1), &"silent".into()), "{stderr}");
    assert!(
        stderr.contains("sent nothing for") && stderr.contains("160 samples are kept"),
        "{stderr}"
    );

    let failing = format!(
        "cat {}; echo 'sensor: it does not answer: Bus(Timeout)'; echo 'refused: no samples without the sensor'; exec sleep 60",
        f.at("log")
    );
    let output = command(&f, &failing, "").output().unwrap();
    let (code, value, stderr) = said(&output);
    assert_eq!(
        (code, &value["ending"], &value["samples"]),
        (Some(1), &"failed".into(), &160.into()),
        "{stderr}"
    );
    assert!(stderr.contains("it does not answer: Bus(Timeout)"), "{stderr}");

    // A sensor that is not there leaves nothing behind.
    let g = Folder::new();
    let output = command(
        &g,
        "echo 'sensor: not found: Bus(X)'; echo 'refused: no samples without the sensor'",
        "",
    )
    .output()
    .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("nothing was recorded") && stderr.contains("not found: Bus(X)"),
        "{stderr}"
    );
    assert!(output.stdout.is_empty() && !g.path("out").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_there_and_every_block_is_on_disk_as_it_comes() {
    let f = Folder::new();
    std::fs::write(f.path("log"), log(10)).unwrap();
    // What a run that was killed leaves is named, and left alone.
    let left = f.path("out").join("standing-001.csv.partial");
    std::fs::create_dir(f.path("out")).unwrap();
    std::fs::write(&left, "time\n").unwrap();
    let child = command(&f, &format!("cat {}; exec sleep 60", f.at("log")), "")
        .spawn()
        .unwrap();
    let partial = f.path("out").join("walking-001.csv.partial");
    let rows = || std::fs::read_to_string(&partial).map_or(0, |text| text.lines().count());
    for _ in 0..600 {
        if rows() == 161 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(rows(), 161, "not all blocks are on disk");
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let (code, value, stderr) = said(&child.wait_with_output().unwrap());
    assert_eq!(
        (code, &value["ending"], &value["samples"]),
        (Some(0), &"stopped".into(), &160.into()),
        "{stderr}"
    );
    assert!(!partial.exists() && f.path("out").join("walking-001.csv").exists());
    assert!(
        left.exists() && stderr.contains("standing-001.csv.partial was cut off"),
        "{stderr}"
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_leaves_whole_rows_and_says_so() {
    let f = Folder::new();
    std::fs::write(f.path("log"), log(400)).unwrap();
    let inner = command(&f, &format!("cat {}; exec sleep 60", f.at("log")), "");
    let words: Vec<String> = std::iter::once(inner.get_program())
        .chain(inner.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let path = inner
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, value)| value)
        .unwrap()
        .to_owned();
    // No file may grow beyond 64 blocks of 512 bytes, or of 1,024; the signal that says so is not to end the program.
    let output = std::process::Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .args(words)
        .env("PATH", path)
        .output()
        .unwrap();
    let (code, value, stderr) = said(&output);
    assert_eq!((code, &value["ending"]), (Some(1), &"failed".into()), "{stderr}");
    assert!(
        stderr.contains("cannot be written") && stderr.contains("are kept"),
        "{stderr}"
    );
    let kept = recorded(&f.path("out").join("walking-001.csv"), &[4.0; 3], 400.0);
    assert_eq!(value["samples"], kept.len() / 3);
    assert!(kept.len() > 1000 && kept.len() < 400 * 48 && kept.iter().all(|count| *count == 64));
}

#[cfg(unix)]
#[test]
fn without_probe_rs_it_is_said_how_to_get_it_and_dry_run_is_named_by_flash_alone() {
    let f = Folder::new();
    let output = command(&f, "", "").env("PATH", f.at("nothing")).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("probe-rs is not installed; type: cargo install"),
        "{stderr}"
    );
    assert!(!stderr.contains("--dry-run") && !f.path("out").exists(), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_image_of_another_sensor_or_range_is_not_recorded_under_the_wrong_name() {
    let f = Folder::new();
    std::fs::write(f.path("log"), log(3)).unwrap();
    let output = command(&f, &format!("cat {}; exec sleep 60", f.at("log")), "--full-scale 8")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("[4.0, 4.0, 4.0], not lis3dh with [8.0, 8.0, 8.0]"),
        "{stderr}"
    );
    let without = skiprnn(
        [
            "collect",
            "--board",
            "nrf52840-dk",
            "--sensor",
            "lis3dh",
            "--label",
            "x",
            "--out",
            &f.at("o"),
        ]
        .into_iter()
        .map(str::to_owned)
        .chain(["--firmware".to_owned(), f.at("log")]),
    );
    assert_eq!(without.status.code(), Some(1), "no ELF");
}
