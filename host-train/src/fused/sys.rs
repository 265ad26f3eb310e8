//! The only unsafe code: choosing the instruction set at run time, and the call into the matrix product.
#![allow(unsafe_code)]

use super::real::Real;

/// A pointwise pass over slices. `run` must be `#[inline(always)]`, so that it is compiled anew for each [`Level`];
/// `FMA` says whether a fused multiply-add is one instruction there.
pub trait Kernel {
    /// What the pass returns.
    type Output;
    /// Does the work.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// The instruction sets that kernels are compiled for. All run the same source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What the target guarantees; no fused multiply-add.
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
        Level::Portable => kernel.run::<false>(),
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
    kernel.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

/// A matrix inside a slice: element (r, c) is at `r * row_stride + c * col_stride`.
#[derive(Clone, Copy)]
pub struct Matrix<'a, F> {
    data: &'a [F],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, F> Matrix<'a, F> {
    /// `rows` rows of `cols` elements that begin `stride` apart.
    ///
    /// # Panics
    /// They do not lie inside `data`.
    pub fn new(data: &'a [F], rows: usize, cols: usize, stride: usize) -> Self {
        assert!(
            extent(rows, cols, stride) <= data.len(),
            "a matrix must lie inside its slice"
        );
        Matrix {
            data,
            rows,
            cols,
            row_stride: stride,
            col_stride: 1,
        }
    }

    /// The transposed view.
    pub fn transposed(self) -> Self {
        Matrix {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }
}

/// Elements that `rows` rows of `cols` elements at a distance of `stride` span.
fn extent(rows: usize, cols: usize, stride: usize) -> usize {
    assert!(cols <= stride, "rows must not overlap");
    match rows {
        0 => 0,
        n => (n - 1)
            .checked_mul(stride)
            .and_then(|n| n.checked_add(cols))
            .expect("the extent fits a usize"),
    }
}

/// out = a·b, or out += a·b with `accumulate`; `out` has a.rows rows of b.cols elements that begin `stride` apart.
/// One thread; the order of summation depends on the sizes alone.
///
/// # Panics
/// The sizes do not agree, or `out` is too short.
pub fn product<F: Real>(out: &mut [F], stride: usize, a: Matrix<'_, F>, b: Matrix<'_, F>, accumulate: bool) {
    assert_eq!(a.cols, b.rows, "inner dimensions must agree");
    assert!(extent(a.rows, b.cols, stride) <= out.len(), "the result must fit");
    // SAFETY: `gemm` reads a.rows × a.cols and b.rows × b.cols elements at the strides given, all inside their slices
    // (checked by `Matrix::new`; transposing changes no address), and writes (and with `accumulate` reads)
    // a.rows × b.cols elements of `out`, checked above, at distinct addresses since b.cols <= stride. `out` is borrowed
    // mutably, so it overlaps neither operand. F is f32 or f64 (`Real` is sealed), two of the types that `gemm` takes.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out.as_mut_ptr(),
            1,
            stride as isize,
            accumulate,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            F::ONE,
            F::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
