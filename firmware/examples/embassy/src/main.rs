//! Decisions from an LIS3DH on embassy: the async runner of `skiprnn-nostd`, with a clock and a sensor of its own. Between two
//! samples that the network asks for, the executor sleeps, and other tasks could run.
//!
//! Board: Nordic's nRF52840-DK. Wiring: LIS3DH at P0.27 (SCL) and P0.26 (SDA) with pull-ups, SA0 to ground. LED1 (P0.13, lit
//! when low) is on while class 0 was decided last. Built, not run on hardware.
//!
//! Current, predicted for the same model and sensor on the blocking runner: `skiprnn energy predict --board nrf52840 --sensor
//! lis3dh-driver`.
#![no_std]
#![no_main]

mod clock;
mod lis3dh;
mod sys;

use clock::EmbassyClock;
use core::num::{NonZeroU16, NonZeroU32};
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_nrf::{
    config::{Config, LfclkSource},
    gpio::{Level, Output, OutputDrive},
    twim::{self, Twim},
};
use lis3dh::{Accelerometer, CHANNELS, RATE_HZ};
use skiprnn_nostd::{
    Sequence,
    budget::{Budget, Controller, Pauses, Setting},
    network,
    runner::{self, asynch::Runner, check_fit},
};

network!(
    /// Six activities from an accelerometer at the waist, 50 Hz, 128 samples of three channels.
    mod activity,
    "../../../../models/activity-accelerometer/model.srnn"
);

/// 500 mJ an hour. What a sequence and an update cost are round figures, and every pause of this sensor counts as none: take
/// those that `skiprnn energy predict` gives for your board.
const BUDGET: Budget = Budget {
    allowance_uj_per_hour: NonZeroU32::new(500_000).unwrap(),
    base_nj: 50_000,
    update_nj: NonZeroU32::new(10_000).unwrap(),
    pauses: Pauses::NONE,
    horizon: NonZeroU16::new(50).unwrap(),
};

/// The class that the LED shows.
const CLASS: usize = 0;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut config = Config::default();
    config.lfclk_source = LfclkSource::ExternalXtal;
    config.dcdc.reg1 = true;
    let board = embassy_nrf::init(config);
    let mut led = Output::new(board.P0_13, Level::High, OutputDrive::Standard);
    let mut memory = [0; lis3dh::LONGEST_WRITE];
    let bus = Twim::new(
        board.TWISPI0,
        sys::Interrupts,
        board.P0_26,
        board.P0_27,
        twim::Config::default(),
        &mut memory,
    );
    match classify(Accelerometer::new(bus), &mut led).await {
        Ok(never) => match never {},
        Err(why) => defmt::error!("{}", why),
    }
}

/// Decides for ever, or says why that is not possible.
async fn classify(
    mut sensor: Accelerometer<Twim<'_>>,
    led: &mut Output<'_>,
) -> Result<core::convert::Infallible, &'static str> {
    let network = activity::network().map_err(|_| "the blob is not sound")?;
    check_fit(network.model(), &CHANNELS, RATE_HZ).map_err(|_| "the model was made for another sensor")?;
    let length = activity::SIZES.sequence_length;
    let mut controller = Controller::new(network.model(), length, Setting::default(), Some(BUDGET))
        .map_err(|_| "the model's sequences have no duration")?;
    sensor.find().await.map_err(|_| "the sensor does not answer")?;
    let mut runner = Runner::new(Sequence::new(network), sensor, EmbassyClock, &runner::Config::default())
        .map_err(|_| "the sample period does not fit the clock")?;
    loop {
        let result: Result<activity::Decision, _> = runner.decide_with(&mut controller).await;
        match result {
            Ok(decision) => {
                led.set_level((decision.class != CLASS).into());
                defmt::info!("class {} from {} samples", decision.class, decision.updates);
            }
            // The sequence was lost and booked; the next call begins a new one.
            Err(error) => defmt::warn!("lost: {}", defmt::Debug2Format(&error)),
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
