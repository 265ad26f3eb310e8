//! What is no number: NaN in place of any number, and infinity where it is not asked for, are refused by option, once for all
//! commands.

use crate::output::Usage;
use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use std::any::TypeId;

/// Options that infinity means something for: no bound.
const UNBOUNDED: [&str; 2] = ["decision_clip", "input_weight_limit"];

/// Checks every real number that was given to the innermost subcommand of `matches`.
pub fn check(command: &Command, matches: &ArgMatches) -> anyhow::Result<()> {
    let (mut command, mut matches) = (command, matches);
    while let Some((name, inner)) = matches.subcommand() {
        let Some(found) = command.find_subcommand(name) else {
            break;
        };
        (command, matches) = (found, inner);
    }
    command.get_arguments().try_for_each(|arg| check_one(arg, matches))
}

fn check_one(arg: &Arg, matches: &ArgMatches) -> anyhow::Result<()> {
    let id = arg.get_id().as_str();
    if matches.value_source(id) != Some(ValueSource::CommandLine) {
        return Ok(());
    }
    let kind = arg.get_value_parser().type_id();
    let given: Vec<f64> = if kind == TypeId::of::<f64>() {
        matches.get_many::<f64>(id).into_iter().flatten().copied().collect()
    } else if kind == TypeId::of::<f32>() {
        matches
            .get_many::<f32>(id)
            .into_iter()
            .flatten()
            .map(|v| f64::from(*v))
            .collect()
    } else {
        return Ok(());
    };
    let is_bad = |v: &f64| v.is_nan() || (v.is_infinite() && !UNBOUNDED.contains(&id));
    match given.into_iter().find(is_bad) {
        None => Ok(()),
        Some(bad) => {
            let option = arg.get_long().unwrap_or(id);
            Err(Usage::error(format!("--{option}: is {bad}; give a finite number")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    fn options(command: &Command, all: &mut Vec<Arg>) {
        all.extend(command.get_arguments().cloned());
        command.get_subcommands().for_each(|inner| options(inner, all));
    }

    #[test]
    fn infinity_is_taken_where_the_help_says_so_and_nowhere_else() {
        let mut all = Vec::new();
        options(&crate::cli::Cli::command(), &mut all);
        let says = |arg: &&Arg| arg.get_help().is_some_and(|help| help.to_string().contains("inf: "));
        let said: BTreeSet<String> = all.iter().filter(says).map(|arg| arg.get_id().to_string()).collect();
        assert_eq!(said, BTreeSet::from(UNBOUNDED.map(String::from)));
    }
}
