//! Clocks as phones, loggers and programs have them.
