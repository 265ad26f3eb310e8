//! What computes gradients.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What computes gradients. Written `fused` or `candle`.
///
/// Both compute the same; the last bits differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// The fused kernels ([`crate::fused`], and `cuda/` on a GPU).
    #[default]
    Fused,
    /// Op by op through candle's autograd ([`crate::candle_engine`]): the readable reference, several times slower. On a GPU
    /// it needs a build with the feature `cuda-candle`.
    Candle,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Fused => "fused",
            Engine::Candle => "candle",
        })
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut all = [Engine::Fused, Engine::Candle].into_iter();
        all.find(|e| e.to_string() == text)
            .ok_or_else(|| Error::usage("engine", format!("unknown engine '{text}'; expected fused or candle")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_others_are_refused() {
        for engine in [Engine::Fused, Engine::Candle] {
            assert_eq!(engine.to_string().parse::<Engine>().unwrap(), engine);
            let kept = serde_json::to_string(&engine).unwrap();
            assert_eq!(
                kept,
                format!("\"{engine}\""),
                "config.toml holds the name that is typed"
            );
        }
        for text in ["", "twin", "Fused"] {
            let e = text.parse::<Engine>().unwrap_err();
            assert!(
                e.is_usage() && e.to_string().contains("expected fused or candle"),
                "{e}"
            );
        }
    }
}
