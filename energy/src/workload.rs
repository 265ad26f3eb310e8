use crate::cycles::UpdateCost;
use crate::error::Error;

/// What the network does in one sequence.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Samples in a sequence.
    pub sequence_length: usize,
    /// Time from one sample to the next.
    pub sample_period_s: f64,
    /// Updates per sequence, on average; 1 to `sequence_length`.
    pub updates_mean: f64,
    /// The sample indices used, one list per sequence, where they are known; `updates_mean` is then their mean length.
    pub schedules: Option<Vec<Vec<u32>>>,
    /// Cost of one update of the skipping network, gate and rule included.
    pub update: UpdateCost,
    /// Cost of one update of the network that uses every sample.
    pub dense_update: UpdateCost,
    /// MACs of the output layer, once per sequence.
    pub head_macs: usize,
    /// Channels of one sample.
    pub channels: usize,
}

impl Workload {
    /// Duration of a sequence.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.sequence_length as f64 * self.sample_period_s
    }

    /// The checks that [`predict`](crate::predict) makes first.
    ///
    /// # Errors
    /// [`Error::Workload`] with the field and the fix.
    pub fn validate(&self) -> Result<(), Error> {
        let fault = |field, problem: String| Err(Error::Workload { field, problem });
        if self.sequence_length == 0 {
            return fault("sequence_length", "is 0; a sequence has at least one sample".into());
        }
        if !(1e-9..=1e9).contains(&self.sample_period_s) {
            return fault(
                "sample_period_s",
                format!("is {:e}; give seconds above 0, from 1e-9 to 1e9", self.sample_period_s),
            );
        }
        if self.channels == 0 {
            return fault("channels", "is 0; a sample has at least one channel".into());
        }
        let most = self.sequence_length as f64;
        if !(1.0..=most).contains(&self.updates_mean) {
            return fault(
                "updates_mean",
                format!("is {}; it lies from 1 to {most}", self.updates_mean),
            );
        }
        for (field, cost) in [("update", &self.update), ("dense_update", &self.dense_update)] {
            if !cost.is_valid() {
                return fault(
                    field,
                    "must be above 0 and at most 1e15, with low <= mid <= high".into(),
                );
            }
        }
        self.schedules
            .as_deref()
            .map_or(Ok(()), |schedules| self.validate_schedules(schedules))
    }

    fn validate_schedules(&self, schedules: &[Vec<u32>]) -> Result<(), Error> {
        let fault = |problem: String| {
            Err(Error::Workload {
                field: "schedules",
                problem,
            })
        };
        if schedules.is_empty() {
            return fault("is empty; leave it out where no schedule is known".into());
        }
        for (n, schedule) in schedules.iter().enumerate() {
            if schedule.first() != Some(&0) {
                return fault(format!(
                    "sequence {n} does not begin with sample 0, which is always used"
                ));
            }
            if schedule.windows(2).any(|pair| pair[0] >= pair[1]) {
                return fault(format!("sequence {n}: the sample indices do not rise"));
            }
            if schedule
                .last()
                .is_some_and(|&last| last as usize >= self.sequence_length)
            {
                return fault(format!(
                    "sequence {n} uses a sample beyond the {} of a sequence",
                    self.sequence_length
                ));
            }
        }
        let mean = schedules.iter().map(Vec::len).sum::<usize>() as f64 / schedules.len() as f64;
        if (mean - self.updates_mean).abs() > 1e-6 * mean {
            return fault(format!(
                "hold {mean} updates per sequence, but updates_mean is {}",
                self.updates_mean
            ));
        }
        Ok(())
    }
}
