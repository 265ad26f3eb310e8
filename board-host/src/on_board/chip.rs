//! The chips of which there is a model, and how a board of each is put together.

use super::part::Mounted;
use crate::{Error, boards::Board};
use std::ops::Range;
use virtual_board::{
    boards::{nrf52840_dk, pico2, stm32l4_iot01a, stm32u5_nucleo},
    core::Core,
    memory::Memory,
    power::PowerPins,
    rules::Checks,
    soc::{Soc, nrf52840, rp2350, stm32l4, stm32u5},
};

/// The boards with a model, in words.
const MODELLED: &str = "nrf52840-dk, stm32l4-iot01a, stm32u5-nucleo and rp2350-pico2";

/// Core and chip, about to be powered.
type Assembled = (Core, Box<dyn Soc>);

/// What puts a board together.
pub(super) struct Chip {
    /// The chip's memory, as it is when nobody has loaded anything.
    pub(super) memory: fn() -> Memory,
    /// Puts the chip around its core and connects what is mounted.
    pub(super) assemble: fn(Memory, Mounted) -> Result<Assembled, Error>,
    /// The board's rules; the range is of its main stack.
    pub(super) rules: fn(Range<u32>) -> Checks,
    /// The pins that a ledger of its charge follows; none where the model does not tell what draws.
    pub(super) power_pins: Option<PowerPins>,
}

const NRF52840: Chip = Chip {
    memory: nrf52840::memory,
    assemble: |memory, mounted| {
        let (core, mut chip) = nrf52840_dk::chip(memory);
        if mounted.dead_crystal {
            chip.break_crystal();
        }
        mounted.mount(chip.bus(nrf52840_dk::SENSOR));
        Ok((core, Box::new(chip)))
    },
    rules: nrf52840_dk::rules,
    power_pins: Some(nrf52840_dk::POWER_PINS),
};

const STM32L4: Chip = Chip {
    memory: stm32l4::memory,
    assemble: |memory, mounted| {
        let (core, mut chip) = stm32l4_iot01a::chip(memory);
        mounted.mount(chip.bus(stm32l4_iot01a::SENSOR));
        Ok((core, Box::new(chip)))
    },
    rules: |_| stm32l4_iot01a::rules(),
    power_pins: Some(stm32l4_iot01a::POWER_PINS),
};

const STM32U5: Chip = Chip {
    memory: stm32u5::memory,
    assemble: |memory, mounted| {
        let (core, mut chip) = stm32u5_nucleo::chip(memory);
        mounted.mount(chip.bus(stm32u5_nucleo::SENSOR));
        Ok((core, Box::new(chip)))
    },
    rules: |_| stm32u5_nucleo::rules(),
    power_pins: Some(stm32u5_nucleo::POWER_PINS),
};

const RP2350: Chip = Chip {
    memory: rp2350::memory,
    assemble: |memory, mounted| {
        let (core, mut chip) = pico2::chip(memory).map_err(|error| Error::Board {
            board: pico2::NAME,
            why: error.to_string(),
            at_s: 0.0,
        })?;
        mounted.mount(chip.bus(pico2::SENSOR));
        Ok((core, Box::new(chip)))
    },
    rules: |_| pico2::rules(),
    power_pins: Some(pico2::POWER_PINS),
};

/// The chip of a board; an error where it has no model.
pub(super) fn of(board: &Board) -> Result<Chip, Error> {
    match board.name {
        nrf52840_dk::NAME => Ok(NRF52840),
        stm32l4_iot01a::NAME => Ok(STM32L4),
        stm32u5_nucleo::NAME => Ok(STM32U5),
        pico2::NAME => Ok(RP2350),
        _ => Err(Error::NotModelled {
            board: board.name,
            modelled: MODELLED,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards::{BOARDS, RanOn};

    #[test]
    fn the_boards_with_a_model_are_the_ones_that_an_error_names() {
        for board in BOARDS {
            assert_eq!(of(&board).is_ok(), MODELLED.contains(board.name), "{}", board.name);
        }
    }

    #[test]
    fn a_board_says_that_it_ran_virtually_exactly_where_there_is_a_model() {
        for board in BOARDS {
            let virtually = |on: &RanOn| matches!(on, RanOn::VirtualBoard | RanOn::VirtualReplay);
            assert_eq!(of(&board).is_ok(), board.ran_on.iter().any(virtually), "{}", board.name);
        }
    }
}
