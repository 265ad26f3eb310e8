//! Build scripts: programs that run on the machine of whoever builds. Those of others are listed with what they do, so that a new
//! one is seen and read; those of this project start nothing and speak to nobody.

use crate::metadata::{Metadata, Package};
use anyhow::Context;
use std::{collections::BTreeSet, fs};

/// What the build script of a package does, as somebody read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Asks the compiler for its version or for what it can, and sets flags.
    Probes,
    /// Writes Rust code from what comes with the package.
    Generates,
    /// Compiles C, C++ or assembly that comes with the package.
    Compiles,
    /// Passes a linker script on that comes with the package, and may write it.
    Links,
}

use Does::{Compiles, Generates, Links, Probes};

/// Packages of others whose build script runs, for the host's programs on Linux or for a board. None of them takes anything from
/// the network; they start compilers and `rustfmt` where these are there, and no other program.
const LISTED: &[(&str, Does)] = &[
    ("ahash", Probes),
    ("anyhow", Probes),
    ("bare-metal", Probes),
    ("cortex-m", Probes),
    ("cortex-m-macros", Probes),
    ("cortex-m-rt", Links),
    ("crc32fast", Probes),
    ("crossbeam-deque", Probes),
    ("crossbeam-epoch", Probes),
    ("crossbeam-utils", Probes),
    ("defmt", Links),
    ("defmt-macros", Probes),
    ("defmt-rtt", Generates),
    ("embassy-executor", Probes),
    ("embassy-hal-internal", Probes),
    ("embassy-rp", Links),
    ("embassy-stm32", Generates),
    ("embassy-sync", Probes),
    ("embassy-time-driver", Probes),
    ("embassy-time-queue-utils", Probes),
    ("embedded-hal-async", Probes),
    ("embedded-io-async", Probes),
    ("encoding_rs", Probes),
    ("esaxx-rs", Compiles),
    ("fixed", Generates),
    ("generic-array", Probes),
    ("getrandom", Probes),
    ("heapless", Probes),
    ("libc", Probes),
    ("libm", Probes),
    ("nix", Probes),
    ("nrf-pac", Links),
    ("num-traits", Probes),
    ("object", Probes),
    ("parking_lot_core", Probes),
    ("paste", Probes),
    ("pest_stack_guard", Probes),
    ("pio-parser", Probes),
    ("portable-atomic", Probes),
    ("proc-macro2", Probes),
    ("psm", Compiles),
    ("pulp", Generates),
    ("quote", Probes),
    ("rayon-core", Probes),
    ("rp-pac", Links),
    ("rp2040-boot2", Generates),
    ("rustix", Probes),
    ("rustversion", Generates),
    ("semihosting", Probes),
    ("serde", Generates),
    ("serde_core", Generates),
    ("serde_json", Probes),
    ("stacker", Compiles),
    ("stm32-metapac", Links),
    ("syn", Probes),
    ("thiserror", Generates),
    ("zerocopy", Probes),
    ("zmij", Probes),
];

/// What a build script of this project may not name: other programs, and the network.
const FORBIDDEN: [&str; 4] = ["Command", "std::net", "TcpStream", "http"];

/// Build scripts that are not listed, entries that nothing needs, and what scripts of this project may not do.
pub fn faults(workspaces: &[&Metadata]) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut found = BTreeSet::new();
    for metadata in workspaces {
        for package in metadata.reached(metadata.members()) {
            let Some(script) = package.build_script() else { continue };
            match package.is_of_others() {
                true => {
                    found.insert(package.name.as_str());
                }
                false => {
                    let text = fs::read_to_string(script).with_context(|| script.display().to_string())?;
                    faults.extend(own(package, &text));
                }
            }
        }
    }
    faults.extend(compare(LISTED, &found));
    Ok(faults)
}

/// What is wrong with a script of this project.
fn own(package: &Package, text: &str) -> Option<String> {
    let named = FORBIDDEN.iter().find(|word| text.contains(**word))?;
    Some(format!(
        "the build script of {} names {named}: a build starts no program and takes nothing from the network",
        package.name
    ))
}

fn compare(listed: &[(&str, Does)], found: &BTreeSet<&str>) -> Vec<String> {
    let names: BTreeSet<&str> = listed.iter().map(|(name, _)| *name).collect();
    let new = found.difference(&names).map(|name| {
        format!("{name} has a build script that is not listed: read it, and list what it does in xtask/src/dependencies/build_scripts.rs")
    });
    let gone = names.difference(found).map(|name| {
        format!("{name} is listed with a build script and is in no build any more, or has none: remove it from xtask/src/dependencies/build_scripts.rs")
    });
    new.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_script_and_an_entry_without_need_are_reported() {
        let listed = [("old", Probes), ("gone", Generates), ("c", Compiles), ("script", Links)];
        let said = compare(&listed, &BTreeSet::from(["old", "new", "c", "script"]));
        assert_eq!(said.len(), 2);
        assert!(
            said[0].starts_with("new has a build script that is not listed"),
            "{said:?}"
        );
        assert!(said[1].starts_with("gone is listed"), "{said:?}");
        assert_eq!(compare(&listed[..1], &BTreeSet::from(["old"])), [""; 0]);
    }

    #[test]
    fn a_script_of_this_project_starts_nothing_and_speaks_to_nobody() {
        let package = Package {
            name: "ours".into(),
            ..Package::default()
        };
        assert_eq!(own(&package, "println!(\"cargo::rustc-cfg=x\");"), None);
        for text in [
            "std::process::Command::new(\"git\")",
            "TcpStream::connect(x)",
            "let url = \"https://x\";",
        ] {
            let said = own(&package, text).unwrap();
            assert!(said.starts_with("the build script of ours names "), "{said}");
        }
    }

    #[test]
    fn the_list_is_in_order_and_names_nothing_twice() {
        assert!(LISTED.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
