//! All vectors of an architecture: run, judged, counted.

use crate::{
    Failure, exchange,
    rsemu_core::RsemuCore,
    vectors::{
        case::{Architecture, draw_all},
        file::Vectors,
        outcome::{Ending, Outcome},
    },
    verdict::{self, Kind},
};
use std::{collections::BTreeMap, fmt::Write};

/// The vectors and how they came about.
pub struct Made {
    /// The file.
    pub vectors: Vectors,
    /// What is told about it.
    pub report: String,
}

/// Runs and compares until enough vectors are stored.
pub fn compare(architecture: Architecture, seed: u64, drawn: u32, enough: usize, unicorn: &[Outcome]) -> Result<Made, Failure> {
    let cases = draw_all(architecture, seed, drawn);
    let mut core = RsemuCore::new(architecture, &cases, seed);
    let (mut results, mut stored) = (Vec::new(), 0);
    let mut endings: BTreeMap<String, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<Kind, BTreeMap<&str, (u64, String)>> = BTreeMap::new();
    for (case, unicorn) in cases.iter().zip(unicorn) {
        if stored == enough {
            break;
        }
        let rsemu = core.run(case);
        let judged = verdict::judge(architecture, case, &rsemu, unicorn);
        if judged.kind != Kind::Agreed {
            let classes = kinds.entry(judged.kind).or_default();
            let example = || format!("{}: {} {}", case.index, exchange::encoding(case), exchange::difference(&rsemu, unicorn));
            classes.entry(case.template.name).or_insert_with(|| (0, example())).0 += 1;
        }
        let ending = judged.outcome.as_ref().map_or(Ending::LeftOut, |outcome| outcome.ending);
        *endings.entry(format!("{ending:?}")).or_default() += 1;
        stored += usize::from(ending != Ending::LeftOut);
        results.push((ending, judged.outcome.map_or(0, |outcome| outcome.digest(architecture))));
    }
    let mut report = format!("## {}\n\n{} drawn, {stored} stored. Endings: {endings:?}.\n\n", architecture.name(), results.len());
    for (kind, classes) in &kinds {
        let total: u64 = classes.values().map(|(count, _)| count).sum();
        let _ = writeln!(report, "{kind:?}: {total}\n");
        for (class, (count, example)) in classes {
            let _ = writeln!(report, "- {class}: {count}, such as {example}");
        }
        report.push('\n');
    }
    if stored < enough {
        return Err(format!("{report}only {stored} vectors can be stored").into());
    }
    Ok(Made { vectors: Vectors { architecture, seed, results }, report })
}
