//! What commands print: one JSON object, or lines for people; files written whole or not at all.

use float_model::escaped;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::{fmt::Display, io::Write, path::Path};

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// One JSON object on standard output, nothing else there.
    pub json: bool,
}

impl Output {
    /// Prints the result, as JSON or as `text` says it. A reader that leaves early (`| head`) is no failure.
    pub fn print(self, json: &Value, text: impl FnOnce() -> String) {
        let shown = match self.json {
            true => escaped_json(&json.to_string()),
            false => escaped(&text()),
        };
        if let Err(error) = writeln!(std::io::stdout().lock(), "{shown}")
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            tell(format_args!("error: standard output: {error}"));
            std::process::exit(1);
        }
    }
}

/// Writes a line of progress, a warning or an error to standard error. Where nobody reads it (`2>&1 | head`, a closed or a full
/// file), it is lost, and the command goes on.
pub fn tell(line: impl Display) {
    // In one write, so that lines of several threads do not mix.
    let _ = std::io::stderr()
        .lock()
        .write_all(format!("{}\n", escaped(&line.to_string())).as_bytes());
}

/// JSON in one line, with the control characters that JSON allows, of which terminals obey some, as escapes too.
fn escaped_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        match c.is_control() {
            true => shown += &format!("\\u{:04x}", u32::from(c)),
            false => shown.push(c),
        }
    }
    shown
}

/// Tells every warning.
pub fn warn(warnings: &[String]) {
    warnings
        .iter()
        .for_each(|warning| tell(format_args!("warning: {warning}")));
}

/// Wrong usage that only shows once options are seen together: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

impl Usage {
    /// The error itself, ready to return.
    pub fn error(message: impl Into<String>) -> anyhow::Error {
        Usage(message.into()).into()
    }
}

/// Notes for people, each on a line of its own after the results.
pub fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| format!("\n  note: {note}")).collect()
}

/// Writes a file to a temporary name beside it and renames it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    Ok(experiments::write_atomically(path, bytes)?)
}

/// A progress bar on standard error, hidden where that is no terminal.
pub fn progress_bar(label: &str, steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    let style = ProgressStyle::with_template(&format!("{label} {{bar:30}} {{pos}}/{{len}} {{msg}} {{eta}} left"))
        .expect("the template is fixed");
    bar.set_style(style);
    bar
}

/// Adds the entries of `more` to an object.
pub fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(a), Value::Object(b)) = (object, more) {
        a.extend(b);
    }
}
