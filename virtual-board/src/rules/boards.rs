//! The rules of each board, and the tables of its chip that they need.

use super::{
    Anomaly246, BusPins, BusWiring, Checks, ClockGates, Condition, CostlyStop, DeepSleepDebug, EarlyLook, EndlessWait,
    FlashWaitStates, Forbidden, Frugal, Gate, Kernel, PullAgainstLevel, RepeatedSample, Rule, Spin, StackDepth,
    UnsettledSample, WatchdogFirst,
    flash_wait_states::{STM32L4, STM32U5},
};
use crate::time::Time;
use std::ops::Range;

/// The nRF52840-DK.
pub const NRF52840_DK: &[BusWiring] = &[BusWiring {
    controller: "TWIM0",
    pins: &[("SCL", "P0.27"), ("SDA", "P0.26")],
}];
/// The B-L475E-IOT01A, whose LSM6DSL is on the board.
pub const B_L475E_IOT01A: &[BusWiring] = &[BusWiring {
    controller: "I2C2",
    pins: &[("SCL", "PB10"), ("SDA", "PB11")],
}];
/// The NUCLEO-U575ZI-Q.
pub const NUCLEO_U575ZI_Q: &[BusWiring] = &[BusWiring {
    controller: "I2C1",
    pins: &[("SCL", "PB8"), ("SDA", "PB9")],
}];
/// The Pico 2. The board names its pins GP4 and GP5.
pub const PICO_2: &[BusWiring] = &[BusWiring {
    controller: "I2C0",
    pins: &[("SCL", "GPIO5"), ("SDA", "GPIO4")],
}];

/// Rules that hold on every board. `start` are the registers for which a program may wait awake while it starts the
/// chip, `timer` those of its timer, for which it may do so a few times, `limited` those for which it may do so for a time.
fn everywhere(
    buses: &'static [BusWiring],
    start: &'static [u32],
    timer: &'static [u32],
    limited: &'static [(u32, Time)],
) -> Vec<Box<dyn Rule + Send>> {
    vec![
        Box::new(BusPins::new(buses)),
        Box::new(EndlessWait::default()),
        Box::new(StackDepth),
        Box::new(WatchdogFirst::new(start)),
        Box::new(UnsettledSample::default()),
        Box::new(RepeatedSample::default()),
        Box::new(EarlyLook::default()),
        Box::new(PullAgainstLevel),
        Box::new(Spin::new(start).with_rare(timer).with_limited(limited)),
    ]
}

/// EVENTS_HFCLKSTARTED, EVENTS_LFCLKSTARTED (PS v1.8, 5.4) and NVMC READY, READYNEXT (4.3).
const NRF52840_START: &[u32] = &[0x4000_0100, 0x4000_0104, 0x4001_e400, 0x4001_e408];

/// EVENTS_LFCLKSTARTED (PS v1.8, 5.4): the RC oscillator starts in 0.6 ms, the crystal in 250 ms.
const NRF52840_LIMITED: &[(u32, Time)] = &[(0x4000_0104, Time::from_ms(1))];

/// The rules of the nRF52840-DK. `stack` are the addresses of the main stack.
#[must_use]
pub fn nrf52840_dk(stack: Range<u32>) -> Checks {
    let mut rules = everywhere(NRF52840_DK, NRF52840_START, &[], NRF52840_LIMITED);
    rules.push(Box::new(nrf52840_gates()));
    rules.push(Box::new(Anomaly246::new(stack)));
    Checks::new(rules)
}

const LFCLK_STARTED: &[Condition] = &[Condition::set(0x4000_0008, 1)];

/// An RTC counts LFCLK, which a program starts by TASKS_LFCLKSTART.
const fn rtc(tasks_start: u32) -> Kernel {
    Kernel {
        enable: Condition::set(tasks_start, 1),
        when: &[],
        needs: LFCLK_STARTED,
        clock: "LFCLK, which TASKS_LFCLKSTART starts",
    }
}

/// A peripheral whose bus clock has a bit.
const fn gated(base: u32, bytes: u32, enable: u32, bit: u32, kernel: &'static [Kernel]) -> Gate {
    Gate {
        base,
        bytes,
        bus: Some(Condition::set(enable, 1 << bit)),
        kernel,
    }
}

/// A peripheral whose bus clock always runs.
const fn ungated(base: u32, kernel: &'static [Kernel]) -> Gate {
    Gate {
        base,
        bytes: 0x1000,
        bus: None,
        kernel,
    }
}

/// The clocks of the nRF52840 (PS v1.8, 5.4 and 6.22). Its peripherals have no gates.
#[must_use]
pub fn nrf52840_gates() -> ClockGates {
    const GATES: &[Gate] = &[
        ungated(0x4000_b000, &[rtc(0x4000_b000)]),
        ungated(0x4001_1000, &[rtc(0x4001_1000)]),
        ungated(0x4002_4000, &[rtc(0x4002_4000)]),
    ];
    ClockGates::new(GATES, &[], &[])
}

/// A field has a value.
const fn field(address: u32, mask: u32, value: u32) -> Condition {
    Condition { address, mask, value }
}

/// LPTIM1 is enabled (its CR, bit 0) while a field selects a clock.
const fn lptim1(cr: u32, when: &'static [Condition], needs: &'static [Condition], clock: &'static str) -> Kernel {
    Kernel {
        enable: Condition::set(cr, 1),
        when,
        needs,
        clock,
    }
}

/// The clocks of the STM32L4 (RM0351, chapter 6), as far as a sensor board uses them.
#[must_use]
pub fn stm32l4_gates() -> ClockGates {
    const CR: u32 = 0x4002_1000;
    const AHB2ENR: u32 = 0x4002_104c;
    const APB1ENR1: u32 = 0x4002_1058;
    const APB2ENR: u32 = 0x4002_1060;
    const CCIPR: u32 = 0x4002_1088;
    const BDCR: u32 = 0x4002_1090;
    const CSR: u32 = 0x4002_1094;
    const LPTIM1_CR: u32 = 0x4000_7c10;
    const LPTIM1: &[Kernel] = &[
        lptim1(
            LPTIM1_CR,
            &[field(CCIPR, 3 << 18, 1 << 18)],
            &[Condition::set(CSR, 1)],
            "LSI, which RCC_CSR.LSION starts",
        ),
        lptim1(
            LPTIM1_CR,
            &[field(CCIPR, 3 << 18, 2 << 18)],
            &[Condition::set(CR, 1 << 8)],
            "HSI16, which RCC_CR.HSION starts",
        ),
        lptim1(
            LPTIM1_CR,
            &[field(CCIPR, 3 << 18, 3 << 18)],
            &[Condition::set(BDCR, 1)],
            "LSE, which RCC_BDCR.LSEON starts",
        ),
    ];
    const GATES: &[Gate] = &[
        gated(0x4800_0000, 0x400, AHB2ENR, 0, &[]),
        gated(0x4800_0400, 0x400, AHB2ENR, 1, &[]),
        gated(0x4800_0800, 0x400, AHB2ENR, 2, &[]),
        gated(0x4800_0c00, 0x400, AHB2ENR, 3, &[]),
        gated(0x4800_1000, 0x400, AHB2ENR, 4, &[]),
        gated(0x4000_5400, 0x400, APB1ENR1, 21, &[]),
        gated(0x4000_5800, 0x400, APB1ENR1, 22, &[]),
        gated(0x4000_5c00, 0x400, APB1ENR1, 23, &[]),
        gated(0x4000_7000, 0x400, APB1ENR1, 28, &[]),
        gated(0x4000_7c00, 0x400, APB1ENR1, 31, LPTIM1),
        gated(0x4001_0000, 0x30, APB2ENR, 0, &[]),
    ];
    ClockGates::new(GATES, &[(CR, 0x63)], &[BDCR])
}

/// The clocks of the STM32U5 (RM0456, chapter 11), as far as a sensor board uses them.
#[must_use]
pub fn stm32u5_gates() -> ClockGates {
    const CR: u32 = 0x4602_0c00;
    const AHB2ENR1: u32 = 0x4602_0c8c;
    const AHB3ENR: u32 = 0x4602_0c94;
    const APB1ENR1: u32 = 0x4602_0c9c;
    const APB3ENR: u32 = 0x4602_0ca8;
    const CCIPR3: u32 = 0x4602_0ce8;
    const BDCR: u32 = 0x4602_0cf0;
    const LPTIM1_CR: u32 = 0x4600_4410;
    const LSE: &str = "LSE, which RCC_BDCR.LSEON starts and RCC_BDCR.LSESYSEN lets through";
    const LPTIM1: &[Kernel] = &[
        lptim1(
            LPTIM1_CR,
            &[field(CCIPR3, 3 << 10, 0)],
            &[Condition::set(CR, 1 << 4)],
            "MSIK, which RCC_CR.MSIKON starts",
        ),
        lptim1(
            LPTIM1_CR,
            &[field(CCIPR3, 3 << 10, 1 << 10)],
            &[Condition::set(BDCR, 1 << 26)],
            "LSI, which RCC_BDCR.LSION starts",
        ),
        lptim1(
            LPTIM1_CR,
            &[field(CCIPR3, 3 << 10, 2 << 10)],
            &[Condition::set(CR, 1 << 8)],
            "HSI16, which RCC_CR.HSION starts",
        ),
        lptim1(
            LPTIM1_CR,
            &[field(CCIPR3, 3 << 10, 3 << 10)],
            &[Condition::set(BDCR, 0x81)],
            LSE,
        ),
    ];
    const GATES: &[Gate] = &[
        gated(0x4202_0000, 0x400, AHB2ENR1, 0, &[]),
        gated(0x4202_0400, 0x400, AHB2ENR1, 1, &[]),
        gated(0x4202_0800, 0x400, AHB2ENR1, 2, &[]),
        gated(0x4202_0c00, 0x400, AHB2ENR1, 3, &[]),
        gated(0x4202_1000, 0x400, AHB2ENR1, 4, &[]),
        gated(0x4000_5400, 0x400, APB1ENR1, 21, &[]),
        gated(0x4000_5800, 0x400, APB1ENR1, 22, &[]),
        gated(0x4602_0800, 0x400, AHB3ENR, 2, &[]),
        gated(0x4600_4400, 0x400, APB3ENR, 11, LPTIM1),
    ];
    ClockGates::new(GATES, &[(CR, 0x35)], &[BDCR])
}

/// What keeps an STM32L4 half awake in Stop: DBGMCU_CR and RCC_CR.
pub(super) const STM32L4_FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        address: 0xe004_2004,
        mask: 0b110,
        name: "DBGMCU_CR.DBG_STOP or DBG_STANDBY",
        from_reset: false,
    },
    Forbidden {
        address: 0x4002_1000,
        mask: 1 << 9,
        name: "RCC_CR.HSIKERON",
        from_reset: false,
    },
];
/// What keeps an STM32U5 half awake in Stop: DBGMCU_CR and RCC_CR.
const STM32U5_FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        address: 0xe004_4004,
        mask: 0b110,
        name: "DBGMCU_CR.DBG_STOP or DBG_STANDBY",
        from_reset: false,
    },
    Forbidden {
        address: 0x4602_0c00,
        mask: 1 << 9 | 1 << 1,
        name: "RCC_CR.HSIKERON or MSIKERON",
        from_reset: false,
    },
];

/// What an STM32U5 can do without in Stop.
pub(super) const STM32U5_FRUGAL: &[Frugal] = &[
    Frugal {
        setting: Condition::set(0x4602_0808, 1 << 1),
        otherwise: "the linear regulator supplies it (PWR_CR3.REGSEL is clear)",
    },
    Frugal {
        setting: Condition::set(0x4003_0400, 1),
        otherwise: "the instruction cache is off (ICACHE_CR.EN is clear)",
    },
    Frugal {
        setting: Condition::set(0x4602_0804, 0xff << 16),
        otherwise: "all of SRAM3 is kept (PWR_CR2.SRAM3PDS1 to 8 are clear)",
    },
    Frugal {
        setting: field(0x4602_0810, 0b11 << 26, 0),
        otherwise: "a monitor of the analog supply is on (PWR_SVMCR.AVM1EN or AVM2EN)",
    },
    Frugal {
        setting: field(0x4602_0c00, 1 << 12, 0),
        otherwise: "an oscillator that nobody uses is on (RCC_CR.HSI48ON)",
    },
];

/// RCC_CR, RCC_CFGR, RCC_BDCR, PWR_SR2: an STM32L4's oscillators and regulator start.
const STM32L4_START: &[u32] = &[0x4002_1000, 0x4002_1008, 0x4002_1090, 0x4000_7014];
/// RCC_CR, RCC_CFGR1, RCC_BDCR, PWR_VOSR, PWR_SVMSR: an STM32U5's oscillators and regulator start.
const STM32U5_START: &[u32] = &[0x4602_0c00, 0x4602_0c1c, 0x4602_0cf0, 0x4602_080c, 0x4602_083c];

/// LPTIM1_ISR of an STM32L4: the timer takes over its reload value once, when it is started.
const STM32L4_TIMER: &[u32] = &[0x4000_7c00];
/// LPTIM1_ISR of an STM32U5: the timer takes over its reload value and its interrupts once, when it is
/// started.
const STM32U5_TIMER: &[u32] = &[0x4600_4400];

/// The rules of the B-L475E-IOT01A.
#[must_use]
pub fn b_l475e_iot01a() -> Checks {
    let mut rules = everywhere(B_L475E_IOT01A, STM32L4_START, STM32L4_TIMER, &[]);
    rules.push(Box::new(FlashWaitStates::new(STM32L4)));
    rules.push(Box::new(stm32l4_gates()));
    rules.push(Box::new(DeepSleepDebug::new(STM32L4_FORBIDDEN)));
    Checks::new(rules)
}

/// The rules of the NUCLEO-U575ZI-Q.
#[must_use]
pub fn nucleo_u575zi_q() -> Checks {
    let mut rules = everywhere(NUCLEO_U575ZI_Q, STM32U5_START, STM32U5_TIMER, &[]);
    rules.push(Box::new(FlashWaitStates::new(STM32U5)));
    rules.push(Box::new(stm32u5_gates()));
    rules.push(Box::new(DeepSleepDebug::new(STM32U5_FORBIDDEN)));
    rules.push(Box::new(CostlyStop::new(STM32U5_FRUGAL)));
    Checks::new(rules)
}

/// XOSC_STATUS, PLL_SYS_CS, PLL_USB_CS: a Pico 2's crystal and PLLs start.
const PICO_2_START: &[u32] = &[0x4004_8004, 0x4005_0000, 0x4005_8000];

/// What keeps an RP2350 half awake in its SLEEP state: clocks that neither the timer nor the watchdog needs.
pub(super) const RP2350_FORBIDDEN: &[Forbidden] = &[
    Forbidden {
        address: 0x4001_00b4,
        mask: !1,
        name: "a clock of CLOCKS_SLEEP_EN0 beside CLK_SYS_CLOCKS",
        from_reset: true,
    },
    Forbidden {
        address: 0x4001_00b8,
        mask: 0x7fff_ffff & !(1 << 17 | 1 << 18 | 1 << 19 | 1 << 28),
        name: "a clock of CLOCKS_SLEEP_EN1 beside those of the ticks, of TIMER0 and of the watchdog",
        from_reset: true,
    },
];

/// The clocks of the RP2350 (data sheet, 8.5): its timer and its watchdog count ticks, which a program has to start.
#[must_use]
pub fn rp2350_gates() -> ClockGates {
    const fn ticks(enable: Condition, needs: &'static [Condition], clock: &'static str) -> Kernel {
        Kernel {
            enable,
            when: &[],
            needs,
            clock,
        }
    }
    const GATES: &[Gate] = &[
        // The interrupt of its first alarm is enabled.
        ungated(
            0x400b_0000,
            &[ticks(
                Condition::set(0x400b_0040, 1),
                &[Condition::set(0x4010_8018, 1)],
                "its ticks, which TICKS_TIMER0_CTRL starts",
            )],
        ),
        ungated(
            0x400d_8000,
            &[ticks(
                Condition::set(0x400d_8000, 1 << 30),
                &[Condition::set(0x4010_8030, 1)],
                "its ticks, which TICKS_WATCHDOG_CTRL starts",
            )],
        ),
    ];
    ClockGates::new(GATES, &[], &[])
}

/// The rules of the Pico 2.
#[must_use]
pub fn pico_2() -> Checks {
    let mut rules = everywhere(PICO_2, PICO_2_START, &[], &[]);
    rules.push(Box::new(rp2350_gates()));
    rules.push(Box::new(DeepSleepDebug::new(RP2350_FORBIDDEN)));
    Checks::new(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The row of a README's table of pins that wires a bus.
    fn row(readme: &'static str) -> &'static str {
        let rows = readme
            .lines()
            .filter(|line| line.starts_with('|') && line.contains("SCL, SDA"));
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0]
    }

    #[test]
    fn the_sensor_is_mounted_where_the_rule_has_it() {
        use crate::boards::{nrf52840_dk, stm32l4_iot01a, stm32u5_nucleo};
        let nrf = |pin: usize| format!("P{}.{:02}", pin / 32, pin % 32);
        let stm = |pin: usize| format!("P{}{}", char::from(b'A' + (pin / 16) as u8), pin % 16);
        let boards = [
            (NRF52840_DK, nrf52840_dk::SENSOR, &nrf as &dyn Fn(usize) -> String),
            (B_L475E_IOT01A, stm32l4_iot01a::SENSOR, &stm),
            (NUCLEO_U575ZI_Q, stm32u5_nucleo::SENSOR, &stm),
        ];
        for (buses, sensor, name) in boards {
            let pins = buses[0].pins.iter().map(|(_, pin)| (*pin).to_owned());
            assert_eq!(pins.collect::<Vec<_>>(), [name(sensor.scl), name(sensor.sda)]);
        }
    }

    #[test]
    fn the_wiring_is_that_of_the_readmes() {
        let boards = [
            (
                NRF52840_DK,
                include_str!("../../../firmware/boards/nrf52840-dk/README.md"),
            ),
            (
                B_L475E_IOT01A,
                include_str!("../../../firmware/boards/stm32l4-iot01a/README.md"),
            ),
            (
                NUCLEO_U575ZI_Q,
                include_str!("../../../firmware/boards/stm32u5-nucleo/README.md"),
            ),
            (PICO_2, include_str!("../../../firmware/boards/rp2350-pico2/README.md")),
        ];
        for (buses, readme) in boards {
            let row = row(readme);
            for bus in buses {
                let places: Vec<_> = bus
                    .pins
                    .iter()
                    .map(|(_, pin)| row.find(&pin.replace("GPIO", "GP")))
                    .collect();
                // The row names SCL first.
                assert_eq!(
                    bus.pins.iter().map(|(role, _)| *role).collect::<Vec<_>>(),
                    ["SCL", "SDA"]
                );
                assert!(places[0].is_some() && places[0] < places[1], "{row}");
            }
        }
    }
}
