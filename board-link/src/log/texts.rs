//! Lines of a word and a text for people.

/// Start of the line that says why an image refuses to go on; it is its last line.
pub const REFUSED: &str = "refused: ";
/// Start of the line that says what is wrong with the sensor.
pub const SENSOR: &str = "sensor: ";
/// Start of the line that says why a sequence was lost.
pub const LOST: &str = "lost: ";
/// Start of the line that says what went wrong before a reset.
pub const FAULT: &str = "fault ";
/// Start of the line that says after which fault a board gave up; it is its last line.
pub const PARKED: &str = "parked: ";
/// Start of the line that says what became of a sensor's bus.
pub const BUS: &str = "bus: ";

/// Whether this is a line after which an image says nothing more.
#[must_use]
pub fn is_last(line: &str) -> bool {
    line.starts_with("summary ") || line.starts_with(REFUSED) || line.starts_with(PARKED)
}

#[cfg(feature = "defmt")]
pub use write::*;

/// The writers. Their format strings begin with the constants above, which a test compares: `defmt::println!` takes no
/// constants.
#[cfg(feature = "defmt")]
mod write {
    use core::{
        fmt::{Debug, Display},
        panic::Location,
    };

    /// Says why the image refuses to go on.
    pub fn refused(why: &impl Display) {
        defmt::println!("refused: {}", defmt::Display2Format(why));
    }

    /// Says what is wrong with the sensor.
    pub fn sensor(why: &(impl Display + ?Sized)) {
        defmt::println!("sensor: {}", defmt::Display2Format(&why));
    }

    /// Says that the sensor does not answer, or is another part.
    pub fn sensor_not_found(error: &impl Debug) {
        defmt::println!("sensor: not found: {}", defmt::Debug2Format(error));
    }

    /// Says why a sequence was lost.
    pub fn lost(why: &impl Display) {
        defmt::println!("lost: {}", defmt::Display2Format(why));
    }

    /// Says what went wrong, before the board is reset.
    pub fn fault(fault: &impl Display) {
        defmt::println!("fault {}", defmt::Display2Format(fault));
    }

    /// Says where the program panicked, before the board is reset.
    pub fn fault_in_panic(at: Option<&Location<'_>>) {
        match at {
            Some(at) => defmt::println!("fault panic in {=str}, line {=u32}", at.file(), at.line()),
            None => defmt::println!("fault panic"),
        }
    }

    /// Says that the board starts again after a fault, and how often it has in a row.
    pub fn restart(count: u32, after: &impl Display) {
        defmt::println!("restart {=u32} after {}", count, defmt::Display2Format(after));
    }

    /// Says after which fault the board gives up.
    pub fn parked(after: &impl Display) {
        defmt::println!("parked: {}", defmt::Display2Format(after));
    }

    /// Says that a part held the bus, and by how many clocks it was freed.
    pub fn bus_freed(clocks: u32) {
        defmt::println!("bus: a part held SDA, freed by {=u32} clocks", clocks);
    }

    /// Says why the bus is not free.
    pub fn bus(why: &impl Display) {
        defmt::println!("bus: {}", defmt::Display2Format(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writers_begin_with_the_constants() {
        let source = include_str!("texts.rs");
        for start in [REFUSED, SENSOR, LOST, FAULT, PARKED, BUS] {
            assert!(source.contains(&format!("println!(\"{start}{{}}\"")), "{start}");
        }
    }
}
