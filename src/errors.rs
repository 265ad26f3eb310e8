//! What a failure is to the person who typed the command: one exit code for one mistake, and options by their typed names.

use crate::output::Usage;
use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use std::{borrow::Cow, error::Error};

/// Exit code of a command that failed: a file is missing or wrong, or something did not work.
pub const FAILED: u8 = 1;
/// Exit code of a command that was used wrongly: an unknown name, a bad value, or options that do not go together.
pub const WRONG_USAGE: u8 = 2;

/// A failed command: what is printed and what the process returns.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error and its causes, in one line where they are.
    pub message: String,
    /// [`FAILED`] or [`WRONG_USAGE`].
    pub exit_code: u8,
}

impl Failure {
    /// Classifies the errors of all libraries.
    pub fn new(error: &anyhow::Error, line: &CommandLine<'_>) -> Failure {
        let mut message = format!("{error:#}");
        let mut exit_code = FAILED;
        for cause in error.chain() {
            if let Some(wrong) = WrongUsage::of(cause, line) {
                exit_code = WRONG_USAGE;
                message = message.replacen(&cause.to_string(), &wrong.told(line), 1);
            }
        }
        Failure { message, exit_code }
    }
}

/// A library's error that means wrong usage.
enum WrongUsage {
    /// A message that names its option.
    Told(String),
    /// A field of a configuration, and what is wrong with it.
    Field(String, String),
    /// The value of an option is none that there is; the message names it.
    Value(String, String),
}

impl WrongUsage {
    /// What an error says of the command line. `None` where the command was used rightly and failed.
    fn of(cause: &(dyn Error + 'static), line: &CommandLine<'_>) -> Option<WrongUsage> {
        if let Some(usage) = cause.downcast_ref::<Usage>() {
            return Some(WrongUsage::Told(usage.to_string()));
        }
        if let Some(host_train::Error::Usage { field, problem }) = cause.downcast_ref() {
            return Some(WrongUsage::Field(field.clone(), problem.clone()));
        }
        if let Some(error) = cause.downcast_ref::<energy::Error>() {
            return match error {
                energy::Error::Option { .. } => Some(WrongUsage::Told(error.to_string())),
                energy::Error::UnknownProfile { name, .. } => Some(WrongUsage::Value(name.clone(), error.to_string())),
                // A workload comes from a model, but for what was typed in its place.
                energy::Error::Workload { field, problem } if line.gives(field) => {
                    Some(WrongUsage::Field((*field).to_owned(), problem.clone()))
                }
                _ => None,
            };
        }
        let boxed = || cause.downcast_ref::<Box<experiments::Error>>().map(|error| &**error);
        if let Some(error) = cause.downcast_ref::<experiments::Error>().or_else(boxed) {
            return match error {
                experiments::Error::Option { option, problem } => {
                    Some(WrongUsage::Field((*option).to_owned(), problem.clone()))
                }
                experiments::Error::Input { .. } => Some(WrongUsage::Told(error.to_string())),
                experiments::Error::Train(error) => WrongUsage::of(error, line),
                experiments::Error::Energy(error) => WrongUsage::of(error, line),
                _ => None,
            };
        }
        match cause.downcast_ref::<board_host::Error>()? {
            error @ (board_host::Error::NotModelled { board, .. } | board_host::Error::NoPart { board, .. }) => {
                Some(WrongUsage::Value((*board).to_owned(), error.to_string()))
            }
            _ => None,
        }
    }

    /// The message, with options as they were typed.
    fn told(&self, line: &CommandLine<'_>) -> String {
        match self {
            WrongUsage::Told(message) => message.clone(),
            WrongUsage::Field(field, problem) => {
                let named = line
                    .option(field)
                    .map_or_else(|| field.clone(), |option| format!("--{option}"));
                format!("{named}: {}", line.with_options(problem))
            }
            WrongUsage::Value(value, message) => match line.option_of_value(value) {
                Some(option) => format!("--{option}: {message}"),
                None => message.clone(),
            },
        }
    }
}

/// The command that was given, with its options.
pub struct CommandLine<'a> {
    command: &'a Command,
    matches: &'a ArgMatches,
    words: Vec<String>,
}

impl<'a> CommandLine<'a> {
    /// The innermost subcommand of `words`, which `root` parsed as `matches`.
    pub fn new(root: &'a Command, matches: &'a ArgMatches, words: Vec<String>) -> Self {
        let (mut command, mut matches) = (root, matches);
        while let Some((name, inner)) = matches.subcommand() {
            let Some(found) = command.find_subcommand(name) else {
                break;
            };
            (command, matches) = (found, inner);
        }
        CommandLine {
            command,
            matches,
            words,
        }
    }

    /// The argument that a field of a configuration is given by.
    fn argument(&self, field: &str) -> Option<&'a Arg> {
        let name = field.replace('_', "-");
        self.command.get_arguments().find(|arg| names(arg).any(|n| n == name))
    }

    /// The name, without dashes, of the option that sets a field: the typed spelling, where it was typed.
    fn option(&self, field: &str) -> Option<String> {
        let arg = self.argument(field)?;
        let typed = |name: &&str| {
            let words = &self.words;
            words.iter().any(|word| {
                word.strip_prefix("--")
                    .is_some_and(|w| w.split('=').next() == Some(name))
            })
        };
        names(arg).find(typed).or_else(|| arg.get_long()).map(str::to_owned)
    }

    /// Whether a field was set by an option.
    fn gives(&self, field: &str) -> bool {
        let source = |arg: &Arg| self.matches.value_source(arg.get_id().as_str());
        self.argument(field).and_then(source) == Some(ValueSource::CommandLine)
    }

    /// The option that was given this value.
    fn option_of_value(&self, value: &str) -> Option<&'a str> {
        let has_it = |arg: &&Arg| {
            let values = self.matches.get_raw(arg.get_id().as_str());
            values.is_some_and(|mut values| values.any(|v| v == value))
        };
        self.command
            .get_arguments()
            .filter(|arg| arg.get_long().is_some())
            .find(has_it)
            .and_then(Arg::get_long)
    }

    /// A text in which fields such as `stop_metric` are called by their options.
    fn with_options(&self, text: &str) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut told = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let (before, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|c| !is_word(c)).unwrap_or(from.len()));
            let option = if word.contains('_') { self.option(word) } else { None };
            told += before;
            told += &option.map_or(Cow::Borrowed(word), |option| Cow::Owned(format!("--{option}")));
            rest = after;
        }
        told + rest
    }
}

/// Every spelling of an option.
fn names(arg: &Arg) -> impl Iterator<Item = &str> {
    let aliases = arg.get_all_aliases().unwrap_or_default();
    arg.get_long().into_iter().chain(aliases)
}
