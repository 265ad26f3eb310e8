//! The linker's symbol of what RAM the image takes.
#![allow(unsafe_code)]

unsafe extern "C" {
    static __sheap: u8;
}

/// The first address behind the image's stack and data.
pub fn end_of_data() -> usize {
    (&raw const __sheap).addr()
}
