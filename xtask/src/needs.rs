//! What a command needs that a fresh machine may lack: it is installed where this user may, and otherwise the error is the line
//! to type.

use crate::shell;
use anyhow::bail;
use board_host::Backend;
use std::{borrow::Cow, fmt, path::Path};

/// Targets of the cores that firmware is built for.
pub const ARM_TARGETS: [&str; 4] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabihf",
];

/// What images for the emulated boards and running them need.
pub fn emulated_boards(with: Backend) -> Vec<Need> {
    let mut needs = Need::arm_targets();
    if with == Backend::Qemu {
        needs.push(Need::Qemu);
    }
    needs
}

/// Something that a command needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The library `core` for a target, for the compiler of rust-toolchain.toml.
    Target(Cow<'static, str>),
    /// A component of that compiler that brings a command of cargo: `rustfmt` brings `cargo fmt`.
    CargoCommand {
        /// The component.
        component: &'static str,
        /// The command of cargo.
        command: &'static str,
    },
    /// `llvm-profdata` and `llvm-cov` of that compiler.
    LlvmTools,
    /// Another compiler, with components.
    Toolchain {
        /// `nightly`, or a version.
        channel: Cow<'static, str>,
        /// Components beside the minimal ones.
        components: &'static [&'static str],
    },
    /// QEMU's Arm boards.
    Qemu,
    /// A Python with PyTorch, named by the environment variable SKIPRNN_PYTHON.
    PyTorch,
}

impl Need {
    /// A target.
    pub const fn target(name: &'static str) -> Self {
        Self::Target(Cow::Borrowed(name))
    }

    /// A nightly compiler with components.
    pub const fn nightly(components: &'static [&'static str]) -> Self {
        Self::Toolchain {
            channel: Cow::Borrowed("nightly"),
            components,
        }
    }

    /// The targets of [`ARM_TARGETS`].
    pub fn arm_targets() -> Vec<Self> {
        ARM_TARGETS.map(Self::target).to_vec()
    }

    /// Whether everything else can do without it. What needs it is then skipped, and a line says so.
    pub fn is_optional(&self) -> bool {
        match self {
            Self::Qemu | Self::PyTorch => true,
            // A compiler of another version for one check; the project's own comes by rust-toolchain.toml.
            Self::Toolchain { channel, .. } => channel != "nightly",
            _ => false,
        }
    }

    /// The line that brings it; for a shell, so more than one command is possible.
    pub fn line(&self) -> String {
        match self {
            Self::Target(name) => format!("rustup target add {name}"),
            Self::CargoCommand { component, .. } => format!("rustup component add {component}"),
            Self::LlvmTools => "rustup component add llvm-tools".into(),
            Self::Toolchain { channel, components } => {
                let components: String = components.iter().map(|c| format!(" --component {c}")).collect();
                format!("rustup toolchain install {channel} --profile minimal{components}")
            }
            Self::Qemu => "apt-get install qemu-system-arm".into(),
            Self::PyTorch => {
                "python3 -m venv target/python && target/python/bin/pip install torch safetensors numpy && \
                 export SKIPRNN_PYTHON=$PWD/target/python/bin/python"
                    .into()
            }
        }
    }

    fn is_there(&self, system: &dyn System) -> bool {
        match self {
            Self::Target(name) => {
                sysroot(system).is_some_and(|root| system.exists(&format!("{root}/lib/rustlib/{name}/lib")))
            }
            Self::CargoCommand { command, .. } => system.output(&format!("cargo {command} --version")).is_some(),
            Self::LlvmTools => sysroot(system)
                .zip(host(system))
                .is_some_and(|(root, host)| system.exists(&format!("{root}/lib/rustlib/{host}/bin/llvm-cov"))),
            Self::Toolchain { channel, components } => {
                system.output(&format!("rustc +{channel} --version")).is_some()
                    && (components.is_empty() || has_components(system, channel, components))
            }
            Self::Qemu => system.output("qemu-system-arm --version").is_some(),
            Self::PyTorch => system.variable("SKIPRNN_PYTHON").is_some(),
        }
    }

    /// Tries to install it. Whether that worked is seen by asking again whether it is there.
    fn install(&self, system: &dyn System) {
        match self {
            // Gigabytes, and of no use to anything but one comparison.
            Self::PyTorch => {}
            Self::Qemu => {
                let sudo = sudo(
                    system.output("id -u").as_deref(),
                    system.output("sudo -n true").is_some(),
                );
                if let Some(sudo) = sudo
                    && system.run(&format!("{sudo}apt-get update -qq"))
                {
                    system.run(&format!(
                        "{sudo}apt-get install -y -qq --no-install-recommends qemu-system-arm"
                    ));
                }
            }
            _ if system.output("rustup --version").is_some() => {
                system.run(&self.line());
            }
            _ => {}
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(name) => write!(f, "the Rust target {name}"),
            Self::CargoCommand { command, .. } => write!(f, "cargo {command}"),
            Self::LlvmTools => f.write_str("llvm-cov and llvm-profdata of the compiler"),
            Self::Toolchain {
                channel,
                components: [],
            } => write!(f, "Rust {channel}"),
            Self::Toolchain { channel, components } => write!(f, "Rust {channel} with {}", components.join(", ")),
            Self::Qemu => f.write_str("qemu-system-arm"),
            Self::PyTorch => f.write_str("a Python with PyTorch in SKIPRNN_PYTHON"),
        }
    }
}

/// The machine, as far as it is asked and changed here; tests have one of their own.
pub trait System {
    /// The standard output of a command; `None` where it cannot be started or fails.
    fn output(&self, line: &str) -> Option<String>;
    /// Runs a command that may change the machine; whether it succeeded.
    fn run(&self, line: &str) -> bool;
    /// Whether a file or folder exists.
    fn exists(&self, path: &str) -> bool;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
}

/// This machine.
pub struct ThisMachine;

impl System for ThisMachine {
    fn output(&self, line: &str) -> Option<String> {
        shell::output(line)
    }

    fn run(&self, line: &str) -> bool {
        shell::run("", line).is_ok()
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Installs what is missing of `needs`, and returns what is missing still, each once.
pub fn supply(system: &dyn System, needs: &[Need]) -> Vec<Need> {
    let mut needs = needs.to_vec();
    needs.sort();
    needs.dedup();
    needs.retain(|need| {
        let there = need.is_there(system) || {
            need.install(system);
            need.is_there(system)
        };
        !there
    });
    needs
}

/// Installs what is missing of `needs` on this machine.
///
/// # Errors
/// Something is missing still, optional or not; the message has a line to type for each.
pub fn require(needs: &[Need]) -> anyhow::Result<()> {
    let missing = supply(&ThisMachine, needs);
    match missing.is_empty() {
        true => Ok(()),
        false => bail!("{}", missing.iter().map(missing_message).collect::<Vec<_>>().join("\n")),
    }
}

/// What is said about something that is missing.
pub fn missing_message(need: &Need) -> String {
    format!("{need} is missing; type: {}", need.line())
}

/// The folder of the compiler.
pub fn sysroot(system: &dyn System) -> Option<String> {
    Some(system.output("rustc --print sysroot")?.trim().to_owned())
}

/// The target of this machine.
pub fn host(system: &dyn System) -> Option<String> {
    let version = system.output("rustc -vV")?;
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

/// Whether rustup has all of the components for a toolchain; `rust-src` has no suffix in its list, others have the host.
fn has_components(system: &dyn System, channel: &str, components: &[&str]) -> bool {
    let list = system.output(&format!("rustup component list --installed --toolchain {channel}"));
    list.is_some_and(|list| components.iter().all(|c| list.lines().any(|line| line.starts_with(c))))
}

/// What goes before a command of root's; nothing where this user is not root and may not be without a password.
fn sudo(user: Option<&str>, sudo_works: bool) -> Option<&'static str> {
    match user.map(str::trim) {
        Some("0") => Some(""),
        _ if sudo_works => Some("sudo -n "),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A machine without a network: commands that succeed with what they print, paths that exist, and what a command that is run
    /// adds to both.
    #[derive(Default)]
    struct Fake {
        answers: RefCell<Vec<(String, String)>>,
        paths: RefCell<Vec<String>>,
        /// (command, command that works afterwards, path that exists afterwards).
        adds: Vec<(&'static str, &'static str, &'static str)>,
        ran: RefCell<Vec<String>>,
    }

    impl Fake {
        fn new(answers: &[(&str, &str)]) -> Self {
            let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
            Self {
                answers: answers.iter().map(own).collect::<Vec<_>>().into(),
                ..Self::default()
            }
        }
    }

    impl System for Fake {
        fn output(&self, line: &str) -> Option<String> {
            let answers = self.answers.borrow();
            answers.iter().find(|(l, _)| l == line).map(|(_, text)| text.clone())
        }

        fn run(&self, line: &str) -> bool {
            self.ran.borrow_mut().push(line.to_owned());
            let Some((_, command, path)) = self.adds.iter().find(|(l, ..)| *l == line) else {
                return false;
            };
            self.answers.borrow_mut().push(((*command).to_owned(), String::new()));
            self.paths.borrow_mut().push((*path).to_owned());
            true
        }

        fn exists(&self, path: &str) -> bool {
            self.paths.borrow().iter().any(|p| p == path)
        }

        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }

    const M0: Need = Need::target("thumbv6m-none-eabi");

    #[test]
    fn a_missing_target_is_added_once() {
        let mut fake = Fake::new(&[("rustc --print sysroot", "/rust\n"), ("rustup --version", "")]);
        fake.adds = vec![(
            "rustup target add thumbv6m-none-eabi",
            "",
            "/rust/lib/rustlib/thumbv6m-none-eabi/lib",
        )];
        assert_eq!(supply(&fake, &[M0, M0]), []);
        assert_eq!(supply(&fake, &[M0]), []);
        assert_eq!(*fake.ran.borrow(), ["rustup target add thumbv6m-none-eabi"]);
    }

    #[test]
    fn without_rustup_nothing_is_tried_and_the_line_to_type_is_reported() {
        let fake = Fake::new(&[("rustc --print sysroot", "/usr\n")]);
        let missing = supply(&fake, &[M0]);
        assert_eq!(missing, [M0]);
        assert!(fake.ran.borrow().is_empty());
        assert_eq!(
            missing_message(&missing[0]),
            "the Rust target thumbv6m-none-eabi is missing; type: rustup target add thumbv6m-none-eabi"
        );
    }

    #[test]
    fn what_rustup_cannot_bring_is_missing_still() {
        let fake = Fake::new(&[("rustc --print sysroot", "/rust"), ("rustup --version", "")]);
        let nightly = Need::nightly(&["miri", "rust-src"]);
        assert_eq!(
            supply(&fake, std::slice::from_ref(&nightly)),
            std::slice::from_ref(&nightly)
        );
        let line = "rustup toolchain install nightly --profile minimal --component miri --component rust-src";
        assert_eq!(*fake.ran.borrow(), [line]);
        assert!(missing_message(&nightly).ends_with(line));
    }

    #[test]
    fn a_toolchain_lacks_a_component_until_rustup_lists_it() {
        let installed = "rust-src\nmiri-x86_64-unknown-linux-gnu\n";
        let with = |list| {
            Fake::new(&[
                ("rustc +nightly --version", "rustc 1.99.0-nightly"),
                ("rustup component list --installed --toolchain nightly", list),
            ])
        };
        let miri = [Need::nightly(&["miri", "rust-src"])];
        assert_eq!(supply(&with(installed), &miri), []);
        assert_eq!(supply(&with("rust-src\n"), &miri), miri);
        assert_eq!(supply(&with(""), &[Need::nightly(&[])]), []);
    }

    #[test]
    fn qemu_is_installed_only_where_this_user_may() {
        let mut root = Fake::new(&[("id -u", "0\n")]);
        root.adds = vec![
            ("apt-get update -qq", "", ""),
            (
                "apt-get install -y -qq --no-install-recommends qemu-system-arm",
                "qemu-system-arm --version",
                "",
            ),
        ];
        assert_eq!(supply(&root, &[Need::Qemu]), []);
        let user = Fake::new(&[("id -u", "1000\n")]);
        assert_eq!(supply(&user, &[Need::Qemu]), [Need::Qemu]);
        assert!(user.ran.borrow().is_empty());
        assert_eq!(sudo(Some("1000\n"), true), Some("sudo -n "));
        assert_eq!(sudo(None, false), None);
    }

    #[test]
    fn pytorch_is_named_and_never_installed() {
        let fake = Fake::new(&[("id -u", "0\n"), ("rustup --version", "")]);
        assert_eq!(supply(&fake, &[Need::PyTorch]), [Need::PyTorch]);
        assert!(fake.ran.borrow().is_empty());
        assert!(missing_message(&Need::PyTorch).contains("pip install torch safetensors numpy"));
    }

    #[test]
    fn only_what_everything_else_can_do_without_is_optional() {
        let old = Need::Toolchain {
            channel: "1.85".into(),
            components: &[],
        };
        assert!(Need::Qemu.is_optional() && Need::PyTorch.is_optional() && old.is_optional());
        assert!(!M0.is_optional() && !Need::LlvmTools.is_optional() && !Need::nightly(&[]).is_optional());
    }
}
