//! Recording from a board and from a serial port.
