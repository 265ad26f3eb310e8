//! An I2C bus that a part holds: freed by clocks, before the board's controller takes the pins.
//!
//! A board that is reset in the middle of a read leaves the part waiting for the clocks of the byte that it sends, with SDA low
//! where it sends a 0; no controller can begin a transfer then. Nine clocks end any byte, and a stop condition ends the transfer
//! (UM10204 Rev. 7, section 3.1.16).

use core::fmt;
use embedded_hal::{
    delay::DelayNs,
    digital::{InputPin, OutputPin},
};

/// Half a clock, at 100 kHz, which every part keeps up with.
const HALF_US: u32 = 5;
/// Clocks that end any byte with its acknowledgement.
const CLOCKS: u32 = 9;
/// Half clocks for which a part may hold SCL.
const PATIENCE: u32 = 100;

/// Why a bus is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Held {
    /// SCL stays low: a part stretches the clock, or the line has no pull-up.
    Clock,
    /// SDA stays low after nine clocks, or the line has no pull-up.
    Data,
    /// A pin did not take its level, or could not be read.
    Pin,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clock => "SCL is held low, or has no pull-up",
            Self::Data => "SDA is held low, or has no pull-up",
            Self::Pin => "a pin did not take its level",
        })
    }
}

impl core::error::Error for Held {}

/// Frees a bus whose pins are open-drain outputs that can be read, high when released. Returns how many clocks it took: 0 for
/// a bus that was free. Takes 1.2 ms at most.
///
/// # Errors
/// A line stays low.
pub fn free<C, D>(scl: &mut C, sda: &mut D, delay: &mut impl DelayNs) -> Result<u32, Held>
where
    C: InputPin + OutputPin,
    D: InputPin + OutputPin,
{
    sda.set_high().map_err(|_| Held::Pin)?;
    release(scl, delay)?;
    for clocks in 0..CLOCKS {
        if sda.is_high().map_err(|_| Held::Pin)? {
            if clocks > 0 {
                stop(scl, sda, delay)?;
            }
            return Ok(clocks);
        }
        scl.set_low().map_err(|_| Held::Pin)?;
        delay.delay_us(HALF_US);
        release(scl, delay)?;
    }
    stop(scl, sda, delay)?;
    match sda.is_high().map_err(|_| Held::Pin)? {
        true => Ok(CLOCKS),
        false => Err(Held::Data),
    }
}

/// Lets go of SCL and waits until it is high.
fn release(scl: &mut (impl InputPin + OutputPin), delay: &mut impl DelayNs) -> Result<(), Held> {
    scl.set_high().map_err(|_| Held::Pin)?;
    for _ in 0..PATIENCE {
        delay.delay_us(HALF_US);
        if scl.is_high().map_err(|_| Held::Pin)? {
            return Ok(());
        }
    }
    Err(Held::Clock)
}

/// A stop condition: SDA rises while SCL is high.
fn stop<C: InputPin + OutputPin>(scl: &mut C, sda: &mut impl OutputPin, delay: &mut impl DelayNs) -> Result<(), Held> {
    scl.set_low().map_err(|_| Held::Pin)?;
    sda.set_low().map_err(|_| Held::Pin)?;
    delay.delay_us(HALF_US);
    release(scl, delay)?;
    sda.set_high().map_err(|_| Held::Pin)?;
    delay.delay_us(HALF_US);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;
    use embedded_hal::digital::ErrorType;
    use std::{cell::RefCell, rc::Rc};

    /// Two lines with pull-ups, and a part that holds SDA until it has seen this many clocks.
    #[derive(Default)]
    struct Lines {
        scl: bool,
        sda: bool,
        clocks: u32,
        holds_for: u32,
        holds_scl: bool,
        stops: u32,
        us: u32,
    }

    impl Lines {
        fn sda_is_high(&self) -> bool {
            self.sda && self.clocks >= self.holds_for
        }
    }

    #[derive(Clone)]
    struct Line(Rc<RefCell<Lines>>, bool);

    impl ErrorType for Line {
        type Error = Infallible;
    }

    impl OutputPin for Line {
        fn set_low(&mut self) -> Result<(), Infallible> {
            let mut lines = self.0.borrow_mut();
            if self.1 {
                // A part moves on at the falling edge.
                lines.clocks += u32::from(lines.scl);
                lines.scl = false;
            } else {
                lines.sda = false;
            }
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Infallible> {
            let mut lines = self.0.borrow_mut();
            if self.1 {
                lines.scl = !lines.holds_scl;
            } else {
                lines.stops += u32::from(lines.scl && !lines.sda);
                lines.sda = true;
            }
            Ok(())
        }
    }

    impl InputPin for Line {
        fn is_high(&mut self) -> Result<bool, Infallible> {
            let lines = self.0.borrow();
            Ok(if self.1 { lines.scl } else { lines.sda_is_high() })
        }

        fn is_low(&mut self) -> Result<bool, Infallible> {
            self.is_high().map(|high| !high)
        }
    }

    struct Delay(Rc<RefCell<Lines>>);

    impl DelayNs for Delay {
        fn delay_ns(&mut self, ns: u32) {
            self.0.borrow_mut().us += ns / 1000;
        }
    }

    fn freed(holds_for: u32, holds_scl: bool) -> (Result<u32, Held>, Rc<RefCell<Lines>>) {
        let lines = Rc::new(RefCell::new(Lines {
            sda: true,
            holds_for,
            holds_scl,
            ..Lines::default()
        }));
        let (mut scl, mut sda) = (Line(lines.clone(), true), Line(lines.clone(), false));
        (free(&mut scl, &mut sda, &mut Delay(lines.clone())), lines)
    }

    #[test]
    fn a_free_bus_is_left_alone() {
        let (result, lines) = freed(0, false);
        assert_eq!(result, Ok(0));
        assert_eq!((lines.borrow().clocks, lines.borrow().stops), (0, 0));
    }

    #[test]
    fn a_part_in_the_middle_of_a_byte_is_clocked_out_and_stopped() {
        for holds_for in 1..=9 {
            let (result, lines) = freed(holds_for, false);
            assert_eq!(result, Ok(holds_for));
            let lines = lines.borrow();
            assert_eq!(lines.stops, 1, "held for {holds_for}");
            assert!(lines.sda_is_high() && lines.scl);
        }
    }

    #[test]
    fn a_line_that_stays_low_is_named_in_bounded_time() {
        for (holds_for, holds_scl, held) in [(1000, false, Held::Data), (0, true, Held::Clock)] {
            let (result, lines) = freed(holds_for, holds_scl);
            assert_eq!(result, Err(held));
            assert!(lines.borrow().us <= 1200, "{} us", lines.borrow().us);
        }
        assert!(Held::Clock.to_string().contains("SCL") && Held::Data.to_string().contains("SDA"));
    }
}
