//! What a failure is to the person who typed the command: one exit code for one mistake, and options by their typed names.

use crate::{interrupt, output::Usage};
use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use std::{borrow::Cow, error::Error, path::PathBuf};

/// Exit code of a command that failed: a file is missing or wrong, or something did not work.
pub const FAILED: u8 = 1;
/// Exit code of a command that was used wrongly: an unknown name, a bad value, or options that do not go together.
pub const WRONG_USAGE: u8 = 2;

/// A failed command: what is printed and what the process returns.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error and its causes, in one line where they are.
    pub message: String,
    /// [`FAILED`], [`WRONG_USAGE`] or [`interrupt::exit_code`].
    pub exit_code: u8,
}

impl Failure {
    /// Classifies the errors of all libraries.
    pub fn new(error: &anyhow::Error, line: &CommandLine<'_>) -> Failure {
        let mut message = format!("{error:#}");
        let wrong = error.chain().find_map(|cause| WrongUsage::of(cause, line));
        if let Some(wrong) = &wrong {
            message = message.replacen(&wrong.said, &wrong.told(line), 1);
        }
        if error.chain().any(diverged) {
            message = line.with_options(&message);
        }
        let exit_code = interrupt::exit_code().unwrap_or(if wrong.is_some() { WRONG_USAGE } else { FAILED });
        // The last place in which a name from a file can be kept from the terminal.
        Failure {
            message: float_model::printable_text(&message),
            exit_code,
        }
    }
}

/// A library's error that means wrong usage.
struct WrongUsage {
    /// The message of the library.
    said: String,
    what: What,
}

/// What a library knows of the option that is wrong.
enum What {
    /// The message names it.
    Named,
    /// The field of a configuration that it sets, and what is wrong.
    Field(String, String),
    /// Its value, which the message names.
    Value(String),
}

impl WrongUsage {
    /// What an error says of the command line. `None` where the command was used rightly and failed.
    fn of(cause: &(dyn Error + 'static), line: &CommandLine<'_>) -> Option<WrongUsage> {
        let said = cause.to_string();
        let what = if cause.is::<Usage>() {
            What::Named
        } else if let Some(error) = cause.downcast_ref::<experiments::Error>() {
            return WrongUsage::of_experiment(error, line);
        } else if let Some(error) = cause.downcast_ref::<host_train::Error>() {
            of_training(error)?
        } else if let Some(dataset::Error::Usage { field, problem }) = cause.downcast_ref() {
            What::Field(field.clone(), problem.clone())
        } else if let Some(error) = cause.downcast_ref::<energy::Error>() {
            of_energy(error, line)?
        } else {
            of_board(cause.downcast_ref()?)?
        };
        Some(WrongUsage { said, what })
    }

    fn of_experiment(error: &experiments::Error, line: &CommandLine<'_>) -> Option<WrongUsage> {
        let what = match error {
            experiments::Error::Option { option, problem } => What::Field((*option).to_owned(), problem.clone()),
            experiments::Error::Input { .. } => What::Named,
            experiments::Error::Train(error) => of_training(error)?,
            experiments::Error::Energy(error) => of_energy(error, line)?,
            experiments::Error::InRun { source, .. } => return WrongUsage::of_experiment(source, line),
            _ => return None,
        };
        let said = error.to_string();
        Some(WrongUsage { said, what })
    }

    /// The message, with options as they were typed.
    fn told(&self, line: &CommandLine<'_>) -> String {
        match &self.what {
            What::Named => self.said.clone(),
            What::Field(field, problem) => {
                let named = line
                    .option(field)
                    .map_or_else(|| field.clone(), |option| format!("--{option}"));
                format!("{named}: {}", line.with_options(problem))
            }
            What::Value(value) => match line.option_of_value(value) {
                Some(option) => format!("--{option}: {}", self.said),
                None => self.said.clone(),
            },
        }
    }
}

/// Whether a training ended because its loss was no number; its message names fields to lower.
fn diverged(cause: &(dyn Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(host_train::Error::Diverged { .. }))
}

fn of_training(error: &host_train::Error) -> Option<What> {
    match error {
        host_train::Error::Usage { field, problem }
        | host_train::Error::Dataset(dataset::Error::Usage { field, problem }) => {
            Some(What::Field(field.clone(), problem.clone()))
        }
        _ => None,
    }
}

fn of_energy(error: &energy::Error, line: &CommandLine<'_>) -> Option<What> {
    match error {
        energy::Error::Option { .. } => Some(What::Named),
        energy::Error::UnknownProfile { name, .. } => Some(What::Value(name.clone())),
        // A workload comes from a model, but for what was typed in its place.
        energy::Error::Workload { field, problem } if line.gives(field) => {
            Some(What::Field((*field).to_owned(), problem.clone()))
        }
        _ => None,
    }
}

fn of_board(error: &board_host::Error) -> Option<What> {
    match error {
        board_host::Error::NotModelled { board, .. } | board_host::Error::NoPart { board, .. } => {
            Some(What::Value((*board).to_owned()))
        }
        _ => None,
    }
}

/// The command that was given, with its options.
pub struct CommandLine<'a> {
    command: &'a Command,
    matches: &'a ArgMatches,
    name: String,
    words: Vec<String>,
}

impl<'a> CommandLine<'a> {
    /// The innermost subcommand of `words`, which `root` parsed as `matches`.
    pub fn new(root: &'a Command, matches: &'a ArgMatches, words: Vec<String>) -> Self {
        let (mut command, mut matches, mut names) = (root, matches, Vec::new());
        while let Some((name, inner)) = matches.subcommand() {
            let Some(found) = command.find_subcommand(name) else {
                break;
            };
            (command, matches) = (found, inner);
            names.push(name);
        }
        CommandLine {
            command,
            matches,
            name: names.join(" "),
            words,
        }
    }

    /// The innermost subcommand with those that it belongs to: `energy predict`.
    pub fn command_name(&self) -> &str {
        &self.name
    }

    /// The paths that an option has, given or by default; `option` is its first name.
    pub fn paths(&self, option: &str) -> Vec<PathBuf> {
        let Some(arg) = self.argument(option) else {
            return Vec::new();
        };
        let values = self.matches.get_raw(arg.get_id().as_str());
        values.into_iter().flatten().map(PathBuf::from).collect()
    }

    /// The name of an option as it was typed; its first name where it was not.
    pub fn typed(&self, option: &'a str) -> &'a str {
        self.option(option).unwrap_or(option)
    }

    /// The argument that a field of a configuration is given by.
    fn argument(&self, field: &str) -> Option<&'a Arg> {
        let name = field.replace('_', "-");
        self.command.get_arguments().find(|arg| names(arg).any(|n| n == name))
    }

    /// The name, without dashes, of the option that sets a field.
    fn option(&self, field: &str) -> Option<&'a str> {
        self.spelling(self.argument(field)?)
    }

    /// The name of an option as it was typed; its first name where it was not.
    fn spelling(&self, arg: &'a Arg) -> Option<&'a str> {
        let typed = |name: &&str| {
            let mut options = self.words.iter().filter_map(|word| word.strip_prefix("--"));
            options.any(|option| option.split('=').next() == Some(name))
        };
        names(arg).find(typed).or_else(|| arg.get_long())
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
            .and_then(|arg| self.spelling(arg))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of an error of `prog train`, whose options are those of the test.
    fn failure(words: &[&str], error: impl Into<anyhow::Error>) -> Failure {
        let option = |name: &'static str| Arg::new(name).long(name);
        let train = Command::new("train")
            .arg(option("start-every"))
            .arg(option("stop-metric"))
            .arg(option("dial-range").alias("dials"))
            .arg(option("board"));
        let root = Command::new("prog").subcommand(train);
        let words: Vec<String> = ["prog", "train"].iter().chain(words).map(|w| (*w).to_owned()).collect();
        let matches = root.clone().try_get_matches_from(&words).unwrap();
        Failure::new(&error.into(), &CommandLine::new(&root, &matches, words))
    }

    fn said(words: &[&str], error: impl Into<anyhow::Error>) -> (u8, String) {
        let failure = failure(words, error);
        (failure.exit_code, failure.message)
    }

    #[test]
    fn fields_are_called_by_the_options_that_were_typed() {
        let usage = host_train::Error::usage;
        assert_eq!(
            said(&["--start-every", "0"], usage("start_every", "is 0; give stop_metric")),
            (WRONG_USAGE, "--start-every: is 0; give --stop-metric".into())
        );
        for (typed, named) in [("--dials=1", "--dials"), ("--dial-range=1", "--dial-range")] {
            let told = said(&[typed], usage("dials", "needs a skip gate"));
            assert_eq!(told, (WRONG_USAGE, format!("{named}: needs a skip gate")));
        }
        // No option sets it.
        assert_eq!(
            said(&[], usage("checkpoint_seconds", "is 0")),
            (WRONG_USAGE, "checkpoint_seconds: is 0".into())
        );
    }

    #[test]
    fn an_unknown_name_is_told_with_the_option_that_has_it() {
        let error = energy::board("toaster").unwrap_err();
        let (code, message) = said(&["--board", "toaster"], error);
        assert_eq!(code, WRONG_USAGE);
        assert!(
            message.starts_with("--board: ") && message.contains("toaster"),
            "{message}"
        );
    }

    #[test]
    fn a_missing_file_is_a_failure_and_a_context_stays() {
        let error = dataset::Error::usage("every", "is 0");
        let error = anyhow::Error::from(error).context("held-out data");
        assert_eq!(said(&[], error), (WRONG_USAGE, "held-out data: every: is 0".into()));
        let missing = energy::board("nowhere.toml").unwrap_err();
        let (code, message) = said(&["--board", "nowhere.toml"], missing);
        assert_eq!(code, FAILED, "{message}");
    }
}
