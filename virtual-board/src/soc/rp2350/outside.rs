//! What is around the chip: the buses with their parts, and the levels of its pins.

use super::{Rp2350, clocks, i2c, i2c::I2c, pin_names};
use crate::{
    soc::wires::{I2cBus, Wiring, between},
    time::Time,
};

impl Rp2350 {
    /// The bus between a pair of pins, GPIO0 as 0, for parts and faults. There is one as soon as somebody asks; its pull-ups are as
    /// told first.
    pub fn bus(&mut self, wiring: Wiring) -> &mut I2cBus {
        between(&mut self.buses, wiring)
    }

    /// The level of a pin such as "GPIO25"; none where there is no such pin. Between the bits of a transfer, a bus reads as idle.
    #[must_use]
    pub fn pin_level(&self, name: &str, now: Time) -> Option<bool> {
        pin_names::pin(name).map(|pin| self.pins.level(pin, &self.buses, now))
    }

    /// Lets a controller work with what lies around it.
    pub(super) fn with_i2c<T>(
        &mut self,
        index: usize,
        now: Time,
        work: impl FnOnce(&mut I2c, &mut i2c::Around<'_>) -> T,
    ) -> T {
        let pins = self.pins.of_controller(index);
        let (scl, sda) = match pins[..] {
            [("SCL", scl), ("SDA", sda)] => (Some(scl), Some(sda)),
            _ => (None, None),
        };
        let high = |pin: Option<usize>| pin.is_some_and(|pin| self.pins.level(pin, &self.buses, now));
        let free = high(scl) && high(sda);
        let hz = Some(self.told.hz).filter(|_| self.clocks.runs(clocks::I2C[index]));
        let between = |bus: &&mut I2cBus| (Some(bus.wiring().scl), Some(bus.wiring().sda)) == (scl, sda);
        let mut around = i2c::Around {
            free,
            hz,
            bus: self.buses.iter_mut().find(between),
            events: &mut self.events,
        };
        work(&mut self.i2c[index], &mut around)
    }

    /// After a write that may have changed pins: lets the parts see the wires.
    pub(super) fn wires_changed(&mut self, now: Time) {
        for index in 0..self.buses.len() {
            let Wiring { scl, sda, .. } = self.buses[index].wiring();
            let [scl, sda] = [scl, sda].map(|pin| self.pins.level(pin, &self.buses, now));
            if let Err(reason) = self.buses[index].levels(scl, sda, now, &mut self.events) {
                self.end(reason);
            }
        }
    }
}
