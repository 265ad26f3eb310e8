//! Symbols of an image's ELF that the host reads. The linker scripts and build scripts of the boards define them; their names
//! are repeated there, since a linker script cannot use a Rust constant.

/// Address of the flash in which the blob lies behind its header.
pub const BLOB_START: &str = "_blob_start";
/// Bytes of that region, as the symbol's address.
pub const BLOB_SIZE: &str = "_blob_size";
/// Address of the region in which recorded sequences lie behind their header.
pub const SEQUENCES_START: &str = "_sequences_start";
/// Bytes of that region, as the symbol's address; 0 where sequences are streamed in.
pub const SEQUENCES_SIZE: &str = "_sequences_size";
/// Lowest address of the stack.
pub const STACK_END: &str = "_stack_end";
/// Highest address of the stack.
pub const STACK_START: &str = "_stack_start";
/// Beginning of the symbol that names the board or the emulated machine; `_` stands for `-` in the name.
pub const BOARD_PREFIX: &str = "_board_";
/// Symbol of an image that is to run without a debugger.
pub const UNWATCHED: &str = "_unwatched";
