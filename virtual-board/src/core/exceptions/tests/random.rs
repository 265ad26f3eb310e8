use super::*;
use crate::core::profile::{CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33};
use proptest::{prelude::*, test_runner::RngSeed};

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// The lines of interrupts 0 to 7.
    Lines(u8),
    /// These are pended by hand.
    Pend(u8),
    /// The handler, if one runs, overwrites what it need not keep.
    Scribble(u32),
    /// It also uses floating-point registers.
    Float(u32),
    /// It returns.
    Return,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u8>().prop_map(Step::Lines),
        any::<u8>().prop_map(Step::Pend),
        any::<u32>().prop_map(Step::Scribble),
        any::<u32>().prop_map(Step::Float),
        Just(Step::Return),
    ]
}

fn levels(core: &mut Core, bits: u8) {
    let high: Vec<u16> = (0..8).filter(|n| bits >> n & 1 != 0).collect();
    lines(core, &high);
}

fn scribble(core: &mut Core, value: u32) {
    let registers = &mut core.registers;
    registers.r[..4].fill(value);
    registers.r[12] = value;
    registers.set_flags(value);
}

fn float(core: &mut Core, value: u32) {
    if core.profile.has_fpu() && core.lazy_fp().is_ok() {
        core.registers.s[..16].fill(value);
        core.registers.fpscr = value & 0xf000_009f;
    }
}

fn act(core: &mut Core, step: &Step) {
    if core.registers.ipsr == 0 && !matches!(step, Step::Lines(_) | Step::Pend(_)) {
        return;
    }
    match *step {
        Step::Lines(bits) => levels(core, bits),
        Step::Pend(bits) => write(core, ISPR, bits.into()),
        Step::Scribble(value) => scribble(core, value),
        Step::Float(value) => float(core, value),
        Step::Return => return_by_link(core),
    }
    settle(core);
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_thread_never_notices_its_interrupts(
        profile in prop::sample::select(vec![CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33]),
        priorities in prop::array::uniform8(any::<u8>()),
        (process, uses_float, lazy, sp) in (any::<bool>(), any::<bool>(), any::<bool>(), 0u32..8),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut core = core(profile);
        core.registers.r[13] = 0x2000_0f00 - 4 * sp;
        core.registers.set_sp(true, 0x2000_0400 - 4 * sp);
        core.registers.use_sp(process);
        if profile.has_fpu() {
            write(&mut core, CPACR, 0x00f0_0000);
            let state = read(&mut core, FPCCR);
            write(&mut core, FPCCR, if lazy { state } else { state & !(1 << 30) });
        }
        if uses_float {
            float(&mut core, 0x3f80_0000);
        }
        core.registers.set_flags(0xa800_0000 & if profile.is_main() { !0 } else { !(1 << 27) });
        for (interrupt, priority) in (0..).zip(priorities) {
            enable(&mut core, interrupt, priority);
        }
        settle(&mut core);
        let mut before = core.registers.clone();
        for step in &steps {
            act(&mut core, step);
            prop_assert!(core.stop.is_none());
            prop_assert_eq!(core.registers.r[14] >> 8 == 0x00ff_ffff, core.registers.ipsr != 0);
        }
        act(&mut core, &Step::Lines(0));
        for _ in 0..32 {
            act(&mut core, &Step::Return);
        }
        if profile.has_fpu() && core.registers.fp_active {
            core.lazy_fp().unwrap();
        }
        let mut after = core.registers.clone();
        if !before.fp_active {
            // A thread that does not use them finds what handlers have left.
            (after.s, after.fpscr) = (before.s, before.fpscr);
        }
        prop_assert_eq!(after.xpsr(), before.xpsr());
        // The words behind the flags may differ where the flags do not.
        after.set_flags(before.xpsr());
        before.set_flags(before.xpsr());
        prop_assert_eq!(after, before);
        prop_assert_eq!(core.system.nvic.active.len(), 0);
        prop_assert_eq!(core.execution_priority(), 256);
    }
}
