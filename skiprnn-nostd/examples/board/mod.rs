//! What the examples share: the panic handler that one needs on a chip, where it only has to build and is never started; and numbers
//! for synthetic signals.
#![allow(dead_code, reason = "each example uses its own part of this")]

#[cfg(not(target_os = "none"))]
pub mod recordings;

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Numbers that look drawn at random, the same in every run.
pub struct Noise(pub u32);

impl Noise {
    /// A number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(self.0) * u64::from(end)) >> 32) as u32
    }

    /// A number from `-limit` to `limit`.
    pub fn within(&mut self, limit: i16) -> i16 {
        let width = u32::from(limit.unsigned_abs()) * 2 + 1;
        self.below(width) as i16 - limit
    }
}
