//! The Raspberry Pi Pico 2: what the images in `src/bin` have in common. Wiring and expected current: README.md.
#![no_std]

pub mod bus;
pub mod clocks;
mod sys;
mod watchdog;

use bus::Bus;
use clocks::Clocks;
use cortex::{
    End, Markers, Refusal,
    clock::{EmbassyClock, Power, wait_for_event},
};
use cortex_m::Peripherals;
use defmt_rtt as _;
use embassy_rp::{
    config::Config,
    gpio::{Level, Output},
    pac,
};

/// The board's name, for the image's log.
pub const NAME: &str = "rp2350-pico2";

/// The system timer at 1 MHz.
pub type Clock = EmbassyClock<Rp>;
/// The pins SEQ, AWAKE and UPDATE: GP16, GP17 and GP18. None of them is the LED's, which is GP25.
pub type Pins = Markers<Output<'static>, Output<'static>, Output<'static>>;

/// Everything that an application needs of the board.
pub struct Board {
    /// Tells the time and sleeps.
    pub clock: Clock,
    /// The core's clock, in hertz.
    pub clock_hz: u32,
    /// For a power analyser.
    pub markers: Pins,
    /// I2C0: SCL is GP5, SDA GP4; 400 kHz.
    pub bus: Bus,
    /// GP19, for decisions.
    pub decision: Output<'static>,
    /// The core's own.
    pub core: Peripherals,
}

/// Starts an application with its clocks, unless too many starts have ended in a fault. The watchdog runs before anything is waited
/// for.
pub fn start(clocks: impl FnOnce() -> Clocks, application: impl FnOnce(Board) -> Result<(), Refusal>) -> ! {
    let by_watchdog = pac::WATCHDOG.reason().read().timer();
    cortex::start(
        by_watchdog,
        |core| {
            watchdog::start();
            let Clocks { config, core_hz } = clocks();
            let board = embassy_rp::init(Config::new(config));
            if cfg!(feature = "unwatched") {
                gate_clocks();
            }
            application(Board {
                clock: EmbassyClock::new(Rp),
                clock_hz: core_hz,
                markers: Markers {
                    seq: Output::new(board.PIN_16, Level::Low),
                    awake: Output::new(board.PIN_17, Level::Low),
                    update: Output::new(board.PIN_18, Level::Low),
                },
                bus: Bus::new(board.I2C0, board.PIN_5, board.PIN_4, core_hz),
                decision: Output::new(board.PIN_19, Level::Low),
                core,
            })
        },
        rest,
    )
}

/// In the SLEEP state nothing runs but the timer that ends it, with its tick, and the watchdog. The other core, which was
/// never started, sleeps deeply in the boot ROM, so that this one decides. The bus stands still too, over which a debugger
/// reads the log.
fn gate_clocks() {
    pac::CLOCKS.sleep_en0().write(|w| w.set_clk_sys_clocks(true));
    pac::CLOCKS.sleep_en1().write(|w| {
        w.set_clk_sys_timer0(true);
        w.set_clk_ref_ticks(true);
        w.set_clk_sys_ticks(true);
        w.set_clk_sys_watchdog(true);
    });
}

/// Sleeps for ever, without the watchdog.
fn rest(_: End) -> ! {
    watchdog::stop();
    loop {
        sys::deeply(cortex_m::asm::wfe);
    }
}

/// The SLEEP state with the timer running, and the watchdog, which counts meanwhile.
pub struct Rp;

impl Power for Rp {
    fn idle(&mut self, alarm: u64) {
        sys::deeply(|| wait_for_event(alarm));
    }

    fn feed(&mut self) {
        watchdog::feed();
    }
}
