//! Instructions and cycles of an update, counted from the instructions that an emulated board executed.

use crate::error::printable;
use crate::{Board, Calls, Core, Error, Interval, UpdateCost, small_file};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

/// Cores that run the image as it was built, and have a timing table.
const CORES: [Core; 2] = [Core::CortexM4, Core::CortexM33];

/// What an update of a network executes, as means over the updates.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateCycles {
    /// Always "counted".
    pub label: &'static str,
    /// Updates that were counted.
    pub updates: u64,
    /// Instructions, call and return included.
    pub instructions_per_update: f64,
    /// Instructions of the shortest update.
    pub instructions_min: u64,
    /// Instructions of the longest update.
    pub instructions_max: u64,
    /// Instructions that no class of the timing table has.
    pub unknown_per_update: f64,
    /// Instructions of each class.
    pub histogram_per_update: BTreeMap<String, f64>,
    /// Cycles without wait states, by core.
    pub cycles_per_update: BTreeMap<String, Interval>,
    /// The classes in the order of the table, for people.
    #[serde(skip)]
    classes: Vec<(String, f64)>,
}

impl UpdateCycles {
    /// The means over all calls of the update. `None` where none came to its end.
    #[must_use]
    pub fn new(calls: &Calls<'_>) -> Option<Self> {
        let (least, most) = calls.instructions()?;
        let (histogram, updates) = (calls.histogram(), calls.count() as f64);
        let classes: Vec<(String, f64)> = histogram
            .classes()
            .map(|(class, count)| (class.to_string(), count as f64 / updates))
            .collect();
        Some(Self {
            label: "counted",
            updates: calls.count(),
            instructions_per_update: histogram.instructions() as f64 / updates,
            instructions_min: least,
            instructions_max: most,
            unknown_per_update: histogram.unknown() as f64 / updates,
            histogram_per_update: classes.iter().cloned().collect(),
            cycles_per_update: CORES
                .into_iter()
                .filter_map(|core| Some((core.to_string(), histogram.cycles(core)?.scaled(1.0 / updates))))
                .collect(),
            classes,
        })
    }
}

impl fmt::Display for UpdateCycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (class, count) in &self.classes {
            writeln!(f, "  {class:<20} {count:>10.1}")?;
        }
        if self.unknown_per_update > 0.0 {
            writeln!(f, "  {:<20} {:>10.1}", "not in the table", self.unknown_per_update)?;
        }
        write!(f, "cycles per update without wait states, from the core's manual")?;
        for (core, cycles) in &self.cycles_per_update {
            write!(f, "\n  {core:<20} {cycles}")?;
        }
        Ok(())
    }
}

/// What [`update_cost`] reads of a file of [`UpdateCycles`].
#[derive(Deserialize)]
struct Stored {
    instructions_per_update: f64,
    cycles_per_update: BTreeMap<String, Interval>,
}

/// The cost of an update from a file of [`UpdateCycles`] as JSON: cycles, stretched by the board's memory, where the image runs
/// on the board's core, else instructions.
///
/// # Errors
/// A file that cannot be read, or holds something else.
pub fn update_cost(path: &Path, board: &Board) -> Result<UpdateCost, Error> {
    let text = small_file::read(path, small_file::MOST_BYTES)?;
    let fault = |field: &str, problem: String| Error::Profile {
        file: path.display().to_string(),
        field: printable(field),
        problem: printable(&problem),
    };
    let stored: Stored = serde_json::from_str(&text)
        .map_err(|error| fault("cycles", format!("is no result of `energy cycles --out`: {error}")))?;
    let wrong = "is no count of an update; make the file anew with energy cycles --out";
    let counted = UpdateCost::Counted {
        instructions: stored.instructions_per_update.round() as u64,
    };
    if !(stored.instructions_per_update > 0.0 && counted.is_valid()) {
        return Err(fault("instructions_per_update", wrong.into()));
    }
    for (core, &cycles) in &stored.cycles_per_update {
        if !(UpdateCost::Cycles { cycles }).is_valid() {
            return Err(fault(&format!("cycles_per_update.{core}"), wrong.into()));
        }
    }
    let memory = board.memory_cycle_factor.interval();
    Ok(match stored.cycles_per_update.get(&board.core.to_string()) {
        Some(cycles) => UpdateCost::Cycles {
            cycles: Interval::from_corners(|c| cycles.at(c) * memory.at(c)),
        },
        None => counted,
    })
}

/// The disassembly of an Arm image, by the first disassembler that is installed.
///
/// # Errors
/// None is installed, or it failed.
pub fn disassembly(image: &Path) -> Result<String, Error> {
    for tool in disassemblers() {
        match Command::new(&tool).arg("-d").arg(image).output() {
            Ok(output) if output.status.success() => return Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(output) => {
                return Err(Error::Mismatch(format!(
                    "{}: {} -d: {}",
                    image.display(),
                    tool.display(),
                    String::from_utf8_lossy(&output.stderr).trim()
                )));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(Error::Read { path: tool, source }),
        }
    }
    Err(Error::Mismatch(
        "no disassembler for Arm is installed; type: rustup component add llvm-tools (or: apt-get install \
         binutils-arm-none-eabi)"
            .into(),
    ))
}

/// Disassemblers by name, and the one of the Rust toolchain's component llvm-tools.
fn disassemblers() -> Vec<PathBuf> {
    let mut tools = vec![PathBuf::from("arm-none-eabi-objdump"), PathBuf::from("llvm-objdump")];
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let libraries = sysroot
        .ok()
        .filter(|output| output.status.success())
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("lib/rustlib"));
    let targets = libraries.and_then(|path| std::fs::read_dir(path).ok());
    tools.extend(
        targets
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join("bin/llvm-objdump"))),
    );
    tools
}
