//! Currents of states, as whoever runs a board brings them, and the pins of a board that have to do with them.

/// What one unit of a state draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What draws, as the chip names it.
    pub consumer: String,
    /// Its state.
    pub state: String,
    /// The current of one unit, in picoamperes.
    pub current_pa: u64,
}

/// The figures of a board.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Supply of chip and parts, in microvolts.
    pub supply_uv: u64,
    /// One for each state that is known. ("LED", "on") is a light, ("pull", "against a level") a pull of a pin that works against
    /// a level.
    pub states: Vec<Figure>,
    /// How long a wake-up takes before the core's first instruction, in picoseconds. The model of the core has no such time; what
    /// is drawn in it is booked beside what the core draws.
    pub wake_ps: u64,
    /// The same after a sleep that is not deep.
    pub light_wake_ps: u64,
    /// What is drawn in this time, in picoamperes.
    pub wake_pa: u64,
    /// What the core draws in an update of the network, in millionths of what it draws else.
    pub update_ppm: u64,
}

impl Figures {
    /// The current of a unit, in picoamperes; none where there is no figure of this state.
    #[must_use]
    pub fn current_pa(&self, consumer: &str, state: &str) -> Option<u64> {
        let found = |figure: &&Figure| figure.consumer == consumer && figure.state == state;
        self.states.iter().find(found).map(|figure| figure.current_pa)
    }
}

/// The pins of a board whose levels the ledger follows, as the chip names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerPins {
    /// High while a sequence runs, while the program calls the core awake, and while an update runs.
    pub markers: [&'static str; 3],
    /// Lights, with the level at which they shine.
    pub leds: &'static [(&'static str, bool)],
    /// Pins that something outside the chip holds at a level through a resistor.
    pub held: &'static [(&'static str, bool)],
}
