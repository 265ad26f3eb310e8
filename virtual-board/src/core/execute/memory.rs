//! Loads and stores.

use super::{Core, Done};
use crate::{
    bus::Bus,
    core::{
        decode::{Exclusive, Reg, Size},
        exceptions::Fault,
    },
};

const fn bytes(size: Size) -> u32 {
    match size {
        Size::Byte | Size::SignedByte => 1,
        Size::Half | Size::SignedHalf => 2,
        Size::Word => 4,
    }
}

impl Core {
    /// A base plus a shifted index.
    #[inline]
    pub(super) fn indexed(&self, n: Reg, m: Reg, shift: u8) -> u32 {
        self.r(n).wrapping_add(self.r(m) << (shift & 3))
    }

    #[inline]
    fn value<B: Bus + ?Sized>(&mut self, bus: &mut B, size: Size, address: u32) -> Done<u32> {
        Ok(match size {
            Size::Byte => self.read::<1, B>(bus, address)?,
            Size::Half => self.read::<2, B>(bus, address)?,
            Size::Word => self.read::<4, B>(bus, address)?,
            Size::SignedByte => self.read::<1, B>(bus, address)? as i8 as u32,
            Size::SignedHalf => self.read::<2, B>(bus, address)? as i16 as u32,
        })
    }

    /// A loaded word goes into a register; into PC it is a branch.
    #[inline]
    fn loaded(&mut self, t: Reg, value: u32) -> Done {
        if t == 15 {
            return self.branch_exchange(value);
        }
        self.set(t, value)
    }

    #[inline]
    pub(super) fn load_word<B: Bus + ?Sized>(&mut self, bus: &mut B, t: Reg, address: u32) -> Done {
        let value = self.read::<4, B>(bus, address)?;
        self.loaded(t, value)
    }

    #[inline]
    pub(super) fn load<B: Bus + ?Sized>(&mut self, bus: &mut B, size: Size, t: Reg, address: u32) -> Done {
        let value = self.value(bus, size, address)?;
        self.loaded(t, value)
    }

    #[inline]
    pub(super) fn store<B: Bus + ?Sized>(&mut self, bus: &mut B, size: Size, t: Reg, address: u32) -> Done {
        let value = self.r(t);
        match bytes(size) {
            1 => self.write::<1, B>(bus, address, value),
            2 => self.write::<2, B>(bus, address, value),
            _ => self.write::<4, B>(bus, address, value),
        }
    }

    #[inline]
    pub(super) fn load_indexed<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        size: Size,
        t: Reg,
        n: Reg,
        offset: i16,
        post: bool,
    ) -> Done {
        let base = self.r(n);
        let next = base.wrapping_add_signed(offset.into());
        let value = self.value(bus, size, if post { base } else { next })?;
        self.set(n, next)?;
        self.loaded(t, value)
    }

    #[inline]
    pub(super) fn store_indexed<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        size: Size,
        t: Reg,
        n: Reg,
        offset: i16,
        post: bool,
    ) -> Done {
        let base = self.r(n);
        let next = base.wrapping_add_signed(offset.into());
        self.room_for(n, next)?;
        self.store(bus, size, t, if post { base } else { next })?;
        self.set(n, next)
    }

    /// The limit of the stack, before anything is stored.
    #[inline]
    pub(super) fn room_for(&self, n: Reg, next: u32) -> Done {
        if n == 13 { self.room(next) } else { Ok(()) }
    }

    /// Accesses to several words, and exclusive ones, are never unaligned.
    #[inline]
    pub(super) fn aligned(&self, address: u32, bytes: u32) -> Done {
        if address & (bytes - 1) != 0 {
            return Err(Fault::Unaligned.into());
        }
        Ok(())
    }

    /// The first address of a list of words, and the base after it.
    #[inline]
    pub(super) fn block(&self, base: u32, words: u32, before: bool) -> (u32, u32) {
        if before {
            let first = base.wrapping_sub(4 * words);
            (first, first)
        } else {
            (base, base.wrapping_add(4 * words))
        }
    }

    #[inline]
    pub(super) fn load_multiple<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        n: Reg,
        list: u16,
        before: bool,
        writeback: bool,
    ) -> Done {
        let (mut at, next) = self.block(self.r(n), list.count_ones(), before);
        self.aligned(at, 4)?;
        let mut values = [0; 16];
        for (register, value) in values.iter_mut().enumerate() {
            if list >> register & 1 != 0 {
                *value = self.read::<4, B>(bus, at)?;
                at = at.wrapping_add(4);
            }
        }
        if writeback {
            self.set(n, next)?;
        }
        for (register, value) in values.iter().enumerate().take(15) {
            if list >> register & 1 != 0 {
                self.registers.r[register] = *value;
            }
        }
        if list >> 15 != 0 {
            return self.branch_exchange(values[15]);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn store_multiple<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        n: Reg,
        list: u16,
        before: bool,
        writeback: bool,
    ) -> Done {
        let (mut at, next) = self.block(self.r(n), list.count_ones(), before);
        self.aligned(at, 4)?;
        if writeback {
            self.room_for(n, next)?;
        }
        for register in 0..15 {
            if list >> register & 1 != 0 {
                self.write::<4, B>(bus, at, self.r(register))?;
                at = at.wrapping_add(4);
            }
        }
        if writeback {
            self.set(n, next)?;
        }
        Ok(())
    }

    /// The address of a doubleword, and the base after it.
    fn dual(&self, n: Reg, offset: i16, post: bool) -> Done<(u32, u32)> {
        let base = if n == 15 { self.literal(0) } else { self.r(n) };
        let next = base.wrapping_add_signed(offset.into());
        let address = if post { base } else { next };
        self.aligned(address, 4)?;
        Ok((address, next))
    }

    pub(super) fn load_dual<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        [t, t2]: [Reg; 2],
        n: Reg,
        offset: i16,
        post: bool,
        writeback: bool,
    ) -> Done {
        let (address, next) = self.dual(n, offset, post)?;
        let first = self.read::<4, B>(bus, address)?;
        let second = self.read::<4, B>(bus, address.wrapping_add(4))?;
        if writeback {
            self.set(n, next)?;
        }
        self.set(t, first)?;
        self.set(t2, second)
    }

    pub(super) fn store_dual<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        [t, t2]: [Reg; 2],
        n: Reg,
        offset: i16,
        post: bool,
        writeback: bool,
    ) -> Done {
        let (address, next) = self.dual(n, offset, post)?;
        if writeback {
            self.room_for(n, next)?;
        }
        self.write::<4, B>(bus, address, self.r(t))?;
        self.write::<4, B>(bus, address.wrapping_add(4), self.r(t2))?;
        if writeback {
            self.set(n, next)?;
        }
        Ok(())
    }

    pub(super) fn load_exclusive<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        size: Size,
        t: Reg,
        n: Reg,
        offset: u16,
    ) -> Done {
        let address = self.r(n).wrapping_add(offset.into());
        self.aligned(address, bytes(size))?;
        let value = self.value(bus, size, address)?;
        self.registers.exclusive = Some(address);
        self.set(t, value)
    }

    /// Stores where the address is marked; the status is 0 then and 1 otherwise.
    pub(super) fn store_exclusive<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        size: Size,
        d: Reg,
        t: Reg,
        n: Reg,
        offset: u16,
    ) -> Done {
        let address = self.r(n).wrapping_add(offset.into());
        self.aligned(address, bytes(size))?;
        let marked = self.registers.exclusive == Some(address);
        if marked {
            self.store(bus, size, t, address)?;
        }
        self.registers.exclusive = None;
        self.set(d, u32::from(!marked))
    }

    pub(super) fn load_acquire<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        size: Size,
        t: Reg,
        n: Reg,
        exclusive: Exclusive,
    ) -> Done {
        if exclusive == Exclusive::Yes {
            return self.load_exclusive(bus, size, t, n, 0);
        }
        let address = self.r(n);
        self.aligned(address, bytes(size))?;
        self.load(bus, size, t, address)
    }

    pub(super) fn store_release<B: Bus + ?Sized>(
        &mut self,
        bus: &mut B,
        size: Size,
        d: Reg,
        t: Reg,
        n: Reg,
        exclusive: Exclusive,
    ) -> Done {
        if exclusive == Exclusive::Yes {
            return self.store_exclusive(bus, size, d, t, n, 0);
        }
        let address = self.r(n);
        self.aligned(address, bytes(size))?;
        self.store(bus, size, t, address)
    }
}
