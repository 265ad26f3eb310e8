//! What is stated of the crates that others may use: enough to be published, and in words that say what each is for.

use crate::{
    metadata::{Metadata, Package},
    shell,
};
use anyhow::Context;
use serde::Deserialize;
use std::fs;

/// The file that names the compiler with which the suite runs.
const TOOLCHAIN: &str = "rust-toolchain.toml";

#[derive(Deserialize)]
struct Toolchain {
    toolchain: Channel,
}

#[derive(Deserialize)]
struct Channel {
    channel: String,
}

/// What is missing of the crates that are for others.
pub fn faults(host: &Metadata) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(shell::root().join(TOOLCHAIN)).with_context(|| TOOLCHAIN.to_owned())?;
    let toolchain: Toolchain = toml::from_str(&text).with_context(|| TOOLCHAIN.to_owned())?;
    let crates: Vec<&Package> = host.members().filter(|package| package.is_for_others()).collect();
    let mut faults: Vec<String> = crates.iter().flat_map(|package| missing(package, &crates)).collect();
    // The crate with an older one has a step of its own (`cargo xtask msrv`).
    for package in crates.iter().filter(|package| package.name != crate::msrv::PACKAGE) {
        faults.extend(untested(package, &toolchain.toolchain.channel));
    }
    Ok(faults)
}

/// What a crate does not state.
fn missing(package: &Package, published: &[&Package]) -> Vec<String> {
    let name = &package.name;
    let mut missing = Vec::new();
    for (field, is_there) in [
        ("description", package.description.is_some()),
        ("license", package.license.is_some()),
        ("readme", package.readme.is_some()),
        ("keywords", (1..=5).contains(&package.keywords.len())),
        ("rust-version", package.rust_version.is_some()),
    ] {
        if !is_there {
            missing.push(format!(
                "{name} is for others and states no {field}; fill it in, or say publish = false"
            ));
        }
    }
    // A dependency of tests on this project is dropped where it has no version.
    for needed in package
        .dependencies
        .iter()
        .filter(|d| d.path.is_some() && d.kind.as_deref() != Some("dev"))
    {
        let other = &needed.name;
        if needed.req == "*" {
            missing.push(format!("{name} is for others and depends on {other} without a version"));
        }
        if !published.iter().any(|package| package.name == *other) {
            missing.push(format!("{name} is for others and depends on {other}, which is not"));
        }
    }
    missing
}

/// What is wrong where the stated oldest Rust is not the one of the suite.
fn untested(package: &Package, channel: &str) -> Option<String> {
    let stated = package.rust_version.as_deref().unwrap_or_default();
    let same = channel == stated || channel.strip_prefix(stated).is_some_and(|rest| rest.starts_with('.'));
    (!same).then(|| {
        format!(
            "{} states Rust {stated}, and the suite runs with {channel} of {TOOLCHAIN}: nothing tests what is stated",
            package.name
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Needed;

    fn package(name: &str) -> Package {
        Package {
            name: name.into(),
            license: Some("MIT".into()),
            description: Some("What it is for".into()),
            readme: Some("README.md".into()),
            keywords: vec!["rnn".into()],
            rust_version: Some("1.95".into()),
            ..Package::default()
        }
    }

    #[test]
    fn what_a_crate_for_others_does_not_state_is_named() {
        let whole = package("whole");
        assert_eq!(missing(&whole, &[&whole]), [""; 0]);
        let bare = Package {
            name: "bare".into(),
            ..Package::default()
        };
        let said = missing(&bare, &[&bare]);
        assert_eq!(said.len(), 5);
        assert!(
            said[0].starts_with("bare is for others and states no description"),
            "{said:?}"
        );
    }

    #[test]
    fn a_dependency_without_a_version_or_that_is_not_published_is_named() {
        let needed = |kind: Option<&str>| Needed {
            name: "inner".into(),
            req: "*".into(),
            kind: kind.map(str::to_owned),
            path: Some("inner".into()),
        };
        let mut outer = package("outer");
        outer.dependencies = vec![needed(None), needed(Some("dev"))];
        let said = missing(&outer, &[&outer]);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].contains("inner without a version") && said[1].contains("inner, which is not"),
            "{said:?}"
        );
    }

    #[test]
    fn the_oldest_rust_that_is_stated_is_the_one_of_the_suite() {
        let crate_of_others = package("whole");
        assert_eq!(untested(&crate_of_others, "1.95.0"), None);
        assert_eq!(untested(&crate_of_others, "1.95"), None);
        assert!(untested(&crate_of_others, "1.950").is_some());
        let said = untested(&crate_of_others, "1.96.0").unwrap();
        assert!(said.contains("states Rust 1.95") && said.contains("1.96.0"), "{said}");
    }
}
