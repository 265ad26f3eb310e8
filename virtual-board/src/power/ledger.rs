//! The ledger: charge by account, from events.

use super::{Figures, Load, PartPower, PowerPins, Role};
use crate::{
    event::{Event, Pin, What},
    time::Time,
};
use std::collections::BTreeSet;

/// What a charge is booked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// The core executes an update of the network.
    Updates,
    /// The core executes something else, and no bus works.
    Awake,
    /// The core executes while a transfer runs.
    AwakeAtBus,
    /// From the events that end a sleep to the core's first instructions.
    WakeUps,
    /// The core sleeps and nothing else works.
    Asleep,
    /// The core sleeps while a transfer runs.
    AsleepAtBus,
    /// A sensor measures.
    SensorOn,
    /// A sensor was switched on and has not settled.
    SensorStarting,
    /// A sensor is off, and still on the supply.
    SensorOff,
    /// Through pull-up and pull-down resistors.
    Pulls,
    /// Lights.
    Leds,
    /// Everything else.
    Rest,
}

impl Account {
    /// Every account.
    pub const ALL: [Self; 12] = [
        Self::Updates,
        Self::Awake,
        Self::AwakeAtBus,
        Self::WakeUps,
        Self::Asleep,
        Self::AsleepAtBus,
        Self::SensorOn,
        Self::SensorStarting,
        Self::SensorOff,
        Self::Pulls,
        Self::Leds,
        Self::Rest,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Updates => "updates",
            Self::Awake => "core awake",
            Self::AwakeAtBus => "core awake at the bus",
            Self::WakeUps => "wake-ups",
            Self::Asleep => "asleep",
            Self::AsleepAtBus => "asleep at the bus",
            Self::SensorOn => "sensor on",
            Self::SensorStarting => "sensor starting",
            Self::SensorOff => "sensor off",
            Self::Pulls => "pulls",
            Self::Leds => "LEDs",
            Self::Rest => "rest",
        }
    }
}

/// Levels of the three marker pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Markers {
    /// A sequence runs.
    pub sequence: bool,
    /// The program says that the core is awake.
    pub awake: bool,
    /// An update runs.
    pub update: bool,
}

/// A stretch of constant current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its beginning.
    pub from: Time,
    /// Its current, in picoamperes.
    pub current_pa: u64,
    /// The marker pins.
    pub markers: Markers,
}

/// The current over time: each step lasts until the next one, the last one until the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// In order of time.
    pub steps: Vec<Step>,
    /// When the last step ends.
    pub end: Time,
}

/// Charge in units of 1e-24 C (picoamperes times picoseconds).
pub type Charge = u128;

/// What had been drawn up to an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The instant.
    pub at: Time,
    /// Charge of each account, in the order of [`Account::ALL`], in units of 1e-24 C.
    pub charges: [Charge; Account::ALL.len()],
    /// Rising levels of the marker UPDATE.
    pub updates: u64,
}

/// What a run drew.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// How long it ran.
    pub time: Time,
    /// Supply, in microvolts.
    pub supply_uv: u64,
    /// Charge of each account, in the order of [`Account::ALL`], in units of 1e-24 C.
    pub charges: [Charge; Account::ALL.len()],
    /// Wake-ups of the core.
    pub wakes: u64,
    /// Rising levels of the marker UPDATE.
    pub updates: u64,
    /// States that were drawn in and have no figure, as "consumer: state": what they draw is in no account.
    pub without_figure: Vec<String>,
    /// What was drawn up to instants that were marked, in order.
    pub marks: Vec<Mark>,
    /// The current over time, where it was asked for.
    pub trace: Option<Trace>,
}

impl Balance {
    /// The charge of all accounts, in units of 1e-24 C.
    #[must_use]
    pub fn total(&self) -> Charge {
        self.charges.iter().sum()
    }

    /// The energy of a charge at the supply, in microjoules.
    #[must_use]
    pub fn uj(&self, charge: Charge) -> f64 {
        // 1e-24 C at 1 uV is 1e-30 J.
        charge as f64 * 1e-24 * self.supply_uv as f64
    }

    /// The charge of an account, in units of 1e-24 C.
    #[must_use]
    pub const fn charge(&self, account: Account) -> Charge {
        self.charges[account as usize]
    }
}

/// Steps of a trace that are kept at most: 160 MB of them.
const MOST_STEPS: usize = 5_000_000;

/// A load with the current that its figure gives it.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    load: Load,
    current_pa: u64,
}

/// A part on a bus.
#[derive(Debug, Clone, Copy)]
struct Part {
    name: &'static str,
    power: PartPower,
}

/// Sums the charge of a run.
#[derive(Debug)]
pub struct Ledger {
    figures: Figures,
    pins: PowerPins,
    now: Time,
    awake: bool,
    /// The sleep that began last is a deep one.
    deep: bool,
    loads: Vec<Drawn>,
    parts: Vec<Part>,
    /// Pins that shine, and pins whose pull works against a level.
    lit: BTreeSet<String>,
    against: BTreeSet<String>,
    markers: Markers,
    wake_until: Time,
    charges: [Charge; Account::ALL.len()],
    wakes: u64,
    updates: u64,
    without_figure: BTreeSet<String>,
    marks: Vec<Mark>,
    trace: Option<Trace>,
    full: bool,
}

impl Ledger {
    /// A ledger from power-on. With `traced` it keeps the current over time.
    #[must_use]
    pub fn new(figures: Figures, pins: PowerPins, traced: bool) -> Self {
        Self {
            figures,
            pins,
            now: Time::ZERO,
            awake: true,
            deep: false,
            loads: Vec::new(),
            parts: Vec::new(),
            lit: BTreeSet::new(),
            against: BTreeSet::new(),
            markers: Markers::default(),
            wake_until: Time::ZERO,
            charges: [0; Account::ALL.len()],
            wakes: 0,
            updates: 0,
            without_figure: BTreeSet::new(),
            marks: Vec::new(),
            trace: traced.then(Trace::default),
            full: false,
        }
    }

    /// The trace has as many steps as are kept: it goes no further.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.full
    }

    /// Something happened. An event that comes after a later one counts from that one on.
    pub fn observe(&mut self, event: &Event) {
        match &event.what {
            What::Load(load) => {
                self.come_to(event.at);
                self.load(*load);
            }
            What::PartPower { part, power } => {
                self.come_to(event.at);
                self.part(part, *power);
            }
            What::Asleep { deep } => {
                self.come_to(event.at);
                self.awake = false;
                self.deep = *deep;
            }
            What::Awake => {
                self.come_to(event.at);
                self.awake = true;
                self.wakes += 1;
                let from = self.wake_until.max(self.now);
                let takes = if self.deep {
                    self.figures.wake_ps
                } else {
                    self.figures.light_wake_ps
                };
                self.wake_until = from + Time::from_ps(takes);
            }
            What::Reset(_) => {
                self.come_to(event.at);
                self.awake = true;
            }
            What::Pin(pin) => self.pin(event.at, pin),
            _ => {}
        }
    }

    /// Notes what was drawn up to an instant.
    pub fn mark(&mut self, at: Time) {
        self.come_to(at);
        self.marks.push(Mark {
            at: self.now,
            charges: self.charges,
            updates: self.updates,
        });
    }

    /// Ends the ledger.
    #[must_use]
    pub fn finish(mut self, at: Time) -> Balance {
        self.come_to(at);
        if let Some(trace) = &mut self.trace {
            trace.end = self.now;
        }
        Balance {
            time: self.now,
            supply_uv: self.figures.supply_uv,
            charges: self.charges,
            wakes: self.wakes,
            updates: self.updates,
            without_figure: self.without_figure.into_iter().collect(),
            marks: self.marks,
            trace: self.trace,
        }
    }

    /// The figure of a state; one without a figure is noted.
    fn figure(&mut self, consumer: &str, state: &str) -> u64 {
        self.figures.current_pa(consumer, state).unwrap_or_else(|| {
            self.without_figure.insert(format!("{consumer}: {state}"));
            0
        })
    }

    fn load(&mut self, load: Load) {
        let current_pa = match load.units {
            0 => 0,
            units => u64::from(units).saturating_mul(self.figure(load.consumer, load.state)),
        };
        let drawn = Drawn { load, current_pa };
        match self.loads.iter_mut().find(|other| other.load.consumer == load.consumer) {
            Some(other) => *other = drawn,
            None => self.loads.push(drawn),
        }
    }

    fn part(&mut self, name: &'static str, power: PartPower) {
        match self.parts.iter_mut().find(|other| other.name == name) {
            Some(other) => other.power = power,
            None => self.parts.push(Part { name, power }),
        }
    }

    fn pin(&mut self, at: Time, pin: &Pin) {
        let high = pin.driven == Some(true);
        let marker = self.pins.markers.iter().position(|name| *name == pin.name);
        let led = self.pins.leds.iter().find(|(name, _)| *name == pin.name);
        let shines = led.map(|(_, level)| pin.driven == Some(*level));
        let held = self.pins.held.iter().find(|(name, _)| *name == pin.name);
        let against = held.map(|(_, level)| pin.pull.is_some_and(|pull| pull != *level) && pin.driven.is_none());
        // A pull against the level that the chip itself drives.
        let itself = pin.pull.zip(pin.driven).is_some_and(|(pull, driven)| pull != driven);
        let against = itself || against == Some(true);
        if marker.is_none() && shines.is_none() && against == self.against.contains(&pin.name) {
            return;
        }
        self.come_to(at);
        match marker {
            Some(0) => self.markers.sequence = high,
            Some(1) => self.markers.awake = high,
            Some(2) => {
                self.updates += u64::from(high && !self.markers.update);
                self.markers.update = high;
            }
            _ => {}
        }
        if let Some(shines) = shines {
            put(&mut self.lit, &pin.name, shines);
        }
        put(&mut self.against, &pin.name, against);
    }

    /// Books what was drawn up to an instant.
    fn come_to(&mut self, at: Time) {
        while self.now < at {
            let mut until = at;
            let ends = self
                .parts
                .iter()
                .filter(|part| part.power.on)
                .map(|part| part.power.settled);
            for end in ends.chain([self.wake_until]) {
                if end > self.now && end < until {
                    until = end;
                }
            }
            self.book(until);
        }
    }

    /// Books a stretch in which nothing changes.
    fn book(&mut self, until: Time) {
        let span = Charge::from(until.since(self.now).ps());
        let at_bus = self
            .loads
            .iter()
            .any(|drawn| drawn.load.role == Role::Bus && drawn.load.units > 0);
        let updating = self.awake && self.markers.update;
        let core = match (self.awake, at_bus) {
            (true, _) if updating => Account::Updates,
            (true, false) => Account::Awake,
            (true, true) => Account::AwakeAtBus,
            (false, false) => Account::Asleep,
            (false, true) => Account::AsleepAtBus,
        };
        let mut current = Currents::default();
        for Drawn { load, current_pa } in &self.loads {
            let (account, current_pa) = match load.role {
                Role::Core if updating => (core, current_pa.saturating_mul(self.figures.update_ppm) / 1_000_000),
                Role::Core | Role::Standing | Role::Bus => (core, *current_pa),
                Role::Pull => (Account::Pulls, *current_pa),
                Role::Led => (Account::Leds, *current_pa),
                Role::Rest => (Account::Rest, *current_pa),
            };
            current.add(account, current_pa);
        }
        for Part { power, .. } in &self.parts {
            let account = match (power.on, self.now < power.settled) {
                (false, _) => Account::SensorOff,
                (true, true) => Account::SensorStarting,
                (true, false) => Account::SensorOn,
            };
            current.add(account, 1_000 * u64::from(power.own_na.1));
            current.add(Account::Pulls, 1_000 * u64::from(power.pulls_na.1));
        }
        if self.now < self.wake_until {
            current.add(Account::WakeUps, self.figures.wake_pa);
        }
        let (lit, against) = (self.lit.len() as u64, self.against.len() as u64);
        if lit > 0 {
            let each = self.figure("LED", "on");
            current.add(Account::Leds, lit * each);
        }
        if against > 0 {
            let each = self.figure("pull", "against a level");
            current.add(Account::Pulls, against * each);
        }
        for (charge, current_pa) in self.charges.iter_mut().zip(current.0) {
            *charge += span * Charge::from(current_pa);
        }
        self.trace_step(current.0.iter().sum());
        self.now = until;
    }

    fn trace_step(&mut self, current_pa: u64) {
        let Some(trace) = &mut self.trace else { return };
        let markers = self.markers;
        let same = |step: &&Step| (step.current_pa, step.markers) == (current_pa, markers);
        if trace.steps.last().filter(same).is_some() {
            return;
        }
        if trace.steps.len() >= MOST_STEPS {
            self.full = true;
            return;
        }
        trace.steps.push(Step {
            from: self.now,
            current_pa,
            markers,
        });
    }
}

fn put(set: &mut BTreeSet<String>, name: &str, within: bool) {
    if within {
        set.insert(name.to_owned());
    } else {
        set.remove(name);
    }
}

/// Picoamperes by account.
#[derive(Default)]
struct Currents([u64; Account::ALL.len()]);

impl Currents {
    fn add(&mut self, account: Account, current_pa: u64) {
        let slot = &mut self.0[account as usize];
        *slot = slot.saturating_add(current_pa);
    }
}
