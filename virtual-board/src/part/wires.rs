//! A controller for tests: whole transfers, at one instant each.

use super::{I2cPart, SpiPart};
use crate::{
    event::{Event, Events, Sample, What},
    time::Time,
};

/// A bus with one part, and what happened on it.
pub(super) struct Wires<P> {
    pub(super) part: P,
    pub(super) events: Events,
}

impl<P> Wires<P> {
    pub(super) fn new(part: P) -> Self {
        Self {
            part,
            events: Events::default(),
        }
    }

    /// The samples since the last call.
    pub(super) fn samples(&mut self) -> Vec<Sample> {
        let sample = |event: Event| match event.what {
            What::Sample(sample) => Some(sample),
            _ => None,
        };
        self.events.take().into_iter().filter_map(sample).collect()
    }
}

impl<P: I2cPart> Wires<P> {
    /// Writes bytes; whether all were acknowledged.
    pub(super) fn write(&mut self, bytes: &[u8], now: Time) -> bool {
        let mut acknowledged = self.part.start(false, now, &mut self.events);
        for byte in bytes {
            acknowledged = acknowledged && self.part.write(*byte, now, &mut self.events);
        }
        self.part.stop(now, &mut self.events);
        acknowledged
    }

    /// Writes a subaddress and reads from there; none where the part does not acknowledge.
    pub(super) fn read<const N: usize>(&mut self, subaddress: u8, now: Time) -> Option<[u8; N]> {
        let mut bytes = None;
        if self.part.start(false, now, &mut self.events)
            && self.part.write(subaddress, now, &mut self.events)
            && self.part.start(true, now, &mut self.events)
        {
            bytes = Some([(); N].map(|()| self.part.read(now, &mut self.events)));
        }
        self.part.stop(now, &mut self.events);
        bytes
    }
}

impl<P: SpiPart> Wires<P> {
    /// Sends bytes and then receives.
    pub(super) fn exchange<const N: usize>(&mut self, bytes: &[u8], now: Time) -> [u8; N] {
        self.part.select(true, now, &mut self.events);
        for byte in bytes {
            self.part.exchange(*byte, now, &mut self.events);
        }
        let received = [(); N].map(|()| self.part.exchange(0, now, &mut self.events));
        self.part.select(false, now, &mut self.events);
        received
    }
}
