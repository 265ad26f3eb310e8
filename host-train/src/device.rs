//! Where training runs.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A device to train on. Written `cpu`, `cuda` (the first GPU) or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU by its number; needs a build with the feature `cuda`, and NVIDIA's driver.
    Cuda(usize),
    /// The kernels of the GPU on the processor, for tests.
    #[cfg(all(test, unix))]
    Emulated,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => write!(f, "cpu"),
            Device::Cuda(n) => write!(f, "cuda:{n}"),
            #[cfg(all(test, unix))]
            Device::Emulated => write!(f, "emulated"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |n: &str| n.parse().ok().map(Device::Cuda);
        let device = match text.split_once(':') {
            None if text == "cpu" => Some(Device::Cpu),
            None if text == "cuda" => Some(Device::Cuda(0)),
            #[cfg(all(test, unix))]
            None if text == "emulated" => Some(Device::Emulated),
            Some(("cuda", n)) => number(n),
            _ => None,
        };
        device.ok_or_else(|| {
            Error::usage(
                "device",
                format!("unknown device '{text}'; expected cpu, cuda or cuda:N"),
            )
        })
    }
}

impl TryFrom<String> for Device {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> String {
        device.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_others_are_refused() {
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        for text in ["cpu", "cuda:0", "cuda:3"] {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
        }
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "metal"] {
            assert!(text.parse::<Device>().unwrap_err().is_usage(), "{text}");
        }
    }
}
