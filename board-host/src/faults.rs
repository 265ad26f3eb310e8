//! Faults on request: what a board does after a panic, an exhausted stack, a fault of the core.

use crate::{Backend, Error, Image, Machine, Options, Program, image_cache, memory::Loads};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The program panics.
    Panic,
    /// The program calls itself until the stack is exhausted.
    StackOverflow,
    /// An undefined instruction.
    HardFault,
    /// An exception that nothing handles.
    Exception,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 4] = [Fault::Panic, Fault::StackOverflow, Fault::HardFault, Fault::Exception];

    /// The image's letter for it.
    const fn letter(self) -> u8 {
        match self {
            Fault::Panic => b'p',
            Fault::StackOverflow => b's',
            Fault::HardFault => b'h',
            Fault::Exception => b'i',
        }
    }
}

/// Lets the board commit the fault on every start; returns its log, from the first start to the end.
///
/// # Errors
/// As [`crate::run`], but for the fault itself; [`Error::Timeout`] where the board never comes to rest.
pub fn commit(fault: Fault, machine: Machine, backend: Backend) -> Result<Vec<String>, Error> {
    backend.check()?;
    let image = Image::read(image_cache::built(machine, Program::Faults, false)?)?;
    let loads = Loads {
        memory: vec![(image.regions.blob.start, vec![fault.letter(); 4])],
        ..Loads::default()
    };
    let options = Options {
        machine,
        backend,
        timeout_s: 30,
        ..Options::default()
    };
    image.run(&loads, &options)
}
