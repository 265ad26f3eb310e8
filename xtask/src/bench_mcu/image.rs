//! The benchmark's image: built, measured from outside, and run in the emulator.

use super::blobs::Weights;
use crate::shell;
use anyhow::{Context, bail};
use float_model::Family;
use object::{Object, ObjectSymbol};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

/// An emulated machine, or the same one with other kernels.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// What `qemu-system-arm -machine` takes.
    pub name: &'static str,
    pub core: &'static str,
    target: &'static str,
    /// Of the image's crate.
    features: &'static str,
    /// The compiler's `target-cpu`, where the target's own is less than the core.
    cpu: Option<&'static str>,
    /// Behind the kernel's name.
    pub suffix: &'static str,
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
        address: 0x3820_0000,
        room: 0x20_0000,
    },
];

/// Instructions that the image calibrates with, and how often.
const NOPS: f64 = 1000.0;
const RUNS: f64 = 25.0;

/// A built image.
pub struct Image {
    machine: Machine,
    path: PathBuf,
    symbols: Vec<(String, u64)>,
}

/// What a run counted, per update.
pub struct Counted {
    pub instructions: f64,
    pub stack_bytes: usize,
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
            bail!("the benchmark's image does not build for {}", machine.target);
        }
        let path = target_dir.join(machine.target).join("release/bench-mcu");
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let symbols = object::File::parse(&*bytes)?
            .symbols()
            .filter(|s| s.size() > 0)
            .map(|s| (s.name().unwrap_or_default().to_owned(), s.size()))
            .collect();
        Ok(Image { machine, path, symbols })
    }

    /// Code and tables of one cell's update: conversion, kernels, activations, gate and rule, and what of the
    /// compiler's runtime they call.
    pub fn text_bytes(&self, family: Family, weights: Weights) -> anyhow::Result<u64> {
        let (cell, rows) = match family {
            Family::Lstm => ("cell4lstm", 4),
            Family::Gru => ("cell3gru", 3),
        };
        // Input weights are always in blocks; the recurrent ones as asked.
        let kernels: &[&str] = match weights {
            Weights::Block8 => &["narrow"],
            Weights::BytePlane => &["narrow", "plane"],
            Weights::Block16 => &["wide"],
        };
        let kernels: Vec<String> = kernels.iter().map(|k| format!("{k}_{rows}")).collect();
        let wanted = |name: &str| {
            name.contains(cell)
                || name.contains("9bench_mcu6update")
                || ["10activation4LINE", "10activation5CURVE", "5delta"]
                    .iter()
                    .any(|part| name.contains(part))
                || name.contains("kernel") && kernels.iter().any(|k| name.contains(k.as_str()))
                || ["uldivmod", "lmul", "uidiv"].iter().any(|part| name.contains(part))
                || name.contains("u64_div_rem")
        };
        let found: Vec<u64> = self
            .symbols
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(_, size)| *size)
            .collect();
        if !self.symbols.iter().any(|(name, _)| name.contains(cell)) {
            bail!("the image has no symbol for {cell}");
        }
        Ok(found.iter().sum())
    }

    /// Loads a blob and runs.
    pub fn run(&self, blob: &[u8]) -> anyhow::Result<Counted> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), blob)?;
        let load = format!(
            "loader,file={},addr={:#x},force-raw=on",
            file.path().display().to_string().replace(',', ",,"),
            self.machine.address
        );
        let output = Command::new("qemu-system-arm")
            .args(["-machine", self.machine.name, "-display", "none", "-monitor", "none"])
            .args(["-serial", "none", "-icount", "shift=6,sleep=off"])
            .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
            .arg(&self.path)
            .args(["-device", &load])
            .stdin(Stdio::null())
            .output()
            .context("qemu-system-arm cannot be started; type: cargo xtask setup")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("bench "))
            .with_context(|| format!("{}: {text}", self.machine.name))?;
        let value = |name: &str| -> anyhow::Result<f64> {
            line.split(' ')
                .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
                .and_then(|v| v.parse().ok())
                .with_context(|| format!("no {name} in: {line}"))
        };
        let empty = value("empty")? / RUNS;
        let ticks_per_instruction = (value("nops")? / RUNS - empty) / NOPS;
        Ok(Counted {
            instructions: (value("ticks")? / value("updates")? - empty) / ticks_per_instruction,
            stack_bytes: value("stack")? as usize,
        })
    }
}
