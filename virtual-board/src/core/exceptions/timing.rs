//! What entry to and return from an exception cost, as (lowest, highest) cycles with memory that needs no wait states.
//!
//! Published: Cortex-M0 16 cycles from the interrupt to the first instruction of its handler (DDI 0432C, 1.1); Cortex-M3 and M4
//! 12, tail chaining 6 (DDI 0337H, 5.2; DDI 0439B, 3.9), return at most 12 and 17 more for floating-point registers that are
//! written or read at once (Arm application note 298). Everything else is an interval that we set: nobody publishes it.

use crate::core::profile::{Profile, Timing};

/// Cycles at least and at most.
type Cycles = (u32, u32);

/// Words that a frame with floating-point registers has more.
const FP_WORDS: u32 = 17;

fn with_fp(cycles: Cycles, fp: bool) -> Cycles {
    let more = if fp { FP_WORDS } else { 0 };
    (cycles.0 + more, cycles.1 + more)
}

/// From the end of an instruction to the handler's first one. `fp`: floating-point registers are written at once.
pub fn entry(profile: &Profile, fp: bool) -> Cycles {
    let cycles = match profile.timing {
        Timing::CortexM0 => (16, 16),
        Timing::CortexM3 | Timing::CortexM4 => (12, 12),
        Timing::CortexM7 => (10, 16),
        Timing::CortexM33 => (12, 16),
    };
    with_fp(cycles, fp)
}

/// From one handler to the next without a frame in between.
pub fn tail_chain(profile: &Profile) -> Cycles {
    match profile.timing {
        Timing::CortexM0 => (6, 16),
        Timing::CortexM3 | Timing::CortexM4 => (6, 6),
        Timing::CortexM7 | Timing::CortexM33 => (6, 12),
    }
}

/// From the handler's last instruction to the code that it had interrupted. `fp`: floating-point registers are read.
pub fn exit(profile: &Profile, fp: bool) -> Cycles {
    let cycles = match profile.timing {
        Timing::CortexM0 => (12, 16),
        Timing::CortexM3 | Timing::CortexM4 => (10, 12),
        Timing::CortexM7 | Timing::CortexM33 => (10, 16),
    };
    with_fp(cycles, fp)
}
