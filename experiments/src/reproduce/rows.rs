//! The rows of the paper's tables (Campos et al., ICLR 2018: table 1, adding; appendix A.1, frequency discrimination; section
//! 4.2, sequential MNIST).

use crate::Spread;
use dataset::MnistConfig;
use float_model::Cell;
use host_train::{DataSource, TrainConfig};

/// A table of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Adding, 50 samples (table 1).
    Adding,
    /// Frequency discrimination, 1 ms and 0.5 ms between samples (appendix A.1).
    Frequency,
    /// Handwritten digits, pixel by pixel (section 4.2).
    Mnist,
}

/// One row, and the paper's figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The name of its folder, by which it is selected.
    pub name: String,
    /// The cell.
    pub cell: Cell,
    /// The cost λ of an update; 0 for cells without a gate.
    pub lambda: f64,
    /// The probability of skipping a sample, for the random baselines.
    pub p_skip: Option<f64>,
    /// The task.
    pub data: DataSource,
    /// Samples per sequence.
    pub length: usize,
    /// The paper's figures.
    pub paper: Paper,
}

/// Figures of the paper, over four runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paper {
    /// What the row reaches.
    pub verdict: Verdict,
    /// Mean updates per sequence.
    pub updates: f64,
    /// The standard deviation of the updates, where the paper gives one.
    pub deviation: Option<f64>,
    /// Multiply-accumulates per sequence, where the paper gives them.
    pub flops: Option<f64>,
}

impl Paper {
    /// Mean and standard deviation of the updates per sequence.
    pub(crate) fn updates_spread(&self) -> Spread {
        Spread {
            mean: self.updates,
            deviation: self.deviation,
        }
    }
}

/// What a row of the paper reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Whether the task counts as solved.
    Solved(bool),
    /// The accuracy and its standard deviation.
    Accuracy(f64, f64),
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

/// (cell, λ, p_skip, accuracy and its deviation, updates of 784 and their deviation, FLOPs).
type MnistRow = (Cell, f64, Option<f64>, (f64, f64), (f64, f64), f64);

const MNIST: [MnistRow; 6] = [
    (Cell::Lstm, 0.0, None, (0.910, 0.045), (784.0, 0.0), 3.83e7),
    (Cell::Lstm, 0.0, Some(0.5), (0.893, 0.003), (392.03, 0.05), 1.91e7),
    (Cell::SkipLstm, 1e-4, None, (0.973, 0.002), (379.38, 33.09), 1.86e7),
    (Cell::Gru, 0.0, None, (0.968, 0.013), (784.0, 0.0), 2.87e7),
    (Cell::Gru, 0.0, Some(0.5), (0.912, 0.004), (391.86, 0.14), 1.44e7),
    (Cell::SkipGru, 1e-4, None, (0.976, 0.003), (392.62, 26.48), 1.44e7),
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
    /// Every table, in the paper's order.
    pub const ALL: [Table; 3] = [Table::Adding, Table::Frequency, Table::Mnist];

    /// `adding`, `frequency` or `mnist`.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Adding => "adding",
            Table::Frequency => "frequency",
            Table::Mnist => "mnist",
        }
    }

    /// The rows, in the paper's order; the frequency table's two halves below each other, those of MNIST on `digits`.
    pub fn rows(self, digits: &MnistConfig) -> Vec<Row> {
        let adding = |(cell, lambda, p_skip, solved, updates, deviation, flops): AddingRow| Row {
            name: name(cell, lambda, p_skip),
            cell,
            lambda,
            p_skip,
            data: DataSource::Adding { length: 50 },
            length: 50,
            paper: Paper {
                verdict: Verdict::Solved(solved),
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
                    verdict: Verdict::Solved(true),
                    updates,
                    deviation: Some(deviation),
                    flops: None,
                },
            }
        };
        let mnist = |(cell, lambda, p_skip, (accuracy, spread), (updates, deviation), flops): MnistRow| Row {
            name: name(cell, lambda, p_skip),
            cell,
            lambda,
            p_skip,
            data: DataSource::Mnist(digits.clone()),
            length: (28 / digits.pool.max(1)).pow(2),
            paper: Paper {
                verdict: Verdict::Accuracy(accuracy, spread),
                updates,
                deviation: Some(deviation),
                flops: Some(flops),
            },
        };
        match self {
            Table::Mnist => MNIST.into_iter().map(mnist).collect(),
            Table::Adding => ADDING.into_iter().map(adding).collect(),
            Table::Frequency => [false, true]
                .into_iter()
                .flat_map(|half| FREQUENCY.into_iter().map(move |row| frequency(half, row)))
                .collect(),
        }
    }
}

impl Row {
    /// Where the gate starts, other than open as in the paper. 200 updates in a row are a long way for a gradient: where updates
    /// cost something, and the paper ends with every fourth to tenth sample, the gate starts there.
    fn start_every(&self) -> Option<usize> {
        let long = matches!(self.data, DataSource::Frequency { .. }) && self.length > 100;
        (long && self.cell.skips() && self.lambda > 0.0).then_some(4)
    }

    /// The configuration of one run: the task's defaults.
    pub fn config(&self, seed: u64) -> TrainConfig {
        let default = self.data.default_config();
        TrainConfig {
            cell: self.cell,
            lambda: self.lambda,
            p_skip: self.p_skip,
            decision_clip: default.decision_clip.filter(|_| self.cell.skips()),
            start_every: self.start_every(),
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
        let digits = MnistConfig {
            data: "digits".into(),
            pool: 1,
        };
        for (table, count) in [(Table::Adding, 10), (Table::Frequency, 16), (Table::Mnist, 6)] {
            let rows = table.rows(&digits);
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
        assert_eq!(Table::Adding.rows(&digits)[2].name, "lstm-p0.5");
        assert_eq!(Table::Frequency.rows(&digits)[3].name, "skip-lstm-1e-4-1ms");
    }
}
