//! The benchmark's image: built, measured from outside, and run in the emulator.

use crate::shell;
use anyhow::{Context, bail};
use board_host::{Backend, Options};
use float_model::Family;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

/// An emulated machine, or the same one with other kernels.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// What `qemu-system-arm -machine` takes.
    pub name: &'static str,
    pub core: &'static str,
    target: &'static str,
    /// Cargo features of the image's crate.
    features: &'static str,
    /// The compiler's `target-cpu`, where the target's own is less than the core.
    cpu: Option<&'static str>,
    /// Text after the kernel's name.
    pub suffix: &'static str,
    /// Frequency of SysTick.
    clock_hz: f64,
    /// Where the blob goes, and its room there, as in the image's build script.
    address: u32,
    pub room: usize,
}

pub const MACHINES: [Machine; 5] = [
    Machine {
        name: "microbit",
        core: "Cortex-M0",
        target: "thumbv6m-none-eabi",
        features: "",
        cpu: None,
        suffix: "",
        clock_hz: 16e6,
        address: 0x2_0000,
        room: 0x2_0000,
    },
    Machine {
        name: "mps2-an385",
        core: "Cortex-M3",
        target: "thumbv7m-none-eabi",
        features: "",
        cpu: None,
        suffix: "",
        clock_hz: 25e6,
        address: 0x2100_0000,
        room: 0x40_0000,
    },
    Machine {
        name: "mps2-an386",
        core: "Cortex-M4",
        target: "thumbv7em-none-eabihf",
        features: "",
        cpu: None,
        suffix: "",
        clock_hz: 25e6,
        address: 0x2100_0000,
        room: 0x40_0000,
    },
    Machine {
        name: "mps2-an386",
        core: "Cortex-M4",
        target: "thumbv7em-none-eabihf",
        features: "portable",
        cpu: None,
        suffix: ", portable",
        clock_hz: 25e6,
        address: 0x2100_0000,
        room: 0x40_0000,
    },
    Machine {
        name: "mps2-an505",
        core: "Cortex-M33",
        target: "thumbv8m.main-none-eabihf",
        features: "asm",
        cpu: Some("cortex-m33"),
        suffix: "",
        clock_hz: 20e6,
        address: 0x3820_0000,
        room: 0x20_0000,
    },
];

/// Seconds until a run is given up.
const TIMEOUT_S: u64 = 60;

/// Seconds that an instruction takes in QEMU: `-icount shift=6`.
const QEMU_INSTRUCTION_S: f64 = 64e-9;

/// Instructions that the image calibrates with, and how often.
const NOPS: f64 = 1000.0;
const RUNS: f64 = 25.0;

/// A built image.
pub struct Image {
    machine: Machine,
    path: PathBuf,
    symbols: Vec<Symbol>,
    /// For an address in it that refers to a symbol: which.
    references: BTreeMap<u64, usize>,
}

/// A function or a static.
struct Symbol {
    name: String,
    address: u64,
    size: u64,
}

/// What a run counted, per update.
pub struct Counted {
    pub instructions: f64,
    pub stack_bytes: usize,
    /// Fingerprint of the state after the last update.
    pub crc: u32,
}

impl Image {
    /// Builds it, in the firmware's own workspace.
    pub fn build(machine: Machine) -> anyhow::Result<Image> {
        let folder = shell::root().join("firmware/bench");
        let target_dir = shell::root().join("firmware/target/bench-mcu").join(machine.features);
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(&folder)
            .args(["build", "--quiet", "--release", "--locked", "--target", machine.target])
            .args(["--features", machine.features])
            .arg("--target-dir")
            .arg(&target_dir)
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTFLAGS");
        if let Some(cpu) = machine.cpu {
            cargo.env("RUSTFLAGS", format!("-C target-cpu={cpu}"));
        }
        if !cargo.status().context("cargo cannot be started")?.success() {
            bail!(
                "the benchmark's image does not build for {}; cargo says why above",
                machine.target
            );
        }
        let path = target_dir.join(machine.target).join("release/bench-mcu");
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let file = object::File::parse(&*bytes)?;
        let address = |symbol: &object::Symbol<'_, '_>| symbol.address() & !1; // without the mark of Thumb code
        let symbols: Vec<Symbol> = file
            .symbols()
            .filter(|s| s.size() > 0)
            .map(|s| Symbol {
                name: s.name().unwrap_or_default().to_owned(),
                address: address(&s),
                size: s.size(),
            })
            .collect();
        let mut references = BTreeMap::new();
        for (at, relocation) in file
            .sections()
            .filter(|s| matches!(s.kind(), SectionKind::Text | SectionKind::ReadOnlyData))
            .flat_map(|s| s.relocations().collect::<Vec<_>>())
        {
            let RelocationTarget::Symbol(index) = relocation.target() else {
                continue;
            };
            let to = address(&file.symbol_by_index(index)?);
            if let Some(to) = symbols
                .iter()
                .position(|s| (s.address..s.address + s.size).contains(&to))
            {
                references.insert(at, to);
            }
        }
        Ok(Image {
            machine,
            path,
            symbols,
            references,
        })
    }

    /// Code and tables that an update with this cell can reach, every kernel of it included: from the benchmark's
    /// `update` along the relocations, but not into the other cell's pass.
    pub fn text_bytes(&self, family: Family) -> anyhow::Result<u64> {
        let other = match family {
            Family::Lstm => "gru",
            Family::Gru => "lstm",
        };
        let start = self.symbols.iter().position(|s| s.name.contains("9bench_mcu6update"));
        let mut reached = BTreeSet::from([start.context("the image has no symbol for update")?]);
        let mut next: Vec<usize> = reached.iter().copied().collect();
        while let Some(from) = next.pop() {
            let Symbol { address, size, .. } = &self.symbols[from];
            for to in self.references.range(address..&(address + size)).map(|(_, to)| *to) {
                if !self.symbols[to].name.contains(other) && reached.insert(to) {
                    next.push(to);
                }
            }
        }
        Ok(reached.into_iter().map(|k| self.symbols[k].size).sum())
    }

    /// Loads a blob and runs.
    pub fn run(&self, blob: &[u8], with: Backend) -> anyhow::Result<Counted> {
        let options = Options {
            machine: self.machine.name.parse().map_err(anyhow::Error::msg)?,
            backend: with,
            timeout_s: TIMEOUT_S,
            ..Options::default()
        };
        let text = board_host::console(&self.path, &[(self.machine.address, blob)], &options)?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("bench "))
            .with_context(|| format!("{}: {text}", self.machine.name))?;
        let word = |name: &str| {
            line.split(' ')
                .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
                .with_context(|| format!("no {name} in: {line}"))
        };
        let value = |name: &str| -> anyhow::Result<f64> { Ok(word(name)?.parse()?) };
        let empty = value("empty")? / RUNS;
        let ticks_per_instruction = match with {
            Backend::VirtualBoard => 1.0,
            Backend::Qemu => self.machine.clock_hz * QEMU_INSTRUCTION_S,
        };
        let nops = (value("nops")? / RUNS - empty) / ticks_per_instruction;
        if (nops / NOPS - 1.0).abs() > 0.002 {
            bail!("{}: {NOPS} instructions are counted as {nops:.1}", self.machine.name);
        }
        Ok(Counted {
            instructions: (value("ticks")? / value("updates")? - empty) / ticks_per_instruction,
            stack_bytes: value("stack")? as usize,
            crc: word("crc").and_then(|v| Ok(u32::from_str_radix(v, 16)?))?,
        })
    }
}
