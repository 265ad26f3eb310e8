//! Every kind of file that the program reads: a valid one, where it lies, and who reads it.

use super::files::{self, write};
use energy::{MeasureOptions, NetworkShape, Windowing};
use experiments::TrainedModel;
use float_model::{Forward, Sequences};
use host_train::{TrainConfig, recipe::Recipe, train};
use quantize::{Blob, Simulator};
use std::{fs, path::Path, sync::LazyLock};

/// What stands for the folder of the files in a text that names it.
const HERE: &str = "@HERE@";

/// A kind of file.
pub struct Format {
    /// What it is called here.
    pub name: &'static str,
    /// A valid file.
    pub seed: fn() -> Vec<u8>,
    /// Writes such a file, and those that belong to it, into a folder.
    pub place: fn(&Path, &[u8]),
    /// Reads them; the error is what is printed.
    pub read: fn(&Path) -> Result<(), String>,
    /// The command that reads them, `{}` being the folder.
    pub line: &'static str,
}

/// Every kind.
pub const FORMATS: &[Format] = &[
    Format {
        name: "npy",
        seed: || files::sequences(12, 4, 2),
        place: |folder, bytes| {
            write(&folder.join("x.npy"), bytes);
            write(&folder.join("y.npy"), files::labels(12));
        },
        read: recordings,
        line: "data describe {}",
    },
    Format {
        name: "npy of answers",
        seed: || files::labels(12),
        place: |folder, bytes| {
            write(&folder.join("x.npy"), files::sequences(12, 4, 2));
            write(&folder.join("y.npy"), bytes);
        },
        read: recordings,
        line: "data describe {}",
    },
    Format {
        name: "npz",
        seed: || files::stored(&[("x.npy", &files::sequences(12, 4, 2)), ("y.npy", &files::labels(12))]),
        place: |folder, bytes| write(&folder.join("set.npz"), bytes),
        read: recordings,
        line: "data describe {}/set.npz --window 2",
    },
    Format {
        name: "npy in npz",
        seed: || files::sequences(12, 4, 2),
        place: |folder, bytes| {
            let set = files::stored(&[("x.npy", bytes), ("y.npy", &files::labels(12))]);
            write(&folder.join("set.npz"), set);
        },
        read: recordings,
        line: "data describe {}/set.npz",
    },
    Format {
        name: "CSV folder",
        seed: || table("time,ax,ay", 12, 0.02).into_bytes(),
        place: |folder, bytes| csv_folder(folder, bytes, LIST.as_bytes()),
        read: recordings,
        line: "data describe {}",
    },
    Format {
        name: "labels.csv",
        seed: || LIST.into(),
        place: |folder, bytes| csv_folder(folder, table("time,ax,ay", 12, 0.02).as_bytes(), bytes),
        read: recordings,
        line: "data describe {}",
    },
    Format {
        name: "channels.toml",
        seed: || CHANNELS.into(),
        place: |folder, bytes| {
            csv_folder(folder, table("time,ax,ay", 12, 0.02).as_bytes(), LIST.as_bytes());
            write(&folder.join("channels.toml"), bytes);
        },
        read: recordings,
        line: "data describe {}",
    },
    Format {
        name: "long CSV",
        seed: || {
            let row = |n: usize| format!("{},{},{},{}\n", n / 6, n / 6 % 2, n % 6 * 20, (n * 7 % 5) as f64 / 4.0);
            let rows: String = (0..48).map(row).collect();
            format!("sequence,label,time_ms,ax\n{rows}").into_bytes()
        },
        place: |folder, bytes| write(&folder.join("long.csv"), bytes),
        read: recordings,
        line: "data describe {}/long.csv",
    },
    Format {
        name: "WAV",
        seed: || files::wav(600),
        place: |folder, bytes| {
            write(&folder.join("a.wav"), bytes);
            for name in ["b", "c", "d"] {
                write(&folder.join(format!("{name}.wav")), files::wav(600));
            }
            write(
                &folder.join("labels.csv"),
                "file,label\na.wav,yes\nb.wav,no\nc.wav,yes\nd.wav,no\n",
            );
        },
        read: recordings,
        line: "data describe {}",
    },
    Format {
        name: "IDX",
        seed: files::images,
        place: |folder, bytes| {
            write(&folder.join("train-images-idx3-ubyte"), bytes);
            write(&folder.join("train-labels-idx1-ubyte"), files::digits());
        },
        read: recordings,
        line: "data describe {}",
    },
    Format {
        name: "config.toml",
        seed: || fs::read(RUN.path().join("config.toml")).expect("readable"),
        place: |folder, bytes| run_folder(folder, "config.toml", bytes),
        read: model,
        line: "eval {}/run --n 2",
    },
    Format {
        name: "checkpoint",
        seed: || fs::read(RUN.path().join("checkpoint.safetensors")).expect("readable"),
        place: |folder, bytes| run_folder(folder, "checkpoint.safetensors", bytes),
        read: resumed,
        line: "train dataset --data {}/data --hidden 2 --steps 3 --batch 4 --eval-every 1 --threads 1 --resume --out {}/run",
    },
    Format {
        name: "training.json",
        seed: || fs::read(RUN.path().join("training.json")).expect("readable"),
        place: |folder, bytes| run_folder(folder, "training.json", bytes),
        read: |folder| {
            let run = folder.join("run");
            let config = TrainConfig::load(&run).map_err(said)?;
            match host_train::existing(&config, &run).map_err(said)? {
                host_train::Existing::Nothing => panic!("the run is there"),
                _ => Ok(()),
            }
        },
        line: "eval {}/run --n 2",
    },
    Format {
        name: "safetensors",
        seed: files::safetensors,
        place: |folder, bytes| {
            write(&folder.join("run/model.safetensors"), bytes);
            write(&folder.join("x.npy"), files::sequences(4, 6, 1));
        },
        read: model,
        line: "eval {}/run/model.safetensors --x {}/x.npy",
    },
    Format {
        name: "PyTorch archive",
        seed: || include_bytes!("../import/files/checkpoint.pth").to_vec(),
        place: |folder, bytes| foreign(folder, bytes, 2),
        read: model,
        line: "eval {}/run/model.safetensors --x {}/x.npy",
    },
    Format {
        name: "pickle in a PyTorch archive",
        seed: || files::state_dict(b"X\x05\0\0\0modelq\x01"),
        place: |folder, bytes| {
            let storage = [0; 256];
            foreign(
                folder,
                &files::stored(&[("m/data.pkl", bytes), ("m/data/0", &storage)]),
                1,
            );
        },
        read: model,
        line: "import {}/run/model.safetensors --out {}/imported",
    },
    Format {
        name: "ONNX",
        seed: || include_bytes!("../import/files/gru-norms.onnx").to_vec(),
        place: |folder, bytes| foreign(folder, bytes, 2),
        read: model,
        line: "eval {}/run/model.safetensors --x {}/x.npy",
    },
    Format {
        name: "Keras archive",
        seed: || include_bytes!("../import/files/gru-stack.keras").to_vec(),
        place: |folder, bytes| foreign(folder, bytes, 2),
        read: model,
        line: "eval {}/run/model.safetensors --x {}/x.npy",
    },
    Format {
        name: "Keras HDF5",
        seed: || include_bytes!("../import/files/normalised-gru.h5").to_vec(),
        place: |folder, bytes| foreign(folder, bytes, 2),
        read: model,
        line: "eval {}/run/model.safetensors --x {}/x.npy",
    },
    Format {
        name: "blob",
        seed: files::blob,
        place: |folder, bytes| place_blob(folder, bytes.to_vec()),
        read: blob,
        line: "simulate {}/m.srnn --x {}/x.npy",
    },
    Format {
        name: "blob with the right checksum",
        seed: files::blob,
        place: |folder, bytes| place_blob(folder, files::sealed(bytes.to_vec())),
        read: blob,
        line: "energy predict {}/m.srnn --board nrf52840 --compare --x {}/x.npy",
    },
    Format {
        name: "cycles of an update",
        seed: || {
            br#"{"label":"counted","updates":7,"instructions_per_update":2040.5,"cycles_per_update":{"cortex-m4":{"low":3000.0,"mid":3100.0,"high":3200.0}}}"#.to_vec()
        },
        place: |folder, bytes| {
            write(&folder.join("cycles.json"), bytes);
            place_blob(folder, files::blob());
        },
        read: |folder| {
            let board = energy::board("nrf52840").expect("built in");
            let cost = energy::update_cost(&folder.join("cycles.json"), &board).map_err(said)?;
            predicted(&board, &energy::sensor("none").expect("built in"), Some(cost), folder)
        },
        line: "energy predict {}/m.srnn --board nrf52840 --cycles {}/cycles.json",
    },
    Format {
        name: "board profile",
        seed: || include_bytes!("../../energy/profiles/boards/nrf52840.toml").to_vec(),
        place: |folder, bytes| {
            write(&folder.join("board.toml"), bytes);
            place_blob(folder, files::blob());
        },
        read: |folder| {
            let path = folder.join("board.toml").display().to_string();
            predicted(
                &energy::board(&path).map_err(said)?,
                &energy::sensor("lis3dh").expect("built in"),
                None,
                folder,
            )
        },
        line: "energy predict {}/m.srnn --board {}/board.toml --sensor lis3dh",
    },
    Format {
        name: "sensor profile",
        seed: || include_bytes!("../../energy/profiles/sensors/lis3dh.toml").to_vec(),
        place: |folder, bytes| {
            write(&folder.join("sensor.toml"), bytes);
            place_blob(folder, files::blob());
        },
        read: |folder| {
            let path = folder.join("sensor.toml").display().to_string();
            predicted(
                &energy::board("nrf52840").expect("built in"),
                &energy::sensor(&path).map_err(said)?,
                None,
                folder,
            )
        },
        line: "energy predict {}/m.srnn --board nrf52840 --sensor {}/sensor.toml",
    },
    Format {
        name: "calibration",
        seed: || {
            let figure = |name: &str, mid: f64| {
                format!(
                    "[{name}]\nlow = {}\nmid = {mid}\nhigh = {}\nevidence = \"measured\"\nsource = \"a run\"\n",
                    0.9 * mid,
                    1.1 * mid
                )
            };
            (figure("active_energy_pj_per_cycle", 110.0) + &figure("sleep_current_ua", 1.5)).into_bytes()
        },
        place: |folder, bytes| {
            write(&folder.join("mine.toml"), bytes);
            place_blob(folder, files::blob());
        },
        read: |folder| {
            let board = energy::board("nrf52840").expect("built in");
            let calibration = energy::Calibration::from_file(&folder.join("mine.toml")).map_err(said)?;
            predicted(
                &calibration.apply(&board).map_err(said)?,
                &energy::sensor("none").expect("built in"),
                None,
                folder,
            )
        },
        line: "energy predict {}/m.srnn --board nrf52840 --calibration {}/mine.toml",
    },
    Format {
        name: "PPK2 session",
        seed: || {
            let frame = |ua: f32| [&ua.to_le_bytes()[..], &0x5555u16.to_be_bytes()[..]].concat();
            let session: Vec<u8> = (0..40)
                .flat_map(|k| frame(if k % 20 < 5 { 900.0 } else { 3.0 }))
                .collect();
            let metadata = br#"{"metadata":{"samplesPerSecond":100},"formatVersion":2}"#;
            files::stored(&[("metadata.json", &metadata[..]), ("session.raw", &session)])
        },
        place: |folder, bytes| write(&folder.join("trace.ppk2"), bytes),
        read: |folder| trace(&folder.join("trace.ppk2")),
        line: "energy measure {}/trace.ppk2 --voltage 3 --threshold 1.5 --svg {}/t.svg",
    },
    Format {
        name: "trace as CSV",
        seed: || {
            let row = |k: usize| {
                format!(
                    "{:.5},{},0000000{}\n",
                    k as f64 * 0.01,
                    if k % 20 < 5 { 1500.5 } else { 3.5 },
                    u8::from(k % 20 < 5)
                )
            };
            let rows: String = (0..60).map(row).collect();
            format!("Timestamp(ms),Current(uA),D0-D7\n{rows}").into_bytes()
        },
        place: |folder, bytes| write(&folder.join("trace.csv"), bytes),
        read: |folder| trace(&folder.join("trace.csv")),
        line: "energy measure {}/trace.csv --voltage 3 --threshold 1.5 --report {}/t.html",
    },
    Format {
        name: "trace as JSON",
        seed: || {
            let samples = vec!["0.001"; 30].join(",");
            format!("[{{\"power\":{{\"samples\":[{samples}],\"timestamps\":[[\"00\",5],[\"01\",25]],\"voltage\":1.8}},\"infer\":{{\"iterations\":5}}}}]")
                .into_bytes()
        },
        place: |folder, bytes| write(&folder.join("trace.json"), bytes),
        read: |folder| trace(&folder.join("trace.json")),
        line: "energy measure {}/trace.json --svg {}/t.svg",
    },
    Format {
        name: "ELF image",
        seed: || files::elf("nrf52840-dk"),
        place: |folder, bytes| {
            write(&folder.join("image.elf"), bytes);
            place_blob(folder, files::blob());
        },
        read: |folder| {
            let path = folder.join("image.elf");
            let board = board_host::boards::resolve("nrf52840-dk").expect("a board of this name");
            let read = board_host::probe_rs::BoardImage::read(&path, &board)
                .map(|_| ())
                .map_err(said);
            let parsed = virtual_board::host::elf::Image::read(&path).map(|_| ()).map_err(said);
            read.and(parsed)
        },
        line: "flash {}/m.srnn --board nrf52840-dk --firmware {}/image.elf --x {}/x.npy --dry-run",
    },
];

const LIST: &str = "file,label,group\na.csv,still,anna\nb.csv,walking,bo\nc.csv,still,cy\nd.csv,walking,di\n";

const CHANNELS: &str = "sample_rate_hz = 50.0\nclass_names = [\"still\", \"walking\"]\n[[channel]]\nname = \"ax\"\nunit = \"g\"\nfull_scale = 2.0\n\
                        [[channel]]\nname = \"ay\"\nunit = \"g\"\nfull_scale = 2.0\n";

/// Rows of a time and two channels.
fn table(header: &str, rows: usize, period_s: f64) -> String {
    let row = |k: usize| format!("{:.3},{},{}\n", k as f64 * period_s, k % 5, (k * k % 7) as f64 / 2.0);
    format!("{header}\n{}", (0..rows).map(row).collect::<String>())
}

fn csv_folder(folder: &Path, one: &[u8], list: &[u8]) {
    write(&folder.join("a.csv"), one);
    for name in ["b", "c", "d"] {
        write(&folder.join(format!("{name}.csv")), table("time,ax,ay", 12, 0.02));
    }
    write(&folder.join("labels.csv"), list);
}

/// A run of three steps that was made once, in whose `config.toml` [`HERE`] stands for its folder.
static RUN: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    write(&data.join("x.npy"), files::sequences(20, 4, 1));
    write(&data.join("y.npy"), files::labels(20));
    let run = folder.path().join("run");
    train(&config(&folder.path().join("data")), &run, false, &mut |_| ()).expect("it trains");
    for name in [
        "config.toml",
        "checkpoint.safetensors",
        "model.safetensors",
        "metrics.csv",
        "training.json",
    ] {
        let bytes = fs::read(run.join(name)).expect("a run writes it");
        fs::write(folder.path().join(name), bytes).expect("writable");
    }
    let text = fs::read_to_string(run.join("config.toml")).expect("readable");
    let here = text.replace(&folder.path().display().to_string(), HERE);
    fs::write(folder.path().join("config.toml"), here).expect("writable");
    folder
});

/// What the run was trained with.
fn config(data: &Path) -> TrainConfig {
    let parts = dataset::parts(data).expect("data");
    let source = host_train::DataSource::Dataset(dataset::DatasetConfig {
        train_x: parts.train,
        ..dataset::DatasetConfig::default()
    });
    // What the command line takes for the options that it is not given.
    let facts = source.facts().expect("data").expect("recordings");
    let steps = 3;
    TrainConfig {
        hidden: 2,
        batch: 4,
        eval_every: 1,
        threads: 1,
        ..Recipe::of(&facts, None)
            .with_steps(steps)
            .apply(source.default_config())
    }
}

/// A run in `run` and its data in `data`.
pub fn place_run(folder: &Path) {
    run_folder(folder, "", b"");
}

/// The run and its data, with one file in the place of its own.
fn run_folder(folder: &Path, changed: &str, bytes: &[u8]) {
    write(&folder.join("data/x.npy"), files::sequences(20, 4, 1));
    write(&folder.join("data/y.npy"), files::labels(20));
    for name in [
        "config.toml",
        "checkpoint.safetensors",
        "model.safetensors",
        "metrics.csv",
        "training.json",
    ] {
        let own = fs::read(RUN.path().join(name)).expect("readable");
        let mut bytes = if name == changed { bytes.to_vec() } else { own };
        if name == "config.toml" {
            bytes = with_folder(&bytes, folder);
        }
        write(&folder.join("run").join(name), bytes);
    }
}

/// The bytes with the folder in the place of [`HERE`].
fn with_folder(bytes: &[u8], folder: &Path) -> Vec<u8> {
    let (mark, name) = (HERE.as_bytes(), folder.display().to_string());
    let mut all = Vec::new();
    let mut rest = bytes;
    while let Some(place) = rest.windows(mark.len()).position(|w| w == mark) {
        all.extend(&rest[..place]);
        all.extend(name.as_bytes());
        rest = &rest[place + mark.len()..];
    }
    all.extend(rest);
    all
}

/// A model of another program under this program's own name, which says nothing, and samples of so many channels.
fn foreign(folder: &Path, bytes: &[u8], channels: usize) {
    write(&folder.join("run/model.safetensors"), bytes);
    write(&folder.join("x.npy"), files::sequences(4, 6, channels));
}

fn place_blob(folder: &Path, bytes: Vec<u8>) {
    write(&folder.join("m.srnn"), bytes);
    write(&folder.join("x.npy"), files::sequences(3, 8, 1));
}

fn said(error: impl std::error::Error) -> String {
    float_model::with_causes(&error)
}

/// Reads recordings as `data describe` and `train` do.
fn recordings(folder: &Path) -> Result<(), String> {
    let single = ["long.csv", "set.npz"].map(|name| folder.join(name));
    let place = single
        .into_iter()
        .find(|p| p.exists())
        .unwrap_or_else(|| folder.to_path_buf());
    let parts = dataset::parts(&place).map_err(said)?;
    let config = dataset::DatasetConfig {
        train_x: parts.train,
        test_x: parts.test,
        ..dataset::DatasetConfig::default()
    };
    let summary = dataset::describe(&config).map_err(said)?;
    let sound = |c: &dataset::ChannelSummary| c.mean.is_finite() && c.std.is_finite() && c.std > 0.0;
    assert!(summary.channels.iter().all(sound), "a figure is not finite");
    assert!(summary.sample_period_s.is_none_or(|p| p.is_finite() && p > 0.0));
    // What is described need not be what can be trained on.
    dataset::Dataset::load(&config).map(|_| ()).map_err(said)
}

/// Whether a text for people holds control characters.
fn printed(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n')
}

/// Reads a run folder or a model, and runs the model.
fn model(folder: &Path) -> Result<(), String> {
    let opened = TrainedModel::open(&folder.join("run")).map_err(said)?;
    assert!(!opened.notes.iter().any(|note| printed(note)), "{:?}", opened.notes);
    let values = vec![0.25; 6 * opened.model.input];
    let x = Sequences::new("x", values, 1, 6, opened.model.input).map_err(said)?;
    let outcome = Forward::new(&opened.model).run_all(&x, 0.0, 1).map_err(said)?;
    assert!(!outcome[0].updates.is_empty());
    Ok(())
}

/// Continues a run.
fn resumed(folder: &Path) -> Result<(), String> {
    let config = config(&folder.join("data"));
    train(&config, &folder.join("run"), true, &mut |_| ())
        .map(|_| ())
        .map_err(said)
}

/// Reads a blob, runs it, and prices a budget.
fn blob(folder: &Path) -> Result<(), String> {
    let path = folder.join("m.srnn");
    let blob = Blob::read(&path).map_err(said)?;
    let model = blob.model();
    let text = experiments::Inspection::of(&model).text();
    assert!(!printed(&text), "{text:?}");
    let length = match model.sequence_length() {
        0 => 8,
        // A sequence of this length would be data, and these are not there.
        long if long > 4096 => return Ok(()),
        length => length as usize,
    };
    let values = vec![0.25; length * model.inputs()];
    let x = Sequences::new("x", values, 1, length, model.inputs()).map_err(said)?;
    let simulator = Simulator::new(&model).map_err(|e| format!("{}: {}", path.display(), said(e)))?;
    let counts = quantize::counts(&model, &path.display().to_string(), &x).map_err(said)?;
    let run = simulator.run(&counts);
    assert_eq!(run.updates[0], 0);
    assert!(run.updates.windows(2).all(|w| w[0] < w[1]) && run.updates.len() <= length);
    Ok(())
}

/// Predicts the energy of the example's network.
fn predicted(
    board: &energy::Board,
    sensor: &energy::Sensor,
    cost: Option<energy::UpdateCost>,
    folder: &Path,
) -> Result<(), String> {
    let blob = quantize::example_blob();
    let shape = NetworkShape::of_blob(&blob.model()).map_err(said)?;
    let workload = shape.workload(board.core, 3.0, None, cost);
    let named = |e: energy::Error| format!("{}: {}", folder.display(), said(e));
    let prediction = energy::predict(board, sensor, &workload).map_err(named)?;
    let parts = prediction.parts.named().map(|(_, interval)| interval);
    for i in parts
        .iter()
        .chain([&prediction.uj_per_sequence, &prediction.average_power_uw])
    {
        assert!(
            i.low.is_finite() && i.low <= i.mid && i.mid <= i.high && i.high.is_finite(),
            "{prediction}"
        );
    }
    Ok(())
}

/// Measures a trace in every way.
fn trace(path: &Path) -> Result<(), String> {
    let threshold = Windowing::Threshold {
        factor: 1.5,
        keep: Default::default(),
    };
    let mut found = Err(String::new());
    for (voltage_v, windowing) in [
        (None, Windowing::Auto),
        (Some(3.0), Windowing::Auto),
        (Some(3.0), threshold),
    ] {
        let options = MeasureOptions {
            read: energy::trace::ReadOptions {
                voltage_v,
                ..Default::default()
            },
            windowing,
            ..Default::default()
        };
        let measured = energy::measure(path, &options).and_then(|measurement| {
            let text = measurement.to_string();
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
            assert!(!printed(&text), "{text:?}");
            energy::picture::trace(path, &options.read, &measurement.windows).map(|_| ())
        });
        if found.is_err() {
            found = measured.map_err(said);
        }
    }
    found
}
