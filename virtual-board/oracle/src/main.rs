//! Makes the stored vectors of single instructions: draws them, runs them on the crate `rsemu`, compares with what
//! `run_unicorn.py` has found, and writes the files and a report of every disagreement. `README.md` has the commands.

mod compare;
mod exchange;
mod rsemu_core;
#[path = "../../tests/vectors/mod.rs"]
mod vectors;
mod verdict;

use std::{error::Error, fs, path::Path, process::ExitCode};
use vectors::{
    case::{Architecture, Case},
    file::Vectors,
};

/// What every vector is drawn from.
pub const SEED: u64 = 0x5eed_0fa2_0d31_4159;
/// How many are drawn for each architecture.
const DRAWN: u32 = 103_000;

type Failure = Box<dyn Error>;

fn cases(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    for architecture in Architecture::ALL {
        let cases = vectors::case::draw_all(architecture, SEED, DRAWN);
        let file = |ending| folder.join(architecture.name()).with_extension(ending);
        fs::write(file("code"), vectors::case::code_memory(&cases))?;
        fs::write(file("window"), vectors::case::window(SEED))?;
        fs::write(file("cases"), exchange::cases_to_bytes(&cases))?;
        fs::write(file("txt"), listing(&cases))?;
    }
    Ok(())
}

/// The encodings as `llvm-mc --disassemble` reads them.
fn listing(cases: &[Case]) -> String {
    let bytes = |case: &Case| -> String {
        case.code[..case.halfwords]
            .iter()
            .flat_map(|h| h.to_le_bytes())
            .map(|byte| format!("0x{byte:02x} "))
            .collect()
    };
    cases.iter().map(|case| bytes(case) + "\n").collect()
}

fn write(folder: &Path, out: &Path, text: &Path) -> Result<(), Failure> {
    let mut report =
        format!("# Where rsemu and Unicorn disagree\n\nWritten by `make-vectors write`; seed {SEED:#x}.\n\n");
    for architecture in Architecture::ALL {
        let found = fs::read(folder.join(architecture.name()).with_extension("unicorn"))?;
        let unicorn = exchange::outcomes_from_bytes(architecture, &found)?;
        let made = compare::compare(architecture, SEED, DRAWN, &unicorn)?;
        report += &made.report;
        let bytes = made.vectors.to_bytes();
        if Vectors::from_bytes(&bytes)? != made.vectors {
            return Err("what is written reads otherwise".into());
        }
        fs::write(out.join(architecture.name()).with_extension("bin"), bytes)?;
    }
    fs::write(text, report.trim_end().to_owned() + "\n")?;
    Ok(())
}

fn show(name: &str, index: u32, folder: Option<&Path>) -> Result<(), Failure> {
    let architecture = Architecture::ALL
        .into_iter()
        .find(|known| known.name() == name)
        .ok_or("no such architecture")?;
    let cases = vectors::case::draw_all(architecture, SEED, DRAWN);
    let case = cases.get(index as usize).ok_or("no such vector")?;
    let mut core = rsemu_core::RsemuCore::new(architecture, &cases, SEED);
    let rsemu = core.run(case);
    println!("{}", exchange::show_case(case));
    println!("rsemu:\n{}", exchange::show_outcome(&rsemu));
    let Some(folder) = folder else { return Ok(()) };
    let found = exchange::outcomes_from_bytes(architecture, &fs::read(folder.join(name).with_extension("unicorn"))?)?;
    let unicorn = &found[index as usize];
    println!("unicorn:\n{}", exchange::show_outcome(unicorn));
    let judged = verdict::judge(architecture, case, &rsemu, unicorn);
    match &judged.outcome {
        Some(outcome) => println!(
            "stored: {:?}, digest {:04x}\n{}",
            judged.kind,
            outcome.digest(architecture),
            exchange::show_outcome(outcome)
        ),
        None => println!("left out"),
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["cases", folder] => cases(Path::new(folder)),
        ["write", folder, out, report] => write(Path::new(folder), Path::new(out), Path::new(report)),
        ["show", name, index] => index
            .parse()
            .map_err(Failure::from)
            .and_then(|index| show(name, index, None)),
        ["show", name, index, folder] => index
            .parse()
            .map_err(Failure::from)
            .and_then(|index| show(name, index, Some(Path::new(folder)))),
        _ => Err("make-vectors cases FOLDER | write FOLDER OUT REPORT | show ARCHITECTURE INDEX [FOLDER]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
