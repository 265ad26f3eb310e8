//! The rows of the paper's tables (Campos et al., ICLR 2018: table 1, adding; appendix A.1, frequency discrimination).

use float_model::Cell;
use host_train::{DataSource, TrainConfig};

/// A table of the paper.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Adding, 50 samples (table 1).
    Adding,
    /// Frequency discrimination, 1 ms and 0.5 ms between samples (appendix A.1).
    Frequency,
}

/// One row, and what the paper says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its folder's name, and what `--rows` selects.
    pub name: String,
    /// The cell.
    pub cell: Cell,
    /// λ; 0 for cells without a gate.
    pub lambda: f64,
    /// For the random baselines.
    pub p_skip: Option<f64>,
    /// The task.
    pub data: DataSource,
    /// Samples per sequence.
    pub length: usize,
    /// The paper's figure.
    pub paper: Paper,
}

/// A figure of the paper, over four runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paper {
    /// Whether the task counts as solved.
    pub solved: bool,
    /// Mean updates per sequence.
    pub updates: f64,
    /// Their standard deviation, where it gives one.
    pub deviation: Option<f64>,
    /// Multiply-accumulates per sequence, where it gives them.
    pub flops: Option<f64>,
}

/// (cell, λ, p_skip, solved, updates in % of 50 samples, their deviation in %, FLOPs).
type AddingRow = (Cell, f64, Option<f64>, bool, f64, Option<f64>, f64);

const ADDING: [AddingRow; 10] = [
    (Cell::Lstm, 0.0, None, true, 100.0, Some(0.0), 2.46e6),
    (Cell::Lstm, 0.0, Some(0.2), false, 80.0, None, 1.97e6),
    (Cell::Lstm, 0.0, Some(0.5), false, 50.1, None, 1.23e6),
    (Cell::SkipLstm, 0.0, None, true, 81.1, Some(3.6), 2.00e6),
    (Cell::SkipLstm, 1e-5, None, true, 53.9, Some(2.1), 1.33e6),
    (Cell::Gru, 0.0, None, true, 100.0, Some(0.0), 1.85e6),
    (Cell::Gru, 0.0, Some(0.02), false, 98.0, None, 1.81e6),
    (Cell::Gru, 0.0, Some(0.5), false, 49.9, None, 9.25e5),
    (Cell::SkipGru, 0.0, None, true, 97.9, Some(3.2), 1.81e6),
    (Cell::SkipGru, 1e-5, None, true, 50.7, Some(2.6), 9.40e5),
];

/// (cell, λ, updates at 1 ms and their deviation, the same at 0.5 ms); the paper solves all of them.
type FrequencyRow = (Cell, f64, (f64, f64), (f64, f64));

const FREQUENCY: [FrequencyRow; 8] = [
    (Cell::Lstm, 0.0, (100.0, 0.0), (200.0, 0.0)),
    (Cell::SkipLstm, 0.0, (55.5, 16.9), (147.9, 27.0)),
    (Cell::SkipLstm, 1e-5, (47.4, 14.1), (50.7, 16.8)),
    (Cell::SkipLstm, 1e-4, (12.7, 0.5), (19.9, 1.5)),
    (Cell::Gru, 0.0, (100.0, 0.0), (200.0, 0.0)),
    (Cell::SkipGru, 0.0, (73.7, 17.9), (167.0, 18.3)),
    (Cell::SkipGru, 1e-5, (51.9, 10.2), (54.2, 4.4)),
    (Cell::SkipGru, 1e-4, (23.5, 6.2), (22.5, 2.1)),
];

fn name(cell: Cell, lambda: f64, p_skip: Option<f64>) -> String {
    match (cell.skips(), p_skip) {
        (true, _) if lambda == 0.0 => format!("{cell}-0"),
        (true, _) => format!("{cell}-{lambda:e}"),
        (false, Some(p)) => format!("{cell}-p{p}"),
        (false, None) => cell.to_string(),
    }
}

impl Table {
    /// `adding` or `frequency`.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Adding => "adding",
            Table::Frequency => "frequency",
        }
    }

    /// Its rows, in the paper's order; the frequency table's two halves below each other.
    pub fn rows(self) -> Vec<Row> {
        let adding = |(cell, lambda, p_skip, solved, updates, deviation, flops): AddingRow| Row {
            name: name(cell, lambda, p_skip),
            cell,
            lambda,
            p_skip,
            data: DataSource::Adding { length: 50 },
            length: 50,
            paper: Paper {
                solved,
                updates: updates / 2.0,
                deviation: deviation.map(|d| d / 2.0),
                flops: Some(flops),
            },
        };
        let frequency = |half: bool, (cell, lambda, whole_ms, half_ms): FrequencyRow| {
            let (updates, deviation) = if half { half_ms } else { whole_ms };
            Row {
                name: format!("{}-{}ms", name(cell, lambda, None), if half { "0.5" } else { "1" }),
                cell,
                lambda,
                p_skip: None,
                data: DataSource::Frequency {
                    sample_period_s: if half { 5e-4 } else { 1e-3 },
                },
                length: if half { 200 } else { 100 },
                paper: Paper {
                    solved: true,
                    updates,
                    deviation: Some(deviation),
                    flops: None,
                },
            }
        };
        match self {
            Table::Adding => ADDING.into_iter().map(adding).collect(),
            Table::Frequency => [false, true]
                .into_iter()
                .flat_map(|half| FREQUENCY.into_iter().map(move |row| frequency(half, row)))
                .collect(),
        }
    }
}

impl Row {
    /// The configuration of one run: the task's defaults.
    pub fn config(&self, seed: u64) -> TrainConfig {
        let default = self.data.default_config();
        TrainConfig {
            cell: self.cell,
            lambda: self.lambda,
            p_skip: self.p_skip,
            decision_clip: default.decision_clip.filter(|_| self.cell.skips()),
            seed,
            ..default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_configurations_valid() {
        for (table, count) in [(Table::Adding, 10), (Table::Frequency, 16)] {
            let rows = table.rows();
            let mut names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
            for row in &rows {
                let config = row.config(3);
                config.validate().unwrap();
                // The paper's FLOPs are multiply-accumulates of the cell without its gate, times the samples used.
                let (input, hidden) = (if table == Table::Adding { 2 } else { 1 }, config.hidden);
                if let Some(flops) = row.paper.flops {
                    let macs = row.cell.dense().macs_per_update(input, hidden, 1) as f64 * row.paper.updates;
                    assert!((macs / flops - 1.0).abs() < 0.015, "{}: {macs} {flops}", row.name);
                }
            }
        }
        assert_eq!(Table::Adding.rows()[2].name, "lstm-p0.5");
        assert_eq!(Table::Frequency.rows()[3].name, "skip-lstm-1e-4-1ms");
    }
}
