//! The only unsafe code: choosing the instruction set at run time, and hints about memory.
#![allow(unsafe_code)]

/// A pointwise pass over slices. `run` must be `#[inline(always)]`, so that it is compiled anew for each [`Level`];
/// `FMA` says whether a fused multiply-add is one instruction there, `WIDE` whether there are 32 registers of 16 f32.
pub trait Kernel {
    /// What the pass returns.
    type Output;
    /// Does the work.
    fn run<const FMA: bool, const WIDE: bool>(self) -> Self::Output;
}

/// The instruction sets that kernels are compiled for. All run the same source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What the target guarantees.
    Portable,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, VL, DQ and BW.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The levels this machine has, slowest first.
    #[cfg(test)]
    pub fn available() -> Vec<Level> {
        let mut list = vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        list.extend([Level::Avx2, Level::Avx512].into_iter().filter(|l| l.detected()));
        list
    }

    /// The fastest level this machine has.
    pub fn best() -> Level {
        #[cfg(target_arch = "x86_64")]
        for level in [Level::Avx512, Level::Avx2] {
            if level.detected() {
                return level;
            }
        }
        Level::Portable
    }

    fn detected(self) -> bool {
        match self {
            Level::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                Level::Avx2.detected()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
            }
        }
    }
}

/// Runs a kernel with the fastest instructions there are.
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    dispatch_at(Level::best(), kernel)
}

/// Runs a kernel at a given level.
///
/// # Panics
/// The machine does not have the level.
pub fn dispatch_at<K: Kernel>(level: Level, kernel: K) -> K::Output {
    assert!(level.detected(), "{level:?} is not available on this machine");
    match level {
        Level::Portable => kernel.run::<{ cfg!(target_arch = "aarch64") }, false>(),
        // SAFETY: the features were detected in the line above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { with_avx2(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { with_avx512(kernel) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true, false>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true, true>()
}

/// Asks the system for large pages behind `values`, which should begin at the boundary of a page. Only a hint.
pub fn prefer_large_pages<T>(values: &mut [T]) {
    #[cfg(target_os = "linux")]
    {
        let (start, bytes) = (values.as_mut_ptr().cast(), size_of_val(values));
        // SAFETY: the advice says how to back memory that is allocated and borrowed here; what it holds stays the same.
        unsafe { libc::madvise(start, bytes, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = values;
}

/// Starts to bring the lines of `values` into the cache. Only a hint.
#[inline(always)]
pub fn prefetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for byte in (0..size_of_val(values)).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: within the slice; every x86-64 processor has the instruction.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().cast::<i8>().add(byte)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}
