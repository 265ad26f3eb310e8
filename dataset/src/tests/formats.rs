//! Every format with a good file and bad ones.

use crate::*;
use float_model::{Sequences, Targets};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

fn of(path: &Path) -> Result<Recordings, Error> {
    read(path, &ReadOptions::default())
}

/// The error names the file, the field and the fix.
fn fails(path: &Path, parts: &[&str]) {
    let text = of(path).expect_err("must be refused").to_string();
    assert!(parts.iter().all(|p| text.contains(p)), "{text} lacks one of {parts:?}");
}

/// Three sequences of 4, 2 and 3 samples of 2 channels.
fn ragged() -> Sequences {
    let values = (0..24).map(|v| v as f32 / 4.0).collect();
    Sequences::ragged("x", values, (3, 4, 2), vec![4, 2, 3]).unwrap()
}

#[test]
fn npy_with_lengths_and_groups() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let x = ragged();
    save_sequences(&at("train_x.npy"), &x).unwrap();
    save_targets(&at("train_y.npy"), &Targets::Labels(vec![0, 1, 0])).unwrap();
    npy::write(&at("train_lengths.npy"), &[3], &[4u8, 2, 3]).unwrap();
    npy::write(&at("train_groups.npy"), &[3], &[7i64, 7, -1]).unwrap();
    let found = of(&at("train_x.npy")).unwrap();
    assert_eq!(
        (found.x.all().unwrap(), found.y),
        (x, Some(Targets::Labels(vec![0, 1, 0])))
    );
    assert_eq!(found.groups.iter().collect::<Vec<_>>(), ["7", "7", "-1"]);
    assert_eq!(parts(dir.path()).unwrap().train, at("train_x.npy"));

    npy::write(&at("train_groups.npy"), &[2], &[7i64, 7]).unwrap();
    fails(
        &at("train_x.npy"),
        &["train_groups.npy", "2 groups for the 3", "one a sequence"],
    );
    npy::write(&at("train_lengths.npy"), &[3], &[4i32, 2, 5]).unwrap();
    fails(&at("train_x.npy"), &["train_x.npy", "length of sequence 2", "1 to 4"]);
    npy::write(&at("train_lengths.npy"), &[3], &[4.0f32, 2.0, 3.0]).unwrap();
    fails(&at("train_x.npy"), &["train_lengths.npy", "dtype", "save integers"]);
    npy::write(&at("train_lengths.npy"), &[2], &[4i32, 2]).unwrap();
    fails(&at("train_x.npy"), &["lengths: 2 for 3 sequences"]);
}

/// What `save_sequences` writes comes back with its lengths.
#[test]
fn lengths_are_written_beside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    save_sequences(&path, &ragged()).unwrap();
    assert_eq!(load_sequences(&path).unwrap(), ragged());
    let e = save_sequences(&dir.path().join("data.npy"), &ragged())
        .unwrap_err()
        .to_string();
    assert!(e.contains("x.npy"), "{e}");
}

fn npz(path: &Path, arrays: &[&str], from: &Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for name in arrays {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(&fs::read(from.join(format!("{name}.npy"))).unwrap())
            .unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn npz_archives() {
    let dir = tempfile::tempdir().unwrap();
    let (arrays, path) = (dir.path().join("arrays"), dir.path().join("data.npz"));
    fs::create_dir(&arrays).unwrap();
    save_sequences(&arrays.join("x.npy"), &ragged()).unwrap();
    save_targets(&arrays.join("y.npy"), &Targets::Labels(vec![0, 1, 1])).unwrap();
    npy::write(&arrays.join("groups.npy"), &[3], &[1u32, 2, 3]).unwrap();
    npz(&path, &["x", "y", "lengths", "groups"], &arrays);
    let found = of(&path).unwrap();
    assert_eq!(
        (found.x.all().unwrap(), found.y),
        (ragged(), Some(Targets::Labels(vec![0, 1, 1])))
    );
    assert_eq!(found.groups.iter().collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(load_targets(&path).unwrap().count(), 3);
    assert_eq!(
        of(dir.path()).unwrap().x.all().unwrap(),
        ragged(),
        "the one archive of a folder"
    );

    npz(&path, &["y"], &arrays);
    fails(&path, &["data.npz", "x: no such array, but y", "save x="]);
    npy::write(&arrays.join("y.npy"), &[2], &[0i64, 1]).unwrap();
    npz(&path, &["x", "y", "lengths"], &arrays);
    fails(&path, &["data.npz", "y.npy", "2 answers for the 3"]);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    fails(&path, &["data.npz", "contents", "numpy.savez"]);
}

#[test]
fn csv_files_of_unequal_length_with_times_and_groups() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("labels.csv", "file,label,subject\na.csv,walk,anna\nb.csv,sit,bo\n");
    write("a.csv", "time_ms,ax,ay\n0,1,5\n20,2,5\n40,3,5\n");
    write("b.csv", "time_ms,ax,ay\n100,1,5\n120,2,5\n");
    let found = of(dir.path()).unwrap();
    assert_eq!(
        (found.x.all().unwrap().lengths.as_slice(), found.x.channels()),
        (&[3, 2][..], 2)
    );
    assert_eq!(
        (found.groups.iter().collect::<Vec<_>>().join(","), found.sample_period_s),
        ("anna,bo".into(), 0.02)
    );
    assert_eq!(
        (found.class_names.join(","), found.notes.warnings().len()),
        ("sit,walk".into(), 0)
    );
    write("b.csv", "time_ms,ax,ay\n100,1,5\n120,2,5\n180,5,5\n");
    let found = of(dir.path()).unwrap();
    assert_eq!(found.x.all().unwrap().lengths, [3, 5]);
    assert!(
        found.notes.warnings()[0].contains("irregular") && found.notes.warnings()[0].contains("b.csv"),
        "{:?}",
        found.notes.warnings()
    );

    write("b.csv", "time_ms,ax,ay\n100,1,5\n90,2,5\n");
    let found = of(dir.path()).unwrap();
    assert_eq!(found.x.all().unwrap().sequence(1), [2.0, 5.0, 1.0, 5.0]);
    assert!(
        found.notes.warnings()[0].contains("1 samples were out of order"),
        "{:?}",
        found.notes.warnings()
    );
    write("b.csv", "ax,ay\n1,5\n2,5\n");
    fails(dir.path(), &["b.csv", "time", "give it in all"]);
    write("b.csv", "time_ms,ax,ay\nnoon,1,5\n");
    fails(dir.path(), &["b.csv", "line 2, column time_ms", "'noon' is no time"]);
    write("labels.csv", "file,label,subject\na.csv,walk,anna\nb.csv,sit,\n");
    fails(dir.path(), &["labels.csv", "line 3", "has no group"]);
}

#[test]
fn labels_of_single_samples() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("labels.csv", "file,group\na.csv,1\nb.csv,2\n");
    write("a.csv", "ax,label\n1,off\n2,on\n3,on\n4,off\n");
    write("b.csv", "ax,label\n5,on\n6,on\n7,off\n");
    let mut config = DatasetConfig {
        train_x: dir.path().into(),
        ..DatasetConfig::default()
    };
    let text = Dataset::load(&config).expect_err("ragged answers").to_string();
    assert!(text.contains("--window"), "{text}");
    config.window = Some(Window { length: 2, stride: 1 });
    let d = Dataset::load(&config).unwrap();
    assert_eq!((d.training.0.count(), d.validation.0.count()), (3, 2));
    assert_eq!(d.class_names, ["off", "on"]);
    write("b.csv", "ax\n5\n6\n7\n");
    fails(dir.path(), &["b.csv", "label", "add it everywhere or nowhere"]);
    write("a.csv", "ax\n5\n6\n7\n");
    fails(dir.path(), &["labels.csv", "no label column", "file,label"]);
    write("a.csv", "ax,label\n1,off\n2,\n");
    fails(dir.path(), &["a.csv", "line 3, column label", "no label"]);
}

#[test]
fn one_csv_file_in_long_form() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("all.csv");
    let head = "sequence,label,subject,time,ax,ay\n";
    let write = |text: &str| fs::write(&path, format!("{head}{text}")).unwrap();
    // The lines of two sequences may be mixed.
    write("a,walk,1,0,1,2\nb,sit,2,5,7,8\na,walk,1,0.5,3,4\nb,sit,2,5.5,9,10\nb,sit,2,6,11,12\n");
    let found = of(&path).unwrap();
    assert_eq!(
        (
            found.x.all().unwrap().sequence(0),
            found.x.all().unwrap().lengths.as_slice()
        ),
        (&[1.0, 2.0, 3.0, 4.0][..], &[2, 3][..])
    );
    assert_eq!(found.y, Some(Targets::Labels(vec![1, 0])));
    assert_eq!(
        (found.groups.iter().collect::<Vec<_>>().join(","), found.sample_period_s),
        ("1,2".into(), 0.5)
    );
    assert_eq!(found.channels[1].name, "ay");
    write("a,walk,1,0,1,2\na,sit,1,1,3,4\n");
    assert!(matches!(of(&path).unwrap().y, Some(Targets::PerStep { length: 2, .. })));

    write("a,walk,1,0,1,2\na,walk,2,1,3,4\n");
    fails(&path, &["all.csv", "group", "sequence a is of 1 and of 2"]);
    write("a,walk,1,0,1,x\n");
    fails(&path, &["all.csv", "column ay", "holds words ('x'", "ignore=ay"]);
    write("a,walk,1,0,1,2\na,walk,1,1,1,2\na,walk,1,2,1,x\n");
    fails(&path, &["all.csv", "line 4, column ay", "'x' is no finite number"]);
    write("a,walk,1,0,1\n");
    fails(&path, &["all.csv", "line 2"]);
    fs::write(&path, "sequence,ax\na,1\n").unwrap();
    fails(&path, &["all.csv", "label: no such column", "sequence,label,ax"]);
}

fn wav(path: &Path, rate: u32, channels: u16, bits: u16, values: &[i16]) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    values.iter().for_each(|v| writer.write_sample(*v).unwrap());
    writer.finalize().unwrap();
}

#[test]
fn wav_files() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("labels.csv"), "file,label,group\na.wav,yes,anna\nb.wav,no,bo\n").unwrap();
    let tone: Vec<i16> = (0..1600).map(|n| ((n as f32 * 0.3).sin() * 16_384.0) as i16).collect();
    wav(&at("a.wav"), 8000, 1, 16, &tone);
    wav(&at("b.wav"), 8000, 1, 16, &tone[..1000]);
    let found = of(dir.path()).unwrap();
    // Frames of 256 amplitudes every 160.
    assert_eq!(
        (found.x.all().unwrap().lengths.as_slice(), found.x.channels()),
        (&[9, 5][..], 16)
    );
    assert_eq!(
        (found.sample_period_s, found.groups.iter().collect::<Vec<_>>().join(",")),
        (0.02, "anna,bo".into())
    );
    assert_eq!(
        (found.channels[3].name.as_str(), found.format),
        ("mel 3", "folder of WAV files")
    );
    let raw = |samples_per_step| ReadOptions {
        audio: Audio::Raw { samples_per_step },
        ..ReadOptions::default()
    };
    let found = read(dir.path(), &raw(1)).unwrap();
    assert_eq!(
        (found.x.all().unwrap().lengths.as_slice(), found.x.channels()),
        (&[1600, 1000][..], 1)
    );
    assert_eq!(
        (found.x.all().unwrap().values[5], found.sample_period_s),
        (f32::from(tone[5]) / 32_768.0, 1.0 / 8000.0)
    );
    let found = read(dir.path(), &raw(80)).unwrap();
    assert_eq!(
        (
            found.x.all().unwrap().lengths.as_slice(),
            found.x.channels(),
            found.sample_period_s
        ),
        (&[20, 12][..], 80, 0.01)
    );
    wav(&at("b.wav"), 16_000, 1, 16, &tone);
    let found = read(dir.path(), &raw(1)).unwrap();
    assert_eq!(found.x.all().unwrap().lengths, [1600, 800]);
    assert!(
        found.notes.warnings()[0].contains("8000 Hz") && found.notes.warnings()[0].contains("b.wav"),
        "{:?}",
        found.notes.warnings()
    );

    wav(&at("b.wav"), 8000, 2, 24, &tone);
    let found = read(dir.path(), &raw(1)).unwrap();
    assert_eq!(found.x.all().unwrap().lengths, [1600, 800]);
    assert!(
        found.notes.warnings()[0].contains("1 files of 2 channels were mixed to one"),
        "{:?}",
        found.notes.warnings()
    );
    wav(&at("b.wav"), 8000, 1, 16, &tone[..100]);
    fails(
        dir.path(),
        &["b.wav", "length", "100 amplitudes are less than one frame"],
    );
    fs::write(at("b.wav"), "RIFF").unwrap();
    fails(dir.path(), &["b.wav", "no WAV file"]);
    fs::write(at("labels.csv"), "file,label\na.wav,yes\nb.wav,no\nc.csv,no\n").unwrap();
    fs::write(at("c.csv"), "ax\n1\n").unwrap();
    fails(dir.path(), &["labels.csv", "two kinds"]);
}

/// `count` images of `side` x `side` with their labels, the name's beginning being `start`.
fn write_digits(dir: &Path, start: &str, count: usize, side: usize, packed: bool) -> PathBuf {
    let head = |dims: &[usize]| -> Vec<u8> {
        let sizes = dims.iter().flat_map(|d| (*d as u32).to_be_bytes());
        [0, 0, 8, dims.len() as u8].into_iter().chain(sizes).collect()
    };
    let mut images = head(&[count, side, side]);
    images.extend((0..count * side * side).map(|k| (k * 7 % 256) as u8));
    let mut labels = head(&[count]);
    labels.extend((0..count).map(|k| (k % 10) as u8));
    let path = |what: &str| dir.join(format!("{start}-{what}-ubyte{}", if packed { ".gz" } else { "" }));
    for (what, bytes) in [("images-idx3", images), ("labels-idx1", labels)] {
        if packed {
            let file = fs::File::create(path(what)).unwrap();
            let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            file.write_all(&bytes).unwrap();
            file.finish().unwrap();
        } else {
            fs::write(path(what), bytes).unwrap();
        }
    }
    path("images-idx3")
}

#[test]
fn idx_files_packed_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let plain = write_digits(dir.path(), "train", 12, 4, false);
    let found = of(&plain).unwrap();
    assert_eq!((found.x.count(), found.x.longest(), found.x.channels()), (12, 16, 1));
    assert_eq!(
        (found.x.all().unwrap().values[3], found.y.clone().unwrap().count()),
        (21.0 / 255.0, 12)
    );
    let other = tempfile::tempdir().unwrap();
    let packed = write_digits(other.path(), "train", 12, 4, true);
    assert_eq!(
        of(&packed).unwrap(),
        Recordings {
            y_path: of(&packed).unwrap().y_path,
            ..found
        }
    );

    let labels = locate::idx_labels(&plain);
    fails(&labels, &["labels-idx1", "shape", "(N, rows, columns)"]);
    let bytes = fs::read(&plain).unwrap();
    fs::write(&plain, &bytes[..bytes.len() - 1]).unwrap();
    fails(&plain, &["images-idx3", "data", "truncated"]);
    fs::write(&plain, [&[0, 0, 13], &bytes[3..]].concat()).unwrap();
    fails(&plain, &["type: 0x0d", "unsigned bytes"]);
    fs::write(&plain, b"PNG image").unwrap();
    fails(&plain, &["header", "no IDX file"]);
    let gzip = fs::read(&packed).unwrap();
    fs::write(&packed, &gzip[..gzip.len() / 2]).unwrap();
    fails(&packed, &["images-idx3-ubyte.gz", "broken gzip", "fetch"]);
}

#[test]
fn mnist_is_split_in_order() {
    let dir = tempfile::tempdir().unwrap();
    write_digits(dir.path(), "t10k", 40, 4, true);
    let config = |pool| MnistConfig {
        data: dir.path().into(),
        pool,
    };
    let d = config(1).load().unwrap();
    let (test_x, test_y) = config(1).load_test().unwrap();
    assert_eq!(
        (d.training.0.count(), d.validation.0.count(), test_x.count()),
        (32, 4, 4)
    );
    assert_eq!(
        (d.outputs, d.mean[0], d.std[0], d.channels[0].full_scale),
        (10, 0.0, 1.0, 1.0)
    );
    assert_eq!(d.validation.1, Targets::Labels(vec![2, 3, 4, 5]));
    assert_eq!(test_y, Targets::Labels(vec![6, 7, 8, 9]));
    let pooled = config(2).load().unwrap().training.0.all().unwrap();
    assert_eq!(pooled.length, 4);
    let square: f32 = [0, 1, 4, 5].map(|k| d.training.0.all().unwrap().values[k]).iter().sum();
    assert!((pooled.values[0] - square / 4.0).abs() < 1e-6);
    write_digits(dir.path(), "train", 100, 4, false);
    let d = config(1).load().unwrap();
    assert_eq!((d.training.0.count(), d.validation.0.count()), (90, 10));
    assert_eq!(config(1).load_test().unwrap().0.count(), 40);

    let says = |config: MnistConfig, part: &str| {
        let text = config.load().expect_err("must be refused").to_string();
        assert!(text.contains(part), "{text}");
    };
    says(config(3), "pool: is 3; give a divisor of 4 and 4");
    says(
        MnistConfig {
            data: dir.path().join("none"),
            pool: 1,
        },
        "none",
    );
    let labels = dir.path().join("train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    bytes[8 + 5] = 11;
    fs::write(&labels, bytes).unwrap();
    says(config(1), "label of image 5: 11 is not a digit");
}

/// Packed files of some kilobytes that unpack to sixty megabytes.
#[test]
fn what_unpacks_to_far_more_than_it_is_packed_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("z.npz");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("x.npy", options).unwrap();
    let mut header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 15, 1), }".to_vec();
    header.resize(117, b' ');
    header.push(b'\n');
    zip.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
    zip.write_all(&header).unwrap();
    let zeros = vec![0; 60_000_000];
    zip.write_all(&zeros).unwrap();
    zip.finish().unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 100_000);
    fails(&path, &["z.npz/x.npy", "unpacks to more than", "numpy.savez"]);

    let path = dir.path().join("train-images-idx3-ubyte.gz");
    let mut packed = flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::fast());
    packed
        .write_all(b"\0\0\x08\x03\x03\x93\x87\0\0\0\0\x01\0\0\0\x01")
        .unwrap();
    packed.write_all(&zeros).unwrap();
    packed.finish().unwrap();
    fails(&path, &["idx3-ubyte.gz", "unpacks to more than", "gunzip"]);
}
