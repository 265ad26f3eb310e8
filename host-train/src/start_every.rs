//! `--start-every N`: where the skip gate begins.

use crate::params::{Kind, Parameters};

impl Parameters {
    /// Moves the gate's bias b_p to where, with nothing else at the gate, every `n`-th sample is used: then
    /// Δũ = 0.5 / (n - 0.5), which reaches one half after n samples (Campos et al., equations 3 to 5).
    pub fn start_every(&mut self, n: usize) {
        let increment = 0.5 / (n as f64 - 0.5);
        for (e, values) in self.shape.layout().iter().zip(&mut self.values) {
            if e.kind == Kind::GateBias && n > 1 {
                values[0] = (increment / (1.0 - increment)).ln() as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Shape;
    use float_model::{Cell, Description, Forward, Schedule};

    #[test]
    fn a_gate_starts_at_every_nth_sample() {
        let shape = Shape {
            cell: Cell::SkipGru,
            input: 1,
            hidden: 4,
            outputs: 2,
            layers: 1,
        };
        for n in [1usize, 2, 3, 8, 17] {
            let mut p = Parameters::initial(shape, 1);
            p.start_every(n);
            for (e, values) in shape.layout().iter().zip(&mut p.values) {
                if e.kind == Kind::GateWeight {
                    values.fill(0.0);
                }
            }
            let model = p.to_model(&[0.0], &[1.0], &Description::default());
            let outcome = Forward::new(&model).run(&[0.0; 60], Schedule::Learned { dial: 0.0 });
            let expected: Vec<u32> = (0..60).step_by(n).collect();
            assert_eq!(outcome.updates, expected, "{n}");
        }
    }
}
