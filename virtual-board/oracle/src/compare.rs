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

/// For each kind of judgement its classes of instructions; each class with a count and an example.
type Kinds = BTreeMap<Kind, BTreeMap<&'static str, (u64, String)>>;

/// What is told about an architecture.
fn describe(architecture: Architecture, drawn: usize, endings: &BTreeMap<Ending, u64>, kinds: &Kinds) -> String {
    let total = |kind: &Kind| {
        kinds
            .get(kind)
            .map_or(0, |classes| classes.values().map(|(count, _)| count).sum::<u64>())
    };
    let (agreed, open) = (total(&Kind::Agreed), total(&Kind::Open));
    let mut report = format!("## {}\n\n", architecture.name());
    let _ = writeln!(
        report,
        "Drawn {drawn}: agreed {agreed}, by the manual {}, left out {open}.\n",
        drawn as u64 - agreed - open
    );
    let ends: Vec<String> = endings
        .iter()
        .map(|(ending, count)| format!("{ending:?} {count}"))
        .collect();
    let _ = writeln!(report, "Endings: {}.\n", ends.join(", "));
    for (kind, classes) in kinds.iter().filter(|(kind, _)| **kind != Kind::Agreed) {
        let title = if let Kind::Manual(text) = kind {
            text
        } else {
            "Left out: they do not agree, and nothing decides"
        };
        let _ = writeln!(report, "{title}: {}\n", total(kind));
        for (class, (count, example)) in classes {
            let _ = writeln!(report, "- {class}: {count}, such as {}", example.trim_end());
        }
        report.push('\n');
    }
    report
}

/// Runs and compares all vectors.
pub fn compare(architecture: Architecture, seed: u64, drawn: u32, unicorn: &[Outcome]) -> Result<Made, Failure> {
    let cases = draw_all(architecture, seed, drawn);
    let mut core = RsemuCore::new(architecture, &cases, seed);
    let mut results = Vec::new();
    let mut endings: BTreeMap<Ending, u64> = BTreeMap::new();
    let mut kinds = Kinds::new();
    for (case, unicorn) in cases.iter().zip(unicorn) {
        let rsemu = core.run(case);
        let judged = verdict::judge(architecture, case, &rsemu, unicorn);
        let classes = kinds.entry(judged.kind).or_default();
        let example = || {
            format!(
                "{}: {} {}",
                case.index,
                exchange::encoding(case),
                exchange::difference(&rsemu, unicorn)
            )
        };
        classes.entry(case.template.name).or_insert_with(|| (0, example())).0 += 1;
        let ending = judged
            .outcome
            .as_ref()
            .map_or(Ending::LeftOut, |outcome| outcome.ending);
        *endings.entry(ending).or_default() += 1;
        results.push((ending, judged.outcome.map_or(0, |outcome| outcome.digest(architecture))));
    }
    let report = describe(architecture, results.len(), &endings, &kinds);
    Ok(Made {
        vectors: Vectors {
            architecture,
            seed,
            results,
        },
        report,
    })
}
