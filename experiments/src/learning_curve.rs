//! The learning curve of a run: its `metrics.csv`.

use crate::Error;
use std::path::Path;

/// One evaluation on the validation data during training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Training step.
    pub step: u64,
    /// Accuracy, mean squared error or mean average precision.
    pub metric: f64,
    /// Mean updates per sequence.
    pub updates: f64,
}

/// Reads a run's `metrics.csv`.
///
/// # Errors
/// A file that cannot be read, a column or a number that is missing.
pub fn learning_curve(path: &Path) -> Result<Vec<CurvePoint>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path, "read"))?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| {
        let found = header.iter().position(|c| *c == name);
        found.ok_or_else(|| Error::data(path.display(), format!("no column '{name}'")))
    };
    let (step, metric, updates) = (column("step")?, column("metric")?, column("updates")?);
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let cell = |k: usize| {
                let value = cells.get(k).and_then(|v| v.parse::<f64>().ok());
                value.ok_or_else(|| Error::data(path.display(), format!("cannot read the row '{line}'")))
            };
            Ok(CurvePoint {
                step: cell(step)? as u64,
                metric: cell(metric)?,
                updates: cell(updates)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_what_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            learning_curve(&path)
        };
        let curve = read("step,seconds,metric,updates\n100,1,0.5,90\n200,2,0.9,30\n").unwrap();
        let last = CurvePoint {
            step: 200,
            metric: 0.9,
            updates: 30.0,
        };
        assert_eq!((curve.len(), curve[1]), (2, last));
        let says = |text: &str| read(text).unwrap_err().chain();
        assert!(says("step,metric\n").contains("metrics.csv: no column 'updates'"));
        assert!(says("step,metric,updates\n1,x,2\n").contains("the row '1,x,2'"));
    }
}
