//! Every way in which a run ends, each with an exit code of its own, so that a fault never hangs whoever waits.

use core::panic::PanicInfo;
use semihosting::process;

/// All sequences were replayed.
pub fn done() -> ! {
    process::exit(0)
}

/// The image could not do what it was asked to; a line `refused: ...` says why.
pub fn refused() -> ! {
    process::exit(2)
}

/// The core faulted.
pub fn hard_fault(pc: u32) -> ! {
    defmt::println!("fault HardFault at {=u32:#010x}", pc);
    process::exit(3)
}

/// An interrupt or exception that nothing here handles.
pub fn unexpected_interrupt(number: i16) -> ! {
    defmt::println!("fault interrupt {=i16}", number);
    process::exit(3)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    match info.location() {
        Some(at) => defmt::println!("fault panic in {=str}, line {=u32}", at.file(), at.line()),
        None => defmt::println!("fault panic"),
    }
    process::exit(1)
}
