//! What an image does with nothing loaded: it counts exactly, and refuses to replay.

use crate::{Error, Image, Options, instructions::InstructionCounter, log, memory::Loads};

/// What an image says of itself with nothing loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfCheck {
    /// What it counts where 1,000 instructions are executed.
    pub thousand_instructions: f64,
    /// Instructions of an empty measurement, which every count is reduced by.
    pub overhead_instructions: f64,
    /// Why it refuses to replay.
    pub refusal: String,
    /// The log, decoded line by line.
    pub log: Vec<String>,
}

/// Starts the image with nothing loaded: it must count exactly, and refuse.
///
/// # Errors
/// As [`crate::run`], and where the image does not refuse.
pub fn self_check(options: &Options) -> Result<SelfCheck, Error> {
    let lines = Image::open(options)?.run(&Loads::default(), options)?;
    let refusal = match log::ended(&lines) {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => return Err(error),
        Ok(()) => {
            return Err(Error::Mismatch(
                "an image with nothing loaded says that it is done".into(),
            ));
        }
    };
    let counter = InstructionCounter::parse(&lines, options)?;
    Ok(SelfCheck {
        thousand_instructions: counter.thousand,
        overhead_instructions: counter.overhead,
        refusal,
        log: lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Program, image_cache};

    #[test]
    fn a_fault_ends_the_run_and_says_where() {
        let options = Options::default();
        let mut elf =
            std::fs::read(image_cache::find(&options, Program::Replay).unwrap_or_else(|error| panic!("{error}")))
                .unwrap();
        // Amid the thousand nops of the calibration: an instruction that is permanently undefined.
        let nops = elf
            .windows(200)
            .position(|window| window.as_chunks().0.iter().all(|nop| *nop == [0x00, 0xbf]));
        let at = nops.expect("the calibration's nops") + 100;
        elf[at..at + 2].copy_from_slice(&[0xff, 0xde]);
        let folder = tempfile::tempdir().unwrap();
        let firmware = folder.path().join("broken.elf");
        std::fs::write(&firmware, elf).unwrap();
        let options = Options {
            firmware: Some(firmware),
            timeout_s: 20,
            ..options
        };
        match self_check(&options) {
            Err(Error::Fault(why)) => assert!(why.starts_with("HardFault at 0x0000"), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_run_that_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.txt");
        let options = Options {
            timeout_s: 0,
            keep_log: Some(log.clone()),
            ..Options::default()
        };
        match self_check(&options) {
            Err(Error::Timeout { seconds: 0, .. }) => assert!(log.is_file()),
            other => panic!("{other:?}"),
        }
    }
}
