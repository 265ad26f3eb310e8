//! What the fuzzer runs on the readers of the host, and a stable test on its corpora: whatever the files hold, reading them either
//! fails with a message that names a file or an option, or yields numbers that are finite and fit together.

use dataset::{Dataset, DatasetConfig, Window};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// How the bytes of an input become files.
pub enum Layout {
    /// One file of this name.
    File(&'static str),
    /// Several files. Each begins with a line `=== NAME`; what stands before the first is left out.
    Folder,
}

/// A reader under test.
pub struct Target {
    /// The name of its corpus.
    pub name: &'static str,
    layout: Layout,
    /// Reads the files; whether they were taken.
    read: fn(&Path) -> Result<(), String>,
    /// Inputs to start from.
    seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "table",
        layout: Layout::File("long.csv"),
        read: recordings,
        seeds: || {
            texts(&[
                "sequence,label,ax,ay\n1,a,0.5,1\n1,a,0.25,2\n2,b,1,1\n2,b,0,3\n",
                "sequence;label;time_ms;ax [mg]\n1;a;0;1,5\n1;a;20;2,5\n2;b;0;1,5\n2;b;20;0,5\n",
                "user,activity,timestamp,x,y,z\n1,Jogging,49105962326000,-0.6,12.6,0.5\n1,Jogging,49106062271000,5.0,11.2,0.9\n\
                 2,Walking,49106112167000,4.9,10.8,-0.08\n2,Walking,49106222305000,-0.6,18.4,3.0\n",
                "# logger 1.2\nsequence\tlabel\tTime (s)\tAcceleration x (m/s^2)\n1\t0\t0.0\t9.81\n1\t0\t0.01\t9.80\n2\t1\t0.0\t1\n2\t1\t0.01\t2\n",
            ])
        },
    },
    Target {
        name: "folder",
        layout: Layout::Folder,
        read: recordings,
        seeds: || {
            texts(&[
                "=== labels.csv\nfile,label,group\na.csv,still,anna\nb.csv,walking,bo\nc.csv,still,cy\n=== a.csv\ntime,ax\n0,1\n0.02,2\n0.04,3\n\
                 === b.csv\ntime,ax\n0,1\n0.02,2\n0.05,3\n=== c.csv\ntime,ax\n0,1\n0.02,2\n0.04,5\n",
                "=== yes/a.csv\nax,ay\n1,2\n3,4\n=== yes/b.csv\nax,ay\n1,2\n3,4\n=== no/c.csv\nax,ay\n1,2\n3,4\n=== no/d.csv\nax,ay\n1,2\n3,4\n",
                "=== s01/s01_01.csv\nx_acc,timestamp,label\n0.1,1657533977810,SIT\n0.2,1657533977819,SIT\n0.3,1657533977819,WALK\n\
                 === s02/s02_01.csv\nx_acc,timestamp,label\n0.1,1657534977810,SIT\n0.2,1657534977820,WALK\n0.3,1657534977830,WALK\n\
                 === subjects_info.csv\nsubject_id,age\ns01,54\ns02,31\n",
                "=== channels.toml\nsample_rate_hz = 50.0\nclass_names = [\"a\", \"b\"]\n[[channel]]\nname = \"x\"\nunit = \"g\"\nfull_scale = 2.0\n\
                 === labels.csv\nFile;Label\n1.csv;a\n2.csv;b\n3.csv;a\n=== 1.csv\n1\n2\n=== 2.csv\n3\n4\n=== 3.csv\n3\n5\n",
            ])
        },
    },
    Target {
        name: "importers",
        layout: Layout::Folder,
        read: recordings,
        seeds: || {
            texts(&[
                "=== train/Inertial Signals/total_acc_x_train.txt\n 1.0e+00 2.0e+00 3.0e+00\n 1 2 3\n 3 2 1\n\
                 === train/y_train.txt\n1\n2\n1\n=== train/subject_train.txt\n1\n2\n3\n=== activity_labels.txt\n1 WALKING\n2 SITTING\n",
                "=== WISDM_ar_v1.1_raw.txt\n33,Jogging,49105962326000,-0.69,12.68,0.50;\n33,Jogging,49106062271000,5.0,11.2,0.95;\n\
                 33,Walking,49106112167000,4.9,10.88,-0.08;\n17,Walking,49106222305000,-0.6,18.49,3.02;\n",
                "=== training/walk.1.json\n{\"protected\":{\"ver\":\"v1\",\"alg\":\"none\"},\"signature\":\"0\",\"payload\":{\"device_type\":\"X\",\
                 \"interval_ms\":10,\"sensors\":[{\"name\":\"accX\",\"units\":\"m/s2\"}],\"values\":[[1.0],[2.0],[3.0]]}}\n\
                 === training/still.1.json\n{\"protected\":{\"ver\":\"v1\"},\"payload\":{\"interval_ms\":10,\"sensors\":[{\"name\":\"accX\",\"units\":\"m/s2\"}],\
                 \"values\":[[1.5],[2.5]]}}\n=== info.labels\n{\"version\":1,\"files\":[{\"path\":\"training/walk.1.json\",\"category\":\"training\",\
                 \"label\":{\"type\":\"label\",\"label\":\"walk\"}},{\"path\":\"training/still.1.json\",\"label\":{\"type\":\"label\",\"label\":\"still\"}}]}\n",
            ])
        },
    },
    Target {
        name: "npy",
        layout: Layout::Folder,
        read: recordings,
        seeds: || {
            let of = |x: Vec<u8>, y: Vec<u8>| [b"=== x.npy\n".to_vec(), x, b"\n=== y.npy\n".to_vec(), y].concat();
            vec![
                of(npy("<f4", "(4, 3, 1)", "False", 48), npy("|u1", "(4,)", "False", 4)),
                of(npy("<f2", "(4, 3, 1)", "True", 24), npy("<U2", "(4,)", "False", 32)),
                of(npy(">i2", "(4, 1, 3)", "False", 24), npy("<f8", "(4, 2)", "False", 64)),
                of(npy("<f8", "(4, 3)", "False", 96), npy("<i8", "(4, 1)", "False", 32)),
            ]
        },
    },
    Target {
        name: "npz",
        layout: Layout::File("set.npz"),
        read: recordings,
        seeds: || {
            vec![stored(&[
                ("x.npy", npy("<f4", "(4, 3, 1)", "False", 48)),
                ("y.npy", npy("|u1", "(4,)", "False", 4)),
            ])]
        },
    },
    Target {
        name: "wav",
        layout: Layout::Folder,
        read: recordings,
        seeds: || {
            let wav = |tag: u16, bits: u16, data: &[u8]| {
                let width = u32::from(bits / 8);
                let mut f = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0".to_vec();
                f.extend(tag.to_le_bytes());
                f.extend(1u16.to_le_bytes());
                f.extend(8000u32.to_le_bytes());
                f.extend((8000 * width).to_le_bytes());
                f.extend((width as u16).to_le_bytes());
                f.extend(bits.to_le_bytes());
                f.extend(b"data");
                f.extend((data.len() as u32).to_le_bytes());
                f.extend(data);
                f
            };
            let noise: Vec<u8> = (0..2400u32).map(|k| (k * k / 7) as u8).collect();
            let set = |file: Vec<u8>| {
                let labels = b"=== labels.csv\nfile,label\na.wav,a\nb.wav,b\nc.wav,a\n".to_vec();
                let files = ["a", "b", "c"]
                    .map(|n| [format!("=== {n}.wav\n").into_bytes(), file.clone(), b"\n".to_vec()].concat());
                [labels, files.concat()].concat()
            };
            vec![
                set(wav(1, 16, &noise)),
                set(wav(3, 32, &noise)),
                set(wav(7, 8, &noise)),
                set(wav(1, 24, &noise)),
            ]
        },
    },
    Target {
        name: "idx",
        layout: Layout::Folder,
        read: recordings,
        seeds: || {
            let mut x = b"=== train-images-idx3-ubyte\n\0\0\x08\x03\0\0\0\x04\0\0\0\x02\0\0\0\x02".to_vec();
            x.extend(0..16u8);
            x.extend(b"\n=== train-labels-idx1-ubyte\n\0\0\x08\x01\0\0\0\x04\x01\x02\x01\x02");
            vec![x]
        },
    },
    Target {
        name: "trace_csv",
        layout: Layout::File("trace.csv"),
        read: trace,
        seeds: || {
            texts(&[
                "Timestamp(ms),Current(uA),D0-D7\n0,1500.5,00000001\n0.01,1500.1,00000001\n0.02,3.5,00000000\n0.03,3.5,00000000\n",
                "# INA226\ntime_s;current_mA;voltage_V\n0;1,5;3,0\n0,001;1,6;3,0\n0,002;9;3\n",
                "Time(ms),Main(mA),Main Voltage(V)\n0,1.5,3.3\n0.0002,1.6,3.3\n0.0004,1.4,3.3\n",
                "[1.5, 2.5, 1.5, 900.0, 3.0]\n",
                "Timestamp,Main current (A),Main voltage (V)\n2026-01-01T00:00:00.000,0.001,3.0\n2026-01-01T00:00:00.010,0.002,3.0\n",
            ])
        },
    },
    Target {
        name: "trace_json",
        layout: Layout::File("trace.json"),
        read: trace,
        seeds: || {
            let samples = vec!["0.001"; 30].join(",");
            texts(&[&format!(
                "[{{\"power\":{{\"samples\":[{samples}],\"timestamps\":[[\"00\",5],[\"01\",25]],\"voltage\":1.8}},\"infer\":{{\"iterations\":5}}}}]"
            )])
        },
    },
    Target {
        name: "trace_ppk2",
        layout: Layout::File("trace.ppk2"),
        read: trace,
        seeds: || {
            let metadata = br#"{"metadata":{"samplesPerSecond":100},"formatVersion":2}"#;
            let frame = |ua: f32| [&ua.to_le_bytes()[..], &0x5555u16.to_be_bytes()[..]].concat();
            let session = (0..40).flat_map(|k| frame(if k % 20 < 5 { 900.0 } else { 3.0 }));
            vec![stored(&[
                ("metadata.json", metadata.to_vec()),
                ("session.raw", session.collect()),
            ])]
        },
    },
    Target {
        name: "model",
        layout: Layout::File("model.safetensors"),
        read: |folder| {
            let model = float_model::load(&folder.join("model.safetensors")).map_err(|e| e.to_string())?;
            assert!(!model.layers.is_empty());
            Ok(())
        },
        seeds: || {
            let header = br#"{"weight_ih_l0":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]},"weight_hh_l0":{"dtype":"F32","shape":[3,1],"data_offsets":[12,24]},"bias_ih_l0":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},"bias_hh_l0":{"dtype":"F32","shape":[3],"data_offsets":[36,48]},"fc.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[48,56]},"fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[56,64]}}"#;
            let mut f = (header.len() as u64).to_le_bytes().to_vec();
            f.extend(header);
            f.extend([0; 64]);
            vec![f]
        },
    },
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|t| t.name == name)
}

fn texts(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|t| t.as_bytes().to_vec()).collect()
}

/// Inputs that a target starts from.
pub fn seeds(target: &Target) -> Vec<Vec<u8>> {
    (target.seeds)()
}

/// Writes the files of `data` into a folder of memory, where there is one, and reads them. Returns whether they were taken.
pub fn check(target: &Target, data: &[u8]) -> bool {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder for the input");
    for (name, contents) in files(&target.layout, data) {
        let path = folder.path().join(name);
        let parent = path.parent().expect("it is in the folder");
        // A name that cannot be created is no input.
        let _ = fs::create_dir_all(parent).and_then(|()| fs::write(&path, contents));
    }
    match (target.read)(folder.path()) {
        Ok(()) => true,
        Err(message) => {
            assert!(!message.is_empty());
            assert!(
                !message.chars().any(|c| c.is_control() && c != '\n'),
                "a control character of the file is printed: {message:?}"
            );
            false
        }
    }
}

fn files<'a>(layout: &Layout, data: &'a [u8]) -> Vec<(PathBuf, &'a [u8])> {
    const MARK: &[u8] = b"=== ";
    if let Layout::File(name) = layout {
        return vec![(name.into(), data)];
    }
    let starts: Vec<usize> = (0..data.len())
        .filter(|k| data[*k..].starts_with(MARK) && (*k == 0 || data[*k - 1] == b'\n'))
        .take(16)
        .collect();
    let mut list = Vec::new();
    for (n, start) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(data.len(), |next| next - 1);
        let part = &data[start + MARK.len()..end.max(start + MARK.len())];
        let line = part.iter().position(|b| *b == b'\n').unwrap_or(part.len());
        let name = String::from_utf8_lossy(&part[..line]).into_owned();
        let inside = name
            .split('/')
            .all(|p| !p.is_empty() && p != "." && p != ".." && p.len() < 60);
        if inside && !name.contains('\0') && name.split('/').count() < 6 {
            list.push((name.into(), &part[(line + 1).min(part.len())..]));
        }
    }
    list
}

/// Reads recordings as `data describe` and `train` do, as they are and in windows.
fn recordings(folder: &Path) -> Result<(), String> {
    let single = ["long.csv", "set.npz"]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|p| p.exists());
    let parts = dataset::parts(&single.unwrap_or_else(|| folder.to_path_buf())).map_err(|e| e.to_string())?;
    let config = |window| DatasetConfig {
        train_x: parts.train.clone(),
        test_x: parts.test.clone(),
        window,
        ..DatasetConfig::default()
    };
    let whole = summary(&config(None));
    let cut = summary(&config(Some(Window { length: 2, stride: 1 })));
    whole.and(cut)
}

fn summary(config: &DatasetConfig) -> Result<(), String> {
    let summary = dataset::describe(config).map_err(|e| e.to_string())?;
    assert!(
        summary
            .channels
            .iter()
            .all(|c| c.mean.is_finite() && c.std.is_finite() && c.std > 0.0)
    );
    assert!(summary.sample_period_s.is_none_or(|p| p.is_finite() && p > 0.0));
    let text = serde_json::to_string(&summary).expect("a summary is JSON");
    assert!(!text.is_empty());
    // What is described need not be what can be trained on.
    let _ = Dataset::load(config);
    Ok(())
}

fn trace(folder: &Path) -> Result<(), String> {
    let name = ["trace.csv", "trace.json", "trace.ppk2"]
        .into_iter()
        .find(|n| folder.join(n).exists());
    let path = folder.join(name.unwrap_or("trace.csv"));
    let mut found = Err(String::new());
    let threshold = energy::Windowing::Threshold {
        factor: 1.5,
        keep: Default::default(),
    };
    let ways = [
        (None, energy::Windowing::Auto),
        (Some(3.0), energy::Windowing::Auto),
        (Some(3.0), threshold),
    ];
    for (voltage_v, windowing) in ways {
        let options = energy::MeasureOptions {
            read: energy::trace::ReadOptions {
                voltage_v,
                ..Default::default()
            },
            windowing,
            ..Default::default()
        };
        let measured = energy::measure(&path, &options).and_then(|measurement| {
            assert!(measurement.samples > 0);
            assert!(!measurement.to_string().contains("NaN"));
            energy::picture::trace(&path, &options.read, &measurement.windows).map(|_| ())
        });
        let measured = measured.map_err(|e| e.to_string());
        // The voltage stands in the file or is asked for.
        if found.is_err() {
            found = measured;
        }
    }
    found
}

/// A `.npy` file with `size` bytes of values.
fn npy(descr: &str, shape: &str, order: &str, size: usize) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (text.len() + 11) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.into_bytes());
    bytes.extend((0..size).map(|k| (k % 7) as u8));
    bytes
}

/// An archive that stores its files as they are.
fn stored(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        let mut crc = u32::MAX;
        for byte in contents {
            crc ^= u32::from(*byte);
            (0..8).for_each(|_| crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()));
        }
        // Version, flags, method, time, date; then checksum and lengths.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend((!crc).to_le_bytes());
        common.extend((contents.len() as u32).to_le_bytes());
        common.extend((contents.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        let start = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(contents);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = bytes.len() as u32;
    let count = (files.len() as u16).to_le_bytes();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}
