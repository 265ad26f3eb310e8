//! The table under `## Arrows` in ARCHITECTURE.md, compared with the manifests: which crate of the project may depend on which.

use crate::shell;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The file with the table.
const FILE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Arrows";

/// For a crate, those of the project that it depends on, or may depend on.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Where manifests and table differ.
pub fn faults() -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(shell::root().join(FILE)).with_context(|| FILE.to_owned())?;
    Ok(compare(&table(&text)?, &manifests(&shell::root())?))
}

/// The rows of the table.
fn table(text: &str) -> anyhow::Result<Arrows> {
    let mut lines = text.lines().skip_while(|line| line.trim() != HEADING);
    if lines.next().is_none() {
        bail!("{FILE} has no heading '{HEADING}'");
    }
    let mut arrows = Arrows::new();
    for line in lines.take_while(|line| !line.starts_with("## ")) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').collect();
        let [left, right] = cells[..] else { continue };
        let Some(name) = names(left).into_iter().next() else {
            continue;
        };
        if arrows.insert(name.clone(), names(right)).is_some() {
            bail!("{FILE} has two rows for `{name}` under '{HEADING}'");
        }
    }
    match arrows.is_empty() {
        true => bail!(
            "{FILE} has no table under '{HEADING}': rows of a crate in backticks, and of those that it may depend on"
        ),
        false => Ok(arrows),
    }
}

/// What stands in backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the manifests below a folder say, tests apart.
fn manifests(root: &Path) -> anyhow::Result<Arrows> {
    let mut arrows = Arrows::new();
    let mut seen = BTreeSet::new();
    for manifest in manifest_files(root)? {
        if seen.contains(&manifest) {
            continue;
        }
        for package in packages(&manifest)? {
            seen.insert(package.manifest_path);
            let built = package
                .dependencies
                .into_iter()
                .filter(|d| d.path.is_some() && d.kind.as_deref() != Some("dev"));
            arrows.insert(package.name, built.map(|d| d.name).collect());
        }
    }
    Ok(arrows)
}

/// Every Cargo.toml below a folder, but for what is built or hidden.
fn manifest_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if name != "target" && !name.starts_with('.') {
                found.extend(manifest_files(&entry.path())?);
            }
        } else if name == "Cargo.toml" {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Listed {
    packages: Vec<Manifest>,
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// The packages of the workspace that a manifest belongs to.
fn packages(manifest: &Path) -> anyhow::Result<Vec<Manifest>> {
    let out = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
        .arg(manifest)
        .output()
        .context("cargo cannot be started")?;
    if !out.status.success() {
        bail!("cargo metadata fails: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    let listed: Listed = serde_json::from_slice(&out.stdout).context("cargo metadata prints what is not understood")?;
    Ok(listed.packages)
}

fn compare(table: &Arrows, manifests: &Arrows) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, depends) in manifests {
        let Some(may) = table.get(name) else {
            faults.push(format!("{name} has no row under '{HEADING}' in {FILE}"));
            continue;
        };
        for other in depends.difference(may) {
            faults.push(format!(
                "{name} depends on {other}, which its row under '{HEADING}' in {FILE} does not allow"
            ));
        }
    }
    let named = table.iter().flat_map(|(name, may)| may.iter().chain([name]));
    let unknown: BTreeSet<&String> = named.filter(|name| !manifests.contains_key(*name)).collect();
    faults.extend(
        unknown
            .iter()
            .map(|name| format!("{FILE} names {name} under '{HEADING}', which is no crate of this project")),
    );
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Rooms\n\n| `elsewhere` | `x` |\n\n## Arrows\n\nWords first.\n\n| crate | may depend on |\n| --- | --- |\n\
        | `top` | `middle`, `bottom` |\n| `middle` | `bottom` |\n| `bottom` | nothing |\n\n## More\n\n| `later` | `y` |\n";

    fn arrows(rows: &[(&str, &[&str])]) -> Arrows {
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        rows.iter()
            .map(|(name, names)| ((*name).to_owned(), set(names)))
            .collect()
    }

    #[test]
    fn the_table_under_the_heading_is_read_and_no_other() {
        let read = table(TEXT).unwrap();
        let expected = arrows(&[("top", &["middle", "bottom"]), ("middle", &["bottom"]), ("bottom", &[])]);
        assert_eq!(read, expected);
        assert!(table("# Rooms\n").is_err());
        assert!(table("## Arrows\n\nwords\n").is_err());
        assert!(table("## Arrows\n| `a` | `b` |\n| `a` | `c` |\n").is_err());
    }

    #[test]
    fn a_dependency_that_is_not_listed_is_reported_and_one_that_is_not_used_is_none() {
        let table = table(TEXT).unwrap();
        let fine = arrows(&[("top", &["middle"]), ("middle", &[]), ("bottom", &[])]);
        assert_eq!(compare(&table, &fine), [""; 0]);
        let up = arrows(&[("top", &[]), ("middle", &[]), ("bottom", &["top"])]);
        let said = compare(&table, &up);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("bottom depends on top, "), "{said:?}");
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_reported() {
        let table = table(TEXT).unwrap();
        let said = compare(&table, &arrows(&[("top", &[]), ("middle", &[]), ("new", &[])]));
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("new has no row"), "{said:?}");
        assert!(
            said[1].contains("names bottom") && said[1].ends_with("no crate of this project"),
            "{said:?}"
        );
    }

    #[test]
    fn the_manifests_of_every_workspace_are_read_without_tests() {
        let read = manifests(&shell::root()).unwrap();
        assert!(read["app"].contains("skiprnn-nostd"));
        assert!(read["board-host"].contains("virtual-board"));
        // A dependency of its tests alone.
        assert!(!read["board-host"].contains("quantize"));
        assert!(read.contains_key("skiprnn-nostd-fuzz"));
    }
}
