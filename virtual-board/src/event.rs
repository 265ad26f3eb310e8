//! What happens on a board that a rule, a ledger of charge or a test wants to know.

use crate::{
    bus::Access,
    power::{Load, PartPower},
    time::Time,
};

/// An event with the instant at which it happened, and the instruction that caused it where one did.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: Time,
    /// The program counter, for what the core caused.
    pub pc: Option<u32>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The core read a register of a peripheral.
    Read {
        /// The peripheral, as its manual names it.
        peripheral: &'static str,
        /// The register's address.
        address: u32,
        /// What it read.
        value: u32,
    },
    /// The core wrote a register of a peripheral.
    Written {
        /// The peripheral, as its manual names it.
        peripheral: &'static str,
        /// The register's address.
        address: u32,
        /// What it wrote.
        value: u32,
    },
    /// The core began to sleep.
    Asleep {
        /// SLEEPDEEP was set.
        deep: bool,
    },
    /// The core woke.
    Awake,
    /// The core was reset.
    Reset(ResetCause),
    /// The clock of the core, or the wait states of its flash, changed.
    CoreClock {
        /// The core's clock.
        hz: u64,
        /// Wait states of the flash.
        wait_states: u32,
    },
    /// A watchdog began to count.
    WatchdogStarted,
    /// A pin's output or its pull changed.
    Pin(Pin),
    /// A controller of a bus began to use pins.
    BusPins {
        /// The controller, as its manual names it.
        controller: &'static str,
        /// The pins by their role, such as ("SDA", "P0.26").
        pins: Vec<(&'static str, String)>,
    },
    /// A transfer on a sensor's bus has ended.
    Transfer {
        /// The controller, as its manual names it.
        controller: &'static str,
        /// The part's address on an I2C bus; none on SPI.
        address: Option<u8>,
        /// When it began.
        from: Time,
        /// Bytes that the controller sent, the address left out.
        sent: Vec<u8>,
        /// Bytes that it received.
        received: Vec<u8>,
        /// The part did not acknowledge.
        refused: bool,
    },
    /// A controller's own memory access touched RAM.
    Dma {
        /// The controller, as its manual names it.
        controller: &'static str,
        /// The first byte.
        address: u32,
        /// How many bytes.
        bytes: u32,
    },
    /// A sensor's status went over the bus. Where the same transfer also brought a sample, this event comes first, at
    /// the same instant.
    Look {
        /// The part, such as "LIS3DH".
        part: &'static str,
        /// It said that a new sample of every sensor that is on can be read.
        ready: bool,
    },
    /// A sensor's sample went over the bus.
    Sample(Sample),
    /// A pull-up or pull-down inside a part works against a level that is driven: current flows all the time.
    PullAgainstLevel {
        /// The part, such as "LIS3DH".
        part: &'static str,
        /// The pin, such as "SDO/SA0".
        pin: &'static str,
        /// The current, in nanoamperes, by the part's data sheet or a published measurement.
        current_na: u32,
    },
    /// Something on the chip draws another current from the supply.
    Load(Load),
    /// A part on a bus draws another current from the supply.
    PartPower {
        /// The part, such as "LIS3DH".
        part: &'static str,
        /// What it draws.
        power: PartPower,
    },
}

/// What a sensor's sample was, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The part, such as "LIS3DH"; where sensors of one part sample by themselves, the sensor too: "LSM6DSL gyroscope".
    pub part: &'static str,
    /// The raw counts of every channel that was read, left-justified in 16 bits as the part delivers them.
    pub counts: Vec<i16>,
    /// When the part took it, in its own time.
    pub taken: Time,
    /// It had been read before.
    pub again: bool,
    /// The part had settled after it was switched on.
    pub settled: bool,
}

/// A pin's state, after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The pin, as the chip's manual names it, such as "P0.26".
    pub name: String,
    /// The level that the chip drives; none where it does not drive.
    pub driven: Option<bool>,
    /// The chip pulls it up (true) or down (false).
    pub pull: Option<bool>,
}

/// Why a core was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetCause {
    /// The program asked for it.
    Software,
    /// A watchdog was not fed in time.
    Watchdog,
    /// The core locked up.
    Lockup,
}

/// Events in the order in which they happened, until somebody takes them.
#[derive(Debug, Default)]
pub struct Events(Vec<Event>);

impl Events {
    /// Something happened by itself.
    pub fn push(&mut self, at: Time, what: What) {
        self.0.push(Event { at, pc: None, what });
    }

    /// The core caused something.
    pub fn caused(&mut self, at: Time, pc: u32, what: What) {
        self.0.push(Event { at, pc: Some(pc), what });
    }

    /// The core has read a register of a peripheral.
    pub fn read(&mut self, access: Access, peripheral: &'static str, value: u32) {
        let address = access.address;
        let what = What::Read {
            peripheral,
            address,
            value,
        };
        self.caused(access.now, access.pc, what);
    }

    /// The core has written a register of a peripheral.
    pub fn written(&mut self, access: Access, peripheral: &'static str, value: u32) {
        let address = access.address;
        let what = What::Written {
            peripheral,
            address,
            value,
        };
        self.caused(access.now, access.pc, what);
    }

    /// Takes all of them.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.0)
    }
}
