//! The memory of a chip: flash and RAM by address, bytes in little-endian order.

/// Addresses are looked up by their upper 16 bits.
const PAGE_BITS: u32 = 16;

/// Whether the core's stores change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Read by the core, written by a loader or a controller of flash. A store of the core goes to the bus instead.
    Flash,
    /// Read and written. It keeps its bytes over every reset but loses them with power.
    Ram,
}

/// One stretch of memory. Two regions may not share the upper 16 bits of any address.
#[derive(Debug, Clone)]
pub struct Region {
    /// Its name in messages, such as "flash".
    pub name: &'static str,
    /// Its first address, a multiple of 4.
    pub base: u32,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Flash or RAM.
    pub kind: Kind,
}

impl Region {
    /// Erased flash: every byte 0xff.
    #[must_use]
    pub fn flash(name: &'static str, base: u32, bytes: usize) -> Self {
        Self {
            name,
            base,
            bytes: vec![0xff; bytes],
            kind: Kind::Flash,
        }
    }

    /// RAM, all zero.
    #[must_use]
    pub fn ram(name: &'static str, base: u32, bytes: usize) -> Self {
        Self {
            name,
            base,
            bytes: vec![0; bytes],
            kind: Kind::Ram,
        }
    }
}

/// Every region of a chip.
#[derive(Debug, Clone)]
pub struct Memory {
    regions: Vec<Region>,
    /// The index of the region that each page lies in, plus one; 0 where there is none.
    pages: Box<[u8; 1 << (32 - PAGE_BITS)]>,
    flash_changes: u64,
}

impl Memory {
    /// The memory of these regions, at most 255.
    #[must_use]
    pub fn new(regions: Vec<Region>) -> Self {
        let mut pages = Box::new([0; 1 << (32 - PAGE_BITS)]);
        for (index, region) in regions.iter().enumerate().take(255) {
            let last = region.base.wrapping_add(region.bytes.len().saturating_sub(1) as u32);
            for page in region.base >> PAGE_BITS..=last >> PAGE_BITS {
                if let Some(page) = pages.get_mut(page as usize) {
                    *page = index as u8 + 1;
                }
            }
        }
        Self {
            regions,
            pages,
            flash_changes: 0,
        }
    }

    /// Every region, in the order given.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The region that holds an address.
    #[must_use]
    #[inline]
    pub fn region(&self, address: u32) -> Option<&Region> {
        let page = self.pages[(address >> PAGE_BITS) as usize];
        self.regions.get(usize::from(page.checked_sub(1)?))
    }

    #[inline]
    fn region_mut(&mut self, address: u32) -> Option<&mut Region> {
        let page = self.pages[(address >> PAGE_BITS) as usize];
        self.regions.get_mut(usize::from(page.checked_sub(1)?))
    }

    /// `N` bytes from an address on; none where a region does not hold all of them.
    #[must_use]
    #[inline]
    pub fn load<const N: usize>(&self, address: u32) -> Option<[u8; N]> {
        let region = self.region(address)?;
        let offset = address.wrapping_sub(region.base) as usize;
        region.bytes.get(offset..)?.first_chunk().copied()
    }

    /// Changes `N` bytes of RAM as the core does; none where a region of RAM does not hold all of them.
    #[inline]
    pub fn store<const N: usize>(&mut self, address: u32, bytes: [u8; N]) -> Option<()> {
        let region = self.region_mut(address)?;
        if region.kind == Kind::Flash {
            return None;
        }
        let offset = address.wrapping_sub(region.base) as usize;
        *region.bytes.get_mut(offset..)?.first_chunk_mut()? = bytes;
        Some(())
    }

    /// A stretch of bytes; none where a region does not hold all of it.
    #[must_use]
    pub fn bytes(&self, address: u32, length: usize) -> Option<&[u8]> {
        let region = self.region(address)?;
        let offset = address.wrapping_sub(region.base) as usize;
        region.bytes.get(offset..)?.get(..length)
    }

    /// Puts bytes into flash or RAM, as a loader or a controller of flash does; none where a region does not hold all of it.
    pub fn put(&mut self, address: u32, bytes: &[u8]) -> Option<()> {
        let region = self.region_mut(address)?;
        let offset = address.wrapping_sub(region.base) as usize;
        region
            .bytes
            .get_mut(offset..)?
            .get_mut(..bytes.len())?
            .copy_from_slice(bytes);
        self.flash_changes += u64::from(region.kind == Kind::Flash);
        Some(())
    }

    /// How often flash has been changed: what was decoded from it before holds no longer.
    #[must_use]
    pub const fn flash_changes(&self) -> u64 {
        self.flash_changes
    }

    /// A word, aligned or not.
    #[must_use]
    pub fn word(&self, address: u32) -> Option<u32> {
        self.load(address).map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        Memory::new(vec![
            Region::flash("flash", 0, 0x1_8000),
            Region::ram("RAM", 0x2000_0000, 0x4000),
        ])
    }

    #[test]
    fn nothing_lies_outside_a_region() {
        let mut memory = memory();
        assert_eq!(memory.load(0x1_7ffe), Some([0xff; 2]));
        assert_eq!(memory.load::<4>(0x1_7ffe), None);
        assert_eq!(memory.load::<1>(0x1_8000), None);
        assert_eq!(memory.load::<1>(0x1fff_ffff), None);
        assert_eq!(memory.store(0x2000_3ffc, [1, 2, 3, 4]), Some(()));
        assert_eq!(memory.word(0x2000_3ffc), Some(0x0403_0201));
        assert_eq!(memory.store(0x2000_3ffd, [1; 4]), None);
        assert_eq!(memory.put(0x2000_3fff, &[1, 2]), None);
    }

    #[test]
    fn flash_is_changed_by_a_loader_and_not_by_a_store() {
        let mut memory = memory();
        assert_eq!(memory.store(0, [0]), None);
        assert_eq!(memory.put(0x2000_0000, &[7]), Some(()));
        assert_eq!(memory.flash_changes(), 0);
        assert_eq!(memory.put(0, &[7]), Some(()));
        assert_eq!(memory.flash_changes(), 1);
        assert_eq!(memory.bytes(0, 2), Some(&[7, 0xff][..]));
    }
}
