//! Sizes of the largest model and the longest sequence that an image has static room for. An image refuses what exceeds them,
//! by name; the host refuses it before it builds or writes anything.

/// Largest H of a model: units per layer.
pub const MAX_HIDDEN: usize = 128;
/// Largest L of a model: layers.
pub const MAX_LAYERS: usize = 2;
/// Largest I of a model: channels of a sample.
pub const MAX_INPUTS: usize = 16;
/// Largest O of a model: outputs of the head.
pub const MAX_OUTPUTS: usize = 32;
/// Largest T: samples of one sequence.
pub const MAX_SAMPLES: usize = 4096;
