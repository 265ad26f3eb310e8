//! What pins are called, and what each is to the I2C controllers (9.4).

/// Pins of the RP2350A, GPIO0 to GPIO29.
pub const PINS: usize = 30;

/// The name of a pin, as the data sheet has it.
pub(super) fn name(pin: usize) -> String {
    format!("GPIO{pin}")
}

/// The pin of a name such as "GPIO5".
pub(super) fn pin(name: &str) -> Option<usize> {
    name.strip_prefix("GPIO")?.parse().ok().filter(|pin| *pin < PINS)
}

/// The I2C controller of a pin, and the wire (function 3).
pub(super) const fn i2c_role(pin: usize) -> (usize, &'static str) {
    (pin / 2 % 2, if pin.is_multiple_of(2) { "SDA" } else { "SCL" })
}
