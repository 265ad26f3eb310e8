//! How instructions reach memory, peripherals and the core's own registers.

use super::{
    Core, Stop,
    code::Decoded,
    cycles, decode,
    exceptions::Fault,
    execute::{Done, Trap},
    system::Moment,
};
use crate::{
    bus::{Access, Bus, Refused, Width},
    memory::Kind,
};

/// What an access does, in messages.
const fn verb(write: bool) -> &'static str {
    if write { "written" } else { "read" }
}

const fn width(bytes: usize) -> Width {
    match bytes {
        1 => Width::Byte,
        2 => Width::Half,
        _ => Width::Word,
    }
}

impl Core {
    /// Loads `N` bytes, 1, 2 or 4, with zeros above them.
    #[inline]
    pub(super) fn read<const N: usize, B: Bus + ?Sized>(&mut self, bus: &mut B, address: u32) -> Done<u32> {
        if address & (N as u32 - 1) != 0 {
            self.unaligned(bus, address, N)?;
        }
        if self.system.mpu_on && !self.spans.allow(address, N as u32, false) {
            self.protect(address, N as u32, false)?;
        }
        match self.memory.load::<N>(address) {
            Some(bytes) => {
                let mut word = [0; 4];
                word[..N].copy_from_slice(&bytes);
                Ok(u32::from_le_bytes(word))
            }
            None => self.read_device(bus, address, width(N)),
        }
    }

    /// Stores the lowest `N` bytes, 1, 2 or 4.
    #[inline]
    pub(super) fn write<const N: usize, B: Bus + ?Sized>(&mut self, bus: &mut B, address: u32, value: u32) -> Done {
        if address & (N as u32 - 1) != 0 {
            self.unaligned(bus, address, N)?;
        }
        if self.system.mpu_on && !self.spans.allow(address, N as u32, true) {
            self.protect(address, N as u32, true)?;
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&value.to_le_bytes()[..N]);
        match self.memory.store(address, bytes) {
            Some(()) => Ok(()),
            None => self.write_device(bus, address, width(N), value),
        }
    }

    /// An access to an address that is no multiple of its size: a fault on Armv6-M and with CCR.UNALIGN_TRP (Arm DDI 0403E, A3.2.1).
    /// Elsewhere it is one of bytes, which nothing but memory answers.
    #[cold]
    #[inline(never)]
    fn unaligned<B: Bus + ?Sized>(&mut self, bus: &mut B, address: u32, bytes: usize) -> Done {
        if !self.isa.main || self.system.traps_unaligned() {
            return Err(Fault::Unaligned.into());
        }
        if self.memory.bytes(address, bytes).is_some() {
            return Ok(());
        }
        match address >> 29 {
            0 | 1 | 3 | 4 => Err(Fault::BusData { address }.into()),
            _ => Err(self.unaligned_device(bus, address)),
        }
    }

    /// The same where the default map has devices: a fault of Armv8-M (Arm DDI 0553, B7.7), UNPREDICTABLE on Armv7-M unless nothing
    /// is there.
    fn unaligned_device<B: Bus + ?Sized>(&mut self, bus: &mut B, address: u32) -> Trap {
        if self.isa.v8 {
            return Fault::Unaligned.into();
        }
        let access = self.request(address, Width::Byte);
        match bus.read(access, &mut self.memory) {
            Err(Refused::Fault) if address >> 20 != 0xe00 => Fault::BusData { address }.into(),
            _ => Trap::Unpredictable,
        }
    }

    /// Asks the memory protection unit, and remembers where it says yes.
    #[inline(never)]
    fn protect(&mut self, address: u32, bytes: u32, write: bool) -> Done {
        let (privileged, high) = (self.accesses_privileged(), self.system.is_high());
        for at in [address, address.wrapping_add(bytes - 1)] {
            if !self.system.permits(at, write, false, privileged, high) {
                let fault = Fault::Protection {
                    address: at.max(address),
                    fetch: false,
                };
                return Err(fault.into());
            }
        }
        let (first, last) = self.system.uniform(address);
        self.spans.remember(address, first, last, write);
        Ok(())
    }

    /// Loads or stores with the rights of unprivileged code, as LDRT and STRT do.
    pub(super) fn unprivileged(&mut self, access: impl FnOnce(&mut Self) -> Done) -> Done {
        self.spans.clear();
        self.as_user = true;
        let done = access(self);
        self.as_user = false;
        self.spans.clear();
        done
    }

    fn accesses_privileged(&self) -> bool {
        !self.as_user && self.registers.privileged()
    }

    #[inline(never)]
    fn read_device<B: Bus + ?Sized>(&mut self, bus: &mut B, address: u32, width: Width) -> Done<u32> {
        let answer = if address >> 20 == 0xe00 {
            let moment = self.moment();
            self.system.read(address, width, moment)
        } else {
            let access = self.request(address, width);
            let answer = bus.read(access, &mut self.memory);
            self.touched(answer.is_ok());
            answer
        };
        answer.map_err(|refused| self.refused(refused, address, width, None))
    }

    #[inline(never)]
    fn write_device<B: Bus + ?Sized>(&mut self, bus: &mut B, address: u32, width: Width, value: u32) -> Done {
        let answer = if address >> 20 == 0xe00 {
            let moment = self.moment();
            self.limit = 0;
            self.forget_protection();
            self.system.write(address, width, value, moment)
        } else {
            let access = self.request(address, width);
            let answer = bus.write(access, value, &mut self.memory);
            self.touched(answer.is_ok());
            answer
        };
        answer.map_err(|refused| self.refused(refused, address, width, Some(value)))
    }

    /// A peripheral has answered: the board looks at it after this instruction.
    fn touched(&mut self, answered: bool) {
        self.limit = 0;
        if answered {
            self.stop = Some(Stop::Access);
        }
    }

    fn request(&self, address: u32, width: Width) -> Access {
        Access {
            address,
            width,
            now: self.now(),
            pc: self.registers.r[15].wrapping_sub(4),
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.now(),
            cycles: self.counts.cycles(),
            privileged: self.accesses_privileged(),
        }
    }

    fn refused(&mut self, refused: Refused, address: u32, width: Width, value: Option<u32>) -> Trap {
        if refused == Refused::Fault {
            return Fault::BusData { address }.into();
        }
        let what = value.map_or_else(String::new, |value| format!(" with {value:#x}"));
        let pc = self.registers.r[15].wrapping_sub(4);
        self.stop = Some(Stop::Unmodelled(format!(
            "address {address:#010x} {}{what}, {} bytes, by the instruction at {pc:#010x}",
            verb(value.is_some()),
            width.bytes()
        )));
        Trap::Stopped
    }

    /// The instruction at an address that the window of decoded ones does not hold.
    #[inline(never)]
    pub(super) fn fetch(&mut self, at: u32) -> Done<Decoded> {
        let first = self.fetch_half(at)?;
        let wide = decode::is_wide(first);
        let second = if wide { self.fetch_half(at.wrapping_add(2))? } else { 0 };
        let instruction = decode::decode(self.isa, first, second);
        let (low, high) = cycles::cost(self.profile.timing, instruction);
        let length = if wide { 4 } else { 2 };
        let decoded = Decoded {
            instruction,
            length,
            low,
            high,
            words: u8::from(at.is_multiple_of(4) || wide),
        };
        let Some(region) = self.memory.region(at).filter(|region| region.kind == Kind::Flash) else {
            return Ok(Decoded { words: 0, ..decoded });
        };
        let (base, last) = (region.base, region.base + (region.bytes.len() as u32 - 1));
        if self.executable(base, last, at) {
            self.code.open(base);
            self.code.put(at, decoded);
        } else {
            self.code.close();
        }
        Ok(decoded)
    }

    /// Whether a whole region may be executed, so that no fetch in it has to ask.
    fn executable(&self, base: u32, last: u32, at: u32) -> bool {
        let (first, end) = self.system.uniform(at);
        !self.system.mpu_on || first <= base && last <= end
    }

    fn fetch_half(&mut self, at: u32) -> Done<u16> {
        let (privileged, high) = (self.registers.privileged(), self.system.is_high());
        if !self.system.permits(at, false, true, privileged, high) {
            let fault = Fault::Protection {
                address: at,
                fetch: true,
            };
            return Err(fault.into());
        }
        let half = self.memory.load(at).map(u16::from_le_bytes);
        half.ok_or_else(|| Fault::BusFetch { address: at }.into())
    }
}
