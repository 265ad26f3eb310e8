//! Charge by events at instants, with figures that are easy to multiply.

use super::*;
use crate::{
    event::{Event, Pin, What},
    time::Time,
};

/// 3 V, a core of 1 mA awake and 1 uA asleep, a bus of 10 uA, a wake-up of 2 us at 3 mA.
fn figures() -> Figures {
    let figure = |consumer: &str, state: &str, current_pa| Figure {
        consumer: consumer.to_owned(),
        state: state.to_owned(),
        current_pa,
    };
    Figures {
        supply_uv: 3_000_000,
        states: vec![
            figure("core", "awake", 1_000_000_000),
            figure("core", "asleep", 1_000_000),
            figure("TWIM0", "transfer", 10_000_000),
            figure("LED", "on", 2_000_000_000),
            figure("pull", "against a level", 200_000_000),
        ],
        wake_ps: 5_000_000,
        light_wake_ps: 2_000_000,
        wake_pa: 3_000_000_000,
        update_ppm: 1_500_000,
    }
}

const PINS: PowerPins = PowerPins {
    markers: ["P1.01", "P1.02", "P1.03"],
    leds: &[("P0.13", false)],
    held: &[("P0.26", true)],
};

/// A ledger to which things happen, by the microsecond.
struct Bench(Ledger);

impl Bench {
    fn new() -> Self {
        Self(Ledger::new(figures(), PINS, true))
    }

    fn at(&mut self, us: u64, what: What) -> &mut Self {
        self.0.observe(&Event {
            at: Time::from_us(us),
            pc: None,
            what,
        });
        self
    }

    fn load(&mut self, us: u64, consumer: &'static str, state: &'static str, role: Role) -> &mut Self {
        let units = u32::from(!state.is_empty());
        self.at(
            us,
            What::Load(Load {
                consumer,
                state,
                units,
                role,
            }),
        )
    }

    fn pin(&mut self, us: u64, name: &str, driven: Option<bool>, pull: Option<bool>) -> &mut Self {
        let name = name.to_owned();
        self.at(us, What::Pin(Pin { name, driven, pull }))
    }

    fn finish(self, us: u64) -> Balance {
        self.0.finish(Time::from_us(us))
    }
}

/// Microamperes times microseconds.
fn ua_us(balance: &Balance, account: Account) -> f64 {
    balance.charge(account) as f64 / 1e12
}

#[test]
fn what_the_core_draws_is_booked_by_whether_it_sleeps_and_whether_a_bus_works() {
    let mut bench = Bench::new();
    bench.load(0, "core", "awake", Role::Core);
    bench.load(10, "TWIM0", "transfer", Role::Bus);
    bench
        .at(20, What::Asleep { deep: false })
        .load(20, "core", "asleep", Role::Core);
    bench.load(50, "TWIM0", "", Role::Bus);
    bench.at(90, What::Awake).load(90, "core", "awake", Role::Core);
    let balance = bench.finish(100);
    assert_eq!(ua_us(&balance, Account::Awake), 10.0 * 1000.0 + 10.0 * 1000.0);
    assert_eq!(ua_us(&balance, Account::AwakeAtBus), 10.0 * 1010.0);
    assert_eq!(ua_us(&balance, Account::AsleepAtBus), 30.0 * 11.0);
    assert_eq!(ua_us(&balance, Account::Asleep), 40.0);
    assert_eq!(ua_us(&balance, Account::WakeUps), 2.0 * 3000.0);
    assert_eq!(balance.wakes, 1);
    assert_eq!(balance.without_figure, Vec::<String>::new());
}

#[test]
fn the_end_of_a_deep_sleep_takes_longer_than_that_of_a_light_one() {
    for (deep, us) in [(false, 2.0), (true, 5.0)] {
        let mut bench = Bench::new();
        bench.at(10, What::Asleep { deep }).at(20, What::Awake);
        assert_eq!(ua_us(&bench.finish(100), Account::WakeUps), us * 3000.0);
    }
}

#[test]
fn a_sensor_starts_until_it_has_settled_and_its_pull_is_an_account_of_its_own() {
    let mut bench = Bench::new();
    let power = |on, own_na| PartPower {
        on,
        settled: Time::from_us(40),
        own_na: (0, own_na, own_na),
        pulls_na: (0, 75_000, 80_000),
    };
    let part = "LIS3DH";
    let told = |power| What::PartPower { part, power };
    bench.at(0, told(power(false, 500)));
    bench.at(10, told(power(true, 73_000)));
    bench.at(100, told(power(false, 500)));
    let balance = bench.finish(110);
    assert_eq!(ua_us(&balance, Account::SensorOff), 20.0 * 0.5);
    assert_eq!(ua_us(&balance, Account::SensorStarting), 30.0 * 73.0);
    assert_eq!(ua_us(&balance, Account::SensorOn), 60.0 * 73.0);
    assert_eq!(ua_us(&balance, Account::Pulls), 110.0 * 75.0);
}

#[test]
fn an_update_costs_the_core_more_and_lights_and_pulls_draw_by_their_pins() {
    let mut bench = Bench::new();
    bench.load(0, "core", "awake", Role::Core);
    bench
        .pin(10, "P1.03", Some(true), None)
        .pin(20, "P1.03", Some(false), None);
    bench
        .pin(20, "P0.13", Some(false), None)
        .pin(30, "P0.13", Some(true), None);
    bench
        .pin(30, "P0.26", None, Some(false))
        .pin(40, "P0.26", None, Some(true));
    let balance = bench.finish(50);
    assert_eq!(ua_us(&balance, Account::Awake), 40.0 * 1000.0);
    assert_eq!(ua_us(&balance, Account::Updates), 10.0 * 1500.0);
    assert_eq!(ua_us(&balance, Account::Leds), 10.0 * 2000.0);
    assert_eq!(ua_us(&balance, Account::Pulls), 10.0 * 200.0);
    assert_eq!(balance.updates, 1);
}

#[test]
fn a_state_without_a_figure_is_named_and_one_that_is_off_is_not() {
    let mut bench = Bench::new();
    bench
        .load(0, "RADIO", "", Role::Rest)
        .load(5, "WDT", "counts", Role::Standing);
    let balance = bench.finish(10);
    assert_eq!(balance.without_figure, ["WDT: counts"]);
    assert_eq!(balance.total(), 0);
}

#[test]
fn the_steps_of_the_trace_hold_the_same_charge_as_the_accounts() {
    let mut bench = Bench::new();
    bench.load(0, "core", "awake", Role::Core);
    bench
        .at(7, What::Asleep { deep: true })
        .load(7, "core", "asleep", Role::Core);
    bench.at(19, What::Awake).load(19, "core", "awake", Role::Core);
    bench
        .pin(19, "P1.02", Some(true), None)
        .pin(23, "P1.03", Some(true), None);
    let balance = bench.finish(31);
    let trace = balance.trace.clone().expect("it was asked for");
    let ends = trace.steps.iter().skip(1).map(|step| step.from).chain([trace.end]);
    let charge = |(step, end): (&Step, Time)| u128::from(step.current_pa) * u128::from(end.since(step.from).ps());
    let sum: u128 = trace.steps.iter().zip(ends).map(charge).sum();
    assert_eq!(sum, balance.total());
    assert!(
        trace
            .steps
            .iter()
            .any(|step| step.markers.awake && !step.markers.update)
    );
}

#[test]
fn only_changes_are_told() {
    let load = |state| Load {
        consumer: "LFCLK",
        state,
        units: 1,
        role: Role::Standing,
    };
    let mut told = Told::default();
    assert!(told.nothing());
    assert_eq!(told.changes(vec![load("LFRC")]), [load("LFRC")]);
    assert_eq!(told.changes(vec![load("LFRC")]), []);
    assert_eq!(told.changes(vec![load("LFXO")]), [load("LFXO")]);
}
