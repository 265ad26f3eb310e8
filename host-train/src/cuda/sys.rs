//! The GPU: NVIDIA's driver and NVRTC through `cudarc`. The only unsafe code of the CUDA path.
#![allow(unsafe_code)]

use super::machine::{Arg, Constants, Grid, Kernel, Machine};
use crate::{Device, Error};
use cudarc::{
    driver::{
        CudaContext, CudaFunction, CudaSlice, CudaStream, DevicePtr, DriverError, LaunchConfig, PushKernelArg,
        sys::{CUdevice_attribute, CUfunction_attribute_enum},
    },
    nvrtc::{CompileError, CompileOptions, compile_ptx_with_opts},
};
use std::sync::Arc;

const SOURCES: [&str; 4] = [
    include_str!("../../kernels/nvrtc.cu"),
    include_str!("../../kernels/random.cu"),
    include_str!("../../kernels/recurrence.cu"),
    include_str!("../../kernels/step.cu"),
];

/// A GPU with its kernels.
pub struct Gpu {
    name: String,
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    /// In the order of [`Kernel::ALL`]; empty before [`Machine::compile`].
    kernels: Vec<CudaFunction>,
}

impl Gpu {
    /// The `n`-th GPU.
    ///
    /// # Errors
    /// The driver, NVRTC or the GPU is missing; which of them is said.
    pub fn open(n: usize) -> Result<Self, Error> {
        let name = Device::Cuda(n).to_string();
        let missing = |problem: String| Error::Device {
            device: name.clone(),
            problem,
        };
        present().map_err(|problem| missing(problem.into()))?;
        let none = |e: DriverError| {
            missing(format!(
                "the NVIDIA driver finds no GPU to use: {e}; `nvidia-smi` lists them"
            ))
        };
        let count = CudaContext::device_count().map_err(none)?;
        if n >= count as usize {
            return Err(missing(format!(
                "there are {count} GPUs, numbered from 0; give another number, or cpu"
            )));
        }
        let context = CudaContext::new(n).map_err(none)?;
        let stream = context.default_stream();
        Ok(Gpu {
            name,
            context,
            stream,
            kernels: Vec::new(),
        })
    }

    /// GPUs that could be opened; 0 also where driver or NVRTC is missing.
    #[cfg(test)]
    pub fn count() -> usize {
        match present() {
            Ok(()) => CudaContext::device_count().unwrap_or(0) as usize,
            Err(_) => 0,
        }
    }

    /// Memory that is free.
    #[cfg(test)]
    pub fn free_bytes(&self) -> usize {
        self.stream.synchronize().expect("a stream without failed work");
        self.context.mem_get_info().expect("a context").0
    }

    fn failed(&self, doing: &str) -> impl Fn(DriverError) -> Error {
        let (device, doing) = (self.name.clone(), doing.to_owned());
        move |e| Error::Device {
            device: device.clone(),
            problem: format!("{doing}: {e}"),
        }
    }

    /// 0 where the driver does not know the attribute.
    fn attribute(&self, attribute: CUdevice_attribute) -> usize {
        self.context.attribute(attribute).map_or(0, |v| v.max(0) as usize)
    }
}

/// Whether both libraries are there; cudarc would panic at the first call into one that is not.
fn present() -> Result<(), &'static str> {
    // A build with candle's kernels is linked to the libraries and would not have started without them.
    #[cfg(not(feature = "cuda-candle"))]
    absent()?;
    Ok(())
}

#[cfg(not(feature = "cuda-candle"))]
fn absent() -> Result<(), &'static str> {
    // SAFETY: loads the library and runs its initialisers; nothing in this process interferes with them.
    if !unsafe { cudarc::driver::sys::is_culib_present() } {
        return Err(
            "the NVIDIA driver is missing (no libcuda.so.1 is found): install it, or run where there is one, or give cpu",
        );
    }
    // SAFETY: as above.
    if !unsafe { cudarc::nvrtc::sys::is_culib_present() } {
        return Err(
            "NVRTC is missing (no libnvrtc.so.12 or .13 is found): install the CUDA toolkit, or its NVRTC alone, and put its \
             folder into LD_LIBRARY_PATH",
        );
    }
    Ok(())
}

/// The program for these sizes, as NVRTC takes it.
fn source(constants: &Constants) -> String {
    let defines = constants
        .named()
        .map(|(name, value)| format!("#define {name} {value}\n"));
    defines.concat() + &SOURCES.concat()
}

/// PTX for GPUs of compute capability `major`.`minor` and newer.
fn compile(constants: &Constants, (major, minor): (usize, usize)) -> Result<cudarc::nvrtc::Ptx, String> {
    let options = CompileOptions {
        options: vec![
            format!("--gpu-architecture=compute_{major}{minor}"),
            "--std=c++17".into(),
        ],
        ..CompileOptions::default()
    };
    compile_ptx_with_opts(source(constants), options).map_err(|e| match e {
        CompileError::CompileError { log, .. } => format!("NVRTC refuses the kernels: {}", log.to_string_lossy()),
        other => format!("NVRTC fails: {other:?}"),
    })
}

impl Machine for Gpu {
    type Buffer = CudaSlice<u32>;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn multiprocessors(&self) -> usize {
        self.attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
    }

    fn shared_floats(&self) -> usize {
        self.attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) / 4
    }

    fn compile(&mut self, constants: &Constants) -> Result<(), Error> {
        let capability = (
            self.attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            self.attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        );
        let ptx = compile(constants, capability).map_err(|problem| Error::Device {
            device: self.name.clone(),
            problem,
        })?;
        let doing = "the driver refuses the kernels (an NVRTC newer than the driver is one reason)";
        let module = self.context.load_module(ptx).map_err(self.failed(doing))?;
        let shared = [
            (Kernel::Forward, constants.forward_floats()),
            (Kernel::Backward, constants.backward_floats()),
        ];
        self.kernels = Kernel::ALL
            .iter()
            .map(|kernel| {
                let function = module.load_function(kernel.name())?;
                if let Some((_, floats)) = shared.iter().find(|(k, _)| k == kernel) {
                    // More than 48 KiB are given only to those who ask.
                    let attribute = CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
                    function.set_attribute(attribute, 4 * *floats as i32)?;
                }
                Ok(function)
            })
            .collect::<Result<_, _>>()
            .map_err(self.failed(doing))?;
        Ok(())
    }

    fn zeros(&self, words: usize) -> Result<CudaSlice<u32>, Error> {
        let doing = format!("memory for {words} words");
        self.stream.alloc_zeros(words).map_err(self.failed(&doing))
    }

    fn write(&self, to: &mut CudaSlice<u32>, words: &[u32]) -> Result<(), Error> {
        if words.is_empty() {
            return Ok(());
        }
        self.stream.memcpy_htod(words, to).map_err(self.failed("a copy to it"))
    }

    fn read(&self, from: &CudaSlice<u32>, words: usize) -> Result<Vec<u32>, Error> {
        let mut out = vec![0; words];
        let copied = self.stream.memcpy_dtoh(&from.slice(..words), &mut out);
        let done = copied.and_then(|()| self.stream.synchronize());
        done.map_err(self.failed("a copy from it"))?;
        Ok(out)
    }

    fn launch(&self, kernel: Kernel, grid: Grid, args: &[Arg<'_, CudaSlice<u32>>]) -> Result<(), Error> {
        /// An argument's value, kept where the launch may point at it.
        enum Value {
            Pointer(u64),
            Int(i32),
            Uint(u32),
            Float(f32),
            Double(f64),
        }
        let pointer = |buffer: &CudaSlice<u32>| buffer.device_ptr(&self.stream).0;
        let values: Vec<Value> = args
            .iter()
            .map(|arg| match *arg {
                Arg::Of(buffer) => Value::Pointer(pointer(buffer)),
                Arg::At(buffer, word) => Value::Pointer(pointer(buffer) + 4 * word as u64),
                Arg::If(true, buffer) => Value::Pointer(pointer(buffer)),
                Arg::If(false, _) => Value::Pointer(0),
                Arg::Int(v) => Value::Int(v as i32),
                Arg::Uint(v) => Value::Uint(v),
                Arg::Float(v) => Value::Float(v),
                Arg::Double(v) => Value::Double(v),
            })
            .collect();
        let which = Kernel::ALL.iter().position(|k| *k == kernel);
        let function = which
            .and_then(|k| self.kernels.get(k))
            .expect("kernels are compiled first");
        let mut builder = self.stream.launch_builder(function);
        for value in &values {
            match value {
                Value::Pointer(v) => builder.arg(v),
                Value::Int(v) => builder.arg(v),
                Value::Uint(v) => builder.arg(v),
                Value::Float(v) => builder.arg(v),
                Value::Double(v) => builder.arg(v),
            };
        }
        let [x, y, z] = grid.blocks;
        let config = LaunchConfig {
            grid_dim: (x, y, z),
            block_dim: (grid.threads, 1, 1),
            shared_mem_bytes: 4 * grid.shared_floats,
        };
        // SAFETY: the arguments are those of the kernel's signature, in number, order and size, and it stays within the
        // buffers: the tests run every kernel with the same lists of arguments, made by the same code, in an emulator that
        // checks their number and the ends of every buffer. The buffers live until their memory is given back in the order
        // of this one stream, after the kernel.
        let launched = unsafe { builder.launch(config) };
        launched
            .map(|_| ())
            .map_err(self.failed(&format!("kernel {}", kernel.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NVRTC needs no GPU: where it is, it must take the kernels of every kind of network.
    #[test]
    fn nvrtc_takes_the_kernels() {
        // SAFETY: as in `absent`.
        #[cfg(not(feature = "cuda-candle"))]
        if !unsafe { cudarc::nvrtc::sys::is_culib_present() } {
            eprintln!("skipped: NVRTC is not found");
            return;
        }
        for (family, layers) in [(0, 1), (0, 2), (1, 1), (1, 2)] {
            let constants = Constants {
                family,
                layers,
                input: 3,
                hidden: 110,
                rows: 2,
                threads: 448,
                resident: 14,
                resident_back: 40,
                outputs: 2,
            };
            let ptx = compile(&constants, (9, 0)).unwrap().to_src();
            for kernel in Kernel::ALL {
                assert!(ptx.contains(&format!(".entry {}(", kernel.name())), "{kernel:?}");
            }
        }
    }
}
