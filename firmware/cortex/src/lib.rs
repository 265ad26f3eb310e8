//! What every Cortex-M board has in common: how it starts, what becomes of a fault, where the blob lies.
//!
//! A board's linker script defines these symbols: `_stack_start` and `_stack_end`, the stack's highest and lowest
//! address, below the data, the lowest one a multiple of 256; `_blob_start` and `_blob_size`, the flash in which the
//! blob lies behind its header; `_sequences_start` and `_sequences_size`, the same for recorded sequences, of size 0 where
//! there is no room for them.
#![no_std]

pub mod classify;
#[cfg(feature = "embassy")]
pub mod clock;
pub mod collect;
pub mod counter;
pub mod measure;
#[cfg(not(armv6m))]
pub mod meter;
mod network;
mod parts;
mod refusal;
pub mod replay;
mod sys;

pub use app::Markers;
use app::{
    fault::{Fault, Start},
    log,
};
use core::panic::PanicInfo;
pub use parts::{Parts, Pins};
pub use refusal::Refusal;
#[cfg(feature = "rtt")]
pub use sys::log_room;
pub use sys::{blob_region, sequence_region, settle, stack_use};

/// How a start ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The application came to its end.
    Done,
    /// It cannot do what it was asked to, and no restart would change that.
    Refused,
    /// Too many faults in a row.
    Parked,
}

/// Starts an application, unless too many starts have ended in a fault. `watchdog` says that the watchdog has reset the
/// board. `end` takes the board to its last state: asleep, until the power is cycled.
pub fn start(
    watchdog: bool,
    application: impl FnOnce(cortex_m::Peripherals) -> Result<(), Refusal>,
    end: fn(End) -> !,
) -> ! {
    if watchdog {
        sys::record(Fault::Watchdog);
    }
    match sys::retained().start() {
        Start::Fresh => {}
        Start::Again(fault, restart) => {
            log::restart(restart, &fault);
        }
        Start::Park(fault) => {
            log::parked(&fault);
            end(End::Parked)
        }
    }
    sys::armed();
    sys::paint_stack();
    end(run(application))
}

/// A call of its own: its frame is large, and what is decided before must not depend on there being room for it.
#[inline(never)]
fn run(application: impl FnOnce(cortex_m::Peripherals) -> Result<(), Refusal>) -> End {
    let Some(mut core) = cortex_m::Peripherals::take() else {
        return End::Refused;
    };
    sys::guard_stack(&mut core);
    match application(core) {
        Ok(()) => End::Done,
        Err(refusal) => {
            log::refused(&refusal);
            End::Refused
        }
    }
}

/// Records a fault and resets the board.
fn fault(fault: Fault) -> ! {
    sys::record(fault);
    log::fault(&fault);
    cortex_m::peripheral::SCB::sys_reset()
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let line = info.location().map_or(0, core::panic::Location::line);
    sys::record(Fault::Panic { line });
    log::fault_in_panic(info.location());
    cortex_m::peripheral::SCB::sys_reset()
}
