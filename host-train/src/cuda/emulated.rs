//! A machine for tests: the kernels, compiled by a C++ compiler, in a process of their own (`kernels/emulate`).

use super::machine::{Arg, Constants, Grid, Kernel, Machine};
use crate::Error;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
};

/// Commands of `main.cpp`.
const ALLOCATE: u32 = 1;
const FREE: u32 = 2;
const WRITE: u32 = 3;
const READ: u32 = 4;
const LAUNCH: u32 = 5;
const LIVE: u32 = 6;
const CONSTANTS: u32 = 7;

const SOURCES: [&str; 5] = [
    "random.cu",
    "recurrence.cu",
    "step.cu",
    "emulate/cuda.h",
    "emulate/main.cpp",
];

/// The compiled program, beside the test's own; `None` where there is no C++ compiler.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = PROGRAM.get_or_init(|| {
        let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
        Command::new(&compiler).arg("--version").output().ok()?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels");
        let mut hasher = DefaultHasher::new();
        for name in SOURCES {
            std::fs::read(folder.join(name))
                .expect("a source of the kernels")
                .hash(&mut hasher);
        }
        let here = std::env::current_exe().expect("the test's own path");
        let path = here.with_file_name(format!("cuda-emulator-{:016x}", hasher.finish()));
        if !path.exists() {
            let partial = path.with_extension(std::process::id().to_string());
            let built = Command::new(&compiler)
                .args(["-std=c++17", "-O2", "-ffp-contract=off", "-Wno-unknown-pragmas", "-o"])
                .arg(&partial)
                .arg(folder.join("emulate/main.cpp"))
                .status()
                .expect("the compiler starts");
            assert!(built.success(), "the kernels do not compile");
            std::fs::rename(&partial, &path).expect("in one folder");
        }
        Some(path)
    });
    made.as_deref()
}

struct Process {
    child: Child,
    to: Option<ChildStdin>,
    from: ChildStdout,
}

impl Process {
    fn say(&mut self, bytes: &[u8]) {
        let pipe = self.to.as_mut().expect("open until dropped");
        pipe.write_all(bytes).expect("the emulator listens");
    }

    fn hear(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.from
            .read_exact(&mut bytes)
            .expect("the emulator answers; see its message above");
        bytes
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.hear(8).try_into().expect("eight bytes"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.to.take());
        let _ = self.child.wait();
    }
}

/// The kernels on the processor.
pub struct Emulated {
    process: Arc<Mutex<Process>>,
    multiprocessors: usize,
    shared_floats: usize,
}

/// Memory in the emulator's process.
pub struct Memory {
    process: Arc<Mutex<Process>>,
    pointer: u64,
    words: usize,
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Ok(mut process) = self.process.lock()
            && let Some(pipe) = process.to.as_mut()
        {
            // Where the process has ended, so has its memory.
            let _ = pipe.write_all(&message(&[FREE], &[self.pointer]));
        }
    }
}

fn message(words: &[u32], wide: &[u64]) -> Vec<u8> {
    let first = words.iter().flat_map(|w| w.to_le_bytes());
    first.chain(wide.iter().flat_map(|w| w.to_le_bytes())).collect()
}

impl Emulated {
    /// Whether this machine has a C++ compiler; says so where not.
    pub fn is_possible() -> bool {
        let possible = program().is_some();
        if !possible {
            eprintln!("skipped: no C++ compiler (c++, or what CXX names) to run the CUDA kernels with");
        }
        possible
    }

    /// Starts a machine that pretends to have this many multiprocessors and this much shared memory for a block.
    pub fn start(multiprocessors: usize, shared_floats: usize) -> Result<Self, Error> {
        let program = program().ok_or_else(|| Error::usage("device", "no C++ compiler"))?;
        let spawned = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = spawned.map_err(Error::io(program))?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        let process = Process {
            child,
            to,
            from: from.expect("piped"),
        };
        Ok(Emulated {
            process: Arc::new(Mutex::new(process)),
            multiprocessors,
            shared_floats,
        })
    }

    /// A way to ask for [`Memory`] that is not yet given back, also after the machine is gone.
    pub fn live(&self) -> impl Fn() -> u64 + use<> {
        let process = self.process.clone();
        move || {
            let mut process = process.lock().expect("no test panicked with it");
            process.say(&message(&[LIVE], &[]));
            process.number()
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Process> {
        self.process.lock().expect("no test panicked with it")
    }
}

impl Machine for Emulated {
    type Buffer = Memory;

    fn name(&self) -> String {
        "emulated".into()
    }

    fn multiprocessors(&self) -> usize {
        self.multiprocessors
    }

    fn shared_floats(&self) -> usize {
        self.shared_floats
    }

    fn compile(&mut self, constants: &Constants) -> Result<(), Error> {
        let values: Vec<u32> = constants.named().iter().map(|(_, v)| *v as u32).collect();
        self.locked().say(&message(&[&[CONSTANTS], &values[..]].concat(), &[]));
        Ok(())
    }

    fn zeros(&self, words: usize) -> Result<Memory, Error> {
        let mut process = self.locked();
        process.say(&message(&[ALLOCATE], &[4 * words as u64]));
        let pointer = process.number();
        Ok(Memory {
            process: self.process.clone(),
            pointer,
            words,
        })
    }

    fn write(&self, to: &mut Memory, words: &[u32]) -> Result<(), Error> {
        assert!(words.len() <= to.words);
        let mut bytes = message(&[WRITE], &[to.pointer, 4 * words.len() as u64]);
        bytes.extend(message(words, &[]));
        self.locked().say(&bytes);
        Ok(())
    }

    fn read(&self, from: &Memory, words: usize) -> Result<Vec<u32>, Error> {
        assert!(words <= from.words);
        let mut process = self.locked();
        process.say(&message(&[READ], &[from.pointer, 4 * words as u64]));
        let bytes = process.hear(4 * words);
        let four = bytes.chunks_exact(4);
        Ok(four.map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    fn launch(&self, kernel: Kernel, grid: Grid, args: &[Arg<'_, Memory>]) -> Result<(), Error> {
        assert!(grid.shared_floats as usize <= self.shared_floats);
        let which = Kernel::ALL.iter().position(|k| *k == kernel).expect("one of all");
        let [x, y, z] = grid.blocks;
        let head = [
            LAUNCH,
            which as u32,
            x,
            y,
            z,
            grid.threads,
            grid.shared_floats,
            args.len() as u32,
        ];
        let bits: Vec<u64> = args
            .iter()
            .map(|arg| match *arg {
                Arg::Of(memory) => memory.pointer,
                Arg::At(memory, word) => memory.pointer + 4 * word as u64,
                Arg::If(wanted, memory) => u64::from(wanted) * memory.pointer,
                Arg::Int(v) => v as u64,
                Arg::Uint(v) => v.into(),
                Arg::Float(v) => v.to_bits().into(),
                Arg::Double(v) => v.to_bits(),
            })
            .collect();
        self.locked().say(&message(&head, &bits));
        Ok(())
    }
}
