//! What the kernels run on, as the trainer sees it: memory, copies and launches.

use crate::Error;

/// The kernels of `kernels/*.cu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    Draw,
    Frequency,
    Adding,
    Pack,
    Forward,
    Head,
    Total,
    Backward,
    Products,
    Collect,
    Norm,
    Adam,
}

impl Kernel {
    /// All of them, in the order in which they are numbered.
    #[cfg(any(feature = "cuda", test))]
    pub const ALL: [Kernel; 12] = [
        Kernel::Draw,
        Kernel::Frequency,
        Kernel::Adding,
        Kernel::Pack,
        Kernel::Forward,
        Kernel::Head,
        Kernel::Total,
        Kernel::Backward,
        Kernel::Products,
        Kernel::Collect,
        Kernel::Norm,
        Kernel::Adam,
    ];

    /// The function's name in the source.
    #[cfg(feature = "cuda")]
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Draw => "draw",
            Kernel::Frequency => "frequency",
            Kernel::Adding => "adding",
            Kernel::Pack => "pack",
            Kernel::Forward => "forward",
            Kernel::Head => "head_and_loss",
            Kernel::Total => "total",
            Kernel::Backward => "backward",
            Kernel::Products => "products",
            Kernel::Collect => "collect",
            Kernel::Norm => "gradient_norm",
            Kernel::Adam => "adam",
        }
    }
}

/// How many threads run a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// Blocks in x, y and z.
    pub blocks: [u32; 3],
    /// Threads of a block.
    pub threads: u32,
    /// Dynamic shared memory of a block, in floats.
    pub shared_floats: u32,
}

impl Grid {
    /// At least a thread for each of `count` elements.
    pub fn over(count: usize) -> Self {
        Grid {
            blocks: [(count.div_ceil(256) as u32).max(1), 1, 1],
            threads: 256,
            shared_floats: 0,
        }
    }

    /// One block.
    pub fn single(threads: u32) -> Self {
        Grid {
            blocks: [1; 3],
            threads,
            shared_floats: 0,
        }
    }
}

/// An argument of a kernel.
pub enum Arg<'a, B> {
    /// A pointer to the start of a buffer.
    Of(&'a B),
    /// A pointer to one of its words.
    At(&'a B, usize),
    /// A pointer to it where it is wanted, else null.
    If(bool, &'a B),
    Int(usize),
    Uint(u32),
    Float(f32),
    Double(f64),
}

/// Sizes that a program is compiled for; see `kernels/recurrence.cu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constants {
    pub family: usize,
    pub layers: usize,
    pub input: usize,
    pub hidden: usize,
    pub rows: usize,
    pub threads: usize,
    pub resident: usize,
    pub resident_back: usize,
    pub outputs: usize,
}

impl Constants {
    /// Names of the constants in the source, and their values.
    pub fn named(&self) -> [(&'static str, usize); 9] {
        [
            ("FAMILY", self.family),
            ("LAYERS", self.layers),
            ("INPUT", self.input),
            ("HIDDEN", self.hidden),
            ("ROWS", self.rows),
            ("THREADS", self.threads),
            ("RESIDENT", self.resident),
            ("RESIDENT_BACK", self.resident_back),
            ("OUTPUTS", self.outputs),
        ]
    }
}

/// A GPU, or what stands for one in tests. Memory is in words of four bytes; work is done in the order in which it is given.
pub trait Machine: Send {
    /// Memory of the machine, given back when dropped.
    type Buffer: Send + 'static;

    /// What one is called in errors: `cuda:0`.
    fn name(&self) -> String;

    /// Blocks that run at the same time, one on each multiprocessor.
    fn multiprocessors(&self) -> usize;

    /// The most dynamic shared memory of a block, in floats.
    fn shared_floats(&self) -> usize;

    /// Makes the kernels for these sizes ready.
    fn compile(&mut self, constants: &Constants) -> Result<(), Error>;

    /// Memory of `words` zeros.
    fn zeros(&self, words: usize) -> Result<Self::Buffer, Error>;

    /// Copies to the start of a buffer that is as long or longer.
    fn write(&self, to: &mut Self::Buffer, words: &[u32]) -> Result<(), Error>;

    /// The first `words` of a buffer, once the work given before is done.
    fn read(&self, from: &Self::Buffer, words: usize) -> Result<Vec<u32>, Error>;

    /// Runs a kernel; what it writes are its buffer arguments.
    fn launch(&self, kernel: Kernel, grid: Grid, args: &[Arg<'_, Self::Buffer>]) -> Result<(), Error>;

    /// [`Machine::write`] of numbers.
    fn write_floats(&self, to: &mut Self::Buffer, values: &[f32]) -> Result<(), Error> {
        let words: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
        self.write(to, &words)
    }

    /// [`Machine::read`] of numbers.
    fn read_floats(&self, from: &Self::Buffer, count: usize) -> Result<Vec<f32>, Error> {
        Ok(self.read(from, count)?.into_iter().map(f32::from_bits).collect())
    }

    /// A buffer with these words.
    fn buffer_of(&self, words: &[u32]) -> Result<Self::Buffer, Error> {
        let mut buffer = self.zeros(words.len())?;
        self.write(&mut buffer, words)?;
        Ok(buffer)
    }

    /// A buffer with these numbers.
    fn floats_of(&self, values: &[f32]) -> Result<Self::Buffer, Error> {
        let words: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
        self.buffer_of(&words)
    }
}
