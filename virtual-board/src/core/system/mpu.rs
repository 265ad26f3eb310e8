//! The memory protection unit: which access is allowed.
//!
//! Armv7-M ARM (DDI 0403E) B3.5 with the default map of B3.1; Armv8-M ARM (DDI 0553B) B11.

use crate::core::profile::Profile;

/// Regions that the registers can name.
const MOST_REGIONS: usize = 16;
/// MPU_CTRL.ENABLE.
const ENABLE: u32 = 1;
/// MPU_CTRL.HFNMIENA.
const HFNMIENA: u32 = 1 << 1;
/// MPU_CTRL.PRIVDEFENA.
const PRIVDEFENA: u32 = 1 << 2;

/// What a region lets privileged or unprivileged code do, as a sum of bits.
mod allows {
    /// Privileged loads.
    pub const READ: u8 = 1;
    /// Privileged stores.
    pub const WRITE: u8 = 1 << 1;
    /// Unprivileged loads.
    pub const USER_READ: u8 = 1 << 2;
    /// Unprivileged stores.
    pub const USER_WRITE: u8 = 1 << 3;
    /// Instructions may lie there.
    pub const EXECUTE: u8 = 1 << 4;
}

/// An access to check.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its first byte.
    pub address: u32,
    /// A store.
    pub write: bool,
    /// A fetch of an instruction.
    pub execute: bool,
    /// By privileged code.
    pub privileged: bool,
}

/// An enabled region, ready to be compared with.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: u32,
    last: u32,
    /// Bit n switches off the n-th eighth. Regions with eighths lie at multiples of their size.
    subregions_off: u8,
    /// log2 of the bytes of an eighth.
    subregion_bits: u32,
    /// What it lets code do.
    allows: u8,
}

impl Span {
    fn holds(&self, address: u32) -> bool {
        (self.first..=self.last).contains(&address)
            && (self.subregions_off == 0
                || self.subregions_off >> ((address - self.first) >> self.subregion_bits & 7) & 1 == 0)
    }
}

impl Span {
    /// The addresses around this one that the region holds, or does not hold, alike.
    fn piece(&self, address: u32) -> (u32, u32) {
        if address < self.first {
            return (0, self.first - 1);
        }
        if address > self.last {
            return (self.last + 1, u32::MAX);
        }
        if self.subregions_off == 0 {
            return (self.first, self.last);
        }
        let inside = (1 << self.subregion_bits) - 1;
        (address & !inside, address | inside)
    }
}

/// The unit.
#[derive(Debug, Clone)]
pub struct Mpu {
    v8: bool,
    regions: u8,
    control: u32,
    number: usize,
    /// RBAR, VALID and REGION left out.
    base: [u32; MOST_REGIONS],
    /// RASR of Armv7-M, RLAR of Armv8-M.
    attributes: [u32; MOST_REGIONS],
    /// MAIR0 and MAIR1 of Armv8-M.
    memory_types: [u32; 2],
    /// Enabled regions, of Armv7-M the highest number first.
    spans: Vec<Span>,
}

impl Mpu {
    /// After a reset.
    pub fn new(profile: &Profile) -> Self {
        Self {
            v8: profile.is_v8(),
            regions: profile.mpu_regions.min(MOST_REGIONS as u8),
            control: 0,
            number: 0,
            base: [0; MOST_REGIONS],
            attributes: [0; MOST_REGIONS],
            memory_types: [0; 2],
            spans: Vec::new(),
        }
    }

    /// Back to the state after power-on.
    pub fn reset(&mut self) {
        self.control = 0;
        self.number = 0;
        self.base = [0; MOST_REGIONS];
        self.attributes = [0; MOST_REGIONS];
        self.memory_types = [0; 2];
        self.spans.clear();
    }

    /// Whether regions are looked at. `high` stands for code of a negative priority: in NMI, HardFault or under FAULTMASK.
    pub fn in_force(&self, high: bool) -> bool {
        self.control & ENABLE != 0 && (!high || self.control & HFNMIENA != 0)
    }

    /// Whether an access is allowed.
    pub fn permits(&self, check: Check, high: bool) -> bool {
        // The private peripheral bus always has the default map, and no region makes code of what lies above it (DDI 0403E
        // B3.5.3 and B3.1).
        let system_space = check.address >= 0xe000_0000;
        let private_bus = check.address >> 20 == 0xe00;
        if !self.in_force(high) || private_bus || check.execute && system_space {
            return !check.execute || default_executable(check.address);
        }
        match self.region_allows(check.address) {
            Hit::One(allowed) => allowed & needed(check) == needed(check),
            Hit::Several => false,
            Hit::None => {
                let background = check.privileged && self.control & PRIVDEFENA != 0;
                background && (!check.execute || default_executable(check.address))
            }
        }
    }

    /// The first and the last address around this one for which every access gets the same answer.
    pub fn uniform(&self, address: u32) -> (u32, u32) {
        // The default map changes at multiples of 512 MiB, and the private peripheral bus is 1 MiB of its own.
        let (begin, end) = (address & !0x1fff_ffff, address | 0x1fff_ffff);
        let mut around = match address {
            0xe000_0000..=0xe00f_ffff => return (0xe000_0000, 0xe00f_ffff),
            0xe010_0000.. => (0xe010_0000, end),
            _ => (begin, end),
        };
        for span in &self.spans {
            let (first, last) = span.piece(address);
            around = (around.0.max(first), around.1.min(last));
        }
        around
    }

    /// What the region that decides about an address allows.
    fn region_allows(&self, address: u32) -> Hit {
        let mut hits = self.spans.iter().filter(|span| span.holds(address));
        match (hits.next(), self.v8 && hits.next().is_some()) {
            (None, _) => Hit::None,
            (Some(_), true) => Hit::Several,
            (Some(span), false) => Hit::One(span.allows),
        }
    }

    /// A register from 0xe000_ed90 to 0xe000_edc4; none where there is none.
    pub fn read(&self, address: u32) -> Option<u32> {
        if address == 0xe000_ed90 {
            return Some(u32::from(self.regions) << 8);
        }
        if self.regions == 0 {
            return None;
        }
        Some(match address {
            0xe000_ed94 => self.control,
            0xe000_ed98 => self.number as u32,
            0xe000_ed9c..=0xe000_edb8 => {
                let region = self.alias(address);
                match (address & 4 != 0, self.v8) {
                    (true, true) => self.base[region],
                    (true, false) => self.base[region] | region as u32,
                    (false, _) => self.attributes[region],
                }
            }
            0xe000_edc0 | 0xe000_edc4 if self.v8 => self.memory_types[(address >> 2 & 1) as usize],
            _ => return None,
        })
    }

    /// The region of RBAR, RASR (RLAR) or of one of their aliases. Armv7-M's name the region in RNR, all of them; Armv8-M's
    /// name that of the four around RNR (DDI 0553B D1.2.166).
    fn alias(&self, address: u32) -> usize {
        let index = (address.wrapping_sub(0xe000_ed9c) >> 3 & 3) as usize;
        match (self.v8, index) {
            (false, _) | (true, 0) => self.number,
            (true, _) => self.number & !3 | index,
        }
    }

    /// Writes a register from 0xe000_ed90 to 0xe000_edc4; none where there is none, or where the manual does not say what the
    /// value does.
    pub fn write(&mut self, address: u32, value: u32) -> Option<()> {
        if self.regions == 0 {
            return None;
        }
        match address {
            0xe000_ed94 if value & 7 != HFNMIENA && value & 7 != HFNMIENA | PRIVDEFENA => self.control = value & 7,
            0xe000_ed98 if value < u32::from(self.regions) => self.number = value as usize,
            0xe000_ed9c..=0xe000_edb8 if address & 4 != 0 => self.write_base(address, value)?,
            0xe000_ed9c..=0xe000_edb8 => self.write_attributes(address, value)?,
            0xe000_edc0 | 0xe000_edc4 if self.v8 => self.memory_types[(address >> 2 & 1) as usize] = value,
            _ => return None,
        }
        self.compile();
        Some(())
    }

    fn write_base(&mut self, address: u32, value: u32) -> Option<()> {
        const VALID: u32 = 1 << 4;
        if self.v8 {
            let region = self.alias(address);
            self.base[region] = value;
            return Some(());
        }
        if value & VALID != 0 {
            let region = value & 0xf;
            if region >= self.regions.into() {
                return None;
            }
            self.number = region as usize;
        }
        self.base[self.number] = value & !0x1f;
        Some(())
    }

    fn write_attributes(&mut self, address: u32, value: u32) -> Option<()> {
        let region = self.alias(address);
        if !self.v8 && value & ENABLE != 0 {
            let (size, permission) = (value >> 1 & 0x1f, value >> 24 & 7);
            // Below 32 bytes, eighths of less than 32 bytes and AP 4 are UNPREDICTABLE (DDI 0403E B3.5.9).
            if size < 4 || permission == 4 || size < 7 && value >> 8 & 0xff != 0 {
                return None;
            }
        }
        self.attributes[region] = if self.v8 { value & !0x10 } else { value & 0x173f_ff3f };
        Some(())
    }

    /// Prepares the enabled regions for comparison.
    fn compile(&mut self) {
        let enabled = (0..usize::from(self.regions))
            .rev()
            .filter(|&region| self.attributes[region] & ENABLE != 0);
        let spans = enabled.map(|region| {
            if self.v8 {
                self.v8_span(region)
            } else {
                self.v7_span(region)
            }
        });
        self.spans = spans.collect();
    }

    /// A region of Armv7-M (DDI 0403E B3.5.8, B3.5.9, tables B3-13 and B3-15).
    fn v7_span(&self, region: usize) -> Span {
        use allows::{READ, USER_READ, USER_WRITE, WRITE};
        let attributes = self.attributes[region];
        let bits = (attributes >> 1 & 0x1f) + 1;
        let mask = (1u64 << bits) as u32;
        let mask = mask.wrapping_sub(1);
        let first = self.base[region] & !mask;
        let access = match attributes >> 24 & 7 {
            1 => READ | WRITE,
            2 => READ | WRITE | USER_READ,
            3 => READ | WRITE | USER_READ | USER_WRITE,
            5 => READ,
            6 | 7 => READ | USER_READ,
            _ => 0,
        };
        let never_executes = attributes >> 28 & 1 != 0;
        Span {
            first,
            last: first | mask,
            subregions_off: (attributes >> 8) as u8,
            subregion_bits: bits.saturating_sub(3),
            allows: access | if never_executes { 0 } else { allows::EXECUTE },
        }
    }

    /// A region of Armv8-M (DDI 0553B D1.2.166, D1.2.170 and B11.3).
    fn v8_span(&self, region: usize) -> Span {
        use allows::{READ, USER_READ, USER_WRITE, WRITE};
        let (base, limit) = (self.base[region], self.attributes[region]);
        let access = match base >> 1 & 3 {
            0 => READ | WRITE,
            1 => READ | WRITE | USER_READ | USER_WRITE,
            2 => READ,
            _ => READ | USER_READ,
        };
        let index = limit >> 1 & 7;
        let memory_type = self.memory_types[(index / 4) as usize] >> (8 * (index % 4)) & 0xff;
        let device = memory_type & 0xf0 == 0;
        let never_executes = base & 1 != 0 || device;
        Span {
            first: base & !0x1f,
            last: limit | 0x1f,
            subregions_off: 0,
            subregion_bits: 0,
            allows: access | if never_executes { 0 } else { allows::EXECUTE },
        }
    }
}

/// What regions say about an address.
enum Hit {
    /// No region holds it.
    None,
    /// One decides; these are its permissions.
    One(u8),
    /// Several of Armv8-M hold it, which is a fault.
    Several,
}

/// The permissions that an access needs.
fn needed(check: Check) -> u8 {
    let data = match (check.privileged, check.write) {
        (true, false) => allows::READ,
        (true, true) => allows::WRITE,
        (false, false) => allows::USER_READ,
        (false, true) => allows::USER_WRITE,
    };
    data | if check.execute { allows::EXECUTE } else { 0 }
}

/// Whether the default map lets code run there (DDI 0403E B3.1, table B3-1).
fn default_executable(address: u32) -> bool {
    matches!(address >> 29, 0 | 1 | 3 | 4)
}

#[cfg(test)]
mod tests;
