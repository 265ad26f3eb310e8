//! Files of other programs with bytes changed, cut off or put in: refused in one line that names the file, or read; no panic.

use std::{fs, path::Path};

/// Changes of each file.
const CHANGES: u64 = 100;

/// Random numbers of a seed (Marsaglia, Xorshift RNGs, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize % end.max(1)
    }
}

fn changed(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at + 1),
            1 => drop(bytes.drain(at..(at + random.below(24)).min(bytes.len()))),
            2 => {
                let piece = bytes[at..(at + 16).min(bytes.len())].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            3 => {
                let wide = [1, 2, 4, 8][random.below(4)];
                let extreme = [0xff, 0, 0x7f, 0x80][random.below(4)];
                bytes.iter_mut().skip(at).take(wide).for_each(|b| *b = extreme);
            }
            _ => {
                let other = random.below(256) as u8;
                bytes.iter_mut().skip(at).take(1).for_each(|b| *b = other);
            }
        }
    }
    bytes
}

#[test]
fn no_change_of_a_file_ends_in_a_panic() {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/import/files");
    let folder = tempfile::tempdir().expect("a folder");
    let mut taken = 0;
    for entry in fs::read_dir(files).expect("the files are there") {
        let source = entry.expect("listed").path();
        if source.extension().is_some_and(|e| e == "json") {
            continue;
        }
        let bytes = fs::read(&source).expect("readable");
        let path = folder.path().join(source.file_name().expect("it has one"));
        for seed in 1..=CHANGES {
            let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            fs::write(&path, changed(&bytes, &mut random)).expect("writable");
            match import::read(&path) {
                Ok(imported) => {
                    taken += 1;
                    let sound = imported.model.validate("model").is_ok();
                    assert!(sound, "{}, change {seed}", source.display());
                }
                Err(error) => {
                    let text = float_model::with_causes(&error);
                    let named = text.contains(&path.display().to_string());
                    assert!(
                        named && !text.chars().any(char::is_control),
                        "{}, change {seed}: {text:?}",
                        source.display()
                    );
                }
            }
        }
    }
    assert!(taken > 100, "{taken}");
}
