//! Every command with a line that it runs on, small, and the options that its help text shows.

use super::{
    common::{Folder, skiprnn},
    files::{self, write},
    formats,
};
use std::{
    fs,
    process::{Command, Output},
    time::{Duration, Instant},
};

/// A command by its words, and the rest of a line that it takes; `@` stands for the folder of [`inputs`].
pub const LINES: [(&str, &str); 25] = [
    ("demo", "--quick --out @/demo"),
    (
        "train",
        "dataset --data @/data --hidden 2 --steps 2 --batch 4 --eval-every 1 --threads 1 --out @/trained",
    ),
    ("import", "@/run/model.safetensors --out @/imported"),
    ("eval", "@/run --x @/four.npy --y @/y.npy"),
    ("reproduce", "adding --report-only --out @/reproduced"),
    (
        "sweep",
        "dataset --data @/data --hidden 2 --steps 2 --report-only --out @/swept",
    ),
    ("baselines", "@/run --report-only --out @/baselines"),
    ("plot", "@/run --x @/four.npy --out @/plots"),
    (
        "quantize",
        "@/run --calib-x @/four.npy --calib-y @/y.npy --out @/q.srnn",
    ),
    ("fidelity", "@/run --out @/fidelity.md"),
    ("compare", "@/run @/of-run.srnn --x @/four.npy --svg @/c.svg"),
    ("inspect", "@/m.srnn"),
    ("simulate", "@/m.srnn --x @/x.npy"),
    ("leak", "@/m.srnn --x @/x.npy --y @/y.npy --shuffles 100"),
    ("emulate", "@/m.srnn --x @/x.npy --firmware @/image.elf"),
    (
        "flash",
        "@/m.srnn --board nrf52840-dk --x @/x.npy --firmware @/image.elf --dry-run --out @/flash",
    ),
    ("collect", "--port @/no-port --label a --seconds 1 --out @/collected"),
    ("boards", ""),
    ("energy predict", "@/m.srnn --board nrf52840 --battery-mah 200"),
    ("energy measure", "@/trace.csv --voltage 3 --threshold 1.5"),
    (
        "energy record",
        "--port @/no-port --voltage 3 --seconds 1 --out @/r.csv",
    ),
    ("energy break-even", "@/m.srnn --board nrf52840"),
    ("energy front", "@/m.srnn --board nrf52840 --x @/x.npy --y @/y.npy"),
    ("energy cycles", "@/m.srnn --x @/x.npy --firmware @/image.elf"),
    ("energy fit", "--point 0.5:20 --active-mw 32"),
];

/// Those whose own subcommands or files need more words than a table of two columns holds.
pub const MORE: [(&str, &str); 6] = [
    (
        "fit",
        "@/data --board nrf52840-dk --sensor lis3dh --steps 2 --threads 1 --out @/fitted",
    ),
    (
        "energy calibrate",
        "@/trace.csv --voltage 3 --markers seq=D0 --cycles-per-update 100 --out @/mine.toml",
    ),
    ("energy boards", ""),
    ("data describe", "@/data"),
    ("data frequency", "--n 2 --out-x @/fx.npy --out-y @/fy.npy"),
    ("data adding", "--n 2 --length 10 --out-x @/ax.npy --out-y @/ay.npy"),
];

/// All of them.
pub fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    LINES.into_iter().chain(MORE)
}

/// The files that the lines name.
pub fn inputs() -> Folder {
    let f = Folder::new();
    write(&f.path("x.npy"), files::sequences(4, 8, 1));
    write(&f.path("y.npy"), files::labels(4));
    write(&f.path("four.npy"), files::sequences(4, 4, 1));
    write(&f.path("m.srnn"), files::blob());
    write(&f.path("image.elf"), files::elf("nrf52840-dk"));
    formats::place_run(&f.path(""));
    let trace = formats::FORMATS.iter().find(|format| format.name == "trace as CSV");
    write(&f.path("trace.csv"), (trace.expect("it is there").seed)());
    let line = format!(
        "quantize {} --calib-x {} --out {}",
        f.at("run"),
        f.at("four.npy"),
        f.at("of-run.srnn")
    );
    let out = skiprnn(line.split(' '));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    f
}

/// The words of a line, in this folder.
pub fn words(command: &str, rest: &str, folder: &Folder) -> Vec<String> {
    let rest = rest.replace('@', folder.path("").to_str().expect("UTF-8").trim_end_matches('/'));
    let all = command.split(' ').chain(rest.split(' '));
    all.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What `--help` prints.
pub fn help(command: &str) -> String {
    let out = skiprnn(command.split(' ').filter(|w| !w.is_empty()).chain(["--help"]));
    assert!(out.status.success(), "{command}");
    String::from_utf8(out.stdout).expect("UTF-8")
}

/// The options of a command that take a value.
pub fn options(command: &str) -> Vec<String> {
    let text = help(command);
    let defined = text.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let with_value = |line: &str| {
        let (name, value) = line.split_once("--")?.1.split_once(' ')?;
        value.starts_with('<').then(|| format!("--{name}"))
    };
    defined.filter_map(with_value).collect()
}

/// Every command without subcommands, by its words.
pub fn leaves() -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(command) = open.pop() {
        let text = help(&command);
        let Some((_, list)) = text.split_once("Commands:\n") else {
            found.push(command);
            continue;
        };
        let names = list
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help");
        open.extend(names.map(|name| format!("{command} {name}").trim().to_owned()));
    }
    found.sort();
    found
}

#[test]
fn the_table_of_lines_has_every_command() {
    let mut known: Vec<&str> = lines().map(|(command, _)| command).collect();
    known.sort_unstable();
    assert_eq!(leaves(), known);
}

/// Runs a line whose memory is limited. `None` where it is still at work after so many seconds; it is ended then.
#[cfg(unix)]
pub fn limited(words: &[std::ffi::OsString], space_kib: u64, seconds: f64) -> Option<Output> {
    let log = tempfile::tempdir().expect("a temporary folder");
    let (out, err) = (log.path().join("out"), log.path().join("err"));
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {space_kib} && exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_skiprnn"))
        .args(words)
        .stdout(fs::File::create(&out).expect("writable"))
        .stderr(fs::File::create(&err).expect("writable"))
        .spawn()
        .expect("the program starts");
    let since = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("its own child") {
            break status;
        }
        if since.elapsed() > Duration::from_secs_f64(seconds) {
            child.kill().expect("its own child");
            child.wait().expect("its own child");
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Some(Output {
        status,
        stdout: fs::read(&out).expect("readable"),
        stderr: fs::read(&err).expect("readable"),
    })
}
