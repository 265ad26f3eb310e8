//! Licences of every package that a build takes, tests apart: each must allow use under MIT or Apache-2.0.

use crate::metadata::{Metadata, Package};
use anyhow::Context;
use spdx::{Expression, LicenseReq, ParseMode};

/// Licences, as SPDX names them, under which code may be linked into a program that is under MIT or Apache-2.0.
const ALLOWED: [&str; 9] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// A package under another licence that the host's programs may take, and no firmware.
struct HostOnly {
    package: &'static str,
    licence: &'static str,
    why: &'static str,
}

/// None today.
const HOST_ONLY: &[HostOnly] = &[];

/// Packages whose licence is not allowed, and exceptions that nothing needs.
pub fn faults(host: &Metadata, firmware: &Metadata) -> anyhow::Result<Vec<String>> {
    compare(HOST_ONLY, host, firmware)
}

fn compare(exceptions: &[HostOnly], host: &Metadata, firmware: &Metadata) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let on_host = host.reached(host.members());
    for package in &on_host {
        let excepted = exceptions.iter().any(|e| e.is(package));
        if !excepted {
            faults.extend(fault(package)?);
        }
    }
    for package in firmware.reached(firmware.members()) {
        faults.extend(fault(package)?);
    }
    for exception in exceptions.iter().filter(|e| !on_host.iter().any(|p| e.is(p))) {
        faults.push(format!(
            "{} under {} is excepted ({}) and is in no build any more: remove it from xtask/src/dependencies/licences.rs",
            exception.package, exception.licence, exception.why
        ));
    }
    Ok(faults)
}

impl HostOnly {
    fn is(&self, package: &Package) -> bool {
        package.name == self.package && package.license.as_deref() == Some(self.licence)
    }
}

/// What is wrong with a package's licence.
fn fault(package: &Package) -> anyhow::Result<Option<String>> {
    let Package { name, version, .. } = package;
    let Some(licence) = &package.license else {
        return Ok(Some(format!("{name} {version} names no licence")));
    };
    let allowed = allows(licence).with_context(|| format!("{name} {version}: licence '{licence}'"))?;
    Ok((!allowed).then(|| {
        format!(
            "{name} {version} is under {licence}, which is not among {}",
            ALLOWED.join(", ")
        )
    }))
}

/// Whether the allowed licences satisfy an SPDX expression. `/` between licences is an old spelling of OR.
fn allows(expression: &str) -> anyhow::Result<bool> {
    let expression =
        Expression::parse_mode(expression, ParseMode::LAX).map_err(|error| anyhow::anyhow!("{}", error.reason))?;
    Ok(expression.evaluate(|required: &LicenseReq| ALLOWED.contains(&required.to_string().as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_allowed_where_allowed_licences_satisfy_it() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
            "GPL-3.0-only OR BSD-2-Clause",
        ] {
            assert!(allows(expression).unwrap(), "{expression}");
        }
        for expression in [
            "MPL-2.0",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND LGPL-2.1-or-later",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ] {
            assert!(!allows(expression).unwrap(), "{expression}");
        }
        assert!(allows("MIT OR").is_err());
        assert!(allows("Mine-1.0").is_err());
    }

    fn package(name: &str, license: Option<&str>) -> Package {
        Package {
            name: name.into(),
            version: "1.2.3".into(),
            license: license.map(str::to_owned),
            ..Package::default()
        }
    }

    #[test]
    fn a_fault_names_the_package_and_its_licence() {
        assert_eq!(fault(&package("fine", Some("MIT"))).unwrap(), None);
        let said = fault(&package("sharing", Some("GPL-3.0-only"))).unwrap().unwrap();
        assert!(said.starts_with("sharing 1.2.3 is under GPL-3.0-only, "), "{said}");
        let said = fault(&package("silent", None)).unwrap().unwrap();
        assert_eq!(said, "silent 1.2.3 names no licence");
        let said = format!("{:#}", fault(&package("odd", Some("Mine-1.0"))).unwrap_err());
        assert!(said.contains("odd 1.2.3"), "{said}");
    }

    #[test]
    fn an_exception_holds_on_the_host_alone_and_fails_where_nothing_needs_it() {
        let exceptions = [HostOnly {
            package: "sharing",
            licence: "MPL-2.0",
            why: "unchanged, and its source is published",
        }];
        let mut host = Metadata::default();
        let mut firmware = Metadata::default();
        host.add_member(package("sharing", Some("MPL-2.0")));
        assert_eq!(compare(&exceptions, &host, &firmware).unwrap(), [""; 0]);
        assert_eq!(compare(&[], &host, &firmware).unwrap().len(), 1);
        firmware.add_member(package("sharing", Some("MPL-2.0")));
        assert_eq!(compare(&exceptions, &host, &firmware).unwrap().len(), 1);
        let unneeded = compare(&exceptions, &Metadata::default(), &Metadata::default()).unwrap();
        assert_eq!(unneeded.len(), exceptions.len());
        assert!(unneeded[0].contains("remove it"), "{unneeded:?}");
    }
}
