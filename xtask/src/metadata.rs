//! What `cargo metadata` says of a workspace.

use crate::shell;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

/// The packages of a workspace with those that they depend on.
#[derive(Debug, Default, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// A package in one version.
#[derive(Debug, Default, Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    /// An SPDX expression.
    pub license: Option<String>,
    pub rust_version: Option<String>,
    pub targets: Vec<Target>,
    /// Where it comes from; none for a package of this project.
    pub source: Option<String>,
    /// The registries that it may be published in; none: in all of them.
    pub publish: Option<Vec<String>>,
    pub description: Option<String>,
    pub readme: Option<String>,
    #[serde(default)]
    pub keywords: Vec<String>,
    #[serde(default)]
    pub dependencies: Vec<Needed>,
}

/// A dependency as a manifest states it.
#[derive(Debug, Deserialize)]
pub struct Needed {
    pub name: String,
    /// The versions, `*` where none is stated.
    pub req: String,
    /// `dev`, `build`, or none.
    pub kind: Option<String>,
    /// The folder of a package of this project.
    pub path: Option<PathBuf>,
}

impl Package {
    /// The file of its build script.
    pub fn build_script(&self) -> Option<&Path> {
        let scripts = |target: &&Target| target.kind.iter().any(|kind| kind == "custom-build");
        self.targets
            .iter()
            .find(scripts)
            .map(|target| target.src_path.as_path())
    }

    /// Whether it comes from elsewhere.
    pub const fn is_of_others(&self) -> bool {
        self.source.is_some()
    }

    /// Whether it is for others to use, and may be published.
    pub fn is_for_others(&self) -> bool {
        self.publish.is_none()
    }
}

#[derive(Debug, Deserialize)]
pub struct Target {
    name: String,
    kind: Vec<String>,
    #[serde(default)]
    src_path: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Deserialize)]
struct DependencyKind {
    /// `dev`, `build`, or none.
    kind: Option<String>,
}

impl Metadata {
    /// The metadata of the workspace in a folder below the root, for every platform.
    pub fn read(folder: &str) -> anyhow::Result<Self> {
        Self::read_for(folder, &[])
    }

    /// The metadata of the workspace in a folder below the root, without what none of these platforms takes.
    pub fn read_for(folder: &str, platforms: &[&str]) -> anyhow::Result<Self> {
        let out = Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(platforms.iter().flat_map(|platform| ["--filter-platform", platform]))
            .current_dir(shell::root().join(folder))
            .output()
            .context("cargo cannot be started")?;
        if !out.status.success() {
            bail!("cargo metadata fails: {}", String::from_utf8_lossy(&out.stderr).trim());
        }
        serde_json::from_slice(&out.stdout).context("cargo metadata prints what is not understood")
    }

    /// The packages of the workspace itself.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|p| self.workspace_members.contains(&p.id))
    }

    /// The names of the integration tests of the members, sorted, each once.
    pub fn integration_tests(&self) -> Vec<String> {
        let targets = self.members().flat_map(|package| &package.targets);
        let tests = targets.filter(|target| target.kind.iter().any(|kind| kind == "test"));
        let mut names: Vec<String> = tests.map(|target| target.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The packages that a package depends on directly, in a build that is no test.
    pub fn dependencies<'a>(&'a self, package: &Package) -> Vec<&'a Package> {
        let node = self.resolve.nodes.iter().find(|node| node.id == package.id);
        let deps = node.into_iter().flat_map(|node| &node.deps);
        let built = |d: &&Dependency| d.dep_kinds.iter().any(|k| k.kind.as_deref() != Some("dev"));
        deps.filter(built).filter_map(|d| self.package(&d.pkg)).collect()
    }

    /// The packages that `from` and what they depend on take, in a build that is no test, themselves included.
    pub fn reached<'a>(&'a self, from: impl Iterator<Item = &'a Package>) -> Vec<&'a Package> {
        let mut reached = BTreeMap::new();
        let mut next: Vec<&Package> = from.collect();
        while let Some(package) = next.pop() {
            if reached.insert(package.id.as_str(), package).is_none() {
                next.extend(self.dependencies(package));
            }
        }
        reached.into_values().collect()
    }

    fn package(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }

    /// Adds a package that depends on nothing to the workspace.
    #[cfg(test)]
    pub fn add_member(&mut self, mut package: Package) {
        package.id = format!("{} {}", package.name, package.version);
        self.workspace_members.push(package.id.clone());
        self.packages.push(package);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_alone_take_is_not_reached() {
        let text = r#"{
            "packages": [
                {"id": "a", "name": "a", "version": "1.0.0", "license": "MIT", "targets": [
                    {"name": "a", "kind": ["lib"]}, {"name": "whole", "kind": ["test"]}]},
                {"id": "b", "name": "b", "version": "1.0.0", "license": null, "targets": []},
                {"id": "c", "name": "c", "version": "1.0.0", "license": null, "targets": []},
                {"id": "d", "name": "d", "version": "1.0.0", "license": null, "targets": []}
            ],
            "workspace_members": ["a"],
            "resolve": {"nodes": [
                {"id": "a", "deps": [
                    {"pkg": "b", "dep_kinds": [{"kind": null}, {"kind": "dev"}]},
                    {"pkg": "d", "dep_kinds": [{"kind": "dev"}]}]},
                {"id": "b", "deps": [{"pkg": "c", "dep_kinds": [{"kind": "build"}]}]},
                {"id": "c", "deps": []},
                {"id": "d", "deps": []}
            ]}
        }"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        let reached: Vec<&str> = metadata
            .reached(metadata.members())
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        assert_eq!(reached, ["a", "b", "c"]);
        assert_eq!(metadata.integration_tests(), ["whole"]);
    }
}
