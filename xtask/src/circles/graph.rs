//! Which module of a crate uses which, and the circles in that.

use super::scan::{self, Path, Source};
use anyhow::Context;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, path,
};

/// Imports that lead to imports are followed so far.
const HOPS: usize = 8;

/// A crate's modules by their paths; the root is the empty one.
pub struct Modules {
    sources: BTreeMap<Path, Source>,
}

/// For a module, those that it uses, each with a name that it uses of it.
pub type Uses = BTreeMap<String, BTreeMap<String, String>>;

impl Modules {
    /// The modules in a folder of sources with `lib.rs` or `main.rs`.
    pub fn read(folder: &path::Path) -> anyhow::Result<Self> {
        let mut texts = BTreeMap::new();
        read(folder, &Path::new(), &mut texts)?;
        Ok(Self::new(texts))
    }

    /// Modules from their texts.
    pub fn new(texts: BTreeMap<Path, String>) -> Self {
        let mut sources: BTreeMap<Path, Source> =
            texts.iter().map(|(p, text)| (p.clone(), scan::source(text))).collect();
        let tests: Vec<Path> = sources
            .iter()
            .flat_map(|(module, source)| source.test_modules.iter().map(|name| child(module, name)))
            .collect();
        sources.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self { sources }
    }

    /// Who uses whom.
    pub fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (module, source) in &self.sources {
            let entry = uses.entry(shown(module)).or_default();
            let globs = source.globs.iter().map(|glob| (glob, true));
            let imported = source.imports.values().map(|path| (path, false));
            let named = source.paths.iter().map(|path| (path, false));
            for (path, glob) in globs.chain(imported).chain(named) {
                let Some(absolute) = self.absolute(module, path) else {
                    continue;
                };
                // A module that is imported is used where its name leads a path.
                if !glob && self.sources.contains_key(&absolute) {
                    continue;
                }
                let used = self.home(&absolute, HOPS);
                // A module and those within it are one room: that it calls them is no arrow out of it.
                if !used.starts_with(module) {
                    entry.insert(shown(&used), absolute.last().cloned().unwrap_or_else(|| "*".into()));
                }
            }
        }
        uses
    }

    /// A path of a module's source from the root of the crate; `None` where it leads to another crate.
    fn absolute(&self, module: &Path, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let mut absolute = match first.as_str() {
            "crate" => Path::new(),
            "self" => module.clone(),
            "super" => parent(module),
            name if self.sources.contains_key(&child(module, name)) => child(module, name),
            name => {
                let import = self.sources.get(module)?.imports.get(name)?;
                // An import of that name from a crate of that name leads nowhere.
                if import.first() == Some(first) {
                    return None;
                }
                self.absolute(module, import)?
            }
        };
        for name in rest {
            match name.as_str() {
                "super" => absolute = parent(&absolute),
                _ => absolute.push(name.clone()),
            }
        }
        Some(absolute)
    }

    /// The module that declares what a path leads to.
    fn home(&self, absolute: &Path, hops: usize) -> Path {
        let known = (0..=absolute.len())
            .rev()
            .find(|&n| self.sources.contains_key(&absolute[..n]));
        let module = absolute[..known.unwrap_or(0)].to_vec();
        let Some((name, source)) = absolute.get(module.len()).zip(self.sources.get(&module)) else {
            return module;
        };
        if hops == 0 || source.items.contains(name) {
            return module;
        }
        let exported = source.exports.get(name).or_else(|| source.imports.get(name));
        if let Some(path) = exported.and_then(|path| self.absolute(&module, path)) {
            return self.home(&path, hops - 1);
        }
        for glob in &source.exported_globs {
            if let Some(mut path) = self.absolute(&module, glob) {
                path.push(name.clone());
                let home = self.home(&path, hops - 1);
                if self
                    .sources
                    .get(&home)
                    .is_some_and(|source| source.items.contains(name))
                {
                    return home;
                }
            }
        }
        module
    }
}

/// The groups of modules of which each reaches each other one.
pub fn circles(uses: &Uses) -> Vec<BTreeSet<String>> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for module in uses.keys() {
        let (mut found, mut next) = (BTreeSet::new(), vec![module.as_str()]);
        while let Some(from) = next.pop() {
            for to in uses.get(from).into_iter().flat_map(BTreeMap::keys) {
                if found.insert(to.as_str()) {
                    next.push(to);
                }
            }
        }
        reached.insert(module, found);
    }
    let circle = |module: &str| -> BTreeSet<String> {
        let others = reached[module]
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|r| r.contains(module)));
        others.map(|other| (*other).to_owned()).collect()
    };
    let mut circles: Vec<BTreeSet<String>> = uses
        .keys()
        .map(|module| circle(module))
        .filter(|c| c.len() > 1)
        .collect();
    circles.sort();
    circles.dedup();
    circles
}

fn read(folder: &path::Path, module: &Path, texts: &mut BTreeMap<Path, String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?.path();
        let name = entry.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() {
            // Programs are roots of their own.
            if !(module.is_empty() && name == "bin") {
                read(&entry, &child(module, &name), texts)?;
            }
        } else if entry.extension().is_some_and(|e| e == "rs") {
            let root = module.is_empty() && (name == "lib" || name == "main") || name == "mod";
            let path = if root { module.clone() } else { child(module, &name) };
            texts.insert(
                path,
                fs::read_to_string(&entry).with_context(|| entry.display().to_string())?,
            );
        }
    }
    Ok(())
}

fn child(module: &Path, name: &str) -> Path {
    let mut child = module.clone();
    child.push(name.to_owned());
    child
}

fn parent(module: &Path) -> Path {
    module[..module.len().saturating_sub(1)].to_vec()
}

fn shown(module: &Path) -> String {
    match module.is_empty() {
        true => "the root".into(),
        false => module.join("::"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(sources: &[(&str, &str)]) -> Modules {
        let path = |name: &str| {
            name.split("::")
                .filter(|n| !n.is_empty())
                .map(str::to_owned)
                .collect::<Path>()
        };
        Modules::new(
            sources
                .iter()
                .map(|(name, text)| (path(name), (*text).to_owned()))
                .collect(),
        )
    }

    fn found(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
        circles(&modules(sources).uses())
            .into_iter()
            .map(|c| c.into_iter().collect())
            .collect()
    }

    #[test]
    fn two_modules_that_use_each_other_are_a_circle() {
        let circle = [
            ("", "mod a; mod b;"),
            ("a", "use crate::b::B; struct A;"),
            ("b", "struct B; fn f() { super::a::A; }"),
        ];
        assert_eq!(found(&circle), [["a", "b"]]);
        let one_way = [("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "struct B;")];
        assert_eq!(found(&one_way), [[""; 0]; 0]);
    }

    #[test]
    fn an_export_leads_to_the_module_that_declares_it() {
        let sources = [
            ("", "mod a; mod error; pub use error::Error; pub use a::A;"),
            ("a", "use crate::Error; pub struct A;"),
            ("error", "pub enum Error {}"),
        ];
        let uses = modules(&sources).uses();
        assert_eq!(uses["a"].keys().collect::<Vec<_>>(), ["error"]);
        assert!(uses["the root"].is_empty());
        let glob = [
            ("", "mod a; pub use a::*;"),
            ("a", "pub struct A;"),
            ("b", "use crate::A;"),
        ];
        assert_eq!(modules(&glob).uses()["b"].keys().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_module_that_calls_its_own_is_no_circle_and_its_own_that_call_each_other_are() {
        let children = [
            ("", "mod read;"),
            ("read", "mod csv; pub struct Table; fn read() { csv::read(); }"),
            ("read::csv", "use super::Table; pub fn read() {}"),
        ];
        assert_eq!(found(&children), [[""; 0]; 0]);
        let siblings = [
            ("", "mod read;"),
            ("read", "mod csv; mod table;"),
            ("read::csv", "use super::table::Table; pub fn read() {}"),
            ("read::table", "pub struct Table; fn read() { super::csv::read(); }"),
        ];
        assert_eq!(found(&siblings), [["read::csv", "read::table"]]);
    }

    #[test]
    fn an_imported_module_is_used_where_its_name_leads_a_path() {
        let sources = [
            ("", "mod a; mod b;"),
            ("a", "use crate::b; fn f() { b::c::g(); }"),
            ("b", "mod c; use crate::a::f;"),
            ("b::c", "pub fn g() {}"),
        ];
        let uses = modules(&sources).uses();
        assert_eq!(uses["a"].keys().collect::<Vec<_>>(), ["b::c"]);
        assert_eq!(found(&sources), [[""; 0]; 0]);
    }

    #[test]
    fn modules_of_tests_and_other_crates_are_no_part_of_it() {
        let sources = [
            ("", "mod a;"),
            (
                "a",
                "use std::fmt; use serde::a; #[cfg(test)] mod slow; fn f() { fmt::Debug; }",
            ),
            ("a::slow", "use super::f;"),
        ];
        let uses = modules(&sources).uses();
        assert_eq!(uses.keys().collect::<Vec<_>>(), ["a", "the root"]);
        assert!(uses["a"].is_empty());
    }
}
