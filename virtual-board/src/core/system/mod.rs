//! Stand-in for the system control space.
use super::profile::Profile;
use crate::{
    bus::{Lines, Refused, Width},
    time::Time,
};
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub now: Time,
    pub cycles: u64,
    pub privileged: bool,
}
#[derive(Debug)]
pub struct System {
    pub mpu_on: bool,
    pub attention: bool,
}
impl System {
    pub fn new(_: &Profile) -> Self {
        Self {
            mpu_on: false,
            attention: false,
        }
    }
    pub fn reset(&mut self) {}
    pub fn read(&mut self, _: u32, _: Width, _: Moment) -> Result<u32, Refused> {
        Err(Refused::Unknown)
    }
    pub fn write(&mut self, _: u32, _: Width, _: u32, _: Moment) -> Result<(), Refused> {
        Err(Refused::Unknown)
    }
    pub fn set_lines(&mut self, _: Lines) {}
    pub fn permits(&self, _: u32, _: bool, _: bool, _: bool, _: bool) -> bool {
        true
    }
    pub fn uniform(&self, _: u32) -> (u32, u32) {
        (0, u32::MAX)
    }
    pub fn due(&self) -> Time {
        Time::NEVER
    }
    pub fn advance(&mut self, _: Time) {}
    pub fn traps_unaligned(&self) -> bool {
        false
    }
    pub fn traps_division(&self) -> bool {
        false
    }
    pub fn vector_table(&self) -> u32 {
        0
    }
    pub fn pend_supervisor_call(&mut self) {}
    pub fn sleeps_deeply(&self) -> bool {
        false
    }
}
