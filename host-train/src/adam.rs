//! Adam (Kingma and Ba, ICLR 2015, algorithm 1), over plain arrays so that a checkpoint can hold its moments.

/// β1, β2 and ε of the paper.
const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// The optimiser's state; arrays in the order of the parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    /// Steps taken, t.
    pub step: u64,
    /// First moments, m.
    pub mean: Vec<Vec<f32>>,
    /// Second moments, v.
    pub square: Vec<Vec<f32>>,
}

impl Adam {
    /// The state before the first step, for parameters of these sizes.
    pub fn new(parameters: &[Vec<f32>]) -> Self {
        let zeros: Vec<Vec<f32>> = parameters.iter().map(|p| vec![0.0; p.len()]).collect();
        Adam {
            step: 0,
            mean: zeros.clone(),
            square: zeros,
        }
    }

    /// θ -= α · m̂ / (sqrt(v̂) + ε), with m̂ = m / (1 - β1^t) and v̂ = v / (1 - β2^t).
    pub fn update(&mut self, parameters: &mut [Vec<f32>], gradients: &[Vec<f32>], learning_rate: f64) {
        self.step += 1;
        let (scale1, scale2) = corrections(self.step);
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradients).zip(moments) {
            for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                let gradient = f64::from(*g);
                let mean = BETA1 * f64::from(*m) + (1.0 - BETA1) * gradient;
                let square = BETA2 * f64::from(*v) + (1.0 - BETA2) * gradient * gradient;
                (*m, *v) = (mean as f32, square as f32);
                let change = learning_rate * mean * scale1 / ((square * scale2).sqrt() + EPSILON);
                *p = (f64::from(*p) - change) as f32;
            }
        }
    }
}

/// 1 / (1 - β1^t) and 1 / (1 - β2^t) of step t, counted from 1.
pub(crate) fn corrections(step: u64) -> (f64, f64) {
    let t = step.min(i32::MAX as u64) as i32;
    (1.0 / (1.0 - BETA1.powi(t)), 1.0 / (1.0 - BETA2.powi(t)))
}

/// Scales the gradients so that their global L2 norm is at most `limit`; returns the norm before that.
pub fn clip(gradients: &mut [Vec<f32>], limit: f64) -> f64 {
    let square: f64 = gradients.iter().flatten().map(|g| f64::from(*g) * f64::from(*g)).sum();
    let norm = square.sqrt();
    if norm > limit {
        let scale = (limit / norm) as f32;
        gradients.iter_mut().flatten().for_each(|g| *g *= scale);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_by_hand() {
        let mut p = vec![vec![1.0f32], vec![-2.0, 0.5]];
        let mut adam = Adam::new(&p);
        adam.update(&mut p, &[vec![0.5], vec![-3.0, 0.0]], 0.1);
        // The first step moves every parameter by the learning rate against the sign of its gradient.
        assert!((p[0][0] - 0.9).abs() < 1e-6 && (p[1][0] + 1.9).abs() < 1e-6 && p[1][1] == 0.5);
        adam.update(&mut p, &[vec![-1.0], vec![0.0, 0.0]], 0.1);
        // m = 0.9*0.05 - 0.1 = -0.055; v = 0.999*0.00025 + 0.001 = 0.00124975;
        // m̂ = -0.055/0.19 = -0.2894737; v̂ = 0.00124975/0.001999 = 0.6251876; step 0.1*0.2894737/0.7906881 = 0.0366104.
        assert!((p[0][0] - 0.936_610_4).abs() < 1e-6, "{}", p[0][0]);
        assert!((adam.mean[0][0] + 0.055).abs() < 1e-7 && (adam.square[0][0] - 0.001_249_75).abs() < 1e-8);
    }

    #[test]
    fn clipping_keeps_small_gradients() {
        let mut g = vec![vec![3.0f32], vec![4.0]];
        assert_eq!(clip(&mut g, 10.0), 5.0);
        assert_eq!(g, [vec![3.0], vec![4.0]]);
        assert_eq!(clip(&mut g, 1.0), 5.0);
        assert!((g[0][0] - 0.6).abs() < 1e-7 && (g[1][0] - 0.8).abs() < 1e-7);
    }
}
