//! Recordings, as `data describe` and `train` read them.

use super::{
    Layout, Target,
    bytes::{npy, stored},
    texts,
};
use dataset::{Dataset, DatasetConfig, Window};
use std::path::Path;

/// Each layout that recordings come in.
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
                of(
                    npy("<f4", "(4, 3, 1)", "False", &ramp(48)),
                    npy("|u1", "(4,)", "False", &ramp(4)),
                ),
                of(
                    npy("<f2", "(4, 3, 1)", "True", &ramp(24)),
                    npy("<U2", "(4,)", "False", &ramp(32)),
                ),
                of(
                    npy(">i2", "(4, 1, 3)", "False", &ramp(24)),
                    npy("<f8", "(4, 2)", "False", &ramp(64)),
                ),
                of(
                    npy("<f8", "(4, 3)", "False", &ramp(96)),
                    npy("<i8", "(4, 1)", "False", &ramp(32)),
                ),
            ]
        },
    },
    Target {
        name: "npz",
        layout: Layout::File("set.npz"),
        read: recordings,
        seeds: || {
            vec![stored(&[
                ("x.npy", npy("<f4", "(4, 3, 1)", "False", &ramp(48))),
                ("y.npy", npy("|u1", "(4,)", "False", &ramp(4))),
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
];

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

/// Bytes 0 to 6, again and again.
fn ramp(size: usize) -> Vec<u8> {
    (0..size).map(|k| (k % 7) as u8).collect()
}
