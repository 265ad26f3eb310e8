//! What the tests of all rules use, and the tests of [`Checks`].

use super::*;
use crate::event::What;

/// An event that an instruction caused.
pub(super) fn caused(us: u64, what: What) -> Event {
    Event {
        at: Time::from_us(us),
        pc: Some(0x1_0000),
        what,
    }
}

/// An event that came by itself.
pub(super) fn alone(us: u64, what: What) -> Event {
    Event {
        at: Time::from_us(us),
        pc: None,
        what,
    }
}

pub(super) fn written(us: u64, peripheral: &'static str, address: u32, value: u32) -> Event {
    let what = What::Written {
        peripheral,
        address,
        value,
    };
    caused(us, what)
}

pub(super) fn read(us: u64, peripheral: &'static str, address: u32, value: u32) -> Event {
    let what = What::Read {
        peripheral,
        address,
        value,
    };
    caused(us, what)
}

pub(super) fn transfer(us: u64) -> Event {
    let what = What::Transfer {
        controller: "TWIM0",
        address: Some(0x18),
        from: Time::from_us(us),
        sent: vec![0x27],
        received: vec![0x0f],
        refused: false,
    };
    alone(us, what)
}

/// What a rule finds in these events.
pub(super) fn findings(rule: &mut dyn Rule, events: &[Event]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for event in events {
        rule.observe(event, &mut findings);
    }
    for finding in &findings {
        assert_eq!(finding.rule, rule.name());
    }
    findings
}

#[test]
fn what_happens_again_is_counted_and_its_first_time_kept() {
    let mut checks = Checks::new(vec![Box::new(PullAgainstLevel)]);
    for (us, pin) in [(1, "SDO/SA0"), (2, "CS"), (3, "SDO/SA0")] {
        checks.observe(&alone(
            us,
            What::PullAgainstLevel {
                part: "LIS3DH",
                pin,
                current_na: 75_000,
            },
        ));
    }
    let found: Vec<_> = checks
        .found()
        .iter()
        .map(|found| (found.first.at, found.count))
        .collect();
    assert_eq!(found, [(Time::from_us(1), 2), (Time::from_us(2), 1)]);
}

#[test]
fn a_finding_reads_as_a_sentence() {
    let finding = Finding {
        rule: "endless-wait",
        at: Time::from_us(1_500),
        pc: Some(0x800_1234),
        what: "the core waits".into(),
        fix: "Do not.",
    };
    assert_eq!(
        finding.to_string(),
        "endless-wait at 0.001500 s, pc 0x08001234: the core waits. Do not."
    );
}

#[test]
fn names_are_one_of_each_and_in_kebab_case() {
    for checks in [
        boards::nrf52840_dk(0x2000_0000..0x2000_3000),
        boards::b_l475e_iot01a(),
        boards::nucleo_u575zi_q(),
        boards::pico_2(),
    ] {
        let names = checks.names();
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
        let kebab = |name: &str| {
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        assert!(names.iter().all(|name| kebab(name)), "{names:?}");
    }
}
