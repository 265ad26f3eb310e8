//! The system's allocator, whose refusal is heard.
#![allow(unsafe_code, reason = "an allocator has no safe interface")]

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator; where it refuses, the function is called with the bytes that were asked for.
#[derive(Debug)]
pub struct OrExit(pub fn(usize) -> !);

impl OrExit {
    fn checked(&self, place: *mut u8, bytes: usize) -> *mut u8 {
        match place.is_null() {
            true => (self.0)(bytes),
            false => place,
        }
    }
}

// SAFETY: every call goes to the system's allocator as it came, and its answer is handed on; a null pointer never returns. The
// function that is called then unwinds in no case: it ends the process.
unsafe impl GlobalAlloc for OrExit {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules of this same method.
        self.checked(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules of this same method.
        self.checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the rules of this same method.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the rules of this same method.
        self.checked(unsafe { System.realloc(place, layout, size) }, size)
    }
}
