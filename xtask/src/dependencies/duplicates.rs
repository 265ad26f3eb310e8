//! Packages that a workspace has in more than one version: each is listed with the reason, so that a new one is seen.

use crate::metadata::Metadata;
use std::collections::{BTreeMap, BTreeSet};

/// A package in more than one version.
struct Known {
    /// The folder of the workspace.
    workspace: &'static str,
    package: &'static str,
    /// As far as versions are incompatible: `1`, or `0.9`.
    versions: &'static [&'static str],
    why: &'static str,
}

const fn known(
    workspace: &'static str,
    package: &'static str,
    versions: &'static [&'static str],
    why: &'static str,
) -> Known {
    Known {
        workspace,
        package,
        versions,
        why,
    }
}

/// Each because libraries of others need different versions.
const KNOWN: &[Known] = &[
    known("", "getrandom", &["0.3", "0.4"], "0.3: tokenizers and rand 0.9"),
    known(
        "",
        "hashbrown",
        &["0.16", "0.17"],
        "0.16: safetensors; 0.17: indexmap of zip",
    ),
    known(
        "",
        "rand",
        &["0.10", "0.9"],
        "0.9: candle-core and tokenizers; 0.10: proptest",
    ),
    known("", "rand_core", &["0.10", "0.9"], "with rand"),
    known("", "syn", &["2", "3"], "2: the macros of zerocopy and tokenizers"),
    known("firmware", "bitflags", &["1", "2"], "1: defmt"),
    known(
        "firmware",
        "embassy-hal-internal",
        &["0.4", "0.5"],
        "0.4: embassy-embedded-hal",
    ),
    known("firmware", "embedded-hal", &["0.2", "1"], "0.2: cortex-m"),
    known("firmware", "embedded-io", &["0.6", "0.7"], "0.6: embassy-usb-driver"),
    known(
        "firmware",
        "embedded-io-async",
        &["0.6", "0.7"],
        "0.6: embassy-usb-driver",
    ),
    known("firmware", "nb", &["0.1", "1"], "0.1: embedded-hal 0.2"),
    known(
        "firmware",
        "rand_core",
        &["0.10", "0.6", "0.9"],
        "embassy's chips implement the traits of each",
    ),
    known(
        "firmware",
        "syn",
        &["1", "2", "3"],
        "1: trait-set of embassy-stm32; 2: the macros of cortex-m",
    ),
];

/// Duplicates of a workspace that are not listed, or not as listed, and entries of the list that nothing needs.
pub fn faults(workspace: &str, metadata: &Metadata) -> Vec<String> {
    let versions = metadata.packages.iter().map(|p| (p.name.as_str(), p.version.as_str()));
    compare(workspace, KNOWN, versions)
}

fn compare<'a>(workspace: &str, known: &[Known], packages: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, version) in packages {
        versions.entry(name).or_default().insert(compatible(version));
    }
    let (place, mut faults) = (if workspace.is_empty() { "the root" } else { workspace }, Vec::new());
    for (name, found) in versions.iter().filter(|(_, found)| found.len() > 1) {
        let entry = known.iter().find(|k| k.workspace == workspace && k.package == *name);
        let listed: BTreeSet<String> = entry.iter().flat_map(|k| k.versions).map(|v| (*v).to_owned()).collect();
        if listed != *found {
            let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
            let listed = match entry {
                Some(_) => format!("listed with {}", list(&listed)),
                None => "not listed".into(),
            };
            faults.push(format!(
                "{name} is in {place} in versions {} and {listed}; cargo tree --duplicates says why. Remove one, or list it with \
                 the reason in xtask/src/dependencies/duplicates.rs",
                list(found)
            ));
        }
    }
    for entry in known.iter().filter(|k| k.workspace == workspace) {
        if versions.get(entry.package).is_none_or(|found| found.len() < 2) {
            faults.push(format!(
                "{} is listed in several versions ({}) and is in {place} in one: remove it from xtask/src/dependencies/duplicates.rs",
                entry.package, entry.why
            ));
        }
    }
    faults
}

/// The part of a version that says what it is compatible with: the first number that is not 0, and those before it.
fn compatible(version: &str) -> String {
    let numbers: Vec<&str> = version.split(['.', '-', '+']).take(3).collect();
    let first = numbers.iter().position(|n| *n != "0").unwrap_or(numbers.len() - 1);
    numbers[..=first].join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [Known; 2] = [
        known("", "twice", &["0.9", "1"], "an old one is needed by another"),
        known("firmware", "elsewhere", &["1", "2"], "the other workspace's"),
    ];

    #[test]
    fn versions_are_compared_as_far_as_they_are_incompatible() {
        for (version, shown) in [
            ("1.2.3", "1"),
            ("0.9.4", "0.9"),
            ("0.0.7", "0.0.7"),
            ("0.11.0+wasi", "0.11"),
        ] {
            assert_eq!(compatible(version), shown);
        }
    }

    #[test]
    fn a_listed_duplicate_passes_and_an_unlisted_one_is_reported() {
        let packages = [
            ("twice", "0.9.1"),
            ("twice", "1.0.2"),
            ("once", "1.0.0"),
            ("once", "1.0.0"),
        ];
        assert_eq!(compare("", &LIST, packages.into_iter()), [""; 0]);
        let more = [("new", "1.0.0"), ("new", "2.0.0")];
        let said = compare("", &LIST, packages.into_iter().chain(more));
        assert_eq!(said.len(), 1);
        assert!(
            said[0].starts_with("new is in the root in versions 1, 2 and not listed"),
            "{said:?}"
        );
    }

    #[test]
    fn another_version_than_listed_and_an_entry_without_need_are_reported() {
        let said = compare("", &LIST, [("twice", "1.0.2"), ("twice", "2.0.0")].into_iter());
        assert!(said[0].contains("versions 1, 2 and listed with 0.9, 1"), "{said:?}");
        let said = compare("", &LIST, [("twice", "1.0.2")].into_iter());
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("is in the root in one: remove it"), "{said:?}");
    }
}
