//! `cargo xtask circles`: modules of a crate that use each other in a circle, held to a list. That a module calls those within it
//! is no part of a circle.

mod graph;
mod scan;

use crate::shell;
use anyhow::{Context, bail};
use graph::{Modules, Uses, circles};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Modules that use each other.
struct Known {
    /// The folder of the crate.
    folder: &'static str,
    /// The modules, of which some may have left the circle.
    modules: &'static [&'static str],
    why: &'static str,
}

const KNOWN: &[Known] = &[Known {
    folder: "skiprnn-nostd",
    modules: &["model", "state"],
    why: "a model steps a state, and a state is made for a model",
}];

/// Looks at every crate.
pub fn run() -> anyhow::Result<()> {
    let (mut faults, mut circles_found, mut crates) = (Vec::new(), 0, 0);
    for folder in crate_folders(&shell::root())? {
        let uses = Modules::read(&folder.join("src"))?.uses();
        let name = folder
            .strip_prefix(shell::root())
            .unwrap_or(&folder)
            .to_string_lossy()
            .into_owned();
        circles_found += circles(&uses).len();
        crates += 1;
        faults.extend(compare(&name, KNOWN, &uses));
    }
    match faults.is_empty() {
        true => say!("{crates} crates: {circles_found} circles of modules, as listed"),
        false => bail!("{} faults:\n  {}", faults.len(), faults.join("\n  ")),
    }
    Ok(())
}

/// Circles that are not listed, and entries of the list that no circle is left of.
fn compare(folder: &str, known: &[Known], uses: &Uses) -> Vec<String> {
    let found = circles(uses);
    let known: Vec<&Known> = known.iter().filter(|k| k.folder == folder).collect();
    let within = |circle: &BTreeSet<String>, k: &Known| circle.iter().all(|m| k.modules.contains(&m.as_str()));
    let place = if folder.is_empty() { "the command line" } else { folder };
    let mut faults = Vec::new();
    for circle in found.iter().filter(|circle| !known.iter().any(|k| within(circle, k))) {
        faults.push(format!(
            "{place}: modules use each other in a circle; move what they share to a module of its own:{}",
            edges(circle, uses)
        ));
    }
    for entry in known.iter().filter(|k| !found.iter().any(|circle| within(circle, k))) {
        faults.push(format!(
            "{place}: the circle of {} ({}) is open: remove it from the list in xtask/src/circles/mod.rs",
            entry.modules.join(", "),
            entry.why
        ));
    }
    faults
}

/// Who uses what of whom within a circle.
fn edges(circle: &BTreeSet<String>, uses: &Uses) -> String {
    let mut text = String::new();
    for from in circle {
        for (to, name) in uses
            .get(from)
            .into_iter()
            .flatten()
            .filter(|(to, _)| circle.contains(*to))
        {
            text += &format!("\n    {from} uses {name} of {to}");
        }
    }
    text
}

/// Folders with a manifest and sources, in order.
fn crate_folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.join("Cargo.toml").exists() && folder.join("src").is_dir() {
        found.push(folder.to_owned());
    }
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut folders: Vec<PathBuf> = entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    folders.sort();
    for path in folders.iter().filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !["target", "src", "tests"].contains(&&*name) && !name.starts_with('.') {
            found.extend(crate_folders(path)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn uses() -> Uses {
        let uses = |to: &str| BTreeMap::from([(to.to_owned(), "Thing".to_owned())]);
        Uses::from([
            ("a".into(), uses("b")),
            ("b".into(), uses("a")),
            ("c".into(), uses("a")),
        ])
    }

    const fn known(modules: &'static [&'static str]) -> Known {
        Known {
            folder: "room",
            modules,
            why: "a reason",
        }
    }

    #[test]
    fn a_circle_passes_where_it_is_listed_even_if_one_module_has_left_it() {
        assert_eq!(compare("room", &[known(&["a", "b"])], &uses()), [""; 0]);
        assert_eq!(compare("room", &[known(&["a", "b", "d"])], &uses()), [""; 0]);
    }

    #[test]
    fn a_new_circle_is_reported_with_what_ties_it() {
        let said = compare("room", &[], &uses());
        assert_eq!(said.len(), 1);
        assert!(
            said[0].contains("a uses Thing of b") && said[0].contains("b uses Thing of a"),
            "{said:?}"
        );
        assert!(!said[0].contains("c uses"), "{said:?}");
        // Another crate's entry is none for this one.
        assert_eq!(compare("other", &[known(&["a", "b"])], &uses()).len(), 1);
    }

    #[test]
    fn an_entry_of_which_no_circle_is_left_is_reported() {
        let said = compare("room", &[known(&["a", "b"]), known(&["c", "d"])], &uses());
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("c, d (a reason) is open: remove it"), "{said:?}");
    }

    #[test]
    fn every_crate_is_found() {
        let root = shell::root();
        let found = crate_folders(&root).unwrap();
        for folder in [
            "",
            "skiprnn-nostd",
            "skiprnn-nostd/fuzz",
            "firmware/app",
            "firmware/boards/qemu",
        ] {
            let wanted = found
                .iter()
                .any(|f| f.strip_prefix(&root).is_ok_and(|f| f == Path::new(folder)));
            assert!(wanted || folder.ends_with("fuzz"), "{folder}");
        }
    }
}
