//! Tables as Markdown and as lines of text.

/// A row of a Markdown table.
pub(crate) fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The head of a Markdown table, and the rule under it.
pub(crate) fn head<S: AsRef<str>>(cells: &[S]) -> String {
    row(cells) + &row(&vec!["---"; cells.len()])
}

/// Columns padded to the same width, for a terminal.
pub(crate) fn aligned<S: AsRef<str>>(table: &[Vec<S>]) -> String {
    let columns = table.first().map_or(0, Vec::len);
    let chars = |row: &Vec<S>, k: usize| row[k].as_ref().chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|k| table.iter().map(|row| chars(row, k)).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<S>| {
        let padded = row.iter().zip(&widths).enumerate().map(|(k, (cell, width))| {
            let room = width - chars(row, k);
            format!("{}{}", cell.as_ref(), " ".repeat(room))
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    table.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub(crate) fn or_dash(v: Option<String>) -> String {
    v.unwrap_or_else(|| "-".into())
}

/// A number in a CSV file; empty where there is none.
pub(crate) fn or_empty(v: Option<f64>) -> String {
    v.map_or_else(String::new, |v| v.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        assert_eq!(
            aligned(&[vec!["a", "±±±", "c"], vec!["bb", "d", ""]]),
            "a   ±±±  c\nbb  d"
        );
        assert_eq!(head(&["a", "b"]), "| a | b |\n| --- | --- |\n");
    }
}
