//! Where the memory protection unit has allowed an access: remembered, so that most accesses cost one comparison.

/// A span of addresses, without wrapping: `length` 0 is empty.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    first: u32,
    length: u32,
}

/// One span of allowed loads and one of allowed stores for each sixteenth of the address space.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spans([[Span; 2]; 16]);

impl Spans {
    /// Whether an access of this many bytes is known to be allowed.
    #[inline]
    pub(super) const fn allow(&self, address: u32, bytes: u32, write: bool) -> bool {
        let span = self.0[(address >> 28) as usize][write as usize];
        let offset = address.wrapping_sub(span.first);
        offset < span.length && span.length - offset >= bytes
    }

    /// Remembers that every address from `first` to `last` is allowed; both belong to the sixteenth of `address`.
    pub(super) fn remember(&mut self, address: u32, first: u32, last: u32, write: bool) {
        let slot = address >> 28;
        let (begin, end) = (slot << 28, slot << 28 | 0x0fff_ffff);
        let first = first.max(begin);
        let length = last.min(end) - first + 1;
        self.0[slot as usize][usize::from(write)] = Span { first, length };
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_where_it_was_said_to_end() {
        let mut spans = Spans::default();
        assert!(!spans.allow(0x2000_0100, 1, false));
        spans.remember(0x2000_0100, 0x2000_0020, 0x2000_3fff, false);
        assert!(spans.allow(0x2000_0020, 4, false) && spans.allow(0x2000_3ffc, 4, false));
        assert!(!spans.allow(0x2000_001f, 4, false) && !spans.allow(0x2000_3ffd, 4, false));
        assert!(!spans.allow(0x2000_0100, 1, true));
        spans.remember(0xf000_0000, 0, u32::MAX, true);
        assert!(spans.allow(0xffff_fffc, 4, true) && !spans.allow(0xffff_fffd, 4, true));
        spans.clear();
        assert!(!spans.allow(0x2000_0100, 1, false));
    }
}
