//! A part's registers by its data sheet: what each reads after power-on, and what a program may do with it.

/// What a program may do with a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It reads and writes.
    ReadWrite,
    /// It reads; a write changes nothing, as in the part.
    ReadOnly,
    /// The part has it but the model does not know what it reads; a write changes nothing.
    Blind,
}

/// One register of the data sheet's table. An address without one is reserved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Register {
    address: u8,
    name: &'static str,
    reset: u8,
    usage: Use,
    /// Bits that must keep their reset value, and why.
    held: u8,
    why: &'static str,
}

impl Register {
    const fn new(address: u8, name: &'static str, reset: u8, usage: Use) -> Self {
        Self {
            address,
            name,
            reset,
            usage,
            held: 0,
            why: "",
        }
    }

    /// A register that a program reads and writes.
    pub(super) const fn rw(address: u8, name: &'static str, reset: u8) -> Self {
        Self::new(address, name, reset, Use::ReadWrite)
    }

    /// A register that a program reads.
    pub(super) const fn ro(address: u8, name: &'static str, reset: u8) -> Self {
        Self::new(address, name, reset, Use::ReadOnly)
    }

    /// A register whose content the model does not know.
    pub(super) const fn blind(address: u8, name: &'static str, why: &'static str) -> Self {
        let mut register = Self::new(address, name, 0, Use::Blind);
        register.why = why;
        register
    }

    /// Bits whose change ends the run: the data sheet wants them as they are, or they switch on what is not modelled.
    pub(super) const fn hold(mut self, bits: u8, why: &'static str) -> Self {
        self.held = bits;
        self.why = why;
        self
    }
}

/// The registers of one part.
#[derive(Debug)]
pub(super) struct Registers {
    part: &'static str,
    tables: [&'static [Register]; 2],
    values: [u8; 0x80],
    stop: Option<String>,
}

impl Registers {
    /// As after power-on. Two tables: what a family of parts has in common, and what one part has beside it.
    pub(super) fn new(part: &'static str, tables: [&'static [Register]; 2]) -> Self {
        let mut registers = Self {
            part,
            tables,
            values: [0; 0x80],
            stop: None,
        };
        registers.reset();
        registers
    }

    /// Puts every register back to its value after power-on.
    pub(super) fn reset(&mut self) {
        for register in self.tables.into_iter().flatten() {
            self.set(register.address, register.reset);
        }
    }

    /// The value of a register, of 7 bits of address.
    pub(super) fn get(&self, address: u8) -> u8 {
        self.values[usize::from(address & 0x7f)]
    }

    /// Changes a register as the part itself does.
    pub(super) fn set(&mut self, address: u8, value: u8) {
        self.values[usize::from(address & 0x7f)] = value;
    }

    fn find(&self, address: u8) -> Option<&'static Register> {
        let mut registers = self.tables.into_iter().flatten();
        registers.find(|register| register.address == address)
    }

    /// A program reads; what the register holds. The caller puts in the values of those that the part computes.
    pub(super) fn read(&mut self, address: u8) -> u8 {
        match self.find(address) {
            None => self.refuse(&format!("reads the reserved register {address:#04x}")),
            Some(register) if register.usage == Use::Blind => {
                self.refuse(&format!("reads {} ({address:#04x}): {}", register.name, register.why));
            }
            Some(_) => {}
        }
        self.get(address)
    }

    /// A program writes; true where the register took the value.
    pub(super) fn write(&mut self, address: u8, value: u8) -> bool {
        let Some(register) = self.find(address) else {
            self.refuse(&format!("writes {value:#04x} to the reserved register {address:#04x}"));
            return false;
        };
        if register.usage != Use::ReadWrite {
            return false;
        }
        let wrong = (value ^ register.reset) & register.held;
        if wrong != 0 {
            let (name, why) = (register.name, register.why);
            self.refuse(&format!(
                "writes {value:#04x} to {name} ({address:#04x}), bits {wrong:#04x}: {why}"
            ));
        }
        self.set(address, value);
        true
    }

    /// The run has to end; the first reason stays.
    pub(super) fn refuse(&mut self, what: &str) {
        let part = self.part;
        self.stop.get_or_insert_with(|| format!("{part}: the program {what}"));
    }

    /// Why the run has to end; said once.
    pub(super) fn take_stop(&mut self) -> Option<String> {
        self.stop.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Register] = &[
        Register::ro(0x0f, "WHO_AM_I", 0x33),
        Register::rw(0x20, "CONTROL", 0x07).hold(0x80, "self-test is not modelled"),
        Register::blind(0x30, "QUEUE", "the queue is not modelled"),
    ];

    #[test]
    fn a_reserved_register_ends_the_run() {
        let mut registers = Registers::new("PART", [TABLE, &[]]);
        registers.read(0x21);
        assert_eq!(
            registers.take_stop().as_deref(),
            Some("PART: the program reads the reserved register 0x21")
        );
        assert_eq!(registers.take_stop(), None);
        assert!(!registers.write(0x22, 1));
        assert!(registers.take_stop().is_some_and(|stop| stop.contains("0x22")));
    }

    #[test]
    fn a_read_only_register_ignores_a_write() {
        let mut registers = Registers::new("PART", [TABLE, &[]]);
        assert!(!registers.write(0x0f, 0));
        assert_eq!((registers.read(0x0f), registers.take_stop()), (0x33, None));
    }

    #[test]
    fn what_is_not_modelled_is_named() {
        let mut registers = Registers::new("PART", [TABLE, &[]]);
        assert!(registers.write(0x20, 0x87));
        let stop = registers.take_stop().expect("a reason");
        assert!(stop.contains("CONTROL") && stop.contains("self-test"), "{stop}");
        registers.read(0x30);
        assert!(registers.take_stop().is_some_and(|stop| stop.contains("QUEUE")));
        assert!(registers.write(0x20, 0x57));
        assert_eq!(registers.take_stop(), None);
    }
}
