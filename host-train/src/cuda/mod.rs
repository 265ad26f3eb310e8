//! Training on a GPU: the whole step, data included, as kernels on one stream (`kernels/*.cu`), bound to the driver and
//! NVRTC by `cudarc`, both of which are loaded at run time.
//!
//! [`Training`] decides what runs with which arguments, over a [`machine::Machine`]: [`Gpu`], or in tests `Emulated`, which
//! runs the same kernels, compiled by a C++ compiler, on the processor. What only a GPU can show is therefore left to
//! [`sys`] alone.

mod evaluation;
mod machine;
mod pass;
mod plan;
mod steps;
#[cfg(feature = "cuda")]
mod sys;
mod training;

#[cfg(all(test, unix))]
mod emulated;
#[cfg(all(test, unix))]
mod tests;

#[cfg(all(test, unix))]
pub(crate) use emulated::Emulated;
#[cfg(feature = "cuda")]
pub(crate) use sys::Gpu;
pub(crate) use training::Training;
